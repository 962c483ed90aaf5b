//! Any configuration is found exactly.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_model::registry::{GROUPS, Suite};
use portvakt_model::{Offered, SuiteOrder, TlsEndpoint, TlsVersion};
use portvakt_scan::tls::Depth;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::server::{No, Order, Script, Server, needs_group, signer};
use crate::{groups, protocol, run, seen, suites};

const VERSIONS: [(u16, TlsVersion); 5] = [
    (0x0300, TlsVersion::Ssl3),
    (0x0301, TlsVersion::Tls10),
    (0x0302, TlsVersion::Tls11),
    (0x0303, TlsVersion::Tls12),
    (0x0304, TlsVersion::Tls13),
];

/// Suites that a version may have. Every kind of exchange is among them.
fn candidates(version: u16) -> Vec<u16> {
    let fits = |s: &Suite| match version {
        0x0304 => s.is_tls13(),
        0x0303 => !s.is_tls13(),
        _ => !s.is_tls13() && !s.needs_tls12(),
    };
    Suite::all().filter(|s| s.code != 0).filter(fits).map(|s| s.code).collect()
}

fn some(all: Vec<u16>, least: usize, most: usize) -> impl Strategy<Value = Vec<u16>> {
    let most = most.min(all.len());
    subsequence(all, least..=most).prop_shuffle()
}

fn group_list(is_13: bool) -> impl Strategy<Value = Vec<u16>> {
    let named = GROUPS.iter().map(|(g, _)| *g).filter(|g| *g < 0xFF00);
    // Finite fields are another matter until TLS 1.2, and TLS 1.3 has done away with the oldest curves.
    let fits =
        |g: &u16| if is_13 { !matches!(g, 1..=22 | 26..=28) } else { !(256..=260).contains(g) };
    some(named.filter(fits).collect(), 1, 9)
}

fn script() -> impl Strategy<Value = Script> {
    let versions = VERSIONS.map(|(code, _)| {
        prop::option::of(some(candidates(code), 1, if code == 0x0303 { 14 } else { 5 }))
            .prop_map(move |suites| suites.map(|s| (code, s)))
    });
    let schemes = [RSA, ECDSA, DSA].map(|all| some(all.to_vec(), 0, all.len()));
    let refusals = prop::sample::select(vec![No::Alert40, No::Close, No::Reset, No::Alert80]);
    let orders = prop::sample::select(vec![Order::Server, Order::Client]);
    let record = prop::option::of(1..90usize);
    (versions, group_list(false), group_list(true), schemes, orders, refusals, record).prop_map(
        |(versions, old, new, schemes, order, refusal, record)| Script {
            suites: versions.into_iter().flatten().collect::<BTreeMap<_, _>>(),
            groups: [old, new],
            schemes,
            order,
            refusal,
            record,
            ..Script::default()
        },
    )
}

/// Schemes of each kind of key.
const RSA: &[u16] = &[0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806, 0x0201, 0x0301];
const ECDSA: &[u16] = &[0x0403, 0x0503, 0x0603, 0x0203, 0x0807];
const DSA: &[u16] = &[0x0402, 0x0202];

/// The schemes that a server can be seen to sign with in TLS 1.2.
fn schemes(script: &Script) -> BTreeSet<u16> {
    let suites = script.suites.get(&0x0303).into_iter().flatten();
    let of = |kind: usize| match script.schemes[kind].as_slice() {
        [] => vec![0x0804],
        some => some.to_vec(),
    };
    suites.filter_map(|suite| signer(*suite)).flat_map(of).collect()
}

fn assert_found(script: &Script, endpoint: &TlsEndpoint) {
    for (code, version) in VERSIONS {
        let wanted = script.suites.get(&code).cloned().unwrap_or_default();
        let found = suites(endpoint, version);
        let sets = |list: &[u16]| list.iter().copied().collect::<BTreeSet<u16>>();
        assert_eq!(sets(&found), sets(&wanted), "{version:?} {:?}", endpoint.doubts);
        let protocol = protocol(endpoint, version);
        let offered = if wanted.is_empty() { Offered::No } else { Offered::Yes };
        assert_eq!(protocol.offered, offered, "{version:?} {:?}", endpoint.doubts);
        if wanted.len() > 1 && script.order == Order::Server {
            assert_eq!(protocol.order, SuiteOrder::Server, "{version:?}");
            assert_eq!(found, wanted, "{version:?}");
        }
        if wanted.len() > 1 && script.order == Order::Client {
            assert_eq!(protocol.order, SuiteOrder::Client, "{version:?}");
        }
    }
    let elliptic = |code: u16| {
        script
            .suites
            .get(&code)
            .is_some_and(|all| all.iter().any(|s| needs_group(*s) && !is_psk(*s)))
    };
    for (version, is_there, wanted) in [
        (TlsVersion::Tls12, elliptic(0x0303), &script.groups[0]),
        (TlsVersion::Tls13, elliptic(0x0304), &script.groups[1]),
    ] {
        if is_there {
            assert_eq!(groups(endpoint, version), wanted.iter().copied().collect(), "{version:?}");
        }
    }
    let seen: BTreeSet<u16> = endpoint.signature_schemes.iter().copied().collect();
    let wanted = schemes(script);
    assert!(seen.is_subset(&wanted), "{seen:04x?} of {wanted:04x?}");
    assert!(!endpoint.signatures_complete || seen == wanted, "{seen:04x?} of {wanted:04x?}");
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
}

fn is_psk(suite: u16) -> bool {
    Suite::of(suite).unwrap().name.contains("PSK")
}

/// Suites of all versions, and groups.
fn bound(script: &Script) -> usize {
    let suites: usize = script.suites.values().map(Vec::len).sum();
    let groups: BTreeSet<u16> = script.groups.iter().flatten().copied().collect();
    suites + groups.len() + 20
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_offers_is_found_and_nothing_else(script in script()) {
        prop_assume!(!script.suites.is_empty());
        let (endpoint, connections) = run(async {
            let server = Server::start(script.clone()).await;
            (seen(server.address, Depth::Full).await, server.connections())
        });
        assert_found(&script, &endpoint);
        prop_assert_eq!(endpoint.connections, connections);
        // Where a refusal may mean that the server broke off, each version is asked for in parts.
        let more = if script.refusal == No::Alert40 { 0 } else { 8 + 4 * VERSIONS.len() };
        let most = bound(&script) + more;
        prop_assert!(connections as usize <= most, "{} > {}", connections, most);
    }
}

/// Suites of TLS 1.2 with an RSA key, an ECDSA key and none that signs.
const WITH_KEYS: [u16; 12] = [
    0xC02F, 0xC030, 0xCCA8, 0xC027, 0xC013, 0xC02B, 0xC02C, 0xCCA9, 0xC023, 0x002F, 0x009E, 0x0033,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_rides_along_hides_no_suite_and_changes_no_order(
        suites in some(WITH_KEYS.to_vec(), 3, 12),
        groups in some(vec![29, 23, 30, 24, 25, 26], 1, 6),
        schemes in [RSA, ECDSA].map(|all| some(all.to_vec(), 1, all.len())),
        order in prop::sample::select(vec![Order::Server, Order::Client]),
        refusal in prop::sample::select(vec![No::Alert40, No::Close]),
    ) {
        let [rsa, ecdsa] = schemes;
        let curve = Some(groups[groups.len() / 2]);
        let script = Script {
            suites: BTreeMap::from([(0x0303, suites)]),
            groups: [groups, Vec::new()],
            schemes: [rsa, ecdsa, Vec::new()],
            curve,
            order,
            refusal,
            ..Script::default()
        };
        let endpoint = run(async {
            let server = Server::start(script.clone()).await;
            seen(server.address, Depth::Full).await
        });
        let wanted = &script.suites[&0x0303];
        let protocol = protocol(&endpoint, TlsVersion::Tls12);
        let found: Vec<u16> = self::suites(&endpoint, TlsVersion::Tls12);
        let expected = if order == Order::Server { SuiteOrder::Server } else { SuiteOrder::Client };
        prop_assert_eq!(protocol.order, expected);
        if order == Order::Server {
            prop_assert_eq!(&found, wanted);
        }
        prop_assert_eq!(BTreeSet::from_iter(found), BTreeSet::from_iter(wanted.clone()));
        let seen: BTreeSet<u16> = endpoint.signature_schemes.iter().copied().collect();
        prop_assert!(!endpoint.signatures_complete || seen == self::schemes(&script));
        let unbound = |s: &&u16| matches!(**s, 0xC02F | 0xC030 | 0xCCA8 | 0xC027 | 0xC013);
        if wanted.iter().any(|s| unbound(&s)) {
            let found = self::groups(&endpoint, TlsVersion::Tls12);
            prop_assert_eq!(found, script.groups[0].iter().copied().collect());
        }
    }
}

/// A server in order, and one that is not.
fn nginx(suites_12: &[u16]) -> Script {
    Script {
        suites: BTreeMap::from([
            (0x0303, suites_12.to_vec()),
            (0x0304, vec![0x1302, 0x1303, 0x1301]),
        ]),
        groups: [vec![29, 23, 30, 25, 24], vec![29, 23, 30, 25, 24]],
        ..Script::default()
    }
}

#[test]
fn a_server_in_order_is_known_by_nine_connections() {
    run(async {
        let server = Server::start(nginx(&[0xC02F, 0xC030, 0xCCA8])).await;
        let endpoint = seen(server.address, Depth::VerdictThenFull).await;
        assert_eq!(server.connections(), 9);
        assert!(endpoint.complete && !endpoint.enumerated, "{:?}", endpoint.doubts);
        for version in [TlsVersion::Ssl2, TlsVersion::Ssl3, TlsVersion::Tls10, TlsVersion::Tls11] {
            assert_eq!(protocol(&endpoint, version).offered, Offered::No);
        }
        assert_eq!(suites(&endpoint, TlsVersion::Tls12), [0xC02F]);
        assert_eq!(endpoint.traits.extended_master_secret, Offered::Yes);
        assert_eq!(endpoint.traits.heartbeat, Offered::No);
    });
}

#[test]
fn one_forbidden_suite_shows_in_the_verdict_and_starts_the_search() {
    run(async {
        let server = Server::start(nginx(&[0xC02F, 0x002F])).await;
        let verdict = seen(server.address, Depth::Verdict).await;
        assert!(suites(&verdict, TlsVersion::Tls12).contains(&0x002F));
        assert!(!protocol(&verdict, TlsVersion::Tls12).complete);
        let full = seen(server.address, Depth::VerdictThenFull).await;
        assert!(full.enumerated);
        assert_eq!(suites(&full, TlsVersion::Tls12), [0xC02F, 0x002F]);
        assert!(protocol(&full, TlsVersion::Tls12).complete);
    });
}

#[test]
fn hybrids_are_found_without_their_arithmetic() {
    run(async {
        let mut script = nginx(&[0xC02F]);
        script.groups[1] = vec![0x11EC, 0x11ED, 29];
        let server = Server::start(script).await;
        let endpoint = seen(server.address, Depth::Full).await;
        assert_eq!(groups(&endpoint, TlsVersion::Tls13), BTreeSet::from([0x11EC, 0x11ED, 29]));
    });
}

//! Servers with habits that mislead those who do not know them.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_model::registry::{KeyExchange, Suite};
use portvakt_model::{Offered, TlsVersion};
use portvakt_scan::tls::Depth;

use crate::server::{No, Script, Server};
use crate::{groups, offered, protocol, run, seen, suites};

/// TLS 1.2 with every RSA suite of elliptic curves, finite fields and plain RSA, in order of preference.
fn everything() -> Vec<u16> {
    let is_rsa = |s: &Suite| {
        s.name.contains("_RSA_WITH_AES") && !s.name.contains("PSK") && !s.name.contains("SRP")
    };
    let wanted = [KeyExchange::Dhe, KeyExchange::Ecdhe, KeyExchange::Rsa];
    let of = |e| Suite::all().filter(is_rsa).filter(move |s| s.exchange() == e).map(|s| s.code);
    let lists = wanted.map(|e| of(e).collect::<Vec<_>>());
    // Taken in turns, so that a finite-field suite is liked best and others stand between.
    let longest = lists.iter().map(Vec::len).max().unwrap();
    (0..longest).flat_map(|n| lists.iter().filter_map(move |list| list.get(n))).copied().collect()
}

fn is_dhe(suite: u16) -> bool {
    Suite::of(suite).unwrap().exchange() == KeyExchange::Dhe
}

#[test]
fn suites_that_a_server_chooses_and_cannot_run_hide_no_others() {
    for (death, refusal) in [
        (No::Close, No::Alert40),
        (No::Reset, No::Alert40),
        (No::Alert80, No::Alert40),
        (No::Close, No::Close),
        (No::Alert80, No::Close),
    ] {
        let all = everything();
        let (dying, living): (Vec<u16>, Vec<u16>) = all.iter().partition(|s| is_dhe(**s));
        let script = Script {
            suites: BTreeMap::from([(0x0303, all), (0x0301, vec![0x0033, 0x002F, 0x0035, 0xC013])]),
            groups: [vec![23, 24], Vec::new()],
            dying,
            death,
            refusal,
            ..Script::default()
        };
        run(async {
            let server = Server::start(script).await;
            let endpoint = seen(server.address, Depth::Full).await;
            assert_eq!(suites(&endpoint, TlsVersion::Tls12), living, "{death:?} {refusal:?}");
            assert_eq!(suites(&endpoint, TlsVersion::Tls10), [0x002F, 0x0035, 0xC013]);
            // Whoever breaks off in another way than it refuses is not known to have nothing there.
            let known = death == refusal;
            assert_eq!(
                protocol(&endpoint, TlsVersion::Tls12).complete,
                known,
                "{death:?} {refusal:?}"
            );
            let most = living.len() + 3 + 2 + 30;
            assert!(server.connections() as usize <= most, "{} > {most}", server.connections());
        });
    }
}

#[test]
fn one_suite_that_breaks_off_does_not_hide_those_of_its_kind() {
    let script = Script {
        suites: BTreeMap::from([(0x0303, vec![0xC014, 0xC02F, 0xC030, 0xC013, 0xCCA8])]),
        groups: [vec![23], Vec::new()],
        dying: vec![0xC014],
        death: No::Close,
        ..Script::default()
    };
    run(async {
        let server = Server::start(script).await;
        let endpoint = seen(server.address, Depth::Full).await;
        let found: BTreeSet<u16> = suites(&endpoint, TlsVersion::Tls12).into_iter().collect();
        assert_eq!(found, BTreeSet::from([0xC02F, 0xC030, 0xC013, 0xCCA8]));
        assert!(!endpoint.complete);
    });
}

#[test]
fn a_server_that_drops_long_hellos_is_asked_with_short_ones() {
    for most in [64, 128] {
        let script = Script {
            suites: BTreeMap::from([
                (0x0303, vec![0xC030, 0x009D, 0x0035, 0x0005]),
                (0x0304, vec![0x1301]),
            ]),
            groups: [vec![23, 29], vec![29]],
            most_suites: Some(most),
            ..Script::default()
        };
        run(async {
            let server = Server::start(script).await;
            let endpoint = seen(server.address, Depth::Full).await;
            assert_eq!(
                suites(&endpoint, TlsVersion::Tls12),
                [0xC030, 0x009D, 0x0035, 0x0005],
                "{most}"
            );
            assert_eq!(groups(&endpoint, TlsVersion::Tls12), BTreeSet::from([23, 29]));
            assert_eq!(offered(&endpoint), [TlsVersion::Tls12, TlsVersion::Tls13]);
            let verdict = seen(server.address, Depth::Verdict).await;
            assert!(suites(&verdict, TlsVersion::Tls12).contains(&0xC030));
        });
    }
}

#[test]
fn a_server_that_bears_no_newer_version_is_asked_for_its_own() {
    let script = Script {
        suites: BTreeMap::from([(0x0301, vec![0x002F, 0x0005])]),
        intolerant: Some(0x0301),
        ..Script::default()
    };
    run(async {
        let server = Server::start(script).await;
        for depth in [Depth::Verdict, Depth::Full] {
            let endpoint = seen(server.address, depth).await;
            assert_eq!(offered(&endpoint), [TlsVersion::Tls10], "{depth:?} {:?}", endpoint.doubts);
        }
        let endpoint = seen(server.address, Depth::Full).await;
        assert_eq!(suites(&endpoint, TlsVersion::Tls10), [0x002F, 0x0005]);
    });
}

#[test]
fn a_server_that_closes_what_is_too_much_is_asked_one_by_one() {
    let script = Script {
        suites: BTreeMap::from([
            (0x0302, vec![0x002F]),
            (0x0303, vec![0xC02F, 0xC030, 0x002F]),
            (0x0304, vec![0x1301, 0x1302]),
        ]),
        groups: [vec![23, 29], vec![29, 23, 24]],
        most_connections: Some(2),
        ..Script::default()
    };
    run(async {
        let server = Server::start(script).await;
        for depth in [Depth::Verdict, Depth::Full] {
            let endpoint = seen(server.address, depth).await;
            let wanted = [TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls13];
            assert_eq!(offered(&endpoint), wanted, "{depth:?} {:?}", endpoint.doubts);
        }
        let endpoint = seen(server.address, Depth::Full).await;
        assert_eq!(suites(&endpoint, TlsVersion::Tls12), [0xC02F, 0xC030, 0x002F]);
        assert_eq!(groups(&endpoint, TlsVersion::Tls13), BTreeSet::from([29, 23, 24]));
    });
}

#[test]
fn a_server_that_shuts_us_out_is_never_said_to_offer_nothing_more() {
    for patience in 1..30 {
        let script = Script {
            suites: BTreeMap::from([
                (0x0301, vec![0x002F]),
                (0x0303, vec![0xC02F, 0xC030, 0x002F, 0x0035]),
            ]),
            groups: [vec![23, 29], Vec::new()],
            patience: Some(patience),
            ..Script::default()
        };
        run(async {
            let server = Server::start(script.clone()).await;
            let endpoint = seen(server.address, Depth::Full).await;
            for (code, version) in [(0x0301, TlsVersion::Tls10), (0x0303, TlsVersion::Tls12)] {
                let protocol = protocol(&endpoint, version);
                assert_ne!(protocol.offered, Offered::No, "{version:?} after {patience}");
                let all = protocol.suites.len() == script.suites[&code].len();
                assert!(all || !protocol.complete, "{version:?} after {patience}");
                assert!(all || !endpoint.complete, "{version:?} after {patience}");
            }
        });
    }
}

#[test]
fn a_closed_port_is_not_an_endpoint_without_tls() {
    run(async {
        let address =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let endpoint = seen(address, Depth::Verdict).await;
        assert!(!endpoint.complete);
        assert!(endpoint.protocols.iter().all(|p| p.offered == Offered::Unknown));
        assert!(!endpoint.doubts.is_empty());
    });
}

#[test]
fn a_server_that_wants_key_shares_is_sent_some() {
    let script = Script {
        suites: BTreeMap::from([(0x0304, vec![0x1302, 0x1301])]),
        groups: [Vec::new(), vec![29, 23]],
        needs_shares: true,
        ..Script::default()
    };
    run(async {
        let server = Server::start(script).await;
        let verdict = seen(server.address, Depth::Verdict).await;
        assert_eq!(offered(&verdict), [TlsVersion::Tls13], "{:?}", verdict.doubts);
        let full = seen(server.address, Depth::Full).await;
        assert_eq!(suites(&full, TlsVersion::Tls13), [0x1302, 0x1301], "{:?}", full.doubts);
        // Hybrids were not asked for: there is no share of theirs to bring.
        assert!(!verdict.complete && !full.complete);
    });
}

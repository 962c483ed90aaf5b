//! Servers with settings that nobody would think of: what they were told to offer is what is found.

use std::collections::BTreeSet;

use portvakt_model::{TlsEndpoint, TlsVersion};
use portvakt_scan::tls::Depth;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::lab::Server;
use crate::lab::keys::{Keys, ec, rsa};
use crate::lab::tls::{gnutls_with, openssl};
use crate::lists::{found, names, offered, seen};
use crate::peers::{VERSIONS, configured, sslscan};

/// The same servers every time: each costs a second, and a peer's bad day should not be ours.
fn few() -> TestRunner {
    let rng_seed = RngSeed::Fixed(0x7075_6b74);
    TestRunner::new(Config { cases: 20, failure_persistence: None, rng_seed, ..Config::default() })
}

/// What sslscan finds is found, within few connections, and a verdict says the same of versions.
fn check(server: &Server) -> Option<TlsEndpoint> {
    let peer = sslscan(server)?;
    let full = seen(server.address, Depth::Full, None);
    let verdict = seen(server.address, Depth::Verdict, None);
    for (name, version) in VERSIONS {
        let own: BTreeSet<String> = names(&full, version).into_iter().collect();
        let theirs = peer.suites.get(&version).cloned().unwrap_or_default();
        let missed: Vec<&String> = theirs.difference(&own).collect();
        assert!(missed.is_empty(), "{name}: {missed:?}\n{}", server.log());
        assert_eq!(offered(&verdict, version), offered(&full, version), "{name}");
    }
    assert!(full.complete, "{:?}", full.doubts);
    assert!(full.connections as usize <= found(&full) + 20, "{}", full.connections);
    Some(full)
}

fn subset(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(all, 1..=all.len()).prop_shuffle()
}

const SUITES: &[&str] = &[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-CCM8",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "DHE-RSA-CAMELLIA128-SHA",
    "AECDH-AES128-SHA",
    "ADH-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "CAMELLIA256-SHA",
    "NULL-SHA256",
];
const SUITES_13: &[&str] = &[
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
];
const GROUPS: &[&str] = &["X25519", "P-256", "X448", "P-384", "P-521"];

#[test]
fn openssl_as_nobody_sets_it_up_is_listed() {
    let other = ec();
    let (certificate, key) = (other.leaf(), other.key());
    let all = (subset(SUITES), subset(SUITES_13), subset(GROUPS), 0..3, any::<[bool; 3]>());
    let ran = few().run(&all, |(suites, suites_13, groups, level, [two, own, old])| {
        let cipher = format!("{}:@SECLEVEL={level}", suites.join(":"));
        let (suites_13, groups) = (suites_13.join(":"), groups.join(":"));
        let mut options = vec!["-cipher", &cipher, "-ciphersuites", &suites_13, "-groups", &groups];
        options.extend(two.then_some(["-dcert", &certificate, "-dkey", &key]).iter().flatten());
        options.extend(own.then_some("-serverpref"));
        options.extend(["-min_protocol", if old { "TLSv1" } else { "TLSv1.2" }]);
        let Some(server) = openssl(&rsa(), &options) else { return Ok(()) };
        let Some(full) = check(&server) else { return Ok(()) };
        let told: BTreeSet<String> = configured(&cipher)
            .into_iter()
            .chain(suites_13.split(':').map(str::to_owned))
            .collect();
        for version in TlsVersion::ALL {
            let made_up: Vec<String> =
                names(&full, version).into_iter().filter(|name| !told.contains(name)).collect();
            prop_assert!(made_up.is_empty(), "{version:?}: {made_up:?}");
        }
        Ok(())
    });
    ran.unwrap();
}

const GNUTLS: [&[&str]; 4] = [
    &["VERS-TLS1.3", "VERS-TLS1.2", "VERS-TLS1.1", "VERS-TLS1.0"],
    &["RSA", "DHE-RSA", "ECDHE-RSA", "ECDHE-ECDSA", "ANON-DH", "ANON-ECDH"],
    &[
        "AES-128-GCM",
        "AES-256-CCM",
        "CHACHA20-POLY1305",
        "AES-256-CBC",
        "CAMELLIA-128-CBC",
        "3DES-CBC",
    ],
    &["GROUP-X25519", "GROUP-SECP256R1", "GROUP-X448", "GROUP-SECP384R1", "GROUP-FFDHE2048"],
];

#[test]
fn gnutls_as_nobody_sets_it_up_is_listed() {
    let lists = GNUTLS.map(subset);
    let ran = few().run(&(lists, any::<[bool; 2]>()), |(lists, [two, own])| {
        let lists: Vec<String> =
            lists.concat().into_iter().map(|word| format!("+{word}")).collect();
        let order = if own { ":%SERVER_PRECEDENCE" } else { "" };
        let rest = "+AEAD:+SHA1:+SHA256:+SHA384:+SIGN-ALL:+CTYPE-ALL";
        let priority = format!("NONE:{}:{rest}{order}", lists.join(":"));
        let (rsa, ec) = (rsa(), ec());
        let keys: Vec<&Keys> = if two { vec![&rsa, &ec] } else { vec![&rsa] };
        if let Some(server) = gnutls_with(&keys, &priority) {
            check(&server);
        }
        Ok(())
    });
    ran.unwrap();
}

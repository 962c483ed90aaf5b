//! A server that is as old as the faults it has: Node.js 0.10.0 of 2013 with OpenSSL 1.0.1e, which speaks
//! SSL 2.0 to TLS 1.2 and has Heartbleed. It says no by closing, never by an alert.

use portvakt_model::{Evidence, Offered, TlsVersion};
use portvakt_scan::tls::inferred::inferred;
use portvakt_scan::tls::{Depth, How, Limits, intrusive};

use crate::intrusive::{how, target};
use crate::lab::keys::rsa;
use crate::lab::tls::node_0_10;
use crate::lab::wait;
use crate::lists::{found, names, offered, seen};
use crate::peers::compare;

#[test]
fn its_versions_and_suites_are_listed() {
    let Some(server) = node_0_10(&rsa()) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    // Seven kinds: RC4, RC2 (both also for export), IDEA, DES and triple DES, all with MD5.
    assert_eq!(names(&endpoint, TlsVersion::Ssl2).len(), 7);
    for version in [TlsVersion::Ssl3, TlsVersion::Tls10, TlsVersion::Tls11] {
        let names = names(&endpoint, version);
        assert_eq!(names.len(), 12, "{version:?}: {names:?}");
        for old in ["TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_DES_CBC_SHA", "TLS_RSA_WITH_NULL_MD5"]
        {
            assert!(names.iter().any(|name| name == old), "{version:?}: {names:?}");
        }
    }
    // And three with SHA-256, two with GCM.
    assert_eq!(names(&endpoint, TlsVersion::Tls12).len(), 17);
    assert_eq!(offered(&endpoint, TlsVersion::Tls13), Offered::No);
    assert_eq!(endpoint.traits.heartbeat, Offered::Yes);
    assert_eq!(endpoint.traits.extended_master_secret, Offered::No);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
    assert!(endpoint.connections as usize <= found(&endpoint) + 20, "{}", endpoint.connections);
    let rows = inferred(&endpoint);
    for name in ["drown", "poodle", "beast", "sweet32", "rc4"] {
        let row = rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(row.vulnerable, Offered::Yes, "{row:?}");
    }
}

#[test]
fn what_other_scanners_find_of_it_is_found() {
    let Some(server) = node_0_10(&rsa()) else { return };
    compare(&server, &std::collections::BTreeSet::new());
}

#[test]
fn its_faults_are_seen_and_the_server_lives_on() {
    let Some(server) = node_0_10(&rsa()) else { return };
    let how = How { limits: Limits::default(), ..how() };
    for depth in [Depth::Verdict, Depth::Full] {
        let mut endpoint = seen(server.address, depth, None);
        wait(intrusive::probe(&target(server.address), &how, &mut endpoint));
        for name in ["heartbleed", "ccs-injection"] {
            let row = endpoint.probes.iter().find(|row| row.name == name).unwrap();
            assert_eq!((row.vulnerable, row.evidence), (Offered::Yes, Evidence::Tested), "{row:?}");
        }
    }
    let again = seen(server.address, Depth::Verdict, None);
    assert_eq!(offered(&again, TlsVersion::Ssl2), Offered::Yes, "{}", server.log());
}

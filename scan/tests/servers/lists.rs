//! What real servers offer is found whole and nothing else, and with few connections. The truth comes from
//! their configuration, and from what their own libraries say that it means.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use portvakt_model::registry::{group_name, signature_name, suite_name};
use portvakt_model::{Chain, Offered, SuiteOrder, TlsEndpoint, TlsVersion};
use portvakt_scan::tls::starttls::StartTls;
use portvakt_scan::tls::{Depth, How, Limits, Split, Target, look};

use crate::lab::keys::{Keys, ec, rsa};
use crate::lab::mail::{Mailbox, dovecot};
use crate::lab::tls::{gnutls, gnutls_with, jsse, nginx, openssl};
use crate::lab::{find, wait};

const OLD: [TlsVersion; 2] = [TlsVersion::Tls10, TlsVersion::Tls11];

pub(crate) fn seen(address: SocketAddr, depth: Depth, starttls: Option<StartTls>) -> TlsEndpoint {
    let (host, port) = ("post.example".to_owned(), address.port());
    let target = Target { host, port, address: Some(address), starttls };
    let chain = Arc::new(|_: &[Vec<u8>], _: Option<&str>| Chain::default());
    let how = How { depth, split: Split::default(), limits: Limits::default(), chain };
    wait(look(&target, &how))
}

pub(crate) fn names(endpoint: &TlsEndpoint, version: TlsVersion) -> Vec<String> {
    let seen = endpoint.protocols.iter().filter(|p| p.version == version);
    seen.flat_map(|p| &p.suites).map(|suite| suite_name(*suite)).collect()
}

pub(crate) fn order(endpoint: &TlsEndpoint, version: TlsVersion) -> SuiteOrder {
    endpoint.protocols[version as usize].order
}

pub(crate) fn offered(endpoint: &TlsEndpoint, version: TlsVersion) -> Offered {
    endpoint.protocols[version as usize].offered
}

fn groups(endpoint: &TlsEndpoint, version: TlsVersion) -> BTreeSet<String> {
    let seen = endpoint.groups.iter().filter(|g| g.version == version);
    seen.map(|g| group_name(g.group)).collect()
}

fn set(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

/// Suites of all versions, and groups.
pub(crate) fn found(endpoint: &TlsEndpoint) -> usize {
    let groups: BTreeSet<u16> = endpoint.groups.iter().map(|g| g.group).collect();
    endpoint.protocols.iter().map(|p| p.suites.len()).sum::<usize>() + groups.len()
}

/// The suites that OpenSSL takes a list for in a version, in its order, as far as an RSA key and no secret
/// serve for them.
fn meant(version: &str, list: &str) -> Vec<String> {
    let command =
        Command::new("openssl").args(["ciphers", "-s", version, "-stdname", list]).output();
    let text = String::from_utf8(command.unwrap().stdout).unwrap();
    let usable =
        ["TLS_RSA_WITH_", "TLS_DHE_RSA_", "TLS_ECDHE_RSA_", "TLS_DH_anon_", "TLS_ECDH_anon_"];
    let name = text.lines().filter_map(|line| line.split_whitespace().next());
    name.filter(|n| usable.iter().any(|u| n.starts_with(u))).map(str::to_owned).collect()
}

pub(crate) const EVERYTHING: &str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";

#[test]
fn openssl_with_everything_is_listed_in_its_own_order() {
    let options = ["-cipher", EVERYTHING, "-serverpref", "-min_protocol", "TLSv1"];
    let Some(server) = openssl(&rsa(), &options) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    assert_eq!(names(&endpoint, TlsVersion::Tls12), meant("-tls1_2", EVERYTHING));
    for version in OLD {
        assert_eq!(names(&endpoint, version), meant("-tls1", EVERYTHING));
        assert_eq!(order(&endpoint, version), SuiteOrder::Server);
    }
    assert_eq!(names(&endpoint, TlsVersion::Tls13).len(), 3);
    assert_eq!(offered(&endpoint, TlsVersion::Ssl3), Offered::No);
    assert_eq!(offered(&endpoint, TlsVersion::Ssl2), Offered::No);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
    assert!(endpoint.connections as usize <= found(&endpoint) + 20, "{}", endpoint.connections);
}

#[test]
fn nginx_is_listed_with_its_groups_and_says_who_decides() {
    let list = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA";
    for (prefer, decides) in [("on", SuiteOrder::Server), ("off", SuiteOrder::Client)] {
        let block = format!(
            "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {list}; ssl_ecdh_curve X448:secp384r1:X25519; \
             ssl_prefer_server_ciphers {prefer};"
        );
        let Some(server) = nginx(&rsa(), &block) else { return };
        let endpoint = seen(server.address, Depth::Full, None);
        assert_eq!(set(&names(&endpoint, TlsVersion::Tls12)), set(&meant("-tls1_2", list)));
        assert_eq!(order(&endpoint, TlsVersion::Tls12), decides);
        assert_eq!(order(&endpoint, TlsVersion::Tls13), decides);
        let wanted = ["x25519", "x448", "secp384r1"].map(str::to_owned).into();
        assert_eq!(groups(&endpoint, TlsVersion::Tls12), wanted);
        assert_eq!(groups(&endpoint, TlsVersion::Tls13), wanted);
        assert_eq!(endpoint.traits.extended_master_secret, Offered::Yes);
        assert_eq!(endpoint.traits.compression, Offered::No);
        assert_eq!(endpoint.traits.answers_without_sni, Offered::Yes);
        assert!(endpoint.complete, "{:?}", endpoint.doubts);
    }
}

#[test]
fn nginx_in_order_is_known_by_nine_connections() {
    let block = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_ecdh_curve X25519;";
    let Some(server) = nginx(&rsa(), block) else { return };
    let endpoint = seen(server.address, Depth::VerdictThenFull, None);
    assert_eq!((endpoint.connections, endpoint.enumerated), (9, false), "{:?}", endpoint.doubts);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
}

/// Three groups show with the three suites, so that two are left to be asked for; so do two schemes, and two more
/// with those.
#[test]
fn nginx_in_its_own_order_takes_few_connections() {
    let block = "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; \
                 ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305;";
    let Some(server) = nginx(&rsa(), block) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    assert_eq!((found(&endpoint), endpoint.complete), (16, true), "{:?}", endpoint.doubts);
    assert_eq!((endpoint.signature_schemes.len(), endpoint.signatures_complete), (7, true));
    assert!(endpoint.connections <= 33, "{}", endpoint.connections);
}

/// OpenSSL has TLS 1.1 and 1.0 switched on and cannot use them above security level 0
/// (`SSL_CTX_set_security_level(3)`): it answers every suite with `internal_error`.
#[test]
fn openssl_as_it_comes_has_no_old_versions() {
    let Some(server) = openssl(&rsa(), &["-serverpref"]) else { return };
    for depth in [Depth::Verdict, Depth::Full] {
        let endpoint = seen(server.address, depth, None);
        for version in OLD {
            assert_eq!(offered(&endpoint, version), Offered::No, "{version:?}");
        }
        assert!(endpoint.complete, "{:?}", endpoint.doubts);
        assert!(depth == Depth::Verdict || endpoint.connections as usize <= found(&endpoint) + 20);
    }
}

/// No client can come to a group that is liked less than the curve of the key, when that must be offered.
/// GnuTLS does not ask for it.
#[test]
fn the_curve_of_the_key_hides_no_group_that_can_be_had() {
    let options = ["-tls1_2", "-serverpref", "-groups", "P-384:P-256:X25519"];
    let Some(server) = openssl(&ec(), &options) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    let wanted = ["secp384r1", "secp256r1"].map(str::to_owned).into();
    assert_eq!(groups(&endpoint, TlsVersion::Tls12), wanted);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
    let priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:%SERVER_PRECEDENCE";
    let Some(server) = gnutls(&ec(), priority) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    let wanted =
        ["secp256r1", "secp384r1", "secp521r1", "x25519", "x448"].map(str::to_owned).into();
    assert_eq!(groups(&endpoint, TlsVersion::Tls12), wanted);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
}

/// Whoever is asked for a name that it does not serve says nothing of what it offers.
#[test]
fn nginx_that_rejects_a_name_is_left_at_once() {
    let Some(server) = nginx(&rsa(), "ssl_reject_handshake on;") else { return };
    for depth in [Depth::Verdict, Depth::Full] {
        let endpoint = seen(server.address, depth, None);
        assert!(!endpoint.complete);
        let wanted = "it does not serve the name that it was asked for, or wants one (alert 112)";
        assert!(endpoint.doubts.iter().any(|d| d == wanted), "{:?}", endpoint.doubts);
        for version in TlsVersion::ALL {
            assert_eq!(offered(&endpoint, version), Offered::Unknown, "{version:?}");
        }
        assert!(endpoint.connections <= 12, "{}", endpoint.connections);
    }
}

/// It chooses a suite with finite-field parameters, which it lacks, and breaks off.
#[test]
fn dovecot_without_parameters_hides_nothing() {
    let settings = "ssl_min_protocol = TLSv1\nssl_cipher_list = ALL:@SECLEVEL=0";
    let without = |names: Vec<String>| -> Vec<String> {
        names.into_iter().filter(|n| !n.contains("_DHE_") && !n.contains("_DH_anon")).collect()
    };
    // It reads its key when somebody comes, not when it starts.
    let keys = rsa();
    for (speaks, starttls) in [(Mailbox::Imaps, None), (Mailbox::Imap, Some(StartTls::Imap))] {
        let Some(server) = dovecot(&keys, speaks, settings) else { return };
        let endpoint = seen(server.address, Depth::Full, starttls);
        let wanted = without(meant("-tls1_2", "ALL:@SECLEVEL=0"));
        assert_eq!(
            set(&names(&endpoint, TlsVersion::Tls12)),
            set(&wanted),
            "{:?}",
            endpoint.doubts
        );
        for version in OLD {
            let wanted = without(meant("-tls1", "ALL:@SECLEVEL=0"));
            assert_eq!(set(&names(&endpoint, version)), set(&wanted), "{:?}", endpoint.doubts);
        }
        assert!(endpoint.connections as usize <= found(&endpoint) + 20, "{}", endpoint.connections);
    }
}

/// It closes the connection where others send an alert, so that no refusal is plain.
#[test]
fn dovecot_as_it_comes_takes_few_connections() {
    let keys = rsa();
    let Some(server) = dovecot(&keys, Mailbox::Imaps, "") else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    for version in OLD {
        let protocol = endpoint.protocols.iter().find(|p| p.version == version).unwrap();
        assert_eq!((protocol.offered, protocol.complete), (Offered::No, true), "{version:?}");
    }
    assert!(endpoint.doubts.is_empty(), "{:?}", endpoint.doubts);
    assert!(endpoint.connections as usize <= found(&endpoint) + 20, "{}", endpoint.connections);
}

/// With two keys and finite-field groups there is most to tell apart.
#[test]
fn gnutls_with_two_keys_takes_few_connections() {
    let priority = "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:%SERVER_PRECEDENCE";
    let Some(server) = gnutls_with(&[&rsa(), &ec()], priority) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
    for version in [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12] {
        assert_eq!(order(&endpoint, version), SuiteOrder::Server);
        for key in ["_ECDHE_RSA_", "_ECDHE_ECDSA_", "_DHE_RSA_"] {
            assert!(names(&endpoint, version).iter().any(|n| n.contains(key)), "{version:?} {key}");
        }
    }
    let curves = ["secp256r1", "secp384r1", "secp521r1", "x25519", "x448"];
    let fields = ["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"];
    let wanted: BTreeSet<String> = curves.iter().chain(&fields).map(|n| (*n).to_owned()).collect();
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        assert_eq!(groups(&endpoint, version), wanted, "{version:?}");
    }
    assert!(endpoint.signatures_complete, "{:?}", schemes(&endpoint));
    assert!(endpoint.connections as usize <= found(&endpoint) + 18, "{}", endpoint.connections);
}

/// GnuTLS refuses a version that it does not have, though it has an older one.
#[test]
fn gnutls_without_a_version_in_between_hides_no_older_one() {
    let priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+VERS-TLS1.0";
    let Some(server) = gnutls_with(&[&rsa()], priority) else { return };
    for depth in [Depth::Verdict, Depth::Full] {
        let endpoint = seen(server.address, depth, None);
        assert_eq!(offered(&endpoint, TlsVersion::Tls11), Offered::No, "{depth:?}");
        assert_eq!(offered(&endpoint, TlsVersion::Tls10), Offered::Yes, "{depth:?}");
        assert!(endpoint.complete, "{depth:?}: {:?}", endpoint.doubts);
    }
}

/// Who speaks none of the protocols that were offered refuses (RFC 7301 §3.2), and hides nothing by that.
#[test]
fn openssl_tells_which_protocols_it_speaks() {
    let cases: [(&str, &[&str]); 4] = [
        ("h2,http/1.1", &["h2", "http/1.1"]),
        ("http/1.1", &["http/1.1"]),
        ("h2", &["h2"]),
        ("imap", &[]),
    ];
    let depths = [Depth::Verdict, Depth::Full];
    for (spoken, told) in cases {
        for version in [&[][..], &["-tls1_3"]] {
            let Some(server) = openssl(&rsa(), &[version, &["-alpn", spoken]].concat()) else {
                return;
            };
            for endpoint in depths.map(|depth| seen(server.address, depth, None)) {
                let mut alpn = endpoint.traits.alpn.clone();
                alpn.sort_unstable();
                assert_eq!(alpn, told, "{spoken} {version:?}");
                assert_eq!(endpoint.chains.len(), 1, "{spoken} {version:?}");
                assert!(endpoint.complete, "{spoken} {version:?}: {:?}", endpoint.doubts);
                let most = if endpoint.enumerated { found(&endpoint) + 20 } else { 17 };
                assert!(endpoint.connections as usize <= most, "{}", endpoint.connections);
            }
        }
    }
}

fn schemes(endpoint: &TlsEndpoint) -> BTreeSet<String> {
    endpoint.signature_schemes.iter().map(|scheme| signature_name(*scheme)).collect()
}

/// Whoever decides, all schemes are found, within as many connections.
#[test]
fn openssl_signs_with_what_it_was_told_to() {
    let (rsa, ec) = (rsa(), ec());
    let two = ["rsa_pkcs1_sha256", "rsa_pss_rsae_sha384"].as_slice();
    let all = ["sha256", "sha384", "sha512"]
        .map(|hash| [format!("rsa_pkcs1_{hash}"), format!("rsa_pss_rsae_{hash}")]);
    let mut all: Vec<&str> = all.iter().flatten().map(String::as_str).collect();
    all.push("rsa_pkcs1_sha224");
    let told = ["-sigalgs", "RSA+SHA256:rsa_pss_rsae_sha384"];
    let curves = [
        "ecdsa_secp256r1_sha256",
        "ecdsa_secp384r1_sha384",
        "ecdsa_secp521r1_sha512",
        "ecdsa_sha224",
    ];
    let cases: [(&Keys, &[&str], &[&str]); 4] = [
        (&rsa, &told, two),
        (
            &rsa,
            &["-tls1_3"],
            &["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"],
        ),
        (&rsa, &[], &all),
        (&ec, &[], &curves),
    ];
    for (keys, options, wanted) in cases {
        for order in [&["-serverpref"][..], &[]] {
            let Some(server) = openssl(keys, &[options, order].concat()) else { return };
            let endpoint = seen(server.address, Depth::Full, None);
            let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(schemes(&endpoint), wanted, "{options:?} {order:?}");
            assert!(endpoint.signatures_complete, "{options:?} {order:?}");
            assert!(
                endpoint.connections as usize <= found(&endpoint) + 20,
                "{}",
                endpoint.connections
            );
        }
    }
}

/// Whether Java negotiates a suite in a version: those of the hashes of TLS 1.2 only there, single DES
/// no more there, and export keys not above TLS 1.0 (JSSE Reference Guide, SunJSSE cipher suites).
fn java_has(name: &str, version: TlsVersion) -> bool {
    let newer = name.contains("SHA256") || name.contains("SHA384");
    let single_des = name.contains("_DES_CBC_") && !name.contains("3DES");
    match version {
        TlsVersion::Tls12 => !single_des && !name.contains("EXPORT"),
        TlsVersion::Tls11 => !newer && !name.contains("EXPORT"),
        _ => !newer,
    }
}

#[test]
fn java_with_everything_is_listed_from_ssl_3_on() {
    if find("openssl").is_none() {
        return;
    }
    let Some(server) = jsse(&rsa()) else { return };
    let endpoint = seen(server.address, Depth::Full, None);
    let log = server.log();
    let name = log.lines().filter_map(|line| line.strip_prefix("suite "));
    let name = name.map(|n| n.replace("SSL_", "TLS_"));
    let usable = ["TLS_RSA_", "TLS_DHE_RSA_", "TLS_ECDHE_RSA_", "TLS_DH_anon_", "TLS_ECDH_anon_"];
    let all: Vec<String> = name.filter(|n| usable.iter().any(|u| n.starts_with(u))).collect();
    assert!(all.len() > 30, "{log}");
    for version in [TlsVersion::Ssl3, TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12] {
        let wanted: Vec<String> = all.iter().filter(|n| java_has(n, version)).cloned().collect();
        assert_eq!(
            set(&names(&endpoint, version)),
            set(&wanted),
            "{version:?} {:?}",
            endpoint.doubts
        );
    }
    assert_eq!(names(&endpoint, TlsVersion::Tls13).len(), 3);
    assert!(endpoint.complete, "{:?}", endpoint.doubts);
    assert!(endpoint.connections as usize <= found(&endpoint) + 20, "{}", endpoint.connections);
}

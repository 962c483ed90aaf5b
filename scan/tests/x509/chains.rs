//! Chains of an authority of our own: whom they are trusted by, and the reason when they are not.

use jiff::{Timestamp, ToSpan as _};
use portvakt_model::{Chain, Trust};
use portvakt_scan::x509::{Roots, ServerName, chain};

use super::openssl::{Openssl, P256};

const CA: &str =
    "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
const SERVER: &str = "subjectAltName=DNS:www.example.com\nextendedKeyUsage=serverAuth\n";
const SUB_CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
const LEAF: &str = "/CN=www.example.com";

/// A root, an intermediate and a server, each of 30 days.
struct Authority {
    openssl: Openssl,
    root: Vec<u8>,
    sub: Vec<u8>,
}

impl Authority {
    fn new() -> Option<Self> {
        let openssl = Openssl::new()?;
        let root = openssl.self_signed("root", P256, &format!("-subj /CN=Root -days 30 {CA}"));
        let sub = openssl.issued("sub", "root", "/CN=Sub", "-days 30", SUB_CA);
        Some(Self { openssl, root, sub })
    }

    fn leaf(&self, extensions: &str) -> Vec<u8> {
        self.openssl.issued("leaf", "sub", LEAF, "-days 30", extensions)
    }

    fn roots(&self) -> Roots {
        Roots::default().with_own(std::slice::from_ref(&self.root))
    }

    /// What the own roots say of a chain.
    fn own(&self, sent: &[&[u8]]) -> Trust {
        judged(sent, &self.roots(), Timestamp::now()).own
    }
}

fn judged(sent: &[&[u8]], roots: &Roots, now: Timestamp) -> Chain {
    let sent: Vec<Vec<u8>> = sent.iter().map(|der| der.to_vec()).collect();
    chain(&sent, None, roots, now)
}

#[track_caller]
fn assert_why(trust: &Trust, kind: &str, words: &[&str]) {
    let Trust::Untrusted(why) = trust else { panic!("{kind}: {trust:?}") };
    assert!(why.starts_with(&format!("{kind}: ")), "{why}");
    assert!(words.iter().all(|word| why.contains(word)), "{why}");
}

#[test]
fn a_whole_chain_is_trusted_by_whom_it_leads_to_alone() {
    let Some(ca) = Authority::new() else { return };
    let leaf = ca.leaf(SERVER);
    let roots = Roots::public().with_own(std::slice::from_ref(&ca.root));
    let judged = judged(&[&leaf, &ca.sub], &roots, Timestamp::now());
    assert_eq!((&judged.own, &judged.system), (&Trust::Trusted, &Trust::NotAsked));
    assert_why(&judged.public, "missing-intermediate", &["CN=Sub", "CN=Root"]);
    assert_eq!(judged.certificates.len(), 2);
    assert_eq!(judged.certificates[1].lints, [""; 0]);
}

#[test]
fn the_order_above_the_leaf_does_not_matter_nor_does_the_root() {
    let Some(ca) = Authority::new() else { return };
    let leaf = ca.leaf(SERVER);
    assert_eq!(ca.own(&[&leaf, &ca.root, &ca.sub]), Trust::Trusted);
    let public = judged(&[&leaf, &ca.root, &ca.sub], &Roots::public(), Timestamp::now()).public;
    assert_why(&public, "unknown-root", &["CN=Root"]);
}

#[test]
fn a_missing_intermediate_is_named_and_where_it_is() {
    let Some(ca) = Authority::new() else { return };
    let leaf =
        ca.leaf(&format!("{SERVER}authorityInfoAccess=caIssuers;URI:http://ca.example/s.cer\n"));
    assert_why(&ca.own(&[&leaf]), "missing-intermediate", &["CN=Sub", "http://ca.example/s.cer"]);
    let roots = Roots::default().with_own(&[ca.root.clone(), ca.sub.clone()]);
    let own = judged(&[&leaf], &roots, Timestamp::now()).own;
    assert_why(&own, "missing-intermediate", &["among the own CA files"]);
}

/// Without its root, the intermediate is what the organisation trusts.
#[test]
fn the_topmost_own_certificate_is_a_root() {
    let Some(ca) = Authority::new() else { return };
    let leaf = ca.leaf(SERVER);
    let roots = Roots::default().with_own(std::slice::from_ref(&ca.sub));
    assert_eq!(judged(&[&leaf], &roots, Timestamp::now()).own, Trust::Trusted);
}

#[test]
fn time_is_told_first_and_what_else_is_wrong_after_it() {
    let Some(ca) = Authority::new() else { return };
    let leaf = ca.leaf(SERVER);
    let later = Timestamp::now() + (31 * 24).hours();
    let early = Timestamp::now() - 24.hours();
    let own = |at| judged(&[&leaf, &ca.sub], &ca.roots(), at).own;
    assert_why(&own(later), "expired", &["CN=www.example.com"]);
    let Trust::Untrusted(why) = own(later) else { panic!() };
    assert!(!why.contains("; "), "nothing else is wrong: {why}");
    assert_why(&own(early), "not-yet-valid", &["CN=www.example.com"]);
    let public = judged(&[&leaf, &ca.sub], &Roots::public(), later).public;
    assert_why(&public, "expired", &["; missing-intermediate: "]);
}

#[test]
fn what_is_expired_above_the_leaf_is_named() {
    let Some(ca) = Authority::new() else { return };
    let sub = ca.openssl.issued("sub", "root", "/CN=Sub", "-days 5", SUB_CA);
    let leaf = ca.leaf(SERVER);
    let own =
        |days: i64| judged(&[&leaf, &sub], &ca.roots(), Timestamp::now() + (days * 24).hours()).own;
    assert_eq!(own(1), Trust::Trusted);
    assert_why(&own(6), "expired", &["\"CN=Sub\""]);
}

#[test]
fn a_root_that_has_ended_is_no_root() {
    let Some(ca) = Authority::new() else { return };
    ca.openssl.run(&format!(
        "req -new -x509 -key root.key -out root.pem -config /dev/null -subj /CN=Root -days 5 {CA}"
    ));
    let roots = Roots::default().with_own(&[ca.openssl.der("root")]);
    let leaf = ca.leaf(SERVER);
    let own =
        |days: i64| judged(&[&leaf, &ca.sub], &roots, Timestamp::now() + (days * 24).hours()).own;
    assert_eq!(own(1), Trust::Trusted);
    assert_why(&own(6), "expired", &["\"CN=Root\""]);
}

#[test]
fn self_signed_certificates() {
    let Some(ca) = Authority::new() else { return };
    let more = "-subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com -addext basicConstraints=CA:FALSE";
    let leaf = ca.openssl.self_signed("lone", P256, more);
    assert_why(&ca.own(&[&leaf]), "self-signed", &[]);
    assert!(judged(&[&leaf], &ca.roots(), Timestamp::now()).certificates[0].self_signed);
    let pinned = Roots::default().with_own(std::slice::from_ref(&leaf));
    assert_eq!(judged(&[&leaf], &pinned, Timestamp::now()).own, Trust::Trusted);
}

/// The same name is not the same key.
#[test]
fn a_foreign_authority_of_the_same_name_is_not_trusted() {
    let Some(ca) = Authority::new() else { return };
    let leaf = ca.leaf(SERVER);
    let other = Authority::new().unwrap();
    let own = judged(&[&leaf, &ca.sub], &other.roots(), Timestamp::now()).own;
    assert_why(&own, "bad-signature", &["CN=Sub"]);
    let mixed = judged(&[&leaf, &other.sub], &other.roots(), Timestamp::now()).own;
    assert_why(&mixed, "bad-signature", &["CN=www.example.com"]);
    let own_root = judged(&[&ca.root], &other.roots(), Timestamp::now()).own;
    assert_why(&own_root, "self-signed", &[]);
}

#[test]
fn usages_and_authorities_in_the_wrong_place() {
    let Some(ca) = Authority::new() else { return };
    let client = ca.leaf("subjectAltName=DNS:www.example.com\nextendedKeyUsage=clientAuth\n");
    assert_why(&ca.own(&[&client, &ca.sub]), "wrong-usage", &["clientAuth"]);
    let authority = ca.leaf(&format!("subjectAltName=DNS:www.example.com\n{SUB_CA}"));
    assert_why(&ca.own(&[&authority, &ca.sub]), "authority-as-server", &[]);
    let judged = judged(&[&authority, &ca.sub], &ca.roots(), Timestamp::now());
    assert!(judged.certificates[0].lints.contains(&"ca-certificate-as-leaf"));
    let sub =
        ca.openssl.issued("sub", "root", "/CN=Sub", "-days 30", "basicConstraints=CA:FALSE\n");
    let leaf = ca.leaf(SERVER);
    assert_why(&ca.own(&[&leaf, &sub]), "issuer-is-no-authority", &[]);
}

#[test]
fn constraints_of_an_authority_hold() {
    let Some(ca) = Authority::new() else { return };
    let limited = format!("{SUB_CA}nameConstraints=critical,permitted;DNS:example.net\n");
    let sub = ca.openssl.issued("sub", "root", "/CN=Sub", "-days 30", &limited);
    let leaf = ca.leaf(SERVER);
    assert_why(&ca.own(&[&leaf, &sub]), "constraint", &["name constraint"]);
}

/// What nothing here verifies is not trusted, and is not called wrong either.
#[test]
fn signatures_that_cannot_be_verified() {
    let Some(openssl) = Openssl::new() else { return };
    let rsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:";
    for (key, digest, word) in [
        ("-algorithm ED448", "", "1.3.101.113"),
        (&*format!("{rsa}2048"), "-sha1", "sha1"),
        (&*format!("{rsa}2048"), "-md5", "md5"),
        (&*format!("{rsa}1024"), "-sha256", "1024 bits"),
    ] {
        let root = openssl.self_signed("root", key, &format!("-subj /CN=Root {CA}"));
        let leaf = openssl.issued("leaf", "root", LEAF, digest, SERVER);
        let roots = Roots::default().with_own(std::slice::from_ref(&root));
        let own = judged(&[&leaf, &root], &roots, Timestamp::now()).own;
        assert_why(&own, "not-verifiable", &["CN=www.example.com", word]);
        let own = judged(&[&leaf], &roots, Timestamp::now()).own;
        assert_why(&own, "not-verifiable", &["CN=Root"]);
    }
    let root = openssl.self_signed(
        "root",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        &format!("-subj /CN=Root {CA}"),
    );
    let leaf = openssl.issued("leaf", "root", LEAF, "-sha512", SERVER);
    let roots = Roots::default().with_own(&[root]);
    assert_eq!(judged(&[&leaf], &roots, Timestamp::now()).own, Trust::Trusted, "P-521 is verified");
}

#[test]
fn whether_it_is_for_the_name() {
    let Some(ca) = Authority::new() else { return };
    let leaf = ca.leaf("subjectAltName=DNS:*.example.com,IP:10.0.0.1\n");
    let is_for = |name: &str| {
        let name = ServerName::try_from(name).unwrap();
        chain(std::slice::from_ref(&leaf), Some(&name), &ca.roots(), Timestamp::now()).name_matches
    };
    assert_eq!(is_for("www.example.com"), Some(true));
    assert_eq!(is_for("example.com"), Some(false));
    assert_eq!(is_for("10.0.0.1"), Some(true));
    assert_eq!(is_for("10.0.0.2"), Some(false));
    assert_eq!(judged(&[&leaf], &ca.roots(), Timestamp::now()).name_matches, None);
}

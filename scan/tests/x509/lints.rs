//! Every lint fires where it must, and is silent where it must be. What is right was derived by hand
//! from the clauses that the lints name.

use std::collections::BTreeSet;

use portvakt_scan::x509::lints::{LINTS, Profile, named};
use portvakt_scan::x509::{Roots, certificate, chain};

use super::build::*;

fn lints(build: &Build) -> Vec<&'static str> {
    certificate(&build.der()).unwrap().lints
}

/// The same as the leaf of a chain.
fn lints_of_leaf(build: &Build) -> Vec<&'static str> {
    let now = "2026-05-01T00:00:00Z".parse().unwrap();
    chain(&[build.der()], None, &Roots::default(), now).certificates[0].lints.clone()
}

#[test]
fn faultless_certificates_have_no_lints() {
    assert_eq!(lints(&Build::server()), [""; 0]);
    assert_eq!(lints(&Build::public()), [""; 0]);
    assert_eq!(lints(&Build::authority()), [""; 0]);
    assert_eq!(lints_of_leaf(&Build::server()), [""; 0]);
}

/// A modulus of so many bits that is odd and has no small factor: 2^n − 1 − 2k for some k.
fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] >>= (8 - bits % 8) % 8;
    let last = bytes.len() - 1;
    let small: Vec<u32> = (3..752).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
    let rest = |bytes: &[u8], p: u32| bytes.iter().fold(0, |r, b| (r * 256 + u32::from(*b)) % p);
    while small.iter().any(|p| rest(&bytes, *p) == 0) {
        bytes[last] -= 2;
    }
    bytes
}

const E: &[u8] = &[1, 0, 1];

fn rsa_server(bits: usize) -> Build {
    Build::server().key(rsa(&modulus(bits), E))
}

fn subject(kind: &'static str, value: &[u8]) -> Build {
    let mut build = Build::public();
    build.subject.push((kind, 0x13, value.to_vec()));
    build
}

/// One certificate for each lint, with that fault.
fn faulty() -> Vec<(&'static str, Build)> {
    let server = Build::server;
    let public = Build::public;
    let authority = Build::authority;
    let mut all = validity_and_keys();
    all.extend(names_of_servers());
    let with = |mut build: Build, change: fn(&mut Build)| {
        change(&mut build);
        build
    };
    all.extend([
        ("md5-signature", server().signed_by("1.2.840.113549.1.1.4")),
        ("sha1-signature", server().signed_by("1.2.840.10045.4.1")),
        (
            "signature-algorithms-differ",
            with(server(), |b| b.algorithms[0] = algorithm("1.2.840.10045.4.3.3")),
        ),
        ("signature-algorithm-not-permitted", public().signed_by("1.3.101.112")),
        ("ca-certificate-as-leaf", server().with(BASIC, basic(true, None))),
        ("not-for-servers", server().with(EKU, usages(&[CLIENT_AUTH]))),
        ("extended-key-usage-missing", server().without(EKU)),
        ("usable-for-anything", server().with(EKU, usages(&[SERVER_AUTH, ANY_USAGE]))),
        ("usable-for-more-than-tls", server().with(EKU, usages(&[SERVER_AUTH, EMAIL]))),
        ("certificate-signing-by-no-authority", server().with(KU, key_usage(&[0, KEY_CERT_SIGN]))),
        ("key-usage-empty", server().with(KU, wrap(0x03, &[0]))),
        ("key-usage-contradicts-extended", server().with(KU, key_usage(&[CRL_SIGN]))),
        ("key-usage-unfit-for-key", server().with(KU, key_usage(&[0, KEY_ENCIPHERMENT]))),
        ("basic-constraints-not-critical", authority().marked(BASIC, false)),
        ("ca-key-usage-missing", authority().without(KU)),
        ("ca-key-usage-not-critical", authority().marked(KU, false)),
        ("authority-without-certificate-signing", authority().with(KU, key_usage(&[CRL_SIGN]))),
        ("path-length-without-authority", server().with(BASIC, basic(false, Some(0)))),
        (
            "path-length-without-certificate-signing",
            authority().with(BASIC, basic(true, Some(0))).with(KU, key_usage(&[CRL_SIGN])),
        ),
        ("name-constraints-not-critical", authority().with(NAME_CONSTRAINTS, constraints())),
        ("name-constraints-on-no-authority", server().with(NAME_CONSTRAINTS, constraints())),
        ("subject-key-identifier-missing", authority().without(SKI)),
        ("authority-key-identifier-missing", server().without(AKI)),
        (
            "extension-given-twice",
            with(server(), |b| b.extensions.push((EKU, false, usages(&[SERVER_AUTH])))),
        ),
        ("extension-unreadable", server().with(SAN, vec![0x30, 0x05, 1])),
        (
            "unknown-critical-extension",
            server().with("1.2.3.4", vec![5, 0]).marked("1.2.3.4", true),
        ),
        ("extension-wrongly-critical", server().marked(AKI, true)),
        ("issuer-empty", with(server(), |b| b.issuer.clear())),
        ("serial-number-not-positive", with(server(), |b| b.serial = vec![0x80, 1])),
        ("serial-number-over-20-bytes", with(server(), |b| b.serial = vec![1; 21])),
        ("not-version-3", with(server(), |b| b.version = 0)),
        ("extensions-without-version-3", with(server(), |b| b.version = 1)),
        ("country-not-two-letters", subject("2.5.4.6", b"SWE")),
        ("too-few-embedded-timestamps", public().with(SCT, timestamps(&[1_775_001_660]))),
        (
            "begins-long-before-it-was-logged",
            public().with(SCT, timestamps(&[1_775_001_600 + 48 * 3600 + 1; 2])),
        ),
        ("no-reserved-policy", public().without(POLICIES)),
        ("organisational-unit-in-subject", subject("2.5.4.11", b"IT")),
        ("issuer-address-not-http", public().with(AIA, access(b"ldap:///cn=ca"))),
        ("no-revocation-address", public().without(CRL)),
        ("revocation-address-not-http", public().with(CRL, point(b"https://ca.example/1.crl"))),
    ]);
    all
}

fn constraints() -> Vec<u8> {
    seq(&[wrap(0xa0, &seq(&[wrap(0x82, b"example.com")]))])
}

fn access(address: &[u8]) -> Vec<u8> {
    seq(&[seq(&[oid("1.3.6.1.5.5.7.48.2"), wrap(0x86, address)])])
}

fn point(address: &[u8]) -> Vec<u8> {
    seq(&[seq(&[wrap(0xa0, &wrap(0xa0, &wrap(0x86, address)))])])
}

fn validity_and_keys() -> Vec<(&'static str, Build)> {
    let server = Build::server;
    let public = || Build::public().without(SCT);
    let sound = modulus(2048);
    // Two factors that differ by 2: 3·2^1022 ± 1 are close whatever they are.
    let mut close = vec![0; 256];
    (close[0], close[255]) = (0x90, 0);
    let close: Vec<u8> = minus_one(&close);
    let even = [&sound[..255], &[sound[255] - 1]].concat();
    let mut times = server();
    times.validity[0].0 = 0x18;
    times.validity[0].1 = "20260401000000Z".into();
    vec![
        ("validity-not-positive", server().valid("260401000000Z", "260331235959Z")),
        ("validity-over-825-days", public().valid("180301000000Z", "200603000000Z")),
        ("validity-over-398-days", public().valid("210101000000Z", "220203000000Z")),
        ("validity-over-200-days", public().valid("260401000000Z", "261018000000Z")),
        ("validity-over-100-days", public().valid("270401000000Z", "270710000000Z")),
        ("validity-over-47-days", public().valid("290401000000Z", "290518000000Z")),
        ("time-in-wrong-type", times),
        ("rsa-modulus-under-2048-bits", rsa_server(2047)),
        ("rsa-modulus-not-whole-bytes", rsa_server(2049)),
        ("rsa-modulus-even", server().key(rsa(&even, E))),
        ("rsa-exponent-not-odd-above-1", server().key(rsa(&sound, &[1]))),
        ("rsa-exponent-out-of-range", server().key(rsa(&sound, &[3]))),
        ("rsa-small-factor", server().key(rsa(&[&[0xff; 255][..], &[0xff]].concat(), E))),
        ("rsa-close-primes", server().key(rsa(&close, E))),
        ("rsa-infineon-weak-key", server().key(rsa(&roca(), E))),
        ("dsa-key", server().key(dsa())),
        ("ec-curve-under-224-bits", server().key(ec("1.2.840.10045.3.1.1", 24))),
        ("ec-curve-deprecated", server().key(ec("1.3.132.0.10", 32))),
        ("ec-curve-not-named", server().key(explicit())),
        ("key-algorithm-not-permitted", Build::public().key(ec("1.3.36.3.3.2.8.1.1.7", 32))),
    ]
}

/// 9·2^2044 − 1 is (3·2^1022)² − 1²: Fermat's method finds it at once.
fn minus_one(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().rev().take_while(|b| **b == 0).count();
    let kept = bytes.len() - zeros;
    let mut out = bytes.to_vec();
    out[kept..].fill(0xff);
    out[kept - 1] -= 1;
    out
}

/// 65537^128, which is 2^2048 and some more: a power of 65537 by every modulus.
fn roca() -> Vec<u8> {
    let mut number = vec![1_u8];
    for _ in 0..128 {
        // 65537·n is n shifted by two bytes, and n.
        let mut sum = [&number[..], &[0, 0]].concat();
        let mut carry = 0;
        for i in 0..sum.len() {
            let (place, other) = (sum.len() - 1 - i, number.len().checked_sub(1 + i));
            let total = u16::from(sum[place]) + other.map_or(0, |o| u16::from(number[o])) + carry;
            (sum[place], carry) = (total as u8, total >> 8);
        }
        assert_eq!(carry, 0);
        number = sum;
    }
    number
}

fn dsa() -> Vec<u8> {
    let parameters = seq(&[number(&[0xff; 256]), number(&[0xff; 32]), number(&[2])]);
    seq(&[seq(&[oid("1.2.840.10040.4.1"), parameters]), bits(&number(&[5; 256]))])
}

/// P-256 described in numbers (SEC 1 appendix C.2), as far as it is read.
fn explicit() -> Vec<u8> {
    let field = seq(&[oid("1.2.840.10045.1.1"), number(&[0xff; 32])]);
    let domain = seq(&[number(&[1]), field]);
    seq(&[seq(&[oid("1.2.840.10045.2.1"), domain]), bits(&[4; 65])])
}

fn names_of_servers() -> Vec<(&'static str, Build)> {
    let server = |names: &[&str]| Build::server().names(names);
    let public = |name: &str| Build::public().names(&["www.example.com", name]);
    let address = |build: Build, octets: &[u8]| {
        build.with(SAN, general_names(&[(2, b"www.example.com"), (7, octets)]))
    };
    let label = "a".repeat(64);
    let mut untitled = Build::server();
    untitled.subject.clear();
    vec![
        ("no-subject-alternative-name", Build::server().without(SAN)),
        ("common-name-not-among-names", server(&["example.com"])),
        ("wildcard-not-whole-first-label", server(&["www.example.com", "w*.example.com"])),
        ("underscore-in-name", server(&["www.example.com", "a_b.example.com"])),
        ("bad-character-in-name", server(&["www.example.com", "a b.example.com"])),
        ("hyphen-at-end-of-label", server(&["www.example.com", "www.exempel-.example"])),
        ("address-as-dns-name", server(&["www.example.com", "10.0.0.1"])),
        ("nul-in-name", server(&["www.example.com", "www.example.com\0.example.net"])),
        ("empty-label-in-name", server(&["www.example.com", "www..example.com"])),
        ("label-over-63-bytes", server(&["www.example.com", &format!("{label}.example.com")])),
        ("name-over-253-bytes", server(&["www.example.com", &["ab"; 90].join(".")])),
        ("name-given-twice", server(&["www.example.com", "WWW.example.com"])),
        ("address-of-wrong-length", address(Build::server(), &[10, 0, 0])),
        ("empty-subject-and-names-not-critical", untitled),
        ("name-directly-below-top-level", public("*.se")),
        ("reserved-name", public("intranet.local")),
        ("reserved-address", address(Build::public(), &[10, 0, 0, 1])),
        ("onion-name-not-version-3", public("facebookcorewwwi.onion")),
    ]
}

#[test]
fn every_lint_fires_on_its_fault() {
    for (name, build) in faulty() {
        let met = [lints(&build), lints_of_leaf(&build)].concat();
        assert!(met.contains(&name), "{name} does not fire: {met:?}");
    }
}

#[test]
fn every_lint_has_a_case_and_a_name_of_its_own() {
    let all: Vec<&str> = LINTS.iter().copied().flatten().map(|l| l.name).collect();
    let names: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(all.len(), names.len(), "a name is taken twice");
    let tried: BTreeSet<&str> = faulty().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, tried);
    assert!(all.iter().all(|name| named(name).is_some_and(|l| l.name == *name)));
}

/// What is asked of public certificates alone is not held against an organisation's own.
#[test]
fn lints_for_public_certificates_are_silent_on_internal_ones() {
    let public = |name: &&str| named(name).unwrap().profile == Profile::Public;
    for (name, build) in faulty().into_iter().filter(|(name, _)| public(name)) {
        let internal = build.without(SCT).without(POLICIES);
        assert!(!lints(&internal).iter().any(public), "{name} fires on an internal one");
    }
}

/// BR §6.3.2: both ends count, so that 200 days end one second before the same time of day.
#[test]
fn validity_is_counted_to_the_second_and_by_the_day_it_begins() {
    let fires = |from: &str, to: &str| {
        let build = Build::public().valid(from, to).without(SCT);
        lints(&build).into_iter().filter(|l| l.starts_with("validity-over")).collect::<Vec<_>>()
    };
    assert_eq!(fires("260315000000Z", "260930235959Z"), [""; 0], "200 days");
    assert_eq!(fires("260315000000Z", "261001000000Z"), ["validity-over-200-days"]);
    assert_eq!(fires("260314235959Z", "270416235958Z"), [""; 0], "398 days, the day before");
    assert_eq!(fires("260314235959Z", "270416235959Z"), ["validity-over-398-days"]);
    assert_eq!(fires("270315000000Z", "270622235959Z"), [""; 0], "100 days");
    assert_eq!(fires("290315000000Z", "290430235959Z"), [""; 0], "47 days");
    assert_eq!(fires("290315000000Z", "290501000000Z"), ["validity-over-47-days"]);
}

#[test]
fn what_looks_alike_is_no_fault() {
    let silent = |name: &str, build: Build| {
        assert!(!lints(&build).contains(&name), "{name}: {:?}", lints(&build));
    };
    silent("rsa-modulus-under-2048-bits", rsa_server(2048));
    silent("rsa-modulus-not-whole-bytes", rsa_server(3072));
    silent("rsa-small-factor", rsa_server(4096));
    silent("rsa-exponent-out-of-range", rsa_server(2048));
    silent("ec-curve-deprecated", Build::server().key(ec("1.3.132.0.35", 66)));
    silent("ec-curve-under-224-bits", Build::server().key(ec("1.3.132.0.33", 28)));
    silent("wildcard-not-whole-first-label", Build::server().names(&["*.example.com"]));
    silent("name-directly-below-top-level", Build::server().names(&["intranet"]));
    silent("hyphen-at-end-of-label", Build::server().names(&["www.exempel-kommun.example"]));
    silent("address-as-dns-name", Build::server().names(&["10.example.com"]));
    // An address of a responder is enough, and seven days need none.
    let responder = seq(&[seq(&[oid("1.3.6.1.5.5.7.48.1"), wrap(0x86, b"http://ca.example/")])]);
    silent("no-revocation-address", Build::public().without(CRL).with(AIA, responder));
    let short = |to| Build::public().without(CRL).valid("260401000000Z", to);
    silent("no-revocation-address", short("260407235959Z"));
    assert!(lints(&short("260408000000Z")).contains(&"no-revocation-address"));
    silent("common-name-not-among-names", {
        let mut build = Build::server();
        build.subject[0].2 = b"Kommunens webbserver".to_vec();
        build
    });
    silent("key-usage-unfit-for-key", Build::server().with(KU, key_usage(&[0, KEY_AGREEMENT])));
    let mut rollover = Build::authority().signed_by("1.2.840.113549.1.1.5");
    rollover.issuer = rollover.subject.clone();
    silent("sha1-signature", rollover);
    let mut forever = Build::server();
    forever.validity[1] = (0x18, "99991231235959Z".into());
    silent("time-in-wrong-type", forever);
}

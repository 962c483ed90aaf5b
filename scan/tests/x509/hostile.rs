//! Peers that send what no authority would issue.

use jiff::Timestamp;
use portvakt_model::{Certificate, Trust};
use portvakt_scan::x509::files;
use portvakt_scan::x509::{
    MAX_CERTIFICATE, MAX_CHAIN, Roots, ServerName, Unreadable, certificate, chain, is_for,
};
use proptest::prelude::*;
use webpki::EndEntityCert;

use super::build::*;

fn many_names(count: usize) -> Build {
    let name = wrap(0x82, b"a.example.com");
    Build::server().with(SAN, wrap(0x30, &name.repeat(count)))
}

#[test]
fn a_million_names_are_too_many_and_sixty_thousand_are_not() {
    let der = many_names(1 << 20).der();
    assert_eq!(certificate(&der), Err(Unreadable::TooLarge(der.len())));
    let read = certificate(&many_names(60_000).der()).unwrap();
    assert_eq!(read.dns_names.len(), 60_000);
    assert!(read.lints.contains(&"name-given-twice"));
}

#[test]
fn a_hundred_thousand_extensions() {
    let mut build = Build::server();
    build.extensions.extend(std::iter::repeat_n(("1.2.3", false, vec![]), 60_000));
    assert!(certificate(&build.der()).unwrap().lints.contains(&"extension-given-twice"));
}

/// The work of a modulus that is as large as the limit permits is bounded.
#[test]
fn an_enormous_modulus() {
    let key = rsa(&vec![0xfd; MAX_CERTIFICATE - 4096], &[1, 0, 1]);
    let read = certificate(&Build::server().key(key).der()).unwrap();
    assert_eq!(read.key.bits as usize, (MAX_CERTIFICATE - 4096) * 8);
}

#[test]
fn an_empty_key() {
    let key = seq(&[algorithm("1.2.840.113549.1.1.1"), bits(&[])]);
    let read = certificate(&Build::server().key(key).der()).unwrap();
    assert_eq!((read.key.bits, read.key.exponent), (0, None));
    assert!(read.lints.contains(&"rsa-modulus-under-2048-bits"));
}

#[test]
fn a_leaf_that_cannot_be_read_leaves_nothing_judged() {
    let judged = chain(
        &[b"nonsense".to_vec(), Build::authority().der()],
        None,
        &Roots::public(),
        Timestamp::now(),
    );
    assert!(judged.certificates.is_empty());
    assert_eq!((judged.public, judged.unread.len()), (Trust::NotAsked, 1));
    let empty = chain(&[], None, &Roots::public(), Timestamp::now());
    assert_eq!((empty.public, empty.name_matches), (Trust::NotAsked, None));
}

#[test]
fn an_unreadable_intermediate_is_told() {
    let judged =
        chain(&[Build::server().der(), vec![0x30]], None, &Roots::public(), Timestamp::now());
    assert_eq!(judged.certificates.len(), 1);
    assert!(judged.unread[0].starts_with("certificate 2: "), "{:?}", judged.unread);
}

/// Each names all others as its issuer: without limits the search for a path has no end.
#[test]
fn a_chain_of_ten_megabytes_that_goes_in_circles() {
    let mut sent = vec![Build::server().der()];
    for serial in 0..20_u8 {
        let mut ca = Build::authority().with("1.2.3", vec![0; 512 << 10]);
        ca.subject = ca.issuer.clone();
        ca.serial = vec![1, serial];
        sent.push(ca.key(rsa(&[&[0xf1, serial][..], &[7; 254]].concat(), &[1, 0, 1])).der());
    }
    assert!(sent.iter().map(Vec::len).sum::<usize>() > 10 << 20);
    let roots = Roots::public().with_own(&[Build::authority().der()]);
    let judged = chain(&sent, None, &roots, "2026-05-01T00:00:00Z".parse().unwrap());
    assert_eq!(judged.certificates.len(), 21);
    assert!(matches!(judged.own, Trust::Untrusted(_)));
}

#[test]
fn what_is_beyond_the_limit_of_a_chain_is_told() {
    let sent = vec![Build::server().der(); MAX_CHAIN + 3];
    let judged = chain(&sent, None, &Roots::default(), Timestamp::now());
    assert_eq!(judged.certificates.len(), MAX_CHAIN);
    assert_eq!(judged.unread, ["3 certificates beyond the first 32"]);
}

/// RFC 5280 §4.1.2.5: a certificate without an end. It is a day later than what a timestamp holds.
#[test]
fn the_end_of_time() {
    let mut build = Build::server();
    build.validity = [(0x18, "00010101000000Z".into()), (0x18, "99991231235959Z".into())];
    let read = certificate(&build.der()).unwrap();
    assert_eq!(read.not_after, Timestamp::MAX);
    let judged = chain(&[build.der()], None, &Roots::public(), Timestamp::MAX);
    assert!(matches!(judged.public, Trust::Untrusted(_)));
    chain(&[build.der()], None, &Roots::public(), Timestamp::MIN);
}

/// A name that steers a terminal is not shown as it is.
#[test]
fn names_with_control_characters() {
    let mut build = Build::server().names(&["\u{1b}[2J.example.com"]);
    build.subject[0].2 = b"\x1b]0;x\x07".to_vec();
    let read = certificate(&build.der()).unwrap();
    let shown = format!("{} {:?} {:?}", read.subject, read.common_names, read.dns_names);
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
}

fn start() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Build::server().der()),
        Just(Build::public().der()),
        Just(Build::authority().der()),
        Just(Build::server().key(rsa(&[0xf1; 256], &[3])).der()),
    ]
}

fn changed() -> impl Strategy<Value = Vec<u8>> {
    let change = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (start(), change).prop_map(|(mut der, changes)| {
        for (index, byte) in changes {
            let at = index.index(der.len());
            der[at] = byte;
        }
        der
    })
}

proptest! {
    #[test]
    fn any_change_is_read_or_refused(der in changed(), other in changed()) {
        let now = "2026-05-01T00:00:00Z".parse().unwrap();
        let one = certificate(&der);
        let judged = chain(&[der.clone(), other.clone()], None, &Roots::public().with_own(&[other]), now);
        prop_assert_eq!(one.is_ok(), !judged.certificates.is_empty());
        prop_assert_ne!(judged.public, Trust::Trusted);
        files::read(&der, &[""]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(certificate(&bytes).is_err());
        files::read(&bytes, &[""]);
        let text = [b"-----BEGIN CERTIFICATE-----\n", &bytes[..], b"\n-----END CERTIFICATE-----"].concat();
        files::read(&text, &[""]);
    }

    /// A name that we call right is right for the library that browsers in Rust rely on, too.
    #[test]
    fn names_are_never_matched_more_freely_than_by_webpki(
        presented in r"(\*\.|\*|)(www|w\*|a|b_c|)(\.|)(example|a|)(\.|)(com|se|)",
        wanted in r"(www|a|b_c)?\.?(example|a)(\.(com|se))?",
    ) {
        let Ok(name) = ServerName::try_from(wanted) else { return Ok(()) };
        let der = Build::server().names(&[&presented]).der();
        let Ok(read) = certificate(&der) else { return Ok(()) };
        if is_for(&read, &name) {
            let der = der.into();
            let theirs = EndEntityCert::try_from(&der).unwrap();
            prop_assert!(theirs.verify_is_valid_for_subject_name(&name).is_ok(), "{}", presented);
        }
    }

    /// What names a certificate has decides, and nothing else in it.
    #[test]
    fn a_common_name_is_no_name(name in "[a-z]{1,9}\\.example\\.com") {
        let certificate = Certificate { common_names: vec![name.clone()], ..Certificate::default() };
        prop_assert!(!is_for(&certificate, &ServerName::try_from(name).unwrap()));
    }
}

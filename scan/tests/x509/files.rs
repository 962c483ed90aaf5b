//! Certificates in files as OpenSSL writes them.

use std::fs;

use portvakt_scan::x509::files::{Contents, What};

use super::build::Build;
use super::openssl::{Openssl, P256};

const SUBJECT: &str = "-subj /CN=www.example.com";

/// Without a password.
fn read(bytes: &[u8]) -> Option<Contents> {
    portvakt_scan::x509::files::read(bytes, &[])
}

fn whats(bytes: &[u8]) -> Vec<What> {
    read(bytes).unwrap().notes.into_iter().map(|n| n.what).collect()
}

#[test]
fn several_in_a_text_and_a_key_that_is_passed_over() {
    let Some(openssl) = Openssl::new() else { return };
    let a = openssl.self_signed("a", P256, SUBJECT);
    let b = openssl.self_signed("b", P256, SUBJECT);
    openssl.run("x509 -in a.pem -text -out a.txt");
    let text = [openssl.bytes("a.txt"), openssl.bytes("b.key"), openssl.bytes("b.pem")].concat();
    let contents = read(&text).unwrap();
    let ders: Vec<&[u8]> = contents.certificates.iter().map(|c| c.der.as_slice()).collect();
    assert_eq!(ders, [&a, &b]);
    let begin =
        String::from_utf8_lossy(&text).lines().position(|l| l.contains("BEGIN CERT")).unwrap();
    assert_eq!(contents.certificates[0].line, Some(begin as u32 + 1));
    assert_eq!(contents.notes.iter().map(|n| &n.what).collect::<Vec<_>>(), [&What::PrivateKey]);
    assert!(!format!("{contents:?}").contains("PRIVATE"));
}

#[test]
fn der_and_containers() {
    let Some(openssl) = Openssl::new() else { return };
    let a = openssl.self_signed("a", P256, SUBJECT);
    openssl.self_signed("b", P256, SUBJECT);
    openssl.run("crl2pkcs7 -nocrl -certfile a.pem -certfile b.pem -outform DER -out ab.p7b");
    openssl.run("crl2pkcs7 -nocrl -certfile a.pem -out a.p7c");
    openssl.run("x509 -in a.pem -trustout -addtrust serverAuth -out a.trusted");
    let count = |name: &str| read(&openssl.bytes(name)).unwrap().certificates.len();
    assert_eq!(["a.der", "ab.p7b", "a.p7c", "a.trusted"].map(count), [1, 2, 1, 1]);
    assert_eq!(read(&openssl.bytes("a.p7c")).unwrap().certificates[0].der, a);
    assert_eq!(read(&openssl.bytes("a.trusted")).unwrap().certificates[0].der, a);
}

#[test]
fn pkcs12_without_its_key() {
    let Some(openssl) = Openssl::new() else { return };
    let a = openssl.self_signed("a", P256, SUBJECT);
    openssl.run(
        "pkcs12 -export -in a.pem -inkey a.key -certpbe NONE -passout pass:hemligt -out clear.p12",
    );
    let clear = read(&openssl.bytes("clear.p12")).unwrap();
    assert_eq!(clear.certificates.iter().map(|c| &c.der).collect::<Vec<_>>(), [&a]);
    assert_eq!(whats(&openssl.bytes("clear.p12")), [What::PrivateKey]);
    openssl.run("pkcs12 -export -in a.pem -inkey a.key -passout pass:hemligt -out usual.p12");
    let usual = read(&openssl.bytes("usual.p12")).unwrap();
    assert_eq!(usual.certificates, []);
    assert_eq!(whats(&openssl.bytes("usual.p12")), [What::PrivateKey, What::Encrypted]);
    assert!(What::Encrypted.hides_certificates());
}

#[test]
fn pkcs12_with_its_password() {
    let Some(openssl) = Openssl::new() else { return };
    let a = openssl.self_signed("a", P256, SUBJECT);
    let b = openssl.self_signed("b", P256, SUBJECT);
    for more in ["", "-certpbe AES-128-CBC", "-certpbe AES-256-CBC -iter 100000"] {
        openssl.run(&format!(
            "pkcs12 -export -in a.pem -inkey a.key -certfile b.pem -passout pass:hemligt -out s.p12 {more}"
        ));
        let store = openssl.bytes("s.p12");
        let open =
            |passwords: &[&str]| portvakt_scan::x509::files::read(&store, passwords).unwrap();
        let opened = open(&["", "hemligt"]);
        let ders: Vec<&[u8]> = opened.certificates.iter().map(|c| c.der.as_slice()).collect();
        assert_eq!(ders, [&a, &b], "{more}");
        assert_eq!(opened.notes.iter().map(|n| &n.what).collect::<Vec<_>>(), [&What::PrivateKey]);
        assert!(open(&["fel"]).notes.iter().any(|n| n.what == What::Encrypted));
    }
}

#[test]
fn what_holds_no_certificate_is_said_so() {
    let Some(openssl) = Openssl::new() else { return };
    openssl.self_signed("a", P256, SUBJECT);
    openssl.run(&format!("req -new -key a.key -out a.csr -config /dev/null {SUBJECT}"));
    openssl.run("req -in a.csr -outform DER -out csr.der");
    openssl.run("pkey -in a.key -outform DER -out key.der");
    assert_eq!(whats(&openssl.bytes("a.csr")), [What::Other("certificate request".into())]);
    assert_eq!(whats(&openssl.bytes("key.der")), [What::PrivateKey]);
    assert_eq!(read(&openssl.bytes("csr.der")), None);
    assert_eq!(read(b"config firewall policy\n"), None);
    assert_eq!(read(b""), None);
    assert_eq!(whats(&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]), [What::Broken]);
    fs::write(openssl.path("half.pem"), &openssl.bytes("a.pem")[..200]).unwrap();
    assert_eq!(whats(&openssl.bytes("half.pem")), [What::Broken]);
}

#[test]
fn a_certificate_that_is_cut_short_is_not_passed_over_in_silence() {
    let der = Build::server().der();
    assert_eq!(read(&der).unwrap().certificates.len(), 1);
    assert_eq!(whats(&der[..der.len() - 1]), [What::Broken]);
    assert_eq!(whats(&[&der[..], &[0]].concat()), [What::Broken]);
    assert_eq!(whats(&vec![0; (16 << 20) + 1]), [What::TooLarge]);
}

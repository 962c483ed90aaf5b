//! What is read of keys, signatures and extensions, from certificates that OpenSSL made. What is
//! right is what was asked of OpenSSL.

use portvakt_model::Certificate;
use portvakt_scan::x509::certificate;

use super::openssl::{Openssl, P256};

const SUBJECT: &str = "-subj /CN=www.example.com";
const NAMES: &str = "-subj /CN=www.example.com -addext subjectAltName=DNS:www.example.com";

fn made(openssl: &Openssl, key: &str, more: &str) -> Certificate {
    certificate(&openssl.self_signed("c", key, more)).unwrap()
}

fn assert_key(openssl: &Openssl, options: &str, kind: &str, bits: u32, curve: Option<&str>) {
    let key = made(openssl, options, SUBJECT).key;
    let read = (key.algorithm.as_str(), key.bits, key.curve.as_deref());
    assert_eq!(read, (kind, bits, curve), "{options}");
}

#[test]
fn keys_of_every_kind_and_their_exact_size() {
    let Some(openssl) = Openssl::new() else { return };
    for bits in [512, 1024, 2041, 2048] {
        let options = format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}");
        assert_key(&openssl, &options, "rsa", bits, None);
    }
    for (curve, name, bits) in [
        ("P-256", "P-256", 256),
        ("P-384", "P-384", 384),
        ("P-521", "P-521", 521),
        ("prime192v1", "P-192", 192),
        ("secp256k1", "secp256k1", 256),
        ("brainpoolP384r1", "brainpoolP384r1", 384),
    ] {
        let options = format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}");
        assert_key(&openssl, &options, "ec", bits, Some(name));
    }
    let explicit = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit";
    assert_key(&openssl, explicit, "ec", 256, None);
    assert_key(&openssl, "-algorithm ED25519", "ed25519", 255, None);
    assert_key(&openssl, "-algorithm ED448", "ed448", 448, None);
    assert_key(&openssl, "-algorithm RSA-PSS", "rsa-pss", 2048, None);
}

#[test]
fn exponents() {
    let Some(openssl) = Openssl::new() else { return };
    let three = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3";
    let read = made(&openssl, three, NAMES);
    assert_eq!(read.key.exponent, Some(3));
    assert!(read.lints.contains(&"rsa-exponent-out-of-range"));
    let usual = made(&openssl, "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", NAMES);
    assert_eq!(usual.key.exponent, Some(65_537));
    assert!(!usual.lints.iter().any(|lint| lint.starts_with("rsa")), "{:?}", usual.lints);
}

#[test]
fn signatures_and_their_hash() {
    let Some(openssl) = Openssl::new() else { return };
    let rsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let hash = |key: &str, more: &str| {
        let read = made(&openssl, key, &format!("{SUBJECT} {more}"));
        (read.signature_oid, read.signature_hash)
    };
    let is = |oid: &str, hash| (oid.to_owned(), hash);
    assert_eq!(hash(rsa, "-md5"), is("1.2.840.113549.1.1.4", Some("md5")));
    assert_eq!(hash(rsa, "-sha1"), is("1.2.840.113549.1.1.5", Some("sha1")));
    assert_eq!(hash(rsa, "-sha256"), is("1.2.840.113549.1.1.11", Some("sha256")));
    let pss = "-sigopt rsa_padding_mode:pss";
    assert_eq!(hash(rsa, &format!("-sha384 {pss}")), is("1.2.840.113549.1.1.10", Some("sha384")));
    assert_eq!(hash(rsa, &format!("-sha1 {pss}")), is("1.2.840.113549.1.1.10", Some("sha1")));
    assert_eq!(hash(P256, "-sha512"), is("1.2.840.10045.4.3.4", Some("sha512")));
    assert_eq!(hash("-algorithm ED25519", ""), is("1.3.101.112", None));
}

#[test]
fn names_usages_and_addresses() {
    let Some(openssl) = Openssl::new() else { return };
    let more = "-subj /C=SE/O=Exempel~AB,~Åby/CN=www.example.com -utf8 -set_serial 0x80ff \
        -addext subjectAltName=DNS:www.example.com,DNS:*.example.com,IP:10.0.0.1,IP:2001:db8::1 \
        -addext keyUsage=critical,digitalSignature,keyAgreement \
        -addext extendedKeyUsage=serverAuth,1.2.3.4 \
        -addext basicConstraints=critical,CA:FALSE \
        -addext tlsfeature=status_request \
        -addext authorityInfoAccess=OCSP;URI:http://ocsp.example,caIssuers;URI:http://ca.example/a.cer \
        -addext crlDistributionPoints=URI:http://ca.example/a.crl \
        -addext certificatePolicies=1.2.3.4";
    let read = made(&openssl, P256, more);
    assert_eq!(read.subject, r"CN=www.example.com,O=Exempel AB\, Åby,C=SE");
    assert_eq!(read.common_names, ["www.example.com"]);
    assert_eq!(read.serial, "80ff");
    assert_eq!(read.dns_names, ["www.example.com", "*.example.com"]);
    assert_eq!(read.ip_names, ["10.0.0.1", "2001:db8::1"]);
    assert_eq!(read.key_usage, Some(vec!["digitalSignature", "keyAgreement"]));
    assert_eq!(read.extended_key_usage, Some(vec!["serverAuth".into(), "1.2.3.4".into()]));
    assert_eq!((read.is_ca, read.has_san, read.must_staple), (Some(false), true, true));
    assert_eq!(read.ocsp, ["http://ocsp.example"]);
    assert_eq!(read.crl, ["http://ca.example/a.crl"]);
    assert_eq!(read.policies, ["1.2.3.4"]);
    assert!(read.self_signed);
}

/// The fingerprint is what `openssl x509 -fingerprint` prints, that of the key what is pinned by.
#[test]
fn fingerprints_are_those_of_openssl() {
    let Some(openssl) = Openssl::new() else { return };
    let read = made(&openssl, P256, NAMES);
    openssl.run("pkey -in c.key -pubout -outform DER -out key.der");
    openssl.run("dgst -sha256 -binary -out key.sha key.der");
    openssl.run("dgst -sha256 -binary -out c.sha c.der");
    assert_eq!(read.fingerprint.as_slice(), openssl.bytes("c.sha"));
    assert_eq!(read.key.fingerprint.as_slice(), openssl.bytes("key.sha"));
}

#[test]
fn lints_on_what_openssl_makes() {
    let Some(openssl) = Openssl::new() else { return };
    let fires = |lint: &str, key: &str, more: &str| {
        let lints = made(&openssl, key, more).lints;
        assert!(lints.contains(&lint), "{lint}: {lints:?}");
    };
    let rsa = |bits: u32| format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}");
    let curve = |name: &str| format!("-algorithm EC -pkeyopt ec_paramgen_curve:{name}");
    fires("rsa-modulus-under-2048-bits", &rsa(512), NAMES);
    fires("rsa-modulus-under-2048-bits", &rsa(1024), NAMES);
    fires("rsa-modulus-not-whole-bytes", &rsa(2041), NAMES);
    fires("ec-curve-under-224-bits", &curve("prime192v1"), NAMES);
    fires("ec-curve-deprecated", &curve("secp256k1"), NAMES);
    fires("no-subject-alternative-name", P256, SUBJECT);
    fires("md5-signature", &rsa(2048), &format!("{NAMES} -md5"));
    fires("sha1-signature", P256, &format!("{NAMES} -sha1"));
    fires("underscore-in-name", P256, &NAMES.replace("=DNS:www", "=DNS:a_b.www"));
    fires("wildcard-not-whole-first-label", P256, &NAMES.replace("=DNS:www", "=DNS:w*"));
}

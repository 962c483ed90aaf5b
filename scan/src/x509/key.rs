//! Public keys: what kind they are, and their exact size.

use aws_lc_rs::digest;
use portvakt_model::PublicKey;
use x509_parser::num_bigint::BigUint;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::algorithm::RSA_PSS;
use super::der;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const DSA: &str = "1.2.840.10040.4.1";
const ED25519: &str = "1.3.101.112";
const ED448: &str = "1.3.101.113";
/// ML-DSA-44, -65 and -87 (RFC 9881).
const ML_DSA: [&str; 3] =
    ["2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19"];

/// The numbers of an RSA key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rsa {
    pub(super) modulus: BigUint,
    pub(super) exponent: BigUint,
}

/// Reads a key.
pub(super) fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let oid = spki.algorithm.algorithm.to_id_string();
    let mut key = match oid.as_str() {
        RSA | RSA_PSS => rsa_key(&oid, rsa(spki).as_ref()),
        EC => ec(spki),
        DSA => sized("dsa", dsa_bits(spki)),
        ED25519 => sized("ed25519", 255),
        ED448 => sized("ed448", 448),
        other if ML_DSA.contains(&other) => sized("ml-dsa", length_in_bits(spki)),
        other => sized(other, 0),
    };
    key.fingerprint = sha256(spki.raw);
    key
}

/// The numbers of an RSA or RSASSA-PSS key; `None` for another, or when they
/// cannot be read.
pub(super) fn rsa(spki: &SubjectPublicKeyInfo<'_>) -> Option<Rsa> {
    let oid = spki.algorithm.algorithm.to_id_string();
    let is_rsa = oid == RSA || oid == RSA_PSS;
    is_rsa.then(|| rsa_numbers(&spki.subject_public_key.data)).flatten()
}

/// The numbers of an RSA key in DER (RFC 8017 appendix A.1.1).
pub(super) fn rsa_numbers(key: &[u8]) -> Option<Rsa> {
    let (pair, _) = der::expect(key, der::SEQUENCE)?;
    let (modulus, rest) = der::expect(pair, der::INTEGER)?;
    let (exponent, _) = der::expect(rest, der::INTEGER)?;
    let number = BigUint::from_bytes_be;
    Some(Rsa { modulus: number(modulus), exponent: number(exponent) })
}

/// Whether an EC key describes its curve in numbers, where RFC 5480 §2.1.1 asks for a name.
pub(super) fn has_explicit_curve(spki: &SubjectPublicKeyInfo<'_>) -> bool {
    let parameters = spki.algorithm.parameters.as_ref();
    spki.algorithm.algorithm.to_id_string() == EC
        && parameters.is_some_and(|p| u32::from(der::SEQUENCE & 0x1f) == p.tag().0)
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn rsa_key(oid: &str, numbers: Option<&Rsa>) -> PublicKey {
    let algorithm = if oid == RSA { "rsa" } else { "rsa-pss" };
    // The size is that of the number. That of its bytes would make 2,048 of 2,041 bits.
    let bits = numbers.map_or(0, |n| n.modulus.bits());
    PublicKey {
        exponent: numbers.and_then(|n| u64::try_from(&n.exponent).ok()),
        ..sized(algorithm, u32::try_from(bits).unwrap_or(u32::MAX))
    }
}

fn sized(algorithm: &str, bits: u32) -> PublicKey {
    PublicKey { algorithm: algorithm.to_owned(), bits, ..PublicKey::default() }
}

fn length_in_bits(spki: &SubjectPublicKeyInfo<'_>) -> u32 {
    u32::try_from(spki.subject_public_key.data.len() * 8).unwrap_or(u32::MAX)
}

/// Bits of DSA's `p` (RFC 3279 §2.3.2).
fn dsa_bits(spki: &SubjectPublicKeyInfo<'_>) -> u32 {
    let parameters = spki.algorithm.parameters.as_ref();
    parameters.and_then(|any| der::expect(any.data, der::INTEGER)).map_or(0, |(p, _)| bits_of(p))
}

fn bits_of(number: &[u8]) -> u32 {
    u32::try_from(BigUint::from_bytes_be(number).bits()).unwrap_or(u32::MAX)
}

/// RFC 5480 §2.1.1: the parameters name the curve. Some old ones describe it instead.
fn ec(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let parameters = spki.algorithm.parameters.as_ref();
    if has_explicit_curve(spki) {
        return sized("ec", parameters.and_then(|any| explicit_bits(any.data)).unwrap_or(0));
    }
    let oid = parameters.and_then(|any| any.clone().oid().ok()).map(|oid| oid.to_id_string());
    let Some(oid) = oid else { return sized("ec", 0) };
    let known = CURVES.iter().find(|(o, ..)| *o == oid);
    let (name, bits) = known.map_or((oid.as_str(), 0), |(_, name, bits)| (*name, *bits));
    PublicKey { curve: Some(name.to_owned()), ..sized("ec", bits) }
}

/// Bits of the prime field of a curve that is described (SEC 1 appendix C.2).
fn explicit_bits(domain: &[u8]) -> Option<u32> {
    let (_, rest) = der::expect(domain, der::INTEGER)?;
    let (field, _) = der::expect(rest, der::SEQUENCE)?;
    let (_, rest) = der::expect(field, der::OID)?;
    der::expect(rest, der::INTEGER).map(|(prime, _)| bits_of(prime))
}

/// Named curves with the size of their field in bits: SEC 2, RFC 5480, RFC 5639, GB/T 32918.
const CURVES: &[(&str, &str, u32)] = &[
    ("1.2.840.10045.3.1.7", "P-256", 256),
    ("1.3.132.0.34", "P-384", 384),
    ("1.3.132.0.35", "P-521", 521),
    ("1.2.840.10045.3.1.1", "P-192", 192),
    ("1.3.132.0.33", "P-224", 224),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.132.0.32", "secp224k1", 224),
    ("1.3.132.0.31", "secp192k1", 192),
    ("1.3.132.0.30", "secp160r2", 160),
    ("1.3.132.0.9", "secp160k1", 160),
    ("1.3.132.0.8", "secp160r1", 160),
    ("1.3.132.0.29", "secp128r2", 128),
    ("1.3.132.0.28", "secp128r1", 128),
    ("1.3.132.0.7", "secp112r2", 112),
    ("1.3.132.0.6", "secp112r1", 112),
    ("1.3.132.0.4", "sect113r1", 113),
    ("1.3.132.0.5", "sect113r2", 113),
    ("1.3.132.0.22", "sect131r1", 131),
    ("1.3.132.0.23", "sect131r2", 131),
    ("1.3.132.0.1", "sect163k1", 163),
    ("1.3.132.0.2", "sect163r1", 163),
    ("1.3.132.0.15", "sect163r2", 163),
    ("1.3.132.0.24", "sect193r1", 193),
    ("1.3.132.0.25", "sect193r2", 193),
    ("1.3.132.0.26", "sect233k1", 233),
    ("1.3.132.0.27", "sect233r1", 233),
    ("1.3.132.0.3", "sect239k1", 239),
    ("1.3.132.0.16", "sect283k1", 283),
    ("1.3.132.0.17", "sect283r1", 283),
    ("1.3.132.0.36", "sect409k1", 409),
    ("1.3.132.0.37", "sect409r1", 409),
    ("1.3.132.0.38", "sect571k1", 571),
    ("1.3.132.0.39", "sect571r1", 571),
    ("1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 160),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", 256),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320),
    ("1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1", 320),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
    ("1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", 512),
    ("1.2.156.10197.1.301", "sm2p256v1", 256),
];

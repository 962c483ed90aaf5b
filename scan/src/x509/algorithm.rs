//! Signature algorithms of certificates by object identifier.

use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

/// RSASSA-PSS (RFC 4055): the hash stands in its parameters.
pub(super) const RSA_PSS: &str = "1.2.840.113549.1.1.10";

/// The hash of a signature; `None` where the algorithm has none of its own (Ed25519, ML-DSA), or is unknown.
pub(super) fn signature_hash(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static str> {
    let oid = algorithm.algorithm.to_id_string();
    if oid == RSA_PSS {
        return pss_hash(algorithm);
    }
    SIGNATURES.iter().find(|(o, _)| *o == oid).map(|(_, hash)| *hash)
}

/// RFC 4055 §3.1: without a hash in the parameters it is SHA-1.
fn pss_hash(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static str> {
    let parameters = RsaSsaPssParams::try_from(algorithm.parameters.as_ref()?).ok()?;
    let oid = parameters.hash_algorithm_oid().to_id_string();
    HASHES.iter().find(|(o, _)| *o == oid).map(|(_, hash)| *hash)
}

/// RFC 3279, RFC 4055, RFC 5758, RFC 8692; the last two of OIW are what old Windows tools wrote.
const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.2", "md2"),
    ("1.2.840.113549.1.1.3", "md4"),
    ("1.2.840.113549.1.1.4", "md5"),
    ("1.2.840.113549.1.1.5", "sha1"),
    ("1.2.840.113549.1.1.11", "sha256"),
    ("1.2.840.113549.1.1.12", "sha384"),
    ("1.2.840.113549.1.1.13", "sha512"),
    ("1.2.840.113549.1.1.14", "sha224"),
    ("1.2.840.113549.1.1.15", "sha512-224"),
    ("1.2.840.113549.1.1.16", "sha512-256"),
    ("1.2.840.10045.4.1", "sha1"),
    ("1.2.840.10045.4.3.1", "sha224"),
    ("1.2.840.10045.4.3.2", "sha256"),
    ("1.2.840.10045.4.3.3", "sha384"),
    ("1.2.840.10045.4.3.4", "sha512"),
    ("1.2.840.10040.4.3", "sha1"),
    ("2.16.840.1.101.3.4.3.1", "sha224"),
    ("2.16.840.1.101.3.4.3.2", "sha256"),
    ("2.16.840.1.101.3.4.3.3", "sha384"),
    ("2.16.840.1.101.3.4.3.4", "sha512"),
    ("2.16.840.1.101.3.4.3.9", "sha3-224"),
    ("2.16.840.1.101.3.4.3.10", "sha3-256"),
    ("2.16.840.1.101.3.4.3.11", "sha3-384"),
    ("2.16.840.1.101.3.4.3.12", "sha3-512"),
    ("2.16.840.1.101.3.4.3.13", "sha3-224"),
    ("2.16.840.1.101.3.4.3.14", "sha3-256"),
    ("2.16.840.1.101.3.4.3.15", "sha3-384"),
    ("2.16.840.1.101.3.4.3.16", "sha3-512"),
    ("1.3.14.3.2.3", "md5"),
    ("1.3.14.3.2.29", "sha1"),
];

/// Hash functions by themselves (RFC 3279 §2.1, RFC 4055 §2.1).
const HASHES: &[(&str, &str)] = &[
    ("1.2.840.113549.2.5", "md5"),
    ("1.3.14.3.2.26", "sha1"),
    ("2.16.840.1.101.3.4.2.1", "sha256"),
    ("2.16.840.1.101.3.4.2.2", "sha384"),
    ("2.16.840.1.101.3.4.2.3", "sha512"),
    ("2.16.840.1.101.3.4.2.4", "sha224"),
    ("2.16.840.1.101.3.4.2.5", "sha512-224"),
    ("2.16.840.1.101.3.4.2.6", "sha512-256"),
];

//! Whether a certificate was signed with a key.

use webpki::ALL_VERIFICATION_ALGS;
use x509_parser::certificate::X509Certificate;

use super::der;
use super::key::rsa_numbers;

/// Sizes of RSA keys that signatures can be verified with, in bits.
pub(super) const VERIFIABLE_RSA: std::ops::RangeInclusive<u64> = 2048..=8192;

/// What came of verifying a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// With this key.
    Yes,
    /// Not with this key.
    No,
    /// Nothing here verifies this algorithm, or a key of this kind or size.
    NotVerifiable,
}

/// Whether `certificate` was signed with a key: the content of a SubjectPublicKeyInfo.
pub(super) fn signed(certificate: &X509Certificate<'_>, spki: &[u8]) -> Signed {
    verify(certificate, spki).unwrap_or(Signed::NotVerifiable)
}

/// Whether it was signed with its own key: the same name, and a signature that is right, or that
/// nothing here can verify.
pub(super) fn is_self_signed(x509: &X509Certificate<'_>) -> bool {
    let spki = content(x509.public_key().raw);
    x509.subject().as_raw() == x509.issuer().as_raw() && signed(x509, spki) != Signed::No
}

/// What is inside a sequence; nothing when it is none.
pub(super) fn content(sequence: &[u8]) -> &[u8] {
    der::expect(sequence, der::SEQUENCE).map_or(&[], |(content, _)| content)
}

fn verify(certificate: &X509Certificate<'_>, spki: &[u8]) -> Option<Signed> {
    let (tbs, rest) = der::element(content(certificate.as_raw()))?;
    let (algorithm, rest) = der::expect(rest, der::SEQUENCE)?;
    Some(verified(tbs.whole, algorithm, der::bits(rest)?, spki))
}

/// Whether bytes were signed with a key: the contents of an AlgorithmIdentifier, the signature's
/// octets, and the content of a SubjectPublicKeyInfo.
pub(super) fn verified(bytes: &[u8], algorithm: &[u8], signature: &[u8], spki: &[u8]) -> Signed {
    with_key(bytes, algorithm, signature, spki).unwrap_or(Signed::NotVerifiable)
}

fn with_key(bytes: &[u8], algorithm: &[u8], signature: &[u8], spki: &[u8]) -> Option<Signed> {
    let (key_algorithm, rest) = der::expect(spki, der::SEQUENCE)?;
    let key = der::bits(rest)?;
    if is_rsa(key_algorithm) && !VERIFIABLE_RSA.contains(&rsa_numbers(key)?.modulus.bits()) {
        return None;
    }
    let fits = ALL_VERIFICATION_ALGS.iter().filter(|a| {
        a.signature_alg_id().as_ref() == algorithm
            && a.public_key_alg_id().as_ref() == key_algorithm
    });
    let results = fits.map(|a| a.verify_signature(key, bytes, signature).is_ok());
    results.reduce(|a, b| a || b).map(|is| if is { Signed::Yes } else { Signed::No })
}

/// rsaEncryption (RFC 8017 appendix A.1).
fn is_rsa(algorithm: &[u8]) -> bool {
    const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    der::expect(algorithm, der::OID).is_some_and(|(oid, _)| oid == RSA)
}

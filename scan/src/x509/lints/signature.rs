//! How a certificate is signed. The signature of a root is verified by nobody: it is trusted by itself.

use super::{Facts, Level, Lint, On};

pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "md5-signature",
        On::Any,
        Level::Insufficient,
        "RFC 8446 §4.4.2.4, RFC 6151 §2",
        |facts| {
            !is_root(facts)
                && matches!(facts.certificate.signature_hash, Some("md2" | "md4" | "md5"))
        },
    ),
    Lint::new(
        "sha1-signature",
        On::Any,
        Level::Insufficient,
        "RFC 8446 §4.4.2.4, CA/B BR §7.1.3.2",
        |facts| !is_root(facts) && facts.certificate.signature_hash == Some("sha1"),
    ),
    Lint::new(
        "signature-algorithms-differ",
        On::Any,
        Level::Insufficient,
        "RFC 5280 §4.1.1.2",
        |facts| facts.x509.signature != facts.x509.signature_algorithm,
    ),
    Lint::new(
        "signature-algorithm-not-permitted",
        On::Any,
        Level::Insufficient,
        "CA/B BR §7.1.3.2",
        |facts| !is_root(facts) && !PERMITTED.contains(&facts.certificate.signature_oid.as_str()),
    )
    .public(),
];

fn is_root(facts: &Facts<'_>) -> bool {
    facts.certificate.self_signed && facts.is_authority()
}

/// RSA with SHA-256, -384 and -512, RSASSA-PSS, and ECDSA with the same hashes.
const PERMITTED: [&str; 7] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.113549.1.1.10",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
];

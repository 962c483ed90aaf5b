//! X.509 certificates (RFC 5280): what they say, whom they are trusted by, and what is wrong with them.
//!
//! [`certificate`] reads one, [`chain`](fn@chain) judges what a server sent, [`files`] finds them in
//! files, and [`lints`] lists the faults that are looked for. Nothing here opens a connection:
//! no revocation list is fetched, and no missing intermediate.

use jiff::Timestamp;
use portvakt_model::Certificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

mod algorithm;
mod chain;
mod der;
mod extensions;
pub mod files;
mod identity;
mod jks;
mod key;
pub mod lints;
mod name;
mod ocsp;
mod pbe;
mod pem;
mod pkcs;
mod reason;
mod roots;
mod signature;

pub use chain::chain;
pub use identity::is_for;
pub use ocsp::staple;
pub use roots::Roots;
pub use rustls::pki_types::ServerName;

/// Most bytes of a certificate that are read. One with a hundred names takes some 5,000; what is larger
/// than this serves nobody, and a peer may send 2^24 of them.
pub const MAX_CERTIFICATE: usize = 1 << 20;
/// Most certificates of a chain that are read. Real ones have two to four.
pub const MAX_CHAIN: usize = 32;

/// Why a certificate cannot be read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unreadable {
    /// Larger than [`MAX_CERTIFICATE`].
    #[error("a certificate of {0} bytes; no more than {MAX_CERTIFICATE} are read")]
    TooLarge(usize),
    /// It is not what RFC 5280 §4.1 describes; the library's words.
    #[error("not a certificate in DER: {0}")]
    Malformed(String),
    /// Bytes follow it.
    #[error("{0} bytes follow the certificate")]
    Trailing(usize),
}

/// Reads a certificate in DER and looks for the faults of [`lints::LINTS`].
///
/// Whether it is a server's or an authority's is told from itself alone, so faults that depend on
/// where it was sent are found by [`chain`](fn@chain) only. Lints for public certificates are
/// asked when it says that it is one: see [`lints::Profile`].
pub fn certificate(der: &[u8]) -> Result<Certificate, Unreadable> {
    let x509 = parse(der)?;
    let facts = facts(&x509);
    Ok(linted(facts, &x509, lints::Place::Alone, lints::Profile::Internal))
}

/// The structure of a certificate.
fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Unreadable> {
    if der.len() > MAX_CERTIFICATE {
        return Err(Unreadable::TooLarge(der.len()));
    }
    let read = X509Certificate::from_der(der);
    let (rest, x509) = read.map_err(|e| Unreadable::Malformed(e.to_string()))?;
    if rest.is_empty() { Ok(x509) } else { Err(Unreadable::Trailing(rest.len())) }
}

/// What it says, without lints.
fn facts(x509: &X509Certificate<'_>) -> Certificate {
    let serial = x509.raw_serial();
    let mut certificate = Certificate {
        fingerprint: key::sha256(x509.as_raw()),
        subject: name::distinguished(x509.subject()),
        common_names: name::values(x509.subject(), name::COMMON_NAME),
        issuer: name::distinguished(x509.issuer()),
        serial: name::hex(serial.strip_prefix(&[0]).filter(|s| !s.is_empty()).unwrap_or(serial)),
        not_before: timestamp(x509.validity().not_before),
        not_after: timestamp(x509.validity().not_after),
        key: key::public_key(x509.public_key()),
        signature_oid: x509.signature_algorithm.algorithm.to_id_string(),
        signature_hash: algorithm::signature_hash(&x509.signature_algorithm),
        self_signed: signature::is_self_signed(x509),
        ..Certificate::default()
    };
    extensions::fill(&mut certificate, x509);
    certificate
}

/// Adds the names of the lints that find a fault.
fn linted(
    mut certificate: Certificate,
    x509: &X509Certificate<'_>,
    place: lints::Place,
    profile: lints::Profile,
) -> Certificate {
    certificate.lints = lints::found(&certificate, x509, place, profile);
    certificate
}

/// A certificate without an end says 99991231235959Z (RFC 5280 §4.1.2.5), which is later than what a
/// timestamp holds by a day.
fn timestamp(time: ASN1Time) -> Timestamp {
    let seconds = time.timestamp();
    let bound = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(bound)
}

//! Version, serial number, and extensions as such.

use std::collections::BTreeSet;

use x509_parser::x509::X509Version;

use super::super::name::{COUNTRY, values};
use super::{Level, Lint, On};

pub(super) const LINTS: &[Lint] = &[
    Lint::new("extension-given-twice", On::Any, Level::Insufficient, "RFC 5280 §4.2", |facts| {
        let mut seen = BTreeSet::new();
        !facts.x509.extensions().iter().all(|e| seen.insert(e.oid.as_bytes()))
    }),
    Lint::new("extension-unreadable", On::Any, Level::Insufficient, "RFC 5280 §4.2", |facts| {
        facts.x509.extensions().iter().any(|e| e.parsed_extension().error().is_some())
    }),
    Lint::new(
        "unknown-critical-extension",
        On::Any,
        Level::Insufficient,
        "RFC 5280 §4.2",
        |facts| {
            facts.x509.extensions().iter().any(|e| e.critical && !is_known(&e.oid.to_id_string()))
        },
    ),
    Lint::new(
        "extension-wrongly-critical",
        On::Any,
        Level::Sufficient,
        "RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.1.8, §4.2.1.15, §4.2.2",
        |facts| {
            let is_so = |oid: String| NEVER_CRITICAL.contains(&oid.as_str());
            facts.x509.extensions().iter().any(|e| e.critical && is_so(e.oid.to_id_string()))
        },
    ),
    Lint::new("issuer-empty", On::Any, Level::Insufficient, "RFC 5280 §4.1.2.4", |facts| {
        facts.x509.issuer().iter().next().is_none()
    }),
    Lint::new(
        "serial-number-not-positive",
        On::Any,
        Level::PhaseOut,
        "RFC 5280 §4.1.2.2",
        |facts| {
            let serial = facts.x509.raw_serial();
            serial.first().is_some_and(|b| b & 0x80 != 0) || serial.iter().all(|b| *b == 0)
        },
    ),
    Lint::new(
        "serial-number-over-20-bytes",
        On::Any,
        Level::PhaseOut,
        "RFC 5280 §4.1.2.2",
        |facts| facts.x509.raw_serial().len() > 20,
    ),
    Lint::new("not-version-3", On::Server, Level::PhaseOut, "CA/B BR §7.1.1", |facts| {
        facts.x509.version() != X509Version::V3
    }),
    Lint::new(
        "extensions-without-version-3",
        On::Any,
        Level::Insufficient,
        "RFC 5280 §4.1.2.1",
        |facts| facts.x509.version() != X509Version::V3 && !facts.x509.extensions().is_empty(),
    ),
    Lint::new(
        "country-not-two-letters",
        On::Any,
        Level::Sufficient,
        "RFC 5280 appendix A.1",
        |facts| {
            let is_code = |c: &String| c.len() == 2 && c.chars().all(|c| c.is_ascii_alphabetic());
            !values(facts.x509.subject(), COUNTRY).iter().all(is_code)
        },
    ),
];

/// Those that an authority must not mark critical: authorityKeyIdentifier, subjectKeyIdentifier,
/// subjectDirectoryAttributes, freshestCRL, authorityInfoAccess and subjectInfoAccess.
const NEVER_CRITICAL: [&str; 6] =
    ["2.5.29.35", "2.5.29.14", "2.5.29.9", "2.5.29.46", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.11"];

/// Extensions that RFC 5280 and RFC 7633 define for certificates, by the last number of id-ce and id-pe.
fn is_known(oid: &str) -> bool {
    const CERTIFICATE: [&str; 16] = [
        "9", "14", "15", "16", "17", "18", "19", "30", "31", "32", "33", "35", "36", "37", "46",
        "54",
    ];
    const PRIVATE: [&str; 3] = ["1", "11", "24"];
    let among =
        |arc: &str, known: &[&str]| oid.strip_prefix(arc).is_some_and(|n| known.contains(&n));
    among("2.5.29.", &CERTIFICATE) || among("1.3.6.1.5.5.7.1.", &PRIVATE)
}

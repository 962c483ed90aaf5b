//! What the CA/Browser Forum and the browsers ask of public authorities alone.

use jiff::civil::Date;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::super::name::{ORGANISATIONAL_UNIT, values};
use super::{Facts, Level, Lint, On, RESERVED_POLICIES};

pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "too-few-embedded-timestamps",
        On::Server,
        Level::PhaseOut,
        "Chrome CT policy, Apple CT policy; RFC 6962 §3.3",
        |facts| facts.certificate.sct_count < timestamps_needed(facts),
    )
    .public()
    .from(2022, 4, 15),
    Lint::new(
        "begins-long-before-it-was-logged",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.2.7",
        is_backdated,
    )
    .public()
    .from(2023, 9, 15),
    Lint::new(
        "no-reserved-policy",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.2.7.9, §7.1.6.1",
        |facts| !facts.certificate.policies.iter().any(|p| RESERVED_POLICIES.contains(&p.as_str())),
    )
    .public()
    .from(2020, 9, 30),
    Lint::new(
        "organisational-unit-in-subject",
        On::Server,
        Level::Sufficient,
        "CA/B BR §7.1.2.7.2 to §7.1.2.7.5",
        |facts| !values(facts.x509.subject(), ORGANISATIONAL_UNIT).is_empty(),
    )
    .public()
    .from(2022, 9, 1),
    Lint::new(
        "issuer-address-not-http",
        On::Server,
        Level::Sufficient,
        "CA/B BR §7.1.2.7.7",
        |facts| access(facts).any(is_not_http),
    )
    .public()
    .from(2023, 9, 15),
    Lint::new(
        "no-revocation-address",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.2.11.2",
        |facts| {
            let certificate = facts.certificate;
            certificate.crl.is_empty() && certificate.ocsp.is_empty() && !is_short_lived(facts)
        },
    )
    .public()
    .from(2024, 3, 15),
    Lint::new(
        "revocation-address-not-http",
        On::Any,
        Level::Sufficient,
        "CA/B BR §7.1.2.11.2",
        |facts| facts.certificate.crl.iter().any(|address| is_not_http(address)),
    )
    .public()
    .from(2023, 9, 15),
];

/// The whole validity, both ends counted.
fn seconds(facts: &Facts<'_>) -> i64 {
    let certificate = facts.certificate;
    certificate.not_after.as_second() - certificate.not_before.as_second() + 1
}

const DAY: i64 = 86_400;

/// Two for a certificate of at most 180 days, else three.
fn timestamps_needed(facts: &Facts<'_>) -> usize {
    if seconds(facts) > 180 * DAY { 3 } else { 2 }
}

/// Of at most ten days, or seven from 15 March 2026 on (BR §1.6.1): nobody revokes it.
fn is_short_lived(facts: &Facts<'_>) -> bool {
    let days = if facts.begins < Date::constant(2026, 3, 15) { 10 } else { 7 };
    seconds(facts) <= days * DAY
}

/// It begins at most 48 hours before it is signed; a log stamps what is about to be signed.
fn is_backdated(facts: &Facts<'_>) -> bool {
    const HOURS_48: i64 = 48 * 3600;
    let stamps = facts.x509.extensions().iter().filter_map(|e| match e.parsed_extension() {
        ParsedExtension::SCT(timestamps) => Some(timestamps),
        _ => None,
    });
    let first = stamps.flatten().filter_map(|t| i64::try_from(t.timestamp / 1000).ok()).min();
    first.is_some_and(|at| at.saturating_sub(facts.certificate.not_before.as_second()) > HOURS_48)
}

/// The addresses of Authority Information Access.
fn access<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a str> {
    let all = facts.x509.extensions().iter().filter_map(|e| match e.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => Some(&access.accessdescs),
        _ => None,
    });
    all.flatten().filter_map(|a| match &a.access_location {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    })
}

fn is_not_http(address: &str) -> bool {
    !address.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

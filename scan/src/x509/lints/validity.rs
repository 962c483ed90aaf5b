//! When a certificate begins and ends.

use jiff::civil::Date;
use x509_parser::time::ASN1Time;

use super::{Facts, Level, Lint, On};

/// The limits of public certificates, each for those that begin while it is in force (BR §6.3.2; the last three
/// are ballot SC-081v3).
pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "validity-not-positive",
        On::Any,
        Level::Insufficient,
        "RFC 5280 §4.1.2.5",
        |facts| facts.certificate.not_after < facts.certificate.not_before,
    ),
    Lint::new(
        "validity-over-825-days",
        On::Server,
        Level::Insufficient,
        "CA/B BR §6.3.2",
        |facts| is_over(facts, 825),
    )
    .public()
    .from(2018, 3, 1)
    .until(2020, 9, 1),
    Lint::new(
        "validity-over-398-days",
        On::Server,
        Level::Insufficient,
        "CA/B BR §6.3.2",
        |facts| is_over(facts, 398),
    )
    .public()
    .from(2020, 9, 1)
    .until(2026, 3, 15),
    Lint::new("validity-over-200-days", On::Server, Level::Insufficient, SC_081, |facts| {
        is_over(facts, 200)
    })
    .public()
    .from(2026, 3, 15)
    .until(2027, 3, 15),
    Lint::new("validity-over-100-days", On::Server, Level::Insufficient, SC_081, |facts| {
        is_over(facts, 100)
    })
    .public()
    .from(2027, 3, 15)
    .until(2029, 3, 15),
    Lint::new("validity-over-47-days", On::Server, Level::Insufficient, SC_081, |facts| {
        is_over(facts, 47)
    })
    .public()
    .from(2029, 3, 15),
    Lint::new(
        "time-in-wrong-type",
        On::Any,
        Level::Sufficient,
        "RFC 5280 §4.1.2.5",
        has_time_of_wrong_type,
    ),
];

const SC_081: &str = "CA/B BR §6.3.2 (ballot SC-081v3)";

/// Both ends belong to the validity, and a begun day of 86,400 seconds is a day (BR §6.3.2).
fn is_over(facts: &Facts<'_>, days: i64) -> bool {
    let certificate = facts.certificate;
    certificate.not_after.as_second() - certificate.not_before.as_second() + 1 > days * 86_400
}

/// UTCTime until the year 2049, GeneralizedTime from 2050.
fn has_time_of_wrong_type(facts: &Facts<'_>) -> bool {
    const LAST: Date = Date::constant(2049, 12, 31);
    let validity = facts.x509.validity();
    let wrong = |time: &ASN1Time| {
        let year = time.to_datetime().year();
        time.is_utctime() != (year <= i32::from(LAST.year()))
    };
    wrong(&validity.not_before) || wrong(&validity.not_after)
}

//! Certificates of authorities, and what only they may have.

use x509_parser::extensions::{BasicConstraints, ParsedExtension};

use super::super::extensions::KEY_USAGE;
use super::{Facts, Level, Lint, On};

pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "basic-constraints-not-critical",
        On::Authority,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.9",
        |facts| facts.is_not_critical(BASIC_CONSTRAINTS),
    ),
    Lint::new(
        "ca-key-usage-missing",
        On::Authority,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.3",
        |facts| facts.certificate.key_usage.is_none(),
    ),
    Lint::new(
        "ca-key-usage-not-critical",
        On::Authority,
        Level::Sufficient,
        "RFC 5280 §4.2.1.3, CA/B BR §7.1.2.10.7",
        |facts| facts.is_not_critical(KEY_USAGE),
    ),
    Lint::new(
        "authority-without-certificate-signing",
        On::Authority,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.9",
        |facts| facts.has_usage("keyCertSign") == Some(false),
    ),
    Lint::new(
        "path-length-without-authority",
        On::Any,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.9",
        |facts| constraints(facts).is_some_and(|c| c.path_len_constraint.is_some() && !c.ca),
    ),
    Lint::new(
        "path-length-without-certificate-signing",
        On::Authority,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.9",
        |facts| {
            constraints(facts).is_some_and(|c| c.path_len_constraint.is_some())
                && facts.has_usage("keyCertSign") != Some(true)
        },
    ),
    Lint::new(
        "name-constraints-not-critical",
        On::Authority,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.10",
        |facts| facts.is_not_critical(NAME_CONSTRAINTS),
    ),
    Lint::new(
        "name-constraints-on-no-authority",
        On::Any,
        Level::PhaseOut,
        "RFC 5280 §4.2.1.10",
        |facts| {
            facts.certificate.is_ca != Some(true) && facts.extension(NAME_CONSTRAINTS).is_some()
        },
    ),
    Lint::new(
        "subject-key-identifier-missing",
        On::Authority,
        Level::Sufficient,
        "RFC 5280 §4.2.1.2",
        |facts| facts.extension(SUBJECT_KEY_IDENTIFIER).is_none(),
    ),
    Lint::new(
        "authority-key-identifier-missing",
        On::Any,
        Level::Sufficient,
        "RFC 5280 §4.2.1.1",
        |facts| {
            !facts.certificate.self_signed && facts.extension(AUTHORITY_KEY_IDENTIFIER).is_none()
        },
    ),
];

const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";

fn constraints<'a>(facts: &Facts<'a>) -> Option<&'a BasicConstraints> {
    match facts.extension(BASIC_CONSTRAINTS)?.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => Some(constraints),
        _ => None,
    }
}

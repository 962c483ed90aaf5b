//! What a server's certificate may be used for.

use super::{Facts, Level, Lint, On, Place};

pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "ca-certificate-as-leaf",
        On::Server,
        Level::Insufficient,
        "RFC 5280 §4.2.1.9, CA/B BR §7.1.2.7.8",
        |facts| facts.place == Place::Leaf && facts.certificate.is_ca == Some(true),
    ),
    Lint::new(
        "not-for-servers",
        On::Server,
        Level::Insufficient,
        "RFC 5280 §4.2.1.12, CA/B BR §7.1.2.7.10",
        |facts| !facts.may_serve(),
    ),
    Lint::new(
        "extended-key-usage-missing",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.2.7.10",
        |facts| facts.certificate.extended_key_usage.is_none(),
    ),
    Lint::new("usable-for-anything", On::Server, Level::PhaseOut, "CA/B BR §7.1.2.7.10", |facts| {
        usages(facts).any(|u| u == "anyExtendedKeyUsage")
    }),
    Lint::new(
        "usable-for-more-than-tls",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.2.7.10",
        |facts| {
            usages(facts).any(|u| !["serverAuth", "clientAuth", "anyExtendedKeyUsage"].contains(&u))
        },
    ),
    Lint::new(
        "certificate-signing-by-no-authority",
        On::Any,
        Level::Insufficient,
        "RFC 5280 §4.2.1.3",
        |facts| {
            facts.certificate.is_ca != Some(true) && facts.has_usage("keyCertSign") == Some(true)
        },
    ),
    Lint::new("key-usage-empty", On::Any, Level::PhaseOut, "RFC 5280 §4.2.1.3", |facts| {
        facts.certificate.key_usage.as_ref().is_some_and(Vec::is_empty)
    }),
    Lint::new(
        "key-usage-contradicts-extended",
        On::Server,
        Level::Insufficient,
        "RFC 5280 §4.2.1.12",
        contradicts,
    ),
    Lint::new(
        "key-usage-unfit-for-key",
        On::Server,
        Level::PhaseOut,
        "RFC 3279 §2.3.1, RFC 8813 §3, CA/B BR §7.1.2.7.11",
        is_unfit,
    ),
];

fn usages<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a str> {
    facts.certificate.extended_key_usage.iter().flatten().map(String::as_str)
}

/// serverAuth goes with digitalSignature, keyEncipherment or keyAgreement.
fn contradicts(facts: &Facts<'_>) -> bool {
    let bits = ["digitalSignature", "keyEncipherment", "keyAgreement"];
    let none = bits.into_iter().all(|bit| facts.has_usage(bit) == Some(false));
    none && usages(facts).any(|u| u == "serverAuth")
}

/// A key that cannot encipher is said to, or one that cannot agree on a key.
fn is_unfit(facts: &Facts<'_>) -> bool {
    let unfit: &[&str] = match facts.certificate.key.algorithm.as_str() {
        "rsa" | "rsa-pss" => &["keyAgreement"],
        "ec" => &["keyEncipherment", "dataEncipherment"],
        "ed25519" | "ed448" => &["keyEncipherment", "dataEncipherment", "keyAgreement"],
        _ => &[],
    };
    unfit.iter().any(|bit| facts.has_usage(bit) == Some(true))
}

//! The names that a server's certificate is for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use x509_parser::extensions::GeneralName;

use super::super::extensions::{SAN, alternative_names};
use super::{Facts, Level, Lint, On};

pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "no-subject-alternative-name",
        On::Server,
        Level::Insufficient,
        "RFC 9525 §2, CA/B BR §7.1.2.7.12",
        |facts| !has_name(facts),
    ),
    Lint::new(
        "common-name-not-among-names",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.4.3",
        |facts| {
            has_name(facts) && facts.certificate.common_names.iter().any(|cn| is_stray(facts, cn))
        },
    ),
    Lint::new(
        "wildcard-not-whole-first-label",
        On::Server,
        Level::Insufficient,
        "RFC 9525 §6.3",
        |facts| dns(facts).any(|n| n.strip_prefix("*.").unwrap_or(n).contains('*')),
    ),
    Lint::new(
        "underscore-in-name",
        On::Server,
        Level::PhaseOut,
        "CA/B BR §7.1.4.2, RFC 5890 §2.3.1",
        |facts| dns(facts).any(|n| n.contains('_')),
    ),
    Lint::new(
        "bad-character-in-name",
        On::Server,
        Level::Insufficient,
        "RFC 1034 §3.5, RFC 5280 §4.2.1.6",
        |facts| has_bytes_for_name(facts) || dns(facts).any(|n| !n.chars().all(is_usual)),
    ),
    Lint::new(
        "hyphen-at-end-of-label",
        On::Server,
        Level::PhaseOut,
        "RFC 1034 §3.5, RFC 5280 §4.2.1.6",
        |facts| {
            let is_so = |label: &str| label.starts_with('-') || label.ends_with('-');
            dns(facts).any(|n| n.split('.').any(is_so))
        },
    ),
    Lint::new("address-as-dns-name", On::Server, Level::PhaseOut, "RFC 5280 §4.2.1.6", |facts| {
        dns(facts).any(|n| n.parse::<IpAddr>().is_ok())
    }),
    Lint::new("nul-in-name", On::Any, Level::Insufficient, "RFC 5280 §4.2.1.6", |facts| {
        let common = facts.certificate.common_names.iter();
        dns(facts).any(|n| n.contains('\0')) || common.into_iter().any(|n| n.contains("\\00"))
    }),
    Lint::new("empty-label-in-name", On::Server, Level::Insufficient, "RFC 1034 §3.1", |facts| {
        dns(facts).any(|n| n.split('.').any(str::is_empty))
    }),
    Lint::new("label-over-63-bytes", On::Server, Level::Insufficient, "RFC 1034 §3.1", |facts| {
        dns(facts).any(|n| n.split('.').any(|label| label.len() > 63))
    }),
    Lint::new("name-over-253-bytes", On::Server, Level::Insufficient, "RFC 1034 §3.1", |facts| {
        dns(facts).any(|n| n.len() > 253)
    }),
    Lint::new("name-given-twice", On::Server, Level::Sufficient, "CA/B BR §7.1.2.7.12", |facts| {
        let mut seen = BTreeSet::new();
        !dns(facts).all(|n| seen.insert(n.to_ascii_lowercase()))
    }),
    Lint::new(
        "address-of-wrong-length",
        On::Server,
        Level::Insufficient,
        "RFC 5280 §4.2.1.6",
        |facts| addresses(facts).any(|octets| octets.len() != 4 && octets.len() != 16),
    ),
    Lint::new(
        "empty-subject-and-names-not-critical",
        On::Any,
        Level::Sufficient,
        "RFC 5280 §4.1.2.6",
        |facts| facts.x509.subject().iter().next().is_none() && facts.is_not_critical(SAN),
    ),
    Lint::new(
        "name-directly-below-top-level",
        On::Server,
        Level::Insufficient,
        "CA/B BR §3.2.2.6, §7.1.4.2",
        |facts| dns(facts).any(|n| !n.strip_prefix("*.").unwrap_or(n).contains('.')),
    )
    .public(),
    Lint::new(
        "reserved-name",
        On::Server,
        Level::Insufficient,
        "CA/B BR §7.1.4.2, RFC 6761",
        |facts| dns(facts).any(is_reserved),
    )
    .public()
    .from(2015, 11, 1),
    Lint::new(
        "reserved-address",
        On::Server,
        Level::Insufficient,
        "CA/B BR §7.1.4.2, RFC 6890",
        |facts| addresses(facts).filter_map(address).any(is_special),
    )
    .public()
    .from(2015, 11, 1),
    Lint::new(
        "onion-name-not-version-3",
        On::Server,
        Level::Insufficient,
        "CA/B BR appendix B",
        |facts| {
            dns(facts).any(|n| {
                let service = n.strip_suffix(".onion").and_then(|s| s.rsplit('.').next());
                service.is_some_and(|s| s.len() != 56)
            })
        },
    )
    .public(),
];

fn dns<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a str> {
    alternative_names(facts.x509).iter().filter_map(|name| match name {
        GeneralName::DNSName(text) => Some(*text),
        _ => None,
    })
}

fn addresses<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a [u8]> {
    alternative_names(facts.x509).iter().filter_map(|name| match name {
        GeneralName::IPAddress(octets) => Some(*octets),
        _ => None,
    })
}

/// A DNS name that is not even text.
fn has_bytes_for_name(facts: &Facts<'_>) -> bool {
    let is = |name: &GeneralName<'_>| matches!(name, GeneralName::Invalid(tag, _) if tag.0 == 2);
    alternative_names(facts.x509).iter().any(is)
}

/// A host or an address; an e-mail address alone names no server.
fn has_name(facts: &Facts<'_>) -> bool {
    !facts.certificate.dns_names.is_empty() || !facts.certificate.ip_names.is_empty()
}

/// A common name that looks like a host or an address and is none of the names. Other common
/// names are titles.
fn is_stray(facts: &Facts<'_>, common_name: &str) -> bool {
    let is_host = common_name.contains('.') && common_name.chars().all(is_usual);
    let is_address = common_name.parse::<IpAddr>().is_ok();
    let mut names = facts.certificate.dns_names.iter().chain(&facts.certificate.ip_names);
    (is_host || is_address) && !names.any(|n| n.eq_ignore_ascii_case(common_name))
}

/// Letters, digits, hyphens and dots; the star and the underscore have lints of their own.
const fn is_usual(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '*' | '_')
}

/// Names that are for local use and examples: RFC 6761, RFC 6762, RFC 8375, and those that ICANN will
/// not delegate.
fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 12] = [
        "local",
        "localhost",
        "localdomain",
        "internal",
        "lan",
        "home",
        "corp",
        "mail",
        "intranet",
        "test",
        "invalid",
        "example",
    ];
    let name = name.to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    RESERVED.contains(&last) || name.ends_with(".home.arpa")
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// Addresses that IANA's registries of special purposes do not call globally reachable (RFC 6890).
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || a == 0
                || a >= 224
                || (a, b & 0xc0) == (100, 64)
                || (a, b & 0xfe) == (198, 18)
                || (a, b, c) == (192, 0, 0)
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some()
                || (a, b) == (0x2001, 0xdb8)
                || (a, b, c) == (0x64, 0xff9b, 1)
                || (a, b & 0xf000) == (0x3fff, 0)
        }
    }
}

//! The judgement of a TLS endpoint.

use std::collections::BTreeSet;

use jiff::civil::Date;
use portvakt_model::registry::{group_name, signature_name, suite_name};
use portvakt_model::{Chain, Evidence, Offered, TlsEndpoint, TlsTraits, TlsVersion};

use super::rule::{About, Rule};
use super::seen::{Context, Seen, incomplete, judged};
use super::{Item, Judgement, Level, NOT_KNOWN, Policy, Profile, judge_chain};

/// Judges an endpoint by a policy on a day. The worst comes first; within a level the order is that
/// of the facts: protocols, suites, groups, properties, certificates.
pub fn judge_tls(
    endpoint: &TlsEndpoint,
    policy: &Policy,
    profile: Profile,
    today: Date,
) -> Vec<Judgement> {
    let offered = offered(endpoint);
    let traits = traits_held(&endpoint.traits);
    let context = Context { today, profile, offered: &offered, traits: &traits };
    if offered.is_empty() {
        let refused = || vec!["no version was accepted".to_owned()];
        return vec![incomplete(
            policy,
            &endpoint.target,
            &doubts(endpoint).unwrap_or_else(refused),
        )];
    }
    let mut all = Vec::new();
    for list in [protocols(endpoint), suites(endpoint), groups(endpoint), properties(endpoint)] {
        all.extend(judged(policy, &context, &endpoint.target, &list));
    }
    all.extend(absences(endpoint, policy, &context));
    all.extend(unknown_traits(endpoint, policy, &context));
    for chain in &endpoint.chains {
        all.extend(judge_chain(chain, policy, profile, today));
    }
    if let Some(doubts) = doubts(endpoint) {
        all.push(incomplete(policy, &endpoint.target, &doubts));
    }
    all.sort_by_key(|judgement| std::cmp::Reverse((judgement.level, judgement.severity)));
    all
}

fn offered(endpoint: &TlsEndpoint) -> Vec<TlsVersion> {
    let yes = endpoint.protocols.iter().filter(|p| p.offered == Offered::Yes);
    yes.map(|p| p.version).collect()
}

/// What is not known of an endpoint, its certificate included.
fn doubts(endpoint: &TlsEndpoint) -> Option<Vec<String>> {
    let mut doubts = unknown_offer(endpoint);
    if endpoint.chains.is_empty() && !offered(endpoint).is_empty() {
        doubts.push("no certificate was seen".to_owned());
    }
    if doubts.is_empty() && endpoint.complete {
        return None;
    }
    if doubts.is_empty() {
        doubts.push("not every question was answered".to_owned());
    }
    Some(doubts)
}

/// What is not known of what an endpoint offers, with every version that nobody got an answer about.
pub(crate) fn unknown_offer(endpoint: &TlsEndpoint) -> Vec<String> {
    let mut doubts = endpoint.doubts.clone();
    let state = |version| {
        let seen = endpoint.protocols.iter().find(|p| p.version == version);
        seen.map_or(Offered::Unknown, |p| p.offered)
    };
    let said = |v: &TlsVersion| endpoint.doubts.iter().any(|doubt| doubt.contains(v.name()));
    let unknown = TlsVersion::ALL.into_iter().filter(|v| state(*v) == Offered::Unknown && !said(v));
    let names: Vec<&str> = unknown.map(TlsVersion::name).collect();
    if !names.is_empty() {
        doubts.push(format!("whether {} is offered", names.join(", ")));
    }
    doubts
}

fn protocols(endpoint: &TlsEndpoint) -> Vec<Seen> {
    let version = |version: TlsVersion| Seen {
        version: Some(version),
        ..Seen::named(Item::Protocol, version.name())
    };
    offered(endpoint).into_iter().map(version).collect()
}

fn suites(endpoint: &TlsEndpoint) -> Vec<Seen> {
    let offered = endpoint.protocols.iter().filter(|p| p.offered == Offered::Yes);
    let of = |protocol: &portvakt_model::ProtocolSeen| {
        let version = protocol.version;
        let suite = move |code: &u32| {
            let name = suite_name(*code);
            let shown = format!("{name} (0x{code:04X})");
            Seen { version: Some(version), shown, ..Seen::named(Item::Suite, name) }
        };
        protocol.suites.iter().map(suite).collect::<Vec<_>>()
    };
    offered.flat_map(of).collect()
}

/// Groups once each, whatever versions they were seen in, and the sizes of Diffie-Hellman.
fn groups(endpoint: &TlsEndpoint) -> Vec<Seen> {
    let mut known = BTreeSet::new();
    let fresh = endpoint.groups.iter().filter(|seen| known.insert(seen.group));
    let mut all: Vec<Seen> = fresh
        .map(|seen| {
            let name = group_name(seen.group);
            let shown = format!("{name} (0x{:04X})", seen.group);
            Seen { shown, ..Seen::named(Item::Group, name) }
        })
        .collect();
    if let Some((least, most)) = endpoint.dh_bits {
        let size = |bits: u32| Seen::number(Item::Dh, bits.into(), format!("{bits} bits"));
        all.push(size(least));
        all.extend((most != least).then(|| size(most)));
    }
    all
}

fn properties(endpoint: &TlsEndpoint) -> Vec<Seen> {
    let mut all: Vec<Seen> = states(&endpoint.traits)
        .into_iter()
        .filter_map(|(name, state)| Some((name, state.known()?)))
        .map(|(name, on)| Seen::named(Item::Trait, format!("{name}={}", yes_no(on))))
        .collect();
    all.extend(endpoint.signature_schemes.iter().map(|code| {
        let name = signature_name(*code);
        let shown = format!("{name} (0x{code:04X})");
        Seen { shown, ..Seen::named(Item::SignatureScheme, name) }
    }));
    if let Some(Some(header)) = &endpoint.hsts {
        all.push(Seen::number(Item::Hsts, max_age(header), header.clone()));
    }
    // A client that keeps RFC 7633 refuses it (§4.2.3.1).
    let must_staple = |chain: &Chain| chain.certificates.first().is_some_and(|c| c.must_staple);
    if endpoint.traits.ocsp_staple == Offered::No && endpoint.chains.iter().any(must_staple) {
        let shown = "the certificate has status_request in TLS Feature".to_owned();
        all.push(Seen { shown, ..Seen::named(Item::Certificate, "promised-staple-missing") });
    }
    let shown = endpoint.probes.iter().filter(|probe| probe.vulnerable == Offered::Yes);
    all.extend(shown.map(|probe| Seen {
        evidence: probe.evidence,
        shown: format!("{}: {}", probe.name, probe.detail),
        ..Seen::named(Item::Probe, probe.name)
    }));
    all
}

/// Names of the properties and their states.
fn states(traits: &TlsTraits) -> [(&'static str, Offered); 12] {
    [
        ("secure-renegotiation", traits.secure_renegotiation),
        ("client-renegotiation", traits.client_renegotiation),
        ("extended-master-secret", traits.extended_master_secret),
        ("encrypt-then-mac", traits.encrypt_then_mac),
        ("compression", traits.compression),
        ("heartbeat", traits.heartbeat),
        ("fallback-scsv", traits.fallback_scsv),
        ("tickets", traits.tickets),
        ("resumption", traits.resumption),
        ("early-data", traits.early_data),
        ("ocsp-staple", traits.ocsp_staple),
        ("client-certificate", traits.client_certificate),
    ]
}

fn traits_held(traits: &TlsTraits) -> Vec<&'static str> {
    let held = states(traits).into_iter().filter(|(_, state)| *state == Offered::Yes);
    held.map(|(name, _)| name).collect()
}

pub(super) const fn yes_no(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

/// `max-age` of a `Strict-Transport-Security` header (RFC 6797 §6.1.1): the name in any case, the
/// value perhaps in quotes. A header without one has no effect, as if it were 0.
fn max_age(header: &str) -> i64 {
    let directive = |part: &str| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("max-age")
            .then(|| value.trim().trim_matches('"').to_owned())
    };
    let Some(value) = header.split(';').find_map(directive) else { return 0 };
    // More seconds than fit are as good as the most that fits.
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if digits { value.parse().unwrap_or(i64::MAX) } else { 0 }
}

/// Rules that ask for something to be offered.
fn absences(endpoint: &TlsEndpoint, policy: &Policy, context: &Context<'_>) -> Vec<Judgement> {
    let asks =
        policy.rules.iter().filter(|rule| rule.about == About::Absence && rule.in_force(context));
    let judge = |rule: &Rule| {
        let wanted = || vec![rule.names.join(" | ")];
        match missing(endpoint, rule) {
            Offered::Yes => Some(rule.judgement(endpoint.target.clone(), wanted())),
            Offered::No => None,
            Offered::Unknown => Some(Judgement {
                observed: wanted(),
                ..rule.unknown(endpoint.target.clone(), &NOT_KNOWN)
            }),
        }
    };
    asks.filter_map(judge).collect()
}

/// Whether none of what a rule asks for is offered.
fn missing(endpoint: &TlsEndpoint, rule: &Rule) -> Offered {
    match rule.item {
        Item::Protocol => {
            let state = |version: TlsVersion| {
                let seen = endpoint.protocols.iter().find(|p| p.version == version);
                seen.map_or(Offered::Unknown, |p| p.offered)
            };
            let asked = TlsVersion::ALL.into_iter().filter(|v| rule.holds_name(v.name()));
            let states: Vec<Offered> = asked.map(state).collect();
            if states.contains(&Offered::Yes) {
                Offered::No
            } else if states.contains(&Offered::Unknown) {
                Offered::Unknown
            } else {
                Offered::Yes
            }
        }
        Item::Group => {
            let mut names = endpoint.groups.iter().map(|seen| group_name(seen.group));
            let found = names.any(|name| rule.holds_name(&name));
            none_of(found, endpoint.complete)
        }
        Item::Suite => {
            let suites = || endpoint.protocols.iter().flat_map(|p| &p.suites);
            let found = suites().any(|code| rule.holds_name(&suite_name(*code)));
            let whole = endpoint.protocols.iter().all(|p| p.complete || p.offered == Offered::No);
            none_of(found, endpoint.complete && whole)
        }
        // That the header is missing is known only where HTTP answered.
        Item::Hsts if endpoint.hsts == Some(None) => Offered::Yes,
        _ => Offered::No,
    }
}

/// Whether none is offered, where some were found or not and all were sought or not.
const fn none_of(found: bool, sought: bool) -> Offered {
    match (found, sought) {
        (true, _) => Offered::No,
        (false, true) => Offered::Yes,
        (false, false) => Offered::Unknown,
    }
}

/// Properties that a rule asks about and that are not known: told once for each.
fn unknown_traits(
    endpoint: &TlsEndpoint,
    policy: &Policy,
    context: &Context<'_>,
) -> Vec<Judgement> {
    let unknown = states(&endpoint.traits).into_iter().filter(|(_, s)| *s == Offered::Unknown);
    let asked = |name: &'static str| {
        policy.rules.iter().find(|rule| {
            let states = [format!("{name}=yes"), format!("{name}=no")];
            rule.item == Item::Trait
                && !rule.optional
                && rule.level > Level::Sufficient
                && states.iter().any(|state| rule.holds_name(state))
                && rule.in_force(context)
        })
    };
    let judge = |(name, _)| {
        let judgement = asked(name)?.unknown(endpoint.target.clone(), &NOT_KNOWN);
        Some(Judgement { observed: vec![name.to_owned()], ..judgement })
    };
    unknown.filter_map(judge).map(|j| Judgement { evidence: Evidence::Incomplete, ..j }).collect()
}

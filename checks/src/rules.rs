//! How findings name a rule: its place, its list, and what stays the same when lines move.

use std::fmt::Write as _;

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Location, Message, Rule};
use portvakt_space::{AddrSet, AtomSet, ServiceBox, State, Traffic};

use crate::{Draft, Findings};

/// The rule of a key that names one.
pub(crate) fn find<'a>(audit: &Audit<'a>, device: u32, key: RuleKey) -> Option<&'a Rule> {
    audit.ruleset(device, key.ruleset).rules.get(key.rule? as usize)
}

/// The place of a rule: its line, or that of its list where the vendor implies it.
pub(crate) fn place(audit: &Audit<'_>, device: u32, key: RuleKey) -> Location {
    audit.rule_at(&audit.rule_ref(device, key.ruleset, key.rule))
}

/// The place where a rule states its services.
pub(crate) fn service_place(audit: &Audit<'_>, device: u32, key: RuleKey) -> Location {
    place_at(audit, device, key, Rule::service_line)
}

/// The place where a rule states whether it logs.
pub(crate) fn logging_place(audit: &Audit<'_>, device: u32, key: RuleKey) -> Location {
    place_at(audit, device, key, Rule::logging_line)
}

fn place_at(audit: &Audit<'_>, device: u32, key: RuleKey, line: fn(&Rule) -> u32) -> Location {
    let written = find(audit, device, key).map(line).filter(|line| *line > 0);
    written.map_or_else(|| place(audit, device, key), |line| audit.at(device, line))
}

/// Begins a violation about a rule, at its own line.
pub(crate) fn fault<'f, 'a>(
    audit: &Audit<'_>,
    findings: &'f mut Findings<'a>,
    message: &'static Message,
    device: u32,
    key: RuleKey,
) -> Draft<'f, 'a> {
    name(audit, findings.violation(message, place(audit, device, key)), device, key)
}

/// Traffic as a part of a finding's key: the same however it is held in memory, and whatever numbers
/// interfaces have.
pub(crate) fn spelt(audit: &Audit<'_>, device: u32, traffic: &Traffic) -> String {
    let names = audit.devices[device as usize].interfaces.all();
    let interfaces = |atoms: &AtomSet| -> String {
        if atoms.is_any() {
            return "*".to_owned();
        }
        let members = (0..).zip(names).filter(|(atom, _)| atoms.contains(*atom));
        let mut all: Vec<&str> = members.map(|(_, interface)| interface.name.as_str()).collect();
        all.extend(atoms.contains(u32::MAX).then_some("others"));
        all.sort_unstable();
        all.join(",")
    };
    let mut out = String::new();
    for (lo, hi) in [&traffic.src, &traffic.dst].into_iter().flat_map(|set: &AddrSet| set.ranges())
    {
        // Writing to a string cannot fail.
        let _ = write!(out, "{lo}-{hi} ");
    }
    for ServiceBox { proto, sport, dport } in traffic.service.boxes() {
        let _ = write!(out, "{proto:?}{sport:?}{dport:?} ");
    }
    let states: Vec<&str> = traffic.state.iter().map(State::name).collect();
    out + &format!("{} {} {}", interfaces(&traffic.iif), interfaces(&traffic.oif), states.join(","))
}

/// Names the rule and its list, and makes the finding's key of them: the vendor's id of the rule, or
/// what it matches where it has none.
pub(crate) fn name<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    device: u32,
    key: RuleKey,
) -> Draft<'f, 'a> {
    let rule = audit.rule_ref(device, key.ruleset, key.rule);
    let list = &audit.ruleset(device, key.ruleset).name;
    let matched = || find(audit, device, key).map(|r| spelt(audit, device, &r.matches));
    let stable = rule.id.clone().or_else(matched).unwrap_or_default();
    draft.rule(&rule).text("list", list).key(format!("{list} {stable}"))
}

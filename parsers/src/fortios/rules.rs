//! Policies of every kind into rules.

use std::collections::BTreeMap;

use portvakt_model::{
    Action, Default, Hook, Inspection, Logging, NatRule, Rule, RuleNote, Ruleset, Told, Undefined,
};
use portvakt_space::{AddrSet, AtomSet, Family, ServiceSet, StateSet, Traffic};
use rustc_hash::FxHashMap;

use super::addresses::Addresses;
use super::groups::Extent;
use super::interfaces::Interfaces;
use super::keys::mark_table;
use super::matching::{Matching, Part};
use super::nat;
use super::reasons;
use super::rule_keys::{NARROWING, POLICY};
use super::schedules::{Schedules, When, iso_date};
use super::scope::Scope;
use super::services::Services;
use super::translated;
use super::tree::{Node, comment};
use super::vips::Vips;
use crate::build::Build;

/// All that policies refer to.
pub(super) struct Objects {
    pub(super) interfaces: Interfaces,
    pub(super) v4: Addresses,
    pub(super) v6: Addresses,
    pub(super) services: Services,
    pub(super) schedules: Schedules,
    pub(super) vips: Vips,
    /// Addresses of pools by name.
    pub(super) pools: FxHashMap<String, AddrSet>,
    pub(super) undefined: Vec<Undefined>,
    /// Source translation by policies, in the order of the policies.
    pub(super) source_nat: Vec<NatRule>,
    /// Whether `central-nat` is on: then policies neither name VIPs nor translate.
    pub(super) central_nat: bool,
    /// Whether a deny policy also matches what a VIP has translated when it does not say so;
    /// `None` when the version does not tell.
    pub(super) match_vip: Option<bool>,
}

/// One kind of policy table.
struct Kind {
    path: &'static str,
    /// Name of the rule list.
    name: &'static str,
    families: &'static [Family],
    /// The IP version of `srcaddr` and `dstaddr`.
    family: Family,
    hook: Option<fn() -> Hook>,
    default: Action,
    /// What it is for when packets do not meet it on their way.
    other_use: Option<&'static str>,
}

const BOTH: &[Family] = &Family::BOTH;
const FORWARD: fn() -> Hook = || Hook::Forward(0);
const LOCAL: fn() -> Hook = || Hook::Local(0);
const IN: fn() -> Hook = || Hook::In(AtomSet::ANY);

/// A forwarding table, with the implicit deny at its end.
const fn forward(path: &'static str, name: &'static str, family: Family) -> Kind {
    let families: &[Family] = match family {
        Family::V4 => BOTH,
        Family::V6 => &[Family::V6],
    };
    let hook = Some(FORWARD);
    Kind { path, name, families, family, hook, default: Action::Deny, other_use: None }
}

/// A table that only takes packets away: what it does not decide goes on.
const fn guard(path: &'static str, name: &'static str, family: Family, hook: fn() -> Hook) -> Kind {
    let families: &[Family] = match family {
        Family::V4 => &[Family::V4],
        Family::V6 => &[Family::V6],
    };
    let (hook, default) = (Some(hook), Action::Permit);
    Kind { path, name, families, family, hook, default, other_use: None }
}

/// In the order that packets meet them. `firewall policy` and `consolidated policy` are the same
/// table in different versions; with `ngfw-mode policy-based` packets must pass both `policy` and
/// `security-policy`.
const KINDS: &[Kind] = &[
    guard("firewall acl", "acl", Family::V4, IN),
    guard("firewall acl6", "acl6", Family::V6, IN),
    forward("firewall policy", "policy", Family::V4),
    forward("firewall policy6", "policy6", Family::V6),
    forward("firewall consolidated policy", "consolidated policy", Family::V4),
    forward("firewall security-policy", "security-policy", Family::V4),
    guard("firewall local-in-policy", "local-in-policy", Family::V4, LOCAL),
    guard("firewall local-in-policy6", "local-in-policy6", Family::V6, LOCAL),
    Kind {
        path: "firewall proxy-policy",
        name: "proxy-policy",
        families: BOTH,
        family: Family::V4,
        hook: None,
        default: Action::Deny,
        other_use: Some("explicit proxy"),
    },
];

/// Whether a deny policy that does not name VIPs matches translated packets too.
pub(super) struct MatchVip {
    /// What holds for a policy that does not say so; `None` when that is not known.
    default: Option<bool>,
    /// What policies say themselves, by their line.
    stated: BTreeMap<u32, bool>,
}

impl MatchVip {
    fn note(&mut self, policy: Node<'_, '_>) {
        for (word, on) in [("enable", true), ("disable", false)] {
            if policy.is("match-vip", word) {
                self.stated.insert(policy.line(), on);
            }
        }
    }

    /// What holds for the policy on `line`.
    pub(super) fn of(&self, line: u32) -> Option<bool> {
        self.stated.get(&line).copied().or(self.default)
    }
}

/// The rule lists of a device.
pub(super) fn rulesets(
    scope: &Scope<'_, '_>,
    objects: &mut Objects,
    build: &mut Build<'_>,
) -> Vec<Ruleset> {
    let split = scope.section("firewall policy6").is_some();
    let mut out = Vec::new();
    for kind in KINDS {
        let sections: Vec<Node<'_, '_>> = scope.sections(kind.path).collect();
        // A whole backup without a policy denies everything; a part of one tells nothing.
        let implied = kind.path == "firewall policy" && scope.header.whole;
        let consolidated = scope.section("firewall consolidated policy").is_some();
        if sections.is_empty() && (!implied || consolidated) {
            continue;
        }
        let line = sections.first().map_or(0, |s| s.line());
        let mut ruleset = Ruleset::new(kind.name, line);
        let v4_only = split && kind.path == "firewall policy";
        ruleset.families = if v4_only { vec![Family::V4] } else { kind.families.to_vec() };
        ruleset.hooks.extend(kind.hook.map(|hook| hook()));
        ruleset.other_uses.extend(kind.other_use.map(str::to_owned));
        ruleset.default = Default { action: kind.default, line: None };
        let mut match_vip = MatchVip { default: objects.match_vip, stated: BTreeMap::new() };
        for section in sections {
            mark_table(section, &POLICY, build);
            for entry in section.children() {
                match_vip.note(entry);
                add_policy(entry, kind, scope, objects, &mut ruleset, build);
            }
        }
        if !objects.central_nat && kind.default == Action::Deny {
            translated::settle(&mut ruleset, &match_vip);
        }
        out.push(ruleset);
    }
    out
}

/// Adds the rules of one policy: one, or one for each kind of destination when VIPs translate to
/// different services.
fn add_policy(
    entry: Node<'_, '_>,
    kind: &Kind,
    scope: &Scope<'_, '_>,
    objects: &mut Objects,
    ruleset: &mut Ruleset,
    build: &mut Build<'_>,
) {
    let user = format!("{} {}", kind.name, entry.name());
    let iif = interfaces(entry, &["srcintf", "intf", "interface"], &user, objects);
    let oif = interfaces(entry, &["dstintf"], &user, objects);
    let matching = Matching::read(entry, kind.family, &user, objects);
    let action = action(entry, kind);
    let template = Rule {
        enabled: !entry.is("status", "disable"),
        logging: logging(entry),
        ..Rule::new(entry.line(), action, Traffic::ANY)
    };
    let note = note(entry, kind, scope, action, build);
    let when = objects.schedules.when(entry.get("schedule"), expiry(entry));
    for part in matching.parts(&iif) {
        let mut rule = template.clone();
        rule.note = Some(Box::new(RuleNote {
            sources: matching.source_names.clone(),
            services: matching.service_names.clone(),
            ..note.clone()
        }));
        complete(&mut rule, entry, &part, &oif);
        match when {
            When::Always => {}
            When::At(index) => rule.note_mut().schedule = Some(index),
            When::Undefined => {
                let name = entry.get("schedule").unwrap_or_default();
                rule.narrowed_by(Told::of(reasons::UNDEFINED_SCHEDULE, name));
            }
        }
        if kind.hook.is_some() && !objects.central_nat {
            let nat = nat::by_policy(entry, &rule, &user, objects);
            objects.source_nat.extend(nat);
        }
        ruleset.rules.push(rule);
    }
    if matches!(when, When::Undefined) && !objects.schedules.objects.is_empty() {
        let setting = entry.setting("schedule");
        objects.undefined.push(Undefined {
            name: entry.get("schedule").unwrap_or_default().to_owned(),
            kind: "schedule",
            line: setting.map_or(entry.line(), |s| s.line),
            used_by: user,
        });
    }
}

fn interfaces(entry: Node<'_, '_>, keys: &[&str], user: &str, objects: &mut Objects) -> AtomSet {
    let names = keys.iter().map(|key| entry.list(key)).find(|names| !names.is_empty());
    match names {
        Some(names) => objects.interfaces.atoms(&names, user, &mut objects.undefined),
        None => AtomSet::ANY,
    }
}

/// What a policy does; it denies unless it says otherwise (FortiOS CLI Reference, `config firewall
/// policy`).
fn action(entry: Node<'_, '_>, kind: &Kind) -> Action {
    match entry.get("action") {
        None | Some("deny") if entry.is("send-deny-packet", "enable") => Action::Reject,
        None | Some("deny") => Action::Deny,
        // `ipsec` and `ssl-vpn` permit into and out of a tunnel; `learn` permits and watches.
        Some("accept" | "ipsec" | "ssl-vpn" | "learn" | "isolate") => Action::Permit,
        Some("redirect") if kind.hook.is_none() => Action::Permit,
        Some(_) => Action::Unknown,
    }
}

/// Only `all` logs every session. `utm`, the default, logs what security profiles report.
fn logging(entry: Node<'_, '_>) -> Logging {
    if entry.is("logtraffic", "all") { Logging::On } else { Logging::Off }
}

fn note(
    entry: Node<'_, '_>,
    kind: &Kind,
    scope: &Scope<'_, '_>,
    action: Action,
    build: &mut Build<'_>,
) -> RuleNote {
    let comment = comment(entry, &["name", "comments", "comment"], build);
    let permits = action == Action::Permit;
    let inspection = if permits { inspection(entry, kind, scope) } else { Inspection::default() };
    let id = Some(entry.name().to_owned());
    let line_of = |key: &str| entry.setting(key).map(|s| s.line);
    RuleNote {
        id,
        comment,
        inspection,
        last_line: entry.last_line(),
        service_line: line_of("service"),
        logging_line: line_of("logtraffic"),
        ..RuleNote::default()
    }
}

/// Profiles that a policy applies itself or by its profile group. Without `utm-status` they are
/// not applied; a security policy has no such switch.
fn inspection(entry: Node<'_, '_>, kind: &Kind, scope: &Scope<'_, '_>) -> Inspection {
    let group = entry.get("profile-group").filter(|_| entry.is("profile-type", "group"));
    let group = group.and_then(|name| {
        scope.sections("firewall profile-group").find_map(|section| section.block(name))
    });
    let from = group.unwrap_or(entry);
    let on = kind.path == "firewall security-policy" || entry.is("utm-status", "enable");
    let has = |key: &str| on && from.get(key).is_some();
    Inspection {
        ips: Some(has("ips-sensor")),
        web_filter: Some(has("webfilter-profile") || has("dnsfilter-profile")),
        application: Some(has("application-list")),
    }
}

/// The day a policy expires by itself (7.2 and later).
fn expiry(entry: Node<'_, '_>) -> Option<(jiff::civil::Date, u32)> {
    let setting = entry.setting("policy-expiry-date")?;
    if !entry.is("policy-expiry", "enable") {
        return None;
    }
    let words = setting.values.iter().flat_map(|v| v.text.split_ascii_whitespace());
    let date = words.into_iter().find_map(iso_date)?;
    Some((date, setting.line))
}

/// Fills the match of a rule, its gap and what it names.
fn complete(rule: &mut Rule, entry: Node<'_, '_>, part: &Part, oif: &AtomSet) {
    let product = |src: &AddrSet, dst: &AddrSet, service: &ServiceSet| Traffic {
        src: src.clone(),
        dst: dst.clone(),
        service: service.clone(),
        iif: part.iif.clone(),
        oif: oif.clone(),
        state: StateSet::ANY,
    };
    let extents = (&part.sources, &part.destinations, &part.services);
    rule.matches = product(&extents.0.most, &extents.1.most, &extents.2.most);
    let least = product(&extents.0.least, &extents.1.least, &extents.2.least);
    let why = why(extents);
    if !why.is_empty() {
        for reason in why {
            rule.narrowed_by(reason);
        }
        if let Some(gap) = &mut rule.gap {
            gap.least = Some(least).filter(|t| !t.is_empty());
        }
    }
    for reason in narrowing(entry) {
        rule.narrowed_by(reason);
    }
    let note = rule.note_mut();
    note.destinations.clone_from(&part.names);
    note.nat.clone_from(&part.nat);
}

fn why(
    (src, dst, service): (&Extent<AddrSet>, &Extent<AddrSet>, &Extent<ServiceSet>),
) -> Vec<Told> {
    let mut out: Vec<Told> = Vec::new();
    for reason in src.why.iter().chain(&dst.why).chain(&service.why) {
        if !out.contains(reason) {
            out.push(reason.clone());
        }
    }
    out
}

/// Conditions that are not modelled, as the policy writes them.
fn narrowing(entry: Node<'_, '_>) -> Vec<String> {
    let mut out = Vec::new();
    for (key, harmless) in NARROWING {
        let values = entry.list(key);
        if values.is_empty() || values.iter().all(|(v, _)| harmless.contains(v)) {
            continue;
        }
        let shown: Vec<&str> = values.iter().map(|(v, _)| *v).take(8).collect();
        out.push(format!("{key} {}", shown.join(" ")));
    }
    if entry.is("action", "ssl-vpn") {
        out.push("action ssl-vpn".to_owned());
    }
    out
}

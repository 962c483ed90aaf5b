//! What several checks of filtering share.

use portvakt_analysis::anomalies::called;
use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Action, Arg, Hook, Location, Message, Rule, Ruleset, RulesetId, ZoneKind};
use portvakt_space::{AddrSet, Family, State, Traffic};

use crate::{Draft, Findings};

/// A rule list that packets meet, or a chain that one of those calls.
pub(super) struct Applied<'a> {
    pub(super) device: u32,
    pub(super) id: RulesetId,
    pub(super) list: &'a Ruleset,
}

/// Lists that filter: applied to forwarded traffic or to the device, with the chains they call.
pub(super) fn applied<'a>(audit: &Audit<'a>) -> Vec<Applied<'a>> {
    let mut all = Vec::new();
    for (device, model) in audit.devices() {
        let chains = called(model);
        for (id, list) in (0..).map(RulesetId).zip(&model.rulesets) {
            if list.implied {
                continue;
            }
            if list.hooks.iter().any(filters) || list.hooks.is_empty() && chains.contains(&id) {
                all.push(Applied { device, id, list });
            }
        }
    }
    all
}

/// Whether a hook is on the way of traffic through the device or to it; what the device itself
/// sends is no opening.
pub(super) const fn filters(hook: &Hook) -> bool {
    !matches!(hook, Hook::Output(_))
}

/// The rules of an applied list that are in force, with their keys.
pub(super) fn rules<'a>(applied: &Applied<'a>) -> impl Iterator<Item = (RuleKey, &'a Rule)> {
    let id = applied.id;
    let all = (0..).zip(&applied.list.rules);
    all.map(move |(i, rule)| (RuleKey { ruleset: id, rule: Some(i) }, rule))
}

/// Begins a violation about a rule.
pub(super) fn fault<'f, 'a>(
    audit: &Audit<'_>,
    findings: &'f mut Findings<'a>,
    message: &'static Message,
    device: u32,
    key: RuleKey,
) -> Draft<'f, 'a> {
    let at = audit.rule_ref(device, key.ruleset, key.rule);
    let list = audit.ruleset(device, key.ruleset);
    let matched =
        key.rule.and_then(|i| list.rules.get(i as usize)).map(|r| format!("{:?}", r.matches));
    let stable = at.id.clone().or(matched).unwrap_or_default();
    let place = audit.rule_at(&at);
    findings
        .violation(message, place)
        .rule(&at)
        .text("list", &list.name)
        .key(format!("{} {stable}", list.name))
}

/// Whether traffic has every address of some version it has at all.
pub(super) fn is_everywhere(set: &AddrSet) -> bool {
    Family::BOTH.into_iter().filter(|f| set.has(*f)).all(|f| set.is_all(f)) && !set.is_empty()
}

/// Whether a rule lets every service through from everywhere to everywhere.
pub(super) fn is_any_any(rule: &Rule) -> bool {
    rule.enabled
        && rule.action == Action::Permit
        && rule.least() == Some(&rule.matches)
        && is_everywhere(&rule.matches.src)
        && is_everywhere(&rule.matches.dst)
        && rule.matches.service.is_any()
        && rule.matches.state.contains(State::New)
}

/// Whether a rule is for the loopback interface, which no other machine reaches.
pub(super) fn is_loopback(audit: &Audit<'_>, device: u32, traffic: &Traffic) -> bool {
    let interfaces = &audit.devices[device as usize].interfaces;
    ["lo", "lo0"].iter().filter_map(|name| interfaces.find(name)).any(|atom| {
        let only = portvakt_space::AtomSet::one(atom);
        traffic.iif == only || traffic.oif == only
    })
}

/// The zones that a rule's flows come from and go to, as message values.
pub(super) fn zones<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    flows: &[&Flow],
) -> Draft<'f, 'a> {
    let from = audit.zone_names(flows.iter().map(|f| f.from));
    let to = audit.zone_names(flows.iter().map(|f| f.to));
    let owner = flows.first().and_then(|f| audit.site.zone(f.to).owner.clone());
    draft.arg("from", Arg::Names(from)).arg("to", Arg::Names(to)).owner(owner)
}

/// Whether a flow comes from outside the municipality: the internet, or a partner.
pub(super) fn is_inbound(audit: &Audit<'_>, flow: &Flow) -> bool {
    audit.site.zone(flow.from).kind == ZoneKind::Internet
}

/// Shortest prefixes that are not yet too wide, by IP version.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    v4: u8,
    v6: u8,
}

impl Limits {
    /// The limit that a set exceeds: it has more addresses than a prefix of that length.
    pub(super) fn exceeded(self, set: &AddrSet) -> Option<u8> {
        let wider = |family: Family, len: u8, width: u8| {
            let most = 1u128.checked_shl(u32::from(width.saturating_sub(len))).unwrap_or(u128::MAX);
            (set.size(family) > most).then_some(len)
        };
        wider(Family::V4, self.v4, 32).or_else(|| wider(Family::V6, self.v6, 128))
    }
}

/// The limits that the parameters set; where one is unset, that is said once.
pub(super) fn prefix_limits(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    unset: &'static Message,
) -> Option<Limits> {
    let mut limit = |key: &str| {
        let found = audit.parameters.number(key).and_then(|n| u8::try_from(n).ok());
        if found.is_none() {
            findings.cannot_tell(unset, Location::Site).text("parameter", key).key(key).push();
        }
        found
    };
    Some(Limits { v4: limit("broad_prefix_v4")?, v6: limit("broad_prefix_v6")? })
}

/// Addresses as a message value.
pub(super) fn addresses(set: &AddrSet) -> Arg {
    if Family::BOTH.into_iter().any(|f| set.is_all(f)) {
        return Arg::Phrase(&EVERYWHERE);
    }
    let shown = set.ranges().into_iter().take(3).map(|(lo, hi)| format!("{lo}–{hi}"));
    Arg::Names(shown.collect())
}

static EVERYWHERE: Message = Message { sv: "alla adresser", en: "every address" };

/// Most names that a sentence holds.
pub(super) const MOST_NAMED: usize = 10;

/// The first names, and how many more there are.
pub(super) fn few(names: Vec<String>) -> Arg {
    let more = names.len().saturating_sub(MOST_NAMED);
    let shown = names.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 {
        return Arg::Text(shown);
    }
    Arg::Either(format!("{shown} och {more} till"), format!("{shown} and {more} more"))
}

/// The ids of rules, or their lines.
pub(super) fn names(audit: &Audit<'_>, device: u32, rules: &[RuleKey]) -> Arg {
    let refs = rules.iter().map(|r| audit.rule_ref(device, r.ruleset, r.rule));
    few(refs.map(|r| r.id.unwrap_or_else(|| r.line.to_string())).collect())
}

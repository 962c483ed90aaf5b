//! What several checks of filtering share.

use portvakt_analysis::anomalies::called;
use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Action, Arg, Hook, Message, Rule, Ruleset, RulesetId, Undefined, ZoneKind};
use portvakt_space::{AddrSet, Family, State, Traffic};

use crate::Draft;

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

/// Whether traffic has every address of some version it has at all.
pub(super) fn is_everywhere(set: &AddrSet) -> bool {
    Family::BOTH.into_iter().filter(|f| set.has(*f)).all(|f| set.is_all(f)) && !set.is_empty()
}

/// Whether a rule lets every service through from everywhere to everywhere.
pub(super) fn is_any_any(rule: &Rule) -> bool {
    is_sure_permit(rule) && is_everything(&rule.matches)
}

/// Whether a rule in force lets new connections through, and all that it matches is known.
pub(super) fn is_sure_permit(rule: &Rule) -> bool {
    rule.enabled
        && rule.action == Action::Permit
        && rule.least() == Some(&rule.matches)
        && rule.matches.state.contains(State::New)
}

/// Whether traffic is every service from everywhere to everywhere.
pub(super) fn is_everything(traffic: &Traffic) -> bool {
    is_everywhere(&traffic.src) && is_everywhere(&traffic.dst) && traffic.service.is_any()
}

/// Whether a list that does not exist was to filter. For others it only picks what they work on
/// (translation, routing, classes): then it is a name like any other.
pub(super) fn was_to_filter(missing: &Undefined) -> bool {
    const PICKS: [&str; 6] = ["nat", "class-map", "route-map", "policy-map", "crypto", "router"];
    let user = missing.used_by.split(' ').next().unwrap_or_default();
    missing.kind == "access-list" && !PICKS.contains(&user)
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

/// What names something that is not defined: in our words where its device has none.
pub(super) fn user(missing: &Undefined) -> Arg {
    let user = &missing.used_by;
    let ours = USERS.iter().find_map(|words| Some((words.sv, user.strip_prefix(words.en)?)));
    match ours {
        Some((words, name)) => Arg::Either(format!("{words}{name}"), user.clone()),
        None => Arg::Text(user.clone()),
    }
}

/// What is not defined, likewise.
pub(super) fn kind(missing: &Undefined) -> Arg {
    match KINDS.iter().find(|words| words.en == missing.kind) {
        Some(words) => Arg::Phrase(words),
        None => Arg::Text(missing.kind.to_owned()),
    }
}

const USERS: &[Message] = &[
    Message { sv: "adressgruppen ", en: "address group " },
    Message { sv: "tjänstgruppen ", en: "service group " },
    Message { sv: "VIP-gruppen ", en: "VIP group " },
    Message { sv: "gränssnittet ", en: "interface " },
    Message { sv: "rad ", en: "line " },
];

static KINDS: &[Message] = &[
    Message { sv: "adressen", en: "address" },
    Message { sv: "tjänsten", en: "service" },
    Message { sv: "gränssnittet", en: "interface" },
    Message { sv: "den virtuella IP-adressen", en: "VIP" },
    Message { sv: "schemat", en: "schedule" },
    Message { sv: "zonen", en: "zone" },
    Message { sv: "poolen", en: "pool" },
    Message { sv: "kedjan", en: "chain" },
    Message { sv: "mängden", en: "set" },
    Message { sv: "variabeln", en: "variable" },
];

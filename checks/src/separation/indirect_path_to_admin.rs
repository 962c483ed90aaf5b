//! A host that public networks reach may itself reach the administrative network.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Arg, Message, Relay, Role, RuleRef, Severity, ZoneId, ZoneKind};
use portvakt_space::{AddrSet, Traffic};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV4002",
    name: "indirect-path-to-admin",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-W2b", "MALMO-12.5-7", "BASE-4.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt nät når det administrativa nätet genom en annan värd",
        en: "Public network reaches the administrative network by way of another host",
    },
    why: Message {
        sv: "Den som tar över värden i mitten står med ett ben i det administrativa nätet. En sådan väg är indirekt åtkomst, om inte just den länken är prövad och beslutad.",
        en: "Whoever takes over the host in the middle has one foot in the administrative network. Such a path is indirect access, unless that very link was examined and decided.",
    },
    fix: Message {
        sv: "Stäng ett av leden, eller låt en annan värd ta emot besökarna. Är länken prövad och beslutad: ange den som [[relay]] i portvakt.toml med beslutets nummer.",
        en: "Close one of the steps, or let another host serve the visitors. If the link was examined and decided: state it as [[relay]] in portvakt.toml with the decision's number.",
    },
    messages: &[&MESSAGE, &UNSURE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{from} når {host} ({first} i {first_device}), som får nå {to} ({rule} i {device}, {traffic}): en indirekt väg som inget beslutat mellanled täcker.",
    en: "{from} reaches {host} ({first} on {first_device}), which may reach {to} ({rule} on {device}, {traffic}): an indirect path that no decided relay covers.",
};

static UNSURE: Message = Message {
    sv: "Om {from} når {to} genom {host} går inte att avgöra: {first} i {first_device} eller {rule} i {device} ({traffic}) är inte helt förstådd.",
    en: "Whether {from} reaches {to} by way of {host} cannot be told: {first} on {first_device} or {rule} on {device} ({traffic}) is not wholly understood.",
};

/// A rule of a device.
type Key = (u32, RuleKey);

/// A path by two rules: the zones it begins in, its second steps by their index among the flows,
/// and the hosts in the middle.
#[derive(Default)]
struct Path {
    from: BTreeSet<ZoneId>,
    second: BTreeSet<usize>,
    hosts: AddrSet,
    certain: bool,
}

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for ((first, second), path) in paths(audit) {
        report(audit, first, second, &path, findings);
    }
}

/// Paths of two steps by the zone of the host in the middle, one for each pair of rules.
fn paths(audit: &Audit<'_>) -> BTreeMap<(Key, Key), Path> {
    let mut onward: BTreeMap<ZoneId, Vec<(Key, usize)>> = BTreeMap::new();
    for (i, flow) in audit.flows().iter().enumerate().filter(|(_, f)| is_second(audit, f)) {
        onward.entry(flow.from).or_default().extend(key(flow).map(|k| (k, i)));
    }
    let direct = direct(audit);
    let mut found: BTreeMap<(Key, Key), Path> = BTreeMap::new();
    for flow in audit.flows().iter().filter(|f| is_first(audit, f)) {
        let Some(first) = key(flow).filter(|k| !direct.contains(k)) else { continue };
        for (second, index) in onward.get(&flow.to).into_iter().flatten() {
            let next = &audit.flows()[*index];
            let hosts = undecided(audit, flow, next);
            if !hosts.is_empty() {
                let path = found.entry((first, *second)).or_default();
                path.hosts = path.hosts.union(&hosts);
                path.from.insert(flow.from);
                path.second.insert(*index);
                path.certain |= flow.certain && next.certain;
            }
        }
    }
    found
}

/// Only rules that somebody wrote: what nothing filters is reported as such.
fn key(flow: &Flow) -> Option<Key> {
    flow.rule().filter(|r| r.rule.is_some()).map(|r| (flow.device, r))
}

/// A step from public and unmanaged networks to a host that is not on the internet.
fn is_first(audit: &Audit<'_>, flow: &Flow) -> bool {
    // Which host of its zone a filter without addresses stands on is not known.
    let placed = !flow.local || !audit.own_addresses(flow.device).is_empty();
    placed
        && support::is_unmanaged(audit, flow.from)
        && !support::is_administrative(audit, flow.to)
        && audit.site.zone(flow.to).kind != ZoneKind::Internet
}

/// A step from such a host to the administrative network.
fn is_second(audit: &Audit<'_>, flow: &Flow) -> bool {
    !support::is_unmanaged(audit, flow.from)
        && audit.site.zone(flow.from).kind != ZoneKind::Internet
        && !support::is_administrative(audit, flow.from)
        && support::is_administrative(audit, flow.to)
}

/// Rules that let public networks reach the administrative network straight away: a detour by the
/// same rule adds nothing.
fn direct(audit: &Audit<'_>) -> Vec<Key> {
    let straight =
        |f: &&Flow| support::is_unmanaged(audit, f.from) && support::is_administrative(audit, f.to);
    let mut keys: Vec<Key> = audit.flows().iter().filter(straight).filter_map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Hosts that both steps share and that no decided relay covers for this pair of services.
fn undecided(audit: &Audit<'_>, first: &Flow, second: &Flow) -> AddrSet {
    let shared = first.traffic.dst.intersect(&second.traffic.src);
    if shared.is_empty() {
        return shared;
    }
    let covers = |relay: &&Relay| {
        first.traffic.service.is_subset(&relay.inward)
            && relay.outward.iter().any(|out| reaches_only(&second.traffic, out))
    };
    let relays = audit.site.relays.iter().filter(covers);
    relays.fold(shared, |rest, relay| rest.minus(&relay.host))
}

fn reaches_only(traffic: &Traffic, out: &Traffic) -> bool {
    traffic.dst.is_subset(&out.dst) && traffic.service.is_subset(&out.service)
}

fn report(
    audit: &Audit<'_>,
    (first_device, first): Key,
    (device, second): Key,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    let entry = audit.rule_ref(first_device, first.ruleset, first.rule);
    let onward = audit.rule_ref(device, second.ruleset, second.rule);
    let at = audit.rule_at(&onward);
    let draft = if path.certain {
        findings.violation(&MESSAGE, at)
    } else {
        findings.cannot_tell(&UNSURE, at)
    };
    let onward_flows = || path.second.iter().map(|i| &audit.flows()[*i]);
    let steps: Vec<Traffic> = onward_flows().map(|f| from_hosts(f, &path.hosts)).collect();
    let sample = steps.iter().find(|t| !t.is_empty()).filter(|_| path.certain);
    let to = onward_flows().map(|f| f.to);
    let owner = onward_flows().next().and_then(|f| audit.site.zone(f.to).owner.clone());
    draft
        .rule(&onward)
        .arg("first", Arg::Rule(entry.clone()))
        .text("first_device", &audit.devices[first_device as usize].name)
        .arg("from", Arg::Names(audit.zone_names(path.from.iter().copied())))
        .arg("host", hosts(&path.hosts))
        .arg("to", Arg::Names(audit.zone_names(to)))
        .arg("traffic", Arg::Traffic(audit.shown(&steps)))
        .related(Role::Rule, audit.rule_at(&entry), label(audit, &entry))
        .witness(sample.and_then(|t| audit.witness(device, t, Some(second), true)))
        .residue(steps.clone())
        .owner(owner)
        .key(format!("{} {}", stable(audit, &entry), stable(audit, &onward)))
        .push();
}

/// The second step's packets from the hosts in the middle.
fn from_hosts(flow: &Flow, hosts: &AddrSet) -> Traffic {
    Traffic { src: flow.traffic.src.intersect(hosts), ..flow.traffic.clone() }
}

/// Most ranges of hosts that a message names.
const MOST_HOSTS: usize = 3;

fn hosts(set: &AddrSet) -> Arg {
    let one = |(lo, hi)| if lo == hi { format!("{lo}") } else { format!("{lo}–{hi}") };
    let ranges = set.ranges();
    let mut names: Vec<String> = ranges.iter().copied().take(MOST_HOSTS).map(one).collect();
    if ranges.len() > MOST_HOSTS {
        names.push("…".to_owned());
    }
    Arg::Names(names)
}

fn label(audit: &Audit<'_>, rule: &RuleRef) -> String {
    let id = rule.id.clone().unwrap_or_else(|| rule.line.to_string());
    format!("{} {id}", audit.devices[rule.device as usize].name)
}

/// What names a rule whatever line it stands on.
fn stable(audit: &Audit<'_>, rule: &RuleRef) -> String {
    let list = audit.ruleset(rule.device, rule.ruleset);
    let found = rule.rule.and_then(|i| list.rules.get(i as usize));
    let matched = found.map(|r| rules::spelt(audit, rule.device, &r.matches));
    let id = rule.id.clone().or(matched).unwrap_or_default();
    format!("{} {} {id}", audit.devices[rule.device as usize].name, list.name)
}

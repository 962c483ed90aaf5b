//! No filtering between zones.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Message, Severity};
use portvakt_space::Family;

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2006",
    name: "unfiltered-border",
    aliases: &[],
    severity: Severity::High,
    serves: &[
        "MALMO-11.6-2a",
        "MALMO-11.6-2d",
        "MALMO-12.5-3",
        "MALMO-12.5-0",
        "MALMO-11.6-4",
        "BASE-2.1",
        "BASE-2.2",
    ],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message { sv: "Ingen filtrering mellan zoner", en: "No filtering between zones" },
    why: Message {
        sv: "Utan lista på vägen släpper utrustningen igenom allt. Det gäller också när en lista är tillämpad men inte finns, och när bara säkerhetsnivåer skiljer näten åt.",
        en: "Without a list on the way the device lets everything through. So it does where a list is applied but does not exist, and where only security levels part the networks.",
    },
    fix: Message {
        sv: "Tillämpa en lista på gränssnittet som spärrar allt utom det som behövs, i IPv4 och IPv6.",
        en: "Apply a list to the interface that denies everything but what is needed, in IPv4 and IPv6.",
    },
    messages: &[&NO_LIST, &LEVELS],
    run,
};

static NO_LIST: Message = Message {
    sv: "{device} släpper igenom allt från {from} till {to}: ingen lista filtrerar {family} på {interface}.",
    en: "{device} lets everything through from {from} to {to}: no list filters {family} on {interface}.",
};

static LEVELS: Message = Message {
    sv: "{device} filtrerar inte från {from} till {to}: {interface} har ingen lista, och säkerhetsnivåerna tillåter trafiken.",
    en: "{device} does not filter from {from} to {to}: {interface} has no list, and the security levels permit the traffic.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut groups: BTreeMap<(u32, u32, Family, bool), Vec<&Flow>> = BTreeMap::new();
    for flow in audit.flows().iter().filter(|f| !f.local) {
        let implied = is_implied(audit, flow);
        if !flow.rules.is_empty() && !implied || !ends_here(audit, flow) {
            continue;
        }
        let Some(atom) = flow.traffic.iif.ranges().first() else { continue };
        for family in Family::BOTH.into_iter().filter(|f| flow.traffic.has(*f)) {
            groups.entry((flow.device, atom, family, implied)).or_default().push(flow);
        }
    }
    for (device, _) in audit.devices() {
        if !audit.flows().iter().any(|f| f.device == device) {
            continue;
        }
        findings.judge(device);
    }
    for ((device, atom, family, implied), flows) in groups {
        report(audit, (device, atom, family), implied, &flows, findings);
    }
}

/// Whether the zone it goes to is next to the device: farther on somebody else may filter.
fn ends_here(audit: &Audit<'_>, flow: &Flow) -> bool {
    let to = &audit.zones_of_device(flow.device)[flow.to.0 as usize];
    to.direct.overlaps(&flow.traffic.oif)
}

/// Whether only lists that the vendor implies (security levels) decide.
fn is_implied(audit: &Audit<'_>, flow: &Flow) -> bool {
    let implied = |r: &RuleKey| audit.ruleset(flow.device, r.ruleset).implied;
    !flow.rules.is_empty() && flow.rules.iter().all(implied)
}

fn report(
    audit: &Audit<'_>,
    (device, atom, family): (u32, u32, Family),
    implied: bool,
    flows: &[&Flow],
    findings: &mut Findings<'_>,
) {
    let Some(interface) = audit.devices[device as usize].interfaces.get(atom) else { return };
    let message = if implied { &LEVELS } else { &NO_LIST };
    let outside = flows.iter().any(|f| audit.site.zone(f.from).kind.is_untrusted());
    let first = flows.first().map(|f| f.traffic.only(family));
    let draft = findings
        .violation(message, audit.at(device, interface.line))
        .device(device)
        .text("interface", &interface.name)
        .text("family", if family == Family::V4 { "IPv4" } else { "IPv6" })
        .witness(first.and_then(|t| audit.witness(device, &t, None, true)))
        .severity(if outside { Severity::Critical } else { Severity::High })
        .key(format!("{} {family:?}", interface.name));
    support::zones(audit, draft, flows).push();
}

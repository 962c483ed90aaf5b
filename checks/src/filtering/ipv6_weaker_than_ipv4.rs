//! IPv6 is filtered more weakly than IPv4.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Arg, Message, Severity, ZoneId};
use portvakt_space::{Family, ICMPV6, ServiceBox, ServiceSet, Traffic};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2015",
    name: "ipv6-weaker-than-ipv4",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-2d", "MALMO-11.6-2a", "BASE-2.4"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "IPv6 filtreras svagare än IPv4",
        en: "IPv6 is filtered more weakly than IPv4",
    },
    why: Message {
        sv: "Det som är spärrat i IPv4 men öppet i IPv6 är öppet.",
        en: "What is denied in IPv4 but open in IPv6 is open.",
    },
    fix: Message {
        sv: "Låt IPv6-listan tillåta samma tjänster som IPv4-listan.",
        en: "Let the IPv6 list permit the same services as the IPv4 list.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper i IPv6 igenom {service} från {from} till {to}, som IPv4 spärrar.",
    en: "{rule} on {device} lets {service} through in IPv6 from {from} to {to}, which IPv4 denies.",
};

type Pair = (u32, ZoneId, ZoneId);

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut v4: BTreeMap<Pair, ServiceSet> = BTreeMap::new();
    for flow in audit.flows().iter().filter(|f| !f.local && f.traffic.has(Family::V4)) {
        let slot = v4.entry((flow.device, flow.from, flow.to)).or_insert_with(ServiceSet::none);
        *slot = slot.union(&flow.traffic.service);
    }
    let mut by_rule: BTreeMap<(u32, RuleKey), Vec<(&Flow, ServiceSet)>> = BTreeMap::new();
    for flow in audit.flows().iter().filter(|f| !f.local && f.certain && f.traffic.has(Family::V6))
    {
        findings.judge(flow.device);
        let Some(rule) = flow.rule().filter(|r| r.rule.is_some()) else { continue };
        if !filters_both(audit, flow) {
            continue;
        }
        let known =
            v4.get(&(flow.device, flow.from, flow.to)).cloned().unwrap_or_else(ServiceSet::none);
        let extra = flow.traffic.service.minus(&known.union(&ServiceBox::proto(ICMPV6).into()));
        if !extra.is_empty() {
            by_rule.entry((flow.device, rule)).or_default().push((flow, extra));
        }
    }
    for ((device, rule), flows) in by_rule {
        report(audit, device, rule, &flows, findings);
    }
}

/// Whether the device filters IPv4 between the zones too, and both have addresses of it.
fn filters_both(audit: &Audit<'_>, flow: &Flow) -> bool {
    let addresses = audit.zone_addresses();
    let has_v4 = |zone: ZoneId| addresses[zone.0 as usize].has(Family::V4);
    let lists = &audit.devices[flow.device as usize].rulesets;
    has_v4(flow.from) && has_v4(flow.to) && lists.iter().any(|l| l.families.contains(&Family::V4))
}

fn report(
    audit: &Audit<'_>,
    device: u32,
    rule: RuleKey,
    flows: &[(&Flow, ServiceSet)],
    findings: &mut Findings<'_>,
) {
    let Some((first, extra)) = flows.first() else { return };
    let traffic = Traffic { service: extra.clone(), ..first.traffic.only(Family::V6) };
    let all: Vec<&Flow> = flows.iter().map(|(f, _)| *f).collect();
    let draft = rules::fault(audit, findings, &MESSAGE, device, rule)
        .arg("service", Arg::Service(extra.clone()))
        .witness(audit.witness(device, &traffic, Some(rule), true));
    support::zones(audit, draft, &all).push();
}

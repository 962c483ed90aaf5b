//! Service is too wide.

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Location, Message, Severity, ZoneId, ZoneKind};
use portvakt_space::{RangeSet, ServiceSet, TCP, UDP};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2005",
    name: "broad-service",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-2b", "MALMO-2-2", "MALMO-13.1-7", "STHLM-PRI-2", "BASE-2.3"],
    needs: &[Need::Device, Need::Zones],
    parameters: &["broad_ports"],
    title: Message { sv: "Tjänsten är för vid", en: "Service is too wide" },
    why: Message {
        sv: "En regel ska inte vara vidare än sitt ändamål. Varje adress och port som den släpper igenom i onödan är en väg in som ingen bevakar.",
        en: "A rule should not be wider than its purpose. Every address and port that it lets through needlessly is a way in that nobody watches.",
    },
    fix: Message {
        sv: "Ange de protokoll och portar som tjänsten behöver.",
        en: "State the protocols and ports that the service needs.",
    },
    messages: &[&EVERYTHING, &MANY, &UNSET],
    run,
};

static EVERYTHING: Message = Message {
    sv: "{rule} i {device} ({list}) släpper igenom alla tjänster från {from} till {to}.",
    en: "{rule} on {device} ({list}) lets every service through from {from} to {to}.",
};

static MANY: Message = Message {
    sv: "{rule} i {device} ({list}) öppnar {ports} portar från {from} till {to}; gränsen är {limit}.",
    en: "{rule} on {device} ({list}) opens {ports} ports from {from} to {to}; the limit is {limit}.",
};

static UNSET: Message = Message {
    sv: "Parametern broad_ports är inte satt; det går inte att avgöra vilka tjänster som är för vida.",
    en: "The parameter broad_ports is not set; cannot tell which services are too wide.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(limit) = audit.parameters.number("broad_ports") else {
        findings.cannot_tell(&UNSET, Location::Site).key("broad_ports").push();
        return;
    };
    for applied in support::applied(audit) {
        findings.judge(applied.device);
        for (key, rule) in support::rules(&applied) {
            if !rule.enabled || support::is_any_any(rule) {
                continue;
            }
            let met = audit.met(applied.device, key);
            let service = met.fold(ServiceSet::none(), |sum, t| sum.union(&t.service));
            if service.is_any() || ports(&service) > limit {
                report(audit, applied.device, key, &service, limit, findings);
            }
        }
    }
}

/// The most destination ports that one protocol has in the set.
fn ports(service: &ServiceSet) -> i64 {
    let count = |proto: u8| -> i64 {
        let of = service.boxes().iter().filter(|b| (b.proto.0..=b.proto.1).contains(&proto));
        let ranges = RangeSet::from_ranges(of.map(|b| b.dport));
        ranges.ranges().iter().map(|(lo, hi)| i64::from(hi - lo) + 1).sum()
    };
    count(TCP).max(count(UDP))
}

/// Traffic to the internet is not judged: what may leave is another question than what may enter.
/// Nor is what administrators reach: they are judged by where they may log in.
fn report(
    audit: &Audit<'_>,
    device: u32,
    key: RuleKey,
    service: &ServiceSet,
    limit: i64,
    findings: &mut Findings<'_>,
) {
    let kind = |id: ZoneId| audit.site.zone(id).kind;
    let trusted = |id: ZoneId| matches!(kind(id), ZoneKind::Admin | ZoneKind::Management);
    let inward = |f: &&Flow| kind(f.to) != ZoneKind::Internet && !trusted(f.from) && f.certain;
    let flows: Vec<&Flow> = audit.flows_of(device, key).filter(inward).collect();
    let Some(first) = flows.first() else { return };
    let inbound = flows.iter().any(|f| support::is_inbound(audit, f));
    let message = if service.is_any() { &EVERYTHING } else { &MANY };
    let draft = rules::fault(audit, findings, message, device, key)
        .at(rules::service_place(audit, device, key))
        .number("ports", ports(service))
        .number("limit", limit)
        .witness(audit.witness(device, &first.traffic, Some(key), true))
        .severity(if inbound { Severity::High } else { Severity::Medium });
    support::zones(audit, draft, &flows).push();
}

//! Destination is too wide.

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Message, Rule, Severity, ZoneKind};

use super::support::{self, Applied, Limits};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2004",
    name: "broad-destination",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-2-2", "MALMO-11.6-2b", "MALMO-11.6-2c", "STHLM-PRI-2", "BASE-2.3"],
    needs: &[Need::Device, Need::Zones],
    parameters: &["broad_prefix_v4", "broad_prefix_v6"],
    title: Message { sv: "Målet är för vitt", en: "Destination is too wide" },
    why: Message {
        sv: "En regel ska inte vara vidare än sitt ändamål. Varje adress och port som den släpper igenom i onödan är en väg in som ingen bevakar.",
        en: "A rule should not be wider than its purpose. Every address and port that it lets through needlessly is a way in that nobody watches.",
    },
    fix: Message {
        sv: "Begränsa målet till de system som tjänsten gäller.",
        en: "Limit the destination to the systems that the service is on.",
    },
    messages: &[&MESSAGE, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) släpper trafik från {from} till {target}; det är vidare än ett /{limit}.",
    en: "{rule} on {device} ({list}) lets traffic through from {from} to {target}; that is wider than a /{limit}.",
};

static UNSET: Message = Message {
    sv: "Parametern {parameter} är inte satt; det går inte att avgöra vilka mål som är för vida.",
    en: "The parameter {parameter} is not set; cannot tell which destinations are too wide.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(limits) = support::prefix_limits(audit, findings, &UNSET) else { return };
    for applied in support::applied(audit) {
        findings.judge(applied.device);
        for (key, rule) in support::rules(&applied) {
            report(audit, &applied, key, rule, limits, findings);
        }
    }
}

/// Only what outsiders or unmanaged devices reach of the municipality's own.
fn report(
    audit: &Audit<'_>,
    applied: &Applied<'_>,
    key: RuleKey,
    rule: &Rule,
    limits: Limits,
    findings: &mut Findings<'_>,
) {
    let outer = |f: &&Flow| {
        let (from, to) = (audit.site.zone(f.from).kind, audit.site.zone(f.to).kind);
        f.certain && (from.is_untrusted() || from == ZoneKind::Other) && to != ZoneKind::Internet
    };
    let flows: Vec<&Flow> = audit.flows_of(applied.device, key).filter(outer).collect();
    let Some(limit) = limits.exceeded(&rule.matches.dst) else { return };
    let Some(first) = flows.first().filter(|_| rule.enabled && !support::is_any_any(rule)) else {
        return;
    };
    let draft = support::fault(audit, findings, &MESSAGE, applied.device, key)
        .arg("target", support::addresses(&rule.matches.dst))
        .number("limit", limit)
        .witness(audit.witness(applied.device, &first.traffic, Some(key), true));
    support::zones(audit, draft, &flows).push();
}

//! Decision without the type of traffic.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};
use portvakt_space::ServiceSet;

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1013",
    name: "decision-without-traffic",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5f", "BASE-1.2"],
    needs: &[Need::Register],
    parameters: &[],
    title: Message { sv: "Beslut utan trafiktyp", en: "Decision without the type of traffic" },
    why: Message {
        sv: "Ett beslut som inte säger protokoll och port går inte att jämföra med regeln. ”Alla” är ingen trafiktyp.",
        en: "A decision that does not say protocol and port cannot be compared with the rule. \"Any\" is no type of traffic.",
    },
    fix: Message {
        sv: "Ange protokoll, port och riktning.",
        en: "State protocol, port and direction.",
    },
    messages: &[&MISSING, &EVERYTHING],
    run,
};

static MISSING: Message = Message {
    sv: "Beslut {decision} anger ingen trafiktyp.",
    en: "Decision {decision} states no type of traffic.",
};

static EVERYTHING: Message = Message {
    sv: "Beslut {decision} anger trafiktypen ”{traffic}”: det tillåter alla tjänster.",
    en: "Decision {decision} gives the type of traffic as \"{traffic}\": it permits every service.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    for decision in support::standing(audit) {
        let text = support::text(decision.traffic_text.as_ref());
        let at = support::cell(decision.traffic_text.as_ref(), decision);
        if text.is_empty() && decision.service.is_none() {
            support::fault(findings, &MISSING, decision, at).push();
        } else if decision.service.as_ref().is_some_and(ServiceSet::is_any) {
            support::fault(findings, &EVERYTHING, decision, at).text("traffic", text).push();
        }
    }
}

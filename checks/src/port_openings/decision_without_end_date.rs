//! Decision without an end date.

use portvakt_analysis::Audit;
use portvakt_model::{EndDate, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1010",
    name: "decision-without-end-date",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5c", "BASE-1.3"],
    needs: &[Need::Register],
    parameters: &["open_ended_allowed"],
    title: Message { sv: "Beslut utan slutdatum", en: "Decision without an end date" },
    why: Message {
        sv: "Utan slutdatum omprövas öppningen aldrig.",
        en: "Without an end date the opening is never reconsidered.",
    },
    fix: Message { sv: "Sätt ett slutdatum.", en: "Set an end date." },
    messages: &[&MISSING, &OPEN_ENDED, &UNREADABLE],
    run,
};

static MISSING: Message = Message {
    sv: "Beslut {decision} saknar slutdatum.",
    en: "Decision {decision} has no end date.",
};

static OPEN_ENDED: Message = Message {
    sv: "Beslut {decision} gäller tillsvidare; det är ingen tidsbegränsning.",
    en: "Decision {decision} runs until further notice, which is no time limit.",
};

static UNREADABLE: Message = Message {
    sv: "Slutdatum i beslut {decision} går inte att tolka.",
    en: "The end date of decision {decision} cannot be understood.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    let open_ended_allowed = audit.parameters.flag("open_ended_allowed").unwrap_or(false);
    for decision in support::standing(audit) {
        match &decision.valid_to {
            EndDate::Missing => {
                support::fault(findings, &MISSING, decision, decision.at.clone()).push();
            }
            EndDate::Open(at) if !open_ended_allowed => {
                support::fault(findings, &OPEN_ENDED, decision, at.clone()).push();
            }
            EndDate::Unreadable(at) => {
                findings
                    .cannot_tell(&UNREADABLE, at.clone())
                    .text("decision", &decision.id)
                    .key(&decision.id)
                    .push();
            }
            EndDate::Open(_) | EndDate::On(..) => {}
        }
    }
}

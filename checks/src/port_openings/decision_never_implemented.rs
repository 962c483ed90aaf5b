//! Decision that no rule implements.

use portvakt_analysis::{Audit, Implementation};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1015",
    name: "decision-never-implemented",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-11.6-5", "BASE-1.4"],
    needs: &[Need::Device, Need::Register, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Beslut som ingen regel genomför",
        en: "Decision that no rule implements",
    },
    why: Message {
        sv: "Ett gällande beslut utan regel är antingen inte infört eller inte längre behövt; registret visar då fel.",
        en: "A decision in force without a rule is either not implemented or no longer needed; the register is then wrong.",
    },
    fix: Message {
        sv: "Avsluta beslutet, eller inför regeln.",
        en: "End the decision, or implement the rule.",
    },
    messages: &[&MESSAGE, &INSIDE_ONLY],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} gäller, men ingen regel släpper igenom något av det.",
    en: "Decision {decision} is in force, but no rule lets any of it through.",
};

static INSIDE_ONLY: Message = Message {
    sv: "Beslut {decision} gäller trafik utifrån eller ut, men de regler som släpper igenom något av det gäller bara kommunens egna adresser.",
    en: "Decision {decision} is about traffic from or to the outside, but the rules that let any of it through are for the municipality's own addresses only.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    for (decision, state) in decisions.iter().zip(&audit.openings().decisions) {
        let message = match state {
            Implementation::Missing => &MESSAGE,
            Implementation::InsideOnly => &INSIDE_ONLY,
            Implementation::Seen | Implementation::CannotTell | Implementation::NotInForce => {
                continue;
            }
        };
        support::fault(findings, message, decision, decision.at.clone()).push();
    }
}

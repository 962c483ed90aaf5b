//! Decision without an orderer.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1009",
    name: "decision-without-orderer",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5b", "BASE-1.2"],
    needs: &[Need::Register],
    parameters: &[],
    title: Message { sv: "Beslut utan beställare", en: "Decision without an orderer" },
    why: Message {
        sv: "Beställaren är den som behöver tjänsten och svarar för att den behövs. En avdelning eller ”IT” kan ingen fråga.",
        en: "The orderer is the one who needs the service and answers for that need. A department, or \"IT\", cannot be asked.",
    },
    fix: Message {
        sv: "Ange beställaren med namn eller befattning.",
        en: "Name the orderer, by name or role.",
    },
    messages: &[&MISSING, &NOBODY],
    run,
};

static MISSING: Message = Message {
    sv: "Beslut {decision} anger ingen beställare.",
    en: "Decision {decision} names no orderer.",
};

static NOBODY: Message = Message {
    sv: "Beslut {decision} anger beställaren som ”{orderer}”, som varken är en person eller en befattning.",
    en: "Decision {decision} gives the orderer as \"{orderer}\", which is neither a person nor a role.",
};

/// Units and placeholders that nobody can ask, in lower case.
const NOBODY_NAMES: &[&str] = &[
    "it",
    "it-avdelningen",
    "it-enheten",
    "drift",
    "driften",
    "support",
    "helpdesk",
    "kommunen",
    "alla",
    "okänd",
    "konsult",
    "leverantören",
    "-",
    "?",
    "x",
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    for decision in support::standing(audit) {
        let orderer = support::text(decision.orderer.as_ref());
        let at = support::cell(decision.orderer.as_ref(), decision);
        if orderer.is_empty() {
            support::fault(findings, &MISSING, decision, at).push();
        } else if NOBODY_NAMES.contains(&orderer.to_lowercase().as_str()) {
            support::fault(findings, &NOBODY, decision, at).text("orderer", orderer).push();
        }
    }
}

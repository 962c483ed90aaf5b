//! Port opening without a decision.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1001",
    name: "undocumented-opening",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "MALMO-11.6-2b", "BASE-1.1"],
    needs: &[Need::Device, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message { sv: "Portöppning utan beslut", en: "Port opening without a decision" },
    why: Message {
        sv: "Varje öppning i en brandvägg ska ha beställts, beslutats och dokumenterats. En öppning som ingen har beslutat om har ingen som svarar för den, och ingen som stänger den.",
        en: "Every opening in a firewall is ordered, decided and documented. An opening that nobody decided has nobody who answers for it, and nobody who closes it.",
    },
    fix: Message {
        sv: "Ta bort regeln, eller låt behörig beställare fatta beslut och för in det i registret.",
        en: "Remove the rule, or have an authorised orderer decide on it and enter the decision in the register.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper igenom {traffic} från {from} till {to}, utan något beslut.",
    en: "{rule} on {device} lets {traffic} through from {from} to {to}, with no decision.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for opening in support::openings(audit, OpeningStanding::Undocumented) {
        let draft = findings.violation(&MESSAGE, support::place(audit, opening));
        support::describe(audit, opening, draft).push();
    }
}

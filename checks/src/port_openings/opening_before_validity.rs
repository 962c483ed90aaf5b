//! Port opening exists before its decision begins.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1004",
    name: "opening-before-validity",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-5", "MALMO-11.6-5c", "BASE-1.1"],
    needs: &[Need::Device, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message {
        sv: "Portöppningen finns innan beslutet börjar gälla",
        en: "Port opening exists before its decision begins",
    },
    why: Message {
        sv: "Ett beslut gäller från sin första dag. Dessförinnan är öppningen inte beslutad.",
        en: "A decision holds from its first day. Before that the opening is not decided.",
    },
    fix: Message {
        sv: "Stäng öppningen tills beslutet börjar gälla, eller ändra beslutets startdatum.",
        en: "Close the opening until the decision begins, or change its first day.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper redan igenom {traffic} från {from} till {to}, men {decisions} har inte börjat gälla.",
    en: "{rule} on {device} already lets {traffic} through from {from} to {to}, but {decisions} has not begun.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for opening in support::openings(audit, OpeningStanding::NotYetValid) {
        let draft = findings.violation(&MESSAGE, support::place(audit, opening));
        support::describe(audit, opening, draft).push();
    }
}

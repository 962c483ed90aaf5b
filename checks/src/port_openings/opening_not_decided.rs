//! Port opening on a request that was not granted.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1005",
    name: "opening-not-decided",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "BASE-1.1"],
    needs: &[Need::Device, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message {
        sv: "Portöppning på en ansökan som inte beviljats",
        en: "Port opening on a request that was not granted",
    },
    why: Message {
        sv: "En ansökan som avslagits, återkallats eller ännu inte beslutats tillåter ingenting.",
        en: "A request that was refused, withdrawn or not yet decided permits nothing.",
    },
    fix: Message {
        sv: "Stäng öppningen, eller fatta beslut om den.",
        en: "Close the opening, or decide on it.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper igenom {traffic} från {from} till {to}, men {decisions} är inte ett gällande beslut.",
    en: "{rule} on {device} lets {traffic} through from {from} to {to}, but {decisions} is not a decision in force.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for opening in support::openings(audit, OpeningStanding::NotDecided) {
        let draft = findings.violation(&MESSAGE, support::place(audit, opening));
        support::describe(audit, opening, draft).push();
    }
}

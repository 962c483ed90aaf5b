//! Port opening remains after its decision ended.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1003",
    name: "opening-after-expiry",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "MALMO-11.6-5c", "BASE-1.3"],
    needs: &[Need::Device, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message {
        sv: "Portöppningen är kvar efter att beslutet gått ut",
        en: "Port opening remains after its decision ended",
    },
    why: Message {
        sv: "Ett beslut är tidsbegränsat för att öppningen ska omprövas. En öppning som lever vidare efter slutdatum saknar beslut.",
        en: "A decision has an end date so that the opening is reconsidered. An opening that lives on after it has no decision.",
    },
    fix: Message {
        sv: "Stäng öppningen, eller förnya beslutet.",
        en: "Close the opening, or renew the decision.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper fortfarande igenom {traffic} från {from} till {to}, fast {decisions} har gått ut.",
    en: "{rule} on {device} still lets {traffic} through from {from} to {to}, although {decisions} has ended.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for opening in support::openings(audit, OpeningStanding::Expired) {
        let draft = findings.violation(&MESSAGE, support::place(audit, opening));
        support::describe(audit, opening, draft).push();
    }
}

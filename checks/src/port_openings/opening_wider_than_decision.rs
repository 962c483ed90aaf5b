//! Port opening is wider than its decision.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1002",
    name: "opening-wider-than-decision",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "MALMO-11.6-5f", "MALMO-2-2", "MALMO-11.6-2b", "BASE-1.1"],
    needs: &[Need::Device, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message {
        sv: "Portöppningen är vidare än sitt beslut",
        en: "Port opening is wider than its decision",
    },
    why: Message {
        sv: "Det som släpps igenom utöver beslutet har ingen beslutat om. Beslut och regel jämförs som exakta mängder av paket.",
        en: "What passes beyond the decision was decided by nobody. Decision and rule are compared as exact sets of packets.",
    },
    fix: Message {
        sv: "Snäva av regeln till det som beslutet säger, eller komplettera beslutet.",
        en: "Narrow the rule to what the decision says, or extend the decision.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper igenom mer än {decisions} tillåter: {traffic} från {from} till {to}.",
    en: "{rule} on {device} lets more through than {decisions} permits: {traffic} from {from} to {to}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for opening in support::openings(audit, OpeningStanding::Wider) {
        let draft = findings.violation(&MESSAGE, support::place(audit, opening));
        support::describe(audit, opening, draft).push();
    }
}

//! Cannot tell whether the port opening is decided.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1006",
    name: "opening-not-decidable",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "BASE-1.1"],
    needs: &[Need::Device, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message {
        sv: "Går inte att avgöra om portöppningen är beslutad",
        en: "Cannot tell whether the port opening is decided",
    },
    why: Message {
        sv: "Regeln eller beslutet innehåller något som inte går att räkna på, till exempel ett namn i stället för en adress. Då kan täckningen varken bevisas eller motbevisas.",
        en: "The rule or its decision holds something that cannot be computed, such as a name in place of an address. Coverage can then be neither proven nor refuted.",
    },
    fix: Message {
        sv: "Ersätt det som inte går att tolka med adresser och portar, i regeln och i beslutet, eller granska öppningen för hand.",
        en: "Replace what cannot be understood by addresses and ports, in the rule and in the decision, or review the opening by hand.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Det går inte att avgöra om {rule} i {device} täcks av ett beslut: den kan släppa igenom {traffic} från {from} till {to}.",
    en: "Cannot tell whether a decision covers {rule} on {device}: it may let {traffic} through from {from} to {to}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for opening in support::openings(audit, OpeningStanding::CannotTell) {
        let draft = findings.cannot_tell(&MESSAGE, support::place(audit, opening));
        support::describe(audit, opening, draft).push();
    }
}

//! Decision without a contact person.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1011",
    name: "decision-without-contact",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-5d", "BASE-1.2"],
    needs: &[Need::Register],
    parameters: &[],
    title: Message { sv: "Beslut utan kontaktperson", en: "Decision without a contact person" },
    why: Message {
        sv: "När något händer måste någon kunna svara för öppningen.",
        en: "When something happens somebody must be able to answer for the opening.",
    },
    fix: Message {
        sv: "Ange en kontaktperson i registret.",
        en: "Name a contact person in the register.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} anger ingen kontaktperson.",
    en: "Decision {decision} names no contact person.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::require(audit, findings, &MESSAGE, |d| d.contact.as_ref());
}

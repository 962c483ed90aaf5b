//! Reference to something that does not exist.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2011",
    name: "undefined-object",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-2d", "MALMO-11.6-2b", "BASE-2.7"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Hänvisning till något som inte finns",
        en: "Reference to something that does not exist",
    },
    why: Message {
        sv: "En regel som hänvisar till ett namn som inte finns gör inte det den ser ut att göra; vad den gör beror på tillverkaren.",
        en: "A rule that refers to a name that does not exist does not do what it seems to; what it does depends on the vendor.",
    },
    fix: Message {
        sv: "Rätta namnet, eller ta bort hänvisningen.",
        en: "Mend the name, or remove the reference.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{user} i {device} hänvisar till {kind} ”{name}”, som inte finns.",
    en: "{user} on {device} refers to {kind} \"{name}\", which does not exist.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices() {
        findings.judge(device);
        for missing in model.undefined.iter().filter(|u| !support::was_to_filter(u)) {
            findings
                .violation(&MESSAGE, audit.at(device, missing.line))
                .device(device)
                .arg("user", support::user(missing))
                .arg("kind", support::kind(missing))
                .text("name", &missing.name)
                .key(format!("{} {} {}", missing.used_by, missing.kind, missing.name))
                .push();
        }
    }
}

//! Applied rule list does not exist.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2014",
    name: "applied-list-missing",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-2d", "MALMO-11.6-4", "BASE-2.7"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Tillämpad regellista finns inte",
        en: "Applied rule list does not exist",
    },
    why: Message {
        sv: "Cisco IOS släpper igenom allt när listan inte finns. Andra tillverkare gör annorlunda; hur som helst filtreras inte som det var tänkt.",
        en: "Cisco IOS lets everything through when the list does not exist. Other vendors differ; either way nothing is filtered as intended.",
    },
    fix: Message {
        sv: "Skapa listan, eller ta bort hänvisningen till den.",
        en: "Create the list, or remove the reference to it.",
    },
    messages: &[&PERMITS, &UNKNOWN],
    run,
};

static PERMITS: Message = Message {
    sv: "{user} i {device} tillämpar listan {name}, som inte finns: allt släpps igenom.",
    en: "{user} on {device} applies the list {name}, which does not exist: everything is let through.",
};

static UNKNOWN: Message = Message {
    sv: "{user} i {device} tillämpar listan {name}, som inte finns; vad som då släpps igenom går inte att avgöra.",
    en: "{user} on {device} applies the list {name}, which does not exist; what is then let through cannot be told.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices() {
        findings.judge(device);
        for missing in model.undefined.iter().filter(|u| support::was_to_filter(u)) {
            let at = audit.at(device, missing.line);
            // Cisco, "Configuring IP Access Lists": an undefined list permits all.
            let draft = if model.format == "cisco-ios" {
                findings.violation(&PERMITS, at)
            } else {
                findings.cannot_tell(&UNKNOWN, at)
            };
            draft
                .device(device)
                .arg("user", support::user(missing))
                .text("name", &missing.name)
                .key(format!("{} {}", missing.used_by, missing.name))
                .push();
        }
    }
}

//! The device does not save its configuration anywhere else.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Location, Message, Role, Severity};

use super::support::managed;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6029",
    name: "configuration-not-backed-up",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.5-1", "BASE-5.7"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Konfigurationen säkerhetskopieras inte",
        en: "The configuration is not backed up",
    },
    why: Message {
        sv: "Utan kopia kan en trasig eller manipulerad enhet inte återställas, och ändringar går \
             inte att jämföra.",
        en: "Without a copy a broken or tampered device cannot be restored, and changes cannot be \
             compared.",
    },
    fix: Message {
        sv: "Schemalägg kopiering över en krypterad väg, från enheten eller med ett verktyg som \
             hämtar konfigurationen. Hämtar ett verktyg den redan, registrera det som underlag.",
        en: "Schedule a copy over an encrypted way, from the device or with a tool that fetches the \
             configuration. If a tool does so already, register that as evidence.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Inget i exporterna visar att konfigurationen sparas någon annanstans för {devices}; om \
         ett verktyg hämtar den syns inte här.",
    en: "Nothing in the exports shows that the configuration is saved elsewhere for {devices}; \
         whether a tool fetches it does not show here.",
};

/// A device that saves nothing itself may be read by a tool: only a person can tell, once for all of
/// them.
fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut unsaved: Vec<u32> = Vec::new();
    for (device, management) in managed(audit) {
        if management.config_backup.as_ref().is_some_and(|backup| backup.value) {
            findings.judge(device);
        } else {
            unsaved.push(device);
        }
    }
    if unsaved.is_empty() {
        return;
    }
    findings.judge_site();
    let name = |device: &u32| audit.devices[*device as usize].name.clone();
    let mut draft = findings
        .cannot_tell(&MESSAGE, Location::Site)
        .arg("devices", Arg::Names(unsaved.iter().map(name).collect()))
        .key("unsaved");
    for device in &unsaved {
        draft = draft.related(Role::Definition, audit.at(*device, 0), name(device));
    }
    draft.push();
}

//! Host that filters for itself and stands in no zone.

use portvakt_analysis::{Audit, flows};
use portvakt_model::{Device, Hook, Message, Ruleset, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV0006",
    name: "host-without-zone",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-6.5-1", "BASE-0.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message { sv: "Värd som inte står i någon zon", en: "Host that stands in no zone" },
    why: Message {
        sv: "En värds egen export säger sällan vilka adresser den har. Utan zon går det inte att avgöra vem som når den, och ingen av dess öppningar prövas mot registret.",
        en: "A host's own export seldom says which addresses it has. Without a zone it cannot be told who reaches it, and none of its openings is compared with the register.",
    },
    fix: Message {
        sv: "Skriv in värdens gränssnitt i sin zon i portvakt.toml, till exempel interfaces = [\"srv-web:eth0\"].",
        en: "Name the host's interface in its zone in portvakt.toml, like interfaces = [\"srv-web:eth0\"].",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} står i ingen zon: vad den släpper in till sig själv går inte att avgöra.",
    en: "{device} stands in no zone: what it lets in to itself cannot be told.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        let Some(list) = own_filter(device) else { continue };
        findings.judge(index);
        if flows::standing(audit.zones_of_device(index)).is_empty() {
            findings
                .cannot_tell(&MESSAGE, audit.at(index, list.line))
                .device(index)
                .key("zone")
                .push();
        }
    }
}

/// The list by which a host lets in what is for itself. A device with a management plane is judged by
/// that.
fn own_filter(device: &Device) -> Option<&Ruleset> {
    let is_own = |list: &&Ruleset| list.hooks.iter().any(|h| matches!(h, Hook::Local(_)));
    device.rulesets.iter().find(is_own).filter(|_| device.management.is_none())
}

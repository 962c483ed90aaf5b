//! Zone that no device read leads to.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV0005",
    name: "zone-without-device",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-6.5-1", "MALMO-11.6-2a", "BASE-0.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Zon som ingen inläst utrustning leder till",
        en: "Zone that no device read leads to",
    },
    why: Message {
        sv: "Det som gäller zonen går inte att avgöra förrän konfigurationen som vaktar den är inläst.",
        en: "What concerns the zone cannot be decided until the configuration that guards it is read.",
    },
    fix: Message {
        sv: "Lägg till konfigurationen, eller ange zonens gränssnitt i portvakt.toml.",
        en: "Add the configuration, or name the interfaces of the zone in portvakt.toml.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Ingen inläst utrustning leder till zonen {zone}.",
    en: "No device that was read leads to the zone {zone}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    for (id, zone) in audit.site.zone_ids() {
        let leads = |d: u32| {
            let attachment = &audit.zones_of_device(d)[id.0 as usize];
            attachment.is_known() || attachment.unknown
        };
        if !(0..audit.devices.len() as u32).any(leads) {
            findings
                .cannot_tell(&MESSAGE, zone.at.clone())
                .text("zone", &zone.name)
                .owner(zone.owner.clone())
                .key(&zone.name)
                .push();
        }
    }
}

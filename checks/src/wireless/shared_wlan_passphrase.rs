//! A wireless network for staff or equipment has one passphrase for all.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, Ssid, WlanAuth};

use super::support::{self, Audience};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4106",
    name: "shared-wlan-passphrase",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.4-1", "MALMO-12.5-6", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Gemensam lösenfras i trådlöst nät för personal",
        en: "Shared passphrase in a wireless network for staff",
    },
    why: Message {
        sv: "Den som slutar har lösenfrasen kvar, och ingen ser vem som är ansluten. Lösenord ska vara individuella.",
        en: "Whoever leaves keeps the passphrase, and nobody sees who is connected. Passwords are to be individual.",
    },
    fix: Message {
        sv: "Gå över till 802.1X med certifikat eller konto. Utrustning som inte klarar det får ett eget avgränsat nät, med avsteg.",
        en: "Change to 802.1X with certificates or accounts. Equipment that cannot do so gets a limited network of its own, by exception.",
    },
    messages: &[&INSIDE, &UNSTATED],
    run,
};

static INSIDE: Message = Message {
    sv: "{ssid} på {device} ({auth}) leder till {zone} med en gemensam lösenfras för alla.",
    en: "{ssid} on {device} ({auth}) leads to {zone} with one passphrase shared by everybody.",
};

static UNSTATED: Message = Message {
    sv: "{ssid} på {device} ({auth}) har en gemensam lösenfras. Om nätet är till för personal går inte att avgöra: ange dess zon i tabellen över trådlösa nät.",
    en: "{ssid} on {device} ({auth}) has one shared passphrase. Whether the network is for staff cannot be told: state its zone in the table of wireless networks.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit).filter(|(_, s)| is_shared(s)) {
        let (wlan, line) = ((device, ssid), ssid.security_line);
        let zones = audit.zone_names(support::zones(audit, device, ssid));
        let draft = match support::audience(audit, device, ssid) {
            Audience::Outsiders => continue,
            Audience::Insiders => support::fault(audit, findings, &INSIDE, wlan, line)
                .text("zone", if zones.is_empty() { "?".to_owned() } else { zones.join(", ") }),
            Audience::Unknown => support::unknown(audit, findings, &UNSTATED, wlan, line),
        };
        draft.text("auth", support::ways_in(&ssid.security.auth)).push();
    }
}

fn is_shared(ssid: &Ssid) -> bool {
    ssid.security.auth.iter().any(|a| matches!(a, WlanAuth::Psk | WlanAuth::Sae))
}

//! A wireless network for staff or equipment asks for nothing.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, WlanAuth};

use super::support::{self, Audience};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4103",
    name: "open-wlan",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.5-7", "MALMO-12.4-4", "MALMO-12.5-6", "BASE-4.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Öppet trådlöst nät", en: "Open wireless network" },
    why: Message {
        sv: "I ett öppet nät kan vem som helst i närheten ansluta och läsa all trafik som inte skyddas på annat sätt. Ingen som ansluter går att spåra.",
        en: "Anybody near an open network can join it and read all traffic that is not protected otherwise. Nobody who joins can be traced.",
    },
    fix: Message {
        sv: "Kräv inloggning med 802.1X (WPA3-Enterprise). Är nätet till för allmänheten: lägg det i en zon av slaget public-wlan och använd OWE.",
        en: "Ask for login by 802.1X (WPA3-Enterprise). If the network is for the public: put it in a zone of kind public-wlan and use OWE.",
    },
    messages: &[&INSIDE, &UNSTATED],
    run,
};

static INSIDE: Message = Message {
    sv: "{ssid} på {device} är öppet och leder till {zone}: vem som helst kan ansluta, och trafiken är oskyddad i luften.",
    en: "{ssid} on {device} is open and leads to {zone}: anybody can join, and the air is in the clear.",
};

static UNSTATED: Message = Message {
    sv: "{ssid} på {device} är öppet, och varken zon eller tabellen över trådlösa nät säger att det är till för allmänheten.",
    en: "{ssid} on {device} is open, and neither a zone nor the table of wireless networks says that it is for the public.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit) {
        if !ssid.security.auth.contains(&WlanAuth::Open) {
            continue;
        }
        let (wlan, line) = ((device, ssid), ssid.security_line);
        let zones = audit.zone_names(support::zones(audit, device, ssid));
        match support::audience(audit, device, ssid) {
            Audience::Outsiders => {}
            Audience::Insiders => support::fault(audit, findings, &INSIDE, wlan, line)
                .text("zone", zones.join(", "))
                .push(),
            Audience::Unknown => support::fault(audit, findings, &UNSTATED, wlan, line)
                .severity(Severity::Medium)
                .push(),
        }
    }
}

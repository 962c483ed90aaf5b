//! Clients of a wireless network reach each other.

use portvakt_analysis::Audit;
use portvakt_model::{Isolation, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4101",
    name: "wlan-isolation-off",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-W3", "MALMO-12.5-7", "BASE-4.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Klienter i ett trådlöst nät når varandra",
        en: "Clients of a wireless network reach each other",
    },
    why: Message {
        sv: "Utan klientisolering kan en smittad eller fientlig enhet angripa de andra i samma nät, förbi brandväggen.",
        en: "Without client isolation an infected or hostile device can attack the others in the same network, past the firewall.",
    },
    fix: Message {
        sv: "Slå på klientisolering för nätet. FortiOS: intra-vap-privacy enable; Catalyst 9800: peer-blocking drop. Behöver enheter nå varandra, ansök om avsteg.",
        en: "Turn client isolation on for the network. FortiOS: intra-vap-privacy enable; Catalyst 9800: peer-blocking drop. Where devices must reach each other, apply for an exception.",
    },
    messages: &[&SET, &BY_DEFAULT, &UNKNOWN],
    run,
};

static SET: Message = Message {
    sv: "Klientisolering är avstängd i {ssid} på {device}: klienterna når varandra.",
    en: "Client isolation is off in {ssid} on {device}: the clients reach each other.",
};

static BY_DEFAULT: Message = Message {
    sv: "Klientisolering är inte påslagen i {ssid} på {device}, och tillverkarens förval är av: klienterna når varandra.",
    en: "Client isolation is not turned on in {ssid} on {device}, and the vendor's default is off: the clients reach each other.",
};

static UNKNOWN: Message = Message {
    sv: "Om klienterna i {ssid} på {device} når varandra går inte att avgöra: konfigurationen visar inte vad som gäller. Kontrollera klientisoleringen på plats.",
    en: "Whether the clients of {ssid} on {device} reach each other cannot be told: the configuration does not show it. Check client isolation on site.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit) {
        let (wlan, line) = ((device, ssid), ssid.isolation_line);
        match ssid.isolation {
            Isolation::Off => {
                let message = if line.is_some() { &SET } else { &BY_DEFAULT };
                support::fault(audit, findings, message, wlan, line).push();
            }
            Isolation::Unknown => {
                support::unknown(audit, findings, &UNKNOWN, wlan, line).push();
            }
            Isolation::AccessPoint | Isolation::Controller => {}
        }
    }
}

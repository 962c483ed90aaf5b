//! A public wireless network is in the clear.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, WlanAuth};

use super::support::{self, Audience};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4111",
    name: "open-public-wlan",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-10.4-1", "BASE-4.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Publikt trådlöst nät utan kryptering",
        en: "Public wireless network without encryption",
    },
    why: Message {
        sv: "Vem som helst i närheten kan läsa besökarnas trafik. OWE (Enhanced Open) krypterar luften utan att fråga efter något, och besökarna bör få veta vad som gäller.",
        en: "Anybody near can read the visitors' traffic. OWE (Enhanced Open) encrypts the air without asking for anything, and visitors should be told what they use.",
    },
    fix: Message {
        sv: "Använd OWE, eller OWE med övergångsläge. Visa en sida som upplyser om riskerna och om att användningen loggas.",
        en: "Use OWE, or OWE in transition mode. Show a page that tells of the risks and that use is logged.",
    },
    messages: &[&NO_PAGE, &WITH_PAGE],
    run,
};

static NO_PAGE: Message = Message {
    sv: "{ssid} på {device} är öppet och okrypterat, och ingen sida som upplyser besökarna om det syns i konfigurationen.",
    en: "{ssid} on {device} is open and not encrypted, and the configuration shows no page that tells visitors so.",
};

static WITH_PAGE: Message = Message {
    sv: "{ssid} på {device} är öppet och okrypterat. En portal visas; vad den upplyser om syns inte här.",
    en: "{ssid} on {device} is open and not encrypted. A portal is shown; what it tells cannot be seen here.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit) {
        let open = ssid.security.auth.contains(&WlanAuth::Open);
        if open && support::audience(audit, device, ssid) == Audience::Outsiders {
            let told = ssid.portal == Some(true);
            let message = if told { &WITH_PAGE } else { &NO_PAGE };
            support::fault(audit, findings, message, (device, ssid), ssid.security_line)
                .severity(if told { Severity::Info } else { Severity::Low })
                .push();
        }
    }
}

//! A wireless network offers WEP or TKIP.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4104",
    name: "weak-wlan-cipher",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.5-7", "MALMO-13.4-1", "BASE-4.4", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Utdömd kryptering i trådlöst nät",
        en: "Broken encryption in a wireless network",
    },
    why: Message {
        sv: "WEP knäcks på minuter. TKIP, som följer med WPA, är utdömt av IEEE sedan 2012 och skyddar varken mot avlyssning eller mot inskjutna paket. Erbjuds det vid sidan av AES kan en angripare välja det.",
        en: "WEP is broken in minutes. TKIP, which came with WPA, has been deprecated by IEEE since 2012 and protects neither against listening nor against injected packets. Where it is offered beside AES an attacker can choose it.",
    },
    fix: Message {
        sv: "Tillåt bara AES (CCMP eller GCMP) med WPA2 eller WPA3, och byt klienter som inte klarar det.",
        en: "Allow only AES (CCMP or GCMP) with WPA2 or WPA3, and replace clients that cannot do so.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{ssid} på {device} erbjuder {ciphers}, som är utdömt.",
    en: "{ssid} on {device} offers {ciphers}, which is broken.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit) {
        let weak = support::weak_ciphers(ssid);
        if !weak.is_empty() {
            support::fault(audit, findings, &MESSAGE, (device, ssid), ssid.security_line)
                .text("ciphers", weak.join(" + "))
                .push();
        }
    }
}

//! Management frames of a wireless network are not protected.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Pmf, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4105",
    name: "management-frames-unprotected",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.5-7", "BASE-4.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Hanteringsramar i trådlöst nät är oskyddade",
        en: "Management frames of a wireless network are not protected",
    },
    why: Message {
        sv: "Utan skyddade hanteringsramar (PMF, IEEE 802.11w) kan vem som helst koppla ned klienter och locka dem till en falsk accesspunkt.",
        en: "Without protected management frames (PMF, IEEE 802.11w) anybody can throw clients off and lure them to a false access point.",
    },
    fix: Message {
        sv: "Kräv PMF; klarar inte alla klienter det, tillåt det i väntan på att de byts. FortiOS: pmf enable; Catalyst 9800: security pmf mandatory.",
        en: "Require PMF; where some clients cannot, allow it until they are replaced. FortiOS: pmf enable; Catalyst 9800: security pmf mandatory.",
    },
    messages: &[&OFF, &OPTIONAL, &UNKNOWN],
    run,
};

static OFF: Message = Message {
    sv: "{ssid} på {device} ({auth}) skyddar inte hanteringsramar: PMF är av.",
    en: "{ssid} on {device} ({auth}) does not protect management frames: PMF is off.",
};

static OPTIONAL: Message = Message {
    sv: "{ssid} på {device} ({auth}) kräver inte skyddade hanteringsramar: PMF är valfritt, så klienter utan det är oskyddade.",
    en: "{ssid} on {device} ({auth}) does not require protected management frames: PMF is optional, so clients without it are not protected.",
};

static UNKNOWN: Message = Message {
    sv: "Om {ssid} på {device} ({auth}) skyddar hanteringsramar går inte att avgöra: PMF är inte satt, och förvalet beror på version. Sätt det uttryckligen.",
    en: "Whether {ssid} on {device} ({auth}) protects management frames cannot be told: PMF is not set, and the default depends on the version. Set it explicitly.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (device, ssid) in support::announced(audit).filter(|(_, s)| support::can_protect_frames(s))
    {
        let (wlan, line) = ((device, ssid), ssid.security_line);
        let demanded = support::demands_protected_frames(ssid);
        let draft = match ssid.security.pmf {
            Some(Pmf::Required) => continue,
            // WPA3 and OWE bring it with them, whatever an export leaves out.
            None if demanded => continue,
            None => support::unknown(audit, findings, &UNKNOWN, wlan, line),
            Some(Pmf::Optional) => {
                support::fault(audit, findings, &OPTIONAL, wlan, line).severity(Severity::Low)
            }
            Some(Pmf::Off) => support::fault(audit, findings, &OFF, wlan, line)
                .severity(if demanded { Severity::High } else { Severity::Medium }),
        };
        draft.text("auth", support::ways_in(&ssid.security.auth)).push();
    }
}

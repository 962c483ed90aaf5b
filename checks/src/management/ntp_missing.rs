//! No time server.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::{self, managed};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6005",
    name: "ntp-missing",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-8a", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Tidsserver saknas", en: "No time server" },
    why: Message {
        sv: "Utan gemensam tid går loggar från olika enheter inte att lägga bredvid varandra, och \
             certifikat kan godkännas eller nekas fel.",
        en: "Without common time the logs of different devices cannot be laid side by side, and \
             certificates may be accepted or refused wrongly.",
    },
    fix: Message {
        sv: "Ange kommunens tidsservrar på enheten.",
        en: "Set the municipality's time servers on the device.",
    },
    messages: &[&MESSAGE, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} har ingen tidsserver (NTP).",
    en: "{device} has no time server (NTP).",
};

static WHAT: Message = Message {
    sv: "om enheten hämtar tid från någon tidsserver",
    en: "whether the device takes its time from a time server",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        findings.judge(device);
        if !management.ntp.is_empty() {
            continue;
        }
        if management.ntp_known {
            findings.violation(&MESSAGE, audit.at(device, 0)).device(device).push();
        } else {
            support::not_told(audit, findings, device, &WHAT);
        }
    }
}

//! Logs stay on the device.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::{self, managed};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6008",
    name: "no-remote-logging",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.12-5", "MALMO-11.12-8", "MALMO-11.12-4", "STHLM-DEF-3", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Loggarna skickas inte till någon loggserver",
        en: "Logs are not sent to any log server",
    },
    why: Message {
        sv: "Loggar som bara finns i enheten skrivs över, försvinner vid omstart och kan raderas \
             av den som tagit över den.",
        en: "Logs that exist only on the device are overwritten, vanish at a restart and can be \
             erased by whoever has taken it over.",
    },
    fix: Message {
        sv: "Skicka loggarna till kommunens loggserver, helst över TLS (RFC 5425).",
        en: "Send the logs to the municipality's log server, preferably over TLS (RFC 5425).",
    },
    messages: &[&MESSAGE, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} skickar inte sina loggar till någon loggserver.",
    en: "{device} does not send its logs to any log server.",
};

static WHAT: Message = Message {
    sv: "om loggarna skickas till någon loggserver",
    en: "whether logs are sent to a log server",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        findings.judge(device);
        if !management.log_targets.is_empty() {
            continue;
        }
        if management.logging_known {
            findings.violation(&MESSAGE, audit.at(device, 0)).device(device).push();
        } else {
            support::not_told(audit, findings, device, &WHAT);
        }
    }
}

//! Commands leave no trace.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::{self, Switch, managed};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6025",
    name: "commands-not-logged",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.12-4", "MALMO-11.2-4", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Administratörers kommandon loggas inte",
        en: "Administrators' commands are not logged",
    },
    why: Message {
        sv: "Utan logg över kommandon går det inte att säga vem som ändrade vad, och inte att följa \
             vad någon med höga rättigheter har gjort.",
        en: "Without a log of commands nobody can tell who changed what, nor follow what someone with \
             high privileges has done.",
    },
    fix: Message {
        sv: "Slå på loggning av kommandon. Cisco: aaa accounting commands, eller archive / log config. \
             FortiOS: set cli-audit-log enable.",
        en: "Turn on the logging of commands. Cisco: aaa accounting commands, or archive / log config. \
             FortiOS: set cli-audit-log enable.",
    },
    messages: &[&MESSAGE, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} loggar inte vilka kommandon administratörer ger{basis}.",
    en: "{device} does not log the commands that administrators give{basis}.",
};

static WHAT: Message = Message {
    sv: "om administratörers kommandon loggas",
    en: "whether administrators' commands are logged",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let switch = Switch { faulty: false, fault: &MESSAGE, what: Some(&WHAT) };
    for (device, management) in managed(audit) {
        switch.judge(audit, findings, device, management.command_log.as_ref());
    }
}

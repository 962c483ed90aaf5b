//! What visitors do on the internet is not logged.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Logging, Message, Severity, ZoneKind};

use super::surf::{self, Way};
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV4109",
    name: "public-wlan-not-logged",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-10.4-4", "MALMO-12.5-6", "STHLM-PRI-2", "BASE-5.4"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt nät mot internet loggas inte",
        en: "Public network to the internet is not logged",
    },
    why: Message {
        sv: "Trafik från publika miljöer ska loggas och sparas, annars går missbruk inte att utreda. Hur länge loggen sparas avgörs i loggservern och syns inte här.",
        en: "Traffic of public environments is to be logged and kept, or misuse cannot be investigated. How long the log is kept is decided in the log server and cannot be seen here.",
    },
    fix: Message {
        sv: "Slå på loggning på regeln och skicka loggen till kommunens loggserver.",
        en: "Turn logging on for the rule and send the log to the municipality's log server.",
    },
    messages: &[&MESSAGE, &UNKNOWN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper ut {from} på internet utan att logga.",
    en: "{rule} on {device} lets {from} out to the internet without logging.",
};

static UNKNOWN: Message = Message {
    sv: "Om {rule} i {device}, som släpper ut {from} på internet, loggar går inte att avgöra: det bestäms utanför konfigurationen.",
    en: "Whether {rule} on {device}, which lets {from} out to the internet, logs cannot be told: that is decided outside the configuration.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for way in surf::ways(audit) {
        findings.judge(way.device);
        let at = rules::logging_place(audit, way.device, way.key);
        let draft = match logging(audit, &way) {
            Logging::On => continue,
            Logging::Off => findings.violation(&MESSAGE, at),
            Logging::Unknown => findings.cannot_tell(&UNKNOWN, at),
        };
        let public = way.kinds(audit).contains(&ZoneKind::PublicWlan);
        surf::describe(audit, draft, &way)
            .arg("from", Arg::Names(way.from(audit)))
            .severity(if public { Severity::High } else { Severity::Medium })
            .push();
    }
}

/// Whether one of the rules on the way logs.
fn logging(audit: &Audit<'_>, way: &Way<'_>) -> Logging {
    let rules = || way.rules(audit);
    if rules().any(|r| r.logging == Logging::On) {
        Logging::On
    } else if rules().any(|r| r.logging == Logging::Unknown) {
        Logging::Unknown
    } else {
        Logging::Off
    }
}

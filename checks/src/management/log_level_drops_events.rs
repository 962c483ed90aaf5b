//! The log level keeps events from the log server.

use std::collections::BTreeSet;

use portvakt_analysis::Audit;
use portvakt_model::{Arg, LogTarget, Management, Message, Severity};

use super::support::{self, Limit, basis, limit, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6010",
    name: "log-level-drops-events",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.12-8", "STHLM-DEF-3", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &["log_level"],
    title: Message {
        sv: "Loggnivån utelämnar händelser", en: "The log level leaves events out"
    },
    why: Message {
        sv: "Inloggningar, konfigurationsändringar och spärrad trafik loggas på nivåerna 4–6 \
             (RFC 5424). En snävare nivå gör dem osynliga i efterhand.",
        en: "Logins, configuration changes and denied traffic are logged at levels 4–6 (RFC \
             5424). A narrower level makes them invisible afterwards.",
    },
    fix: Message {
        sv: "Höj nivån till informational (6). Cisco: logging trap informational. FortiOS: \
             set severity information.",
        en: "Raise the level to informational (6). Cisco: logging trap informational. FortiOS: \
             set severity information.",
    },
    messages: &[&MESSAGE, &LEVEL_NOT_TOLD, &support::UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} skickar bara händelser till och med nivå {level} ({name}) till {server}; \
         gränsen är {limit} ({source}){basis}.",
    en: "{device} sends only events up to level {level} ({name}) to {server}; the limit is \
         {limit} ({source}){basis}.",
};

static LEVEL_NOT_TOLD: Message = Message {
    sv: "Exporten från {device} visar inte vilken nivå av händelser som skickas till {server}.",
    en: "The export of {device} does not tell which level of events is sent to {server}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    if managed(audit).all(|(_, m)| m.log_targets.is_empty()) {
        return;
    }
    let Some(limit) = limit(audit, findings, "log_level") else { return };
    for (device, management) in managed(audit).filter(|(_, m)| !m.log_targets.is_empty()) {
        findings.judge(device);
        levels(audit, device, management, &limit, findings);
    }
}

fn levels(
    audit: &Audit<'_>,
    device: u32,
    management: &Management,
    limit: &Limit,
    findings: &mut Findings<'_>,
) {
    for target in distinct(management) {
        match &target.level {
            Some(level) if i64::from(level.value) < limit.value => findings
                .violation(&MESSAGE, place(audit, device, level))
                .device(device)
                .number("level", level.value)
                .text("name", severity_name(level.value))
                .text("server", &target.target)
                .number("limit", limit.value)
                .text("source", &limit.source)
                .arg("basis", basis(level))
                .key(&target.target)
                .push(),
            Some(_) => {}
            None => findings
                .cannot_tell(&LEVEL_NOT_TOLD, audit.at(device, target.line))
                .device(device)
                .arg("server", Arg::Text(target.target.clone()))
                .key(&target.target)
                .push(),
        }
    }
}

/// Receivers whose level is decided in one place count once.
fn distinct(management: &Management) -> Vec<&LogTarget> {
    let mut seen = BTreeSet::new();
    let set_at = |t: &&LogTarget| t.level.as_ref().map(|l| (l.value, l.line()));
    management.log_targets.iter().filter(|t| seen.insert(set_at(t))).collect()
}

/// The name of a syslog severity (RFC 5424 §6.2.1).
fn severity_name(level: u8) -> &'static str {
    const NAMES: [&str; 8] =
        ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];
    NAMES.get(usize::from(level)).copied().unwrap_or("?")
}

//! An idle session stays open too long, or for ever.

use std::collections::BTreeMap;

use portvakt_analysis::Audit;
use portvakt_model::{AccessLine, Arg, Basis, Fact, LineKind, Location, Message, Severity};

use super::support::{self, Limit, Named, basis, limit, managed, name_all, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6016",
    name: "session-timeout-too-long",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-12.8-4", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &["session_timeout_minutes"],
    title: Message {
        sv: "Inloggningen löper för länge utan aktivitet",
        en: "Idle session stays open too long",
    },
    why: Message {
        sv: "En öppen session på en lämnad dator är en inloggning utan lösenord för den som går \
             förbi.",
        en: "An open session on an abandoned computer is a login without a password for whoever \
             walks by.",
    },
    fix: Message {
        sv: "Sätt tidsgränsen till regelns värde eller lägre. Cisco IOS: exec-timeout. FortiOS: \
             admintimeout.",
        en: "Set the timeout to the rule's value or lower. Cisco IOS: exec-timeout. FortiOS: \
             admintimeout.",
    },
    messages: &[&NEVER, &TOO_LONG, &TIME_NOT_TOLD, &support::UNSET],
    run,
};

static NEVER: Message = Message {
    sv: "{device} avslutar aldrig en inaktiv inloggning på {lines}{basis}.",
    en: "{device} never ends an idle session on {lines}{basis}.",
};

static TOO_LONG: Message = Message {
    sv: "{device} avslutar en inaktiv inloggning på {lines} först efter {time}; gränsen är {limit} \
         minuter ({source}){basis}.",
    en: "{device} ends an idle session on {lines} only after {time}; the limit is {limit} minutes \
         ({source}){basis}.",
};

static TIME_NOT_TOLD: Message = Message {
    sv: "Exporten från {device} visar inte när en inaktiv inloggning på {lines} avslutas.",
    en: "The export of {device} does not tell when an idle session on {lines} ends.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let timed = |l: &AccessLine| l.idle_seconds.as_ref().is_some_and(|idle| idle.value > 0);
    let limit = if managed(audit).any(|(_, m)| m.lines.iter().any(timed)) {
        limit(audit, findings, "session_timeout_minutes")
    } else {
        None
    };
    for (device, management) in managed(audit).filter(|(_, m)| !m.lines.is_empty()) {
        findings.judge(device);
        for group in groups(&management.lines).values() {
            judge(audit, device, group, limit.as_ref(), findings);
        }
    }
}

/// Lines whose time is set in one place, together.
fn groups(lines: &[AccessLine]) -> BTreeMap<Option<(u32, u32)>, Vec<&AccessLine>> {
    let mut groups: BTreeMap<_, Vec<&AccessLine>> = BTreeMap::new();
    for line in lines.iter().filter(|l| is_used(l)) {
        let key = line.idle_seconds.as_ref().map(|idle| (idle.line().unwrap_or(0), idle.value));
        groups.entry(key).or_default().push(line);
    }
    groups
}

/// Whether a session can begin there: a virtual line that takes no protocol is shut.
fn is_used(line: &AccessLine) -> bool {
    line.kind != LineKind::Remote || !line.transports.is_empty()
}

fn judge(
    audit: &Audit<'_>,
    device: u32,
    lines: &[&AccessLine],
    limit: Option<&Limit>,
    findings: &mut Findings<'_>,
) {
    let named: Vec<Named> = lines.iter().map(|l| (l.line, l.name.clone())).collect();
    let key = lines.iter().map(|l| l.name.as_str()).collect::<Vec<_>>().join(",");
    let Some(idle) = lines.first().and_then(|l| l.idle_seconds.as_ref()) else {
        let at = audit.at(device, lines.first().map_or(0, |l| l.line));
        let draft = findings.cannot_tell(&TIME_NOT_TOLD, at).device(device).key(key);
        name_all(draft, audit, device, "lines", &named).push();
        return;
    };
    let too_long = limit.filter(|l| i64::from(idle.value) > l.value.saturating_mul(60));
    if idle.value != 0 && too_long.is_none() {
        return;
    }
    let message = if idle.value == 0 { &NEVER } else { &TOO_LONG };
    let mut draft = findings.violation(message, at(audit, device, lines, idle)).device(device);
    if let Some(limit) = too_long {
        draft = draft.number("limit", limit.value).text("source", &limit.source);
    }
    let draft = draft.arg("time", time(idle.value)).arg("basis", basis(idle)).key(key);
    name_all(draft, audit, device, "lines", &named).push();
}

/// The setting, or the first line that it holds for where it is absent.
fn at(audit: &Audit<'_>, device: u32, lines: &[&AccessLine], idle: &Fact<u32>) -> Location {
    match idle.basis {
        Basis::Line(_) => place(audit, device, idle),
        Basis::VendorDefault(_) => audit.at(device, lines.first().map_or(0, |l| l.line)),
    }
}

/// Seconds as a person says them.
fn time(seconds: u32) -> Arg {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    if rest == 0 {
        return Arg::Either(format!("{minutes} minuter"), format!("{minutes} minutes"));
    }
    Arg::Either(
        format!("{minutes} minuter och {rest} sekunder"),
        format!("{minutes} minutes and {rest} seconds"),
    )
}

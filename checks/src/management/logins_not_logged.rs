//! Logins leave no trace.

use portvakt_analysis::Audit;
use portvakt_model::{Fact, Management, Message, Severity};

use super::support::{self, basis, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6026",
    name: "logins-not-logged",
    aliases: &["failed-logins-not-logged"],
    severity: Severity::Medium,
    serves: &["MALMO-B1-1", "MALMO-11.12-2", "MALMO-12.4-2", "K001-LOG-1", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Inloggningar loggas inte", en: "Logins are not logged" },
    why: Message {
        sv: "Misslyckade inloggningar visar att någon försöker, lyckade vem som var inne. Båda \
             behövs för att utreda en händelse.",
        en: "Failed logins show that somebody is trying, successful ones who was in. Both are \
             needed to investigate an event.",
    },
    fix: Message {
        sv: "Logga både lyckade och misslyckade inloggningar. Cisco IOS: login on-failure log och \
             login on-success log.",
        en: "Log both successful and failed logins. Cisco IOS: login on-failure log and login \
             on-success log.",
    },
    messages: &[&NEITHER, &FAILED, &SUCCESSFUL, &support::NOT_TOLD],
    run,
};

static NEITHER: Message = Message {
    sv: "{device} loggar varken lyckade eller misslyckade inloggningar{basis}.",
    en: "{device} logs neither successful nor failed logins{basis}.",
};

static FAILED: Message = Message {
    sv: "{device} loggar inte misslyckade inloggningar{basis}.",
    en: "{device} does not log failed logins{basis}.",
};

static SUCCESSFUL: Message = Message {
    sv: "{device} loggar inte lyckade inloggningar{basis}.",
    en: "{device} does not log successful logins{basis}.",
};

static WHAT: Message = Message {
    sv: "om lyckade och misslyckade inloggningar loggas",
    en: "whether successful and failed logins are logged",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        findings.judge(device);
        if let Some((message, fact, key)) = fault(management) {
            findings
                .violation(message, place(audit, device, fact))
                .device(device)
                .arg("basis", basis(fact))
                .key(key)
                .push();
        } else if is_unknown(management) {
            support::not_told(audit, findings, device, &WHAT);
        }
    }
}

fn fault(m: &Management) -> Option<(&'static Message, &Fact<bool>, &'static str)> {
    let off =
        |fact| -> Option<&Fact<bool>> { Option::as_ref(fact).filter(|f: &&Fact<bool>| !f.value) };
    match (off(&m.login_failure_log), off(&m.login_success_log)) {
        (Some(fact), Some(_)) => Some((&NEITHER, fact, "neither")),
        (Some(fact), None) => Some((&FAILED, fact, "failed")),
        (None, Some(fact)) => Some((&SUCCESSFUL, fact, "successful")),
        (None, None) => None,
    }
}

const fn is_unknown(m: &Management) -> bool {
    m.login_failure_log.is_none() || m.login_success_log.is_none()
}

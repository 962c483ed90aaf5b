//! Short passwords are allowed.

use portvakt_analysis::Audit;
use portvakt_model::{Management, Message, Severity};

use super::support::{self, basis, limit, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6023",
    name: "password-too-short",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.3-1", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &["password_min_length"],
    title: Message { sv: "För korta lösenord tillåts", en: "Short passwords are allowed" },
    why: Message {
        sv: "Korta lösenord går att gissa ur en läckt hash på timmar.",
        en: "Short passwords can be guessed from a leaked hash within hours.",
    },
    fix: Message {
        sv: "Sätt den kortaste längden till regelns värde. Cisco IOS: security passwords \
             min-length. FortiOS: password-policy / minimum-length.",
        en: "Set the minimum length to the rule's value. Cisco IOS: security passwords min-length. \
             FortiOS: password-policy / minimum-length.",
    },
    messages: &[&MESSAGE, &NO_LIMIT, &support::UNSET, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tillåter lösenord med {length} tecken; gränsen är minst {limit} ({source}){basis}.",
    en: "{device} allows passwords of {length} characters; the limit is at least {limit} \
         ({source}){basis}.",
};

static NO_LIMIT: Message = Message {
    sv: "{device} har ingen kortaste längd på lösenord; gränsen är minst {limit} tecken \
         ({source}){basis}.",
    en: "{device} has no minimum length of passwords; the limit is at least {limit} characters \
         ({source}){basis}.",
};

static WHAT: Message =
    Message { sv: "hur korta lösenord som tillåts", en: "how short passwords may be" };

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    if !managed(audit).any(|(_, m)| has_passwords(m)) {
        return;
    }
    let Some(limit) = limit(audit, findings, "password_min_length") else { return };
    for (device, management) in managed(audit).filter(|(_, m)| has_passwords(m)) {
        findings.judge(device);
        match &management.password_policy.min_length {
            None => support::not_told(audit, findings, device, &WHAT),
            Some(length) if i64::from(length.value) < limit.value => findings
                .violation(
                    if length.value == 0 { &NO_LIMIT } else { &MESSAGE },
                    place(audit, device, length),
                )
                .device(device)
                .number("length", length.value)
                .number("limit", limit.value)
                .text("source", &limit.source)
                .arg("basis", basis(length))
                .push(),
            Some(_) => {}
        }
    }
}

/// Whether the device keeps passwords of its own.
fn has_passwords(management: &Management) -> bool {
    management.password_policy.min_length.is_some()
        || management.accounts.iter().any(|a| !a.remote && a.secret.is_some())
}

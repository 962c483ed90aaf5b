//! Failed logins without limit, or more than allowed.

use portvakt_analysis::Audit;
use portvakt_model::{Fact, Management, Message, Severity};

use super::support::{self, Limit, basis, limit, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6014",
    name: "login-attempts-unlimited-or-too-many",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.6-4", "MALMO-12.3-6", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &["login_attempts"],
    title: Message {
        sv: "För många inloggningsförsök tillåts",
        en: "Login attempts unlimited or too many",
    },
    why: Message {
        sv: "Den som får gissa hur många gånger som helst hittar till slut ett lösenord.",
        en: "Whoever may guess without limit will find a password in the end.",
    },
    fix: Message {
        sv: "Spärra kontot efter det antal försök som regeln anger. Cisco IOS: \
             aaa local authentication attempts max-fail. FortiOS: admin-lockout-threshold.",
        en: "Lock the account after the number of attempts that the rule says. Cisco IOS: \
             aaa local authentication attempts max-fail. FortiOS: admin-lockout-threshold.",
    },
    messages: &[&UNLIMITED, &TOO_MANY, &support::UNSET, &support::NOT_TOLD],
    run,
};

static UNLIMITED: Message = Message {
    sv: "{device} begränsar inte antalet misslyckade inloggningar{basis}.",
    en: "{device} does not limit failed logins{basis}.",
};

static TOO_MANY: Message = Message {
    sv: "{device} tillåter {attempts} misslyckade inloggningar innan spärren slår till; gränsen är \
         {limit} ({source}){basis}.",
    en: "{device} allows {attempts} failed logins before it locks; the limit is {limit} \
         ({source}){basis}.",
};

static WHAT: Message = Message {
    sv: "hur många misslyckade inloggningar som tillåts",
    en: "how many failed logins are allowed",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let stated = |fact: &Fact<u32>| fact.value > 0;
    let needs_limit = |(_, m): (u32, &_)| attempts(m).is_some_and(stated);
    let limit = if managed(audit).any(needs_limit) {
        limit(audit, findings, "login_attempts")
    } else {
        None
    };
    for (device, management) in managed(audit) {
        findings.judge(device);
        match attempts(management) {
            None => support::not_told(audit, findings, device, &WHAT),
            Some(fact) => judge(audit, device, fact, limit.as_ref(), findings),
        }
    }
}

const fn attempts(management: &Management) -> Option<&Fact<u32>> {
    management.login_attempts.as_ref()
}

fn judge(
    audit: &Audit<'_>,
    device: u32,
    fact: &Fact<u32>,
    limit: Option<&Limit>,
    findings: &mut Findings<'_>,
) {
    let at = place(audit, device, fact);
    if fact.value == 0 {
        let draft = findings.violation(&UNLIMITED, at).device(device);
        draft.arg("basis", basis(fact)).key("attempts").push();
    } else if let Some(limit) = limit.filter(|l| i64::from(fact.value) > l.value) {
        findings
            .violation(&TOO_MANY, at)
            .device(device)
            .number("attempts", fact.value)
            .number("limit", limit.value)
            .text("source", &limit.source)
            .arg("basis", basis(fact))
            .key("attempts")
            .push();
    }
}

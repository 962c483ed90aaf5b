//! The password policy lacks complexity, age or history.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, PasswordPolicy, Role, Severity};

use super::support::{self, Limit, limit, managed};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6024",
    name: "password-policy-incomplete",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-12.3-2", "MALMO-12.3-3", "MALMO-12.3-4", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &["password_age_days", "password_history"],
    title: Message { sv: "Ofullständiga lösenordsregler", en: "Incomplete password policy" },
    why: Message {
        sv: "Regeln kräver flera slags tecken, byte efter en tid och att gamla lösenord inte \
             kommer tillbaka.",
        en: "The rule asks for several kinds of character, a change after some time, and that old \
             passwords do not return.",
    },
    fix: Message {
        sv: "Komplettera lösenordsreglerna på enheten, eller flytta inloggningen till en central \
             katalog som har dem.",
        en: "Complete the password policy on the device, or move logins to a central directory \
             that has one.",
    },
    messages: &[&MESSAGE, &support::UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device}: lösenordsreglerna brister: {lacks}.",
    en: "{device}: the password policy falls short: {lacks}.",
};

/// A rule that the policy lacks: its line (0 for a default) and what to say in both languages.
struct Lack {
    line: u32,
    sv: String,
    en: String,
    key: &'static str,
}

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let policies = || managed(audit).map(|(device, m)| (device, &m.password_policy));
    let age = if policies().any(|(_, p)| p.max_age_days.is_some()) {
        limit(audit, findings, "password_age_days")
    } else {
        None
    };
    let history = if policies().any(|(_, p)| p.history.is_some()) {
        limit(audit, findings, "password_history")
    } else {
        None
    };
    for (device, policy) in policies().filter(|(_, p)| is_stated(p)) {
        findings.judge(device);
        let lacks: Vec<Lack> = [
            complexity(policy),
            age.as_ref().and_then(|limit| too_old(policy, limit)),
            history.as_ref().and_then(|limit| too_few(policy, limit)),
        ]
        .into_iter()
        .flatten()
        .collect();
        report(audit, device, &lacks, findings);
    }
}

const fn is_stated(policy: &PasswordPolicy) -> bool {
    policy.complexity.is_some() || policy.max_age_days.is_some() || policy.history.is_some()
}

fn complexity(policy: &PasswordPolicy) -> Option<Lack> {
    let fact = policy.complexity.as_ref().filter(|fact| !fact.value)?;
    Some(Lack {
        line: fact.line().unwrap_or(0),
        sv: "kräver inte alla fyra: små och stora bokstäver, siffror, specialtecken".to_owned(),
        en: "does not ask for all four: lower and upper case, digits, special characters"
            .to_owned(),
        key: "complexity",
    })
}

fn too_old(policy: &PasswordPolicy, limit: &Limit) -> Option<Lack> {
    let fact = policy.max_age_days.as_ref()?;
    let (days, most, source) = (fact.value, limit.value, &limit.source);
    if days != 0 && i64::from(days) <= most {
        return None;
    }
    let (sv, en) = if days == 0 {
        ("lösenord går aldrig ut".to_owned(), "passwords never expire".to_owned())
    } else {
        (format!("lösenord gäller i {days} dagar"), format!("passwords last {days} days"))
    };
    Some(Lack {
        line: fact.line().unwrap_or(0),
        sv: format!("{sv}, gränsen är {most} dagar ({source})"),
        en: format!("{en}, the limit is {most} days ({source})"),
        key: "age",
    })
}

fn too_few(policy: &PasswordPolicy, limit: &Limit) -> Option<Lack> {
    let fact = policy.history.as_ref()?;
    let (kept, least, source) = (fact.value, limit.value, &limit.source);
    (i64::from(kept) < least).then(|| Lack {
        line: fact.line().unwrap_or(0),
        sv: format!("spärrar {kept} tidigare lösenord, gränsen är {least} ({source})"),
        en: format!("refuses {kept} earlier passwords, the limit is {least} ({source})"),
        key: "history",
    })
}

fn report(audit: &Audit<'_>, device: u32, lacks: &[Lack], findings: &mut Findings<'_>) {
    let Some(main) = lacks.iter().find(|l| l.line > 0).or(lacks.first()) else { return };
    let join = |text: fn(&Lack) -> &str| lacks.iter().map(text).collect::<Vec<_>>().join("; ");
    let mut draft = findings
        .violation(&MESSAGE, audit.at(device, main.line))
        .device(device)
        .arg("lacks", Arg::Either(join(|l| &l.sv), join(|l| &l.en)))
        .key(join(|l| l.key));
    for other in lacks.iter().filter(|l| l.line > 0 && l.line != main.line) {
        draft = draft.related(Role::Definition, audit.at(device, other.line), other.key);
    }
    draft.push();
}

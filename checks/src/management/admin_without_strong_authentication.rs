//! An administrator logs in by password alone.

use portvakt_analysis::Audit;
use portvakt_model::{Account, LoginKind, Management, Message, Severity};

use super::support::{Named, first_line, is_break_glass, managed, name_all, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6028",
    name: "admin-without-strong-authentication",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.6-2", "MALMO-12.6-3", "MALMO25-TEK-3", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Administratör utan stark autentisering",
        en: "Administrator without strong authentication",
    },
    why: Message {
        sv: "Ett lösenord kan gissas, avlyssnas eller luras av någon. En andra faktor eller ett \
             certifikat gör att lösenordet ensamt inte räcker.",
        en: "A password can be guessed, overheard or coaxed out of somebody. With a second factor \
             or a certificate the password alone is not enough.",
    },
    fix: Message {
        sv: "Kräv engångslösenord eller certifikat för varje administratör, på enheten eller i den \
             centrala inloggningen. Ett enda inlåst reservkonto får undantas.",
        en: "Ask every administrator for a one-time password or a certificate, on the device or in \
             the central login. A single locked-away break-glass account may be excepted.",
    },
    messages: &[&PASSWORD_ONLY, &ACCOUNT_NOT_TOLD, &CENTRAL_NOT_TOLD],
    run,
};

static PASSWORD_ONLY: Message = Message {
    sv: "{device} släpper in {accounts} med enbart lösenord; varken engångslösenord eller \
         certifikat krävs.",
    en: "{device} lets {accounts} in by password alone; neither a one-time password nor a \
         certificate is asked for.",
};

static ACCOUNT_NOT_TOLD: Message = Message {
    sv: "Exporten från {device} visar inte om {accounts} måste använda mer än lösenord.",
    en: "The export of {device} does not tell whether {accounts} must use more than a password.",
};

static CENTRAL_NOT_TOLD: Message = Message {
    sv: "{device} låter en central server pröva inloggningen; om den kräver engångslösenord eller \
         certifikat syns inte i exporten.",
    en: "{device} lets a central server check logins; whether it asks for a one-time password or a \
         certificate does not show in the export.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        central(audit, device, management, findings);
        accounts(audit, device, management, findings);
    }
}

fn central(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let aaa = m.central_aaa.as_ref().filter(|fact| fact.value);
    let line = m.lines.iter().find(|l| l.login == LoginKind::CentralAaa).map(|l| l.line);
    let account = m.accounts.iter().find(|a| a.remote && a.strong_auth.is_none()).map(|a| a.line);
    let at = match (aaa, account.or(line)) {
        (Some(fact), _) => place(audit, device, fact),
        (None, Some(line)) => audit.at(device, line),
        (None, None) => return,
    };
    findings.judge(device);
    findings.cannot_tell(&CENTRAL_NOT_TOLD, at).device(device).key("central").push();
}

fn accounts(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let own: Vec<&Account> = m.accounts.iter().filter(|a| !a.remote).collect();
    if own.is_empty() {
        return;
    }
    findings.judge(device);
    let spare = own.iter().position(|a| is_break_glass(&a.name));
    let kept = || (0..).zip(&own).filter(|(i, _)| Some(*i) != spare).map(|(_, a)| *a);
    let weak: Vec<Named> = kept().filter(|a| a.strong_auth == Some(false)).map(named).collect();
    if !weak.is_empty() {
        let at = audit.at(device, first_line(&weak));
        let draft = findings.violation(&PASSWORD_ONLY, at).device(device).key("password only");
        name_all(draft, audit, device, "accounts", &weak).push();
    }
    // Beside a central login local accounts are for when its server does not answer.
    let central = m.central_aaa.as_ref().is_some_and(|fact| fact.value);
    let unknown: Vec<Named> =
        kept().filter(|a| !central && a.strong_auth.is_none()).map(named).collect();
    if !unknown.is_empty() {
        let at = audit.at(device, first_line(&unknown));
        let draft = findings.cannot_tell(&ACCOUNT_NOT_TOLD, at).device(device).key("not told");
        name_all(draft, audit, device, "accounts", &unknown).push();
    }
}

fn named(account: &Account) -> Named {
    (account.line, account.name.clone())
}

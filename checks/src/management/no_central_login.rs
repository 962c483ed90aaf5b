//! Logins are not checked by a central server.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::{self, Switch, managed};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6011",
    name: "no-central-login",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.3-6", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Inloggning utan central kontroll", en: "Login without central control" },
    why: Message {
        sv: "Med bara lokala konton måste varje konto läggas upp, bytas och spärras på varje \
             enhet för sig. Det som glöms på en enhet är en väg in.",
        en: "With local accounts alone, each account must be made, changed and blocked on each \
             device. What is forgotten on one of them is a way in.",
    },
    fix: Message {
        sv: "Låt TACACS+, RADIUS, LDAP eller SAML pröva inloggningen, med ett enda lokalt \
             reservkonto.",
        en: "Let TACACS+, RADIUS, LDAP or SAML check logins, with a single local break-glass \
             account.",
    },
    messages: &[&MESSAGE, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} prövar inloggningar mot lokala konton eller lösenord, inte mot en central \
         server{basis}.",
    en: "{device} checks logins against local accounts or passwords, not with a central \
         server{basis}.",
};

static WHAT: Message = Message {
    sv: "om inloggningar prövas av en central server (TACACS+, RADIUS, LDAP, SAML)",
    en: "whether logins are checked by a central server (TACACS+, RADIUS, LDAP, SAML)",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let switch = Switch { faulty: false, fault: &MESSAGE, what: Some(&WHAT) };
    for (device, management) in managed(audit) {
        switch.judge(audit, findings, device, management.central_aaa.as_ref());
    }
}

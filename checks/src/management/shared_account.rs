//! An account that is not one person's.

use portvakt_analysis::Audit;
use portvakt_model::{Account, Management, Message, Severity};

use super::support::{Named, first_line, is_break_glass, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6012",
    name: "shared-account",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.12-1", "MALMO-12.2-1", "K001-BEH-3", "BASE-5.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Gemensamt konto", en: "Shared account" },
    why: Message {
        sv: "Ett konto som flera använder gör att ingen händelse i loggen kan knytas till en \
             person, och lösenordet blir kvar hos den som slutat.",
        en: "With an account that several people use, no event in the log can be tied to a \
             person, and whoever leaves still knows the password.",
    },
    fix: Message {
        sv: "Ge varje person ett eget konto och ta bort det gemensamma. Ett enda reservkonto per \
             enhet kan vara kvar om det är inlåst och varje användning antecknas.",
        en: "Give each person an own account and remove the shared one. One break-glass account \
             per device may stay if it is locked away and each use is noted.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} har konton vars namn inte är en persons: {accounts}.",
    en: "{device} has accounts whose names are not a person's: {accounts}.",
};

/// Names that vendors ship: one of them may be the break-glass account where people have others.
const BUILT_IN: &[&str] =
    &["admin", "administrator", "cisco", "fortinet", "manager", "root", "superuser", "ubnt"];

/// Names of roles, companies and tasks, compared in lower case.
const ROLES: &[&str] = &[
    "consultant",
    "drift",
    "field",
    "guest",
    "gäst",
    "helpdesk",
    "installer",
    "it",
    "itdrift",
    "jour",
    "konsult",
    "leverantor",
    "leverantör",
    "maintenance",
    "natdrift",
    "nätdrift",
    "netadmin",
    "netops",
    "network",
    "noc",
    "operator",
    "operatör",
    "oper",
    "service",
    "servicedesk",
    "shared",
    "student",
    "supervisor",
    "support",
    "supplier",
    "tech",
    "technician",
    "tekniker",
    "test",
    "tester",
    "user",
    "vendor",
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit).filter(|(_, m)| !m.accounts.is_empty()) {
        findings.judge(device);
        let shared = shared(management);
        if !shared.is_empty() {
            let at = audit.at(device, first_line(&shared));
            let draft = findings.violation(&MESSAGE, at).device(device);
            name_all(draft, audit, device, "accounts", &shared).key("accounts").push();
        }
    }
}

/// Accounts with a shared name, but for one built-in account where people log in by others.
fn shared(management: &Management) -> Vec<Named> {
    let accounts = &management.accounts;
    let central = management.central_aaa.as_ref().is_some_and(|aaa| aaa.value);
    let person = |a: &Account| !is_in(a, BUILT_IN) && !is_in(a, ROLES) && !is_break_glass(&a.name);
    let mut spare = central || accounts.iter().any(person);
    let found = accounts.iter().filter(|account| {
        let excused = is_in(account, BUILT_IN) && std::mem::take(&mut spare);
        !excused && (is_in(account, BUILT_IN) || is_in(account, ROLES))
    });
    found.map(|a| (a.line, a.name.clone())).collect()
}

fn is_in(account: &Account, names: &[&str]) -> bool {
    names.contains(&account.name.to_lowercase().as_str())
}

//! A secret stored so that it can be recovered.

use portvakt_analysis::Audit;
use portvakt_model::{Device, FoundSecret, Message, SecretForm, SecretKind, Severity};

use super::support::{Named, first_line, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6020",
    name: "reversible-secret",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "MALMO-12.4-5", "BASE-5.5"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Lösenord lagrat så att det kan återskapas",
        en: "Password stored so that it can be recovered",
    },
    why: Message {
        sv: "Den som får se en kopia av konfigurationen kan läsa lösenord i klartext och av typ 7, \
             och gissa sig till dem bakom snabba hashar. Säkerhetskopior sprids ofta längre än \
             man tror.",
        en: "Whoever sees a copy of the configuration can read passwords in clear text and of type \
             7, and guess those behind fast hashes. Backups often travel further than one thinks.",
    },
    fix: Message {
        sv: "Lagra lösenord som långsam saltad hash (Cisco: secret typ 8 eller 9) och nycklar \
             krypterade med en egen huvudnyckel (Cisco: typ 6, FortiOS: \
             private-data-encryption). Byt dem som har legat öppet.",
        en: "Store passwords as a slow salted hash (Cisco: secret type 8 or 9) and keys encrypted \
             with an own master key (Cisco: type 6, FortiOS: private-data-encryption). Change \
             those that have been readable.",
    },
    messages: &[&PASSWORDS, &KEYS, &WEAK_HASHES],
    run,
};

static PASSWORDS: Message = Message {
    sv: "{device} lagrar lösenord i klartext eller så att vem som helst kan återskapa dem: {owners}.",
    en: "{device} stores passwords in clear text or so that anyone can recover them: {owners}.",
};

static KEYS: Message = Message {
    sv: "{device} lagrar nycklar i klartext eller så att vem som helst kan återskapa dem: {owners}.",
    en: "{device} stores keys in clear text or so that anyone can recover them: {owners}.",
};

static WEAK_HASHES: Message = Message {
    sv: "{device} lagrar lösenord som hash som är snabb att gissa mot (MD5 eller SHA i \
         ett enda varv): {owners}.",
    en: "{device} stores passwords as hashes that are fast to guess against (MD5, or SHA in a \
         single round): {owners}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        if device.secrets.is_empty() {
            continue;
        }
        findings.judge(index);
        for class in CLASSES {
            report(audit, index, device, class, findings);
        }
    }
}

/// Secrets that are fixed in one way.
struct Class {
    holds: fn(&FoundSecret) -> bool,
    message: &'static Message,
    severity: Severity,
    key: &'static str,
}

static CLASSES: &[Class] = &[
    Class {
        holds: |f| f.kind == SecretKind::Password && is_readable(f),
        message: &PASSWORDS,
        severity: Severity::Medium,
        key: "passwords",
    },
    Class {
        holds: |f| is_key(f) && is_readable(f),
        message: &KEYS,
        severity: Severity::Low,
        key: "keys",
    },
    Class {
        holds: |f| f.kind == SecretKind::Password && f.secret.form() == SecretForm::WeakHash,
        message: &WEAK_HASHES,
        severity: Severity::Low,
        key: "weak hashes",
    },
];

const fn is_readable(found: &FoundSecret) -> bool {
    matches!(found.secret.form(), SecretForm::Clear | SecretForm::Reversible)
}

/// Keys that the device could keep encrypted. A community is clear text by design: the check on SNMP
/// without encryption speaks of it.
const fn is_key(found: &FoundSecret) -> bool {
    !matches!(found.kind, SecretKind::Password | SecretKind::Snmp)
}

fn report(
    audit: &Audit<'_>,
    index: u32,
    device: &Device,
    class: &Class,
    findings: &mut Findings<'_>,
) {
    let found = device.secrets.iter().filter(|f| (class.holds)(f));
    let all: Vec<Named> = found.map(|f| (f.line, f.owner.clone())).collect();
    if !all.is_empty() {
        let draft = findings
            .violation(class.message, audit.at(index, first_line(&all)))
            .device(index)
            .severity(class.severity)
            .key(class.key);
        name_all(draft, audit, index, "owners", &all).push();
    }
}

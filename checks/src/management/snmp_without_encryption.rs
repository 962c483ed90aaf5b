//! SNMP in clear text: version 1 or 2c, or version 3 without privacy.

use portvakt_analysis::Audit;
use portvakt_model::{Management, Message, Severity, SnmpAccess};

use super::support::{Named, first_line, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6003",
    name: "snmp-without-encryption",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.1-5", "MALMO-11.6-1", "MALMO-12.4-1", "MALMO-13.4-1", "BASE-5.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "SNMP utan kryptering", en: "SNMP without encryption" },
    why: Message {
        sv: "I SNMP version 1 och 2c är communityn ett gemensamt lösenord som går i klartext, och \
             version 3 utan privacy visar allt som läses (RFC 3414). Med skrivrätt kan den som \
             avlyssnat nätet ändra konfigurationen.",
        en: "In SNMP versions 1 and 2c the community is a shared password in clear text, and \
             version 3 without privacy shows all that is read (RFC 3414). With write access, \
             whoever has listened can change the configuration.",
    },
    fix: Message {
        sv: "Använd bara SNMP version 3 med authPriv (SHA-2 och AES) och ta bort alla communities.",
        en: "Use only SNMP version 3 with authPriv (SHA-2 and AES) and remove every community.",
    },
    messages: &[&CLEAR, &CLEAR_WRITE, &NO_PRIVACY, &PRIVACY_NOT_TOLD],
    run,
};

static CLEAR: Message = Message {
    sv: "{device} svarar på SNMP {versions} med community; den går i klartext över nätet.",
    en: "{device} answers to SNMP {versions} by community, which crosses the network in clear text.",
};

static CLEAR_WRITE: Message = Message {
    sv: "{device} svarar på SNMP {versions} med community som ger skrivrätt; den går i klartext \
         över nätet.",
    en: "{device} answers to SNMP {versions} by community with write access; it crosses the \
         network in clear text.",
};

static NO_PRIVACY: Message = Message {
    sv: "{device} tillåter SNMP version 3 utan kryptering (inte authPriv).",
    en: "{device} allows SNMP version 3 without encryption (not authPriv).",
};

static PRIVACY_NOT_TOLD: Message = Message {
    sv: "Exporten från {device} visar inte om SNMP version 3 krypteras (authPriv).",
    en: "The export of {device} does not tell whether SNMP version 3 is encrypted (authPriv).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        findings.judge(device);
        communities(audit, device, management, findings);
        users(audit, device, management, findings);
    }
}

fn communities(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let clear: Vec<&SnmpAccess> = m.snmp.iter().filter(|s| s.version < 3).collect();
    if clear.is_empty() {
        return;
    }
    let named: Vec<Named> = clear.iter().map(|s| (s.line, version(s).to_owned())).collect();
    let message = if clear.iter().any(|s| s.write) { &CLEAR_WRITE } else { &CLEAR };
    let draft = findings
        .violation(message, audit.at(device, first_line(&named)))
        .device(device)
        .key("community");
    name_all(draft, audit, device, "versions", &named).push();
}

const fn version(access: &SnmpAccess) -> &'static str {
    if access.version == 1 { "version 1" } else { "version 2c" }
}

fn users(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let lines = |privacy: Option<bool>| -> Vec<Named> {
        let users = m.snmp.iter().filter(|s| s.version == 3 && s.privacy == privacy);
        users.map(|s| (s.line, "version 3".to_owned())).collect()
    };
    let (open, unknown) = (lines(Some(false)), lines(None));
    if !open.is_empty() {
        let at = audit.at(device, first_line(&open));
        let draft = findings.violation(&NO_PRIVACY, at).device(device).key("v3");
        name_all(draft, audit, device, "versions", &open).push();
    } else if !unknown.is_empty() {
        let at = audit.at(device, first_line(&unknown));
        findings.cannot_tell(&PRIVACY_NOT_TOLD, at).device(device).key("v3").push();
    }
}

//! A password or community that everybody tries first.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, FoundSecret, Message, SecretKind, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6004",
    name: "well-known-secret",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.4-5", "MALMO-12.4-1", "BASE-5.5"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Allmänt känt lösenord", en: "Well-known password" },
    why: Message {
        sv: "Tillverkares förval och ord som public, cisco och admin provas först av alla som \
             söker en väg in.",
        en: "Vendors' defaults and words like public, cisco and admin are the first that anyone \
             looking for a way in will try.",
    },
    fix: Message {
        sv: "Byt till ett långt slumpat värde som inte används någon annanstans.",
        en: "Change it to a long random value that is used nowhere else.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device}: {kind} ({owner}) är ett förval eller ett av de värden som provas först.",
    en: "{device}: the {kind} ({owner}) is a default or one of the values that are tried first.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        if device.management.is_some() || !device.secrets.is_empty() {
            findings.judge(index);
        }
        for found in device.secrets.iter().filter(|f| f.secret.is_well_known()) {
            findings
                .violation(&MESSAGE, audit.at(index, found.line))
                .device(index)
                .arg("kind", Arg::Phrase(kind(found)))
                .text("owner", &found.owner)
                .key(format!("{:?} {}", found.kind, found.owner))
                .push();
        }
    }
}

const fn kind(found: &FoundSecret) -> &'static Message {
    match found.kind {
        SecretKind::Password => &Message { sv: "lösenordet", en: "password" },
        SecretKind::Snmp => &Message { sv: "SNMP-communityn", en: "SNMP community" },
        SecretKind::Aaa => &Message { sv: "AAA-nyckeln", en: "AAA key" },
        SecretKind::Wlan => &Message { sv: "WLAN-nyckeln", en: "wireless key" },
        SecretKind::Vpn => &Message { sv: "VPN-nyckeln", en: "VPN key" },
        SecretKind::Protocol => &Message { sv: "protokollnyckeln", en: "protocol key" },
        SecretKind::PrivateKey => &Message { sv: "den privata nyckeln", en: "private key" },
    }
}

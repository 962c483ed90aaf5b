//! The same secret in several places.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_analysis::Audit;
use portvakt_model::{
    Arg, FoundSecret, Message, Role, SecretForm, SecretKind, SecretMark, Severity,
};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6021",
    name: "reused-secret",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.4-1", "BASE-5.5"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Samma lösenord på flera ställen", en: "Same password in several places"
    },
    why: Message {
        sv: "Den som får tag i lösenordet på ett ställe har det på alla, och det går inte att byta \
             på ett ställe utan att byta på alla.",
        en: "Whoever gets the password in one place has it in all, and it cannot be changed in one \
             place alone.",
    },
    fix: Message {
        sv: "Ge varje konto och varje enhet ett eget slumpat värde.",
        en: "Give each account and each device an own random value.",
    },
    messages: &[&ON_DEVICE, &ON_DEVICES],
    run,
};

static ON_DEVICE: Message = Message {
    sv: "{device} använder samma lösenord eller nyckel för {owners}.",
    en: "{device} uses the same password or key for {owners}.",
};

static ON_DEVICES: Message = Message {
    sv: "Samma lösenord eller nyckel ({owners}) används på {count} enheter: {devices}.",
    en: "The same password or key ({owners}) is used on {count} devices: {devices}.",
};

/// A secret with the device that it was found on.
type Place<'a> = (u32, &'a FoundSecret);

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut marks: BTreeMap<SecretMark, Vec<Place<'_>>> = BTreeMap::new();
    for (index, device) in audit.devices() {
        for found in device.secrets.iter().filter(|f| is_own(f)) {
            findings.judge(index);
            marks.entry(found.secret.mark()).or_default().push((index, found));
        }
    }
    let mut groups: Vec<Vec<Place<'_>>> = marks.into_values().collect();
    groups.sort_by_key(|places| places.first().map(|(device, found)| (*device, found.line)));
    for places in groups.iter().filter(|places| is_reuse(audit, places)) {
        report(audit, places, findings);
    }
}

/// Whether a secret can be told from others and is meant for one place. Neighbours must share the key
/// of a protocol; what is guessed at once is another check's.
const fn is_own(found: &FoundSecret) -> bool {
    !found.secret.is_well_known()
        && !matches!(found.kind, SecretKind::Protocol)
        && !matches!(found.secret.form(), SecretForm::Unknown)
}

fn is_reuse(audit: &Audit<'_>, places: &[Place<'_>]) -> bool {
    let kinds: BTreeSet<SecretKind> = places.iter().map(|(_, f)| f.kind).collect();
    let owners: BTreeSet<&str> = places.iter().map(|(_, f)| holder(f)).collect();
    let hosts: BTreeSet<&str> = places.iter().map(|(d, _)| host(audit, *d)).collect();
    match kinds.first() {
        // One network has one passphrase, whichever controller offers it.
        Some(SecretKind::Wlan) if kinds.len() == 1 => owners.len() > 1,
        // Both ends of a tunnel share a key.
        Some(SecretKind::Vpn) if kinds.len() == 1 => hosts.len() > 2,
        // Several lines of one device may name one community or server key.
        Some(SecretKind::Snmp | SecretKind::Aaa) if kinds.len() == 1 => hosts.len() > 1,
        _ => hosts.len() > 1 || owners.len() > 1,
    }
}

/// Whose a secret is. The lines of a device are one way in.
fn holder(found: &FoundSecret) -> &str {
    if found.owner.starts_with("line ") { "line" } else { &found.owner }
}

/// The device without its virtual part: parts of one device share accounts.
fn host<'a>(audit: &Audit<'a>, device: u32) -> &'a str {
    audit.devices[device as usize].name.split('/').next().unwrap_or_default()
}

fn report(audit: &Audit<'_>, places: &[Place<'_>], findings: &mut Findings<'_>) {
    let Some((device, found)) = places.first() else { return };
    let hosts: BTreeSet<&str> = places.iter().map(|(d, _)| host(audit, *d)).collect();
    let owners: BTreeSet<&str> = places.iter().map(|(_, f)| f.owner.as_str()).collect();
    let names = |set: &BTreeSet<&str>| Arg::Names(set.iter().map(|n| (*n).to_owned()).collect());
    let message = if hosts.len() > 1 { &ON_DEVICES } else { &ON_DEVICE };
    let mut draft = findings
        .violation(message, audit.at(*device, found.line))
        .device(*device)
        .number("count", hosts.len() as u32)
        .arg("devices", names(&hosts))
        .arg("owners", names(&owners))
        .key(owners.iter().chain(&hosts).copied().collect::<Vec<_>>().join(","));
    for (other, also) in &places[1..] {
        let label = format!("{}: {}", host(audit, *other), also.owner);
        draft = draft.related(Role::Definition, audit.at(*other, also.line), label);
    }
    draft.push();
}

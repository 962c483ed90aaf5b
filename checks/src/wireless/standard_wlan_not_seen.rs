//! A wireless network of the standard is on no controller that was read.

use std::collections::BTreeSet;

use portvakt_analysis::Audit;
use portvakt_model::{Location, Message, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4108",
    name: "standard-wlan-not-seen",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.6-W1"],
    needs: &[Need::Device, Need::SsidStandard],
    parameters: &[],
    title: Message {
        sv: "Trådlöst nät i standarden finns inte på någon läst kontroller",
        en: "A wireless network of the standard is on no controller that was read",
    },
    why: Message {
        sv: "Antingen saknas en kontroller bland underlagen, och då är nätet inte granskat, eller så är raden i tabellen gammal.",
        en: "Either a controller is missing from the input, and then the network is not audited, or the row of the table is old.",
    },
    fix: Message {
        sv: "Lämna in konfigurationen från den kontroller som har nätet, eller ta bort raden.",
        en: "Supply the configuration of the controller that has the network, or remove the row.",
    },
    messages: &[&MESSAGE, &NONE_READ],
    run,
};

static MESSAGE: Message = Message {
    sv: "{ssid} finns i standarden men inte på någon läst kontroller; om nätet följer standarden går inte att avgöra.",
    en: "{ssid} is in the standard but on no controller that was read; whether it follows the standard cannot be told.",
};

static NONE_READ: Message = Message {
    sv: "Ingen läst enhet har trådlösa nät; om de {number} näten i standarden följer den går inte att avgöra.",
    en: "No device that was read has wireless networks; whether the {number} networks of the standard follow it cannot be told.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    let rows = audit.tables.ssids.as_deref().unwrap_or_default();
    let all = audit.devices.iter().flat_map(|d| &d.wlans);
    let seen: BTreeSet<&str> = all.map(|s| s.ssid.as_str()).collect();
    if seen.is_empty() && !rows.is_empty() {
        let number = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        findings
            .cannot_tell(&NONE_READ, Location::Site)
            .number("number", number)
            .key("none")
            .push();
        return;
    }
    for row in rows.iter().filter(|row| !seen.contains(row.ssid.as_str())) {
        findings
            .cannot_tell(&MESSAGE, row.at.clone())
            .text("ssid", &row.ssid)
            .key(&row.ssid)
            .push();
    }
}

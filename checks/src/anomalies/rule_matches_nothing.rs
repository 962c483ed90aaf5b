//! Rule cannot match any packet.

use std::collections::HashMap;

use portvakt_analysis::Audit;
use portvakt_analysis::anomalies::{Standing, undefined};
use portvakt_model::{Message, Severity};
use portvakt_space::Cause;

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV3003",
    name: "rule-matches-nothing",
    aliases: &[],
    severity: Severity::Low,
    serves: &["BASE-3.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Regeln kan inte träffa något paket", en: "Rule cannot match any packet"
    },
    why: Message {
        sv: "Villkoren utesluter varandra eller en mängd är tom. Regeln ser ut att göra något men gör ingenting.",
        en: "Its conditions exclude each other, or a set is empty. The rule looks as if it did something, and does nothing.",
    },
    fix: Message {
        sv: "Rätta villkoren, eller ta bort regeln.",
        en: "Mend its conditions, or remove the rule.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) kan inte träffa något paket.",
    en: "{rule} on {device} ({list}) cannot match any packet.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    // That a name is not defined is told by a rule of its own.
    let mut undefined_names = HashMap::new();
    for (device, key, standing) in support::each(audit, findings) {
        if !matches!(standing, Standing::Unreachable { cause: Cause::Unmatchable, .. }) {
            continue;
        }
        let names = undefined_names
            .entry(device)
            .or_insert_with(|| undefined(&audit.devices[device as usize]));
        if !names.contains(&key) {
            rules::fault(audit, findings, &MESSAGE, device, key).push();
        }
    }
}

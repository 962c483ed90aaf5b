//! Rules without a description.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Message, Rule, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2007",
    name: "rule-without-description",
    aliases: &[],
    severity: Severity::Low,
    serves: &["STHLM-PRI-2", "MALMO-11.6-2b", "BASE-2.5"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Regler utan beskrivning", en: "Rules without a description" },
    why: Message {
        sv: "Den som ska ompröva en regel måste veta varför den finns. Bedöms där varje regel har ett eget fält för det och listans övriga regler är beskrivna.",
        en: "Whoever reconsiders a rule must know why it is there. Judged where each rule has a field for it and the other rules of the list are described.",
    },
    fix: Message {
        sv: "Skriv vad regeln är till för, och gärna beslutets nummer.",
        en: "Say what the rule is for, preferably with the number of its decision.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Regler utan beskrivning i {device} ({list}), {count} st: {rules}.",
    en: "Rules without a description on {device} ({list}), {count} in all: {rules}.",
};

/// Formats in which every rule has a field of its own for it. A remark in an access list stands for
/// the entries under it, and packet filters rarely have comments at all.
const DESCRIBED: &[&str] = &["fortios"];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        if !DESCRIBED.contains(&audit.devices[applied.device as usize].format) {
            continue;
        }
        let permits: Vec<(RuleKey, &Rule)> = support::rules(&applied)
            .filter(|(_, r)| r.enabled && r.action == Action::Permit && r.line > 0)
            .collect();
        let silent = |r: &Rule| r.comment().is_none_or(|c| c.trim().is_empty());
        let bare: Vec<RuleKey> =
            permits.iter().filter(|(_, r)| silent(r)).map(|(k, _)| *k).collect();
        if permits.is_empty() || bare.len() * 2 > permits.len() {
            continue;
        }
        findings.judge(applied.device);
        if let Some(first) = bare.first() {
            rules::fault(audit, findings, &MESSAGE, applied.device, *first)
                .number("count", bare.len() as u32)
                .arg("rules", support::names(audit, applied.device, &bare))
                .key(&applied.list.name)
                .push();
        }
    }
}

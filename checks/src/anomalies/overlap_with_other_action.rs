//! Rule is an exception to later rules.

use portvakt_analysis::anomalies::{Anomalies, Standing};
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Arg, Message, Rule, RulesetId, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV3005",
    name: "overlap-with-other-action",
    aliases: &[],
    severity: Severity::Info,
    serves: &["BASE-3.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Regeln gör undantag från senare regler",
        en: "Rule is an exception to later rules",
    },
    why: Message {
        sv: "Där två regler med olika utfall överlappar avgör ordningen. Det är ofta meningen, men den som flyttar en regel måste veta om det.",
        en: "Where two rules with different outcomes overlap, their order decides. Often that is the intention, but whoever moves a rule must know.",
    },
    fix: Message {
        sv: "Skriv i regelns beskrivning att den är ett undantag, och flytta den inte.",
        en: "Say in its description that the rule is an exception, and do not move it.",
    },
    messages: &[&MESSAGE, &TOO_LONG],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) {action} en del av det som {blockers} gör tvärtom med.",
    en: "{rule} on {device} ({list}) {action} a part of what {blockers} treats the other way.",
};

static TOO_LONG: Message = Message {
    sv: "Listan {list} i {device} har fler än {limit} regler; överlappningar mellan dem räknas inte upp.",
    en: "The list {list} on {device} has more than {limit} rules; overlaps among them are not enumerated.",
};

/// Longest list whose pairs are compared. The work grows with the square of the length.
const LONGEST: usize = 1500;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices() {
        for (id, anomalies) in (0..).map(RulesetId).zip(audit.anomalies(device)) {
            if anomalies.rules.is_empty() {
                continue;
            }
            findings.judge(device);
            if anomalies.rules.len() > LONGEST {
                findings
                    .cannot_tell(&TOO_LONG, audit.at(device, model.rulesets[id.0 as usize].line))
                    .device(device)
                    .text("list", &model.rulesets[id.0 as usize].name)
                    .number("limit", LONGEST as u32)
                    .key(&model.rulesets[id.0 as usize].name)
                    .push();
                continue;
            }
            exceptions(audit, device, anomalies, findings);
        }
    }
}

fn exceptions(audit: &Audit<'_>, device: u32, list: &Anomalies, findings: &mut Findings<'_>) {
    let live: Vec<(RuleKey, &Rule)> = list
        .rules
        .iter()
        .filter(|(_, s)| !matches!(s, Standing::Unreachable { .. }))
        .filter_map(|(key, _)| Some((*key, rules::find(audit, device, *key)?)))
        .filter(|(_, rule)| !support::is_final_deny(rule))
        .collect();
    for (place, (key, rule)) in live.iter().enumerate() {
        let later = live[place + 1..].iter().filter(|(_, other)| is_exception(rule, other));
        let opposed: Vec<RuleKey> = later.map(|(key, _)| *key).collect();
        if !opposed.is_empty() {
            let draft = rules::fault(audit, findings, &MESSAGE, device, *key);
            let draft = draft.arg("action", Arg::Phrase(support::action(rule.action)));
            support::blockers(audit, draft, device, &opposed).push();
        }
    }
}

/// Whether `rule` takes a part of what a later rule says the opposite of, and each also has packets
/// of its own. One inside the other is the usual exception before its general rule.
fn is_exception(rule: &Rule, later: &Rule) -> bool {
    let opposite = rule.action.is_deny() && later.action == Action::Permit
        || rule.action == Action::Permit && later.action.is_deny();
    opposite
        && rule.matches.overlaps(&later.matches)
        && !rule.matches.is_subset(&later.matches)
        && !later.matches.is_subset(&rule.matches)
}

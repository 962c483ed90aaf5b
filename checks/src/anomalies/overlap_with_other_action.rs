//! Rule is an exception to later rules.

use portvakt_analysis::anomalies::exceptions::{Exception, MOST_PAIRS, exceptions};
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Arg, Message, Ruleset, Severity};

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
    messages: &[&MESSAGE, &TOO_MANY],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) {action} en del av det som {blockers} gör tvärtom med.",
    en: "{rule} on {device} ({list}) {action} a part of what {blockers} treats the other way.",
};

static TOO_MANY: Message = Message {
    sv: "I listan {list} i {device} överlappar fler än {limit} par av regler med olika utfall; de räknas inte upp.",
    en: "More than {limit} pairs of rules with different outcomes overlap in the list {list} on {device}; they are not enumerated.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices() {
        if audit.anomalies(device).iter().any(|list| !list.rules.is_empty()) {
            findings.judge(device);
        }
        let found = exceptions(audit, device, usize::MAX);
        for list in found.unfinished {
            too_many(audit, device, &model.rulesets[list.0 as usize], findings);
        }
        for exception in &found.all {
            report(audit, device, exception, findings);
        }
    }
}

fn too_many(audit: &Audit<'_>, device: u32, list: &Ruleset, findings: &mut Findings<'_>) {
    findings
        .cannot_tell(&TOO_MANY, audit.at(device, list.line))
        .device(device)
        .text("list", &list.name)
        .number("limit", MOST_PAIRS as u32)
        .key(&list.name)
        .push();
}

/// A final deny opposes every permit before it, as it should.
fn report(audit: &Audit<'_>, device: u32, exception: &Exception, findings: &mut Findings<'_>) {
    let rule = |key: RuleKey| {
        let found = rules::find(audit, device, key);
        found.filter(|rule| rule.line > 0 && !support::is_final_deny(rule))
    };
    let opposed = exception.later.iter().copied().filter(|key| rule(*key).is_some());
    let opposed: Vec<RuleKey> = opposed.collect();
    let key = exception.rule;
    let Some(first) = rule(key).filter(|_| !opposed.is_empty()) else { return };
    let draft = rules::fault(audit, findings, &MESSAGE, device, key);
    let draft = draft.arg("action", Arg::Phrase(support::action(first.action)));
    support::blockers(audit, draft, device, &opposed).push();
}

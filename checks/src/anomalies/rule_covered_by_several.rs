//! Rule is unreachable: several earlier rules cover it together.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};
use portvakt_space::Cause;

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV3002",
    name: "rule-covered-by-several",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-2d", "MALMO-11.6-2b", "BASE-3.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Regeln nås aldrig: flera tidigare regler täcker den tillsammans",
        en: "Rule is unreachable: several earlier rules cover it together",
    },
    why: Message {
        sv: "En regel som aldrig träffas gör inte det som den som skrev den trodde. Spärrar den något som en tidigare regel tillåter är det en lucka.",
        en: "A rule that is never hit does not do what its author believed. If it denies what an earlier rule permits, that is a hole.",
    },
    fix: Message {
        sv: "Flytta regeln före dem som täcker den, eller ta bort den.",
        en: "Move the rule above those that cover it, or remove it.",
    },
    messages: &[&OTHER_ACTION, &SAME_ACTION],
    run,
};

static OTHER_ACTION: Message = Message {
    sv: "{rule} i {device} ({list}) nås aldrig: {blockers} tar tillsammans all dess trafik, och någon av dem gör något annat med den.",
    en: "{rule} on {device} ({list}) is never reached: {blockers} together take all its traffic, and one of them does something else with it.",
};

static SAME_ACTION: Message = Message {
    sv: "{rule} i {device} ({list}) nås aldrig: {blockers} tar tillsammans all dess trafik, med samma utfall.",
    en: "{rule} on {device} ({list}) is never reached: {blockers} together take all its traffic, with the same outcome.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::covered(audit, findings, Cause::Union, (&OTHER_ACTION, &SAME_ACTION));
}

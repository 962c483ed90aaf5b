//! Cannot tell whether the rule is reached.

use portvakt_analysis::anomalies::Standing;
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV3006",
    name: "rule-not-decidable",
    aliases: &[],
    severity: Severity::Info,
    serves: &["BASE-3.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Går inte att avgöra om regeln nås",
        en: "Cannot tell whether the rule is reached",
    },
    why: Message {
        sv: "En tidigare regel har villkor som inte går att räkna på, eller så räckte inte arbetsbudgeten. Då gissar portvakt inte.",
        en: "An earlier rule has conditions that cannot be computed, or the budget for the work ran out. portvakt does not guess then.",
    },
    fix: Message { sv: "Granska regeln för hand.", en: "Review the rule by hand." },
    messages: &[&UNSURE, &UNFINISHED],
    run,
};

static UNSURE: Message = Message {
    sv: "{rule} i {device} ({list}) nås inte om {blockers} träffar allt som de kan.",
    en: "{rule} on {device} ({list}) is not reached if {blockers} match all that they may.",
};

static UNFINISHED: Message = Message {
    sv: "{rule} i {device} ({list}): {proven} av {of} delar är bevisat onåbara, sedan tog budgeten slut.",
    en: "{rule} on {device} ({list}): {proven} of {of} parts are proven unreachable, then the budget ran out.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, key, standing) in support::each(audit, findings) {
        let (message, rules, counts): (&'static Message, &[RuleKey], (u64, u64)) = match standing {
            Standing::Unsure(blockers) => (&UNSURE, blockers, (0, 0)),
            Standing::Undecided(proven, of) => (&UNFINISHED, &[], (*proven, *of)),
            _ => continue,
        };
        let at = audit.rule_ref(device, key.ruleset, key.rule);
        let list = audit.ruleset(device, key.ruleset);
        let draft = findings
            .cannot_tell(message, audit.rule_at(&at))
            .rule(&at)
            .text("list", &list.name)
            .text("proven", counts.0.to_string())
            .text("of", counts.1.to_string())
            .key(format!("{} {:?}", list.name, at.id));
        support::blockers(audit, draft, device, rules).push();
    }
}

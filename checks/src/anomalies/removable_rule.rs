//! Rule is removable.

use std::collections::BTreeSet;

use portvakt_analysis::anomalies::{Removable, Standing};
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Logging, Message, Rule, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV3004",
    name: "removable-rule",
    aliases: &[],
    severity: Severity::Low,
    serves: &["BASE-3.2"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Regeln är överflödig", en: "Rule is removable" },
    why: Message {
        sv: "Regeln träffas, men utan den skulle varje paket behandlas likadant. Färre regler är lättare att granska. Gäller en regel i taget: två överflödiga regler kan behöva varandra.",
        en: "The rule is hit, yet without it every packet would fare the same. Fewer rules are easier to review. This holds for one rule at a time: two removable rules may need each other.",
    },
    fix: Message {
        sv: "Ta bort regeln, om den inte finns för loggningens skull.",
        en: "Remove the rule, unless it is there to log.",
    },
    messages: &[&BY_RULES, &BY_DEFAULT],
    run,
};

static BY_RULES: Message = Message {
    sv: "{rule} i {device} ({list}) är överflödig: {blockers} skulle göra samma sak.",
    en: "{rule} on {device} ({list}) is removable: {blockers} would do the same.",
};

static BY_DEFAULT: Message = Message {
    sv: "{rule} i {device} ({list}) är överflödig: listans förval skulle göra samma sak.",
    en: "{rule} on {device} ({list}) is removable: the default of the list would do the same.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let all = support::each(audit, findings);
    let unreachable: BTreeSet<(u32, RuleKey)> = all
        .iter()
        .filter(|(_, _, s)| matches!(s, Standing::Unreachable { .. }))
        .map(|(device, key, _)| (*device, *key))
        .collect();
    for (device, key, standing) in all {
        let default = audit.ruleset(device, key.ruleset).default.action;
        let Standing::Removable(removable) = standing else { continue };
        let Removable { by, by_default, .. } = &**removable;
        let Some(rule) = rules::find(audit, device, key) else { continue };
        let written: Vec<RuleKey> =
            by.iter().copied().filter(|k| support::is_written(audit, device, *k)).collect();
        // What would do the same is itself out of reach because of this rule: that is one fault.
        let mirrored =
            !written.is_empty() && written.iter().all(|k| unreachable.contains(&(device, *k)));
        let by_default = (*by_default || written.len() < by.len()).then_some(default);
        if mirrored || is_kept(audit, device, rule, by_default, &written) {
            continue;
        }
        let message = if written.is_empty() { &BY_DEFAULT } else { &BY_RULES };
        let draft = rules::fault(audit, findings, message, device, key);
        support::blockers(audit, draft, device, by).push();
    }
}

/// Whether the rule has a use although every packet would fare the same: it ends the list, it logs what
/// the default drops or answers what the default drops silently, it permits what only a permitting
/// default would (which is the fault then), it translates, or it treats its packets otherwise than
/// `others`.
fn is_kept(
    audit: &Audit<'_>,
    device: u32,
    rule: &Rule,
    by_default: Option<Action>,
    others: &[RuleKey],
) -> bool {
    let translates = |r: &Rule| audit.devices[device as usize].nat.iter().any(|n| n.line == r.line);
    let needs_no_default = |default: Action| {
        rule.logging == Logging::On || rule.action == Action::Permit || rule.action != default
    };
    support::is_final_deny(rule)
        || by_default.is_some_and(needs_no_default)
        || translates(rule)
        || others
            .iter()
            .filter_map(|k| rules::find(audit, device, *k))
            .any(|r| translates(r) || treats_otherwise(rule, r))
}

/// Whether the same outcome comes with another logging, inspection, translation or answer to the sender:
/// then the rule is needed after all.
fn treats_otherwise(rule: &Rule, other: &Rule) -> bool {
    let extras =
        |r: &Rule| r.note.as_ref().map(|n| (n.inspection, n.nat.clone())).unwrap_or_default();
    rule.logging != other.logging || rule.action != other.action || extras(rule) != extras(other)
}

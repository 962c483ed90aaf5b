//! Rule is removable.

use portvakt_analysis::Audit;
use portvakt_analysis::anomalies::Standing;
use portvakt_model::{Logging, Message, Rule, Severity};

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
    for (device, key, standing) in support::each(audit, findings) {
        let Standing::Removable { by, by_default, .. } = standing else { continue };
        let Some(rule) = rules::find(audit, device, key) else { continue };
        if support::is_final_deny(rule)
            || rule.action.is_deny() && rule.logging == Logging::On && *by_default
        {
            continue;
        }
        if by
            .iter()
            .filter_map(|k| rules::find(audit, device, *k))
            .any(|r| treats_otherwise(rule, r))
        {
            continue;
        }
        let message = if by.is_empty() { &BY_DEFAULT } else { &BY_RULES };
        let draft = rules::fault(audit, findings, message, device, key);
        support::blockers(audit, draft, device, by).push();
    }
}

/// Whether the same outcome comes with another logging, inspection or translation: then the rule is
/// needed after all.
fn treats_otherwise(rule: &Rule, other: &Rule) -> bool {
    let extras =
        |r: &Rule| r.note.as_ref().map(|n| (n.inspection, n.nat.clone())).unwrap_or_default();
    rule.logging != other.logging || extras(rule) != extras(other)
}

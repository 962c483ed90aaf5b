//! Rule that lets everything through.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Message, Rule, RulesetId, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2002",
    name: "any-any-permit",
    aliases: &[],
    severity: Severity::Critical,
    serves: &["MALMO-11.6-2d", "MALMO-11.6-2b", "MALMO-2-2", "STHLM-PRI-2", "BASE-2.3"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Regel som släpper igenom allt", en: "Rule that lets everything through"
    },
    why: Message {
        sv: "En regel för alla källor, alla mål och alla tjänster gör reglerna efter den meningslösa och filtret till en kabel.",
        en: "A rule for every source, every destination and every service makes the rules after it pointless and the filter a cable.",
    },
    fix: Message {
        sv: "Ersätt regeln med regler för den trafik som behövs.",
        en: "Replace the rule by rules for the traffic that is needed.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) släpper igenom alla tjänster från alla källor till alla mål.",
    en: "{rule} on {device} ({list}) lets every service through from every source to every destination.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        findings.judge(applied.device);
        for (key, rule) in support::rules(&applied) {
            if support::is_any_any(rule)
                && !support::is_loopback(audit, applied.device, &rule.matches)
            {
                report(audit, applied.device, key, rule, findings);
            }
        }
    }
}

/// Only where packets still reach the rule. Between two named interfaces it is less than everything.
fn report(audit: &Audit<'_>, device: u32, key: RuleKey, rule: &Rule, findings: &mut Findings<'_>) {
    let reached = audit.devices[device as usize]
        .rulesets
        .iter()
        .enumerate()
        .filter(|(_, l)| l.hooks.iter().any(support::filters))
        .flat_map(|(id, _)| audit.permits(device, RulesetId(id as u32)))
        .find(|p| p.rule == key);
    let Some(permit) = reached else { return };
    let bounded = !rule.matches.iif.is_any() && !rule.matches.oif.is_any();
    rules::fault(audit, findings, &MESSAGE, device, key)
        .witness(audit.witness(device, &permit.traffic, Some(key), true))
        .severity(if bounded { Severity::High } else { Severity::Critical })
        .push();
}

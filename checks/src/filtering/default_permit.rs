//! What no rule mentions is let through.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Device, Hook, Message, RulesetId, Severity};
use portvakt_space::{Family, Traffic};

use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2001",
    name: "default-permit",
    aliases: &[],
    severity: Severity::Critical,
    serves: &["MALMO-11.6-2d", "MALMO-12.5-3", "BASE-2.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Det som ingen regel nämner släpps igenom",
        en: "What no rule mentions is let through",
    },
    why: Message {
        sv: "Ett filter ska spärra allt som inte uttryckligen är tillåtet. Med tillåtande förval är varje bortglömd tjänst öppen.",
        en: "A filter blocks whatever is not expressly permitted. With a permitting default every forgotten service is open.",
    },
    fix: Message {
        sv: "Sätt förvalet till att spärra, eller avsluta listan med en regel som spärrar och loggar allt.",
        en: "Set the default to deny, or end the list with a rule that denies and logs everything.",
    },
    messages: &[&FORWARD, &LOCAL],
    run,
};

static FORWARD: Message = Message {
    sv: "{device} släpper igenom all vidarebefordrad trafik som ingen regel nämner ({list}).",
    en: "{device} lets all forwarded traffic through that no rule mentions ({list}).",
};

static LOCAL: Message = Message {
    sv: "{device} tar emot all trafik till sig själv som ingen regel nämner ({list}).",
    en: "{device} accepts all traffic to itself that no rule mentions ({list}).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices() {
        let forward = hooked(model, |h| matches!(h, Hook::Forward(_)));
        // A firewall or switch answers only on the services it has; those are judged as such.
        let is_host = model.management.is_none();
        let local = hooked(model, |h| is_host && matches!(h, Hook::Local(_)));
        if !forward.is_empty() || !local.is_empty() {
            findings.judge(device);
        }
        judge(audit, device, &forward, &FORWARD, findings);
        judge(audit, device, &local, &LOCAL, findings);
    }
}

fn hooked(device: &Device, test: impl Fn(&Hook) -> bool) -> Vec<RulesetId> {
    let lists = (0..).map(RulesetId).zip(&device.rulesets);
    lists.filter(|(_, l)| l.hooks.iter().any(&test)).map(|(id, _)| id).collect()
}

/// A packet must pass every list on the hook: the default is permitting only where all of them let
/// through, by default, packets of the same kind.
fn judge(
    audit: &Audit<'_>,
    device: u32,
    lists: &[RulesetId],
    message: &'static Message,
    findings: &mut Findings<'_>,
) {
    for family in Family::BOTH {
        let on_hook: Vec<RulesetId> = lists
            .iter()
            .copied()
            .filter(|id| audit.ruleset(device, *id).families.contains(&family))
            .collect();
        let Some(first) = on_hook.first() else { continue };
        let mut passing = vec![Traffic::all(family)];
        for id in &on_hook {
            let by_default = by_default(audit, device, *id);
            passing =
                passing.iter().flat_map(|p| by_default.iter().map(|d| p.intersect(d))).collect();
            passing.retain(|p| p.has(family));
        }
        let Some(traffic) = passing.first() else { continue };
        let main = on_hook
            .iter()
            .find(|id| !audit.ruleset(device, **id).rules.is_empty())
            .unwrap_or(first);
        let key = RuleKey { ruleset: *main, rule: None };
        let draft = rules::fault(audit, findings, message, device, key);
        draft.witness(audit.witness(device, traffic, Some(key), true)).push();
    }
}

fn by_default(audit: &Audit<'_>, device: u32, id: RulesetId) -> Vec<Traffic> {
    let permits = audit.permits(device, id).iter();
    permits.filter(|p| p.certain && p.rule.rule.is_none()).map(|p| p.traffic.clone()).collect()
}

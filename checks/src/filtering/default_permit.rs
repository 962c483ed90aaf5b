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
        let sees = |id: &RulesetId| audit.ruleset(device, *id).families.contains(&family);
        let on_hook: Vec<RulesetId> = lists.iter().copied().filter(sees).collect();
        let Some(traffic) = passing(audit, device, &on_hook, family) else { continue };
        let Some(main) = main_list(audit, device, &on_hook) else { continue };
        let key = RuleKey { ruleset: main, rule: None };
        let unused = message == &FORWARD && audit.ruleset(device, main).rules.is_empty();
        rules::fault(audit, findings, message, device, key)
            .witness(audit.witness(device, &traffic, Some(key), true))
            .severity(if unused { Severity::Medium } else { Severity::Critical })
            .push();
        // A list that sees both versions is one fault.
        if audit.ruleset(device, main).families.len() > 1 {
            return;
        }
    }
}

/// New connections that all of the lists let through by default.
fn passing(audit: &Audit<'_>, device: u32, lists: &[RulesetId], family: Family) -> Option<Traffic> {
    let mut passing = vec![Traffic::all(family)];
    for id in lists {
        let by_default = by_default(audit, device, *id);
        passing = passing.iter().flat_map(|p| by_default.iter().map(|d| p.intersect(d))).collect();
        passing.retain(|p| p.has(family));
    }
    passing.into_iter().next()
}

/// The list that is there to filter: of those with rules the one with the priority nearest to that of
/// filtering, which is 0 (`NF_IP_PRI_FILTER`); marking and translation come before and after.
fn main_list(audit: &Audit<'_>, device: u32, lists: &[RulesetId]) -> Option<RulesetId> {
    let distance = |id: &RulesetId| {
        let list = audit.ruleset(device, *id);
        let far = list.hooks.iter().map(|h| match h {
            Hook::Forward(p) | Hook::Local(p) => p.unsigned_abs(),
            _ => u32::MAX,
        });
        (far.min(), list.rules.is_empty())
    };
    lists.iter().copied().min_by_key(distance)
}

fn by_default(audit: &Audit<'_>, device: u32, id: RulesetId) -> Vec<Traffic> {
    let permits = audit.permits(device, id).iter();
    permits.filter(|p| p.certain && p.rule.rule.is_none()).map(|p| p.traffic.clone()).collect()
}

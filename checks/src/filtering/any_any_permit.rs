//! Rule that lets everything through.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Hook, Message, Rule, RulesetId, Severity};
use portvakt_space::AtomSet;

use super::support::{self, Applied};
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
    messages: &[&MESSAGE, &BOUNDED],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) släpper igenom alla tjänster från alla källor till alla mål.",
    en: "{rule} on {device} ({list}) lets every service through from every source to every destination.",
};

static BOUNDED: Message = Message {
    sv: "{rule} i {device} ({list}) släpper igenom alla tjänster från alla källor till alla mål: {way}.",
    en: "{rule} on {device} ({list}) lets every service through from every source to every destination: {way}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        findings.judge(applied.device);
        for (key, rule) in support::rules(&applied) {
            if support::is_any_any(rule)
                && audit.met(applied.device, key).any(support::is_everything)
                && !support::is_loopback(audit, applied.device, &rule.matches)
            {
                report(audit, &applied, key, rule, findings);
            }
        }
    }
}

/// Only where packets still reach the rule. Between named interfaces it is less than everything.
fn report(
    audit: &Audit<'_>,
    applied: &Applied<'_>,
    key: RuleKey,
    rule: &Rule,
    findings: &mut Findings<'_>,
) {
    let device = applied.device;
    let reached = audit.devices[device as usize]
        .rulesets
        .iter()
        .enumerate()
        .filter(|(_, l)| l.hooks.iter().any(support::filters))
        .flat_map(|(id, _)| audit.permits(device, RulesetId(id as u32)))
        .find(|p| p.rule == key);
    let Some(permit) = reached else { return };
    let local = applied.list.hooks.iter().any(|h| matches!(h, Hook::Local(_)));
    let open = rule.matches.iif.is_any() && rule.matches.oif.is_any();
    let bounded = !rule.matches.iif.is_any() && (local || !rule.matches.oif.is_any());
    rules::fault(audit, findings, if open { &MESSAGE } else { &BOUNDED }, device, key)
        .text("way", way(audit, device, rule, local))
        .witness(audit.witness(device, &permit.traffic, Some(key), true))
        .severity(if bounded { Severity::High } else { Severity::Critical })
        .push();
}

/// The interfaces that the rule names: that by which packets come to the device itself, or an arrow
/// from the one to the other.
fn way(audit: &Audit<'_>, device: u32, rule: &Rule, local: bool) -> String {
    let interfaces = &audit.devices[device as usize].interfaces;
    let named = |atoms: &AtomSet| -> String {
        let all = (0..).zip(interfaces.all());
        let inside = all.filter(|(atom, _)| !atoms.is_any() && atoms.contains(*atom));
        let names: Vec<&str> = inside.map(|(_, i)| i.name.as_str()).collect();
        if names.is_empty() { "*".to_owned() } else { names.join(", ") }
    };
    let iif = named(&rule.matches.iif);
    if local { iif } else { format!("{iif} → {}", named(&rule.matches.oif)) }
}

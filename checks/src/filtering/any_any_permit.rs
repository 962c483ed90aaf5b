//! Rule that lets everything through.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Hook, Message, RulesetId, Severity};
use portvakt_space::{AtomSet, Family, ServiceBox, ServiceSet, TCP, Traffic, UDP};

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
    messages: &[&MESSAGE, &BOUNDED, &PROTOCOL],
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

static PROTOCOL: Message = Message {
    sv: "{rule} i {device} ({list}) släpper igenom alla portar i {protocols} från alla källor till alla mål.",
    en: "{rule} on {device} ({list}) lets every port of {protocols} through from every source to every destination.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        findings.judge(applied.device);
        // What leaves has been let through on an earlier hook: there the permit is judged.
        if applied.list.hooks.iter().any(|h| matches!(h, Hook::Postrouting(_))) {
            continue;
        }
        for (key, rule) in support::rules(&applied) {
            let opens = support::is_sure_permit(rule)
                && !support::is_loopback(audit, applied.device, &rule.matches);
            if opens && !whole(&rule.matches).is_empty() {
                report(audit, &applied, key, findings);
            }
        }
    }
}

/// What of everything from everywhere to everywhere the traffic has: every service, or every port of TCP
/// or UDP.
fn whole(traffic: &Traffic) -> Vec<&'static str> {
    if !support::is_everywhere(&traffic.src) || !support::is_everywhere(&traffic.dst) {
        return Vec::new();
    }
    if traffic.service.is_any() {
        return vec![EVERY];
    }
    let all = |proto: u8| ServiceSet::from(ServiceBox::proto(proto)).is_subset(&traffic.service);
    [(TCP, "TCP"), (UDP, "UDP")]
        .into_iter()
        .filter(|(p, _)| all(*p))
        .map(|(_, name)| name)
        .collect()
}

const EVERY: &str = "*";

/// Only where packets still reach the rule, and callers of its chain send it as much. Between named
/// interfaces it is less than everything.
fn report(audit: &Audit<'_>, applied: &Applied<'_>, key: RuleKey, findings: &mut Findings<'_>) {
    let device = applied.device;
    let met: Vec<&Traffic> = audit.met(device, key).filter(|t| !whole(t).is_empty()).collect();
    let Some(protocols) = met.first().map(|t| whole(t)) else { return };
    let iif = met.iter().fold(AtomSet::none(), |sum, t| sum.union(&t.iif));
    let oif = met.iter().fold(AtomSet::none(), |sum, t| sum.union(&t.oif));
    let Some(traffic) = reached(audit, device, key) else { return };
    let local = applied.list.hooks.iter().any(|h| matches!(h, Hook::Local(_)));
    let bounded = !iif.is_any() && (local || !oif.is_any());
    let everything = protocols.contains(&EVERY);
    let message = match (everything, iif.is_any() && oif.is_any()) {
        (true, true) => &MESSAGE,
        (true, false) => &BOUNDED,
        (false, _) => &PROTOCOL,
    };
    rules::fault(audit, findings, message, device, key)
        .text("way", way(audit, device, (&iif, &oif), local))
        .text("protocols", protocols.join(", "))
        .witness(audit.witness(device, traffic, Some(key), true))
        .severity(if bounded || !everything { Severity::High } else { Severity::Critical })
        .push();
}

/// The largest part of what reaches the rule on lists that filter.
fn reached<'o>(audit: &'o Audit<'_>, device: u32, key: RuleKey) -> Option<&'o Traffic> {
    let lists = (0..).map(RulesetId).zip(&audit.devices[device as usize].rulesets);
    let filtering = lists.filter(|(_, l)| l.hooks.iter().any(support::filters));
    let permits = filtering.flat_map(|(id, _)| audit.permits(device, id));
    let sources = |t: &Traffic| (t.src.size(Family::V4), t.src.size(Family::V6));
    permits.filter(|p| p.rule == key).map(|p| &p.traffic).max_by_key(|t| sources(t))
}

/// The interfaces that packets may come and go by: for the device itself that by which they come.
fn way(audit: &Audit<'_>, device: u32, (iif, oif): (&AtomSet, &AtomSet), local: bool) -> String {
    let interfaces = &audit.devices[device as usize].interfaces;
    let named = |atoms: &AtomSet| -> String {
        let all = (0..).zip(interfaces.all());
        let inside = all.filter(|(atom, _)| !atoms.is_any() && atoms.contains(*atom));
        let names: Vec<&str> = inside.map(|(_, i)| i.name.as_str()).collect();
        if names.is_empty() { "*".to_owned() } else { names.join(", ") }
    };
    let iif = named(iif);
    if local { iif } else { format!("{iif} → {}", named(oif)) }
}

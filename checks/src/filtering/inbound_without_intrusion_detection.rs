//! Inbound traffic without intrusion detection.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2019",
    name: "inbound-without-intrusion-detection",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-3", "MALMO25-TEK-1", "MALMO-13.1-8", "BASE-2.2"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Inkommande trafik utan intrångsdetektering",
        en: "Inbound traffic without intrusion detection",
    },
    why: Message {
        sv: "Det som släpps in från internet ska granskas, så att intrångsförsök kan spåras.",
        en: "What is let in from the internet is inspected, so that intrusion attempts can be traced.",
    },
    fix: Message {
        sv: "Lägg en IPS-profil på regeln, eller ange sensorn som bevakar länken som avsteg.",
        en: "Put an IPS profile on the rule, or name the sensor that watches the link as an exception.",
    },
    messages: &[&OFF, &UNKNOWN],
    run,
};

static OFF: Message = Message {
    sv: "{rule} i {device} ({list}) släpper in trafik från {from} till {to} utan intrångsdetektering.",
    en: "{rule} on {device} ({list}) lets traffic in from {from} to {to} without intrusion detection.",
};

static UNKNOWN: Message = Message {
    sv: "Konfigurationen av {device} säger inte om trafiken från {from} granskas av någon sensor.",
    en: "The configuration of {device} does not say whether traffic from {from} is inspected by any sensor.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut silent: BTreeMap<u32, Vec<&Flow>> = BTreeMap::new();
    let mut off: BTreeMap<(u32, RuleKey), Vec<&Flow>> = BTreeMap::new();
    let inbound = |f: &&Flow| support::is_inbound(audit, f) && !f.local;
    for flow in audit.flows().iter().filter(inbound) {
        // A permitting default is judged as such; it has no place for a sensor.
        let Some(key) = flow.rule().filter(|r| r.rule.is_some()) else { continue };
        let rule =
            key.rule.and_then(|i| audit.ruleset(flow.device, key.ruleset).rules.get(i as usize));
        findings.judge(flow.device);
        match rule.and_then(|r| r.note.as_ref()).and_then(|n| n.inspection.ips) {
            Some(true) => {}
            Some(false) => off.entry((flow.device, key)).or_default().push(flow),
            None => silent.entry(flow.device).or_default().push(flow),
        }
    }
    for ((device, key), flows) in off {
        let draft = rules::fault(audit, findings, &OFF, device, key);
        let draft = draft.witness(audit.witness(device, &flows[0].traffic, Some(key), true));
        support::zones(audit, draft, &flows).push();
    }
    for (device, flows) in silent {
        let draft = findings.cannot_tell(&UNKNOWN, audit.at(device, 0)).device(device).key("ips");
        support::zones(audit, draft, &flows).push();
    }
}

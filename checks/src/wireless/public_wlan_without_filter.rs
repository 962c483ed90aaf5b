//! Visitors surf without a web filter.

use std::collections::BTreeSet;

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Severity};
use portvakt_space::{ServiceBox, ServiceSet, TCP, UDP};

use super::surf::{self, Way};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4110",
    name: "public-wlan-without-filter",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-10.4-3"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Publikt nät mot internet utan webbfilter",
        en: "Public network to the internet without a web filter",
    },
    why: Message {
        sv: "I publika miljöer ska det finnas ett filter mot olämpliga och skadliga sidor. Med fri namnuppslagning kan även ett DNS-filter kringgås.",
        en: "Public environments are to have a filter against unsuitable and harmful pages. With free name resolution a DNS filter can be bypassed as well.",
    },
    fix: Message {
        sv: "Lägg ett webb- eller DNS-filter på regeln, och tillåt namnuppslagning bara mot kommunens egna servrar.",
        en: "Put a web or DNS filter on the rule, and allow name resolution only to the municipality's own servers.",
    },
    messages: &[&MESSAGE, &FREE_DNS, &UNKNOWN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper ut {from} på internet utan webbfilter.",
    en: "{rule} on {device} lets {from} out to the internet without a web filter.",
};

static FREE_DNS: Message = Message {
    sv: "{rule} i {device} släpper ut {from} på internet utan webbfilter och med fri namnuppslagning.",
    en: "{rule} on {device} lets {from} out to the internet without a web filter and with free name resolution.",
};

static UNKNOWN: Message = Message {
    sv: "Om {from} har ett webbfilter går inte att avgöra: {device} släpper ut nätet på internet och har inget eget filter. Visa om filtret sitter i en proxy eller i namnuppslagningen.",
    en: "Whether {from} has a web filter cannot be told: {device} lets the network out to the internet and has no filter of its own. Show whether the filter is in a proxy or in name resolution.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut asked: BTreeSet<(u32, Vec<String>)> = BTreeSet::new();
    for way in surf::ways(audit).into_iter().filter(|w| has(w, &web())) {
        findings.judge(way.device);
        let from = way.from(audit);
        let at = audit.rule_at(&way.rule_ref(audit));
        let draft = match filtered(audit, &way) {
            Some(false) if has(&way, &name_resolution()) => findings.violation(&FREE_DNS, at),
            Some(false) => findings.violation(&MESSAGE, at),
            None if asked.insert((way.device, from.clone())) => findings.cannot_tell(&UNKNOWN, at),
            Some(true) | None => continue,
        };
        surf::describe(audit, draft, &way).arg("from", Arg::Names(from)).push();
    }
}

/// Whether a rule on the way filters; `None` where the format has no such filters.
fn filtered(audit: &Audit<'_>, way: &Way<'_>) -> Option<bool> {
    let told: Vec<bool> = way
        .rules(audit)
        .filter_map(|r| r.note.as_ref().and_then(|n| n.inspection.web_filter))
        .collect();
    (!told.is_empty()).then(|| told.contains(&true))
}

fn has(way: &Way<'_>, service: &ServiceSet) -> bool {
    way.flows.iter().any(|f| f.traffic.service.overlaps(service))
}

fn web() -> ServiceSet {
    let ports = [(TCP, 80), (TCP, 443), (UDP, 443)];
    ServiceSet::from_boxes(ports.map(|(proto, port)| ServiceBox::to(proto, port, port)))
}

/// DNS (RFC 1035) and DNS over TLS (RFC 7858).
fn name_resolution() -> ServiceSet {
    let ports = [(UDP, 53), (TCP, 53), (TCP, 853)];
    ServiceSet::from_boxes(ports.map(|(proto, port)| ServiceBox::to(proto, port, port)))
}

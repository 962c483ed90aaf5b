//! A log server answers to client networks on more than its log ports.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, Permit, RuleKey};
use portvakt_model::{Arg, Hook, Message, RulesetId, Severity};
use portvakt_space::{AddrSet, ServiceBox, ServiceSet, TCP, Traffic, UDP};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV5006",
    name: "log-server-open-to-clients",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.12-3", "BASE-5.4"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Loggservern nås från klientnät",
        en: "Log server open to client networks",
    },
    why: Message {
        sv: "Loggar visar vem som gjort vad. Den som når loggserverns andra tjänster kan försöka läsa eller radera dem.",
        en: "Logs show who did what. Whoever reaches the other services of the log server may try to read or erase them.",
    },
    fix: Message {
        sv: "Låt bara dem som granskar loggar nå servern, från det administrativa nätet.",
        en: "Let only those who review logs reach the server, from the administrative network.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) låter {from} nå loggservern på {service}.",
    en: "{rule} on {device} ({list}) lets {from} reach the log server on {service}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let servers = stated_servers(audit);
    let mut found: BTreeMap<(u32, RuleKey), Vec<(&Flow, Traffic)>> = BTreeMap::new();
    let own: Vec<bool> = audit.devices().map(|(device, _)| receives_logs(audit, device)).collect();
    for flow in audit.flows() {
        findings.judge(flow.device);
        let Some(rule) = flow.rule().filter(|r| r.rule.is_some() && flow.certain) else { continue };
        let dst = match (flow.local, own[flow.device as usize]) {
            (true, true) => flow.traffic.dst.clone(),
            (true, false) => continue,
            (false, _) => flow.traffic.dst.intersect(&servers),
        };
        let service = flow.traffic.service.minus(&log_ports());
        let traffic = Traffic { dst, service, ..flow.traffic.clone() };
        if is_client(audit, flow)
            && !support::is_broad(&flow.traffic.service)
            && !traffic.is_empty()
        {
            found.entry((flow.device, rule)).or_default().push((flow, traffic));
        }
    }
    for ((device, rule), hits) in found {
        report(audit, device, rule, &hits, findings);
    }
}

fn is_client(audit: &Audit<'_>, flow: &Flow) -> bool {
    let kind = audit.site.zone(flow.from).kind;
    kind.is_client() || kind.is_untrusted()
}

/// The log servers that the site file states by address.
fn stated_servers(audit: &Audit<'_>) -> AddrSet {
    let all = audit.site.log_servers.iter().flatten();
    all.filter_map(|s| s.trim().parse().ok()).map(AddrSet::host).collect()
}

/// Whether a host's own filter lets syslog in, from wherever: then it is a log server.
fn receives_logs(audit: &Audit<'_>, device: u32) -> bool {
    let model = &audit.devices[device as usize];
    let lists = (0..).map(RulesetId).zip(&model.rulesets);
    let local = lists.filter(|(_, l)| l.hooks.iter().any(|h| matches!(h, Hook::Local(_))));
    let opens = |p: &Permit| {
        let service = &p.traffic.service;
        service.overlaps(&log_ports()) && !support::is_broad(service)
    };
    model.management.is_none() && local.flat_map(|(id, _)| audit.permits(device, id)).any(opens)
}

/// Syslog over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425).
fn log_ports() -> ServiceSet {
    ServiceSet::from_boxes([
        ServiceBox::to(UDP, 514, 514),
        ServiceBox::to(TCP, 601, 601),
        ServiceBox::to(TCP, 6514, 6514),
    ])
}

fn report(
    audit: &Audit<'_>,
    device: u32,
    rule: RuleKey,
    hits: &[(&Flow, Traffic)],
    findings: &mut Findings<'_>,
) {
    let Some((first, traffic)) = hits.first() else { return };
    let service = hits.iter().fold(ServiceSet::none(), |sum, (_, t)| sum.union(&t.service));
    let at = rules::service_place(audit, device, rule);
    rules::name(audit, findings.violation(&MESSAGE, at), device, rule)
        .arg("from", Arg::Names(audit.zone_names(hits.iter().map(|(f, _)| f.from))))
        .arg("service", Arg::Service(service))
        .owner(audit.site.zone(first.to).owner.clone())
        .witness(audit.witness(device, traffic, Some(rule), true))
        .push();
}

//! What several checks of services share: finding the rules that open a named port.

use std::collections::BTreeMap;

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Arg, Location, ZoneKind};
use portvakt_space::{ServiceBox, ServiceSet, Traffic};

use crate::{Draft, Findings, rules};

/// A service by its ports.
pub(super) struct Named {
    /// What people call it.
    pub(super) name: &'static str,
    /// IP protocol.
    pub(super) proto: u8,
    /// Destination ports, both included.
    pub(super) ports: (u16, u16),
}

impl Named {
    fn service(&self) -> ServiceSet {
        ServiceBox::to(self.proto, self.ports.0, self.ports.1).into()
    }

    /// Whether who opened `service` can have meant this one. Applications of all sorts listen on ranges
    /// above 8000: one that only passes over the port says nothing.
    fn is_meant(&self, service: &ServiceSet) -> bool {
        const COMMON: std::ops::RangeInclusive<u16> = 8000..=10_000;
        let exact = |b: &ServiceBox| self.ports.0 <= b.dport.0 && b.dport.1 <= self.ports.1;
        !COMMON.contains(&self.ports.0) || service.boxes().iter().any(exact)
    }
}

/// A rule that opens one or more of the services.
pub(super) struct Hit<'o> {
    pub(super) device: u32,
    pub(super) rule: RuleKey,
    /// Flows that let a service through.
    pub(super) flows: Vec<&'o Flow>,
    /// Names of the services.
    pub(super) names: Vec<&'static str>,
    /// A part of a flow with one of the services only.
    pub(super) traffic: Traffic,
    /// Whether some flow lets it through for certain.
    pub(super) certain: bool,
}

/// A service this wide is no named service: its breadth is judged instead.
const BROAD: u32 = 1024;

/// Rules that open some of `services` from zones of a kind for which `from` holds. Every device
/// with flows is judged.
pub(super) fn hits<'o>(
    audit: &'o Audit<'_>,
    findings: &mut Findings<'_>,
    services: &[Named],
    from: impl Fn(ZoneKind) -> bool,
) -> Vec<Hit<'o>> {
    let mut hits: BTreeMap<(u32, RuleKey), Hit<'o>> = BTreeMap::new();
    for flow in audit.flows() {
        findings.judge(flow.device);
        let Some(rule) = flow.rule().filter(|r| r.rule.is_some()) else { continue };
        if !from(audit.site.zone(flow.from).kind) || is_broad(&flow.traffic.service) {
            continue;
        }
        for named in services {
            let service = flow.traffic.service.intersect(&named.service());
            if !service.is_empty() && named.is_meant(&flow.traffic.service) {
                add(&mut hits, (flow.device, rule), flow, named.name, service);
            }
        }
    }
    hits.into_values().collect()
}

fn add<'o>(
    hits: &mut BTreeMap<(u32, RuleKey), Hit<'o>>,
    (device, rule): (u32, RuleKey),
    flow: &'o Flow,
    name: &'static str,
    service: ServiceSet,
) {
    let traffic = Traffic { service, ..flow.traffic.clone() };
    let hit = hits.entry((device, rule)).or_insert_with(|| Hit {
        device,
        rule,
        flows: Vec::new(),
        names: Vec::new(),
        traffic: traffic.clone(),
        certain: false,
    });
    if flow.certain && !hit.certain {
        hit.certain = true;
        hit.traffic = traffic;
    }
    if !hit.names.contains(&name) {
        hit.names.push(name);
    }
    if !hit.flows.iter().any(|f| std::ptr::eq(*f, flow)) {
        hit.flows.push(flow);
    }
}

/// Whether so many ports are open that no single service is meant.
pub(super) fn is_broad(service: &ServiceSet) -> bool {
    service
        .boxes()
        .iter()
        .any(|b| u32::from(b.dport.1 - b.dport.0) >= BROAD || b.proto.0 != b.proto.1)
}

/// The place where the rule states its services.
pub(super) fn place(audit: &Audit<'_>, hit: &Hit<'_>) -> Location {
    rules::service_place(audit, hit.device, hit.rule)
}

/// Fills in what every finding about a service says.
pub(super) fn describe<'f, 'a>(
    audit: &Audit<'_>,
    draft: Draft<'f, 'a>,
    hit: &Hit<'_>,
) -> Draft<'f, 'a> {
    let owner = hit.flows.first().and_then(|f| audit.site.zone(f.to).owner.clone());
    let witness =
        hit.certain.then(|| audit.witness(hit.device, &hit.traffic, Some(hit.rule), true));
    rules::name(audit, draft, hit.device, hit.rule)
        .text("service", hit.names.join(", "))
        .arg("from", Arg::Names(audit.zone_names(hit.flows.iter().map(|f| f.from))))
        .arg("to", Arg::Names(audit.zone_names(hit.flows.iter().map(|f| f.to))))
        .witness(witness.flatten())
        .owner(owner)
}

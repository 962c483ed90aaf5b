//! Management services that connections from a zone reach on an interface.

use std::collections::BTreeMap;

use portvakt_analysis::Audit;
use portvakt_analysis::flows::{Arrival, to_device};
use portvakt_model::{
    Device, Message, MgmtProtocol, MgmtService, Prefix, Severity, ZoneId, ZoneKind,
};
use portvakt_space::{AddrSet, ServiceBox, ServiceSet, TCP, Traffic, UDP};

use super::support::{Named, first_line, name_all};
use crate::Findings;

/// A service answers.
pub(super) static ANSWERS: Message = Message {
    sv: "{device} svarar på {services} från {zone} på gränssnittet {interface}.",
    en: "{device} answers to {services} from {zone} on interface {interface}.",
};

/// It may, where a rule on the way is not wholly understood.
pub(super) static MAY_ANSWER: Message = Message {
    sv: "{device} svarar kanske på {services} från {zone} på gränssnittet {interface}; en regel på \
         vägen är inte helt förstådd.",
    en: "{device} may answer to {services} from {zone} on interface {interface}; a rule on the way \
         is not wholly understood.",
};

/// Which zones a check looks at, and how bad that is.
pub(super) struct Exposures {
    /// Whether a service may answer to a zone of that kind; the second value is whether the service is
    /// bound to an interface.
    pub(super) is_foreign: fn(ZoneKind, bool) -> bool,
    /// How bad it is from a zone of that kind.
    pub(super) severity: fn(ZoneKind) -> Severity,
}

/// A service that answers to a zone.
struct Exposure<'a> {
    service: &'a MgmtService,
    arrival: Arrival,
}

impl Exposures {
    /// Judges every device, one finding for each interface and zone.
    pub(super) fn judge(&self, audit: &Audit<'_>, findings: &mut Findings<'_>) {
        for (index, device) in audit.devices() {
            let Some(management) = &device.management else { continue };
            findings.judge(index);
            let mut by_place: BTreeMap<(u32, ZoneId), Vec<Exposure<'_>>> = BTreeMap::new();
            for service in management.services.iter().filter(|s| service_of(s.protocol).is_some()) {
                for (atom, zone) in self.places(audit, index, device, service) {
                    if let Some(arrival) = reaches(audit, index, device, service, atom, zone) {
                        let exposure = Exposure { service, arrival };
                        by_place.entry((atom, zone)).or_default().push(exposure);
                    }
                }
            }
            for ((atom, zone), exposures) in &by_place {
                self.report(audit, index, *atom, *zone, exposures, findings);
            }
        }
    }

    /// Interfaces that the service answers on and that lead straight to a foreign zone.
    fn places(
        &self,
        audit: &Audit<'_>,
        index: u32,
        device: &Device,
        service: &MgmtService,
    ) -> Vec<(u32, ZoneId)> {
        let all = 0..device.interfaces.all().len() as u32;
        let answers = |atom: &u32| service.interface.is_none_or(|own| own == *atom);
        let bound = service.interface.is_some();
        let foreign = audit.site.zone_ids().filter(|(_, z)| (self.is_foreign)(z.kind, bound));
        let attachments = audit.zones_of_device(index);
        let place = |(id, _): (ZoneId, _)| {
            let direct = &attachments[id.0 as usize].direct;
            let hit = all.clone().filter(answers).filter(|atom| direct.contains(*atom));
            hit.map(|atom| (atom, id)).collect::<Vec<_>>()
        };
        foreign.flat_map(place).collect()
    }

    fn report(
        &self,
        audit: &Audit<'_>,
        index: u32,
        atom: u32,
        zone: ZoneId,
        exposures: &[Exposure<'_>],
        findings: &mut Findings<'_>,
    ) {
        let certain = exposures.iter().any(|e| e.arrival.certain);
        let shown = exposures.iter().filter(|e| e.arrival.certain == certain);
        let shown: Vec<&Exposure<'_>> = shown.collect();
        let named: Vec<Named> =
            shown.iter().map(|e| (e.service.line, e.service.protocol.name().to_owned())).collect();
        let Some(first) = shown.first() else { return };
        let at = audit.at(index, first_line(&named));
        let interface = audit.devices[index as usize].interfaces.get(atom);
        let interface = interface.map_or("*", |i| i.name.as_str());
        let model = audit.site.zone(zone);
        let draft = if certain {
            findings.violation(&ANSWERS, at)
        } else {
            findings.cannot_tell(&MAY_ANSWER, at)
        };
        let draft = draft
            .device(index)
            .text("interface", interface)
            .text("zone", &model.name)
            .owner(model.owner.clone())
            .severity((self.severity)(model.kind))
            .key(format!("{interface} {}", model.name))
            .witness(audit.witness(index, &first.arrival.traffic, first.arrival.rule, true));
        name_all(draft, audit, index, "services", &named).push();
    }
}

/// The first connection from the zone that the device's lists let through to the service; one that is
/// certain before one that is not.
fn reaches(
    audit: &Audit<'_>,
    index: u32,
    device: &Device,
    service: &MgmtService,
    atom: u32,
    zone: ZoneId,
) -> Option<Arrival> {
    let own = device.interfaces.get(atom).map(|i| i.addresses.as_slice()).unwrap_or_default();
    let region = Traffic {
        src: service
            .sources
            .intersect(&audit.zone_addresses()[zone.0 as usize])
            .minus(audit.own_addresses(index)),
        dst: destination(own),
        service: service_of(service.protocol)?,
        ..Traffic::ANY
    };
    if region.is_empty() {
        return None;
    }
    to_device(audit, index, atom, &region).into_iter().min_by_key(|arrival| !arrival.certain)
}

fn destination(own: &[Prefix]) -> AddrSet {
    if own.is_empty() { AddrSet::ANY } else { own.iter().map(|p| AddrSet::host(p.addr)).collect() }
}

/// The usual port of a protocol that gives access to the device; `None` for what does not.
fn service_of(protocol: MgmtProtocol) -> Option<ServiceSet> {
    let (proto, port) = match protocol {
        MgmtProtocol::Telnet => (TCP, 23),
        MgmtProtocol::Http => (TCP, 80),
        MgmtProtocol::Https => (TCP, 443),
        MgmtProtocol::Ssh => (TCP, 22),
        MgmtProtocol::Snmp => (UDP, 161),
        MgmtProtocol::Ftp => (TCP, 21),
        MgmtProtocol::Rsh => (TCP, 514),
        MgmtProtocol::Ping | MgmtProtocol::Vendor => return None,
    };
    Some(ServiceBox::to(proto, port, port).into())
}

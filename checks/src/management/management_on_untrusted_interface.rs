//! The device's own management answers to the internet, a public wireless network or guests.

use std::collections::BTreeMap;

use portvakt_analysis::Audit;
use portvakt_analysis::flows::{Arrival, own_addresses, to_device};
use portvakt_model::{
    Device, Message, MgmtProtocol, MgmtService, Prefix, Severity, ZoneId, ZoneKind,
};
use portvakt_space::{AddrSet, ServiceBox, ServiceSet, TCP, Traffic, UDP};

use super::support::{Named, first_line, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6031",
    name: "management-on-untrusted-interface",
    aliases: &[],
    severity: Severity::Critical,
    serves: &["MALMO-12.6-1", "MALMO-11.6-W2a", "MALMO-10.4-2", "BASE-5.2", "BASE-4.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Administration nås från internet, publikt nät eller gäster",
        en: "Management is reachable from the internet, a public network or guests",
    },
    why: Message {
        sv: "Inloggningssidor och SSH som svarar utåt prövas dygnet runt, och ett enda fel i dem \
             ger hela brandväggen. Administration ska bara svara i förvaltningsnätet för \
             utrustning.",
        en: "Login pages and SSH that answer to the outside are tried day and night, and a single \
             fault in them gives away the whole firewall. Management must answer only in the \
             management network.",
    },
    fix: Message {
        sv: "Slå av tjänsterna på gränssnittet, eller spärra dem med en regel för trafik till \
             enheten själv. FortiOS: allowaccess, local-in-policy.",
        en: "Turn the services off on the interface, or block them with a rule for traffic to the \
             device itself. FortiOS: allowaccess, local-in-policy.",
    },
    messages: &[&MESSAGE, &NOT_CERTAIN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} svarar på {services} från {zone} på gränssnittet {interface}.",
    en: "{device} answers to {services} from {zone} on interface {interface}.",
};

static NOT_CERTAIN: Message = Message {
    sv: "{device} svarar kanske på {services} från {zone} på gränssnittet {interface}; en regel på \
         vägen är inte helt förstådd.",
    en: "{device} may answer to {services} from {zone} on interface {interface}; a rule on the way \
         is not wholly understood.",
};

/// A service that answers to an untrusted zone.
struct Exposure<'a> {
    service: &'a MgmtService,
    arrival: Arrival,
}

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        let Some(management) = &device.management else { continue };
        findings.judge(index);
        let mut by_place: BTreeMap<(u32, ZoneId), Vec<Exposure<'_>>> = BTreeMap::new();
        for service in management.services.iter().filter(|s| service_of(s.protocol).is_some()) {
            for (atom, zone) in places(audit, index, device, service) {
                if let Some(arrival) = reaches(audit, index, device, service, atom, zone) {
                    by_place.entry((atom, zone)).or_default().push(Exposure { service, arrival });
                }
            }
        }
        for ((atom, zone), exposures) in &by_place {
            report(audit, index, *atom, *zone, exposures, findings);
        }
    }
}

/// Interfaces that the service answers on and that lead straight to an untrusted zone.
fn places(
    audit: &Audit<'_>,
    index: u32,
    device: &Device,
    service: &MgmtService,
) -> Vec<(u32, ZoneId)> {
    let all = 0..device.interfaces.all().len() as u32;
    let answers = |atom: &u32| service.interface.is_none_or(|own| own == *atom);
    let untrusted = audit.site.zone_ids().filter(|(_, zone)| zone.kind.is_untrusted());
    let attachments = audit.zones_of_device(index);
    let place = |(id, _): (ZoneId, _)| {
        let direct = &attachments[id.0 as usize].direct;
        let hit = all.clone().filter(answers).filter(|atom| direct.contains(*atom));
        hit.map(|atom| (atom, id)).collect::<Vec<_>>()
    };
    untrusted.flat_map(place).collect()
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
            .minus(&own_addresses(device)),
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

fn report(
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
        findings.violation(&MESSAGE, at)
    } else {
        findings.cannot_tell(&NOT_CERTAIN, at)
    };
    let draft = draft
        .device(index)
        .text("interface", interface)
        .text("zone", &model.name)
        .owner(model.owner.clone())
        .severity(severity(model.kind))
        .key(format!("{interface} {}", model.name))
        .witness(audit.witness(index, &first.arrival.traffic, first.arrival.rule, true));
    name_all(draft, audit, index, "services", &named).push();
}

/// Guests are known to the municipality in some way; the others are anybody.
const fn severity(kind: ZoneKind) -> Severity {
    match kind {
        ZoneKind::Guest => Severity::High,
        _ => Severity::Critical,
    }
}

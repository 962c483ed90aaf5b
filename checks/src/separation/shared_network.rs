//! Zones of different owners share a network.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portvakt_analysis::Audit;
use portvakt_analysis::flows::zones_at;
use portvakt_model::{Arg, Interface, Message, Role, Severity, ZoneId, ZoneKind};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4005",
    name: "shared-network",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-4", "STHLM-PRI-1", "BASE-4.2"],
    needs: &[Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Nät som delas av olika förvaltningar",
        en: "Network shared by different departments",
    },
    why: Message {
        sv: "I ett gemensamt nät finns ingen kontrollpunkt: datorerna når varandra utan att passera något filter, och ingen regel kan skilja dem åt.",
        en: "In a shared network there is no control point: the computers reach each other without passing a filter, and no rule can tell them apart.",
    },
    fix: Message {
        sv: "Ge varje förvaltning ett eget nät med eget VLAN och filter emellan. Är uppgiften i portvakt.toml fel, rätta zonernas prefix, gränssnitt eller ägare.",
        en: "Give each department a network of its own with its own VLAN and a filter between. If portvakt.toml is wrong, correct the zones' prefixes, interfaces or owners.",
    },
    messages: &[&INTERFACE, &PREFIX, &NO_OWNER],
    run,
};

static INTERFACE: Message = Message {
    sv: "Gränssnittet {interface} på {device} leder till {names}, som har olika ägare: {owners}.",
    en: "Interface {interface} on {device} leads to {names}, which have different owners: {owners}.",
};

static PREFIX: Message = Message {
    sv: "Adresserna {addresses} hör till både {names}, som har olika ägare: {owners}.",
    en: "Addresses {addresses} belong to both {names}, which have different owners: {owners}.",
};

static NO_OWNER: Message = Message {
    sv: "Gränssnittet {interface} på {device} leder till {names}. Om de har samma ägare går inte att avgöra: ange owner för zonerna i portvakt.toml.",
    en: "Interface {interface} on {device} leads to {names}. Whether they have the same owner cannot be told: state the zones' owner in portvakt.toml.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    prefixes(audit, findings);
    for (index, device) in audit.devices() {
        if audit.zones_of_device(index).iter().any(|a| !a.direct.is_empty()) {
            findings.judge(index);
        }
        for (atom, interface) in (0..).zip(device.interfaces.all()) {
            one_interface(audit, index, atom, interface, findings);
        }
    }
}

fn one_interface(
    audit: &Audit<'_>,
    device: u32,
    atom: u32,
    interface: &Interface,
    findings: &mut Findings<'_>,
) {
    let mut zones = zones_at(audit, device, atom);
    zones.retain(|id| audit.site.zone(*id).kind != ZoneKind::Internet);
    let [first, rest @ ..] = zones.as_slice() else { return };
    let unowned = |id: &ZoneId| audit.site.zone(*id).owner.is_none();
    let at = audit.at(device, interface.line);
    let draft = if rest.iter().any(|id| support::owners(audit, *first, *id).is_some()) {
        findings.violation(&INTERFACE, at).text("owners", owners(audit, &zones))
    } else if !rest.is_empty() && zones.iter().any(unowned) {
        findings.cannot_tell(&NO_OWNER, at)
    } else {
        return;
    };
    draft
        .device(device)
        .text("interface", &interface.name)
        .arg("names", Arg::Names(audit.zone_names(zones.iter().copied())))
        .owner(audit.site.zone(*first).owner.clone())
        .key(format!("interface {}", interface.name))
        .push();
}

fn owners(audit: &Audit<'_>, zones: &[ZoneId]) -> String {
    let mut names: Vec<&str> =
        zones.iter().filter_map(|id| audit.site.zone(*id).owner.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Addresses that two zones claim with equal right: the narrower of two claims wins, so what is
/// left in both is claimed alike.
fn prefixes(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut shared: BTreeMap<(ZoneId, ZoneId), Vec<(IpAddr, IpAddr)>> = BTreeMap::new();
    for (range, one, other) in overlaps(audit) {
        if support::owners(audit, one, other).is_some() {
            shared.entry((one.min(other), one.max(other))).or_default().push(range);
        }
    }
    for ((one, other), ranges) in shared {
        let (zones, first) = ([one, other], ranges.first().copied());
        let Some((lo, hi)) = first else { continue };
        let zone = audit.site.zone(other);
        findings
            .violation(&PREFIX, zone.at.clone())
            .text("addresses", format!("{lo}–{hi}"))
            .arg("names", Arg::Names(audit.zone_names(zones)))
            .text("owners", owners(audit, &zones))
            .related(Role::Definition, audit.site.zone(one).at.clone(), &audit.site.zone(one).name)
            .owner(zone.owner.clone())
            .key(format!("{} {}", audit.site.zone(one).name, zone.name))
            .push();
    }
}

/// A range of addresses that two zones have, for every range that overlaps an earlier one.
fn overlaps(audit: &Audit<'_>) -> Vec<((IpAddr, IpAddr), ZoneId, ZoneId)> {
    let mut ranges: Vec<(IpAddr, IpAddr, ZoneId)> = Vec::new();
    for (id, _) in audit.site.zone_ids() {
        let own = audit.zone_addresses()[id.0 as usize].ranges();
        ranges.extend(own.into_iter().map(|(lo, hi)| (lo, hi, id)));
    }
    ranges.sort_unstable();
    let (mut found, mut reach): (Vec<_>, Option<(IpAddr, ZoneId)>) = (Vec::new(), None);
    for (lo, hi, id) in ranges {
        let same = |end: IpAddr| end.is_ipv4() == lo.is_ipv4() && lo <= end;
        if let Some((end, other)) = reach.filter(|(end, other)| same(*end) && *other != id) {
            found.push(((lo, hi.min(end)), other, id));
        }
        if reach.is_none_or(|(end, _)| !same(end) || end < hi) {
            reach = Some((hi, id));
        }
    }
    found
}

//! Where the site's zones are, seen from each device.

use std::net::IpAddr;

use portvakt_model::{Device, Interface, InterfaceKind, Site, Zone, ZoneId, ZoneKind};
use portvakt_space::{AddrSet, AtomSet};

/// Addresses that are never the internet although no zone claims them (RFC 6890, RFC 4193,
/// RFC 4291): private, shared, loopback, link-local, multicast, reserved.
const NOT_INTERNET: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
    "::/8",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// How a zone is attached to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Interfaces that the zone's own machines are behind: the site file says so, or an interface
    /// address is in the zone.
    pub direct: AtomSet,
    /// Interfaces behind whose next hops a static route puts (part of) the zone.
    pub routed: AtomSet,
    /// Whether the export says nothing of addresses or routes: any interface may lead there.
    pub unknown: bool,
}

impl Attachment {
    /// The interfaces that may lead to the zone; `None` when none does. `routed_too` takes those
    /// behind next hops as well.
    pub fn atoms(&self, routed_too: bool) -> Option<AtomSet> {
        if self.unknown {
            return Some(AtomSet::ANY);
        }
        let all = if routed_too { self.direct.union(&self.routed) } else { self.direct.clone() };
        (!all.is_empty()).then_some(all)
    }

    /// Whether some interface is known to lead to the zone.
    pub fn is_known(&self) -> bool {
        !self.unknown && !(self.direct.is_empty() && self.routed.is_empty())
    }
}

/// The addresses of each zone; the index is the [`ZoneId`]. The most specific prefix wins: what a
/// narrower zone claims is not in the wider one. The internet never has the municipality's own
/// addresses or private ones; without prefixes it is all the rest.
pub fn addresses(site: &Site) -> Vec<AddrSet> {
    let inside = site.own_prefixes.union(&not_internet());
    let own = |zone: &Zone| {
        let internet = zone.kind == ZoneKind::Internet;
        let wide =
            if internet && zone.prefixes.is_empty() { &AddrSet::ANY } else { &zone.prefixes };
        let narrower = narrower(wide, site.zones.iter().filter(|z| !std::ptr::eq(*z, zone)));
        let rest = wide.minus(&narrower);
        if internet { rest.minus(&inside) } else { rest }
    };
    site.zones.iter().map(own).collect()
}

/// The ranges of other zones that lie inside a range of `wide` and are smaller.
fn narrower<'a>(wide: &AddrSet, others: impl Iterator<Item = &'a Zone>) -> AddrSet {
    let outer = wide.ranges();
    let is_inside = |r: &(IpAddr, IpAddr)| {
        outer.iter().any(|o| o != r && o.0.is_ipv4() == r.0.is_ipv4() && o.0 <= r.0 && r.1 <= o.1)
    };
    let ranges = others.flat_map(|z| z.prefixes.ranges());
    ranges.filter(is_inside).map(|(lo, hi)| AddrSet::range(lo, hi)).collect()
}

fn not_internet() -> AddrSet {
    let set = |text: &&str| {
        let (addr, len) = text.split_once('/')?;
        Some(AddrSet::prefix(addr.parse().ok()?, len.parse().ok()?))
    };
    NOT_INTERNET.iter().filter_map(set).collect()
}

/// How each zone is attached to `device`; the index is the [`ZoneId`].
pub fn attachments(site: &Site, addresses: &[AddrSet], device: &Device) -> Vec<Attachment> {
    let has_addresses = device.interfaces.all().iter().any(|i| !i.addresses.is_empty());
    // Where the site file names interfaces of the device, those it does not name are links.
    let is_stated = site.zones.iter().any(|z| !stated(z, device).is_empty());
    let attach = |(id, zone): (ZoneId, &Zone)| {
        let own = &addresses[id.0 as usize];
        let mut direct = stated(zone, device);
        if !is_stated {
            direct = direct.union(&connected(zone, own, device));
        }
        if direct.is_empty() && !is_stated {
            direct = uplink(zone, device);
        }
        let mut routed = routed(zone, own, device);
        routed = routed.union(&by_default(&direct.union(&routed), device));
        let unknown = !has_addresses && direct.is_empty() && routed.is_empty();
        Attachment { direct, routed, unknown }
    };
    site.zone_ids().map(attach).collect()
}

/// Interfaces that the site file names.
fn stated(zone: &Zone, device: &Device) -> AtomSet {
    let names = zone.interfaces.iter().filter(|(d, _)| is_named(device, d)).map(|(_, i)| i);
    names.flat_map(|name| by_name(device, name)).collect()
}

/// Whether a name in the site file means this device: a virtual part answers to its host's name.
pub fn is_named(device: &Device, name: &str) -> bool {
    let host = device.name.split('/').next().unwrap_or_default();
    device.name.eq_ignore_ascii_case(name) || host.eq_ignore_ascii_case(name)
}

fn by_name(device: &Device, name: &str) -> Vec<u32> {
    if let Some(zone) = device.zones.iter().find(|z| z.name == name) {
        return zone.interfaces.clone();
    }
    let is = |i: &Interface| i.name == name || i.hardware.as_deref() == Some(name);
    (0..).zip(device.interfaces.all()).filter(|(_, i)| is(i)).map(|(atom, _)| atom).collect()
}

/// Interfaces with an address in the zone, or a VLAN network that the zone lies in.
fn connected(zone: &Zone, own: &AddrSet, device: &Device) -> AtomSet {
    if zone.prefixes.is_empty() && zone.kind != ZoneKind::Internet {
        return AtomSet::none();
    }
    let inside = |i: &Interface| {
        i.enabled
            && i.kind != InterfaceKind::Loopback
            && i.addresses.iter().any(|p| own.contains(p.addr) || within(own, &p.network()))
    };
    (0..).zip(device.interfaces.all()).filter(|(_, i)| inside(i)).map(|(atom, _)| atom).collect()
}

fn within(zone: &AddrSet, network: &AddrSet) -> bool {
    zone.is_subset(network) && !zone.is_empty()
}

/// For the internet: interfaces that the export itself calls outside.
fn uplink(zone: &Zone, device: &Device) -> AtomSet {
    if zone.kind != ZoneKind::Internet {
        return AtomSet::none();
    }
    let outside = |i: &Interface| i.role.as_deref() == Some("wan") || i.security_level == Some(0);
    let all = (0..).zip(device.interfaces.all());
    all.filter(|(_, i)| i.enabled && outside(i)).map(|(atom, _)| atom).collect()
}

/// Interfaces behind which a static route puts (part of) the zone.
fn routed(zone: &Zone, own: &AddrSet, device: &Device) -> AtomSet {
    let default_too = zone.kind == ZoneKind::Internet;
    let leads = device.routes.iter().filter(|r| {
        let to = r.to.network();
        (r.to.len > 0 || default_too) && to.overlaps(own)
    });
    leads.filter_map(|r| r.interface.or_else(|| neighbour(device, r.via?))).collect()
}

/// Interfaces of default routes, in those VRFs where nothing in `known` leads to the zone.
fn by_default(known: &AtomSet, device: &Device) -> AtomSet {
    let vrf = |atom: u32| device.interfaces.get(atom).and_then(|i| i.vrf.as_deref());
    let atoms = 0..device.interfaces.all().len() as u32;
    let reached: Vec<Option<&str>> = atoms.filter(|a| known.contains(*a)).map(vrf).collect();
    let defaults = device.routes.iter().filter(|r| r.to.len == 0);
    defaults
        .filter_map(|r| r.interface.or_else(|| neighbour(device, r.via?)))
        .filter(|atom| !reached.contains(&vrf(*atom)))
        .collect()
}

/// The interface whose network has the next hop.
fn neighbour(device: &Device, via: IpAddr) -> Option<u32> {
    let has = |i: &Interface| i.addresses.iter().any(|p| p.network().contains(via));
    (0..).zip(device.interfaces.all()).find(|(_, i)| has(i)).map(|(atom, _)| atom)
}

/// The zones that an interface leads to directly.
pub fn zones_of(atom: u32, attachments: &[Attachment]) -> Vec<ZoneId> {
    let here = |a: &Attachment| a.direct.contains(atom);
    (0..).map(ZoneId).zip(attachments).filter(|(_, a)| here(a)).map(|(id, _)| id).collect()
}

//! Where the site's zones are, seen from each device.

use std::net::IpAddr;

use portvakt_model::{Device, Interface, InterfaceKind, Prefix, Site, Zone, ZoneId, ZoneKind};
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
    /// The addresses of the zone that are behind those.
    pub beyond: AddrSet,
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

    /// The addresses of the zone, which are `own`, with the interfaces that may lead to them.
    pub fn places(&self, own: &AddrSet, routed_too: bool) -> Vec<(AddrSet, AtomSet)> {
        let Some(all) = self.atoms(routed_too) else { return Vec::new() };
        if self.unknown || !routed_too || own.is_subset(&self.beyond) {
            return vec![(own.clone(), all)];
        }
        let behind = self.routed.minus(&self.direct);
        vec![(own.clone(), self.direct.clone()), (own.intersect(&self.beyond), behind)]
    }

    /// Whether some interface is known to lead to the zone.
    pub fn is_known(&self) -> bool {
        !(self.unknown || self.direct.is_empty() && self.routed.is_empty())
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
    let networks = Networks::of(device);
    let attach = |(id, zone): (ZoneId, &Zone)| {
        let own = &addresses[id.0 as usize];
        let mut direct = stated(zone, device);
        if !is_stated {
            direct = direct.union(&connected(zone, own, device));
        }
        if direct.is_empty() && !is_stated {
            direct = uplink(zone, device);
        }
        let (mut routed, mut beyond) = routed(zone, own, device, &networks);
        let defaults = by_default(&direct.union(&routed), device);
        if !defaults.is_empty() {
            beyond = own.clone();
            routed = routed.union(&defaults);
        }
        let unknown = !has_addresses && direct.is_empty() && routed.is_empty();
        Attachment { direct, routed, beyond, unknown }
    };
    site.zone_ids().map(attach).collect()
}

/// Interfaces that the site file names. A host's filter need not mention the interface that it stands
/// behind: where the export has no addresses, one that its rules do not mention is none of those they do.
fn stated(zone: &Zone, device: &Device) -> AtomSet {
    let names = zone.interfaces.iter().filter(|(d, _)| is_named(device, d)).map(|(_, i)| i);
    let found: Vec<Vec<u32>> = names.map(|name| by_name(device, name)).collect();
    let all = device.interfaces.all();
    let unmentioned = found.iter().any(Vec::is_empty) && all.iter().all(|i| i.addresses.is_empty());
    let known: AtomSet = found.into_iter().flatten().collect();
    if unmentioned {
        let mentioned: AtomSet = (0..all.len() as u32).collect();
        return known.union(&mentioned.complement());
    }
    known
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
    // A VLAN interface has its port's name as hardware: the port's own name means the port alone.
    if let Some(atom) = device.interfaces.find(name) {
        return vec![atom];
    }
    let is = |i: &Interface| i.hardware.as_deref() == Some(name);
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

/// Interfaces behind which a static route puts (part of) the zone, and which part: not what a network
/// of the device's own takes first, for the longest prefix wins (RFC 1812 §5.2.4.3).
fn routed(zone: &Zone, own: &AddrSet, device: &Device, networks: &Networks) -> (AtomSet, AddrSet) {
    let default_too = zone.kind == ZoneKind::Internet;
    let routes = device.routes.iter().filter(|r| r.to.len > 0 || default_too);
    let (mut atoms, mut parts) = (Vec::new(), Vec::new());
    for route in routes {
        let part = route.to.network().intersect(own).minus(networks.at_least(route.to.len));
        let atom = route.interface.or_else(|| neighbour(device, route.via?));
        if let Some(atom) = atom.filter(|_| !part.is_empty()) {
            atoms.push(atom);
            parts.push(part);
        }
    }
    (atoms.into_iter().collect(), AddrSet::union_all(&parts))
}

/// The networks of a device's own interfaces, by prefix length.
struct Networks {
    /// For each length that occurs, longest first, the networks of that length or longer.
    by_length: Vec<(u8, AddrSet)>,
    none: AddrSet,
}

impl Networks {
    fn of(device: &Device) -> Self {
        let up = device.interfaces.all().iter().filter(|i| i.enabled);
        let mut prefixes: Vec<&Prefix> = up.flat_map(|i| &i.addresses).collect();
        prefixes.sort_unstable_by_key(|p| std::cmp::Reverse(p.len));
        let mut by_length: Vec<(u8, AddrSet)> = Vec::new();
        for same in prefixes.chunk_by(|a, b| a.len == b.len) {
            let mut all: AddrSet = same.iter().map(|p| p.network()).collect();
            if let Some((_, longer)) = by_length.last() {
                all = all.union(longer);
            }
            by_length.extend(same.first().map(|p| (p.len, all)));
        }
        Self { by_length, none: AddrSet::default() }
    }

    /// The networks whose prefix is at least `len` long.
    fn at_least(&self, len: u8) -> &AddrSet {
        let fitting = self.by_length.iter().take_while(|(l, _)| *l >= len).last();
        fitting.map_or(&self.none, |(_, set)| set)
    }
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

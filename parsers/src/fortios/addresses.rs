//! `config firewall address`, `addrgrp` and their IPv6 and multicast siblings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portvakt_model::{Object, ObjectKind, Prefix, Told, Undefined};
use portvakt_space::{AddrSet, Family};
use rustc_hash::FxHashMap;

use super::groups::{Definition, Extent, resolve};
use super::interfaces::Interfaces;
use super::keys::{Keys, mark_table};
use super::predefined;
use super::reasons;
use super::scope::Scope;
use super::tree::{Node, Setting};
use crate::build::Build;
use crate::net;

/// Addresses of one IP version by name.
pub(super) struct Addresses {
    family: Family,
    by_name: FxHashMap<String, Extent<AddrSet>>,
    /// Whether the export shows addresses at all: only then is a missing one undefined.
    shown: bool,
    pub(super) objects: Vec<Object>,
    pub(super) undefined: Vec<Undefined>,
}

const ADDRESS: Keys = Keys {
    used: &[
        "type",
        "subnet",
        "start-ip",
        "end-ip",
        "wildcard",
        "interface",
        "fqdn",
        "wildcard-fqdn",
        "country",
        "ip6",
        "sub-type",
        "macaddr",
        "start-mac",
        "end-mac",
        "sdn",
        "sdn-tag",
        "filter",
        "obj-tag",
        "obj-type",
        "tag-type",
        "tag-detection-level",
        "fsso-group",
        "clearpass-spt",
        "dirty",
        "host",
        "host-type",
        "template",
        "organization",
        "tenant",
        "epg-name",
        "subnet-name",
        "policy-group",
        "route-tag",
        "hw-vendor",
        "hw-model",
        "os",
        "sw-version",
    ],
    neutral: &[
        "associated-interface",
        "allow-routing",
        "cache-ttl",
        "sdn-addr-type",
        "node-ip-only",
        "obj-id",
        "passive-fqdn-learning",
        "tags",
        "tagging",
        "list",
    ],
    lost: &[],
};

const GROUP: Keys = Keys {
    used: &["member", "exclude", "exclude-member"],
    neutral: &["type", "category", "allow-routing"],
    lost: &[],
};

const FEED: Keys = Keys {
    used: &["type"],
    neutral: &[
        "status",
        "category",
        "resource",
        "refresh-rate",
        "username",
        "source-ip",
        "source-ip-interface",
        "interface-select-method",
        "interface",
        "user-agent",
        "server-identity-check",
        "update-method",
        "address-comment-field",
        "address-data-field",
    ],
    lost: &[],
};

/// Section names of one IP version.
struct Paths {
    address: &'static str,
    group: &'static str,
    multicast: &'static str,
}

const V4: Paths = Paths {
    address: "firewall address",
    group: "firewall addrgrp",
    multicast: "firewall multicast-address",
};
const V6: Paths = Paths {
    address: "firewall address6",
    group: "firewall addrgrp6",
    multicast: "firewall multicast-address6",
};

impl Addresses {
    pub(super) fn read(
        family: Family,
        scope: &Scope<'_, '_>,
        interfaces: &Interfaces,
        build: &mut Build<'_>,
    ) -> Self {
        let paths = if family == Family::V4 { &V4 } else { &V6 };
        let mut definitions = FxHashMap::default();
        let (mut objects, mut undefined) = (Vec::new(), Vec::new());
        read_feeds(family, scope, &mut definitions, build);
        read_multicast(family, scope, paths, &mut definitions, &mut objects, build);
        for section in scope.sections(paths.address) {
            mark_table(section, &ADDRESS, build);
            for entry in section.children() {
                let extent = address(entry, family, interfaces);
                definitions.insert(entry.name().to_owned(), Definition::Is(extent));
                objects.push(object(entry, ObjectKind::Address(None)));
            }
        }
        let groups: Vec<Node<'_, '_>> = scope.entries(paths.group).collect();
        for section in scope.sections(paths.group) {
            mark_table(section, &GROUP, build);
        }
        for &entry in &groups {
            definitions.insert(entry.name().to_owned(), group(entry));
            objects.push(object(entry, ObjectKind::AddressGroup(None)));
        }
        for &entry in &groups {
            let members = entry.list("member").into_iter().chain(entry.list("exclude-member"));
            for (member, line) in members.filter(|(m, _)| !definitions.contains_key(*m)) {
                let used_by = format!("address group {}", entry.name());
                let name = member.to_owned();
                undefined.push(Undefined { name, kind: "address", line, used_by });
            }
        }
        let by_name: FxHashMap<String, Extent<AddrSet>> =
            resolve(&definitions, AddrSet::all(family))
                .into_iter()
                .map(|(name, extent)| (name.to_owned(), extent))
                .collect();
        for object in &mut objects {
            fill(object, &by_name);
        }
        let shown = scope.header.whole || !objects.is_empty();
        Self { family, by_name, shown, objects, undefined }
    }

    /// What a name stands for; `None` when nothing defines it.
    pub(super) fn find(&self, name: &str) -> Option<Extent<AddrSet>> {
        let known = self.by_name.get(name).cloned();
        known.or_else(|| match name {
            "all" => Some(Extent::exact(AddrSet::all(self.family))),
            "none" => Some(Extent::exact(AddrSet::NONE)),
            _ => None,
        })
    }

    /// What an undefined name may stand for. It is only undefined where the export shows addresses.
    pub(super) fn missing(
        &self,
        name: &str,
        line: u32,
        user: &str,
        undefined: &mut Vec<Undefined>,
    ) -> Extent<AddrSet> {
        if self.shown {
            let (name, used_by) = (name.to_owned(), user.to_owned());
            undefined.push(Undefined { name, kind: "address", line, used_by });
        }
        let words =
            if self.shown { reasons::UNDEFINED_ADDRESS } else { reasons::ADDRESS_ELSEWHERE };
        Extent::unknown(AddrSet::all(self.family), Told::of(words, name))
    }
}

fn object(entry: Node<'_, '_>, kind: ObjectKind) -> Object {
    let name = entry.name().to_owned();
    let predefined = predefined::is_address(&name);
    Object { name, kind, line: entry.line(), uses: 0, source: None, predefined }
}

fn fill(object: &mut Object, by_name: &FxHashMap<String, Extent<AddrSet>>) {
    let set = by_name.get(&object.name).and_then(Extent::known);
    match &mut object.kind {
        ObjectKind::Address(slot) | ObjectKind::AddressGroup(slot) => *slot = set,
        _ => {}
    }
}

fn group(entry: Node<'_, '_>) -> Definition<AddrSet> {
    let own = |key: &str| entry.list(key).into_iter().map(|(m, _)| m.to_owned()).collect();
    let exclude = if entry.is("exclude", "enable") { own("exclude-member") } else { Vec::new() };
    Definition::Group { members: own("member"), exclude }
}

/// Lists of addresses that the device fetches from elsewhere.
fn read_feeds(
    family: Family,
    scope: &Scope<'_, '_>,
    definitions: &mut FxHashMap<String, Definition<AddrSet>>,
    build: &mut Build<'_>,
) {
    for section in scope.sections("system external-resource") {
        mark_table(section, &FEED, build);
        for entry in section.children() {
            let why = Told::of(reasons::FEED, entry.name());
            let extent = Extent::unknown(AddrSet::all(family), why);
            definitions.insert(entry.name().to_owned(), Definition::Is(extent));
        }
    }
}

/// Multicast groups have names of their own, apart from those of hosts and networks: a name that
/// both have is the other one's.
fn read_multicast(
    family: Family,
    scope: &Scope<'_, '_>,
    paths: &Paths,
    definitions: &mut FxHashMap<String, Definition<AddrSet>>,
    objects: &mut Vec<Object>,
    build: &mut Build<'_>,
) {
    for section in scope.sections(paths.multicast) {
        mark_table(section, &ADDRESS, build);
        for entry in section.children() {
            let extent = multicast(entry, family);
            let set = extent.known();
            definitions.insert(entry.name().to_owned(), Definition::Is(extent));
            let factory = ["all", "all_hosts", "all_routers", "Bonjour", "EIGRP", "OSPF"];
            let predefined = factory.contains(&entry.name());
            let kind = ObjectKind::Address(set);
            let name = entry.name().to_owned();
            objects.push(Object {
                name,
                kind,
                line: entry.line(),
                uses: 0,
                source: None,
                predefined,
            });
        }
    }
}

fn multicast(entry: Node<'_, '_>, family: Family) -> Extent<AddrSet> {
    let set = match family {
        Family::V6 => entry.get("ip6").and_then(net::network),
        Family::V4 if entry.is("type", "broadcastmask") => entry.setting("subnet").and_then(subnet),
        Family::V4 => ends(entry),
    };
    known_or(set, entry, family)
}

/// What an address object matches (FortiOS CLI Reference, `config firewall address`).
fn address(entry: Node<'_, '_>, family: Family, interfaces: &Interfaces) -> Extent<AddrSet> {
    let kind = entry.get("type").unwrap_or("ipmask");
    let set = match kind {
        "ipmask" | "ipprefix" => return plain(entry, family),
        "iprange" => ends(entry),
        "wildcard" => match entry.setting("wildcard") {
            Some(setting) => wildcard(setting),
            None => Some(AddrSet::all(Family::V4)),
        },
        "interface-subnet" => interface_subnet(entry, interfaces),
        _ => return Extent::unknown(AddrSet::all(family), unresolved(kind, entry)),
    };
    known_or(set, entry, family)
}

fn known_or(set: Option<AddrSet>, entry: Node<'_, '_>, family: Family) -> Extent<AddrSet> {
    set.map_or_else(
        || {
            let why = Told::of(reasons::ADDRESS, entry.name());
            Extent::unknown(AddrSet::all(family), why)
        },
        Extent::exact,
    )
}

/// An object without a subnet is 0.0.0.0/0 (`::/0`). The factory's `none` is written as the
/// address 0.0.0.0 (`::`), which no packet has.
fn plain(entry: Node<'_, '_>, family: Family) -> Extent<AddrSet> {
    let key = if family == Family::V4 { "subnet" } else { "ip6" };
    let Some(setting) = entry.setting(key) else { return Extent::exact(AddrSet::all(family)) };
    let set = subnet(setting);
    let nothing = |set: &AddrSet| {
        set.contains(Ipv4Addr::UNSPECIFIED.into()) || set.contains(Ipv6Addr::UNSPECIFIED.into())
    };
    if entry.name() == "none" && set.as_ref().is_some_and(|s| nothing(s) && s.size(family) == 1) {
        return Extent::exact(AddrSet::NONE);
    }
    known_or(set, entry, family)
}

/// `192.0.2.0 255.255.255.0`, `192.0.2.0/24`, `2001:db8::/32`.
pub(super) fn subnet(setting: &Setting<'_>) -> Option<AddrSet> {
    match setting.values.as_slice() {
        [addr, mask] => net::masked(&addr.text, &mask.text).map(|p| p.network()),
        [one] => net::network(&one.text),
        _ => None,
    }
}

/// `start-ip` to `end-ip`. An end of 0.0.0.0 is the unset default.
fn ends(entry: Node<'_, '_>) -> Option<AddrSet> {
    let (start, end) = (entry.get("start-ip")?, entry.get("end-ip")?);
    net::between(start, end)
}

/// `10.0.0.1 255.0.0.255`: one bits of the mask must agree (the inverse of a Cisco wildcard).
fn wildcard(setting: &Setting<'_>) -> Option<AddrSet> {
    let [addr, mask] = setting.values.as_slice() else { return None };
    let (addr, mask): (Ipv4Addr, Ipv4Addr) = (addr.text.parse().ok()?, mask.text.parse().ok()?);
    net::wildcard(addr, !mask)
}

/// The subnet of an interface. The export repeats it; if not, the interface tells.
fn interface_subnet(entry: Node<'_, '_>, interfaces: &Interfaces) -> Option<AddrSet> {
    let written = entry.setting("subnet").and_then(subnet);
    let written = written.filter(|set| !set.contains(Ipv4Addr::UNSPECIFIED.into()));
    written.or_else(|| {
        let interface = interfaces.get(entry.get("interface")?)?;
        interface.addresses.iter().find(|p| p.addr.is_ipv4()).map(Prefix::network)
    })
}

/// What a dynamic object says of itself: `fqdn object "x" (www.example.net)`.
fn unresolved(kind: &str, entry: Node<'_, '_>) -> String {
    let key = match kind {
        "fqdn" | "wildcard-fqdn" => kind,
        "geography" => "country",
        "mac" => "macaddr",
        "dynamic" => "sub-type",
        _ => "",
    };
    match entry.get(key) {
        Some(value) => format!("{kind} object \"{}\" ({value})", entry.name()),
        None => format!("{kind} object \"{}\"", entry.name()),
    }
}

/// One address or an inclusive range, as VIPs and pools write it.
pub(super) fn host_or_range(text: &str) -> Option<AddrSet> {
    if let Some(set) = net::range(text) {
        return Some(set);
    }
    text.parse::<IpAddr>().ok().map(AddrSet::host)
}

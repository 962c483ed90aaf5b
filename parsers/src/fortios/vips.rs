//! `config firewall vip`, `vip6` and their groups: destinations that are translated.

use portvakt_model::{NatKind, NatRule, Object, ObjectKind, Told, Undefined};
use portvakt_space::{
    AddrSet, AtomSet, Family, ICMP, SCTP, ServiceBox, ServiceSet, StateSet, TCP, Traffic, UDP,
};
use rustc_hash::FxHashMap;

use super::addresses::host_or_range;
use super::interfaces::Interfaces;
use super::keys::{Keys, mark_table};
use super::reasons;
use super::scope::Scope;
use super::services::Services;
use super::tree::Node;
use super::vip_keys;
use crate::build::Build;
use crate::net;

/// A virtual IP as policies see it: what packets look like after its translation.
#[derive(Clone, Debug)]
pub(super) struct Vip {
    /// Index of its [`NatRule`] in the device.
    pub(super) nat: u32,
    pub(super) name: String,
    pub(super) mapped: AddrSet,
    pub(super) service: ServiceSet,
    pub(super) sources: AddrSet,
    pub(super) iif: AtomSet,
    /// Why `mapped` is not exact.
    pub(super) why: Option<Told>,
}

/// VIPs and VIP groups of one device, of both IP versions.
#[derive(Default)]
pub(super) struct Vips {
    all: Vec<Vip>,
    by_name: FxHashMap<(Family, String), Vec<usize>>,
    pub(super) nat: Vec<NatRule>,
    pub(super) objects: Vec<Object>,
}

const GROUP: Keys = Keys { used: &["member", "interface"], neutral: &[], lost: &[] };

impl Vips {
    pub(super) fn read(
        scope: &Scope<'_, '_>,
        interfaces: &mut Interfaces,
        services: &Services,
        undefined: &mut Vec<Undefined>,
        build: &mut Build<'_>,
    ) -> Self {
        let mut all = Self::default();
        let tables = [
            (Family::V4, "firewall vip", "firewall vipgrp"),
            (Family::V6, "firewall vip6", "firewall vipgrp6"),
        ];
        for (family, path, group_path) in tables {
            for section in scope.sections(path) {
                vip_keys::mark_vips(section, build);
                for entry in section.children() {
                    all.vip(entry, family, interfaces, services, undefined);
                }
            }
            for section in scope.sections(group_path) {
                mark_table(section, &GROUP, build);
                for entry in section.children() {
                    all.group(entry, family, undefined);
                }
            }
        }
        all
    }

    /// The VIPs of a name; `None` when it names none.
    pub(super) fn find(&self, family: Family, name: &str) -> Option<Vec<&Vip>> {
        let indices = self.by_name.get(&(family, name.to_owned()))?;
        Some(indices.iter().map(|&i| &self.all[i]).collect())
    }

    fn vip(
        &mut self,
        entry: Node<'_, '_>,
        family: Family,
        interfaces: &mut Interfaces,
        services: &Services,
        undefined: &mut Vec<Undefined>,
    ) {
        let (nat, vip) = translation(entry, family, interfaces, services, undefined);
        let vip = Vip { nat: self.nat.len() as u32, ..vip };
        self.by_name.insert((family, vip.name.clone()), vec![self.all.len()]);
        self.objects.push(Object {
            name: vip.name.clone(),
            kind: ObjectKind::VirtualIp,
            line: entry.line(),
            uses: 0,
            source: None,
            predefined: false,
        });
        self.all.push(vip);
        self.nat.push(nat);
    }

    fn group(&mut self, entry: Node<'_, '_>, family: Family, undefined: &mut Vec<Undefined>) {
        let mut members = Vec::new();
        for (member, line) in entry.list("member") {
            match self.by_name.get(&(family, member.to_owned())) {
                Some(indices) => members.extend(indices),
                None => undefined.push(Undefined {
                    name: member.to_owned(),
                    kind: "VIP",
                    line,
                    used_by: format!("VIP group {}", entry.name()),
                }),
            }
        }
        self.by_name.insert((family, entry.name().to_owned()), members);
        self.objects.push(Object {
            name: entry.name().to_owned(),
            kind: ObjectKind::VirtualIp,
            line: entry.line(),
            uses: 0,
            source: None,
            predefined: false,
        });
    }
}

fn translation(
    entry: Node<'_, '_>,
    family: Family,
    interfaces: &mut Interfaces,
    services: &Services,
    undefined: &mut Vec<Undefined>,
) -> (NatRule, Vip) {
    let name = entry.name().to_owned();
    let user = format!("VIP {name}");
    let iif = match entry.list("extintf").as_slice() {
        [] => AtomSet::ANY,
        names => interfaces.atoms(names, &user, undefined),
    };
    let sources = sources(entry, family);
    let (outside, inside) = ports(entry, services, &user, undefined);
    let external = external(entry, family, interfaces);
    let (mapped, why) = mapped(entry, family);
    let forward = entry.is("portforward", "enable");
    let one_to_one = !forward && matches!(entry.get("type"), None | Some("static-nat"));
    let matches = Traffic {
        src: sources.clone(),
        dst: external,
        service: outside,
        iif: iif.clone(),
        oif: AtomSet::ANY,
        state: StateSet::ANY,
    };
    let nat = NatRule {
        kind: if one_to_one { NatKind::Static } else { NatKind::Destination },
        name: name.clone(),
        enabled: !entry.is("status", "disable"),
        matches,
        to_src: None,
        to_dst: Some(mapped.clone()),
        to_service: (inside != ServiceSet::ANY).then(|| inside.clone()),
        line: entry.line(),
        uses: Some(0),
    };
    (nat, Vip { nat: 0, name, mapped, service: inside, sources, iif, why })
}

/// `src-filter`: addresses, prefixes or ranges that the translation is limited to.
fn sources(entry: Node<'_, '_>, family: Family) -> AddrSet {
    let filter = entry.list("src-filter");
    let sets = filter.iter().filter_map(|(text, _)| {
        net::network(text).or_else(|| net::range(text)).map(|set| set.only(family))
    });
    let set: AddrSet = sets.collect();
    if set.is_empty() { AddrSet::all(family) } else { set }
}

/// The outside addresses. 0.0.0.0 stands for the address of the outside interface.
fn external(entry: Node<'_, '_>, family: Family, interfaces: &Interfaces) -> AddrSet {
    let written: AddrSet =
        entry.list("extip").iter().filter_map(|(text, _)| host_or_range(text)).collect();
    let unset = written.ranges().first().is_none_or(|(lo, _)| lo.is_unspecified());
    if !unset {
        return written;
    }
    let own = entry.get("extintf").and_then(|name| interfaces.get(name));
    let own: AddrSet = own
        .into_iter()
        .flat_map(|i| &i.addresses)
        .map(|p| AddrSet::host(p.addr).only(family))
        .collect();
    if own.is_empty() { AddrSet::all(family) } else { own }
}

/// The inside addresses, or everything and why they are not known.
fn mapped(entry: Node<'_, '_>, family: Family) -> (AddrSet, Option<Told>) {
    let listed: AddrSet =
        entry.list("mappedip").iter().filter_map(|(text, _)| host_or_range(text)).collect();
    let servers: AddrSet = entry
        .entries_of("realservers")
        .filter(|server| !server.is("status", "disable"))
        .filter_map(|server| server.get("ip").and_then(host_or_range))
        .collect();
    let other: AddrSet =
        entry.list("ipv6-mappedip").iter().filter_map(|(text, _)| host_or_range(text)).collect();
    let set = AddrSet::union_all([&listed, &servers, &other]);
    if set.is_empty() {
        let name = entry.name();
        let why = match entry.get("mapped-addr") {
            Some(address) => Told::Written(format!("VIP \"{name}\": mapped-addr {address}")),
            None => Told::of(reasons::MAPPED_NOT_SHOWN, name),
        };
        return (AddrSet::all(family), Some(why));
    }
    (set, None)
}

/// Services before and after translation.
fn ports(
    entry: Node<'_, '_>,
    services: &Services,
    user: &str,
    undefined: &mut Vec<Undefined>,
) -> (ServiceSet, ServiceSet) {
    let proto = match entry.get("protocol") {
        Some("udp") => UDP,
        Some("sctp") => SCTP,
        Some("icmp") => ICMP,
        _ => TCP,
    };
    let balanced = entry.is("type", "server-load-balance");
    if entry.is("portforward", "enable") || balanced && entry.get("extport").is_some() {
        let outside = range(proto, entry.get("extport"));
        let inside = mapped_ports(entry, proto).unwrap_or_else(|| outside.clone());
        return (outside, inside);
    }
    let listed = entry.list("service");
    if listed.is_empty() {
        return (ServiceSet::ANY, ServiceSet::ANY);
    }
    let outside = services.extent(&listed, user, undefined).most;
    let inside = match entry.get("mappedport") {
        Some(port) => range(proto, Some(port)),
        None => outside.clone(),
    };
    (outside, inside)
}

/// `mappedport`, or the ports of the real servers.
fn mapped_ports(entry: Node<'_, '_>, proto: u8) -> Option<ServiceSet> {
    if let Some(port) = entry.get("mappedport") {
        return Some(range(proto, Some(port)));
    }
    let ports: Vec<ServiceBox> = entry
        .entries_of("realservers")
        .filter_map(|server| server.get("port")?.parse::<u16>().ok())
        .filter(|port| *port != 0)
        .map(|port| ServiceBox::to(proto, port, port))
        .collect();
    (!ports.is_empty()).then(|| ServiceSet::from_boxes(ports))
}

/// `443` or `8000-8010`; all ports of the protocol when absent or 0.
fn range(proto: u8, text: Option<&str>) -> ServiceSet {
    let span = text.and_then(|text| {
        let (lo, hi) = text.split_once('-').unwrap_or((text, text));
        Some((lo.parse::<u16>().ok()?, hi.parse::<u16>().ok()?))
    });
    match span {
        Some((lo, hi)) if lo <= hi && (lo, hi) != (0, 0) => ServiceBox::to(proto, lo, hi).into(),
        _ => ServiceBox::proto(proto).into(),
    }
}

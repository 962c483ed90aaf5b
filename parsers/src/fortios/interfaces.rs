//! `config system interface`, `zone`, SD-WAN zones, and the names that policies use for them.

use portvakt_model::{
    Device, DeviceZone, Interface, InterfaceKind, Interfaces as Declared, Prefix, Undefined,
};
use portvakt_space::AtomSet;
use rustc_hash::FxHashMap;

use super::interface_keys as keys;
use super::keys::{mark, mark_table};
use super::scope::Scope;
use super::tree::{Node, Setting, comment};
use crate::build::Build;
use crate::net;

/// Interfaces and zones of a device by name.
#[derive(Default)]
pub(super) struct Interfaces {
    pub(super) declared: Declared,
    pub(super) zones: Vec<DeviceZone>,
    /// Atoms of what groups interfaces: zones and SD-WAN zones.
    groups: FxHashMap<String, AtomSet>,
    /// Whether the export shows interfaces at all: only then is a missing one undefined.
    shown: bool,
}

impl Interfaces {
    pub(super) fn read(scope: &Scope<'_, '_>, build: &mut Build<'_>) -> Self {
        let mut all = Self::default();
        for section in scope.sections("system interface") {
            mark(section, &keys::NONE, build);
            for entry in section.children().filter(|e| scope.owns(*e)) {
                all.shown = true;
                all.interface(entry, build);
                mark_interface(entry, build);
            }
        }
        all.vaps_and_tunnels(scope);
        for section in scope.sections("system zone") {
            mark_table(section, &keys::ZONE, build);
            for entry in section.children() {
                all.zone(entry);
            }
        }
        for path in ["system sdwan", "system virtual-wan-link"] {
            for section in scope.sections(path) {
                all.sdwan(section, build);
            }
        }
        all
    }

    /// A declared or mentioned interface.
    pub(super) fn get(&self, name: &str) -> Option<&Interface> {
        self.declared.find(name).and_then(|atom| self.declared.get(atom))
    }

    /// Into the device when everything is read.
    pub(super) fn store(self, device: &mut Device) {
        device.interfaces = self.declared;
        device.zones = self.zones;
    }

    /// The interfaces that a policy names: `any`, zones, interfaces.
    pub(super) fn atoms(
        &mut self,
        names: &[(&str, u32)],
        user: &str,
        undefined: &mut Vec<Undefined>,
    ) -> AtomSet {
        let mut set = AtomSet::none();
        for (name, line) in names {
            if *name == "any" {
                return AtomSet::ANY;
            }
            set = set.union(&self.named(name, *line, user, undefined));
        }
        set
    }

    fn named(
        &mut self,
        name: &str,
        line: u32,
        user: &str,
        undefined: &mut Vec<Undefined>,
    ) -> AtomSet {
        if let Some(group) = self.groups.get(name) {
            return group.clone();
        }
        if self.shown && self.declared.find(name).is_none() && !is_built_in(name) {
            let (name, used_by) = (name.to_owned(), user.to_owned());
            undefined.push(Undefined { name, kind: "interface", line, used_by });
        }
        AtomSet::one(self.declared.atom(name))
    }

    fn interface(&mut self, entry: Node<'_, '_>, build: &mut Build<'_>) {
        let description = comment(entry, &["alias", "description"], build);
        let interface = self.declared.entry(entry.name());
        interface.declared = true;
        interface.line = entry.line();
        interface.enabled = !entry.is("status", "down");
        interface.kind = kind(entry);
        interface.addresses = addresses(entry);
        interface.vlan = entry.number("vlanid").map(|id| id as u16).filter(|id| *id != 0);
        interface.vrf = entry.get("vrf").filter(|v| *v != "0").map(str::to_owned);
        interface.role = entry.get("role").filter(|r| *r != "undefined").map(str::to_owned);
        interface.description = description;
        interface.hardware = entry.get("interface").map(str::to_owned);
    }

    /// A wireless network in tunnel mode and a route-based VPN are interfaces too. A part of an
    /// export may show them without the interface table.
    fn vaps_and_tunnels(&mut self, scope: &Scope<'_, '_>) {
        let vaps = scope.entries("wireless-controller vap");
        let vaps = vaps.filter(|v| !v.is("local-bridging", "enable"));
        let tunnels = scope.entries("vpn ipsec phase1-interface");
        let found = vaps.map(|v| (v, InterfaceKind::Wlan));
        for (entry, kind) in found.chain(tunnels.map(|t| (t, InterfaceKind::Tunnel))) {
            let interface = self.declared.entry(entry.name());
            interface.kind = kind;
            if !interface.declared {
                interface.declared = true;
                interface.line = entry.line();
            }
        }
    }

    fn zone(&mut self, entry: Node<'_, '_>) {
        let members = entry.list("interface");
        let atoms: Vec<u32> = members.iter().map(|(m, _)| self.declared.atom(m)).collect();
        let index = self.zones.len() as u32;
        for &atom in &atoms {
            if let Some(interface) = self.declared.all_mut().get_mut(atom as usize) {
                interface.zone = Some(index);
            }
        }
        self.groups.insert(entry.name().to_owned(), atoms.iter().copied().collect());
        // `intrazone` is `deny` unless set (FortiOS CLI Reference, `config system zone`).
        let intrazone = Some(entry.is("intrazone", "allow"));
        let (name, line) = (entry.name().to_owned(), entry.line());
        self.zones.push(DeviceZone { name, interfaces: atoms, intrazone, line });
    }

    /// Policies name an SD-WAN zone; before 6.4.1 they name the one `virtual-wan-link`.
    fn sdwan(&mut self, section: Node<'_, '_>, build: &mut Build<'_>) {
        mark(section, &keys::SDWAN, build);
        for name in section.entries_of("zone").map(Node::name).chain(["virtual-wan-link"]) {
            self.groups.entry(name.to_owned()).or_insert_with(AtomSet::none);
        }
        for member in section.entries_of("members") {
            let zone = member.get("zone").unwrap_or("virtual-wan-link");
            if let Some(name) = member.get("interface") {
                let atom = AtomSet::one(self.declared.atom(name));
                let group = self.groups.entry(zone.to_owned()).or_insert_with(AtomSet::none);
                *group = group.union(&atom);
            }
        }
        for (path, keys) in [("zone", &keys::SDWAN_ZONE), ("members", &keys::SDWAN_MEMBER)] {
            if let Some(block) = section.block(path) {
                mark_table(block, keys, build);
            }
        }
        for block in section.children().filter(|b| !["zone", "members"].contains(&b.name())) {
            keys::mark_sdwan_block(block, build);
        }
    }
}

/// Interfaces that exist without being shown: SSL VPN, L2TP and other internal ends of a VDOM.
fn is_built_in(name: &str) -> bool {
    ["ssl.", "l2t.", "naf.", "vsys_", "npu", "fortilink"].iter().any(|stem| name.starts_with(stem))
}

fn kind(entry: Node<'_, '_>) -> InterfaceKind {
    match entry.get("type") {
        Some("vlan" | "emac-vlan") => InterfaceKind::Vlan,
        Some("loopback") => InterfaceKind::Loopback,
        Some("tunnel" | "gre" | "vxlan" | "geneve" | "ipip" | "sit" | "ssl") => {
            InterfaceKind::Tunnel
        }
        Some("vap-switch" | "wl-mesh" | "wlan") => InterfaceKind::Wlan,
        // A VLAN interface of an export that leaves the type out.
        None if entry.get("vlanid").is_some() && entry.get("interface").is_some() => {
            InterfaceKind::Vlan
        }
        _ => InterfaceKind::Physical,
    }
}

/// Addresses of both versions; the unset 0.0.0.0 and `::/0` are none.
fn addresses(entry: Node<'_, '_>) -> Vec<Prefix> {
    let mut out: Vec<Prefix> = Vec::new();
    out.extend(entry.setting("ip").and_then(prefix));
    out.extend(entry.setting("management-ip").and_then(prefix));
    if entry.is("secondary-IP", "enable") {
        out.extend(
            entry.entries_of("secondaryip").filter_map(|e| e.setting("ip").and_then(prefix)),
        );
    }
    if let Some(v6) = entry.block("ipv6") {
        out.extend(v6.setting("ip6-address").and_then(prefix));
        out.extend(v6.entries_of("ip6-extra-addr").filter_map(|e| net::prefix(e.name())));
    }
    out.retain(|p| !p.addr.is_unspecified());
    out
}

/// `192.0.2.1 255.255.255.0`, `192.0.2.1/24` or `2001:db8::1/64`, host bits kept.
pub(super) fn prefix(setting: &Setting<'_>) -> Option<Prefix> {
    match setting.values.as_slice() {
        [addr, mask] => net::masked(&addr.text, &mask.text),
        [one] => net::prefix(&one.text),
        _ => None,
    }
}

fn mark_interface(entry: Node<'_, '_>, build: &mut Build<'_>) {
    mark(entry, &keys::INTERFACE, build);
    for block in entry.children() {
        match block.name() {
            "ipv6" => {
                mark(block, &keys::IPV6, build);
                for inner in block.children() {
                    let keys =
                        if inner.name() == "ip6-extra-addr" { &keys::NONE } else { &keys::RA };
                    mark_table(inner, keys, build);
                }
            }
            "secondaryip" => mark_table(block, &keys::SECONDARY, build),
            "vrrp" => mark_table(block, &keys::VRRP, build),
            "client-options" | "tagging" | "dhcp-snooping-server-list" => {
                block.mark_all(portvakt_model::LineState::Neutral, build);
            }
            _ => {}
        }
    }
}

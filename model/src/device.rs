//! A device: what one exported configuration says of one firewall, router, switch or host.

use std::net::IpAddr;

use portvakt_space::{AddrSet, AtomSet, RangeSet, ServiceSet};
use rustc_hash::FxHashMap;

use crate::{
    FoundSecret, Management, NatRule, Placed, Ruleset, Schedule, SourceId, Ssid, TlsServer,
};

/// One device, or one virtual part of it (VDOM, security context).
#[derive(Clone, Debug)]
pub struct Device {
    /// Host name; the file's name where the export has none. A virtual part is `host/part`.
    pub name: String,
    /// Format id of the parser that read it: `fortios`, `cisco-asa`, …
    pub format: &'static str,
    /// Software version as the export states it.
    pub version: Option<String>,
    /// Where it was read.
    pub source: SourceId,
    /// Whether its filter follows connections. A router's access lists do not.
    pub stateful: bool,
    /// Whether a list on an interface also holds for packets to the device itself. It does on routers;
    /// on ASA only `control-plane` lists do (Cisco ASA Series Firewall CLI Configuration Guide, Access
    /// Rules).
    pub lists_guard_device: bool,
    /// Interfaces, declared or only mentioned.
    pub interfaces: Interfaces,
    /// Zones that group interfaces.
    pub zones: Vec<DeviceZone>,
    /// Named objects and groups.
    pub objects: Vec<Object>,
    /// Names that rules use and nothing defines.
    pub undefined: Vec<Undefined>,
    /// Rule lists, applied or not. [`crate::RulesetId`] is an index here.
    pub rulesets: Vec<Ruleset>,
    /// Address translation, in the order of evaluation.
    pub nat: Vec<NatRule>,
    /// Static routes.
    pub routes: Vec<Route>,
    /// Named schedules; [`crate::RuleNote::schedule`] is an index here.
    pub schedules: Vec<Schedule>,
    /// Wireless networks.
    pub wlans: Vec<Ssid>,
    /// Parts that take TLS connections, where the export is a server's configuration.
    pub tls_servers: Vec<TlsServer>,
    /// Files that its configuration includes, that may hold such parts or settings of theirs, and that
    /// were not given.
    pub unread: Vec<Placed<String>>,
    /// The management plane; `None` where the format does not carry it (then checks on it are *not
    /// applicable*).
    pub management: Option<Management>,
    /// Every secret seen, with facts about it.
    pub secrets: Vec<FoundSecret>,
}

impl Device {
    /// An empty device.
    pub fn new(name: impl Into<String>, format: &'static str, source: SourceId) -> Self {
        Self {
            name: name.into(),
            format,
            version: None,
            source,
            stateful: true,
            lists_guard_device: true,
            interfaces: Interfaces::default(),
            zones: Vec::new(),
            objects: Vec::new(),
            undefined: Vec::new(),
            rulesets: Vec::new(),
            nat: Vec::new(),
            routes: Vec::new(),
            schedules: Vec::new(),
            wlans: Vec::new(),
            tls_servers: Vec::new(),
            unread: Vec::new(),
            management: None,
            secrets: Vec::new(),
        }
    }
}

/// An address with its prefix length, host bits kept (an interface address has them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The address.
    pub addr: IpAddr,
    /// 0–32 or 0–128.
    pub len: u8,
}

impl Prefix {
    /// The addresses of the network.
    pub fn network(&self) -> AddrSet {
        AddrSet::prefix(self.addr, self.len)
    }
}

/// The interfaces of a device and the atoms that stand for them in rules.
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    list: Vec<Interface>,
    by_name: FxHashMap<String, u32>,
}

impl Interfaces {
    /// The atom of the interface `name`, which is added when it was not known. `name` may end in
    /// `+` or `*` for "any name that begins so" where the format has that.
    pub fn atom(&mut self, name: &str) -> u32 {
        if let Some(&atom) = self.by_name.get(name) {
            return atom;
        }
        let atom = self.list.len() as u32;
        self.by_name.insert(name.to_owned(), atom);
        self.list.push(Interface::named(name));
        atom
    }

    /// The interface `name`, added when it was not known.
    pub fn entry(&mut self, name: &str) -> &mut Interface {
        let atom = self.atom(name);
        &mut self.list[atom as usize]
    }

    /// The atom of a known interface.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The interface of an atom.
    pub fn get(&self, atom: u32) -> Option<&Interface> {
        self.list.get(atom as usize)
    }

    /// All interfaces; the index is the atom.
    pub fn all(&self) -> &[Interface] {
        &self.list
    }

    /// All interfaces, to be completed; the index is the atom.
    pub fn all_mut(&mut self) -> &mut [Interface] {
        &mut self.list
    }

    /// The atoms of every known name that begins with `stem`, among them the pattern atoms that
    /// stand for names nobody wrote. Call it when all names are known.
    pub fn matching(&self, stem: &str) -> AtomSet {
        let hit = |(_, i): &(u32, &Interface)| i.name.starts_with(stem);
        (0..).zip(&self.list).filter(hit).map(|(atom, _)| atom).collect()
    }
}

/// An interface.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// The name that rules use (on ASA: `nameif`).
    pub name: String,
    /// The hardware or sub-interface name where it differs.
    pub hardware: Option<String>,
    /// Whether the export declares it; otherwise rules merely mention it.
    pub declared: bool,
    /// Whether it is administratively up.
    pub enabled: bool,
    /// What it is.
    pub kind: InterfaceKind,
    /// Addresses, v4 and v6.
    pub addresses: Vec<Prefix>,
    /// VLAN id, 1–4094.
    pub vlan: Option<u16>,
    /// VLANs that it carries when it is a trunk, tagged or native; `None` when it is none.
    pub trunk: Option<RangeSet<u16>>,
    /// VRF or routing table; `None` is the global one.
    pub vrf: Option<String>,
    /// Description or alias.
    pub description: Option<String>,
    /// ASA security level, 0–100.
    pub security_level: Option<u8>,
    /// The device's own zone: index into [`Device::zones`].
    pub zone: Option<u32>,
    /// The role the export states (`wan`, `lan`, `dmz`).
    pub role: Option<String>,
    /// Line where it is declared, from 1; 0 when only mentioned.
    pub line: u32,
}

impl Interface {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), enabled: true, ..Self::default() }
    }
}

/// What an interface is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InterfaceKind {
    /// Port, aggregate or sub-interface.
    #[default]
    Physical,
    /// Switched virtual interface of a VLAN.
    Vlan,
    /// Loopback.
    Loopback,
    /// Tunnel or VPN.
    Tunnel,
    /// A wireless network that ends on this device.
    Wlan,
    /// A port that switches and has no address.
    Switchport,
}

/// A zone that the device itself defines.
#[derive(Clone, Debug)]
pub struct DeviceZone {
    /// Its name.
    pub name: String,
    /// Atoms of its interfaces.
    pub interfaces: Vec<u32>,
    /// Whether traffic between its own interfaces passes unfiltered; `None` when not known.
    pub intrazone: Option<bool>,
    /// Line, from 1.
    pub line: u32,
}

/// A named object or group.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// What it names.
    pub kind: ObjectKind,
    /// Line, from 1.
    pub line: u32,
    /// The file that the line is in, where it is not the device's own.
    pub source: Option<SourceId>,
    /// How often rules, groups and NAT refer to it; for FortiOS only groups that are used themselves.
    pub uses: u32,
    /// Whether the vendor ships it; then unused is no finding.
    pub predefined: bool,
}

/// What an object names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// Addresses, resolved through groups; `None` when they are not known (FQDN, geography).
    Address(Option<AddrSet>),
    /// Group of addresses, resolved.
    AddressGroup(Option<AddrSet>),
    /// Services, resolved.
    Service(Option<ServiceSet>),
    /// Group of services, resolved.
    ServiceGroup(Option<ServiceSet>),
    /// Destination address translation that rules name (FortiOS VIP).
    VirtualIp,
    /// Pool of translated source addresses.
    Pool,
    /// Schedule or time range.
    Schedule,
    /// Something else that rules name.
    Other,
}

/// A name that something uses and nothing defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The name.
    pub name: String,
    /// The field's word for what is missing: `address`, `access-list`, `interface`, …
    pub kind: &'static str,
    /// Line of the use, from 1.
    pub line: u32,
    /// What uses it, e.g. `policy 12`.
    pub used_by: String,
}

/// A static route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Destination network.
    pub to: Prefix,
    /// Next hop.
    pub via: Option<IpAddr>,
    /// Atom of the outgoing interface.
    pub interface: Option<u32>,
    /// VRF; `None` is the global table.
    pub vrf: Option<String>,
    /// Line, from 1.
    pub line: u32,
}

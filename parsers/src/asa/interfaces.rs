//! Interfaces and static routes.

use std::net::IpAddr;

use portvakt_model::{Interface, InterfaceKind, Prefix, Route, SecretKind};
use portvakt_space::{AddrSet, RangeSet};

use super::Reader;
use super::reasons;
use super::text::{Cursor, Statement};
use crate::lines::Line;
use crate::secrets;

/// An interface as its section describes it.
#[derive(Default)]
pub(super) struct Port<'a> {
    hardware: &'a str,
    /// `nameif`, with its line. Without one no traffic passes.
    pub(super) name: Option<(&'a str, u32)>,
    pub(super) level: Option<(u8, u32)>,
    line: u32,
    addresses: Vec<Prefix>,
    vlan: Option<u16>,
    trunk: Option<RangeSet<u16>>,
    vrf: Option<&'a str>,
    switchport: bool,
    shutdown: bool,
    pub(super) management_only: bool,
    description: Option<String>,
}

impl Port<'_> {
    /// Its security level: as stated, else 100 for `inside` and 0 for any other name (Command
    /// Reference, `nameif`).
    pub(super) fn level(&self) -> u8 {
        let by_name =
            if self.name.is_some_and(|(n, _)| n.eq_ignore_ascii_case("inside")) { 100 } else { 0 };
        self.level.map_or(by_name, |(level, _)| level)
    }

    /// The line that decides its level.
    pub(super) fn level_line(&self) -> u32 {
        self.level.or(self.name.map(|(_, line)| (0, line))).map_or(self.line, |(_, line)| line)
    }

    fn kind(&self) -> InterfaceKind {
        let lower = self.hardware.to_ascii_lowercase();
        match () {
            () if self.switchport => InterfaceKind::Switchport,
            () if lower.starts_with("vlan") || lower.starts_with("bvi") => InterfaceKind::Vlan,
            () if lower.starts_with("loopback") => InterfaceKind::Loopback,
            () if lower.starts_with("tunnel") => InterfaceKind::Tunnel,
            () => InterfaceKind::Physical,
        }
    }
}

impl<'a> Reader<'a, '_, '_> {
    /// `interface HARDWARE`, with what stands under it.
    pub(super) fn interface(&mut self, statement: Statement<'_, 'a>) {
        let mut words = statement.words();
        words.next();
        let Some(hardware) = words.next() else { return };
        let line = statement.head.number;
        let lower = hardware.to_ascii_lowercase();
        let vlan = lower.strip_prefix("vlan").and_then(|n| n.parse().ok());
        // PIX 6: `interface ethernet0 auto shutdown`.
        let shutdown = words.skip_to("shutdown");
        let at = self.port(hardware, line);
        self.ports[at].vlan = self.ports[at].vlan.or(vlan);
        self.ports[at].shutdown |= shutdown;
        self.build.used(line);
        for &inner in statement.body {
            self.interface_line(at, inner);
        }
    }

    /// The interface of that hardware name, added when it is new.
    fn port(&mut self, hardware: &'a str, line: u32) -> usize {
        let next = self.ports.len();
        let at = *self.port_of_hardware.entry(hardware).or_insert(next);
        if at == next {
            self.ports.push(Port { hardware, line, ..Port::default() });
        }
        at
    }

    fn name_port(&mut self, at: usize, name: &'a str, line: u32) {
        self.ports[at].name = Some((name, line));
        self.port_of_name.insert(name, at);
    }

    fn interface_line(&mut self, at: usize, line: Line<'a>) {
        let mut words = Cursor::new(line);
        let n = line.number;
        let port = &mut self.ports[at];
        match words.next() {
            Some("nameif") => {
                let Some(name) = words.next() else { return self.unknown(line) };
                self.name_port(at, name, n);
            }
            Some("security-level") => {
                port.level = words.next().and_then(|l| l.parse().ok()).map(|l| (l, n));
            }
            Some("ip" | "ipv6") if words.eat("address") => {
                return self.interface_address_line(at, line, words);
            }
            Some("vlan") => port.vlan = words.next().and_then(|v| v.parse().ok()),
            Some("vrf") if words.eat("forwarding") => port.vrf = words.next(),
            Some("shutdown") => port.shutdown = true,
            Some("management-only") => port.management_only = true,
            Some("switchport") => {
                port.switchport = true;
                if words.eat_all(&["access", "vlan"]) {
                    port.vlan = words.next().and_then(|v| v.parse().ok());
                } else if words.eat_all(&["trunk", "allowed", "vlan"]) {
                    let more = vlans(words.next().unwrap_or_default());
                    port.trunk = Some(port.trunk.take().map_or(more.clone(), |t| t.union(&more)));
                }
            }
            Some("description") => {
                let text = words.rest();
                let kept = secrets::kept(text.text, text.start, self.build);
                port.description = Some(kept.into_owned());
            }
            _ => return self.interface_detail(line),
        }
        self.build.used(n);
    }

    fn interface_address_line(&mut self, at: usize, line: Line<'a>, mut words: Cursor<'a>) {
        match self.names.prefix(&mut words) {
            Some(prefix) => {
                self.ports[at].addresses.push(prefix);
                self.build.used(line.number);
            }
            None if line.text.contains("dhcp") || line.text.contains("pppoe") => {
                self.build.used(line.number);
            }
            None => self.build.neutral(line.number),
        }
    }

    /// Lines that say nothing of addresses, names or levels.
    fn interface_detail(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        let n = line.number;
        let first = words.next().unwrap_or_default();
        let second = words.peek().unwrap_or_default();
        match (first, second) {
            ("policy-route", _) => self.build.unsupported(n, reasons::POLICY_ROUTING),
            ("zone-member", _) => self.build.unsupported(n, reasons::TRAFFIC_ZONES),
            ("cts" | "propagate", _) => self.build.unsupported(n, reasons::TRUSTSEC),
            ("tunnel", _) => self.build.unsupported(n, reasons::TUNNELS),
            ("no", "forward") => {
                self.build.unsupported(n, reasons::NO_FORWARD);
            }
            ("ospf" | "rip", "authentication-key" | "message-digest-key" | "authentication")
            | ("authentication", "key") => self.routing_key(line, words),
            (
                "" | "!" | "exit" | "no" | "speed" | "duplex" | "mac-address" | "channel-group"
                | "port-channel" | "lacp" | "member-interface" | "bridge-group" | "delay" | "igmp"
                | "pim" | "ospf" | "rip" | "hello-interval" | "hold-time" | "split-horizon"
                | "summary-address" | "flowcontrol" | "ipv6" | "dhcp" | "dhcprelay" | "nve-only"
                | "management-address" | "allow-ssc-mgmt" | "mtu" | "multicast" | "authentication"
                | "cluster-interface" | "fec" | "negotiate" | "isis" | "bfd" | "segment-id"
                | "vtep-nve" | "hardware",
                _,
            ) => self.remark_line(line),
            _ => self.unknown(line),
        }
    }

    /// A key of a routing protocol: it stands after `md5`, `key`, `eigrp N` or the keyword itself.
    fn routing_key(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let found = if words.skip_to("md5") || words.skip_to("eigrp") && words.next().is_some() {
            true
        } else {
            words.skip_to("key") || words.skip_to("authentication-key")
        };
        if found {
            words.eat("8");
            self.found_secret(&mut words, SecretKind::Protocol, "routing", line);
        }
        self.remark_line(line);
    }

    /// PIX 6: `nameif HARDWARE NAME securityN`.
    pub(super) fn old_nameif(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        words.next();
        let (Some(hardware), Some(name)) = (words.next(), words.next()) else { return };
        let level =
            words.next().and_then(|l| l.strip_prefix("security")).and_then(|l| l.parse().ok());
        let at = self.port(hardware, line.number);
        self.name_port(at, name, line.number);
        self.ports[at].level = level.map(|l| (l, line.number));
        self.build.used(line.number);
    }

    /// PIX 6: `ip address NAME ADDRESS MASK`.
    pub(super) fn old_address(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        words.next();
        words.next();
        let at = words.next().and_then(|name| self.port_of_name.get(name).copied());
        match at {
            Some(at) => self.interface_address_line(at, line, words),
            None => self.unknown(line),
        }
    }

    /// The addresses that the interface `name` has itself.
    pub(super) fn interface_hosts(&self, name: &str) -> AddrSet {
        let port = self.port_of_name.get(name).and_then(|at| self.ports.get(*at));
        port.into_iter().flat_map(|p| &p.addresses).map(|a| AddrSet::host(a.addr)).collect()
    }

    /// `route IF NET MASK GATEWAY [metric]` or `ipv6 route …`.
    pub(super) fn route(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        words.eat("ipv6");
        words.next();
        let Some(name) = words.next() else { return self.unknown(line) };
        let Some(to) = self.names.prefix(&mut words) else { return self.unknown(line) };
        let via: Option<IpAddr> = words.next().and_then(|w| self.names.ip(w));
        let interface =
            Some(self.device.interfaces.atom(name)).filter(|_| !name.eq_ignore_ascii_case("null0"));
        self.device.routes.push(Route { to, via, interface, vrf: None, line: line.number });
        self.build.used(line.number);
    }

    /// Gives the device its interfaces, in the order of the file. Names get their atoms here, before
    /// anything refers to them.
    pub(super) fn declare_interfaces(&mut self) {
        for port in &mut self.ports {
            let name = port.name.map_or(port.hardware, |(name, _)| name);
            let kind = port.kind();
            let slot = self.device.interfaces.entry(name);
            *slot = Interface {
                name: name.to_owned(),
                hardware: (name != port.hardware).then(|| port.hardware.to_owned()),
                declared: true,
                enabled: !port.shutdown,
                kind,
                addresses: port.addresses.clone(),
                vlan: port.vlan,
                trunk: port.trunk.clone(),
                vrf: port.vrf.map(str::to_owned),
                description: port.description.take(),
                security_level: port.name.map(|_| port.level()),
                zone: None,
                role: None,
                line: port.name.map_or(port.line, |(_, line)| line),
            };
        }
    }
}

/// `1,10,20-25`.
fn vlans(text: &str) -> RangeSet<u16> {
    let range = |part: &str| {
        let (lo, hi) = part.split_once('-').unwrap_or((part, part));
        Some((lo.parse().ok()?, hi.parse().ok()?)).filter(|(lo, hi)| lo <= hi)
    };
    RangeSet::from_ranges(text.split(',').filter_map(range))
}

//! Cisco IOS and IOS-XE: `show running-config`, with counters of `show access-lists`.
//!
//! Meanings follow the Cisco IOS command references. An access list filters what it matches as it
//! is on the wire at that interface: inwards before, outwards after address translation.

mod aaa;
mod accounts;
mod ace;
mod acl;
mod args;
mod cbac;
mod classes;
mod config;
mod inspect;
mod interfaces;
mod lines;
mod logging;
mod names;
mod nat;
mod objects;
mod plain;
mod ports;
mod reasons;
mod routes;
mod routing;
mod secrets;
mod services;
mod snmp;
mod stems;
mod switchports;
mod uses;
mod vpn;
mod wireless;
mod wlan;

use portvakt_model::{
    Device, Fact, FoundSecret, Management, Message, Object, ObjectKind, Secret, SecretForm,
    SecretKind, Undefined,
};
use portvakt_space::{AddrSet, Family};
use rustc_hash::FxHashMap;

use self::config::{Command, Config};
use crate::build::Build;
use crate::{Head, Input, Parser, Score};

pub(crate) static PARSER: Parser = Parser {
    id: "cisco-ios",
    name: "Cisco IOS and IOS-XE",
    reads: "show running-config, show access-lists",
    understands: "access lists, object groups, zone-based firewall, interfaces, VRFs, static \
                  routes, NAT, management plane, Catalyst 9800 and autonomous WLANs",
    sniff,
    parse,
};

fn sniff(head: &Head<'_>) -> Score {
    if head.lines_starting(&OTHERS) > 0 || has_security_levels(head) {
        return Score::NO;
    }
    let also = head.lines_starting(&ALSO_HERE) + numbered_entries(head);
    match (head.lines_starting(&ONLY_HERE), also) {
        (5.., _) => Score(85),
        (2.., _) => Score(75),
        (1, 1..) => Score(65),
        (1, 0) => Score(50),
        (0, 3..) => Score(40),
        (0, 1..) => Score(15),
        (0, 0) => Score::NO,
    }
}

/// Whether an interface has a level, as on ASA. IOS has `security-level guard` in policies of ports.
fn has_security_levels(head: &Head<'_>) -> bool {
    let level = |line: &str| {
        let level = line.trim_start().strip_prefix("security-level ")?;
        level.trim_end().parse::<u8>().ok()
    };
    head.text.lines().take(2000).any(|line| level(line).is_some())
}

/// Lines like `access-list 101 permit …`: ASA names its lists and says `extended`.
fn numbered_entries(head: &Head<'_>) -> u32 {
    let hit = |line: &&&str| {
        let mut words = line.split(' ');
        words.next() == Some("access-list")
            && words.next().is_some_and(|w| w.parse::<u16>().is_ok())
            && words.next().is_some_and(|w| matches!(w, "permit" | "deny" | "remark"))
    };
    head.lines.iter().filter(hit).count() as u32
}

/// Beginnings of lines that hardly any other system writes.
const ONLY_HERE: [&str; 12] = [
    "ip access-list extended ",
    "ip access-list standard ",
    "ip access-group ",
    "Building configuration...",
    "boot-start-marker",
    "service timestamps ",
    "aaa new-model",
    "no aaa new-model",
    "Extended IP access list ",
    "Standard IP access list ",
    "line vty ",
    "ip classless",
];

/// Beginnings of lines that like systems write as well.
const ALSO_HERE: [&str; 12] = [
    "interface GigabitEthernet",
    "interface FastEthernet",
    "interface TenGigabitEthernet",
    "interface Vlan",
    "interface Ethernet",
    "ip address ",
    "hostname ",
    "snmp-server ",
    "ip route ",
    "object-group ",
    "aaa ",
    "router ",
];

/// Beginnings of lines that only NX-OS, IOS-XR, ASA and other systems with a like language write.
const OTHERS: [&str; 27] = [
    "!! IOS XR",
    "!! Building configuration",
    "ASA Version",
    "PIX Version",
    "FWSM Version",
    ": Saved",
    "NGFW Version",
    "nameif ",
    "feature ",
    "vdc ",
    "object-group ip address",
    "route-policy ",
    "interface mgmt0",
    "ipv4 access-list ",
    "!RANCID-CONTENT-TYPE: cisco-nx",
    "!RANCID-CONTENT-TYPE: cisco-xr",
    "!Command: show running-config",
    "!Version ArubaOS-CX",
    "! device:",
    "management api http-commands",
    "daemon TerminAttr",
    "stack unit ",
    "wlan ssid-profile",
    "ip access-list session ",
    "ip access-list extended \"",
    "ip access-list standard \"",
    "set system ",
];

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    crate::secrets::redact_private_keys(input.text, build);
    let config = Config::read(input.text, build);
    let mut ios = Ios::new(build, &config, input.stem());
    ios.read(&config);
    let device = ios.finish(&config);
    build.devices.push(device);
}

/// What is known of the device while its configuration is read.
struct Ios<'b, 'c> {
    build: &'b mut Build<'c>,
    device: Device,
    management: Management,
    /// Whether the text is a whole configuration, so that what is absent has its default.
    whole: bool,
    /// Whether any line speaks of the management plane.
    managed: bool,
    /// First number of the version: 12, 15, 16, 17.
    major: Option<u32>,
    groups: objects::Groups,
    lists: acl::Lists,
    interfaces: interfaces::Bindings,
    aaa: aaa::Methods,
    services: services::Servers,
    classes: classes::Classes,
    inspections: cbac::Pending,
    nat: nat::Pending,
    wireless: wireless::Pending,
    lines: Vec<lines::Pending>,
    snmp: Vec<snmp::Pending>,
    uses: Vec<uses::Use>,
    /// Sources that lists let through, by index of the list.
    permitted: FxHashMap<u32, AddrSet>,
}

impl<'b, 'c> Ios<'b, 'c> {
    fn new(build: &'b mut Build<'c>, config: &Config<'_>, stem: &str) -> Self {
        let mut device = Device::new(config.prompt.unwrap_or(stem), "cisco-ios", build.id);
        device.stateful = false;
        Self {
            build,
            device,
            management: Management::default(),
            whole: is_whole(config),
            managed: false,
            major: None,
            groups: objects::Groups::default(),
            lists: acl::Lists::default(),
            interfaces: interfaces::Bindings::default(),
            aaa: aaa::Methods::default(),
            services: services::Servers::default(),
            classes: classes::Classes::default(),
            inspections: cbac::Pending::default(),
            nat: nat::Pending::default(),
            wireless: wireless::Pending::default(),
            lines: Vec::new(),
            snmp: Vec::new(),
            uses: Vec::new(),
            permitted: FxHashMap::default(),
        }
    }

    fn read(&mut self, config: &Config<'_>) {
        objects::read(self, config);
        acl::read(self, config);
        acl::shown(self, config);
        for command in config.top() {
            self.command(command);
        }
    }

    fn finish(mut self, config: &Config<'_>) -> Device {
        for &line in &config.private_keys {
            let secret = Secret::seen("", SecretForm::Unknown);
            let owner = "private key".to_owned();
            self.device.secrets.push(FoundSecret {
                kind: SecretKind::PrivateKey,
                secret,
                owner,
                line,
            });
        }
        if let Some(&line) = config.banners.first() {
            self.management.banner = Some(Fact::explicit(true, line));
            self.managed = true;
        }
        interfaces::finish(&mut self);
        inspect::finish(&mut self);
        cbac::finish(&mut self);
        routing::finish(&mut self);
        nat::finish(&mut self);
        wireless::finish(&mut self);
        uses::finish(&mut self);
        lines::finish(&mut self);
        snmp::finish(&mut self);
        services::finish(&mut self);
        aaa::finish(&mut self);
        self.device.management = self.managed.then_some(self.management);
        self.device
    }

    /// Reads a command that stands in no block, with what is under it.
    fn command(&mut self, command: Command<'_, '_>) {
        match command.words() {
            ["hostname", name, ..] if !command.no() => {
                (*name).clone_into(&mut self.device.name);
                self.used(command);
            }
            ["version", version] => {
                self.device.version = Some((*version).to_owned());
                self.major = version.split('.').next().and_then(|v| v.parse().ok());
                self.used(command);
            }
            [
                "object-group" | "access-list" | "time-range" | "Standard" | "Extended" | "IPv6"
                | "Reflexive" | "Role-based",
                ..,
            ]
            | ["ip" | "ipv6", "access-list", _]
            | ["ip", "access-list", "standard" | "extended" | "role-based" | "fqdn", ..] => {
                // Read before, since others refer to them.
                self.rest_of_unknown(command);
            }
            _ => self.feature(command),
        }
    }

    fn feature(&mut self, command: Command<'_, '_>) {
        let c = command;
        let read = interfaces::command(self, c)
            || routes::command(self, c)
            || routing::command(self, c)
            || nat::command(self, c)
            || classes::command(self, c)
            || inspect::command(self, c)
            || cbac::command(self, c)
            || lines::command(self, c)
            || aaa::command(self, c)
            || accounts::command(self, c)
            || snmp::command(self, c)
            || logging::command(self, c)
            || services::command(self, c)
            || wireless::command(self, c)
            || uses::command(self, c)
            || vpn::command(self, c)
            || plain::command(self, c);
        if !read {
            self.unknown(command);
            command.below().for_each(|c| self.unknown(c));
        }
    }

    fn used(&mut self, command: Command<'_, '_>) {
        self.build.used(command.number());
    }

    fn used_block(&mut self, command: Command<'_, '_>) {
        self.used(command);
        command.below().for_each(|c| self.used(c));
    }

    fn neutral(&mut self, command: Command<'_, '_>) {
        self.build.neutral(command.number());
        secrets::sweep(self, command);
    }

    fn lost(&mut self, command: Command<'_, '_>, why: &'static Message) {
        self.build.unsupported(command.number(), why);
        secrets::sweep(self, command);
    }

    fn lost_block(&mut self, command: Command<'_, '_>, why: &'static Message) {
        self.lost(command, why);
        command.below().for_each(|c| self.lost(c, why));
    }

    fn unknown(&mut self, command: Command<'_, '_>) {
        secrets::sweep(self, command);
    }

    /// Lines of an earlier reader that it did not understand: their secrets are hidden.
    fn rest_of_unknown(&mut self, command: Command<'_, '_>) {
        let all = std::iter::once(command).chain(command.below());
        for c in all {
            if self.build.coverage.of(c.number()) == Some(portvakt_model::LineState::Unknown) {
                self.unknown(c);
            }
        }
    }

    /// Adds a named object; returns its index.
    fn object(&mut self, name: &str, kind: ObjectKind, line: u32) -> usize {
        let name = name.to_owned();
        self.device.objects.push(Object {
            name,
            kind,
            line,
            uses: 0,
            source: None,
            predefined: false,
        });
        self.device.objects.len() - 1
    }

    /// Takes a secret out of the text.
    fn secret(
        &mut self,
        command: Command<'_, '_>,
        value: &str,
        form: SecretForm,
        kind: SecretKind,
        owner: impl Into<String>,
    ) -> Secret {
        let secret = self.build.secret(value, command.span(value), form);
        let line = command.number();
        self.device.secrets.push(FoundSecret { kind, secret, owner: owner.into(), line });
        secret
    }

    /// Notes a use of something that nothing defines.
    fn undefined(&mut self, kind: &'static str, name: &str, line: u32, used_by: impl Into<String>) {
        let (name, used_by) = (name.to_owned(), used_by.into());
        self.device.undefined.push(Undefined { name, kind, line, used_by });
    }

    /// A default of IOS, when the text is whole: then absence tells.
    fn default<T>(&self, value: T, manual: &'static str) -> Option<Fact<T>> {
        self.whole.then(|| Fact::default_of(value, manual))
    }

    /// Source addresses that a list lets through; `None` when nothing limits them, as with a list
    /// that is undefined or empty.
    fn sources(&mut self, family: Family, list: &str) -> Option<AddrSet> {
        let id = self.lists.find(family, list)?;
        let rules = &self.device.rulesets[id.0 as usize].rules;
        let known = self.permitted.entry(id.0).or_insert_with(|| acl::permitted_sources(rules));
        Some(known.clone())
    }
}

/// Whether the text is a whole configuration: a header, or a host name together with lines that
/// every configuration ends with.
fn is_whole(config: &Config<'_>) -> bool {
    let (mut version, mut hostname, mut end, mut lines) = (false, false, false, false);
    for command in config.top() {
        match command.words() {
            ["version", _] => version = true,
            ["hostname", ..] => hostname = true,
            ["end"] => end = true,
            ["line", "vty" | "con", ..] => lines = true,
            _ => {}
        }
    }
    hostname && (version || config.has_header) && (end || lines)
}

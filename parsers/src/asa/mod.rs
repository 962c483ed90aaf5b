//! Cisco ASA, PIX, FWSM and the LINA part of Firepower Threat Defense.
//!
//! Reads `show running-config` and `show access-list`, several security contexts in one capture as
//! several devices. Nothing is resolved while reading: commands may refer to what stands further
//! down, so definitions are gathered first and lists are built last.
//!
//! Vendor texts: Cisco ASA Series CLI Configuration Guides 8.2–9.19 (General Operations, Firewall,
//! VPN), Cisco ASA Series Command Reference.

mod access;
mod acl;
mod apply;
mod crypto;
mod define;
mod draft;
mod interfaces;
mod lists;
mod logging;
mod management;
mod nat;
mod nat_old;
mod objects;
mod other;
mod ports;
mod reasons;
mod text;
mod times;
mod unmap;
mod value;
mod vpn;

use portvakt_model::{Device, FoundSecret, Message, RulesetId, Secret, SecretForm, SecretKind};
use rustc_hash::FxHashMap;

use crate::lines::{Line, Word};
use crate::{Build, Head, Input, Parser, Score, secrets};

use text::{Cursor, Part, Product, Prompt, Statement, Version};

/// The parser.
pub(crate) static PARSER: Parser = Parser {
    id: "cisco-asa",
    name: "Cisco ASA",
    reads: "show running-config of ASA, PIX, FWSM and FTD (LINA), also of several contexts; show access-list",
    understands: "traffic through the device: interfaces, security levels, objects, access lists, NAT, routes; \
                  its management plane; not tunnels, users and inspection",
    sniff,
    parse,
};

/// Statements that only this family of software writes.
const OWN: [&str; 15] = [
    "nameif ",
    "security-level ",
    "object network ",
    "object service ",
    "network-object ",
    "port-object ",
    "fixup protocol ",
    "same-security-traffic ",
    "static (",
    "global (",
    "nat (",
    "asdm ",
    "dynamic-access-policy-record ",
    "failover lan ",
    "aaa authentication ssh console ",
];

/// Statements that it shares with a relative or two.
const SHARED: [&str; 6] = [
    "service-object ",
    "tunnel-group ",
    "group-policy ",
    "passwd ",
    "threat-detection ",
    "console timeout ",
];

fn sniff(head: &Head<'_>) -> Score {
    let (mut own, mut shared, mut foreign) = (0u32, 0u32, 0u32);
    for line in &head.lines {
        let text = line.trim_start();
        if Version::read(text).is_some() {
            return Score::SURE;
        }
        let starts = |stems: &[&str]| stems.iter().any(|s| text.starts_with(s));
        own += u32::from(starts(&OWN) || is_own_list(text) || is_own_group(text));
        shared += u32::from(starts(&SHARED));
        foreign += u32::from(starts(&FOREIGN));
    }
    match (own, shared) {
        _ if foreign > own + shared => Score::NO,
        (0, 0) => Score::NO,
        (0, _) => Score::WEAK,
        (1..=2, _) => Score::LIKELY,
        _ => Score(90),
    }
}

/// What the relatives write and this family does not.
const FOREIGN: [&str; 7] = [
    "ip access-list ",
    "line vty ",
    "line con ",
    "version 1",
    "switchport mode ",
    "feature ",
    "ip address-family ",
];

/// `access-group LIST in interface NAME` or `… global`: IOS applies lists under the interface.
fn is_own_group(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("access-group ") else { return false };
    let way = rest.split_whitespace().nth(1);
    matches!(way, Some("global")) || rest.contains(" interface ")
}

/// `access-list NAME extended …`: IOS numbers its lists here and names them with `ip access-list`.
fn is_own_list(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("access-list ") else { return false };
    let mut words = rest.split_whitespace();
    let name = words.next().unwrap_or_default();
    let kinds = ["extended", "standard", "advanced", "webtype", "ethertype", "line"];
    match words.next() {
        Some(word) if kinds.contains(&word) => true,
        Some("permit" | "deny" | "remark") => name.parse::<u32>().is_err(),
        Some(_) => name.ends_with(';'),
        None => false,
    }
}

fn parse(input: &Input<'_>, build: &mut Build<'_>) {
    secrets::redact_private_keys(input.text, build);
    for part in text::parts(input.lines()) {
        let mut reader = Reader::new(input, &part, build);
        reader.read(&part.lines);
        let device = reader.finish(input, &part);
        if let Some(device) = device {
            build.devices.push(device);
        }
    }
}

/// One configuration as it is read.
struct Reader<'a, 'b, 'c> {
    build: &'b mut Build<'c>,
    text: &'a str,
    device: Device,
    names: value::Names<'a>,
    version: Option<Version>,
    host: Option<&'a str>,
    /// Whether it is a whole configuration, so that what is absent is at its default.
    complete: bool,
    dialect: Dialect,
    /// Whether anything but fillers was read.
    spoken: bool,
    objects: objects::Objects<'a>,
    ports: Vec<interfaces::Port<'a>>,
    port_of_hardware: FxHashMap<&'a str, usize>,
    port_of_name: FxHashMap<&'a str, usize>,
    levels: apply::Levels,
    same_level: apply::SameLevel,
    /// First line of a command that permits in a way that is not modelled.
    vague: Option<u32>,
    lists: lists::Lists<'a>,
    /// Rule list of each access list, once they are built.
    list_ids: FxHashMap<&'a str, RulesetId>,
    applied: Vec<apply::Applied<'a>>,
    schedules: FxHashMap<&'a str, u32>,
    nat: nat::Lines<'a>,
    old: nat_old::Lines<'a>,
    admin: management::Admin<'a>,
    /// Objects that commands name which are not modelled.
    mentions: Vec<&'a str>,
}

/// What the version, and the use of IPv6, make of the same words.
#[derive(Clone, Copy, Default)]
struct Dialect {
    /// Filters see mapped addresses: before 8.3.
    old_nat: bool,
    /// `any` is both IP versions: since 9.0.
    any_is_both: bool,
    /// Some interface or route is of IPv6.
    speaks_v6: bool,
}

impl<'a, 'b, 'c> Reader<'a, 'b, 'c> {
    fn new(input: &Input<'a>, part: &Part<'a>, build: &'b mut Build<'c>) -> Self {
        let mut device = Device::new("", build.format, build.id);
        device.lists_guard_device = false;
        let mut reader = Self {
            build,
            text: input.text,
            device,
            names: value::Names::default(),
            version: None,
            host: None,
            complete: false,
            dialect: Dialect::default(),
            spoken: false,
            objects: objects::Objects::default(),
            ports: Vec::new(),
            port_of_hardware: FxHashMap::default(),
            port_of_name: FxHashMap::default(),
            levels: apply::Levels::default(),
            same_level: apply::SameLevel::default(),
            vague: None,
            lists: lists::Lists::default(),
            list_ids: FxHashMap::default(),
            applied: Vec::new(),
            schedules: FxHashMap::default(),
            nat: nat::Lines::default(),
            old: nat_old::Lines::default(),
            admin: management::Admin::default(),
            mentions: Vec::new(),
        };
        reader.survey(&part.lines);
        reader
    }

    /// What must be known before the first command is read: aliases, version, kind of NAT.
    fn survey(&mut self, lines: &[Line<'a>]) {
        let mut ended = false;
        let mut statics = false;
        for line in lines {
            let text = line.text.trim_end();
            match text.as_bytes().first() {
                Some(b':') if text == ": end" => ended = true,
                Some(b'A' | b'P' | b'F' | b'N' | b':') if self.version.is_none() => {
                    if let Some((version, name)) = Version::read(text) {
                        self.version = Some(version);
                        self.device.version = Some(name.to_owned());
                    }
                }
                Some(b'n') if text.starts_with("name ") => self.alias(*line),
                Some(b'c') => ended |= text.starts_with("console timeout "),
                // PIX prints one before the configuration as well.
                Some(b'C') => {
                    ended |= self.version.is_some() && text.starts_with("Cryptochecksum:");
                }
                Some(b's') => statics |= text.starts_with("static ("),
                Some(b'g') => statics |= text.starts_with("global ("),
                _ => {}
            }
            self.dialect.speaks_v6 |= text.trim_start().starts_with("ipv6 ");
        }
        // Threat Defense is managed outside of what LINA prints.
        let whole = |v: Version| v.product != Product::Ngfw;
        self.complete = self.version.is_some_and(whole) && ended;
        self.dialect.old_nat = self.version.map_or(statics, |v| !v.is_asa_from(8, 3));
        self.dialect.any_is_both = self.version.map_or(!statics, |v| v.is_asa_from(9, 0));
    }

    fn alias(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        words.next();
        if let (Some(Ok(addr)), Some(name)) = (words.next().map(str::parse), words.next()) {
            self.names.define(name, addr);
        }
    }

    fn read(&mut self, lines: &[Line<'a>]) {
        for statement in text::statements(lines) {
            for line in statement.body.iter().filter(|l| l.text.trim().is_empty()) {
                self.build.neutral(line.number);
            }
            if text::is_filler(statement.head.text) {
                self.remark_line(statement.head);
            } else {
                self.statement(statement);
            }
        }
    }

    fn statement(&mut self, statement: Statement<'_, 'a>) {
        let head = statement.head;
        let mut words = statement.words();
        let Some(first) = words.next() else { return };
        let second = words.peek().unwrap_or_default();
        self.spoken |= Prompt::read(head.text).is_none();
        match (first, second) {
            ("interface", _) => self.interface(statement),
            ("object", _) => self.object(statement),
            ("object-group", _) => self.object_group(statement),
            ("access-list", _) => self.access_list(statement, false),
            ("ipv6", "access-list") => self.access_list(statement, true),
            ("time-range", _) => self.time_range(statement),
            _ => self.single(statement, words),
        }
    }

    /// Commands without sub-commands, and what is left.
    fn single(&mut self, statement: Statement<'_, 'a>, mut words: Cursor<'a>) {
        let head = statement.head;
        let second = words.peek().unwrap_or_default();
        match (statement.words().next().unwrap_or_default(), second) {
            ("hostname", _) => {
                self.host = words.next();
                self.build.used(head.number);
            }
            ("name", _) => self.build.used(head.number),
            ("nameif", _) => self.old_nameif(head),
            ("ip", "address") => self.old_address(head),
            ("access-group", _) => self.access_group(statement),
            ("same-security-traffic", _) => self.same_security(head, words),
            ("nat", _) => self.nat(head),
            ("static" | "global", _) if second.starts_with('(') => self.old_nat_line(head),
            ("route", _) | ("ipv6", "route") => self.route(head),
            _ => return self.further(statement),
        }
        self.strays(statement.body);
    }

    /// Lines under a command that has no sub-commands.
    fn strays(&mut self, body: &[Line<'a>]) {
        for line in body.iter().filter(|l| !l.text.trim().is_empty()) {
            self.unknown(*line);
        }
    }

    fn same_security(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        words.next();
        match words.next() {
            Some("inter-interface") => self.same_level.inter = Some(line.number),
            Some("intra-interface") => self.same_level.intra = Some(line.number),
            _ => return self.unknown(line),
        }
        self.build.used(line.number);
    }

    fn finish(mut self, input: &Input<'a>, part: &Part<'a>) -> Option<Device> {
        if !self.spoken {
            return None;
        }
        self.declare_interfaces();
        self.rank_levels();
        self.objects.fragment =
            self.version.is_none() && self.host.is_none() && self.ports.is_empty();
        self.objects.resolve_all();
        for name in std::mem::take(&mut self.mentions) {
            self.objects.mention(name);
        }
        self.build_lists();
        self.build_nat();
        self.build_old_nat();
        self.device.management = Some(self.build_management());
        let own = self.host.unwrap_or_else(|| part.host.unwrap_or(input.stem()));
        self.device.name = match part.context {
            Some(context) => format!("{}/{context}", part.host.unwrap_or(own)),
            None => own.to_owned(),
        };
        let (objects, undefined) = self.objects.finish();
        self.device.objects = objects;
        self.device.undefined = undefined;
        Some(self.device)
    }

    /// Objects and access lists that a line names without being modelled itself: they are used.
    fn note_names(&mut self, line: Line<'a>) {
        let mut words = Cursor::new(line);
        if matches!(words.peek(), Some("description" | "remark")) {
            return;
        }
        while let Some(word) = words.next() {
            let Some(name) = words.peek() else { return };
            match word {
                "object" | "object-group" | "object-group-user" => self.mentions.push(name),
                "access-list" | "access-group" | "network-acl" | "redirect-list" | "group-list" => {
                    self.lists.mentions.push((name, line));
                }
                _ => {}
            }
        }
    }

    /// A line that has no bearing. What looks like a secret in it is hidden all the same.
    fn remark_line(&mut self, line: Line<'a>) {
        self.note_names(line);
        secrets::redact_suspicious(line, self.build);
        self.build.neutral(line.number);
    }

    /// A line that is recognised, and what is lost by not modelling it.
    fn lost(&mut self, line: Line<'a>, why: &'static Message) {
        self.note_names(line);
        secrets::redact_suspicious(line, self.build);
        self.build.unsupported(line.number, why);
    }

    /// A line that nobody understood.
    fn unknown(&mut self, line: Line<'a>) {
        secrets::redact_suspicious(line, self.build);
    }

    /// Takes the next word as a secret that is readable unless it is masked or marked.
    fn found_secret(
        &mut self,
        words: &mut Cursor<'a>,
        kind: SecretKind,
        owner: impl Into<String>,
        line: Line<'a>,
    ) -> Option<Secret> {
        let marked = words.peek() == Some("8") && words.second().is_some();
        if marked {
            words.next();
        }
        let form = if marked { SecretForm::Encrypted } else { SecretForm::Clear };
        let word = words.word()?;
        Some(self.keep_secret(word, form, kind, owner, line))
    }

    /// Notes a secret whose form is known. What stands in place of one tells nothing, also not
    /// whether two are the same.
    fn keep_secret(
        &mut self,
        word: Word<'a>,
        form: SecretForm,
        kind: SecretKind,
        owner: impl Into<String>,
        line: Line<'a>,
    ) -> Secret {
        let masked = secrets::is_placeholder(word.text);
        let form = if masked && form == SecretForm::Clear { SecretForm::Unknown } else { form };
        let secret = if masked {
            Secret::seen(&format!("{} {}", word.text, word.start), form)
        } else {
            self.build.secret(word.text, word.span(), form)
        };
        let owner = owner.into();
        self.device.secrets.push(FoundSecret { kind, secret, owner, line: line.number });
        secret
    }
}

#[cfg(test)]
mod tests;

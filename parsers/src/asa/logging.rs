//! Messages, SNMP and time.

use portvakt_model::{Fact, Management, NtpServer, SecretForm, SecretKind, SnmpAccess};
use portvakt_space::AddrSet;
use rustc_hash::FxHashMap;

use super::Reader;
use super::management::Admin;
use super::objects::Space;
use super::text::Cursor;
use crate::lines::Line;

/// Settings of `logging` that decide neither what is sent nor where to.
const LOG_SETTINGS: &[&str] = &[
    "message",
    "timestamp",
    "facility",
    "queue",
    "buffer-size",
    "device-id",
    "class",
    "asdm",
    "console",
    "monitor",
    "history",
    "emblem",
    "standby",
    "list",
    "mail",
    "from-address",
    "recipient-address",
    "rate-limit",
    "flash-bufferwrap",
    "flash-maximum-allocation",
    "flash-minimum-free",
    "ftp-bufferwrap",
    "permit-hostdown",
    "hide",
    "debug-trace",
    "asdm-buffer-size",
    "savelog",
    "flow-export-syslogs",
    "message-text",
    "reliable",
];

/// What `logging …` says.
#[derive(Default)]
pub(super) struct Log<'a> {
    /// Line of `logging enable`.
    pub(super) enabled: Option<u32>,
    pub(super) trap: Option<Level>,
    pub(super) buffered: Option<Level>,
    pub(super) hosts: Vec<LogHost<'a>>,
    /// Messages that are switched off, with the line.
    pub(super) silenced: Vec<(u32, u32)>,
}

/// A severity up to which messages are sent; `None` where a list of messages decides.
pub(super) struct Level {
    pub(super) value: Option<u8>,
    pub(super) line: u32,
}

/// A receiver.
pub(super) struct LogHost<'a> {
    pub(super) target: &'a str,
    pub(super) secure: bool,
    pub(super) datagrams: bool,
    pub(super) line: u32,
}

/// What `snmp-server …` says.
#[derive(Default)]
pub(super) struct Snmp<'a> {
    access: Vec<SnmpAccess>,
    /// User of each version 3 access, by its index.
    users: FxHashMap<&'a str, usize>,
    pub(super) hosts: Vec<SnmpHost<'a>>,
    off: bool,
}

/// `snmp-server host IF ADDRESS …`.
pub(super) struct SnmpHost<'a> {
    pub(super) interface: &'a str,
    /// Address, alias or object.
    host: &'a str,
    pub(super) address: AddrSet,
    /// Index of the access that its own community makes.
    access: Option<usize>,
    /// Whether it may ask, not only receive traps.
    pub(super) polls: bool,
    user: Option<&'a str>,
    pub(super) line: u32,
}

/// What `ntp …` says.
#[derive(Default)]
pub(super) struct Time {
    authenticate: bool,
    trusted: Vec<u32>,
    servers: Vec<(NtpServer, Option<u32>)>,
}

impl<'a> Reader<'a, '_, '_> {
    /// `logging …`.
    pub(super) fn logging(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let n = line.number;
        let log = &mut self.admin.log;
        match words.next() {
            Some("enable" | "on") => log.enabled = Some(n),
            Some("trap") => log.trap = Some(Level { value: level(&mut words), line: n }),
            Some("buffered") => log.buffered = Some(Level { value: level(&mut words), line: n }),
            Some("host") => return self.log_host(line, words),
            Some("ftp-server") => {
                words.next();
                words.next();
                let owner = words.next().unwrap_or("logging ftp-server");
                words.eat("0");
                self.found_secret(&mut words, SecretKind::Password, owner, line);
            }
            Some(word) if LOG_SETTINGS.contains(&word) => return self.remark_line(line),
            _ => return self.unknown(line),
        }
        self.build.used(n);
    }

    /// `logging host IF ADDRESS [tcp/1468|17/514] [format emblem] [secure]`.
    fn log_host(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        words.next();
        let Some(target) = words.next() else { return self.unknown(line) };
        let secure = words.clone().skip_to("secure");
        // Protocol and port; without them it is UDP to 514.
        let datagrams = !words.peek().is_some_and(|w| w.starts_with("tcp") || w.starts_with("6/"));
        self.admin.log.hosts.push(LogHost { target, secure, datagrams, line: line.number });
        self.build.used(line.number);
    }

    /// `no logging …`.
    pub(super) fn no_logging(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        if words.eat("message") {
            let message = words.next().and_then(|w| w.parse().ok());
            self.admin.log.silenced.extend(message.map(|m| (m, line.number)));
            return self.build.used(line.number);
        }
        self.build.neutral(line.number);
    }

    /// `snmp-server …`.
    pub(super) fn snmp_server(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        match words.next() {
            Some("community") => {
                let secret =
                    self.found_secret(&mut words, SecretKind::Snmp, "snmp-server community", line);
                self.community(secret, None, 2, line);
            }
            Some("host" | "host-group") => return self.snmp_host(line, words),
            Some("user") => return self.snmp_user(line, words),
            Some("group" | "user-list") => {}
            Some("location" | "contact" | "enable" | "listen-port" | "engineID" | "map") | None => {
                return self.remark_line(line);
            }
            _ => return self.unknown(line),
        }
        self.build.used(line.number);
    }

    fn community(
        &mut self,
        secret: Option<portvakt_model::Secret>,
        sources: Option<AddrSet>,
        version: u8,
        line: Line<'a>,
    ) {
        self.admin.snmp.access.push(SnmpAccess {
            version,
            secret,
            // The SNMP agent of ASA only reads.
            write: false,
            privacy: None,
            sources,
            line: line.number,
        });
    }

    /// `snmp-server host IF ADDRESS [poll|trap] [community X] [version 1|2c|3 USER] [udp-port N]`.
    fn snmp_host(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let (Some(interface), Some(host)) = (words.next(), words.next()) else {
            return self.unknown(line);
        };
        let mut ahead = words.clone();
        let polls = !ahead.skip_to("trap");
        let mut version = 2;
        let mut user = None;
        let mut ahead = words.clone();
        if ahead.skip_to("version") {
            version = match ahead.next() {
                Some("1") => 1,
                Some("3") => 3,
                _ => 2,
            };
            user = ahead.next().filter(|_| version == 3);
        }
        let mut access = None;
        if words.skip_to("community") {
            let owner = format!("snmp-server host {host}");
            let secret = self.found_secret(&mut words, SecretKind::Snmp, owner, line);
            access = Some(self.admin.snmp.access.len());
            self.community(secret, Some(AddrSet::NONE), version, line);
        }
        let (address, line) = (AddrSet::NONE, line.number);
        let host = SnmpHost { interface, host, address, access, polls, user, line };
        self.admin.snmp.hosts.push(host);
        self.build.used(line);
    }

    /// `snmp-server user NAME GROUP v3 [encrypted] [auth ALG KEY] [priv ALG [BITS] KEY]`.
    fn snmp_user(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let Some(name) = words.next() else { return self.unknown(line) };
        // `encrypted` keys are made for one engine (RFC 3414), and serve as they stand.
        let localized = words.clone().skip_to("encrypted");
        let form = if localized { SecretForm::WeakHash } else { SecretForm::Clear };
        let mut secret = None;
        if words.skip_to("auth") {
            self.snmp_algorithm(words.next().unwrap_or_default().to_owned(), line.number);
            let key = words.word();
            secret = key.map(|k| self.keep_secret(k, form, SecretKind::Snmp, name, line));
        }
        let privacy = words.skip_to("priv");
        if privacy {
            let mut algorithm = words.next().unwrap_or_default().to_owned();
            if algorithm == "aes" && words.second().is_some() {
                algorithm.push_str(words.next().unwrap_or_default());
            }
            self.snmp_algorithm(algorithm, line.number);
            if let Some(key) = words.word() {
                self.keep_secret(key, form, SecretKind::Snmp, name, line);
            }
        }
        let snmp = &mut self.admin.snmp;
        snmp.users.insert(name, snmp.access.len());
        snmp.access.push(SnmpAccess {
            version: 3,
            secret,
            write: false,
            privacy: Some(privacy),
            sources: None,
            line: line.number,
        });
        self.build.used(line.number);
    }

    fn snmp_algorithm(&mut self, name: String, line: u32) {
        self.admin.model.snmp_algorithms.push(Fact::explicit(name, line));
    }

    /// `no snmp-server …`: only `enable` by itself switches the agent off.
    pub(super) fn no_snmp_server(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        self.admin.snmp.off |= words.eat("enable") && words.is_done();
        self.build.neutral(line.number);
    }

    /// Looks up the hosts of SNMP, when every object is known.
    pub(super) fn snmp_hosts(&mut self, admin: &mut Admin<'a>) {
        for host in &mut admin.snmp.hosts {
            host.address = match self.names.ip(host.host) {
                Some(ip) => AddrSet::host(ip),
                None => {
                    self.objects.used(Space::Network, host.host, host.line, "snmp-server").most()
                }
            };
            let own = host.access.and_then(|at| admin.snmp.access.get_mut(at));
            if let Some(own) = own.filter(|_| host.polls) {
                own.sources = Some(host.address.clone());
            }
        }
    }

    /// SNMP answers only to hosts that are named (Command Reference, `snmp-server host`).
    pub(super) fn snmp_access(&mut self, admin: &Admin<'a>, model: &mut Management) {
        if admin.snmp.off {
            return;
        }
        let mut access = admin.snmp.access.clone();
        for host in &admin.snmp.hosts {
            let user = host.user.and_then(|u| admin.snmp.users.get(u));
            if let Some(slot) = user.and_then(|at| access.get_mut(*at)) {
                let sources = slot.sources.get_or_insert(AddrSet::NONE);
                *sources = sources.union(&host.address);
            }
        }
        let open = admin.snmp.hosts.iter().filter(|h| h.user.is_none() && h.polls);
        let all = AddrSet::union_all(open.map(|h| &h.address));
        for slot in access.iter_mut().filter(|a| a.version < 3 && a.sources.is_none()) {
            slot.sources = Some(all.clone()).filter(|a| self.complete || !a.is_empty());
        }
        model.snmp = access;
    }

    /// `ntp …`.
    pub(super) fn ntp(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let n = line.number;
        match words.next() {
            Some("authenticate") => self.admin.time.authenticate = true,
            Some("trusted-key") => {
                let key: Option<u32> = words.next().and_then(|k| k.parse().ok());
                self.admin.time.trusted.extend(key);
            }
            Some("authentication-key") => {
                let owner = format!("ntp key {}", words.next().unwrap_or_default());
                words.next();
                self.found_secret(&mut words, SecretKind::Protocol, owner, line);
            }
            Some("server") => {
                let Some(server) = words.next() else { return self.unknown(line) };
                let key = words.skip_to("key").then(|| words.next()).flatten();
                let key = key.and_then(|k| k.parse().ok());
                let server = NtpServer { server: server.to_owned(), authenticated: false, line: n };
                self.admin.time.servers.push((server, key));
            }
            _ => return self.unknown(line),
        }
        self.build.used(n);
    }

    /// An answer is authenticated when authentication is on and the server's key is trusted.
    pub(super) fn time_servers(&self, admin: &Admin<'a>, model: &mut Management) {
        let time = &admin.time;
        model.ntp_known = self.complete;
        model.ntp.extend(time.servers.iter().map(|(server, key)| {
            let trusted = key.is_some_and(|k| time.trusted.contains(&k));
            NtpServer { authenticated: time.authenticate && trusted, ..server.clone() }
        }));
    }
}

/// A severity by number or name (RFC 5424).
fn level(words: &mut Cursor<'_>) -> Option<u8> {
    let word = words.next()?;
    let names = [
        "emergencies",
        "alerts",
        "critical",
        "errors",
        "warnings",
        "notifications",
        "informational",
        "debugging",
    ];
    let by_name = || names.iter().position(|n| *n == word).map(|at| at as u8);
    word.parse().ok().filter(|n| *n <= 7).or_else(by_name)
}

//! The management plane, put together from its commands.
//!
//! What is absent is at its default only in a whole configuration; otherwise it is not known.

use std::collections::BTreeSet;

use portvakt_model::{
    AccessLine, Fact, LineKind, LogTarget, LoginKind, Management, MgmtProtocol, MgmtService,
    PasswordPolicy, Transport,
};
use portvakt_space::AddrSet;

use super::Reader;
use super::access::{Login, Net};

/// The manual that defaults are taken from.
pub(super) const MANUAL: &str = "Cisco ASA Series Command Reference";

/// Least severity at which the messages of logins (605004, 605005, 113015) are sent.
const LOGIN_LEVEL: u8 = 6;
/// Severity of the message that logs a command (111008).
const COMMAND_LEVEL: u8 = 5;

/// What the commands of the management plane say.
#[derive(Default)]
pub(super) struct Admin<'a> {
    pub(super) model: Management,
    pub(super) nets: Vec<Net<'a>>,
    pub(super) logins: Vec<Login<'a>>,
    /// `http server enable`, its line.
    pub(super) http: Option<u32>,
    /// Idle timeouts in seconds.
    pub(super) telnet_idle: Option<Fact<u32>>,
    pub(super) ssh_idle: Option<Fact<u32>>,
    pub(super) http_idle: Option<Fact<u32>>,
    pub(super) console_idle: Option<Fact<u32>>,
    pub(super) accounting: Option<u32>,
    /// Kinds of character that passwords must have.
    pub(super) kinds: BTreeSet<&'a str>,
    /// The lines `ssl cipher`.
    pub(super) ciphers: Vec<super::crypto::Choice<'a>>,
    pub(super) log: super::logging::Log<'a>,
    pub(super) snmp: super::logging::Snmp<'a>,
    pub(super) time: super::logging::Time,
    pub(super) icmp: Vec<super::access::IcmpRule<'a>>,
}

impl<'a> Reader<'a, '_, '_> {
    pub(super) fn build_management(&mut self) -> Management {
        let mut admin = std::mem::take(&mut self.admin);
        let mut model = std::mem::take(&mut admin.model);
        model.services_complete = self.complete;
        self.snmp_hosts(&mut admin);
        self.services(&admin, &mut model);
        self.tls(&admin, &mut model);
        self.pings(&admin, &mut model);
        self.lines(&admin, &mut model);
        self.snmp_access(&admin, &mut model);
        self.time_servers(&admin, &mut model);
        self.logs(&admin, &mut model);
        self.central(&admin, &mut model);
        self.defaults(&mut model);
        model
    }

    fn services(&mut self, admin: &Admin<'a>, model: &mut Management) {
        for net in &admin.nets {
            if net.protocol == MgmtProtocol::Https && admin.http.is_none() {
                continue;
            }
            let interface = Some(self.device.interfaces.atom(net.interface));
            let sources = net.sources.clone();
            model.services.push(MgmtService {
                protocol: net.protocol,
                interface,
                sources,
                line: net.line,
            });
        }
        for host in admin.snmp.hosts.iter().filter(|h| h.polls) {
            let interface = Some(self.device.interfaces.atom(host.interface));
            model.services.push(MgmtService {
                protocol: MgmtProtocol::Snmp,
                interface,
                sources: host.address.clone(),
                line: host.line,
            });
        }
    }

    /// Console, Telnet, SSH and the web interface as ways in.
    fn lines(&self, admin: &Admin<'a>, model: &mut Management) {
        let ways = [
            (MgmtProtocol::Telnet, "telnet", Some(Transport::Telnet), &admin.telnet_idle, 300),
            (MgmtProtocol::Ssh, "ssh", Some(Transport::Ssh), &admin.ssh_idle, 300),
            (MgmtProtocol::Https, "http", None, &admin.http_idle, 1200),
        ];
        for (protocol, name, transport, idle, default) in ways {
            let mut nets = admin.nets.iter().filter(|n| n.protocol == protocol).peekable();
            let Some(first) = nets.peek() else { continue };
            if protocol == MgmtProtocol::Https && admin.http.is_none() {
                continue;
            }
            let line = first.line;
            let sources = AddrSet::union_all(nets.map(|n| &n.sources));
            let known = idle.clone().or(self.complete.then(|| Fact::default_of(default, MANUAL)));
            model.lines.push(AccessLine {
                name: name.to_owned(),
                kind: transport.map_or(LineKind::Web, |_| LineKind::Remote),
                transports: transport.into_iter().collect(),
                idle_seconds: known,
                login: self.login(admin, name),
                sources: Some(sources),
                line,
            });
        }
        if let Some(idle) = &admin.console_idle {
            model.lines.push(AccessLine {
                name: "console".to_owned(),
                kind: LineKind::Console,
                transports: Vec::new(),
                idle_seconds: Some(idle.clone()),
                login: self.login(admin, "serial"),
                sources: None,
                line: idle.line().unwrap_or(0),
            });
        }
    }

    /// What is asked at login. Without `aaa authentication` Telnet and the browser ask for one
    /// password, the console for none; SSH did so until 8.4(2) and refuses since.
    fn login(&self, admin: &Admin<'a>, way: &str) -> LoginKind {
        if let Some(login) = admin.logins.iter().find(|l| l.way == way) {
            return if login.group.eq_ignore_ascii_case("LOCAL") {
                LoginKind::LocalAccount
            } else {
                LoginKind::CentralAaa
            };
        }
        match way {
            _ if !self.complete => LoginKind::Unknown,
            "serial" => LoginKind::Nothing,
            "telnet" | "http" => LoginKind::LinePassword,
            _ if self.version.is_some_and(|v| !v.is_asa_from(8, 4)) => LoginKind::LinePassword,
            _ => LoginKind::Unknown,
        }
    }

    fn central(&self, admin: &Admin<'a>, model: &mut Management) {
        let ways = |l: &&Login<'_>| matches!(l.way, "ssh" | "telnet" | "http" | "serial");
        let is_local = |l: &Login<'_>| l.group.eq_ignore_ascii_case("LOCAL");
        let logins: Vec<&Login<'_>> = admin.logins.iter().filter(ways).collect();
        let local = logins.iter().find(|l| is_local(l) && self.is_way_open(admin, l.way));
        let remote = logins.iter().find(|l| !is_local(l));
        model.central_aaa = match (local, remote) {
            (Some(login), _) => Some(Fact::explicit(false, login.line)),
            (None, Some(login)) => Some(Fact::explicit(true, login.line)),
            (None, None) => match logins.first() {
                Some(login) => Some(Fact::explicit(false, login.line)),
                None => self.complete.then(|| Fact::default_of(false, MANUAL)),
            },
        };
    }

    /// Whether a way in is used at all, so that it matters who checks its passwords.
    fn is_way_open(&self, admin: &Admin<'a>, way: &str) -> bool {
        let protocol = match way {
            "telnet" => MgmtProtocol::Telnet,
            "ssh" => MgmtProtocol::Ssh,
            "http" => MgmtProtocol::Https,
            _ => return false,
        };
        !self.complete || admin.nets.iter().any(|n| n.protocol == protocol)
    }

    /// Receivers of messages, and what is logged of logins and commands.
    fn logs(&self, admin: &Admin<'a>, model: &mut Management) {
        model.logging_known = self.complete;
        let log = &admin.log;
        let on = log.enabled.is_some();
        if on && (log.trap.is_some() || !self.complete) {
            model.log_targets.extend(log.hosts.iter().map(|host| LogTarget {
                target: host.target.to_owned(),
                level: log.trap.as_ref().and_then(|t| Some(Fact::explicit(t.value?, t.line))),
                datagrams: Some(host.datagrams),
                encrypted: Some(host.secure),
                line: host.line,
            }));
        }
        let sent = log.trap.as_ref().filter(|_| on && !log.hosts.is_empty());
        let kept = [sent, log.buffered.as_ref().filter(|_| on)];
        let best = kept.into_iter().flatten().filter_map(|t| Some((t.value?, t.line)));
        let best = best.max_by_key(|(level, _)| *level);
        let logged = |least: u8, message: u32| match best {
            Some((level, line)) => {
                let silenced = log.silenced.iter().find(|(m, _)| *m == message);
                Some(match silenced {
                    Some((_, off)) => Fact::explicit(false, *off),
                    None => Fact::explicit(level >= least, line),
                })
            }
            None => self.complete.then(|| Fact::default_of(false, MANUAL)),
        };
        model.login_success_log = logged(LOGIN_LEVEL, 605_005);
        model.login_failure_log = logged(LOGIN_LEVEL, 605_004);
        model.command_log = match admin.accounting {
            Some(line) => Some(Fact::explicit(true, line)),
            None => logged(COMMAND_LEVEL, 111_008),
        };
    }

    /// Defaults that a whole configuration does not print.
    fn defaults(&self, model: &mut Management) {
        if let Some(attempts) = &model.login_attempts
            && attempts.value > 0
        {
            // Until 9.17 a locked account stays so until an administrator opens it.
            let seconds = match self.version {
                Some(v) if v.is_asa_from(9, 17) => 600,
                _ => u32::MAX,
            };
            model.lockout_seconds = Some(Fact::default_of(seconds, MANUAL));
        }
        if !self.complete {
            return;
        }
        model.login_attempts.get_or_insert(Fact::default_of(0, MANUAL));
        model.lockout_seconds.get_or_insert(Fact::default_of(0, MANUAL));
        model.banner.get_or_insert(Fact::default_of(false, MANUAL));
        let PasswordPolicy { min_length, complexity, max_age_days, history } =
            &mut model.password_policy;
        // Before 9.1 there is no policy at all.
        let shortest = if self.version.is_some_and(|v| v.is_asa_from(9, 1)) { 3 } else { 0 };
        min_length.get_or_insert(Fact::default_of(shortest, MANUAL));
        complexity.get_or_insert(Fact::default_of(false, MANUAL));
        max_age_days.get_or_insert(Fact::default_of(0, MANUAL));
        history.get_or_insert(Fact::default_of(0, MANUAL));
    }
}

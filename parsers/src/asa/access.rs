//! Who may log in, from where, and how: `telnet`, `ssh`, `http`, `icmp`, `aaa`, `username`, …

use portvakt_model::{
    Account, Fact, Management, Message, MgmtProtocol, MgmtService, SecretForm, SecretKind,
};
use portvakt_space::{AddrSet, ICMP, ICMPV6};
use rustc_hash::FxHashMap;

use super::text::{Cursor, Statement};
use super::{Reader, crypto, reasons, value};
use crate::lines::{Line, Word};

const AUTHORIZATION: &Message = &Message {
    sv: "behörighet från en central server räknas inte in",
    en: "authorization by a central server is not modelled",
};

/// Settings of a server that have no bearing on who may log in where.
const SERVER_SETTINGS: &[&str] = &[
    "ldap-over-ssl",
    "ldap-base-dn",
    "ldap-scope",
    "ldap-naming-attribute",
    "ldap-login-dn",
    "ldap-attribute-map",
    "ldap-group-base-dn",
    "server-type",
    "server-port",
    "timeout",
    "retry-interval",
    "authentication-port",
    "accounting-port",
    "reactivation-mode",
    "max-failed-attempts",
    "accounting-mode",
    "mschapv2-capable",
    "acl-netmask-convert",
    "interim-accounting-update",
    "merge-dacl",
    "dynamic-authorization",
    "authorize-only",
    "kerberos-realm",
    "nt-auth-domain-controller",
    "sdi-version",
    "no",
    "exit",
    "!",
    "ad-agent-mode",
    "validate-kdc",
    "start-url",
    "action-uri",
    "user-parameter",
    "password-parameter",
    "hidden-parameter",
    "auth-cookie-name",
];

/// Addresses that a protocol answers to on an interface.
pub(super) struct Net<'a> {
    pub(super) protocol: MgmtProtocol,
    pub(super) sources: AddrSet,
    pub(super) interface: &'a str,
    pub(super) line: u32,
}

/// `aaa authentication WAY console GROUP`.
pub(super) struct Login<'a> {
    pub(super) way: &'a str,
    pub(super) group: &'a str,
    pub(super) line: u32,
}

/// `icmp permit|deny ADDRESS [type] IF`.
pub(super) struct IcmpRule<'a> {
    permit: bool,
    sources: AddrSet,
    interface: &'a str,
    line: u32,
}

impl<'a> Reader<'a, '_, '_> {
    /// `telnet …` or `ssh …` or `http …`: a network and an interface, or a setting.
    pub(super) fn remote(&mut self, protocol: MgmtProtocol, line: Line<'a>) {
        let mut words = Cursor::new(line);
        words.next();
        let mut ahead = words.clone();
        if let (Some(sources), Some(interface)) = (self.names.network(&mut ahead), ahead.next()) {
            self.admin.nets.push(Net { protocol, sources, interface, line: line.number });
            return self.build.used(line.number);
        }
        match protocol {
            MgmtProtocol::Ssh => self.ssh_setting(line, words),
            MgmtProtocol::Https => self.http_setting(line, words),
            _ if words.eat("timeout") => {
                self.admin.telnet_idle = minutes(&mut words, line.number);
                self.build.used(line.number);
            }
            _ => self.unknown(line),
        }
    }

    fn ssh_setting(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let n = line.number;
        let model = &mut self.admin.model;
        match words.next() {
            Some("timeout") => self.admin.ssh_idle = minutes(&mut words, n),
            Some("version") => {
                let versions = std::iter::from_fn(|| words.next()).filter_map(|w| w.parse().ok());
                model.ssh_versions = Some(Fact::explicit(versions.collect(), n));
            }
            Some("cipher") => {
                let kind = words.next().unwrap_or_default();
                let names = crypto::ssh_algorithms(kind, &mut words, self.version);
                let facts = names.into_iter().map(|name| Fact::explicit(name, n));
                model.ssh_algorithms.get_or_insert_default().extend(facts);
            }
            Some("key-exchange") => match words.next() {
                Some("group") => {
                    let name = crypto::key_exchange(words.next().unwrap_or_default());
                    model.ssh_algorithms.get_or_insert_default().push(Fact::explicit(name, n));
                }
                _ => return self.remark_line(line),
            },
            Some("scopy" | "stricthostkeycheck" | "pubkey-chain" | "stack") => {
                return self.remark_line(line);
            }
            _ => return self.unknown(line),
        }
        self.build.used(n);
    }

    fn http_setting(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let n = line.number;
        match (words.next(), words.next()) {
            (Some("server"), Some("enable")) => self.admin.http = Some(n),
            (Some("server"), Some("idle-timeout")) => {
                self.admin.http_idle = minutes(&mut words, n);
            }
            // A redirection only sends browsers on to TLS.
            (Some("server"), Some("session-timeout" | "basic-auth-client"))
            | (Some("redirect"), Some(_)) => {
                return self.remark_line(line);
            }
            (Some("authentication-certificate"), Some(_)) => {
                return self.lost(line, reasons::ADMIN_CERTIFICATES);
            }
            _ => return self.unknown(line),
        }
        self.build.used(n);
    }

    /// `console timeout MINUTES`.
    pub(super) fn console(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        if !words.eat("timeout") {
            return self.remark_line(line);
        }
        self.admin.console_idle = minutes(&mut words, line.number);
        self.build.used(line.number);
    }

    /// `icmp permit|deny ADDRESS [type] IF`: ICMP to the device itself.
    pub(super) fn icmp(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let permit = match words.next() {
            Some("permit") => true,
            Some("deny") => false,
            _ => return self.remark_line(line),
        };
        let sources = match words.peek() {
            Some("any" | "any4" | "any6") => {
                words.next();
                Some(AddrSet::ANY)
            }
            Some("host") => {
                words.next();
                words.next().and_then(|w| self.names.ip(w)).map(AddrSet::host)
            }
            _ => self.names.network(&mut words),
        };
        let (Some(sources), Some(first)) = (sources, words.next()) else {
            return self.unknown(line);
        };
        let (kind, interface) = match words.next() {
            Some(interface) => (Some(first), interface),
            None => (None, first),
        };
        let echo = kind.is_none_or(|k| {
            value::icmp(ICMP, k) == Some((8, None)) || value::icmp(ICMPV6, k) == Some((128, None))
        });
        // Rules on other messages still end in an implicit deny for echo.
        let sources = if echo { sources } else { AddrSet::NONE };
        self.admin.icmp.push(IcmpRule { permit, sources, interface, line: line.number });
        self.build.used(line.number);
    }

    /// Who may ping the device: everybody, until an interface has `icmp` rules, which end in deny.
    pub(super) fn pings(&mut self, admin: &super::management::Admin<'a>, model: &mut Management) {
        let names: Vec<&str> = self.ports.iter().filter_map(|p| Some(p.name?.0)).collect();
        let mut by_name: FxHashMap<&str, Vec<&IcmpRule<'a>>> = FxHashMap::default();
        for rule in &admin.icmp {
            by_name.entry(rule.interface).or_default().push(rule);
        }
        for name in names {
            let rules = by_name.get(name).map(Vec::as_slice).unwrap_or_default();
            let (mut allowed, mut decided, mut line) = (AddrSet::NONE, AddrSet::NONE, 0);
            if rules.is_empty() && self.complete {
                allowed = AddrSet::ANY;
            }
            for rule in rules {
                if rule.permit {
                    allowed = allowed.union(&rule.sources.minus(&decided));
                    line = if line == 0 { rule.line } else { line };
                }
                decided = decided.union(&rule.sources);
            }
            if !allowed.is_empty() {
                let interface = Some(self.device.interfaces.atom(name));
                let (protocol, sources) = (MgmtProtocol::Ping, allowed);
                model.services.push(MgmtService { protocol, interface, sources, line });
            }
        }
    }

    /// `aaa …`.
    pub(super) fn aaa(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let n = line.number;
        match (words.next(), words.next()) {
            (Some("authentication"), Some(way)) if words.eat("console") => {
                let Some(group) = words.next() else { return self.unknown(line) };
                self.admin.logins.push(Login { way, group, line: n });
            }
            (Some("authentication" | "authorization" | "accounting"), Some("match")) => {
                if let Some(list) = words.next() {
                    self.list_use(list, "aaa match", n);
                }
                return self.lost(line, reasons::CUT_THROUGH);
            }
            (
                Some("authentication" | "authorization" | "accounting"),
                Some("include" | "exclude"),
            ) => {
                return self.lost(line, reasons::CUT_THROUGH);
            }
            (Some("accounting"), Some("command")) => self.admin.accounting = Some(n),
            (Some("authorization"), Some(_)) => return self.lost(line, AUTHORIZATION),
            (Some("local"), Some("authentication")) if words.eat_all(&["attempts", "max-fail"]) => {
                let fails = words.next().and_then(|w| w.parse().ok());
                self.admin.model.login_attempts = fails.map(|f| Fact::explicit(f, n));
            }
            (Some("authentication"), Some("login-history" | "secure-http-client" | "listener"))
            | (Some("accounting"), Some(_))
            | (Some("proxy-limit" | "mac-exempt"), _) => return self.remark_line(line),
            _ => return self.unknown(line),
        }
        self.build.used(n);
    }

    /// `username NAME password …` or `username NAME attributes`.
    pub(super) fn username(&mut self, statement: Statement<'_, 'a>) {
        let (line, mut words) = (statement.head, statement.words());
        words.next();
        let Some(name) = words.next() else { return self.unknown(line) };
        match words.next() {
            Some("attributes") => return self.user_attributes(name, statement),
            Some("password") => {
                let Some(word) = words.word() else { return self.unknown(line) };
                let form = hash_form(&word, &words);
                let secret = self.keep_secret(word, form, SecretKind::Password, name, line);
                self.account(name, Some(secret), &mut words, line);
            }
            Some("nopassword") => {
                // It logs in with nothing at all.
                let secret = portvakt_model::Secret::seen("", SecretForm::Clear);
                self.account(name, Some(secret), &mut words, line);
            }
            _ => return self.unknown(line),
        }
        self.build.used(line.number);
    }

    fn account(
        &mut self,
        name: &str,
        secret: Option<portvakt_model::Secret>,
        words: &mut Cursor<'a>,
        line: Line<'a>,
    ) {
        let level = words.skip_to("privilege").then(|| words.next()).flatten();
        let level: Option<u8> = level.and_then(|l| l.parse().ok());
        self.admin.model.accounts.push(Account {
            name: name.to_owned(),
            secret,
            privileged: level.map(|l| l == 15),
            remote: false,
            strong_auth: None,
            trusted_hosts: None,
            line: line.number,
        });
    }

    fn user_attributes(&mut self, name: &'a str, statement: Statement<'_, 'a>) {
        self.build.used(statement.head.number);
        for &line in statement.body {
            let mut words = Cursor::new(line);
            match (words.next(), words.next()) {
                (Some("service-type"), Some(kind)) => {
                    let account = self.admin.model.accounts.iter_mut().rfind(|a| a.name == name);
                    if let Some(account) = account.filter(|_| kind != "admin") {
                        account.privileged = Some(false);
                    }
                    self.build.used(line.number);
                }
                (Some("ssh"), Some("authentication")) => {
                    self.lost(line, reasons::ADMIN_KEYS);
                }
                _ => self.vpn_attribute(line),
            }
        }
    }

    /// `enable password …` and `passwd …`.
    pub(super) fn shared_password(
        &mut self,
        owner: &'static str,
        line: Line<'a>,
        mut words: Cursor<'a>,
    ) {
        if owner == "enable" && !words.eat("password") {
            return self.unknown(line);
        }
        let Some(word) = words.word() else { return self.unknown(line) };
        let mut rest = words.clone();
        let level = rest.skip_to("level").then(|| rest.next()).flatten();
        let form = hash_form(&word, &words);
        let owner = level.map_or(owner.to_owned(), |l| format!("{owner} {l}"));
        self.keep_secret(word, form, SecretKind::Password, owner, line);
        self.build.used(line.number);
    }

    /// `password-policy …`.
    pub(super) fn password_policy(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let n = line.number;
        let kind = words.next().unwrap_or_default();
        let number: Option<u32> = words.next().and_then(|w| w.parse().ok());
        let policy = &mut self.admin.model.password_policy;
        match (kind, number) {
            ("minimum-length", Some(length)) => policy.min_length = Some(Fact::explicit(length, n)),
            (
                "minimum-uppercase" | "minimum-lowercase" | "minimum-numeric" | "minimum-special",
                Some(1..),
            ) => {
                self.admin.kinds.insert(kind);
                policy.complexity = Some(Fact::explicit(self.admin.kinds.len() == 4, n));
            }
            ("lifetime", Some(days)) => policy.max_age_days = Some(Fact::explicit(days, n)),
            ("reuse-interval", Some(old)) => policy.history = Some(Fact::explicit(old, n)),
            ("minimum-changes" | "username-check" | "authenticate", _) | (_, Some(0)) => {
                return self.remark_line(line);
            }
            _ => return self.unknown(line),
        }
        self.build.used(n);
    }

    /// `aaa-server NAME protocol …` or `aaa-server NAME (if) host …`, with the key under it.
    pub(super) fn aaa_server(&mut self, statement: Statement<'_, 'a>) {
        let (line, mut words) = (statement.head, statement.words());
        words.next();
        let name = words.next().unwrap_or_default();
        if words.skip_to("host") {
            words.next();
            if words.peek().is_some_and(|w| w != "timeout") {
                self.found_secret(&mut words, SecretKind::Aaa, name, line);
            }
        }
        self.build.used(line.number);
        for &inner in statement.body {
            let mut words = Cursor::new(inner);
            match words.next() {
                Some("key" | "radius-common-pw" | "ldap-login-password") => {
                    self.found_secret(&mut words, SecretKind::Aaa, name, inner);
                    self.build.used(inner.number);
                }
                None => self.remark_line(inner),
                Some(word) if SERVER_SETTINGS.contains(&word) => self.remark_line(inner),
                _ => self.unknown(inner),
            }
        }
    }

    /// `banner login|motd|exec|asdm TEXT`. The first two are shown before anybody has logged in.
    pub(super) fn banner(&mut self, line: Line<'a>, mut words: Cursor<'a>) {
        let kind = words.next();
        crate::secrets::redact_suspicious(line, self.build);
        if matches!(kind, Some("login" | "motd")) && !words.is_done() {
            let banner = &mut self.admin.model.banner;
            banner.get_or_insert(Fact::explicit(true, line.number));
            return self.build.used(line.number);
        }
        self.build.neutral(line.number);
    }
}

/// A number of minutes, in seconds. A value out of range (`-1`) is none.
fn minutes(words: &mut Cursor<'_>, line: u32) -> Option<Fact<u32>> {
    let minutes: u32 = words.next()?.parse().ok()?;
    Some(Fact::explicit(minutes.saturating_mul(60), line))
}

/// How a password is stored, by the word after it.
fn hash_form(word: &Word<'_>, words: &Cursor<'_>) -> SecretForm {
    let rest = words.rest().text;
    let says = |kind: &str| rest.split_whitespace().any(|w| w == kind);
    if says("pbkdf2") {
        SecretForm::StrongHash
    } else if says("encrypted") || says("nt-encrypted") || says("mschap") {
        SecretForm::WeakHash
    } else if word.text.starts_with("$sha512$") {
        SecretForm::StrongHash
    } else {
        SecretForm::Clear
    }
}

//! The management plane: global settings, passwords, protocols on interfaces.

use portvakt_model::{
    AccessLine, Account, Fact, LineKind, LoginKind, Management, MgmtProtocol, MgmtService,
    PasswordPolicy, Secret, Transport,
};
use portvakt_space::{AddrSet, Family};
use rustc_hash::FxHashMap;

use super::global_keys::{GLOBAL, PASSWORD_POLICY, SSH};
use super::interfaces::Interfaces;
use super::keys::mark;
use super::scope::Scope;
use super::tree::Node;
use super::{accounts, crypto, logging};
use crate::build::Build;

pub(super) const CLI: &str = "FortiOS 7.4 CLI Reference";

/// The management plane; `None` where the export shows nothing of it.
pub(super) fn read(
    scope: &Scope<'_, '_>,
    interfaces: &Interfaces,
    secrets: &FxHashMap<u32, Secret>,
    build: &mut Build<'_>,
) -> Option<Management> {
    const SHOWN: [&str; 6] = [
        "system global",
        "system admin",
        "system ntp",
        "system snmp sysinfo",
        "log syslogd setting",
        "system password-policy",
    ];
    let entries: Vec<Node<'_, '_>> =
        scope.entries("system interface").filter(|e| scope.owns(*e)).collect();
    let global = scope.section("system global");
    if entries.is_empty() && SHOWN.iter().all(|path| scope.section(path).is_none()) {
        return None;
    }
    let v6 = entries
        .iter()
        .any(|e| e.block("ipv6").is_some_and(|v6| !v6.list("ip6-allowaccess").is_empty()));
    let accounts = accounts::read(scope, v6, secrets, build);
    accounts::mark_profiles(scope, build);
    let settings = Settings { global, whole: scope.header.whole };
    let mut out = settings.facts(scope);
    out.services = services(&entries, &accounts, global, interfaces);
    out.services_complete = !entries.is_empty();
    out.lines = settings.lines(scope, &out.services);
    out.accounts = accounts;
    out.password_policy = password_policy(scope, build);
    if let Some(global) = global {
        mark(global, &GLOBAL, build);
    }
    if let Some(ssh) = scope.section("system ssh-config") {
        mark(ssh, &SSH, build);
    }
    logging::read(scope, secrets, &mut out, build);
    unneeded(scope, global, &mut out, build);
    Some(out)
}

/// `config system global`, where what is absent has its default in a whole backup, and in any
/// export that shows the section.
struct Settings<'t, 'a> {
    global: Option<Node<'t, 'a>>,
    whole: bool,
}

impl Settings<'_, '_> {
    fn fact<T>(&self, key: &str, read: impl Fn(&str) -> Option<T>) -> Option<Fact<T>> {
        let setting = self.global?.setting(key)?;
        let value = read(&setting.values.first()?.text)?;
        Some(Fact::explicit(value, setting.line))
    }

    fn or<T>(&self, fact: Option<Fact<T>>, default: T) -> Option<Fact<T>> {
        let shown = self.whole || self.global.is_some();
        fact.or_else(|| shown.then(|| Fact::default_of(default, CLI)))
    }

    fn switch(&self, key: &str, default: bool) -> Option<Fact<bool>> {
        self.or(self.fact(key, |v| Some(v == "enable")), default)
    }

    fn number(&self, key: &str, default: u32) -> Option<Fact<u32>> {
        self.or(self.fact(key, |v| v.parse().ok()), default)
    }

    fn facts(&self, scope: &Scope<'_, '_>) -> Management {
        let ssh_v1 = self.switch("admin-ssh-v1", false);
        let versions = |v1: bool| if v1 { vec![1, 2] } else { vec![2] };
        let remote = accounts::remote_login(scope);
        let admins = scope.section("system admin").is_some();
        let local = || admins.then(|| Fact::default_of(false, CLI));
        let tls_versions = crypto::tls_versions(scope, self.global);
        Management {
            central_aaa: remote.map(|line| Fact::explicit(true, line)).or_else(local),
            command_log: self.switch("cli-audit-log", false),
            login_attempts: self.number("admin-lockout-threshold", 3),
            lockout_seconds: self.number("admin-lockout-duration", 60),
            ssh_versions: ssh_v1.map(|f| Fact { value: versions(f.value), basis: f.basis }),
            ssh_algorithms: crypto::ssh_algorithms(scope, self.global),
            tls_ciphers: crypto::tls_ciphers(scope, self.global, tls_versions.as_ref()),
            tls_versions,
            http_redirect: self.switch("admin-https-redirect", true),
            own_tls_least: self.fact("ssl-min-proto-version", |v| Some(v.to_owned())),
            strong_crypto: self.switch("strong-crypto", true),
            banner: self.switch("pre-login-banner", false),
            config_backup: self.fact("revision-backup-on-logout", |v| Some(v == "enable")),
            ..Management::default()
        }
    }

    /// The ways in. `admintimeout` is in minutes; the console has its own, in seconds, when set.
    fn lines(&self, scope: &Scope<'_, '_>, services: &[MgmtService]) -> Vec<AccessLine> {
        if self.global.is_none() && !self.whole {
            return Vec::new();
        }
        let idle = self.number("admintimeout", 5);
        let idle = idle.map(|f| Fact { value: f.value.saturating_mul(60), basis: f.basis });
        let console = self.fact("admin-console-timeout", |v| v.parse().ok().filter(|n| *n != 0));
        let login = match (accounts::remote_login(scope), scope.section("system admin")) {
            (Some(_), _) => LoginKind::CentralAaa,
            (None, Some(_)) => LoginKind::LocalAccount,
            (None, None) => LoginKind::Unknown,
        };
        let offers = |p: MgmtProtocol| services.iter().any(|s| s.protocol == p);
        let transports: Vec<Transport> =
            [(MgmtProtocol::Telnet, Transport::Telnet), (MgmtProtocol::Ssh, Transport::Ssh)]
                .into_iter()
                .filter(|(protocol, _)| offers(*protocol))
                .map(|(_, transport)| transport)
                .collect();
        let line = self.global.map_or(0, Node::line);
        let way = |name: &str, kind, transports, idle_seconds| AccessLine {
            name: name.to_owned(),
            kind,
            transports,
            idle_seconds,
            login,
            sources: None,
            line,
        };
        // No interface answers to a browser where all are shown and none allows it.
        let web = services.is_empty() || offers(MgmtProtocol::Http) || offers(MgmtProtocol::Https);
        let mut ways = vec![
            way("console", LineKind::Console, Vec::new(), console.or_else(|| idle.clone())),
            way("cli", LineKind::Remote, transports, idle.clone()),
        ];
        if web {
            ways.push(way("gui", LineKind::Web, Vec::new(), idle));
        }
        ways
    }
}

/// `allowaccess` of every interface. Logins are limited to the trusted hosts of the administrators
/// when every one of them has some.
fn services(
    entries: &[Node<'_, '_>],
    accounts: &[Account],
    global: Option<Node<'_, '_>>,
    interfaces: &Interfaces,
) -> Vec<MgmtService> {
    let telnet = !global.is_some_and(|g| g.is("admin-telnet", "disable"));
    let hosts = login_sources(accounts);
    let mut out = Vec::new();
    for entry in entries {
        let interface = interfaces.declared.find(entry.name());
        let secondary = entry.is("secondary-IP", "enable");
        let second = entry.entries_of("secondaryip").filter(|_| secondary);
        let v4 =
            entry.list("allowaccess").into_iter().chain(second.flat_map(|e| e.list("allowaccess")));
        let v6 = entry.block("ipv6").map(|b| b.list("ip6-allowaccess")).unwrap_or_default();
        let mut seen: Vec<(MgmtProtocol, Family)> = Vec::new();
        let words = v4.map(|w| (w, Family::V4)).chain(v6.into_iter().map(|w| (w, Family::V6)));
        for ((word, line), family) in words {
            let Some(protocol) = protocol(word) else { continue };
            let off = protocol == MgmtProtocol::Telnet && !telnet;
            if off || seen.contains(&(protocol, family)) {
                continue;
            }
            seen.push((protocol, family));
            let login = !matches!(protocol, MgmtProtocol::Snmp | MgmtProtocol::Vendor);
            let sources = if login { hosts.only(family) } else { AddrSet::all(family) };
            out.push(MgmtService { protocol, interface, sources, line });
        }
    }
    out
}

/// Where any administrator may log in from.
fn login_sources(accounts: &[Account]) -> AddrSet {
    let all: Option<Vec<&AddrSet>> =
        accounts.iter().map(|account| account.trusted_hosts.as_ref()).collect();
    match all {
        Some(sets) if !sets.is_empty() => AddrSet::union_all(sets),
        _ => AddrSet::ANY,
    }
}

/// Words of `allowaccess` that administer; the others (`radius-acct`, `probe-response`,
/// `speed-test`, `dnp`) take data.
fn protocol(word: &str) -> Option<MgmtProtocol> {
    Some(match word {
        "ping" => MgmtProtocol::Ping,
        "https" => MgmtProtocol::Https,
        "http" => MgmtProtocol::Http,
        "ssh" => MgmtProtocol::Ssh,
        "telnet" => MgmtProtocol::Telnet,
        "snmp" => MgmtProtocol::Snmp,
        "fgfm" | "capwap" | "fabric" | "ftm" | "scim" => MgmtProtocol::Vendor,
        _ => return None,
    })
}

/// `config system password-policy`. While it is off, nothing is asked of a password.
fn password_policy(scope: &Scope<'_, '_>, build: &mut Build<'_>) -> PasswordPolicy {
    let Some(section) = scope.section("system password-policy") else {
        return if scope.header.whole { no_policy() } else { PasswordPolicy::default() };
    };
    mark(section, &PASSWORD_POLICY, build);
    let targets = section.list("apply-to");
    let elsewhere = !targets.is_empty() && targets.iter().all(|(t, _)| !t.starts_with("admin"));
    if !section.is("status", "enable") || elsewhere {
        return no_policy();
    }
    let number = |key: &str, default: u32| match section.setting(key) {
        Some(s) => section.number(key).map(|n| Fact::explicit(n, s.line)),
        None => Some(Fact::default_of(default, CLI)),
    };
    let expires = section.is("expire-status", "enable");
    let reuse =
        section.setting("reuse-password").filter(|_| section.is("reuse-password", "disable"));
    PasswordPolicy {
        min_length: number("minimum-length", 8),
        complexity: Some(complexity(section)),
        max_age_days: if expires {
            number("expire-day", 90)
        } else {
            Some(Fact::default_of(0, CLI))
        },
        history: Some(match (section.setting("reuse-password-limit"), reuse) {
            (Some(s), _) => {
                Fact::explicit(section.number("reuse-password-limit").unwrap_or(0), s.line)
            }
            (None, Some(s)) => Fact::explicit(1, s.line),
            (None, None) => Fact::default_of(0, CLI),
        }),
    }
}

/// Whether all four kinds of character are asked for, where one is not with its line. Versions before
/// 6.0 have them in one list.
fn complexity(section: Node<'_, '_>) -> Fact<bool> {
    const KINDS: [&str; 4] =
        ["min-lower-case-letter", "min-upper-case-letter", "min-non-alphanumeric", "min-number"];
    let old = section.list("must-contain");
    if let Some((_, line)) = old.first() {
        return Fact::explicit(old.len() == KINDS.len(), *line);
    }
    let lacks = |key: &&&str| section.number(key).is_none_or(|n| n == 0);
    let line = |key: &&str| section.setting(key).map(|s| s.line);
    let lacking: Vec<&&str> = KINDS.iter().filter(lacks).collect();
    match (lacking.iter().find_map(|key| line(key)), KINDS.iter().find_map(line)) {
        (Some(at), _) => Fact::explicit(false, at),
        (None, Some(at)) => Fact::explicit(lacking.is_empty(), at),
        (None, None) => Fact::default_of(false, CLI),
    }
}

fn no_policy() -> PasswordPolicy {
    PasswordPolicy {
        min_length: Some(Fact::default_of(0, CLI)),
        complexity: Some(Fact::default_of(false, CLI)),
        max_age_days: Some(Fact::default_of(0, CLI)),
        history: Some(Fact::default_of(0, CLI)),
    }
}

/// Services that are on and rarely needed: installation from a USB stick, the maintainer account.
fn unneeded(
    scope: &Scope<'_, '_>,
    global: Option<Node<'_, '_>>,
    out: &mut Management,
    build: &mut Build<'_>,
) {
    const USB: [&str; 2] = ["auto-install-config", "auto-install-image"];
    let keys = super::keys::Keys {
        used: &USB,
        neutral: &["default-config-file", "default-image-file"],
        lost: &[],
    };
    let install = scope.section("system auto-install");
    if let Some(section) = install {
        mark(section, &keys, build);
    }
    let on = install.into_iter().flat_map(|node| USB.iter().map(move |key| (node, *key)));
    for (node, key) in on.chain(global.map(|node| (node, "admin-maintainer"))) {
        if let Some(setting) = node.setting(key).filter(|_| node.is(key, "enable")) {
            out.unneeded.push(Fact::explicit(key.to_owned(), setting.line));
        }
    }
}

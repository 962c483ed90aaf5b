//! SSH and web servers, and services that are rarely needed.

use portvakt_model::{AccessLine, Fact, LineKind, LoginKind, MgmtProtocol, MgmtService};
use portvakt_space::{AddrSet, Family};

use super::config::Command;
use super::reasons;
use super::{Ios, lines, logging, uses};

/// What is said of servers on the device.
#[derive(Default)]
pub(super) struct Servers {
    http: Option<(bool, u32)>,
    https: Option<(bool, u32)>,
    http_login: Option<LoginKind>,
    http_idle: Option<Fact<u32>>,
    http_lists: Vec<(Family, String, u32)>,
    source_route: bool,
    /// Severity that is sent to log receivers.
    pub(super) log_level: Option<Fact<u8>>,
    /// Key of each time server, in order.
    pub(super) ntp_keys: Vec<Option<u32>>,
    /// Keys that are trusted, as ranges.
    pub(super) ntp_trusted: Vec<(u32, u32)>,
    /// Whether answers of time servers are authenticated.
    pub(super) ntp_authenticate: bool,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let read =
        ssh(ios, command) || http(ios, command) || programs(ios, command) || small(ios, command);
    ios.managed |= read;
    read
}

fn ssh(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["ip", "ssh", rest @ ..] = command.words() else { return false };
    let line = command.number();
    match rest {
        _ if command.no() => ios.neutral(command),
        ["version", version] => {
            let Ok(version) = version.parse() else { return false };
            ios.management.ssh_versions = Some(Fact::explicit(vec![version], line));
            ios.used(command);
        }
        [
            "server",
            "algorithm",
            "encryption" | "mac" | "kex" | "hostkey" | "publickey",
            names @ ..,
        ] => {
            let facts = names.iter().map(|name| Fact::explicit((*name).to_owned(), line));
            ios.management.ssh_algorithms.get_or_insert_default().extend(facts);
            ios.used(command);
        }
        ["dh", "min", "size", bits] => {
            let fact = Fact::explicit(format!("dh min size {bits}"), line);
            ios.management.ssh_algorithms.get_or_insert_default().push(fact);
            ios.used(command);
        }
        ["pubkey-chain"] => {
            ios.lost_block(command, reasons::ADMIN_KEYS);
        }
        _ => ios.neutral(command),
    }
    true
}

fn http(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["ip", "http", rest @ ..] = command.words() else { return false };
    let line = command.number();
    match rest {
        ["server"] => ios.services.http = Some((!command.no(), line)),
        ["secure-server"] => ios.services.https = Some((!command.no(), line)),
        _ if command.no() => {
            ios.neutral(command);
            return true;
        }
        ["access-class", "ipv6", list] => limit(ios, command, Family::V6, list),
        ["access-class", "ipv4", list] | ["access-class", list] => {
            limit(ios, command, Family::V4, list);
        }
        ["authentication", how, ..] => {
            ios.services.http_login = Some(match *how {
                "local" => LoginKind::LocalAccount,
                "aaa" => LoginKind::CentralAaa,
                "enable" => LoginKind::LinePassword,
                _ => LoginKind::Unknown,
            });
        }
        ["timeout-policy", "idle", seconds, ..] => {
            let Ok(seconds) = seconds.parse() else { return false };
            ios.services.http_idle = Some(Fact::explicit(seconds, line));
        }
        ["tls-version", versions @ ..] if !versions.is_empty() => {
            let versions = versions.iter().map(|v| (*v).to_owned()).collect();
            ios.management.tls_versions = Some(Fact::explicit(versions, line));
        }
        ["secure-ciphersuite", names @ ..] => {
            let fact = |name: &&str| Fact::explicit((*name).to_owned(), line);
            let ciphers = ios.management.tls_ciphers.get_or_insert_default();
            ciphers.extend(names.iter().map(fact));
        }
        _ => {
            ios.neutral(command);
            return true;
        }
    }
    ios.used(command);
    true
}

fn limit(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, family: Family, list: &str) {
    uses::note(ios, list, Some(family), command.number(), "ip http".to_owned());
    ios.services.http_lists.push((family, list.to_owned(), command.number()));
}

/// Interfaces for programs, and servers of files.
fn programs(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let protocol = match command.words() {
        ["restconf"] => MgmtProtocol::Https,
        ["netconf-yang"] | ["netconf", "ssh", ..] => MgmtProtocol::Ssh,
        ["tftp-server" | "ftp-server", ..] => MgmtProtocol::Ftp,
        ["ip", "rcmd", "rcp-enable" | "rsh-enable"] => MgmtProtocol::Rsh,
        ["ip", "rcmd", ..] | ["netconf-yang" | "netconf", ..] => {
            ios.neutral(command);
            return true;
        }
        _ => return false,
    };
    if command.no() {
        ios.neutral(command);
    } else {
        service(ios, protocol, AddrSet::ANY, command.number());
        ios.used(command);
    }
    true
}

fn service(ios: &mut Ios<'_, '_>, protocol: MgmtProtocol, sources: AddrSet, line: u32) {
    let interface = None;
    ios.management.services.push(MgmtService { protocol, interface, sources, line });
}

/// Services that a router offers from the days when it had to.
fn small(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let words = command.words();
    let known = matches!(
        words,
        ["ip" | "ipv6", "source-route"]
            | ["service" | "ip", "finger", ..]
            | ["ip", "bootp" | "dns", "server"]
            | ["service", "pad" | "tcp-small-servers" | "udp-small-servers", ..]
            | ["service", "config"]
            | ["ip", "identd"]
            | ["boot", "network", ..]
            | ["vstack", ..]
            | ["mop", "enabled"]
    );
    if !known {
        return false;
    }
    ios.services.source_route |= matches!(words, ["ip", "source-route"]);
    if command.no() {
        ios.neutral(command);
    } else {
        let fact = Fact::explicit(words.join(" "), command.number());
        ios.management.unneeded.push(fact);
        ios.used(command);
    }
    true
}

pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    web(ios);
    logging::finish(ios);
    ios.management.services_complete =
        ios.whole && ios.services.http.is_some() && ios.services.https.is_some();
    if ios.management.ssh_versions.is_none() && ios.major.is_some_and(|v| v < 16) {
        // Both, until a version is chosen (`ip ssh version`); later releases differ.
        let manual = "Cisco IOS Security Command Reference, releases before IOS-XE 16";
        ios.management.ssh_versions = ios.default(vec![1, 2], manual);
    }
    if !ios.services.source_route && ios.major.is_some_and(|v| v < 16) {
        let manual = "Cisco IOS IP Application Services Command Reference, before IOS-XE 16";
        let fact = ios.default("ip source-route".to_owned(), manual);
        ios.management.unneeded.extend(fact);
    }
}

fn web(ios: &mut Ios<'_, '_>) {
    let on = |server: Option<(bool, u32)>| server.filter(|(on, _)| *on).map(|(_, line)| line);
    let (http, https) = (on(ios.services.http), on(ios.services.https));
    let Some(line) = http.or(https) else { return };
    let lists = std::mem::take(&mut ios.services.http_lists);
    let sources = lines::limits(ios, &lists);
    let login = ios.services.http_login.unwrap_or(LoginKind::LinePassword);
    let idle = ios.services.http_idle.take();
    let idle = idle.or_else(|| ios.default(180, "Cisco IOS HTTP Services Command Reference"));
    for (protocol, line) in [(MgmtProtocol::Http, http), (MgmtProtocol::Https, https)] {
        if let Some(line) = line {
            service(ios, protocol, sources.clone().unwrap_or(AddrSet::ANY), line);
        }
    }
    ios.management.lines.push(AccessLine {
        name: "http".to_owned(),
        kind: LineKind::Web,
        transports: Vec::new(),
        idle_seconds: idle,
        login,
        sources,
        line,
    });
}

//! TLS that the firewall itself answers: load-balancing virtual IPs and the SSL VPN.
//!
//! What is not set is told only where the default of the release is known.

use portvakt_model::registry::Suite;
use portvakt_model::{LineState, Location, Placed, TlsServer, TlsVersion};

use super::scope::Scope;
use super::tree::{Node, Setting};
use crate::build::Build;

/// The default of `ssl-min-version`, as the API of that release states it.
const API_7_6: &str = "FortiOS 7.6 REST API, cmdb/firewall/vip";

/// Kinds of virtual servers that speak TLS with clients.
const OVER_TLS: [&str; 5] = ["https", "imaps", "pop3s", "smtps", "ssl"];

/// What `medium` and `low` let in besides AES (CLI Reference, `config firewall vip`, `ssl-algorithm`), as far
/// as the list of suites names it with forward secrecy, which `ssl-pfs` never takes away.
const MEDIUM: [&str; 2] = ["TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA"];
const LOW: [&str; 3] = [MEDIUM[0], MEDIUM[1], "TLS_DHE_RSA_WITH_DES_CBC_SHA"];

/// Settings of the SSL VPN that are read here, among others that are not.
const PORTAL: [&str; 9] = [
    "source-interface",
    "ssl-max-proto-ver",
    "ssl-min-proto-ver",
    "sslv3",
    "status",
    "tlsv1-0",
    "tlsv1-1",
    "tlsv1-2",
    "tlsv1-3",
];

/// Marks what is read here of a section that is not read as a whole.
pub(super) fn mark(section: Node<'_, '_>, build: &mut Build<'_>) {
    let read = |setting: &&Setting<'_>| PORTAL.contains(&setting.key.as_ref());
    if section.name() == "vpn ssl settings" {
        let settings = section.settings().iter().filter(read);
        settings.for_each(|setting| setting.mark(LineState::Used, build));
    }
}

/// The parts of a device that take TLS connections for others than its administrators.
pub(super) fn servers(scope: &Scope<'_, '_>, build: &Build<'_>) -> Vec<TlsServer> {
    let tables = ["firewall vip", "firewall vip6"];
    let virtual_ips = tables.iter().flat_map(|table| scope.entries(table));
    let virtual_ips = virtual_ips.filter(|entry| is_over_tls(*entry));
    let mut all: Vec<TlsServer> =
        virtual_ips.map(|entry| virtual_server(scope, entry, build)).collect();
    let portal = scope.sections("vpn ssl settings").find(|section| listens(*section));
    all.extend(portal.map(|section| ssl_vpn(section, build)));
    all
}

fn is_over_tls(entry: Node<'_, '_>) -> bool {
    let kind = entry.get("server-type").unwrap_or_default();
    entry.is("type", "server-load-balance")
        && OVER_TLS.contains(&kind)
        && !entry.is("status", "disable")
}

/// Without an interface nothing listens.
fn listens(section: Node<'_, '_>) -> bool {
    !section.list("source-interface").is_empty() && !section.is("status", "disable")
}

fn virtual_server(scope: &Scope<'_, '_>, entry: Node<'_, '_>, build: &Build<'_>) -> TlsServer {
    let is_7_6 =
        scope.is_at_least((7, 6, 0)) == Some(true) && scope.is_at_least((7, 7, 0)) == Some(false);
    let least = is_7_6.then_some((TlsVersion::Tls11, API_7_6));
    let mut server = server(entry.name().to_owned(), entry, build);
    server.versions = versions(entry, ["ssl-min-version", "ssl-max-version"], least, build);
    let algorithm = entry.setting("ssl-algorithm");
    let at = |setting: &Setting<'_>| line(build, setting.line);
    match (algorithm, entry.get("ssl-algorithm")) {
        (Some(set), Some("medium")) => {
            server.suites = Some(Placed::new(MEDIUM.to_vec(), at(set)));
        }
        (Some(set), Some("low")) => server.suites = Some(Placed::new(LOW.to_vec(), at(set))),
        (Some(set), Some("custom")) => custom(entry, &mut server, at(set), build),
        _ => {}
    }
    server
}

/// The suites that are listed one by one, in IANA's words but for the dashes.
fn custom(entry: Node<'_, '_>, server: &mut TlsServer, at: Location, build: &Build<'_>) {
    let mut suites = Vec::new();
    for row in entry.entries_of("ssl-cipher-suites") {
        let Some(setting) = row.setting("cipher") else { continue };
        let name = row.get("cipher").unwrap_or_default();
        let iana = name.replace('-', "_");
        match Suite::all().find(|suite| suite.name == iana) {
            Some(suite) => suites.push(suite.name),
            None => {
                server.strange.push(Placed::new(name.to_owned(), line(build, setting.line)));
            }
        }
    }
    if !suites.is_empty() {
        server.suites = Some(Placed::new(suites, at));
    }
}

/// Its `algorithm` is told by words of strength, and what they come to differs between releases.
fn ssl_vpn(section: Node<'_, '_>, build: &Build<'_>) -> TlsServer {
    let mut server = server("SSL VPN".to_owned(), section, build);
    let bounds = versions(section, ["ssl-min-proto-ver", "ssl-max-proto-ver"], None, build);
    server.versions = bounds.or_else(|| switched_on(section, build));
    server
}

/// Versions that are switched on one by one, as releases before `ssl-min-proto-ver` have it.
fn switched_on(section: Node<'_, '_>, build: &Build<'_>) -> Option<Placed<Vec<TlsVersion>>> {
    let switches = ["sslv3", "tlsv1-0", "tlsv1-1", "tlsv1-2", "tlsv1-3"];
    let on = switches.into_iter().filter(|key| section.is(key, "enable"));
    let on: Vec<_> = on.filter_map(|key| Some((version(key)?, section.setting(key)?))).collect();
    let (_, first) = on.first()?;
    let at = line(build, first.line);
    Some(Placed::new(on.iter().map(|(version, _)| *version).collect(), at))
}

/// The versions between two bounds, the upper of which is 1.3 where it is not set. `None` where the lower one
/// is not known, unless the upper one says enough by itself.
fn versions(
    node: Node<'_, '_>,
    [least, most]: [&str; 2],
    default: Option<(TlsVersion, &'static str)>,
    build: &Build<'_>,
) -> Option<Placed<Vec<TlsVersion>>> {
    let bound = |key| Some((node.setting(key)?, version(node.get(key)?)));
    let (low, high) = (bound(least), bound(most));
    let newest = high.map_or(Some(TlsVersion::Tls13), |(_, version)| version)?;
    let upto = |oldest: TlsVersion| -> Vec<TlsVersion> {
        TlsVersion::ALL.into_iter().filter(|v| (oldest..=newest).contains(v)).collect()
    };
    match (low, default, high) {
        (Some((setting, oldest)), _, _) => {
            Some(Placed::new(upto(oldest?), line(build, setting.line)))
        }
        (None, Some((oldest, manual)), _) => {
            let at = line(build, node.line());
            Some(Placed { manual: Some(manual), ..Placed::new(upto(oldest), at) })
        }
        (None, None, Some((setting, _))) if newest < TlsVersion::Tls12 => {
            Some(Placed::new(vec![newest], line(build, setting.line)))
        }
        (None, None, _) => None,
    }
}

/// `tls-1.2`, `tls1-2`, `tlsv1-2`, `ssl-3.0`.
fn version(word: &str) -> Option<TlsVersion> {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    match (word.starts_with("ssl"), digits.as_str()) {
        (true, "3" | "30") => Some(TlsVersion::Ssl3),
        (false, "10") => Some(TlsVersion::Tls10),
        (false, "11") => Some(TlsVersion::Tls11),
        (false, "12") => Some(TlsVersion::Tls12),
        (false, "13") => Some(TlsVersion::Tls13),
        _ => None,
    }
}

fn server(name: String, node: Node<'_, '_>, build: &Build<'_>) -> TlsServer {
    TlsServer {
        name,
        at: line(build, node.line()),
        versions: None,
        suites: None,
        strange: Vec::new(),
        groups: None,
        certificates: Vec::new(),
        hsts: None,
        unread: None,
        decider: None,
    }
}

const fn line(build: &Build<'_>, line: u32) -> Location {
    Location::line(build.id, line)
}

//! Class maps, policy maps and route maps: what selects traffic for other features.

use portvakt_model::{Action, Logging};
use portvakt_space::{ICMP, ServiceBox, ServiceSet, TCP, UDP};
use rustc_hash::FxHashMap;

use super::config::Command;
use super::reasons;
use super::stems::PORTS;
use super::{Ios, ports};

/// Maps by name.
#[derive(Default)]
pub(super) struct Classes {
    /// Class maps of the zone-based firewall.
    pub(super) inspect: FxHashMap<String, ClassMap>,
    /// Policy maps of the zone-based firewall.
    pub(super) policies: FxHashMap<String, Vec<PolicyClass>>,
    /// Zone pairs.
    pub(super) pairs: Vec<super::inspect::Pair>,
    /// Name and line of each entry of a route map, and whether it does nothing but select packets.
    pub(super) entries: Vec<(String, u32, bool)>,
    route_maps: FxHashMap<String, Vec<String>>,
    port_maps: FxHashMap<String, Vec<ServiceBox>>,
}

impl Classes {
    /// Access lists that the permitting entries of a route map name.
    pub(super) fn route_map_lists(&self, map: &str) -> Vec<String> {
        self.route_maps.get(map).cloned().unwrap_or_default()
    }

    /// Notes an access list that a permitting entry of a route map names.
    pub(super) fn route_map(&mut self, map: &str, list: &str) {
        self.route_maps.entry(map.to_owned()).or_default().push(list.to_owned());
    }

    /// The services of a protocol that `match protocol` names; `None` when it is told by content.
    pub(super) fn protocol(&self, name: &str) -> Option<ServiceSet> {
        let mapped = self.port_maps.get(name).map(|boxes| boxes.iter().copied());
        let known = well_known(name);
        match mapped {
            Some(boxes) => Some(boxes.chain(known.into_iter().flatten()).collect()),
            None => known.map(ServiceSet::from_boxes),
        }
    }
}

/// A class map of the zone-based firewall.
pub(super) struct ClassMap {
    /// `match-any`; otherwise everything must match.
    pub(super) any: bool,
    /// Its conditions.
    pub(super) matches: Vec<Match>,
}

/// A condition of a class map.
#[derive(Clone)]
pub(super) enum Match {
    /// `match access-group`.
    List(String),
    /// `match protocol`.
    Protocol(String),
    /// `match class-map`.
    Class(String),
    /// Anything else, as written.
    Other(String),
}

/// What a policy does with a class.
pub(super) struct PolicyClass {
    /// Name; `None` is `class-default`.
    pub(super) class: Option<String>,
    /// Permit for `inspect` and `pass`.
    pub(super) action: Action,
    /// Whether drops are logged.
    pub(super) logging: Logging,
    /// Line of the class in the policy.
    pub(super) line: u32,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    if command.no() {
        return false;
    }
    match command.words() {
        ["class-map", "type", "inspect", how @ ("match-any" | "match-all"), name] => {
            class_map(ios, command, name, *how == "match-any");
        }
        ["class-map", "type", "inspect", name] => class_map(ios, command, name, false),
        ["class-map", "type", "inspect", ..] | ["policy-map", "type", "inspect", _, _] => {
            ios.lost_block(command, reasons::CONTENT);
        }
        ["class-map" | "policy-map", "type", "control", ..] => ios.lost_block(command, PORTS),
        ["class-map", .., name] => plain_class(ios, command, name),
        ["policy-map", "type", "inspect", name] => policy(ios, command, name),
        ["policy-map", ..] => plain_policy(ios, command),
        ["ip", "port-map", name, "port", rest @ ..] => return port_map(ios, command, name, rest),
        _ => return false,
    }
    true
}

fn class_map(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, any: bool) {
    ios.used(command);
    let mut matches = Vec::new();
    for child in command.below() {
        let line = child.number();
        let condition = match child.words() {
            ["description", ..] => {
                ios.neutral(child);
                continue;
            }
            _ if child.no() => {
                ios.neutral(child);
                continue;
            }
            ["match", "access-group", "name", list] | ["match", "access-group", list] => {
                uses_list(ios, list, line, &format!("class-map {name}"));
                Match::List((*list).to_owned())
            }
            ["match", "protocol", protocol, ..] => Match::Protocol((*protocol).to_owned()),
            ["match", "class-map", class] => Match::Class((*class).to_owned()),
            ["match", rest @ ..] => Match::Other(rest.join(" ")),
            _ => {
                ios.unknown(child);
                continue;
            }
        };
        let known = match &condition {
            Match::Protocol(p) => ios.classes.protocol(p).is_some(),
            Match::Other(_) => false,
            _ => true,
        };
        if known {
            ios.used(child);
        } else {
            ios.lost(child, reasons::CLASS_CONDITION);
        }
        matches.push(condition);
    }
    ios.classes.inspect.insert(name.to_owned(), ClassMap { any, matches });
}

fn uses_list(ios: &mut Ios<'_, '_>, list: &str, line: u32, by: &str) {
    super::uses::note(ios, list, None, line, by.to_owned());
}

fn plain_class(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    ios.neutral(command);
    for child in command.below() {
        if let ["match", "access-group", rest @ ..] = child.words()
            && let Some(list) = rest.last()
        {
            uses_list(ios, list, child.number(), &format!("class-map {name}"));
            ios.used(child);
        } else {
            ios.neutral(child);
        }
    }
}

fn policy(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str) {
    ios.used(command);
    let mut classes = Vec::new();
    for child in command.children() {
        let class = match child.words() {
            ["class", "class-default"] => None,
            ["class", "type", "inspect", class] | ["class", class] => Some((*class).to_owned()),
            ["description", ..] => {
                ios.neutral(child);
                continue;
            }
            _ => {
                ios.unknown(child);
                continue;
            }
        };
        ios.used(child);
        let (action, logging) = verdict(ios, child);
        classes.push(PolicyClass { class, action, logging, line: child.number() });
    }
    ios.classes.policies.insert(name.to_owned(), classes);
}

/// What is done with a class: without a word, it is dropped.
fn verdict(ios: &mut Ios<'_, '_>, class: Command<'_, '_>) -> (Action, Logging) {
    let mut verdict = (Action::Deny, Logging::Off);
    for child in class.below() {
        let logging = if child.words().contains(&"log") { Logging::On } else { Logging::Off };
        match child.words() {
            ["inspect" | "pass", ..] => verdict = (Action::Permit, logging),
            ["drop", ..] => verdict = (Action::Deny, logging),
            ["police" | "service-policy" | "urlfilter", ..] => {
                ios.lost(child, reasons::CLASS_LIMITS);
                continue;
            }
            _ => {
                ios.unknown(child);
                continue;
            }
        }
        ios.used(child);
    }
    verdict
}

/// Quality of service: neutral as long as nothing is dropped outright.
fn plain_policy(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    ios.neutral(command);
    for child in command.below() {
        match child.words() {
            ["drop"] => ios.lost(child, reasons::POLICY_DROPS),
            _ => ios.neutral(child),
        }
    }
}

/// `ip port-map user-web port tcp 8080`, `… port tcp from 8000 to 8010`.
fn port_map(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, words: &[&str]) -> bool {
    let (proto, words) = match words {
        ["tcp", rest @ ..] => (TCP, rest),
        ["udp", rest @ ..] => (UDP, rest),
        _ => return false,
    };
    let range = match words {
        ["from", lo, "to", hi, ..] => ports::number(lo).zip(ports::number(hi)),
        [port, ..] => ports::number(port).map(|p| (p, p)),
        [] => None,
    };
    let Some((lo, hi)) = range else { return false };
    let boxes = ios.classes.port_maps.entry(name.to_owned()).or_default();
    boxes.push(ServiceBox::to(proto, lo, hi));
    ios.used(command);
    true
}

/// Ports of protocols that inspection knows (Cisco IOS Security Configuration Guide, port to
/// application mapping).
fn well_known(name: &str) -> Option<Vec<ServiceBox>> {
    let tcp = |port| ServiceBox::to(TCP, port, port);
    let udp = |port| ServiceBox::to(UDP, port, port);
    Some(match name {
        "tcp" => vec![ServiceBox::proto(TCP)],
        "udp" => vec![ServiceBox::proto(UDP)],
        "icmp" => vec![ServiceBox::proto(ICMP)],
        "dns" | "kerberos" | "sip" | "echo" | "discard" | "daytime" | "time" => {
            let port = match name {
                "sip" => 5060,
                "dns" => 53,
                _ => ports::number(name)?,
            };
            vec![tcp(port), udp(port)]
        }
        "tftp" | "ntp" | "snmp" | "snmptrap" | "syslog" | "bootpc" | "bootps" | "isakmp"
        | "netbios-ns" | "netbios-dgm" | "ms-sql-m" => vec![udp(ports::number(name)?)],
        "radius" => vec![udp(1645), udp(1812)],
        "ipsec-msft" => vec![udp(4500)],
        "l2tp" => vec![udp(1701)],
        "gdoi" => vec![udp(848)],
        "ms-sql" => vec![tcp(1433)],
        "skinny" => vec![tcp(2000)],
        "h323" | "http" | "https" | "ssh" | "telnet" | "ftp" | "ftps" | "smtp" | "pop3"
        | "pop3s" | "imap" | "imaps" | "imap3" | "tacacs" | "ldap" | "ldaps" | "nfs" | "mysql"
        | "netbios-ssn" | "microsoft-ds" | "sqlnet" | "pptp" | "rtsp" | "finger" | "gopher"
        | "login" | "shell" | "exec" | "nntp" | "irc" | "citrix-ica" | "sip-tls" | "whois" => {
            vec![tcp(ports::number(name)?)]
        }
        _ => return None,
    })
}

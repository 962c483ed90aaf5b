//! SNMP agents, users and trap receivers.

use portvakt_model::{Fact, MgmtProtocol, MgmtService, Secret, SecretForm, SecretKind, SnmpAccess};
use portvakt_space::{AddrSet, Family};
use rustc_hash::{FxHashMap, FxHashSet};

use super::args::after;
use super::config::Command;
use super::{Ios, uses};

/// Access by community, group or user, before lists are resolved.
pub(super) struct Pending {
    version: u8,
    /// Group of a user, or the group itself.
    group: Option<String>,
    user: bool,
    secret: Option<Secret>,
    write: bool,
    privacy: Option<bool>,
    lists: Vec<(Family, String)>,
    line: u32,
}

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["snmp-server" | "snmp", rest @ ..] = command.words() else { return false };
    ios.managed = true;
    if command.no() {
        ios.neutral(command);
        return true;
    }
    match rest {
        ["community", name, rest @ ..] => community(ios, command, name, rest),
        ["group", name, "v3", level, rest @ ..] => group(ios, command, name, level, rest),
        ["user", name, rest @ ..] => user(ios, command, name, rest),
        ["host", host, rest @ ..] => receiver(ios, command, host, rest),
        ["mib", "community-map", name, ..] | ["community-map", name, ..] => {
            ios.secret(command, name, SecretForm::Clear, SecretKind::Snmp, "snmp community map");
            ios.used(command);
        }
        ["tftp-server-list", list] | ["file-transfer", "access-group", list, ..] => {
            uses::note(ios, list, None, command.number(), "snmp-server".to_owned());
            ios.used(command);
        }
        _ => ios.neutral(command),
    }
    true
}

/// `community NAME [view V] [ro|rw] [ipv6 LIST] [LIST]`.
fn community(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, rest: &[&str]) {
    let (name, rest, form) = match (name, rest) {
        (number @ ("0" | "7"), [value, rest @ ..]) if !rest.is_empty() => {
            (*value, rest, super::secrets::form_of(number).unwrap_or(SecretForm::Unknown))
        }
        _ => (name, rest, SecretForm::Clear),
    };
    let secret = ios.secret(command, name, form, SecretKind::Snmp, "snmp community");
    let mut pending = Pending::new(2, command.number());
    pending.secret = Some(secret);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let next = match word.to_ascii_lowercase().as_str() {
            "rw" => {
                pending.write = true;
                continue;
            }
            "ro" | "use-acl" => continue,
            "view" | "group" => {
                words.next();
                continue;
            }
            "ipv6" => words.next().map(|list| (Family::V6, *list)),
            "ipv4" => words.next().map(|list| (Family::V4, *list)),
            _ => Some((Family::V4, *word)),
        };
        if let Some((family, list)) = next {
            pending.lists.push((family, list.to_owned()));
        }
    }
    add(ios, command, pending);
}

fn group(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, level: &str, rest: &[&str]) {
    let mut pending = Pending::new(3, command.number());
    pending.group = Some(name.to_owned());
    pending.privacy = Some(level == "priv");
    pending.write = rest.contains(&"write");
    pending.lists = access(rest);
    add(ios, command, pending);
}

/// `access [ipv6 LIST] [LIST]`.
fn access(words: &[&str]) -> Vec<(Family, String)> {
    let Some(at) = words.iter().position(|w| *w == "access") else { return Vec::new() };
    match &words[at + 1..] {
        ["ipv6", v6, v4, ..] => {
            vec![(Family::V6, (*v6).to_owned()), (Family::V4, (*v4).to_owned())]
        }
        ["ipv6", v6] => vec![(Family::V6, (*v6).to_owned())],
        [v4, ..] => vec![(Family::V4, (*v4).to_owned())],
        [] => Vec::new(),
    }
}

/// `user NAME GROUP v3 [encrypted] auth sha KEY priv aes 128 KEY [access LIST]`.
fn user(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, name: &str, rest: &[&str]) {
    let form = if rest.contains(&"encrypted") || rest.contains(&"localizedkey") {
        SecretForm::Encrypted
    } else {
        SecretForm::Clear
    };
    let version = match rest.get(1) {
        Some(&"v1") => 1,
        Some(&"v2c") => 2,
        _ => 3,
    };
    let mut pending = Pending::new(version, command.number());
    pending.group = rest.first().map(|g| (*g).to_owned());
    pending.user = true;
    pending.lists = access(rest);
    let owner = format!("snmp user {name}");
    let auth = rest.iter().position(|w| *w == "auth").and_then(|at| rest.get(at + 2));
    let privacy = rest.iter().position(|w| *w == "priv");
    let key = privacy.and_then(|at| match rest.get(at + 2..) {
        Some(["128" | "192" | "256", key, ..] | [key, ..]) => Some(*key),
        _ => rest.get(at + 1).copied(),
    });
    pending.privacy = Some(privacy.is_some());
    for name in [after(rest, "auth"), after(rest, "priv")].into_iter().flatten() {
        let fact = Fact::explicit(name.to_owned(), command.number());
        ios.management.snmp_algorithms.push(fact);
    }
    for value in [auth.copied(), key].into_iter().flatten() {
        pending.secret = Some(ios.secret(command, value, form, SecretKind::Snmp, owner.clone()));
    }
    add(ios, command, pending);
}

fn add(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, pending: Pending) {
    for (family, list) in &pending.lists {
        uses::note(ios, list, Some(*family), pending.line, "snmp-server".to_owned());
    }
    ios.snmp.push(pending);
    ios.used(command);
}

/// `host A [vrf V] [traps|informs] [version 1|2c|3 auth|noauth|priv] COMMUNITY …`.
fn receiver(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, host: &str, rest: &[&str]) {
    ios.used(command);
    let version = after(rest, "version");
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match *word {
            "vrf" | "use-vrf" | "udp-port" => {
                words.next();
            }
            "version" => {
                if words.next() == Some(&"3") {
                    words.next();
                }
            }
            "traps" | "informs" | "trap" => {}
            name if version != Some("3") => {
                let owner = format!("snmp host {host}");
                ios.secret(command, name, SecretForm::Clear, SecretKind::Snmp, owner);
                return;
            }
            _ => return,
        }
    }
}

impl Pending {
    fn new(version: u8, line: u32) -> Self {
        Self {
            version,
            group: None,
            user: false,
            secret: None,
            write: false,
            privacy: None,
            lists: Vec::new(),
            line,
        }
    }
}

/// Users have the rights of their group; a group whose users the configuration hides (as IOS does)
/// stands for them.
pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    let all = std::mem::take(&mut ios.snmp);
    let groups: FxHashMap<&Option<String>, &Pending> =
        all.iter().filter(|p| p.group.is_some() && !p.user).map(|p| (&p.group, p)).collect();
    let peopled: FxHashSet<&Option<String>> =
        all.iter().filter(|p| p.user).map(|p| &p.group).collect();
    let mut reached: FxHashMap<&[(Family, String)], AddrSet> = FxHashMap::default();
    for p in &all {
        if p.group.is_some() && !p.user && peopled.contains(&p.group) {
            continue;
        }
        let group = p.user.then(|| groups.get(&p.group)).flatten();
        let lists =
            if p.lists.is_empty() { group.map_or(&p.lists, |g| &g.lists) } else { &p.lists };
        let sources = limits(ios, lists);
        reached.entry(lists).or_insert_with(|| sources.clone().unwrap_or(AddrSet::ANY));
        ios.management.snmp.push(SnmpAccess {
            version: p.version,
            secret: p.secret,
            write: group.map_or(p.write, |g| g.write),
            privacy: group.map_or(p.privacy, |g| g.privacy),
            sources,
            line: p.line,
        });
    }
    if let Some(first) = all.first() {
        let (protocol, interface, line) = (MgmtProtocol::Snmp, None, first.line);
        let sources = AddrSet::union_all(reached.values());
        let service = MgmtService { protocol, interface, sources, line };
        ios.management.services.push(service);
    }
}

/// Sources that a community or group answers to; a list that is undefined or empty limits nothing.
fn limits(ios: &mut Ios<'_, '_>, lists: &[(Family, String)]) -> Option<AddrSet> {
    let mut part = |family: Family| {
        let own = lists.iter().find(|(f, _)| *f == family);
        own.map(|(_, list)| ios.sources(family, list).unwrap_or(AddrSet::all(family)))
    };
    match (part(Family::V4), part(Family::V6)) {
        (None, None) => None,
        (Some(v4), Some(v6)) => Some(v4.union(&v6)),
        (Some(v4), None) => Some(v4),
        (None, Some(v6)) => Some(v6.union(&AddrSet::all(Family::V4))),
    }
}

//! Console, auxiliary and virtual terminal lines.

use portvakt_model::{
    AccessLine, Fact, LineKind, LoginKind, MgmtProtocol, MgmtService, SecretKind, Transport,
};
use portvakt_space::{AddrSet, Family};

use super::config::Command;
use super::reasons;
use super::{Ios, plain, secrets, uses};

/// A block of lines as it is written.
pub(super) struct Pending {
    name: String,
    kind: LineKind,
    line: u32,
    /// Protocols and the line that states them.
    transports: Option<(Vec<Transport>, u32)>,
    idle: Option<Fact<u32>>,
    login: Login,
    /// Lists that limit who may connect.
    limits: Vec<(Family, String, u32)>,
    /// Level that it gives to accounts without one, and the line that states it.
    privilege: Option<(u8, u32)>,
    /// Whether `no exec` keeps people out.
    closed: bool,
}

/// What `login` says.
pub(super) enum Login {
    /// Nothing: the default of the line.
    Default,
    /// `no login`.
    Nothing,
    /// `login`.
    Password,
    /// `login local`.
    Local,
    /// `login tacacs`, before AAA.
    Central,
    /// `login authentication LIST`.
    Methods(String),
}

const MANUAL: &str = "Cisco IOS Terminal Services Command Reference";

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let ["line", name @ ..] = command.words() else { return false };
    if command.no() {
        ios.neutral(command);
        return true;
    }
    let kind = match name.first().copied().unwrap_or_default() {
        "con" | "console" => LineKind::Console,
        "aux" => LineKind::Auxiliary,
        "vty" => LineKind::Remote,
        word if word == "tty" || word.starts_with(|c: char| c.is_ascii_digit()) => {
            LineKind::Auxiliary
        }
        _ => return false,
    };
    ios.used(command);
    ios.managed = true;
    let mut pending = Pending {
        name: name.join(" "),
        kind,
        line: command.number(),
        transports: None,
        idle: None,
        login: Login::Default,
        limits: Vec::new(),
        privilege: None,
        closed: false,
    };
    for child in command.below() {
        setting(ios, child, &mut pending);
    }
    ios.lines.push(pending);
    true
}

fn setting(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, line: &mut Pending) {
    let number = command.number();
    match command.words() {
        ["transport", "input", ..] if command.no() => line.transports = Some((Vec::new(), number)),
        ["transport", "input", words @ ..] => {
            line.transports = Some((transports(words), number));
        }
        ["exec-timeout", ..] if command.no() => line.idle = Some(Fact::explicit(0, number)),
        ["exec-timeout", times @ ..] => match seconds(times) {
            Some(seconds) => line.idle = Some(Fact::explicit(seconds, number)),
            None => return ios.unknown(command),
        },
        ["login"] if command.no() => line.login = Login::Nothing,
        ["login"] => line.login = Login::Password,
        ["login", "local"] => line.login = Login::Local,
        ["login", "tacacs"] => line.login = Login::Central,
        ["login", "authentication", list] => line.login = Login::Methods((*list).to_owned()),
        ["password", ..] if !command.no() => {
            let Some((value, form)) = secrets::value(command, 1) else { return };
            let owner = format!("line {}", line.name);
            ios.secret(command, value, form, SecretKind::Password, owner);
        }
        ["access-class", list, direction, ..] => {
            limit(ios, command, line, Family::V4, list, direction);
        }
        ["ipv6", "access-class", list, direction, ..] => {
            limit(ios, command, line, Family::V6, list, direction);
        }
        ["privilege", "level", level] if !command.no() => match level.parse() {
            Ok(level) => line.privilege = Some((level, number)),
            Err(_) => return ios.unknown(command),
        },
        ["exec"] => line.closed = command.no(),
        _ => {
            if !plain::line(ios, command) {
                ios.unknown(command);
            }
            return;
        }
    }
    ios.used(command);
}

fn limit(
    ios: &mut Ios<'_, '_>,
    command: Command<'_, '_>,
    line: &mut Pending,
    family: Family,
    list: &str,
    direction: &str,
) {
    let by = format!("line {}", line.name);
    uses::note(ios, list, Some(family), command.number(), by);
    if direction == "in" && !command.no() {
        line.limits.push((family, list.to_owned(), command.number()));
    }
}

fn transports(words: &[&str]) -> Vec<Transport> {
    let one = |word: &&str| match *word {
        "telnet" => vec![Transport::Telnet],
        "ssh" => vec![Transport::Ssh],
        "all" => vec![Transport::Telnet, Transport::Ssh, Transport::Other],
        "none" => Vec::new(),
        _ => vec![Transport::Other],
    };
    let mut all: Vec<Transport> = words.iter().flat_map(one).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// `minutes [seconds]`.
fn seconds(times: &[&str]) -> Option<u32> {
    let minutes: u32 = times.first()?.parse().ok()?;
    let seconds: u32 = times.get(1).map_or(Some(0), |s| s.parse().ok())?;
    minutes.checked_mul(60)?.checked_add(seconds)
}

pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    for pending in std::mem::take(&mut ios.lines) {
        if pending.closed {
            continue;
        }
        let (transports, stated) = match pending.transports {
            Some((transports, line)) => (transports, line),
            // Virtual lines take every protocol unless told otherwise, the others none.
            None if pending.kind == LineKind::Remote => (transports(&["all"]), 0),
            None => (Vec::new(), 0),
        };
        let sources = limits(ios, &pending.limits);
        if pending.kind == LineKind::Remote {
            services(ios, &transports, sources.as_ref(), stated);
            ios.aaa.remote.extend(ios.aaa.list(&pending.login).map(str::to_owned));
        }
        let idle_seconds = pending.idle.or_else(|| ios.default(600, MANUAL));
        let login = ios.aaa.login(&pending.login, pending.kind);
        privilege(ios, pending.privilege, login);
        ios.management.lines.push(AccessLine {
            name: pending.name,
            kind: pending.kind,
            transports,
            idle_seconds,
            login,
            sources,
            line: pending.line,
        });
    }
}

/// The level that a line gives. Accounts with a level of their own keep it (Cisco IOS Security
/// Command Reference, `privilege level`); a list for authorisation stands above both.
fn privilege(ios: &mut Ios<'_, '_>, level: Option<(u8, u32)>, login: LoginKind) {
    let Some((level, line)) = level else { return };
    if login != LoginKind::LocalAccount || ios.aaa.exec_authorization {
        return ios.build.unsupported(line, reasons::LINE_LEVELS);
    }
    for (index, account) in ios.management.accounts.iter_mut().enumerate() {
        if level >= 15 && !ios.aaa.levels.contains(&index) {
            account.privileged = Some(true);
        }
    }
}

/// Sources that may connect. IPv6 is not limited by a list of IPv4 addresses, nor the reverse; a
/// list that is undefined or empty limits nothing.
pub(super) fn limits(ios: &mut Ios<'_, '_>, limits: &[(Family, String, u32)]) -> Option<AddrSet> {
    if limits.is_empty() {
        return None;
    }
    let mut part = |family: Family| {
        let own = limits.iter().rev().find(|(f, ..)| *f == family);
        match own {
            Some((_, list, _)) => ios.sources(family, list).unwrap_or(AddrSet::all(family)),
            None if family == Family::V4 || speaks_ipv6(ios) => AddrSet::all(family),
            None => AddrSet::NONE,
        }
    };
    Some(part(Family::V4).union(&part(Family::V6)))
}

fn speaks_ipv6(ios: &Ios<'_, '_>) -> bool {
    ios.device.interfaces.all().iter().any(|i| i.addresses.iter().any(|p| p.addr.is_ipv6()))
}

fn services(ios: &mut Ios<'_, '_>, transports: &[Transport], sources: Option<&AddrSet>, line: u32) {
    for transport in transports {
        let protocol = match transport {
            Transport::Telnet => MgmtProtocol::Telnet,
            Transport::Ssh => MgmtProtocol::Ssh,
            Transport::Other => continue,
        };
        let sources = sources.cloned().unwrap_or(AddrSet::ANY);
        let interface = None;
        ios.management.services.push(MgmtService { protocol, interface, sources, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_minutes_and_seconds() {
        assert_eq!(seconds(&["10", "0"]), Some(600));
        assert_eq!(seconds(&["0", "0"]), Some(0));
        assert_eq!(seconds(&["5"]), Some(300));
        assert_eq!(seconds(&["99999999"]), None);
    }

    #[test]
    fn none_is_no_transport() {
        assert!(transports(&["none"]).is_empty());
        assert_eq!(transports(&["telnet", "ssh"]), [Transport::Telnet, Transport::Ssh]);
        assert_eq!(transports(&["all"]).len(), 3);
    }
}

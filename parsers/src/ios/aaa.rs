//! Authentication, authorisation and accounting.

use portvakt_model::{Fact, LineKind, LoginKind};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Ios;
use super::args::number_after;
use super::config::Command;
use super::lines::Login;
use super::reasons;

/// Login methods by list name, and local accounts.
#[derive(Default)]
pub(super) struct Methods {
    /// `aaa new-model` or its absence, with the line.
    new_model: Option<(bool, u32)>,
    lists: FxHashMap<String, (Vec<String>, u32)>,
    /// Index in the accounts by name.
    pub(super) accounts: FxHashMap<String, usize>,
    /// Accounts with a level of their own, by index.
    pub(super) levels: FxHashSet<usize>,
    attempts: Option<Fact<u32>>,
    /// Whether a server or a list decides what a session may do.
    pub(super) exec_authorization: bool,
    /// Lists that the virtual lines use.
    pub(super) remote: Vec<String>,
}

impl Methods {
    /// The list of methods that a line uses; `None` without AAA.
    pub(super) fn list<'l>(&self, login: &'l Login) -> Option<&'l str> {
        self.new_model.filter(|(on, _)| *on)?;
        match login {
            Login::Methods(list) => Some(list),
            _ => Some("default"),
        }
    }

    /// What a line asks for. With AAA the list decides, and the list that nothing defines is local;
    /// without, the line does: virtual lines ask for a password by default, others for nothing.
    pub(super) fn login(&self, login: &Login, kind: LineKind) -> LoginKind {
        if let Some(list) = self.list(login) {
            return self.lists.get(list).map_or(LoginKind::LocalAccount, |(m, _)| first(m));
        }
        match login {
            Login::Default if kind == LineKind::Remote => LoginKind::LinePassword,
            Login::Default | Login::Nothing => LoginKind::Nothing,
            Login::Password => LoginKind::LinePassword,
            Login::Local => LoginKind::LocalAccount,
            Login::Central => LoginKind::CentralAaa,
            Login::Methods(_) => LoginKind::Unknown,
        }
    }
}

/// What the first method of a list asks for; the others are for when it does not answer.
fn first(methods: &[String]) -> LoginKind {
    match methods.first().map_or("", String::as_str) {
        "group" | "tacacs+" | "radius" | "ldap" | "krb5" => LoginKind::CentralAaa,
        "local" | "local-case" => LoginKind::LocalAccount,
        "line" | "enable" => LoginKind::LinePassword,
        "none" => LoginKind::Nothing,
        _ => LoginKind::Unknown,
    }
}

fn is_central(methods: &[String]) -> bool {
    methods.iter().any(|m| matches!(m.as_str(), "group" | "tacacs+" | "radius" | "ldap"))
}

const MANUAL: &str = "Cisco IOS Security Command Reference";

pub(super) fn command(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let number = command.number();
    match command.words() {
        ["aaa", "new-model"] => {
            ios.aaa.new_model = Some((!command.no(), number));
            ios.managed = true;
        }
        ["aaa", "authentication" | "authorization" | "accounting", ..] if command.no() => {
            ios.neutral(command);
            return true;
        }
        _ if command.no() => return false,
        ["aaa", "authentication", "login", list, methods @ ..] if !methods.is_empty() => {
            let methods = methods.iter().map(|m| (*m).to_owned()).collect();
            ios.aaa.lists.insert((*list).to_owned(), (methods, number));
        }
        ["aaa", "authentication", "banner" | "fail-message", ..] => {}
        ["aaa", "accounting", what @ ("commands" | "exec"), ..] => {
            accounting(ios, command, *what == "exec");
            return true;
        }
        ["aaa", "local", "authentication", "attempts", "max-fail", count] => {
            let Ok(count) = count.parse() else { return false };
            ios.aaa.attempts = Some(Fact::explicit(count, number));
        }
        ["aaa", "common-criteria", "policy", ..] => password_policy(ios, command),
        ["aaa", "group", "server", ..] | ["radius" | "tacacs" | "ldap", "server", _] => {
            servers(ios, command);
        }
        ["tacacs-server" | "radius-server", ..] => server(ios, command),
        ["aaa", "session-id" | "memory", ..]
        | ["aaa", "accounting", "update" | "delay-start" | "nested" | "redundancy", ..]
        | ["aaa", "authentication", "username-prompt" | "password-prompt", ..] => {
            ios.neutral(command);
            return true;
        }
        ["aaa", "server", "radius", "dynamic-author"] => {
            ios.lost_block(command, reasons::COA);
        }
        ["aaa", "authorization" | "accounting" | "authentication", what, ..] => {
            ios.aaa.exec_authorization |= command.words()[1] == "authorization" && *what == "exec";
            ios.lost_block(command, reasons::SESSION_AAA);
        }
        _ => return login(ios, command),
    }
    ios.used(command);
    true
}

/// Records of commands and of sessions, sent to a server. Administrators change things at level 15:
/// records of lower levels alone do not show what they did.
fn accounting(ios: &mut Ios<'_, '_>, command: Command<'_, '_>, sessions: bool) {
    let lines = || std::iter::once(command).chain(command.below());
    let none = lines().any(|c| c.words().last() == Some(&"none"));
    let lower = |level: &&str| level.parse::<u8>().is_ok_and(|level| level < 15);
    ios.managed = true;
    ios.used_block(command);
    if !sessions && command.words().get(3).is_some_and(lower) {
        return;
    }
    let m = &mut ios.management;
    let fact = if sessions { &mut m.login_success_log } else { &mut m.command_log };
    if !none || fact.is_none() {
        *fact = Some(Fact::explicit(!none, command.number()));
    }
}

/// Failed logins and rules for passwords.
fn login(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) -> bool {
    let number = command.number();
    let m = &mut ios.management;
    match command.words() {
        ["login", "block-for", seconds, "attempts", attempts, ..] => {
            let (Ok(seconds), Ok(attempts)) = (seconds.parse(), attempts.parse()) else {
                return false;
            };
            m.lockout_seconds = Some(Fact::explicit(seconds, number));
            m.login_attempts = Some(Fact::explicit(attempts, number));
        }
        ["login", "on-failure", ..] => m.login_failure_log = Some(Fact::explicit(true, number)),
        ["login", "on-success", ..] => m.login_success_log = Some(Fact::explicit(true, number)),
        ["login", "quiet-mode", "access-class", list] => {
            super::uses::note(ios, list, None, number, "login quiet-mode".to_owned());
        }
        ["login", "delay", ..] => {
            ios.neutral(command);
            return true;
        }
        ["security", "passwords", "min-length", length] => {
            let Ok(length) = length.parse() else { return false };
            m.password_policy.min_length = Some(Fact::explicit(length, number));
        }
        ["security", "authentication", "failure", ..] => {
            ios.lost(command, reasons::LOGIN_DELAY);
            return true;
        }
        _ => return false,
    }
    ios.managed = true;
    ios.used(command);
    true
}

fn password_policy(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    const KINDS: [&str; 4] = ["upper-case", "lower-case", "numeric-count", "special-case"];
    let asks = |kind: &str| {
        let count = |c: Command<'_, '_>| number_after::<u32>(c.words(), kind);
        command.below().any(|c| count(c).is_some_and(|n| n > 0))
    };
    let all = KINDS.into_iter().all(asks);
    ios.management.password_policy.complexity = Some(Fact::explicit(all, command.number()));
    for child in command.below() {
        let number = child.number();
        let policy = &mut ios.management.password_policy;
        let value = |name| number_after::<u32>(child.words(), name);
        match child.words() {
            ["min-length", ..] => {
                policy.min_length = value("min-length").map(|n| Fact::explicit(n, number));
            }
            [kind, _] if KINDS.contains(kind) => {}
            ["lifetime", "day", ..] => {
                policy.max_age_days = value("day").map(|n| Fact::explicit(n, number));
            }
            ["lifetime", "month", ..] => {
                let months = value("month").map(|n| n.saturating_mul(30));
                policy.max_age_days = months.map(|n| Fact::explicit(n, number));
            }
            ["lifetime", "year", ..] => {
                let years = value("year").map(|n| n.saturating_mul(365));
                policy.max_age_days = years.map(|n| Fact::explicit(n, number));
            }
            [
                "max-length"
                | "char-changes"
                | "character-repetition"
                | "restrict-consecutive-letters",
                ..,
            ] => {
                ios.neutral(child);
                continue;
            }
            _ => {
                ios.unknown(child);
                continue;
            }
        }
        ios.used(child);
    }
}

/// A group of servers, or a server with its key.
fn servers(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    let block = command.words().join(" ");
    for child in command.below() {
        match child.words() {
            ["key" | "server-private" | "server" | "address", ..] => {
                super::secrets::sweep_of(ios, child, Some(&block));
                ios.used(child);
            }
            _ => ios.neutral(child),
        }
    }
}

fn server(ios: &mut Ios<'_, '_>, command: Command<'_, '_>) {
    super::secrets::sweep(ios, command);
    ios.used(command);
}

pub(super) fn finish(ios: &mut Ios<'_, '_>) {
    if !ios.managed {
        return;
    }
    ios.management.central_aaa = central(ios);
    attempts(ios);
    let defaults = [
        (&ios.management.command_log, ios.default(false, MANUAL)),
        (&ios.management.login_failure_log, ios.default(false, MANUAL)),
        (&ios.management.login_success_log, ios.default(false, MANUAL)),
        (&ios.management.banner, ios.default(false, MANUAL)),
        (&ios.management.config_backup, ios.default(false, "Cisco IOS Configuration Management")),
    ];
    let [command_log, failure, success, banner, backup] =
        defaults.map(|(set, default)| set.clone().or(default));
    let m = &mut ios.management;
    m.command_log = command_log;
    m.login_failure_log = failure;
    m.login_success_log = success;
    m.banner = banner;
    m.config_backup = backup;
}

/// `max-fail` locks a user, `block-for` the device; the lower number bites first.
fn attempts(ios: &mut Ios<'_, '_>) {
    let none = ios.default(0, MANUAL);
    let unlocked = ios.default(0, MANUAL);
    let own = ios.aaa.attempts.take();
    let m = &mut ios.management;
    m.login_attempts = match (m.login_attempts.take(), own) {
        (Some(a), Some(b)) => Some(if b.value < a.value { b } else { a }),
        (a, b) => a.or(b).or(none),
    };
    // A user that max-fail has locked stays so until somebody unlocks it: no time is stated.
    if m.lockout_seconds.is_none() && m.login_attempts.as_ref().is_some_and(|a| a.value == 0) {
        m.lockout_seconds = unlocked;
    }
}

/// Whether remote logins are checked by a server: by the lists that the virtual lines use.
fn central(ios: &Ios<'_, '_>) -> Option<Fact<bool>> {
    let line = match ios.aaa.new_model {
        Some((true, line)) => line,
        Some((false, line)) => return Some(Fact::explicit(false, line)),
        None => return ios.default(false, MANUAL),
    };
    let used =
        if ios.aaa.remote.is_empty() { &["default".to_owned()][..] } else { &ios.aaa.remote };
    let facts = used.iter().map(|list| match ios.aaa.lists.get(list) {
        Some((methods, line)) => Fact::explicit(is_central(methods), *line),
        None => Fact::explicit(false, line),
    });
    facts.min_by_key(|fact| fact.value)
}

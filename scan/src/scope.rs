//! What may be scanned, by whose leave, when and how fast.
//!
//! Nothing is ever sent outside a scope. It stands in the table `[scan]` of `portvakt.toml`, or in a
//! file of its own.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use jiff::civil::{Date, DateTime, Time};
use portvakt_model::{Message, Told};
use serde::Deserialize;
use toml::Spanned;

/// A written leave to scan.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Prefixes that may be scanned.
    pub allowed: Vec<IpNetwork>,
    /// Prefixes inside them that may not: they go first.
    pub excluded: Vec<IpNetwork>,
    /// Who authorised it.
    pub authorised_by: String,
    /// The last day it holds.
    pub valid_until: Date,
    /// Hours of the day in which to send.
    pub window: Window,
    /// Ceilings.
    pub rate: Rate,
    /// Why the ceilings of a subnet and of a host are what they are.
    pub why: [Ceiling; 2],
    /// Equipment that must be treated gently, or left alone.
    pub fragile: Vec<Fragile>,
}

/// Packets per second at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In total.
    pub total: u32,
    /// To each /24 (IPv4) or /64 (IPv6).
    pub subnet: u32,
    /// To each host. 40 where neither it nor the total is written, else the total.
    pub host: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { total: 1_000, subnet: 1_000, host: 40 }
    }
}

impl Rate {
    /// The same, but never more than `most` in total: no part of the network gets more than all of it.
    #[must_use]
    pub fn at_most(self, most: u32) -> Self {
        let total = self.total.min(most);
        Self { total, subnet: self.subnet.min(total), host: self.host.min(total) }
    }
}

/// Where a ceiling comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// It is written.
    Written,
    /// It is not written, and the rate is: that holds for each part of the network too.
    AsRate,
    /// Neither is written.
    Standard,
}

/// Hours of the day, local time. `from` may be later than `to`: then it is over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// At any time.
    Always,
    /// From one time of day until another.
    Between(Time, Time),
}

/// A group that is harmed by what others bear.
#[derive(Clone, Debug)]
pub struct Fragile {
    /// Its name: OT, medical.
    pub name: String,
    /// Its addresses.
    pub prefixes: Vec<IpNetwork>,
    /// What is allowed there.
    pub mode: FragileMode,
}

/// How fragile hosts may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FragileMode {
    /// Whole connections, one at a time, slowly.
    Connect,
    /// Not at all.
    None,
}

/// How a host may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// As any other.
    Full,
    /// By whole connections only.
    ConnectOnly,
}

/// A time of day, as windows are written.
pub(crate) const MINUTES: &str = "%H:%M";

/// Why a host is not scanned.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// No prefix of the scope holds it.
    #[error("{0} is outside the scope")]
    Outside(IpAddr),
    /// It is no host's: multicast, broadcast or reserved.
    #[error("{0} is no host's address")]
    NoHost(IpAddr),
    /// It is excluded by name.
    #[error("{0} is excluded by {1}")]
    Excluded(IpAddr, IpNetwork),
    /// It belongs to a group that must be left alone.
    #[error("{0} belongs to the fragile group \"{1}\", which is not scanned")]
    Fragile(IpAddr, String),
    /// The leave has ended.
    #[error("the leave to scan ended on {0}; have it renewed by {1}")]
    Ended(Date, String),
    /// Not at this time of day.
    #[error("it is {}, and the window is {}-{}", .now.strftime(MINUTES), .from.strftime(MINUTES), .to.strftime(MINUTES))]
    Closed {
        /// The time.
        now: Time,
        /// When the window opens.
        from: Time,
        /// When it closes.
        to: Time,
    },
}

impl Refusal {
    /// What to do about it.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Outside(_) => "leave it out, or have `scope` in [scan] widened",
            Self::NoHost(_) => "leave it out",
            Self::Excluded(..) => "leave it out, or have `exclude` in [scan] changed",
            Self::Fragile(..) => "leave it out, or have the group's `mode` in [scan] changed",
            Self::Ended(..) => "then write the new day in `valid_until`",
            Self::Closed { .. } => "begin within it, or have `window` in [scan] changed",
        }
    }
}

/// Why a scope cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{line}:{column}: {message}")]
pub struct ScopeError {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: Told,
}

impl Scope {
    /// Reads the table `[scan]` of a TOML text; `None` when it has none.
    pub fn read(text: &str) -> Result<Option<Self>, ScopeError> {
        let file: File = toml::from_str(text).map_err(|e| {
            fault(text, e.span().map_or(0, |s| s.start), Told::of(TOML, e.message()))
        })?;
        file.scan.map(|raw| raw.understood(text)).transpose()
    }

    /// Whether anything may be sent at `now`, local time.
    pub fn open_at(&self, now: DateTime) -> Result<(), Refusal> {
        if now.date() > self.valid_until {
            return Err(Refusal::Ended(self.valid_until, self.authorised_by.clone()));
        }
        match self.window {
            Window::Between(from, to) if !within(now.time(), from, to) => {
                Err(Refusal::Closed { now: now.time(), from, to })
            }
            _ => Ok(()),
        }
    }

    /// Whether and how an address may be looked at.
    pub fn leave(&self, address: IpAddr) -> Result<Leave, Refusal> {
        let holds = |list: &[IpNetwork]| list.iter().find(|p| p.contains(address)).copied();
        if let Some(prefix) = holds(&self.excluded) {
            return Err(Refusal::Excluded(address, prefix));
        }
        if holds(&self.allowed).is_none() {
            return Err(Refusal::Outside(address));
        }
        let fragile = || self.fragile.iter().filter(|g| holds(&g.prefixes).is_some());
        match fragile().find(|g| g.mode == FragileMode::None) {
            Some(group) => Err(Refusal::Fragile(address, group.name.clone())),
            None if fragile().next().is_some() => Ok(Leave::ConnectOnly),
            None => Ok(Leave::Full),
        }
    }
}

fn within(now: Time, from: Time, to: Time) -> bool {
    if from <= to { from <= now && now < to } else { now >= from || now < to }
}

/// Only the table that is ours; the site file has others.
#[derive(Deserialize)]
struct File {
    scan: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    scope: Vec<Spanned<String>>,
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
    authorised_by: Spanned<String>,
    valid_until: Spanned<String>,
    window: Option<Spanned<String>>,
    rate: Option<Spanned<u32>>,
    subnet_rate: Option<Spanned<u32>>,
    host_rate: Option<Spanned<u32>>,
    #[serde(default)]
    fragile: Vec<RawFragile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFragile {
    name: String,
    prefixes: Vec<Spanned<String>>,
    mode: FragileMode,
}

impl Raw {
    fn understood(self, text: &str) -> Result<Scope, ScopeError> {
        let by = self.authorised_by.get_ref().trim();
        if by.is_empty() {
            return Err(fault(text, self.authorised_by.span().start, NOBODY));
        }
        let standard = Rate::default();
        // Whoever writes a rate has thought of what the network bears; it holds for each part of it that has
        // no ceiling of its own. Without one a host gets little.
        let otherwise = if self.rate.is_some() { Ceiling::AsRate } else { Ceiling::Standard };
        let why = [&self.subnet_rate, &self.host_rate]
            .map(|written| if written.is_some() { Ceiling::Written } else { otherwise });
        let total = rate(text, self.rate, standard.total)?;
        let host = if otherwise == Ceiling::AsRate { total } else { standard.host };
        let fragile = self.fragile.into_iter().map(|group| {
            let prefixes = prefixes(text, &group.prefixes)?;
            Ok(Fragile { name: group.name, prefixes, mode: group.mode })
        });
        Ok(Scope {
            allowed: prefixes(text, &self.scope)?,
            excluded: prefixes(text, &self.exclude)?,
            authorised_by: by.to_owned(),
            valid_until: day(text, &self.valid_until)?,
            window: self.window.map_or(Ok(STANDARD_WINDOW), |w| window(text, &w))?,
            rate: Rate {
                total,
                subnet: rate(text, self.subnet_rate, total)?,
                host: rate(text, self.host_rate, host)?,
            }
            .at_most(total),
            why,
            fragile: fragile.collect::<Result<_, _>>()?,
        })
    }
}

/// What may be wrong with a scope.
pub const FAULTS: &[&Message] = &[NOBODY, NO_PREFIX, NO_DAY, NO_WINDOW, NO_RATE];

const TOML: &Message = &Message { sv: "TOML-läsaren säger ”{name}”", en: "{name}" };
const NOBODY: &Message =
    &Message { sv: "ange vem som har godkänt skanningen", en: "name who authorised the scan" };
const NO_PREFIX: &Message = &Message {
    sv: "”{name}” är inget prefix; skriv det som 10.77.0.0/16",
    en: "\"{name}\" is no prefix; write it as 10.77.0.0/16",
};
const NO_DAY: &Message = &Message {
    sv: "”{name}” är ingen dag; skriv den som 2026-12-31",
    en: "\"{name}\" is no day; write it as 2026-12-31",
};
const NO_WINDOW: &Message = &Message {
    sv: "”{name}” är inget tidsfönster; skriv ”always” eller ”06:00-22:00”",
    en: "\"{name}\" is no window; write \"always\" or \"06:00-22:00\"",
};
const NO_RATE: &Message = &Message {
    sv: "en takt är minst 1 paket i sekunden",
    en: "a rate is at least 1 packet per second",
};

/// Backups run from 22 to 06; a scan stays out of their way unless told otherwise.
const STANDARD_WINDOW: Window =
    Window::Between(Time::constant(6, 0, 0, 0), Time::constant(22, 0, 0, 0));

fn prefixes(text: &str, written: &[Spanned<String>]) -> Result<Vec<IpNetwork>, ScopeError> {
    let read = |w: &Spanned<String>| {
        let why = |_| fault(text, w.span().start, Told::of(NO_PREFIX, w.get_ref().as_str()));
        w.get_ref().parse().map_err(why)
    };
    written.iter().map(read).collect()
}

fn day(text: &str, written: &Spanned<String>) -> Result<Date, ScopeError> {
    let why = || Told::of(NO_DAY, written.get_ref().as_str());
    written.get_ref().parse().map_err(|_| fault(text, written.span().start, why()))
}

fn window(text: &str, written: &Spanned<String>) -> Result<Window, ScopeError> {
    let value = written.get_ref();
    if value == "always" {
        return Ok(Window::Always);
    }
    let times = value.split_once('-').and_then(|(from, to)| {
        let time = |t: &str| Time::strptime(MINUTES, t.trim()).ok();
        Some((time(from)?, time(to)?))
    });
    let why = || Told::of(NO_WINDOW, value.as_str());
    let (from, to) = times.ok_or_else(|| fault(text, written.span().start, why()))?;
    Ok(Window::Between(from, to))
}

fn rate(text: &str, written: Option<Spanned<u32>>, standard: u32) -> Result<u32, ScopeError> {
    match written {
        Some(rate) if *rate.get_ref() == 0 => Err(fault(text, rate.span().start, NO_RATE)),
        Some(rate) => Ok(rate.into_inner()),
        None => Ok(standard),
    }
}

/// A fault at a byte of the text.
fn fault(text: &str, at: usize, message: impl Into<Told>) -> ScopeError {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    let line = before.matches('\n').count() as u32 + 1;
    ScopeError { line, column: before[start..].chars().count() as u32 + 1, message: message.into() }
}

//! What is asked: addresses times ports, less whatever the scope does not allow.
//!
//! A plan numbers its probes from 0, host after host. Engines walk the numbers in an order of their
//! own and keep what they know of a probe at its number.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::str::FromStr;

use ipnetwork::IpNetwork;
use jiff::civil::DateTime;

use crate::scope::{Leave, Rate, Refusal, Scope};

pub use ports::{PortsError, parse as parse_ports, top as top_ports};

mod ports;

/// A closed range of addresses of one family.
pub type Range = (IpAddr, IpAddr);

/// Addresses in one written target at most. A whole IPv6 subnet has 2^64 and can't be swept; its hosts
/// come from neighbour tables, DNS or the asset register.
pub const MOST_ADDRESSES: u128 = 1 << 32;

/// How long a stretch of a plan takes, roughly ([`Plan::stretch_hosts`]): no more than that of asking what is
/// silent is lost when a run is killed.
pub const STRETCH_SECONDS: u64 = 600;
/// A stretch has as many hosts at least, and at most; and as many probes at most.
const FEWEST_HOSTS: u64 = 16;
const MOST_HOSTS: u64 = 1 << 16;
const MOST_PROBES: u64 = 1 << 26;

/// What is asked, and in what numbering.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    ranges: Vec<Range>,
    /// The number of the first host of each range.
    starts: Vec<u64>,
    hosts: u64,
    ports: Vec<u16>,
    /// One more than the place of each port in `ports`; 0 where it is not asked.
    places: Vec<u16>,
}

/// A plan for each way in which hosts may be looked at, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Hosts that may be looked at by any means.
    pub full: Plan,
    /// Fragile hosts: whole connections only, one at a time.
    pub gentle: Plan,
    /// What is not asked: one refusal for each stretch of addresses, which names its first.
    pub refused: Vec<Refusal>,
}

impl Planned {
    /// Leaves out of the targets what the scope does not allow at `now`, local time.
    ///
    /// `ports` are in order of importance; repeated ones count once, and 0 is not a port.
    pub fn new(targets: &[Range], ports: &[u16], scope: &Scope, now: DateTime) -> Self {
        if let Err(refusal) = scope.open_at(now) {
            return Self { refused: vec![refusal], ..Self::default() };
        }
        let (mut full, mut gentle, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for range in merged(targets.to_vec()) {
            for piece in pieces(range, scope) {
                match allowed(piece.0, scope) {
                    Ok(Leave::Full) => full.push(piece),
                    Ok(Leave::ConnectOnly) => gentle.push(piece),
                    Err(refusal) => refused.push(refusal),
                }
            }
        }
        refused.dedup_by(|later, first| same_reason(later, first));
        Self { full: Plan::of(full, ports), gentle: Plan::of(gentle, ports), refused }
    }

    /// The ports that are asked, of whichever host.
    pub fn ports(&self) -> &[u16] {
        if self.full.is_empty() { self.gentle.ports() } else { self.full.ports() }
    }
}

impl Plan {
    /// A plan of ranges that were allowed already: what is left to ask after a first look, or the
    /// addresses of a laboratory.
    pub fn of(ranges: Vec<Range>, ports: &[u16]) -> Self {
        let ports: Vec<u16> = ports.iter().copied().filter(|p| *p != 0).collect();
        Self::of_probes(ranges, &ports)
    }

    /// The same, where port 0 may stand for a probe that is none of TCP.
    pub(crate) fn of_probes(ranges: Vec<Range>, ports: &[u16]) -> Self {
        let ranges = merged(ranges);
        let mut places = vec![0; 1 << 16];
        let mut kept = Vec::new();
        for &port in ports {
            if places[usize::from(port)] == 0 {
                kept.push(port);
                places[usize::from(port)] = kept.len() as u16;
            }
        }
        let mut hosts = 0u64;
        let starts = ranges.iter().map(|range| {
            let start = hosts;
            hosts = hosts.saturating_add(u64::try_from(size(*range)).unwrap_or(u64::MAX));
            start
        });
        let starts = starts.collect();
        Self { ranges, starts, hosts, ports: kept, places }
    }

    /// The same ports of those hosts alone that are listed; others in the list are not added.
    #[must_use]
    pub fn only(&self, hosts: &[IpAddr]) -> Self {
        let known = hosts.iter().filter(|h| self.host_index(**h).is_some());
        Self::of(known.map(|h| (*h, *h)).collect(), &self.ports)
    }

    /// The same ports of all hosts but those in `ranges`, which are disjoint and in rising order.
    #[must_use]
    pub fn without(&self, ranges: &[Range]) -> Self {
        Self::of(without(&self.ranges, ranges), &self.ports)
    }

    /// Other ports of the same hosts.
    #[must_use]
    pub fn with_ports(&self, ports: &[u16]) -> Self {
        Self::of(self.ranges.clone(), ports)
    }

    /// The same ports of `count` hosts from number `first` on, or of those that are left.
    #[must_use]
    pub fn stretch(&self, first: u64, count: u64) -> Self {
        Self::of(self.part(first, count), &self.ports)
    }

    /// How many hosts to ask side by side, so that [`STRETCH_SECONDS`] go by at the ceilings: what was silent
    /// is settled after each such stretch, and an engine need not keep more in mind. More hosts where fewer
    /// could not use up the ceilings.
    pub fn stretch_hosts(&self, rate: Rate) -> u64 {
        let ports = (self.ports.len() as u64).max(1);
        let [total, subnet, host] =
            [rate.total, rate.subnet, rate.host].map(|r| u64::from(r.max(1)));
        let long = STRETCH_SECONDS * total / ports;
        // Four times as many as must be asked at once: some are slow.
        let for_hosts = 4 * total.div_ceil(host);
        let for_subnets = if subnet < total { 256 * total.div_ceil(subnet) } else { 0 };
        let least = for_hosts.max(for_subnets).max(FEWEST_HOSTS);
        long.max(least).min((MOST_PROBES / ports).min(MOST_HOSTS))
    }

    /// The addresses: disjoint, in rising order, IPv4 first.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// The ports, the most important first.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// How many hosts there are.
    pub fn hosts(&self) -> u64 {
        self.hosts
    }

    /// How many probes there are: hosts times ports.
    pub fn probes(&self) -> u64 {
        self.hosts.saturating_mul(self.ports.len() as u64)
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.probes() == 0
    }

    /// The address of a host by its number.
    ///
    /// # Panics
    ///
    /// When there is no such host.
    pub fn host(&self, index: u64) -> IpAddr {
        assert!(index < self.hosts, "host {index} of {}", self.hosts);
        let at = self.starts.partition_point(|s| *s <= index) - 1;
        offset(self.ranges[at].0, index - self.starts[at])
    }

    /// The addresses of `count` hosts from `first` on.
    pub(crate) fn part(&self, first: u64, count: u64) -> Vec<Range> {
        let end = first.saturating_add(count).min(self.hosts);
        let each = self.ranges.iter().zip(&self.starts);
        let parts = each.filter_map(|(range, start)| {
            let size = u64::try_from(size(*range)).unwrap_or(u64::MAX);
            let (from, to) = (first.max(*start), end.min(start.saturating_add(size)));
            (from < to).then(|| (offset(range.0, from - start), offset(range.0, to - 1 - start)))
        });
        parts.collect()
    }

    /// The number of a host.
    pub fn host_index(&self, address: IpAddr) -> Option<u64> {
        let at = self.ranges.partition_point(|r| r.0 <= address).checked_sub(1)?;
        let (first, last) = self.ranges[at];
        // The range before may be of the other family; IPv4 sorts first.
        let within = address <= last && address.is_ipv4() == last.is_ipv4();
        within.then(|| self.starts[at] + (number(address) - number(first)) as u64)
    }

    /// The place of a port in [`Plan::ports`].
    pub fn port_index(&self, port: u16) -> Option<usize> {
        self.places.get(usize::from(port)).and_then(|place| usize::from(*place).checked_sub(1))
    }

    /// What probe `index` asks.
    ///
    /// # Panics
    ///
    /// When there is no such probe.
    pub fn probe(&self, index: u64) -> (IpAddr, u16) {
        let ports = self.ports.len() as u64;
        (self.host(index / ports), self.ports[(index % ports) as usize])
    }

    /// The number of the probe that asks a port of a host.
    pub fn index(&self, address: IpAddr, port: u16) -> Option<u64> {
        let place = self.port_index(port)?;
        Some(self.host_index(address)? * self.ports.len() as u64 + place as u64)
    }
}

/// What somebody asked to have scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Addresses: one, a prefix or a range.
    Addresses(IpAddr, IpAddr),
    /// A name that stands for addresses.
    Name(String),
}

/// Why a target can't be read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TargetError {
    /// It is neither address nor name.
    #[error(
        "\"{0}\" is no target; write an address, a prefix (10.77.0.0/16), a range \
         (10.1.2.3-10.1.2.9) or a host's name"
    )]
    Unreadable(String),
    /// A prefix whose address is not the network's.
    #[error(
        "\"{0}\" is a host's address with a prefix length; write {1} for the network, or {2} for the host"
    )]
    HostBits(String, IpNetwork, IpAddr),
    /// A range that ends before it starts, or in another family.
    #[error("\"{0}\" is no range; the second address must follow the first")]
    Backwards(String),
    /// More addresses than can be asked.
    #[error(
        "\"{0}\" has more than 2^32 addresses; name smaller prefixes, or the hosts that are known"
    )]
    TooMany(String),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(written: &str) -> Result<Self, TargetError> {
        let text = written.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Addresses(address, address));
        }
        if text.contains('/') {
            return prefix(text);
        }
        if let Some((first, last)) = text.split_once('-')
            && let Ok(first) = first.trim().parse::<IpAddr>()
        {
            let last =
                end(first, last.trim()).ok_or_else(|| TargetError::Unreadable(text.into()))?;
            let forward = first <= last && first.is_ipv4() == last.is_ipv4();
            return if forward {
                bounded(text, (first, last))
            } else {
                Err(TargetError::Backwards(text.into()))
            };
        }
        if is_name(text) {
            Ok(Self::Name(text.to_owned()))
        } else {
            Err(TargetError::Unreadable(text.into()))
        }
    }
}

impl Target {
    /// The addresses. A name is looked up, which asks the system's resolver.
    pub fn resolved(&self) -> io::Result<Vec<Range>> {
        match self {
            Self::Addresses(first, last) => Ok(vec![(*first, *last)]),
            Self::Name(name) => {
                let found = (name.as_str(), 0).to_socket_addrs()?;
                Ok(merged(found.map(|a| (a.ip(), a.ip())).collect()))
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(first, last) if first == last => write!(f, "{first}"),
            Self::Addresses(first, last) => write!(f, "{first}-{last}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn prefix(text: &str) -> Result<Target, TargetError> {
    let read: IpNetwork = text.parse().map_err(|_| TargetError::Unreadable(text.into()))?;
    if read.ip() != read.network() {
        let network = IpNetwork::new(read.network(), read.prefix());
        let network = network.map_err(|_| TargetError::Unreadable(text.into()))?;
        return Err(TargetError::HostBits(text.into(), network, read.ip()));
    }
    bounded(text, bounds(read))
}

fn bounded(text: &str, range: Range) -> Result<Target, TargetError> {
    if size(range) > MOST_ADDRESSES {
        return Err(TargetError::TooMany(text.into()));
    }
    Ok(Target::Addresses(range.0, range.1))
}

/// The end of a range: a whole address, or the last number of an IPv4 address (`10.1.2.3-9`).
fn end(first: IpAddr, written: &str) -> Option<IpAddr> {
    if let (IpAddr::V4(first), Ok(last)) = (first, written.parse::<u8>()) {
        let [a, b, c, _] = first.octets();
        return Some(Ipv4Addr::new(a, b, c, last).into());
    }
    written.parse().ok()
}

/// RFC 1123, section 2.1, with the underscore that networks of Windows use. The last label is not a number
/// (RFC 3696, section 2), so a mistyped address is no name.
fn is_name(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit())
}

/// Cuts a range wherever the scope's answer may change, so that each piece has one answer.
fn pieces(range: Range, scope: &Scope) -> Vec<Range> {
    let fragile = scope.fragile.iter().flat_map(|group| &group.prefixes);
    let special = NO_HOSTS.iter().map(|(first, last)| (IpAddr::V4(*first), IpAddr::V4(*last)));
    let written = scope.allowed.iter().chain(&scope.excluded).chain(fragile).map(|p| bounds(*p));
    let all = written.chain(special).chain([(MULTICAST_V6.0.into(), MULTICAST_V6.1.into())]);
    let mut cuts: Vec<u128> = all
        .filter(|b| b.0.is_ipv4() == range.0.is_ipv4())
        .flat_map(|b| [Some(number(b.0)), number(b.1).checked_add(1)])
        .flatten()
        .filter(|cut| *cut > number(range.0) && *cut <= number(range.1))
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let starts = std::iter::once(number(range.0)).chain(cuts.iter().copied());
    let ends = cuts.iter().map(|c| c - 1).chain([number(range.1)]);
    let v4 = range.0.is_ipv4();
    starts.zip(ends).map(|(a, b)| (address(a, v4), address(b, v4))).collect()
}

/// Addresses that are no host's: "this network" (RFC 791), multicast and reserved (RFC 5771, RFC 1112).
const NO_HOSTS: [(Ipv4Addr, Ipv4Addr); 2] = [
    (Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(0, 255, 255, 255)),
    (Ipv4Addr::new(224, 0, 0, 0), Ipv4Addr::BROADCAST),
];
/// RFC 4291, section 2.7.
const MULTICAST_V6: (Ipv6Addr, Ipv6Addr) =
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), Ipv6Addr::from_bits(u128::MAX));

fn allowed(address: IpAddr, scope: &Scope) -> Result<Leave, Refusal> {
    let no_host = match address {
        IpAddr::V4(v4) => NO_HOSTS.iter().any(|(a, b)| (*a..=*b).contains(&v4)),
        IpAddr::V6(v6) => v6.is_multicast() || v6.is_unspecified(),
    };
    if no_host { Err(Refusal::NoHost(address)) } else { scope.leave(address) }
}

/// Whether two neighbouring refusals say the same of different addresses.
fn same_reason(a: &Refusal, b: &Refusal) -> bool {
    match (a, b) {
        (Refusal::Outside(a), Refusal::Outside(b)) => a.is_ipv4() == b.is_ipv4(),
        (Refusal::Excluded(_, a), Refusal::Excluded(_, b)) => a == b,
        (Refusal::Fragile(_, a), Refusal::Fragile(_, b)) => a == b,
        _ => a == b,
    }
}

/// Sorted, with what overlaps or adjoins put together.
pub fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.retain(|(first, last)| first <= last && first.is_ipv4() == last.is_ipv4());
    ranges.sort_unstable();
    let mut out: Vec<Range> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match out.last_mut() {
            Some((start, end))
                if start.is_ipv4() == first.is_ipv4()
                    && number(first) <= number(*end).saturating_add(1) =>
            {
                *end = last.max(*end);
            }
            _ => out.push((first, last)),
        }
    }
    out
}

/// What is left of ranges of addresses without others. Both are disjoint and in rising order.
pub fn without(ranges: &[Range], others: &[Range]) -> Vec<Range> {
    let mut left = Vec::new();
    for &(first, last) in ranges {
        let mut from = Some(first);
        let start = others.partition_point(|other| other.1 < first);
        for &(other, end) in others[start..].iter().take_while(|other| other.0 <= last) {
            if let Some(from) = from
                && from < other
                && let Some(before) = step(other, -1)
            {
                left.push((from, before));
            }
            from = step(end, 1);
        }
        left.extend(from.filter(|from| *from <= last).map(|from| (from, last)));
    }
    left
}

/// What ranges of addresses have in common with others. Both are disjoint and in rising order.
pub fn within(ranges: &[Range], others: &[Range]) -> Vec<Range> {
    without(ranges, &without(ranges, others))
}

/// How many addresses ranges have.
pub fn addresses(ranges: &[Range]) -> u64 {
    let all = ranges.iter().map(|range| size(*range)).fold(0, u128::saturating_add);
    u64::try_from(all).unwrap_or(u64::MAX)
}

/// The next address of the same family, or the one before.
fn step(address: IpAddr, by: i32) -> Option<IpAddr> {
    match address {
        IpAddr::V4(a) => a.to_bits().checked_add_signed(by).map(|n| IpAddr::V4(n.into())),
        IpAddr::V6(a) => a.to_bits().checked_add_signed(by.into()).map(|n| IpAddr::V6(n.into())),
    }
}

fn bounds(prefix: IpNetwork) -> Range {
    (prefix.network(), prefix.broadcast())
}

fn size((first, last): Range) -> u128 {
    (number(last) - number(first)).saturating_add(1)
}

pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

pub(crate) fn address(number: u128, v4: bool) -> IpAddr {
    if v4 { Ipv4Addr::from_bits(number as u32).into() } else { Ipv6Addr::from_bits(number).into() }
}

fn offset(first: IpAddr, by: u64) -> IpAddr {
    address(number(first) + u128::from(by), first.is_ipv4())
}

#[cfg(test)]
mod tests;

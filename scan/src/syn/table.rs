//! What is known of each probe and host while they are asked: two bits a probe.
//!
//! The receiver writes, senders read. A scan goes through its hosts in stretches, so that the table does not
//! grow with the plan.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::plan::{Plan, Range};

/// What a probe has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing yet.
    Silent = 0,
    /// An ICMP error; which is kept beside.
    Error = 1,
    /// Refused.
    Closed = 2,
    /// Accepted.
    Open = 3,
}

impl Known {
    fn of(bits: u32) -> Self {
        match bits & 3 {
            1 => Self::Error,
            2 => Self::Closed,
            3 => Self::Open,
            _ => Self::Silent,
        }
    }
}

/// Why no more is asked of a host, or `None` while it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was not asked to the end.
    None = 0,
    /// What is silent was asked often enough, while the host answered elsewhere or never did.
    Certain = 1,
    /// Routers say that it cannot be reached.
    Unreachable = 2,
    /// We know of no way to it.
    NoRoute = 3,
    /// Nobody on the link has its address.
    NoNeighbour = 4,
    /// It answered and then no longer did, even when asked slowly: it is blocked, or down.
    FellSilent = 5,
    /// It loses too much for anything to be certain.
    Lossy = 6,
}

impl End {
    fn of(number: u8) -> Self {
        [
            Self::None,
            Self::Certain,
            Self::Unreachable,
            Self::NoRoute,
            Self::NoNeighbour,
            Self::FellSilent,
            Self::Lossy,
        ]
        .get(usize::from(number))
        .copied()
        .unwrap_or(Self::None)
    }
}

/// What was heard of one host.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Ports that answered for themselves (SYN-ACK, RST, echo).
    pub(crate) answers: AtomicU32,
    /// Answers to probes that ask again what is known.
    pub(crate) echoes: AtomicU32,
    /// One more than the place of the port that answered last: the one to ask again. Refusing ports
    /// go before open ones.
    pub(crate) lately: AtomicU32,
    /// A probe whose answer tells the round-trip time: its place and one in the upper 16 bits, microseconds since
    /// the start below.
    sample: AtomicU64,
    end: AtomicU8,
    /// Errors that say it cannot be reached, up to 255.
    unreachable: AtomicU8,
    /// Whether it was slowed down: its losses say nothing about the network.
    slowed: AtomicU8,
    /// Whether it spoke for itself in an ICMP error.
    pub(crate) spoke: AtomicU8,
}

impl Heard {
    pub(crate) fn end(&self) -> End {
        End::of(self.end.load(Relaxed))
    }

    pub(crate) fn finish(&self, end: End) {
        self.end.store(end as u8, Relaxed);
    }

    pub(crate) fn unreachable(&self) -> u8 {
        self.unreachable.load(Relaxed)
    }

    /// Counts an error that says that it cannot be reached. Only one thread may.
    pub(crate) fn hear_unreachable(&self) {
        self.unreachable.store(self.unreachable().saturating_add(1), Relaxed);
    }

    pub(crate) fn is_slowed(&self) -> bool {
        self.slowed.load(Relaxed) != 0
    }

    pub(crate) fn slow(&self) {
        self.slowed.store(1, Relaxed);
    }

    pub(crate) fn is_up(&self) -> bool {
        self.answers.load(Relaxed) > 0 || self.spoke.load(Relaxed) != 0
    }

    /// Notes when a probe was sent, unless a younger sample than `stale` microseconds waits for its answer.
    pub(crate) fn sample(&self, place: u32, now_us: u64, stale: u64) {
        const TIME: u64 = (1 << 48) - 1;
        let waiting = self.sample.load(Relaxed);
        if waiting == 0 || now_us.saturating_sub(waiting & TIME) > stale {
            self.sample.store(u64::from(place + 1) << 48 | (now_us & TIME), Relaxed);
        }
    }

    /// The round-trip time in microseconds, when this answers the sampled probe.
    pub(crate) fn round_trip(&self, place: u32, now_us: u64) -> Option<u32> {
        const TIME: u64 = (1 << 48) - 1;
        let waiting = self.sample.load(Relaxed);
        if waiting >> 48 != u64::from(place + 1) {
            return None;
        }
        self.sample.store(0, Relaxed);
        u32::try_from(now_us.saturating_sub(waiting & TIME)).ok()
    }
}

/// Counts over all hosts of a stretch, and what the receiver knows of itself.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Probes that show something, errors too.
    pub(crate) answered: AtomicU64,
    /// Answers to first tries, and to later ones, of hosts that were not slowed down.
    pub(crate) first: AtomicU64,
    pub(crate) late: AtomicU64,
    /// Known ports that were asked again and came back or not, where nothing was slowed down.
    pub(crate) asked_again: AtomicU64,
    pub(crate) lost_again: AtomicU64,
    /// Answers to probes that ask again what is known, of any host.
    pub(crate) echoes: AtomicU64,
    /// The host and place that answered last, plus one: the one to ask again.
    pub(crate) lately: AtomicU64,
    pub(crate) unmatched: AtomicU64,
    /// Packets that the ring had no room for.
    pub(crate) dropped: AtomicU64,
    /// Until when everything that came was looked at; nanoseconds since the start.
    pub(crate) looked: AtomicU64,
    /// When something was last lost that may have been an answer.
    pub(crate) spoiled: AtomicU64,
    /// The longest round trip, in microseconds; 0 until there is one.
    pub(crate) round_trip: AtomicU64,
    pub(crate) sent: AtomicU64,
    /// Whether a thread could not go on; then none does.
    pub(crate) failed: AtomicBool,
}

/// A stretch of hosts with all their ports.
pub(crate) struct Table<'p> {
    pub(crate) plan: &'p Plan,
    /// Number of the first host in the plan.
    pub(crate) first: u64,
    /// How many hosts and ports.
    pub(crate) hosts: u32,
    pub(crate) ports: u32,
    states: Vec<AtomicU32>,
    heard: Vec<Heard>,
    /// By which of the scan's routes each host is reached.
    routes: Vec<u32>,
    pub(crate) counts: Counts,
}

/// The route of a host that is not asked.
pub(crate) const NO_ROUTE: u32 = u32::MAX;

/// Hosts in one stretch at most: 6 MB of what is known of them and of their turns.
const MOST_HOSTS: u64 = 1 << 16;
/// Probes in one stretch, roughly: 16 MB of bits.
const MOST_PROBES: u64 = 1 << 26;
/// Hosts in one stretch at least, so that some are free to be asked while others rest.
const LEAST_HOSTS: u64 = 256;

/// How many hosts of a plan are asked together.
pub(crate) fn stretch(ports: usize) -> u64 {
    (MOST_PROBES / (ports as u64).max(1)).clamp(LEAST_HOSTS, MOST_HOSTS)
}

impl<'p> Table<'p> {
    pub(crate) fn new(plan: &'p Plan, first: u64) -> Self {
        let hosts = stretch(plan.ports().len()).min(plan.hosts() - first) as u32;
        let ports = plan.ports().len() as u32;
        let words = (u64::from(hosts) * u64::from(ports)).div_ceil(16) as usize;
        Self {
            plan,
            first,
            hosts,
            ports,
            states: (0..words).map(|_| AtomicU32::new(0)).collect(),
            heard: (0..hosts).map(|_| Heard::default()).collect(),
            routes: vec![NO_ROUTE; hosts as usize],
            counts: Counts::default(),
        }
    }

    pub(crate) fn address(&self, host: u32) -> IpAddr {
        self.plan.host(self.first + u64::from(host))
    }

    /// The number of the route to a host, or [`NO_ROUTE`].
    pub(crate) fn route(&self, host: u32) -> u32 {
        self.routes[host as usize]
    }

    /// Says by which route a host is reached.
    pub(crate) fn set_route(&mut self, host: u32, route: u32) {
        self.routes[host as usize] = route;
    }

    pub(crate) fn heard(&self, host: u32) -> &Heard {
        &self.heard[host as usize]
    }

    /// Number of host and place of a port in this stretch.
    pub(crate) fn locate(&self, address: IpAddr, port: u16) -> Option<(u32, u32)> {
        let place = self.plan.port_index(port)? as u32;
        Some((self.host_number(address)?, place))
    }

    /// The addresses of this stretch.
    pub(crate) fn ranges(&self) -> Vec<Range> {
        self.plan.part(self.first, self.hosts.into())
    }

    /// The number of a host in this stretch.
    pub(crate) fn host_number(&self, address: IpAddr) -> Option<u32> {
        let host = self.plan.host_index(address)?.checked_sub(self.first)?;
        (host < u64::from(self.hosts)).then_some(host as u32)
    }

    /// The number of a probe within this stretch.
    pub(crate) fn probe(&self, host: u32, place: u32) -> u32 {
        host * self.ports + place
    }

    pub(crate) fn known(&self, host: u32, place: u32) -> Known {
        let probe = self.probe(host, place);
        Known::of(self.states[(probe / 16) as usize].load(Relaxed) >> (2 * (probe % 16)))
    }

    /// Notes what a probe showed, where that says more than what was known. Returns what was known before. Only
    /// one thread may write.
    pub(crate) fn learn(&self, host: u32, place: u32, known: Known) -> Known {
        let probe = self.probe(host, place);
        let (word, shift) = (&self.states[(probe / 16) as usize], 2 * (probe % 16));
        let bits = word.load(Relaxed);
        let before = Known::of(bits >> shift);
        if known as u32 > before as u32 {
            word.store((bits & !(3 << shift)) | (known as u32) << shift, Relaxed);
        }
        before
    }

    /// Whether any port of a host is silent.
    pub(crate) fn is_any_silent(&self, host: u32) -> bool {
        (0..self.ports).any(|place| self.known(host, place) == Known::Silent)
    }

    pub(crate) fn probes(&self) -> u64 {
        u64::from(self.hosts) * u64::from(self.ports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(ports: u16) -> Plan {
        let range = ("10.0.0.0".parse().unwrap(), "10.0.1.255".parse().unwrap());
        Plan::of(vec![range], &(1..=ports).collect::<Vec<_>>())
    }

    #[test]
    fn proof_is_not_taken_back() {
        let plan = plan(33);
        let table = Table::new(&plan, 0);
        assert_eq!(table.learn(3, 32, Known::Error), Known::Silent);
        assert_eq!(table.learn(3, 32, Known::Open), Known::Error);
        assert_eq!(table.learn(3, 32, Known::Closed), Known::Open);
        assert_eq!(table.known(3, 32), Known::Open);
        assert_eq!(table.known(3, 31), Known::Silent);
        assert_eq!(table.known(4, 0), Known::Silent);
    }

    #[test]
    fn stretches_cover_the_plan_and_bound_memory() {
        let plan = plan(u16::MAX);
        let table = Table::new(&plan, 0);
        assert_eq!((table.hosts, table.ports), (512, 65_535));
        assert_eq!(stretch(1), 65_536);
        assert!(stretch(usize::from(u16::MAX)) * 65_535 / 4 <= 17 << 20);
        let last = Table::new(&plan, 300);
        assert_eq!(last.hosts, 212);
        assert_eq!(last.locate("10.0.1.255".parse().unwrap(), 7), Some((211, 6)));
        assert_eq!(last.locate("10.0.0.1".parse().unwrap(), 7), None);
    }

    #[test]
    fn a_sample_is_answered_once_and_by_its_own_probe() {
        let heard = Heard::default();
        heard.sample(65_534, 1_000, 100_000);
        heard.sample(7, 1_500, 100_000);
        assert_eq!(heard.round_trip(7, 2_000), None);
        assert_eq!(heard.round_trip(65_534, 1_250), Some(250));
        assert_eq!(heard.round_trip(65_534, 1_300), None);
    }
}

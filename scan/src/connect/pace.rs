//! The ceilings of a scope, kept to the packet: in total, to a subnet, to a host.
//!
//! Times are nanoseconds since the scan began.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bucket::{BURST, Bucket, gap};
use crate::scope::Rate;

/// Packets per second to a fragile host: what old controllers bear beside their own work.
pub const FRAGILE_RATE: u32 = 5;

/// When packets may go.
pub(crate) struct Pace {
    rate: Rate,
    total: Bucket,
    subnets: Buckets<IpAddr>,
    hosts: Buckets<IpAddr>,
    /// Hosts that get less than the scope allows, and how much.
    slowed: HashMap<IpAddr, u32>,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            total: Bucket::default(),
            subnets: Buckets::default(),
            hosts: Buckets::default(),
            slowed: HashMap::new(),
        }
    }

    /// Gives a host at most `rate` packets per second from now on.
    pub(crate) fn slow(&mut self, host: IpAddr, rate: u32) {
        let held = self.slowed.entry(host).or_insert(rate);
        *held = rate.min(*held);
    }

    /// How many packets a second a host gets.
    pub(crate) fn host_rate(&self, host: IpAddr) -> u32 {
        self.slowed.get(&host).map_or(self.rate.host, |slow| self.rate.host.min(*slow))
    }

    /// Takes the next place in the queue of a host that bears `most` packets per second; when that is.
    pub(crate) fn host(&mut self, host: IpAddr, most: u32, now: u64) -> u64 {
        let gap = gap(self.host_rate(host).min(most));
        self.hosts.take(host, now, gap)
    }

    /// Takes the next place in the queue of a host's subnet.
    pub(crate) fn subnet(&mut self, host: IpAddr, now: u64) -> u64 {
        self.subnets.take(subnet(host), now, gap(self.rate.subnet))
    }

    /// When any packet may go again. Does not take the place.
    pub(crate) fn total(&self) -> u64 {
        self.total.free()
    }

    /// Holds everything back until a time.
    pub(crate) fn pause(&mut self, until: u64) {
        self.total.hold(until);
    }

    /// Counts a packet that goes now.
    pub(crate) fn sent(&mut self, now: u64) {
        self.total.take(now, gap(self.rate.total));
    }
}

/// The /24 or /64 of a host.
fn subnet(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(a) => Ipv4Addr::from_bits(a.to_bits() & !0xff).into(),
        IpAddr::V6(a) => Ipv6Addr::from_bits(a.to_bits() >> 64 << 64).into(),
    }
}

/// A bucket for each key that was used lately.
struct Buckets<K> {
    next: HashMap<K, Bucket>,
    /// Size at which buckets that are full again, and so say nothing, are thrown away.
    sweep_at: usize,
}

/// Fewest buckets worth a sweep.
const SMALLEST_SWEEP: usize = 4096;

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { next: HashMap::new(), sweep_at: SMALLEST_SWEEP }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Takes the next place of a key; when that is.
    fn take(&mut self, key: K, now: u64, gap: u32) -> u64 {
        if self.next.len() >= self.sweep_at {
            self.next.retain(|_, bucket| bucket.free() + BURST > now);
            self.sweep_at = (self.next.len() * 2).max(SMALLEST_SWEEP);
        }
        let bucket = self.next.entry(key).or_default();
        let place = bucket.free().max(now);
        bucket.take(now, gap);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 1));

    fn pace(total: u32, subnet: u32, host: u32) -> Pace {
        Pace::new(Rate { total, subnet, host })
    }

    #[test]
    fn a_host_gets_its_rate_and_a_subnet_its_own() {
        let mut pace = pace(1_000, 100, 40);
        let now = 10 * SECOND;
        let places: Vec<u64> = (0..41).map(|_| pace.host(HOST, u32::MAX, now)).collect();
        assert_eq!(places[0], now);
        let last = places[40] - now;
        assert!((SECOND - BURST..=SECOND).contains(&last), "{last}");
        let other = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 200));
        let subnet: Vec<u64> =
            (0..101).map(|i| pace.subnet(if i % 2 == 0 { HOST } else { other }, now)).collect();
        assert!((SECOND - BURST..=SECOND).contains(&(subnet[100] - now)));
        assert_eq!(pace.subnet("10.77.1.1".parse().unwrap(), now), now, "another /24");
    }

    #[test]
    fn never_more_than_the_ceiling_in_any_second() {
        let mut pace = pace(50, 1_000, 1_000);
        let (mut now, mut sent) = (0, Vec::new());
        // Waits of all kinds, also long ones: idle time must not be saved up.
        for wait in [0, 1, 700, 3, 2_500, 0, 10].into_iter().cycle().take(300) {
            now = pace.total().max(now + wait * 1_000_000);
            pace.sent(now);
            sent.push(now);
        }
        for (at, first) in sent.iter().enumerate() {
            let within = sent[at..].iter().take_while(|t| **t < first + SECOND).count();
            assert!(within <= 51, "{within} in a second");
        }
    }

    #[test]
    fn a_host_that_cannot_follow_gets_less() {
        let mut pace = pace(1_000, 1_000, 40);
        pace.slow(HOST, 10);
        pace.slow(HOST, 20);
        assert_eq!(pace.host_rate(HOST), 10, "it never rises");
        let first = pace.host(HOST, u32::MAX, SECOND);
        assert_eq!(pace.host(HOST, u32::MAX, SECOND) - first + BURST, SECOND / 10);
    }

    #[test]
    fn buckets_that_say_nothing_are_thrown_away() {
        let mut pace = pace(1_000_000, 1_000_000, 1_000);
        for n in 0..100_000_u32 {
            pace.host(Ipv4Addr::from_bits(n).into(), u32::MAX, u64::from(n) * 100_000);
        }
        assert!(pace.hosts.next.len() <= 2 * SMALLEST_SWEEP, "{}", pace.hosts.next.len());
    }
}

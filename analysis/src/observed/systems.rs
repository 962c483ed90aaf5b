//! Which system has an address.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::audit::Audit;

/// The systems by their addresses.
pub(super) struct Systems {
    /// Ranges that share no address, by their first: the last address, and the index of the system.
    ranges: BTreeMap<u128, (u128, u32)>,
}

impl Systems {
    /// Where several systems have an address, the one with the narrower range has it: a server in a
    /// client network is itself. Of equals one that is in use goes before one that is gone: it was given
    /// the address.
    pub(super) fn new(audit: &Audit<'_>) -> Self {
        let all = (0..).zip(audit.tables.systems.iter().flatten());
        let known = all.filter_map(|(index, s)| {
            Some(((s.is_gone_on(audit.today), index), s.addresses.as_ref()?))
        });
        let mut ranges: Vec<(u128, u128, (bool, u32))> = known
            .flat_map(|(rank, set)| {
                let own = set.ranges().into_iter();
                own.map(move |(lo, hi)| (number(lo), number(hi), rank))
            })
            .collect();
        // Wide ones first, so that narrow ones are laid over them; of equals the first row stays.
        ranges.sort_unstable_by_key(|(lo, hi, rank)| std::cmp::Reverse((hi - lo, *rank)));
        let mut systems = Self { ranges: BTreeMap::new() };
        for (lo, hi, (_, index)) in ranges {
            systems.lay(lo, hi, index);
        }
        systems
    }

    /// The first system, narrowest first, that has an address.
    pub(super) fn of(&self, address: IpAddr) -> Option<u32> {
        let address = number(address);
        let (_, (hi, index)) = self.ranges.range(..=address).next_back()?;
        (address <= *hi).then_some(*index)
    }

    fn lay(&mut self, lo: u128, hi: u128, index: u32) {
        self.cut(lo);
        if let Some(after) = hi.checked_add(1) {
            self.cut(after);
        }
        let inside: Vec<u128> = self.ranges.range(lo..=hi).map(|(start, _)| *start).collect();
        for start in inside {
            self.ranges.remove(&start);
        }
        self.ranges.insert(lo, (hi, index));
    }

    /// Makes a range begin at `at`, where one reaches over it.
    fn cut(&mut self, at: u128) {
        let over = self.ranges.range_mut(..at).next_back();
        let Some((_, range)) = over.filter(|(_, (hi, _))| *hi >= at) else { return };
        let rest = *range;
        range.0 = at - 1;
        self.ranges.insert(at, rest);
    }
}

/// An address as a number, IPv4 as it is mapped into IPv6 (RFC 4291 §2.5.5.2).
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

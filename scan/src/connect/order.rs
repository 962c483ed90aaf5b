//! The order in which probes go: one that spreads over hosts and ports and begins anywhere.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Every number below a limit once.
///
/// Steps of a fixed length around a ring, the length having no divisor in common with the ring's. It is
/// near the golden section of the ring, so that neighbours in time are far apart in the plan.
pub(super) struct Order {
    limit: u64,
    step: u64,
    at: u64,
    left: u64,
}

impl Order {
    /// An order of the numbers below `limit`, another one each time.
    pub(super) fn new(limit: u64) -> Self {
        let random = |n: u8| RandomState::new().hash_one(n);
        if limit == 0 {
            return Self { limit, step: 0, at: 0, left: 0 };
        }
        let golden = (u128::from(limit) * GOLDEN / SCALE) as u64;
        let mut step = golden.saturating_sub(random(0) % (limit / 16 + 1)).max(1);
        while common_divisor(step, limit) != 1 {
            step += 1;
        }
        Self { limit, step: step % limit, at: random(1) % limit, left: limit }
    }
}

/// The golden section in parts of [`SCALE`].
const GOLDEN: u128 = 618_034;
const SCALE: u128 = 1_000_000;

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Iterator for Order {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let now = self.at;
        // Both are below the limit, which may be near 2^64.
        let room = self.limit - self.at;
        self.at = if self.step >= room { self.step - room } else { self.at + self.step };
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_comes_once(limit in 0_u64..3_000) {
            let mut all: Vec<u64> = Order::new(limit).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..limit).collect::<Vec<_>>());
        }

        #[test]
        fn the_largest_rings_do_not_overflow(limit in u64::MAX - 100..) {
            prop_assert!(Order::new(limit).take(1_000).all(|n| n < limit));
        }
    }

    #[test]
    fn neighbours_in_time_are_on_different_hosts() {
        let (hosts, ports) = (256, 1_000);
        let order: Vec<u64> = Order::new(hosts * ports).map(|n| n / ports).collect();
        let same = order.windows(2).filter(|w| w[0] == w[1]).count();
        assert_eq!(same, 0);
    }
}

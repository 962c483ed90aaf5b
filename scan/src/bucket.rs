//! How fast: a bucket for everything, for each subnet, for each host.

/// What may be sent at once after a pause: this many nanoseconds' worth. Firewalls and small hosts count in
/// windows not much longer.
pub(crate) const BURST: u64 = 1_000_000;

const SECOND: u64 = 1_000_000_000;

/// A token bucket that is kept as the time at which the next packet may go (GCRA; ITU-T I.371, annex A).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Nanoseconds since the scan began.
    free: u64,
}

impl Bucket {
    /// When the next packet may go.
    pub(crate) fn free(self) -> u64 {
        self.free
    }

    /// Counts a packet that goes at `now`, of which there may be one in `gap` nanoseconds.
    pub(crate) fn take(&mut self, now: u64, gap: u32) {
        self.free = self.free.max(now.saturating_sub(BURST)) + u64::from(gap);
    }

    /// Nothing goes before `time`.
    pub(crate) fn hold(&mut self, time: u64) {
        self.free = self.free.max(time);
    }
}

/// Nanoseconds between packets at a rate, rounded up so that the rate is never exceeded.
pub(crate) fn gap(rate: u32) -> u32 {
    SECOND.div_ceil(u64::from(rate.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_second_carries_more_than_the_rate_and_a_burst(
            rate in 1u32..200_000,
            pauses in prop::collection::vec(0u64..3_000_000, 1..2_000),
        ) {
            let (mut bucket, gap) = (Bucket::default(), gap(rate));
            let (mut now, mut sent) = (0, Vec::new());
            for pause in pauses {
                now += pause;
                if bucket.free() <= now {
                    bucket.take(now, gap);
                    sent.push(now);
                }
            }
            // The packet itself, what the burst allows, and the rate over the time.
            let allowed = |span: u64| 1 + (span + BURST) / u64::from(gap);
            for (at, first) in sent.iter().enumerate().step_by(7) {
                for (count, last) in sent[at..].iter().enumerate().step_by(5) {
                    prop_assert!(count as u64 <= allowed(last - first));
                }
            }
        }
    }

    #[test]
    fn a_rate_is_kept_when_asked_all_the_time() {
        let (mut bucket, gap) = (Bucket::default(), gap(40));
        let mut sent = 0;
        for now in (0..10 * SECOND).step_by(1_000_000) {
            if bucket.free() <= now {
                bucket.take(now, gap);
                sent += 1;
            }
        }
        assert!((400..=401).contains(&sent), "{sent}");
    }
}

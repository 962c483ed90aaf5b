//! How long a host takes to answer, and how long it is worth waiting for it.

use std::time::Duration;

/// A smoothed round trip and its variation, in microseconds (RFC 6298, section 2).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrip {
    /// `None` until the first answer.
    smoothed: Option<u32>,
    variation: u32,
}

impl RoundTrip {
    /// Notes an answer that took `rtt` microseconds (RFC 6298, 2.2 and 2.3).
    pub(crate) fn answered(&mut self, rtt: u32) {
        match &mut self.smoothed {
            None => (self.smoothed, self.variation) = (Some(rtt), rtt / 2),
            Some(smoothed) => {
                self.variation = self.variation - self.variation / 4 + smoothed.abs_diff(rtt) / 4;
                *smoothed = *smoothed - *smoothed / 8 + rtt / 8;
            }
        }
    }

    /// The time within which an answer comes, as far as that is known: the smoothed round trip and four times its
    /// variation.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        let most = self.smoothed?.saturating_add(self.variation.saturating_mul(4));
        Some(Duration::from_micros(most.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_what_was_measured() {
        let mut rtt = RoundTrip::default();
        assert_eq!(rtt.timeout(), None);
        rtt.answered(100_000);
        assert_eq!(rtt.timeout(), Some(Duration::from_millis(300)), "R + 4 R/2");
        for _ in 0..50 {
            rtt.answered(100_000);
        }
        let steady = rtt.timeout().unwrap();
        assert!((100..110).contains(&steady.as_millis()), "{steady:?}");
        rtt.answered(900_000);
        assert!(
            rtt.timeout().unwrap() > Duration::from_millis(900),
            "one late answer counts at once"
        );
        rtt.answered(u32::MAX);
        assert!(rtt.timeout().unwrap() > Duration::from_mins(1), "and nothing overflows");
    }
}

//! How often a silent port must be asked, for none to be missed.

use std::sync::atomic::Ordering::Relaxed;

use super::table::Counts;

/// Passes in which nothing disturbed, at most.
const MOST: u8 = 8;
/// One in so many scans may miss one port by chance.
const RISK: u64 = 100;
/// Probes that are thought to have been watched before the first: a network of which nothing is known loses one
/// of two hundred.
const PRIOR: u64 = 100;
const MILLION: u64 = 1_000_000;

/// How many passes: so many that of the ports that answer less than one in [`RISK`] is expected to have lost
/// every probe.
pub(crate) fn passes(counts: &Counts, least: u8) -> u8 {
    let read = |count: &std::sync::atomic::AtomicU64| count.load(Relaxed);
    let (first, late) = (read(&counts.first), read(&counts.late));
    let lost = late + read(&counts.lost_again);
    needed(first + late, share(lost, first + late + read(&counts.asked_again)), least)
}

/// Parts of a million that are lost.
fn share(lost: u64, of: u64) -> u64 {
    (2 * lost + 1) * MILLION / (2 * (of + PRIOR))
}

fn needed(answering: u64, lost: u64, least: u8) -> u8 {
    let mut missed = answering.saturating_mul(MILLION);
    for passes in 1..MOST {
        missed = missed.saturating_mul(lost) / MILLION;
        if passes >= least && missed * RISK < MILLION {
            return passes;
        }
    }
    MOST.max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_passes_where_nothing_is_lost() {
        assert_eq!(needed(65_536, share(0, 65_536), 2), 2);
        assert_eq!(needed(4_096, share(0, 4_096), 2), 2);
        assert_eq!(needed(12, share(0, 12), 2), 2);
        assert_eq!(needed(0, share(0, 0), 2), 2);
    }

    #[test]
    fn more_where_packets_are_lost() {
        // 65,536 × 0.02⁴ is 0.0105; one pass more is needed.
        assert_eq!(needed(65_536, 20_000, 2), 5);
        assert_eq!(needed(1_000, 20_000, 2), 3);
        assert_eq!(needed(65_536, 200_000, 2), MOST);
        assert_eq!(needed(10, 900_000, 12), 12);
    }
}

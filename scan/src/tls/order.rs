//! Who decides which suite is taken, the server or the client.

use portvakt_model::SuiteOrder;

/// One answer: what was offered, in that order, and what was taken.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    pub(crate) offered: Vec<u16>,
    pub(crate) chosen: u16,
}

/// Where a suite belongs in a list that is in order, found by halving. Mostly it is the end, of which it is asked
/// first.
pub(crate) struct Place {
    low: usize,
    high: usize,
    tried: usize,
}

impl Place {
    /// In a list of `length`, not before `from`.
    pub(crate) const fn new(from: usize, length: usize) -> Self {
        Self { low: from, high: length, tried: length.saturating_sub(1) }
    }

    /// Which of the list to ask about next; none when the place is known.
    pub(crate) fn to_ask(&self) -> Option<usize> {
        (self.low < self.high).then_some(self.tried)
    }

    /// Whether the suite stands before that one.
    pub(crate) const fn told(&mut self, is_before: bool) {
        if is_before {
            self.high = self.tried;
        } else {
            self.low = self.tried + 1;
        }
        self.tried = usize::midpoint(self.low, self.high);
    }

    /// The place, once nothing is to be asked.
    pub(crate) const fn found(&self) -> usize {
        self.low
    }
}

/// What the answers prove, given the suites that the server has.
///
/// A suite that was taken though another of the server's stood before it proves an order of the server's
/// own. Two suites of which each was taken when it stood before the other prove the client's.
pub(crate) fn proven(picks: &[Pick], suites: &[u16]) -> SuiteOrder {
    if suites.len() < 2 {
        return SuiteOrder::Unknown;
    }
    let first = |pick: &Pick| pick.offered.iter().copied().find(|s| suites.contains(s));
    if picks.iter().any(|p| suites.contains(&p.chosen) && first(p) != Some(p.chosen)) {
        return SuiteOrder::Server;
    }
    let loser = |pick: &Pick, other: u16| {
        other != pick.chosen && pick.offered.contains(&other) && suites.contains(&other)
    };
    let both_ways = |a: &Pick| picks.iter().any(|b| loser(a, b.chosen) && loser(b, a.chosen));
    if picks.iter().any(both_ways) { SuiteOrder::Client } else { SuiteOrder::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(offered: &[u16], chosen: u16) -> Pick {
        Pick { offered: offered.to_vec(), chosen }
    }

    #[test]
    fn a_place_is_found_wherever_it_is() {
        for length in 0..9 {
            for (from, wanted) in
                (0..=length).flat_map(|from| (from..=length).map(move |w| (from, w)))
            {
                let mut place = Place::new(from, length);
                let mut asked = 0;
                while let Some(at) = place.to_ask() {
                    place.told(wanted <= at);
                    asked += 1;
                }
                assert_eq!(place.found(), wanted);
                assert!(asked <= 5 && (wanted < length || asked <= 1), "{asked} for {length}");
            }
        }
    }

    #[test]
    fn a_later_one_shows_the_servers_order() {
        let picks = [pick(&[1, 2, 3], 2), pick(&[1, 3], 1)];
        assert_eq!(proven(&picks, &[2, 1]), SuiteOrder::Server);
    }

    #[test]
    fn what_the_server_has_not_does_not_count_as_passed_over() {
        assert_eq!(proven(&[pick(&[1, 2, 3], 2), pick(&[1, 3], 3)], &[2, 3]), SuiteOrder::Unknown);
    }

    #[test]
    fn two_turns_show_the_clients_order() {
        let picks = [pick(&[1, 2, 3], 1), pick(&[3, 2, 1], 3)];
        assert_eq!(proven(&picks, &[1, 3]), SuiteOrder::Client);
    }

    #[test]
    fn one_suite_has_no_order() {
        assert_eq!(proven(&[pick(&[1, 2], 2)], &[2]), SuiteOrder::Unknown);
    }
}

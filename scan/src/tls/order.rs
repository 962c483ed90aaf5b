//! Who decides which suite is taken, the server or the client.

use portvakt_model::SuiteOrder;

/// One answer: what was offered, in that order, and what was taken.
#[derive(Clone, Debug)]
pub(crate) struct Pick {
    pub(crate) offered: Vec<u16>,
    pub(crate) chosen: u16,
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

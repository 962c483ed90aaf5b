//! Every answer of a first-match list against plain enumeration of a small world.

use crate::world::{
    Sketch, any_rule, class, differ, exact_rule, group_world, grouped_rule, tile_rule, tile_world,
    traffic, traffics, world,
};
use portvakt_space::{
    Bound, Budget, Cause, Class, Difference, Doubt, FirstMatchList, Needed, Packet, Traffic,
    Verdict, difference,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

type Checked = Result<(), TestCaseError>;

/// A list with the world it is judged in.
struct Bench<'a> {
    rules: &'a [Sketch],
    default: Class,
    world: &'a [Packet],
}

impl Bench<'_> {
    fn list(&self) -> FirstMatchList {
        FirstMatchList::build(self.rules.iter().map(Sketch::listed), self.default)
    }

    /// Packets that may be in the rule.
    fn own(&self, rule: usize) -> impl Iterator<Item = &Packet> {
        self.world.iter().filter(move |p| self.rules[rule].possibly(p))
    }

    fn surely_before(&self, rule: usize, p: &Packet) -> bool {
        self.rules[..rule].iter().any(|r| r.surely(p))
    }

    fn possibly_before(&self, rule: usize, p: &Packet) -> bool {
        self.rules[..rule].iter().any(|r| r.possibly(p))
    }

    /// Whether without `rule` the packet is sure to be decided as it decides.
    fn same_after(&self, rule: usize, p: &Packet) -> bool {
        let class = self.rules[rule].class;
        for later in &self.rules[rule + 1..] {
            if later.possibly(p) && differ(class, later.class) {
                return false;
            }
            if later.surely(p) {
                return true;
            }
        }
        !differ(class, self.default)
    }

    /// Whether without `rule` the packet, which it surely decides, is sure to be decided otherwise.
    fn other_after(&self, rule: usize, p: &Packet) -> bool {
        let after = &self.rules[rule + 1..];
        let sure = self.rules[rule].surely(p) && !self.possibly_before(rule, p);
        let (first, next) =
            (after.iter().position(|r| r.possibly(p)), after.iter().position(|r| r.surely(p)));
        let class = next.map_or(self.default, |n| after[n].class);
        sure && first == next && differ(self.rules[rule].class, class)
    }

    fn covered(
        &self,
        rule: usize,
        blockers: &[usize],
        matches: fn(&Sketch, &Packet) -> bool,
    ) -> bool {
        self.own(rule).all(|p| blockers.iter().any(|b| matches(&self.rules[*b], p)))
    }

    fn check(&self, rule: usize, verdict: &Verdict) -> Checked {
        let open = self.own(rule).any(|p| !self.possibly_before(rule, p));
        let shut = self.own(rule).all(|p| self.surely_before(rule, p));
        match verdict {
            Verdict::Live { witness, needed } => {
                prop_assert!(open);
                // One IP version in doubt leaves the need in doubt, even if the other needs nothing.
                prop_assert!(*needed == Needed::UnknownMatch || !self.removable(rule));
                self.check_hit(rule, witness)?;
                prop_assert!(*needed != Needed::Proven || self.other_after(rule, witness));
                prop_assert!(*needed != Needed::Unfinished);
            }
            Verdict::Removable { witness, by, by_default } => {
                prop_assert!(open && self.removable(rule));
                self.check_hit(rule, witness)?;
                self.check_takers(rule, by, *by_default)?;
            }
            Verdict::Unreachable { cause, blockers, contrary } => {
                prop_assert!(shut);
                prop_assert_eq!(*cause == Cause::Unmatchable, self.own(rule).next().is_none());
                self.check_blockers(rule, blockers, Sketch::surely)?;
                prop_assert_eq!(*cause == Cause::One, self.has_lone_blocker(rule));
                prop_assert_eq!(*cause == Cause::One, blockers.len() == 1);
                let contrary = contrary.as_ref().map(|c| (c.rule, c.packet));
                self.check_contrary(rule, contrary)?;
            }
            Verdict::Undecided(Doubt::MaybeUnreachable { blockers }) => {
                prop_assert!(!open && !shut);
                self.check_blockers(rule, blockers, Sketch::possibly)?;
            }
            Verdict::Undecided(Doubt::Unfinished { .. }) => prop_assert!(false, "budget"),
        }
        Ok(())
    }

    fn removable(&self, rule: usize) -> bool {
        self.own(rule).all(|p| self.surely_before(rule, p) || self.same_after(rule, p))
    }

    fn check_hit(&self, rule: usize, witness: &Packet) -> Checked {
        prop_assert!(self.rules[rule].possibly(witness), "{witness:?}");
        prop_assert!(!self.possibly_before(rule, witness), "{witness:?}");
        Ok(())
    }

    /// All packets of the rule find their decision with the takers alone.
    fn check_takers(&self, rule: usize, by: &[usize], by_default: bool) -> Checked {
        for p in self.own(rule).filter(|p| !self.surely_before(rule, p)) {
            let taker = by.iter().any(|b| self.rules[*b].surely(p));
            prop_assert!(taker || by_default);
        }
        for b in by {
            prop_assert!(*b > rule && self.rules[*b].class == self.rules[rule].class);
        }
        Ok(())
    }

    fn check_blockers(
        &self,
        rule: usize,
        blockers: &[usize],
        matches: fn(&Sketch, &Packet) -> bool,
    ) -> Checked {
        prop_assert!(blockers.iter().all(|b| *b < rule));
        prop_assert!(self.covered(rule, blockers, matches));
        for gone in blockers {
            let others: Vec<usize> = blockers.iter().copied().filter(|b| b != gone).collect();
            prop_assert!(!self.covered(rule, &others, matches), "{gone} of {blockers:?} is spare");
        }
        Ok(())
    }

    fn has_lone_blocker(&self, rule: usize) -> bool {
        self.own(rule).next().is_some()
            && (0..rule).any(|b| self.covered(rule, &[b], Sketch::surely))
    }

    fn check_contrary(&self, rule: usize, contrary: Option<(usize, Packet)>) -> Checked {
        let class = self.rules[rule].class;
        let first = |p: &Packet| self.rules.iter().find(|r| r.possibly(p)).map(|r| r.class);
        if let Some((by, packet)) = contrary {
            prop_assert!(by < rule && differ(class, self.rules[by].class));
            prop_assert!(self.rules[rule].possibly(&packet) && self.rules[by].possibly(&packet));
            prop_assert!(!self.surely_before(by, &packet));
        } else {
            let other = |p| first(p).is_some_and(|c| differ(class, c));
            prop_assert!(!self.own(rule).any(other));
        }
        Ok(())
    }

    fn check_all(&self) -> Checked {
        let list = self.list();
        let verdicts = list.verdicts(Budget::default());
        prop_assert_eq!(verdicts.len(), self.rules.len());
        for (rule, verdict) in verdicts.iter().enumerate() {
            self.check(rule, verdict)
                .map_err(|e| TestCaseError::fail(format!("rule {rule}: {verdict:?}: {e}")))?;
            self.check(rule, &list.verdict(rule, Budget::default()))?;
        }
        Ok(())
    }
}

/// The parts are disjoint and hold exactly the packets that they should.
fn check_difference(
    found: &Difference,
    world: &[Packet],
    expected: impl Fn(&Packet) -> bool,
) -> Checked {
    prop_assert!(found.is_complete());
    prop_assert!(found.parts.iter().all(|part| !part.is_empty()));
    for p in world {
        let times = found.parts.iter().filter(|part| part.contains(p)).count();
        prop_assert_eq!(times, usize::from(expected(p)), "{:?}", p);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..Default::default() })]

    #[test]
    fn tiles_are_judged_with_the_fewest_blockers(
        rules in prop::collection::vec(tile_rule(), 6..16),
        default in class(),
    ) {
        let world = tile_world();
        Bench { rules: &rules, default, world: &world }.check_all()?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn verdicts_are_those_of_enumeration(
        rules in prop::collection::vec(exact_rule(), 1..9),
        default in class(),
    ) {
        let world = world();
        Bench { rules: &rules, default, world: &world }.check_all()?;
    }

    #[test]
    fn groups_are_judged_as_their_members_are(
        rules in prop::collection::vec(grouped_rule(), 1..9),
        default in class(),
    ) {
        let world = group_world();
        Bench { rules: &rules, default, world: &world }.check_all()?;
    }

    #[test]
    fn sets_of_groups_are_exact(rules in prop::collection::vec(grouped_rule(), 2..7)) {
        let world = group_world();
        let bench = Bench { rules: &rules, default: Class::Deny, world: &world };
        let (list, last) = (bench.list(), rules.len() - 1);
        let region = rules[0].least.first().cloned().unwrap_or(Traffic::ANY);
        let of = |region| list.effective(last, region, Bound::Most, Budget::default());
        let mine = |p: &Packet| rules[last].possibly(p) && !bench.surely_before(last, p);
        check_difference(&of(&Traffic::ANY), &world, mine)?;
        check_difference(&of(&region), &world, |p| region.contains(p) && mine(p))?;
        let left = list.unmatched(&region, Bound::Least, Budget::default());
        check_difference(&left, &world, |p| {
            region.contains(p) && !bench.possibly_before(last + 1, p)
        })?;
    }

    #[test]
    fn unknown_matches_never_prove_anything(
        rules in prop::collection::vec(any_rule(), 1..7),
        default in class(),
    ) {
        let world = world();
        Bench { rules: &rules, default, world: &world }.check_all()?;
    }

    #[test]
    fn effective_and_unmatched_are_exact_sets(
        rules in prop::collection::vec(any_rule(), 1..6),
        region in traffic(),
        pick in any::<prop::sample::Index>(),
    ) {
        let world = world();
        let bench = Bench { rules: &rules, default: Class::Deny, world: &world };
        let (list, rule) = (bench.list(), pick.index(rules.len()));
        let of = |bound| list.effective(rule, &region, bound, Budget::default());
        check_difference(&of(Bound::Most), &world, |p| {
            region.contains(p) && rules[rule].possibly(p) && !bench.surely_before(rule, p)
        })?;
        check_difference(&of(Bound::Least), &world, |p| {
            region.contains(p) && rules[rule].surely(p) && !bench.possibly_before(rule, p)
        })?;
        let left = |bound| list.unmatched(&region, bound, Budget::default());
        let n = rules.len();
        check_difference(&left(Bound::Most), &world, |p| {
            region.contains(p) && !bench.surely_before(n, p)
        })?;
        check_difference(&left(Bound::Least), &world, |p| {
            region.contains(p) && !bench.possibly_before(n, p)
        })?;
    }

    #[test]
    fn differences_are_exact_sets(base in traffics(4), cover in traffics(5)) {
        let found = difference(&base, &cover, Budget::default());
        check_difference(&found, &world(), |p| {
            base.iter().any(|t| t.contains(p)) && !cover.iter().any(|t| t.contains(p))
        })?;
    }

    #[test]
    fn the_first_match_is_found(rules in prop::collection::vec(any_rule(), 1..6)) {
        let world = world();
        let bench = Bench { rules: &rules, default: Class::Deny, world: &world };
        let list = bench.list();
        for p in world.iter().step_by(7) {
            prop_assert_eq!(list.first(p, Bound::Least), rules.iter().position(|r| r.surely(p)));
            prop_assert_eq!(list.first(p, Bound::Most), rules.iter().position(|r| r.possibly(p)));
        }
    }

    #[test]
    fn overlapping_rules_are_those_that_share_a_packet(
        rules in prop::collection::vec(any_rule(), 2..7),
        pick in any::<prop::sample::Index>(),
    ) {
        let world = world();
        let bench = Bench { rules: &rules, default: Class::Deny, world: &world };
        let (list, rule) = (bench.list(), pick.index(rules.len()));
        let shares = |other: &usize| bench.own(rule).any(|p| rules[*other].possibly(p));
        let expected: Vec<usize> = (0..rule).filter(shares).collect();
        let opposed = |other: &usize| differ(rules[rule].class, rules[*other].class);
        let contrary: Vec<usize> = expected.iter().copied().filter(opposed).collect();
        prop_assert_eq!(list.overlapping(rule, 0..rule, usize::MAX), expected);
        prop_assert_eq!(list.opposed(rule, 0..rule, usize::MAX), contrary);
    }

    #[test]
    fn crossing_rules_are_opposed_ones_of_which_none_is_inside_the_other(
        rules in prop::collection::vec(any_rule(), 2..9),
    ) {
        let world = world();
        let list = Bench { rules: &rules, default: Class::Deny, world: &world }.list();
        let (pairs, complete) = list.crossings(|_| true, usize::MAX - 1);
        prop_assert!(complete);
        let found = |rule: usize, later: usize| {
            pairs.iter().any(|(r, all)| *r as usize == rule && all.contains(&(later as u32)))
        };
        for (rule, later) in (0..rules.len()).flat_map(|l| (0..l).map(move |r| (r, l))) {
            let (a, b) = (&rules[rule], &rules[later]);
            let has = |of: fn(bool, bool) -> bool| {
                world.iter().any(|p| of(a.possibly(p), b.possibly(p)))
            };
            let opposed = differ(a.class, b.class) && has(|a, b| a && b);
            let apart = has(|a, b| a && !b) && has(|a, b| !a && b);
            let is_found = found(rule, later);
            let right = if opposed && apart { is_found } else { opposed || !is_found };
            prop_assert!(right, "rules {rule} and {later}");
        }
        let (first, complete) = list.crossings(|_| true, 0);
        prop_assert!(first.is_empty() && complete == pairs.is_empty());
        let (none, _) = list.crossings(|_| false, usize::MAX - 1);
        prop_assert!(none.is_empty());
    }

    #[test]
    fn rules_that_meet_a_region_are_those_that_share_a_packet_with_it(
        rules in prop::collection::vec(any_rule(), 1..7),
        region in traffic(),
    ) {
        let world = world();
        let list = Bench { rules: &rules, default: Class::Deny, world: &world }.list();
        let shares = |rule: &usize| world.iter().any(|p| region.contains(p) && rules[*rule].possibly(p));
        let expected: Vec<usize> = (0..rules.len()).filter(shares).collect();
        prop_assert_eq!(list.meeting(&region, usize::MAX), expected);
    }

    #[test]
    fn a_sample_is_in_its_set(set in traffic()) {
        for family in portvakt_space::Family::BOTH {
            let sample = set.sample(family);
            prop_assert_eq!(sample.is_some(), set.has(family));
            prop_assert!(sample.is_none_or(|p| p.family() == family && set.contains(&p)));
        }
    }
}

#[test]
fn an_empty_list_has_no_verdicts_and_leaves_everything() {
    let list = FirstMatchList::build([], Class::Deny);
    assert!(list.is_empty() && list.verdicts(Budget::default()).is_empty());
    let left = list.unmatched(&Traffic::ANY, Bound::Most, Budget::default());
    check_difference(&left, &world(), |_| true).unwrap();
}

//! What two lists decide otherwise, against plain enumeration, and laws that it obeys.

use std::collections::BTreeSet;

use crate::world::{Sketch, any_rule, exact_rule, group_world, grouped_rule, world};
use portvakt_space::{Budget, Changes, Class, Effect, MergedRule, Packet, Side, changes};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

type Checked = Result<(), TestCaseError>;

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![3 => Just(Side::Both), 1 => Just(Side::Old), 1 => Just(Side::New)]
}

fn found(rules: &[(Side, Sketch)]) -> Changes {
    let merged: Vec<MergedRule> =
        rules.iter().map(|(side, s)| MergedRule { side: *side, rule: s.listed() }).collect();
    changes(&merged, Budget::default())
}

/// The first rule of a list that matches in one way of settling what is unknown: `settled` says
/// for each rule whether it matches where it may.
fn first(rules: &[(Side, Sketch)], other: Side, settled: &[bool], p: &Packet) -> Option<usize> {
    let matches = |at: usize| {
        let (side, rule) = &rules[at];
        *side != other && (rule.surely(p) || settled[at] && rule.possibly(p))
    };
    (0..rules.len()).find(|at| matches(*at))
}

/// Everything that may become of a packet in both lists, with the rules that then decide.
fn outcomes(rules: &[(Side, Sketch)], p: &Packet) -> Vec<([Class; 2], [Option<usize>; 2])> {
    let unknown: Vec<usize> = (0..rules.len())
        .filter(|at| {
            let rule = &rules[*at].1;
            rule.possibly(p) && (!rule.surely(p) || rule.class == Class::Other)
        })
        .collect();
    let mut all = Vec::new();
    // Two bits for each: whether it matches, and what an unknown effect comes to.
    for choice in 0u32..1 << (2 * unknown.len()) {
        let mut settled = vec![false; rules.len()];
        let mut effect = vec![Class::Deny; rules.len()];
        for (bit, at) in unknown.iter().enumerate() {
            settled[*at] = choice >> (2 * bit) & 1 == 1;
            if choice >> (2 * bit + 1) & 1 == 1 {
                effect[*at] = Class::Permit;
            }
        }
        let by = [Side::New, Side::Old].map(|other| first(rules, other, &settled, p));
        let class = by.map(|rule| match rule.map(|at| (at, rules[at].1.class)) {
            Some((at, Class::Other)) => effect[at],
            Some((_, class)) => class,
            None => Class::Deny,
        });
        all.push((class, by));
    }
    all
}

fn expected(rules: &[(Side, Sketch)], p: &Packet) -> BTreeSet<Effect> {
    let all: BTreeSet<[Class; 2]> = outcomes(rules, p).into_iter().map(|o| o.0).collect();
    let sure = all.len() == 1;
    let effect = |pair: &[Class; 2]| match (pair, sure) {
        ([Class::Deny, Class::Permit], true) => Some(Effect::Permitted),
        ([Class::Permit, Class::Deny], true) => Some(Effect::Denied),
        ([Class::Deny, Class::Permit], false) => Some(Effect::MaybePermitted),
        ([Class::Permit, Class::Deny], false) => Some(Effect::MaybeDenied),
        _ => None,
    };
    all.iter().filter_map(effect).collect()
}

fn check(rules: &[(Side, Sketch)], world: &[Packet]) -> Checked {
    let found = found(rules);
    prop_assert!(found.open.is_empty());
    let mut deciding: BTreeSet<usize> = BTreeSet::new();
    for p in world {
        let effects = expected(rules, p);
        for effect in
            [Effect::Permitted, Effect::Denied, Effect::MaybePermitted, Effect::MaybeDenied]
        {
            let of = found.changes.iter().filter(|c| c.effect == effect);
            let times = of.filter(|c| c.traffic.contains(p)).count();
            prop_assert_eq!(times, usize::from(effects.contains(&effect)), "{:?} {:?}", p, effect);
        }
        if !effects.is_empty() {
            let by = outcomes(rules, p).into_iter().flat_map(|o| o.1).flatten();
            deciding.extend(by);
        }
    }
    for change in &found.changes {
        prop_assert!(change.traffic.contains(&change.witness));
        prop_assert!(expected(rules, &change.witness).contains(&change.effect));
        let by = outcomes(rules, &change.witness);
        for (at, own) in [(0, &change.old), (1, &change.new)] {
            let deciders: BTreeSet<usize> = by.iter().filter_map(|o| o.1[at]).collect();
            prop_assert!(deciders.iter().all(|d| own.contains(d)), "{deciders:?} {own:?}");
            if let [one] = deciders.iter().collect::<Vec<_>>()[..] {
                prop_assert_eq!(own.first(), Some(one));
            }
        }
    }
    for at in (0..rules.len()).filter(|at| rules[*at].0 != Side::Both) {
        let idle = found.no_effect.contains(&at);
        prop_assert!(!idle || !deciding.contains(&at), "rule {at} has an effect");
        let exact = rules.iter().all(|r| r.1.most.is_empty() && r.1.class != Class::Other);
        prop_assert!(!exact || idle || deciding.contains(&at), "rule {at} has none");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..Default::default() })]

    #[test]
    fn exact_lists_are_compared_as_enumeration_does(
        rules in prop::collection::vec((side(), exact_rule()), 1..8),
    ) {
        check(&rules, &world())?;
    }

    #[test]
    fn unknown_matches_are_never_taken_for_known(
        rules in prop::collection::vec((side(), any_rule()), 1..6),
    ) {
        check(&rules, &world())?;
    }

    #[test]
    fn groups_are_compared_as_their_members_are(
        rules in prop::collection::vec((side(), grouped_rule()), 1..8),
    ) {
        check(&rules, &group_world())?;
    }
}

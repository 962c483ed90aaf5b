//! Counted packets against the sets that they are counted in, and agreement against enumeration.

use crate::world::{
    Sketch, any_rule, class, differ, exact_rule, grouped_rule, tile_rule, traffic, world,
};
use portvakt_space::{
    AtomSet, Bound, Budget, Class, Family, FirstMatchList, Packet, ServiceBox, ServiceSet, Size,
    Traffic, difference, rounded,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// Packets of one IP version in products that share none.
fn count(parts: &[Traffic], family: Family) -> f64 {
    let span = |(lo, hi): (u16, u16)| f64::from(hi - lo) + 1.0;
    let of_box =
        |b: &ServiceBox| (f64::from(b.proto.1 - b.proto.0) + 1.0) * span(b.sport) * span(b.dport);
    let services = |set: &ServiceSet| {
        let mut rest = set.clone();
        let mut sum = 0.0;
        while let Some(one) = rest.boxes().first().copied() {
            sum += of_box(&one);
            rest = rest.minus(&one.into());
        }
        sum
    };
    let addresses = |set: &portvakt_space::AddrSet| match set.size(family) {
        u128::MAX => 2f64.powi(128),
        size => rounded(size),
    };
    let one = |t: &Traffic| {
        addresses(&t.src)
            * addresses(&t.dst)
            * services(&t.service)
            * f64::from(t.state.iter().count() as u32)
    };
    parts.iter().filter(|part| part.has(family)).map(one).sum()
}

/// The same rules for every interface: how many there are is not for the sets to say.
fn anywhere(rules: Vec<Sketch>) -> Vec<Sketch> {
    let wide = |all: Vec<Traffic>| {
        all.into_iter().map(|t| Traffic { iif: AtomSet::ANY, ..t }).collect::<Vec<_>>()
    };
    rules.into_iter().map(|r| Sketch { least: wide(r.least), most: wide(r.most), ..r }).collect()
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9
}

/// Every size against the sets of [`FirstMatchList::effective`].
fn check(rules: &[Sketch], budget: Budget) -> Result<(), TestCaseError> {
    let list = FirstMatchList::build(rules.iter().map(Sketch::listed), Class::Deny);
    let numbers: Vec<u32> = (0..rules.len() as u32).collect();
    let dead = vec![false; rules.len()];
    let (sizes, wholes) = (list.sizes(&dead, budget), list.wholes(&numbers, Budget::default()));
    for (number, rule) in rules.iter().enumerate() {
        let all: Vec<Traffic> = rule.least.iter().chain(&rule.most).cloned().collect();
        let own = difference(&all, &[], Budget::default()).parts;
        let effective =
            |bound| list.effective(number, &Traffic::ANY, bound, Budget::default()).parts;
        let (least, most) = (effective(Bound::Least), effective(Bound::Most));
        for family in Family::BOTH {
            let whole = count(&own, family);
            if whole <= 0.0 {
                continue;
            }
            let known = sizes[family as usize].get(number as u32);
            let size = known.unwrap_or_else(|| Size::all(wholes[family as usize][number]));
            let [low, high] = [&least, &most].map(|parts| count(parts, family) / whole);
            let (at_least, at_most) = (size.least / size.whole, size.most / size.whole);
            prop_assert!(at_least <= low + 1e-9 && high <= at_most + 1e-9);
            let exact = budget == Budget::default();
            prop_assert!(!exact || is_close(at_most, high), "{number}: {at_most} {high}");
            prop_assert!(!exact || is_close(at_least, low), "{number}: {at_least} {low}");
        }
    }
    Ok(())
}

/// Whether the rules from `from` on are sure to decide the packet as `class` does.
fn is_alike(rules: &[Sketch], class: Class, default: Class, packet: &Packet) -> bool {
    for rule in rules {
        if rule.possibly(packet) && differ(class, rule.class) {
            return false;
        }
        if rule.surely(packet) {
            return true;
        }
    }
    !differ(class, default)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn sizes_are_those_of_what_rules_decide(
        rules in prop::collection::vec(prop_oneof![any_rule(), exact_rule()], 1..8),
    ) {
        check(&anywhere(rules), Budget::default())?;
    }

    #[test]
    fn sizes_of_groups_are_those_of_their_members(
        rules in prop::collection::vec(grouped_rule(), 1..8),
    ) {
        check(&rules, Budget::default())?;
    }

    #[test]
    fn rules_that_many_others_meet_are_counted_by_what_those_take(
        rules in prop::collection::vec(tile_rule(), 27..44),
    ) {
        check(&rules, Budget::default())?;
    }

    #[test]
    fn where_the_budget_ends_the_size_lies_between_the_bounds(
        rules in prop::collection::vec(any_rule(), 2..8),
        tiles in prop::collection::vec(tile_rule(), 27..40),
        pieces in 0u32..12,
        visits in 0u64..120,
    ) {
        check(&anywhere(rules), Budget { pieces, visits })?;
        check(&tiles, Budget { pieces, visits })?;
    }

    #[test]
    fn rules_agree_when_every_packet_is_sure_to_be_decided_alike(
        rules in prop::collection::vec(any_rule(), 1..6),
        region in traffic(),
        (own, default) in (class(), class()),
        from in any::<prop::sample::Index>(),
    ) {
        let list = FirstMatchList::build(rules.iter().map(Sketch::listed), default);
        let from = from.index(rules.len() + 1);
        let mut packets = world().into_iter().filter(|p| region.contains(p));
        let alike = packets.all(|p| is_alike(&rules[from..], own, default, &p));
        prop_assert_eq!(list.agrees(&region, own, from, Budget::default()), Some(alike));
    }
}

//! Real-sized lists against binary decision diagrams: another representation, another author.

use std::net::IpAddr;

use oxidd::bdd::{BDDFunction, BDDManagerRef, new_manager};
use oxidd::{BooleanFunction, Manager, ManagerRef};
use portvakt_space::{
    Bound, Budget, Class, Effect, Family, FirstMatchList, ListedRule, MergedRule, Needed, Side,
    Traffic, Verdict, changes, difference,
};

use crate::lists::{Dice, Line, access_list, boxes};

/// Sets of packets of one IP version as diagrams. Interfaces and states are left out: the lists
/// here don't use them.
struct Diagrams {
    manager: BDDManagerRef,
    family: Family,
    /// First variable and width of source, destination, protocol, source and destination port.
    fields: [(u32, u32); 5],
}

impl Diagrams {
    fn new(family: Family) -> Self {
        let address = if family == Family::V4 { 32 } else { 128 };
        let mut start = 0;
        let fields = [address, address, 8, 16, 16].map(|width| {
            start += width;
            (start - width, width)
        });
        let manager = new_manager(1 << 22, 1 << 18, 1);
        manager.with_manager_exclusive(|m| m.add_vars(start));
        Self { manager, family, fields }
    }

    fn constant(&self, value: bool) -> BDDFunction {
        self.manager
            .with_manager_shared(|m| if value { BDDFunction::t(m) } else { BDDFunction::f(m) })
    }

    /// Whether bit `bit` of a field, counted from its lowest, is set.
    fn bit(&self, field: usize, bit: u32) -> BDDFunction {
        let (start, width) = self.fields[field];
        self.manager.with_manager_shared(|m| BDDFunction::var(m, start + width - 1 - bit)).unwrap()
    }

    /// Values from `bound` on (`up`), or up to it.
    fn beyond(&self, field: usize, bound: u128, up: bool) -> BDDFunction {
        let mut all = self.constant(true);
        for bit in 0..self.fields[field].1 {
            let var = self.bit(field, bit);
            all = match (bound >> bit & 1 == 1, up) {
                (true, true) => var.and(&all),
                (false, true) => var.or(&all),
                (true, false) => var.not().unwrap().or(&all),
                (false, false) => var.not().unwrap().and(&all),
            }
            .unwrap();
        }
        all
    }

    fn range(&self, field: usize, (lo, hi): (u128, u128)) -> BDDFunction {
        self.beyond(field, lo, true).and(&self.beyond(field, hi, false)).unwrap()
    }

    fn addresses(&self, field: usize, set: &portvakt_space::AddrSet) -> BDDFunction {
        let bits = |addr: IpAddr| match addr {
            IpAddr::V4(a) => u128::from(u32::from(a)),
            IpAddr::V6(a) => a.into(),
        };
        let ranges = set.only(self.family).ranges();
        self.any(ranges.iter().map(|(lo, hi)| self.range(field, (bits(*lo), bits(*hi)))))
    }

    fn any(&self, sets: impl Iterator<Item = BDDFunction>) -> BDDFunction {
        sets.fold(self.constant(false), |all, set| all.or(&set).unwrap())
    }

    fn traffic(&self, traffic: &Traffic) -> BDDFunction {
        let services = self.any(traffic.service.boxes().iter().map(|b| {
            let proto = self.range(2, (b.proto.0.into(), b.proto.1.into()));
            let sport = self.range(3, (b.sport.0.into(), b.sport.1.into()));
            let dport = self.range(4, (b.dport.0.into(), b.dport.1.into()));
            proto.and(&sport).unwrap().and(&dport).unwrap()
        }));
        let (src, dst) = (self.addresses(0, &traffic.src), self.addresses(1, &traffic.dst));
        src.and(&dst).unwrap().and(&services).unwrap()
    }

    /// The union of sets that must share nothing.
    fn disjoint_union(&self, parts: &[Traffic]) -> BDDFunction {
        parts.iter().fold(self.constant(false), |all, part| {
            let part = self.traffic(part);
            assert!(!all.and(&part).unwrap().satisfiable(), "parts overlap");
            all.or(&part).unwrap()
        })
    }
}

fn minus(a: &BDDFunction, b: &BDDFunction) -> BDDFunction {
    a.and(&b.not().unwrap()).unwrap()
}

fn index(lines: &[Line], default: Class) -> FirstMatchList {
    FirstMatchList::build(
        lines.iter().map(|line| ListedRule::exact(line.0, std::slice::from_ref(&line.1))),
        default,
    )
}

/// What the diagrams say of each rule: packets that reach it, and those of them whose decision
/// would change without it.
fn reach_and_need(
    d: &Diagrams,
    rules: &[BDDFunction],
    lines: &[Line],
    default: Class,
) -> Vec<(BDDFunction, BDDFunction)> {
    let mut before = d.constant(false);
    let mut reach = Vec::new();
    for rule in rules {
        reach.push(minus(rule, &before));
        before = before.or(rule).unwrap();
    }
    let mut permitted = d.constant(default == Class::Permit);
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate().rev() {
        let permits = line.0 == Class::Permit;
        let changed = if permits { permitted.not().unwrap() } else { permitted.clone() };
        out.push((reach[at].clone(), reach[at].and(&changed).unwrap()));
        permitted =
            if permits { permitted.or(&rules[at]).unwrap() } else { minus(&permitted, &rules[at]) };
    }
    out.reverse();
    out
}

/// Judges a list both ways and returns how many rules are live, removable and unreachable.
fn compare(lines: &[Line], family: Family, default: Class) -> [usize; 3] {
    let d = Diagrams::new(family);
    let rules: Vec<BDDFunction> = lines.iter().map(|line| d.traffic(&line.1)).collect();
    let expected = reach_and_need(&d, &rules, lines, default);
    let list = index(lines, default);
    let mut counts = [0; 3];
    for (at, verdict) in list.verdicts(Budget::default()).iter().enumerate() {
        let (reach, need) = &expected[at];
        let (kind, reached, needed) = match verdict {
            Verdict::Live { needed: Needed::Proven, .. } => (0, true, true),
            Verdict::Removable { .. } => (1, true, false),
            Verdict::Unreachable { blockers, .. } => {
                let cover = d.any(blockers.iter().map(|b| rules[*b].clone()));
                assert!(!minus(&rules[at], &cover).satisfiable(), "rule {at}: {verdict:?}");
                (2, false, false)
            }
            other => panic!("rule {at}: {other:?}"),
        };
        assert_eq!(
            (reach.satisfiable(), need.satisfiable()),
            (reached, needed),
            "rule {at}: {verdict:?}"
        );
        counts[kind] += 1;
        if at % 16 == 0 {
            let own = list.effective(at, &Traffic::ANY, Bound::Most, Budget::default());
            assert!(own.is_complete());
            assert!(d.disjoint_union(&own.parts) == *reach, "effective set of rule {at}");
        }
    }
    counts
}

#[test]
fn verdicts_on_access_lists_agree() {
    for (rules, family, seed) in
        [(1_000, Family::V4, 1), (300, Family::V4, 2), (250, Family::V6, 3)]
    {
        let lines = access_list(rules, family, seed);
        let counts = compare(&lines, family, Class::Deny);
        assert!(counts.iter().all(|n| *n > 0), "the list tests too little: {counts:?}");
    }
}

#[test]
fn verdicts_on_random_boxes_agree() {
    let mut counts = [0; 3];
    for (rules, side, seed) in [(90, 0, 1), (60, 60, 2), (40, 80, 3)] {
        let more = compare(&boxes(rules, side, seed), Family::V4, Class::Permit);
        counts.iter_mut().zip(more).for_each(|(all, more)| *all += more);
    }
    assert!(counts.iter().all(|n| *n > 0), "the lists test too little: {counts:?}");
}

#[test]
fn differences_of_access_lists_agree() {
    let d = Diagrams::new(Family::V4);
    let mut dice = Dice(5);
    for round in 0..4 {
        let base: Vec<Traffic> =
            access_list(60, Family::V4, 10 + round).into_iter().take(55).map(|l| l.1).collect();
        let mut cover: Vec<Traffic> =
            access_list(300, Family::V4, 20 + round).into_iter().take(295).map(|l| l.1).collect();
        // Parts of the base, so that the sets have much in common.
        cover.extend(base.iter().filter(|_| dice.below(2) == 0).cloned());
        let found = difference(&base, &cover, Budget::default());
        assert!(found.is_complete());
        let union = |sets: &[Traffic]| d.any(sets.iter().map(|t| d.traffic(t)));
        let expected = minus(&union(&base), &union(&cover));
        assert!(expected.satisfiable());
        assert!(d.disjoint_union(&found.parts) == expected, "round {round}");
    }
}

#[test]
fn what_a_list_leaves_over_agrees() {
    let d = Diagrams::new(Family::V4);
    let mut lines = access_list(200, Family::V4, 31);
    lines.pop();
    let list = index(&lines, Class::Deny);
    let union = d.any(lines.iter().map(|line| d.traffic(&line.1)));
    let region = lines[7].1.clone();
    let everything = Traffic::all(Family::V4);
    for region in [region, everything] {
        let left =
            list.unmatched(&region, Bound::Most, Budget { pieces: 1 << 20, visits: 1 << 32 });
        assert!(left.is_complete());
        assert!(d.disjoint_union(&left.parts) == minus(&d.traffic(&region), &union));
    }
}

/// The union of what the rules of all sides but `other` let through.
fn let_through(d: &Diagrams, rules: &[(Side, Line)], other: Side) -> BDDFunction {
    let own = rules.iter().filter(|(side, _)| *side != other).rev();
    own.fold(d.constant(false), |permitted, (_, line)| {
        let set = d.traffic(&line.1);
        if line.0 == Class::Permit { permitted.or(&set).unwrap() } else { minus(&permitted, &set) }
    })
}

#[test]
fn changes_of_access_lists_agree() {
    for (rules, family, seed) in
        [(800, Family::V4, 51), (800, Family::V4, 52), (200, Family::V6, 53)]
    {
        let d = Diagrams::new(family);
        let mut dice = Dice(seed);
        let mut side = || match dice.below(40) {
            0 => Side::Old,
            1 => Side::New,
            _ => Side::Both,
        };
        let lines = access_list(rules, family, seed).into_iter();
        let merged: Vec<(Side, Line)> = lines.map(|line| (side(), line)).collect();
        let listed = merged.iter().map(|(side, line)| MergedRule {
            side: *side,
            rule: ListedRule::exact(line.0, std::slice::from_ref(&line.1)),
        });
        let found = changes(&listed.collect::<Vec<_>>(), Budget::default());
        assert!(found.open.is_empty());
        let (old, new) = (let_through(&d, &merged, Side::New), let_through(&d, &merged, Side::Old));
        for (effect, expected) in
            [(Effect::Permitted, minus(&new, &old)), (Effect::Denied, minus(&old, &new))]
        {
            let own = found.changes.iter().filter(|c| c.effect == effect);
            let parts: Vec<Traffic> = own.map(|c| c.traffic.clone()).collect();
            assert!(!parts.is_empty(), "the lists test too little");
            assert!(d.disjoint_union(&parts) == expected, "{effect:?} with seed {seed}");
        }
        assert_eq!(found.changes.iter().filter(|c| c.effect > Effect::Denied).count(), 0);
        assert!(!found.no_effect.is_empty());
    }
}

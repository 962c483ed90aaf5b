//! Laws that any right answer obeys, on lists of some hundred rules.

use portvakt_space::{
    AddrSet, Bound, Budget, Cause, Class, Difference, Doubt, Family, FirstMatchList, ListedRule,
    Needed, ServiceBox, TCP, Traffic, Verdict, difference,
};

use crate::lists::{Dice, Line, access_list, boxes};

fn index(lines: &[Line], default: Class) -> FirstMatchList {
    let one = std::slice::from_ref;
    FirstMatchList::build(lines.iter().map(|l| ListedRule::exact(l.0, one(&l.1))), default)
}

fn verdicts(lines: &[Line]) -> Vec<Verdict> {
    index(lines, Class::Deny).verdicts(Budget::default())
}

/// A verdict without the witnesses and the choice among equally good blockers.
fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Live { needed: Needed::Proven, .. } => "live",
        Verdict::Live { .. } => "live?",
        Verdict::Removable { .. } => "removable",
        Verdict::Unreachable { cause: Cause::Union, .. } => "union",
        Verdict::Unreachable { cause: Cause::One, .. } => "one",
        Verdict::Unreachable { cause: Cause::Unmatchable, .. } => "nothing",
        Verdict::Undecided(_) => "undecided",
    }
}

fn kinds(lines: &[Line]) -> Vec<&'static str> {
    verdicts(lines).iter().map(kind).collect()
}

/// All that a list permits, as disjoint parts.
fn permitted(lines: &[Line]) -> Vec<Traffic> {
    let list = index(lines, Class::Deny);
    let permits = (0..lines.len()).filter(|at| lines[*at].0 == Class::Permit);
    let own = |at| list.effective(at, &Traffic::ANY, Bound::Most, Budget::default());
    let parts: Vec<Difference> = permits.map(own).collect();
    assert!(parts.iter().all(Difference::is_complete));
    parts.into_iter().flat_map(|d| d.parts).collect()
}

fn less(a: &[Traffic], b: &[Traffic]) -> Vec<Traffic> {
    let rest = difference(a, b, Budget { pieces: 1 << 20, visits: 1 << 32 });
    assert!(rest.is_complete());
    rest.parts
}

#[test]
fn disjoint_neighbours_may_change_places() {
    let mut lines = access_list(300, Family::V4, 41);
    let (mut places, mut dice): (Vec<usize>, _) = ((0..lines.len()).collect(), Dice(1));
    let before = kinds(&lines);
    let mut swaps = 0;
    for _ in 0..4_000 {
        let at = dice.below(lines.len() as u64 - 1) as usize;
        if !lines[at].1.overlaps(&lines[at + 1].1) {
            lines.swap(at, at + 1);
            places.swap(at, at + 1);
            swaps += 1;
        }
    }
    assert!(swaps > 1_000);
    for (at, kind) in kinds(&lines).into_iter().enumerate() {
        assert_eq!(kind, before[places[at]], "rule {}", places[at]);
    }
}

#[test]
fn one_more_deny_never_permits_more() {
    let lines = access_list(120, Family::V4, 42);
    let before = permitted(&lines);
    for at in [0, 30, 80] {
        let mut with = lines.clone();
        let net = AddrSet::prefix([lines[at].1.dst.ranges()[0].0][0], 16);
        with.insert(at, (Class::Deny, Traffic { dst: net, ..Traffic::all(Family::V4) }));
        let after = permitted(&with);
        assert!(less(&after, &before).is_empty());
        assert!(!less(&before, &after).is_empty(), "the rule at {at} tests nothing");
    }
}

#[test]
fn a_prefix_may_be_written_as_its_halves() {
    let lines = access_list(200, Family::V6, 43);
    let mut halved = Vec::new();
    let mut whole = Vec::new();
    for (class, traffic) in &lines {
        let ranges = traffic.dst.ranges();
        let half = |up: u128| {
            let (std::net::IpAddr::V6(lo), std::net::IpAddr::V6(hi)) = ranges[0] else {
                return AddrSet::NONE;
            };
            let (lo, hi) = (u128::from(lo), u128::from(hi));
            let middle = lo + (hi - lo) / 2;
            let ends = if up == 0 { (lo, middle) } else { (middle + 1, hi) };
            AddrSet::range(
                std::net::Ipv6Addr::from(ends.0).into(),
                std::net::Ipv6Addr::from(ends.1).into(),
            )
        };
        halved.push((*class, [0, 1].map(|up| Traffic { dst: half(up), ..traffic.clone() })));
        whole.push((*class, [traffic.clone()]));
    }
    let of = |list: FirstMatchList| {
        list.verdicts(Budget::default()).iter().map(kind).collect::<Vec<_>>()
    };
    let a = FirstMatchList::build(whole.iter().map(|r| ListedRule::exact(r.0, &r.1)), Class::Deny);
    let b = FirstMatchList::build(halved.iter().map(|r| ListedRule::exact(r.0, &r.1)), Class::Deny);
    assert_eq!(of(a), of(b));
}

#[test]
fn unreachable_rules_may_all_go() {
    let lines = access_list(300, Family::V4, 44);
    let dead: Vec<bool> =
        kinds(&lines).into_iter().map(|kind| kind == "one" || kind == "union").collect();
    assert!(dead.iter().filter(|d| **d).count() > 3);
    let kept: Vec<Line> =
        lines.iter().zip(&dead).filter(|(_, dead)| !**dead).map(|(l, _)| l.clone()).collect();
    let (before, after) = (permitted(&lines), permitted(&kept));
    assert!(less(&before, &after).is_empty() && less(&after, &before).is_empty());
}

#[test]
fn any_removable_rule_may_go() {
    let lines = access_list(150, Family::V4, 45);
    let before = permitted(&lines);
    let removable: Vec<usize> = kinds(&lines)
        .into_iter()
        .enumerate()
        .filter(|(_, kind)| *kind == "removable")
        .map(|(at, _)| at)
        .collect();
    assert!(removable.len() > 5);
    for at in removable.into_iter().step_by(4) {
        let mut without = lines.clone();
        without.remove(at);
        let after = permitted(&without);
        assert!(less(&before, &after).is_empty() && less(&after, &before).is_empty());
    }
}

/// A first-match list decides every packet once, so the effective sets part the whole.
#[test]
fn effective_sets_and_the_rest_are_everything() {
    let lines = boxes(25, 0, 46);
    let list = index(&lines, Class::Deny);
    let large = Budget { pieces: 1 << 20, visits: 1 << 32 };
    let mut all = list.unmatched(&Traffic::ANY, Bound::Most, large);
    for at in 0..lines.len() {
        let own = list.effective(at, &Traffic::ANY, Bound::Most, large);
        assert!(own.is_complete());
        all.parts.extend(own.parts);
    }
    assert!(all.is_complete());
    assert!(less(&[Traffic::ANY], &all.parts).is_empty());
    let size = |t: &Traffic| {
        let count = |lo: u16, hi: u16| u128::from(hi - lo) + 1;
        let service: u128 = t
            .service
            .boxes()
            .iter()
            .map(|b| {
                let protocols = count(b.proto.0.into(), b.proto.1.into());
                protocols * count(b.sport.0, b.sport.1) * count(b.dport.0, b.dport.1)
            })
            .sum();
        t.src.size(Family::V4) * t.dst.size(Family::V4) * service
    };
    assert_eq!(all.parts.iter().map(size).sum::<u128>(), size(&Traffic::ANY));
}

/// What a budget cuts short is either the verdict itself or an admission.
#[test]
fn a_small_budget_never_changes_a_verdict() {
    let lines = boxes(60, 0, 47);
    let list = index(&lines, Class::Deny);
    let full = list.verdicts(Budget::default());
    let mut unfinished = 0;
    for pieces in [0, 1, 2, 4, 8, 16, 32, 64] {
        for (at, verdict) in list.verdicts(Budget { pieces, visits: 4_000 }).iter().enumerate() {
            match (verdict, &full[at]) {
                (Verdict::Undecided(Doubt::Unfinished { proven, of }), _) => {
                    assert!(proven < of);
                    unfinished += 1;
                }
                (Verdict::Live { needed: Needed::Unfinished, .. }, whole) => {
                    assert!(matches!(whole, Verdict::Live { .. } | Verdict::Removable { .. }));
                    unfinished += 1;
                }
                (verdict, whole) => {
                    assert_eq!(kind(verdict) == "one", kind(whole) == "one");
                    let unreachable = |v| matches!(v, &Verdict::Unreachable { .. });
                    assert_eq!(unreachable(verdict), unreachable(whole), "rule {at}");
                }
            }
        }
    }
    assert!(unfinished > 20, "the budgets test too little: {unfinished}");
}

#[test]
fn what_a_budget_leaves_open_is_named() {
    let host = |n: u8| AddrSet::host([10, 0, n, 1].into());
    let base =
        [Traffic { service: ServiceBox::to(TCP, 1, 1024).into(), ..Traffic::all(Family::V4) }];
    let cover: Vec<Traffic> = (0..40)
        .map(|n: u8| Traffic {
            src: host(n),
            dst: host(100 + n),
            service: ServiceBox::to(TCP, u16::from(n) + 1, u16::from(n) + 1).into(),
            ..Traffic::ANY
        })
        .collect();
    let short = difference(&base, &cover, Budget { pieces: 10, ..Budget::default() });
    assert!(!short.is_complete() && short.parts.is_empty());
    assert_eq!(short.open.len(), 1);
    assert_eq!(short.open[0].within, base[0]);
    let witness = short.open[0].witness.expect("a packet beside the exceptions");
    assert!(base[0].contains(&witness) && !cover.iter().any(|t| t.contains(&witness)));
    let whole = difference(&base, &cover, Budget::default());
    assert!(whole.is_complete() && !whole.parts.is_empty());
}

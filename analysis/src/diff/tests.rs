//! Differences against the interpreter that walks one packet, and laws that they obey.

use std::net::Ipv4Addr;

use portvakt_model::{Action, Default as ListDefault, Gap, Hook, Reason, Rule, Source, SourceId};
use portvakt_space::{AddrSet, ServiceBox, State, TCP};
use proptest::prelude::*;

use super::*;
use crate::replay;

const TODAY: Date = jiff::civil::date(2026, 11, 20);

fn hosts(a: u8, b: u8) -> AddrSet {
    let addr = |n: u8| Ipv4Addr::new(10, 0, 0, n).into();
    AddrSet::range(addr(a.min(b)), addr(a.max(b)))
}

fn traffic(a: u8, b: u8, lo: u16, hi: u16) -> Traffic {
    let service = ServiceBox::to(TCP, lo.min(hi), lo.max(hi)).into();
    Traffic { src: hosts(a, b), service, ..Traffic::ANY }
}

fn rule(calls: bool) -> impl Strategy<Value = Rule> {
    let last = if calls { Action::Jump(RulesetId(1)) } else { Action::Return };
    let action = prop_oneof![3 => Just(Action::Permit), 3 => Just(Action::Deny), 1 => Just(last)];
    (action, 0u8..4, 0u8..4, 0u16..3, 0u16..3)
        .prop_map(|(action, a, b, lo, hi)| Rule::new(1, action, traffic(a, b, lo, hi)))
}

fn device(rules: Vec<Rule>, chain: Vec<Rule>) -> Device {
    let mut device = Device::new("d", "test", SourceId(0));
    for (name, rules, hook) in [("list", rules, Some(Hook::Forward(0))), ("chain", chain, None)] {
        let mut list = Ruleset::new(name, 1);
        list.rules = rules;
        list.hooks.extend(hook);
        list.default = ListDefault { action: Action::Deny, line: None };
        device.rulesets.push(list);
    }
    for (line, rule) in (1..).zip(device.rulesets.iter_mut().flat_map(|l| &mut l.rules)) {
        rule.line = line;
    }
    device
}

/// Some edits of a list: rules that go, that come, and that change places.
fn edited(rules: Vec<Rule>, edits: Vec<(u8, usize, Rule)>) -> Vec<Rule> {
    let mut rules = rules;
    for (kind, at, rule) in edits {
        let at = at % (rules.len() + 1);
        match kind {
            0 if at < rules.len() => drop(rules.remove(at)),
            1 if at + 1 < rules.len() => rules.swap(at, at + 1),
            _ => rules.insert(at, rule),
        }
    }
    rules
}

fn versions() -> impl Strategy<Value = (Device, Device)> {
    let rules = |calls| prop::collection::vec(rule(calls), 0..7);
    let edits = |calls| prop::collection::vec((0u8..3, 0usize..7, rule(calls)), 0..3);
    (rules(true), edits(true), rules(false), edits(false)).prop_map(|(a, b, c, d)| {
        let new = device(edited(a.clone(), b), edited(c.clone(), d));
        (device(a, c), new)
    })
}

fn packets() -> impl Iterator<Item = Packet> {
    let packet = |src: u8, dport: u16| Packet {
        src: Ipv4Addr::new(10, 0, 0, src).into(),
        dst: Ipv4Addr::new(10, 9, 9, 9).into(),
        proto: TCP,
        sport: 40_000,
        dport,
        iif: u32::MAX,
        oif: u32::MAX,
        state: State::New,
    };
    (0..5u8).flat_map(move |src| (0..4u16).map(move |dport| packet(src, dport)))
}

fn source(device: &Device) -> Source {
    let lines = device.rulesets.iter().flat_map(|l| &l.rules);
    let reasons =
        lines.map(|r| r.gap.iter().flat_map(|g| &g.reasons).filter_map(|r| r.what.written()));
    let text: Vec<String> = reasons.map(|r| r.collect::<Vec<_>>().join(" ")).collect();
    Source::new("x".into(), text.join("\n"))
}

fn compared(old: &Device, new: &Device) -> ListDiff {
    let (before, after) = (source(old), source(new));
    let version = |device, source| Version { device, source };
    // A chain that neither version calls is compared by itself.
    let found = devices(version(old, &before), version(new, &after), TODAY, &|_| true);
    found.lists.into_iter().find(|list| list.new == Some(RulesetId(0))).unwrap()
}

fn of(diff: &ListDiff, effect: Effect) -> Vec<&ListChange> {
    diff.changes.iter().filter(|change| change.effect == effect).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_packet_fares_as_the_interpreter_sees_it((old, new) in versions()) {
        let diff = compared(&old, &new);
        prop_assert!(diff.complete && diff.open.is_empty());
        let fate = |device, packet: &Packet| replay::list(device, RulesetId(0), packet, TODAY);
        for packet in packets() {
            let fates = [&old, &new].map(|d| fate(d, &packet).permitted == Some(true));
            for (effect, expected) in
                [(Effect::Permitted, [false, true]), (Effect::Denied, [true, false])]
            {
                let hits = of(&diff, effect).iter().filter(|c| c.traffic.contains(&packet)).count();
                prop_assert_eq!(hits, usize::from(fates == expected), "{:?}", packet);
            }
        }
        for change in &diff.changes {
            prop_assert!(change.traffic.contains(&change.witness));
            for (device, rules) in [(&old, &change.old), (&new, &change.new)] {
                prop_assert_eq!(Some(&fate(device, &change.witness).rule), rules.first());
            }
        }
    }

    #[test]
    fn a_list_does_not_differ_from_itself((old, _) in versions()) {
        let diff = compared(&old, &old);
        prop_assert!(diff.changes.is_empty() && diff.same_hooks);
        prop_assert!(diff.no_effect_old.is_empty() && diff.no_effect_new.is_empty());
    }

    #[test]
    fn one_more_deny_permits_nothing((old, _) in versions(), at in 0usize..7, a in 0u8..4) {
        let mut rules = old.rulesets[0].rules.clone();
        let deny = Rule::new(1, Action::Deny, traffic(a, 3, 0, 2));
        rules.insert(at % (rules.len() + 1), deny);
        let new = device(rules, old.rulesets[1].rules.clone());
        prop_assert!(of(&compared(&old, &new), Effect::Permitted).is_empty());
    }

    #[test]
    fn a_range_may_be_written_as_its_halves((old, _) in versions()) {
        let halves = |rule: &Rule| {
            let [low, high] = [hosts(0, 1), hosts(2, 255)].map(|half| {
                let src = rule.matches.src.intersect(&half);
                Rule::new(1, rule.action, Traffic { src, ..rule.matches.clone() })
            });
            [low, high]
        };
        let rules = old.rulesets[0].rules.iter().flat_map(halves).collect();
        let new = device(rules, old.rulesets[1].rules.clone());
        let diff = compared(&old, &new);
        prop_assert!(diff.changes.is_empty(), "{:?}", diff.changes);
    }
}

#[test]
fn shuffled_disjoint_rules_change_nothing() {
    let host = |n: u8| {
        let action = if n.is_multiple_of(2) { Action::Permit } else { Action::Deny };
        Rule::new(1, action, traffic(n, n, 0, 9))
    };
    let old = device((0..20).map(host).collect(), Vec::new());
    let new = device((0..20).map(|n| host((n * 7 + 3) % 20)).collect(), Vec::new());
    let diff = compared(&old, &new);
    assert!(diff.changes.is_empty());
    assert!(!diff.no_effect_old.is_empty());
    assert_eq!(diff.no_effect_old.len(), diff.no_effect_new.len());
}

#[test]
fn an_unknown_match_is_the_same_only_where_it_is_written_the_same() {
    let with = |text: &str, port| {
        let mut unknown = Rule::new(1, Action::Permit, traffic(0, 3, 0, 2));
        let reason = Reason { what: text.into(), line: 1 };
        unknown.gap = Some(Box::new(Gap { reasons: vec![reason], ..Gap::default() }));
        device(vec![unknown, Rule::new(1, Action::Permit, traffic(0, 0, port, port))], Vec::new())
    };
    let other = compared(&with("-m recent --name A", 1), &with("-m recent --name B", 1));
    assert!(of(&other, Effect::Permitted).is_empty() && of(&other, Effect::Denied).is_empty());
    assert!(!of(&other, Effect::MaybePermitted).is_empty());
    let same = compared(&with("-m recent --name A", 1), &with("-m recent --name A", 2));
    assert!(of(&same, Effect::Permitted).is_empty(), "the unknown match may permit it already");
    assert_eq!(of(&same, Effect::MaybePermitted).len(), 1);
    assert_eq!(of(&same, Effect::MaybeDenied).len(), 1);
}

#[test]
fn a_list_of_one_version_only_is_told_of() {
    let (old, mut new) = (device(Vec::new(), Vec::new()), device(Vec::new(), Vec::new()));
    new.rulesets[0].name = "other".into();
    new.rulesets.truncate(1);
    let (before, after) = (source(&old), source(&new));
    let version = |device, source| Version { device, source };
    let found = devices(version(&old, &before), version(&new, &after), TODAY, &|_| true);
    let only: Vec<_> = found.lists.iter().map(|l| (l.old.is_some(), l.new.is_some())).collect();
    assert!(only.contains(&(false, true)) && only.contains(&(true, false)), "{only:?}");
}

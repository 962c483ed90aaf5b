//! A small world: a few hosts, three interfaces, random lists with chains, and an oracle.
//!
//! The oracle walks one packet through the chains, by each interface, and keeps two facts at every
//! place: whether the packet may be there, and whether it is sure to be. It knows no sets.

use std::net::Ipv4Addr;

use jiff::civil::Date;
use portvakt_model::{Action, Default, Device, Gap, Hook, Rule, Ruleset, RulesetId, SourceId};
use portvakt_space::{AddrSet, AtomSet, Bound, Family, Packet, ServiceBox, State, TCP, Traffic};
use proptest::prelude::*;

pub(crate) const TODAY: Date = jiff::civil::date(2026, 11, 20);
/// Addresses that rules speak of; one more stands for all others.
pub(crate) const HOSTS: u8 = 6;
/// Interfaces: two that rules name, and one that they don't.
pub(crate) const INTERFACES: [u32; 3] = [0, 1, u32::MAX];

pub(crate) fn host(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, n)
}

pub(crate) fn hosts() -> impl Strategy<Value = AddrSet> {
    prop_oneof![
        2 => Just(AddrSet::ANY),
        5 => (0..HOSTS, 0..HOSTS)
            .prop_map(|(a, b)| AddrSet::range(host(a.min(b)).into(), host(a.max(b)).into())),
        1 => (0..HOSTS).prop_map(|a| AddrSet::host(host(a).into()).complement()),
    ]
}

fn interfaces() -> impl Strategy<Value = AtomSet> {
    prop_oneof![
        6 => Just(AtomSet::ANY),
        2 => (0u32..2).prop_map(AtomSet::one),
        1 => (0u32..2).prop_map(|atom| AtomSet::one(atom).complement()),
    ]
}

fn traffic() -> impl Strategy<Value = Traffic> {
    (hosts(), hosts(), interfaces(), 0u16..4).prop_map(|(src, dst, iif, kind)| {
        let service = match kind {
            0 => ServiceBox::to(TCP, 22, 22).into(),
            1 => ServiceBox::to(TCP, 80, 80).into(),
            _ => portvakt_space::ServiceSet::ANY,
        };
        Traffic { src, dst, iif, service, ..Traffic::ANY }
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![3 => any_rule(), 1 => return_of_sources()]
}

/// Lists often have many of these in a row.
fn return_of_sources() -> impl Strategy<Value = Rule> {
    (hosts(), any::<bool>()).prop_map(|(src, exact)| {
        let mut rule = Rule::new(1, Action::Return, Traffic { src, ..Traffic::ANY });
        rule.gap = (!exact).then(Box::default);
        rule
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let action = prop_oneof![
        4 => Just(Action::Permit),
        4 => Just(Action::Deny),
        3 => Just(Action::Return),
        3 => (2u32..4).prop_map(|list| Action::Jump(RulesetId(list))),
        1 => Just(Action::Goto(RulesetId(3))),
        1 => Just(Action::Unknown),
    ];
    (action, traffic(), 0u8..4, hosts()).prop_map(|(action, matches, gap, part)| {
        let mut rule = Rule::new(1, action, matches);
        let least = Traffic { src: rule.matches.src.intersect(&part), ..rule.matches.clone() };
        rule.gap = match gap {
            0 => Some(Box::default()),
            1 => Some(Box::new(Gap { least: Some(least), ..Gap::default() })),
            _ => None,
        };
        rule
    })
}

/// A list that packets meet before routing, and one that they meet when they are forwarded.
pub(crate) const PREROUTING: u32 = 0;
pub(crate) const FORWARD: u32 = 1;

/// Two hooked lists and two chains; lists only call chains after them.
pub(crate) fn device() -> impl Strategy<Value = Device> {
    let lists = prop::collection::vec(prop::collection::vec(rule(), 0..6), 4);
    (lists, any::<bool>()).prop_map(|(lists, permits)| {
        let mut device = Device::new("d", "test", SourceId(0));
        device.interfaces.atom("eth0");
        device.interfaces.atom("eth1");
        for (index, mut rules) in (0u32..).zip(lists) {
            for rule in &mut rules {
                if matches!(rule.action, Action::Jump(n) | Action::Goto(n) if n.0 <= index) {
                    rule.action = Action::Deny;
                }
            }
            let mut list = Ruleset::new(format!("l{index}"), 1);
            list.rules = rules;
            list.families = vec![Family::V4];
            let hook = match index {
                PREROUTING => Some(Hook::Prerouting(-300)),
                FORWARD => Some(Hook::Forward(0)),
                _ => None,
            };
            list.hooks.extend(hook);
            if !list.hooks.is_empty() {
                let action = if permits { Action::Permit } else { Action::Deny };
                list.default = Default { action, line: None };
            }
            device.rulesets.push(list);
        }
        device
    })
}

/// Whether a packet may be at a place, and whether it is sure to be.
#[derive(Clone, Copy)]
struct Here {
    may: bool,
    sure: bool,
}

/// What a list does at one place, in order: permits or not (`None`: unknown), and who is there.
type Events = Vec<(Option<bool>, Here)>;

fn walk(device: &Device, list: u32, packet: &Packet, mut here: Here, events: &mut Events) {
    let base = !device.rulesets[list as usize].hooks.is_empty();
    for rule in &device.rulesets[list as usize].rules {
        let matches = rule.matches.contains(packet);
        let surely = rule.least().is_some_and(|least| least.contains(packet));
        let hit = Here { may: here.may && matches, sure: here.sure && surely };
        match rule.action {
            Action::Permit => events.push((Some(true), hit)),
            Action::Deny => events.push((Some(false), hit)),
            Action::Jump(next) | Action::Goto(next) => walk(device, next.0, packet, hit, events),
            Action::Return => {}
            _ => events.push((None, hit)),
        }
        if matches!(rule.action, Action::Return | Action::Goto(_)) {
            if base {
                events.push((Some(default(device, list)), hit));
            } else {
                here = Here { may: here.may && !surely, sure: here.sure && !matches };
            }
        }
    }
}

fn default(device: &Device, list: u32) -> bool {
    device.rulesets[list as usize].default.action == Action::Permit
}

pub(crate) fn packet(src: u8, dst: u8, dport: u16, iif: u32) -> Packet {
    Packet {
        src: host(src).into(),
        dst: host(dst).into(),
        proto: TCP,
        sport: 10_000,
        dport,
        iif,
        oif: u32::MAX,
        state: State::New,
    }
}

/// What a list does with a packet that comes in by one of these interfaces.
pub(crate) fn expected(
    device: &Device,
    list: u32,
    packet: &Packet,
    by: &[u32],
    bound: Bound,
) -> bool {
    let walked: Vec<Events> = by
        .iter()
        .map(|iif| {
            let (mut events, start) = (Vec::new(), Here { may: true, sure: true });
            walk(device, list, &Packet { iif: *iif, ..*packet }, start, &mut events);
            events.push((Some(default(device, list)), start));
            events
        })
        .collect();
    for at in 0..walked[0].len() {
        let some = walked.iter().any(|events| events[at].1.may);
        let each = walked.iter().all(|events| events[at].1.sure);
        let widens = bound == Bound::Most;
        let permits = walked[0][at].0.unwrap_or(widens);
        if if permits == widens { some } else { each } {
            return permits;
        }
    }
    unreachable!("the default decides")
}

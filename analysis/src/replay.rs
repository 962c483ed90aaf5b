//! A tiny interpreter that walks one packet through the rules as they were parsed.
//!
//! It shares nothing with the engine that finds witnesses: no sets, no index, no flattening. What
//! the engine claims of a packet, this must see too.

use jiff::civil::Date;
use portvakt_model::{Action, Device, Rule, Ruleset, RulesetId, Witness};
use portvakt_space::{Packet, State};

use crate::audit::Audit;
use crate::lists::RuleKey;
use crate::tracking;

/// What a list does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Let through or dropped; `None` when a target is not modelled.
    pub permitted: Option<bool>,
    /// The rule, or default, that decides.
    pub rule: RuleKey,
    /// Whether no rule on the way has a match that is not modelled and might apply.
    pub certain: bool,
}

/// Deepest nesting of chains; deeper is taken as not modelled.
const DEEPEST: usize = 64;

/// What list `id` of `device` does with `packet` on `today`.
pub fn list(device: &Device, id: RulesetId, packet: &Packet, today: Date) -> Fate {
    Walk::new(device, packet, today).decide(id)
}

/// What list `id` of `device` does with `packet` on `today` when it opens a connection: rules that ask
/// for other TCP flags than a bare SYN don't see it.
pub fn opening(device: &Device, id: RulesetId, packet: &Packet, today: Date) -> Fate {
    Walk { opens: true, ..Walk::new(device, packet, today) }.decide(id)
}

/// What the lists on a packet's way do with it, one after the other, up to the first that is certain to
/// drop it. `packet` has the state that tracking gives it.
pub fn way(device: &Device, lists: &[RulesetId], packet: &Packet, today: Date) -> Vec<Fate> {
    let mut walk = Walk::new(device, packet, today);
    let mut fates = Vec::new();
    for id in lists {
        let tracked = walk.packet.state;
        walk.packet.state = tracking::seen(walk.list(*id), tracked);
        walk.certain = walk.state_certain;
        let fate = walk.decide(*id);
        fates.push(fate);
        if fate.certain && fate.permitted == Some(false) {
            break;
        }
        walk.state_certain &= fate.certain || !walk.may_untrack();
        if walk.packet.state != State::Untracked {
            walk.packet.state = tracked;
        }
    }
    fates
}

/// Whether a finding's witness holds: the list of the rule that is said to decide decides so, by
/// that rule. `None` when the witness names no rule, or a match on the way is not modelled.
pub fn holds(audit: &Audit<'_>, witness: &Witness) -> Option<bool> {
    let by = witness.decided_by.as_ref()?;
    let device = &audit.devices[witness.device as usize];
    let fate = roots(device, by.ruleset)
        .into_iter()
        .map(|root| list(device, root, &witness.packet, audit.today))
        .find(|fate| fate.rule.ruleset == by.ruleset && fate.rule.rule == by.rule);
    match fate {
        Some(Fate { permitted: Some(permitted), .. }) => Some(permitted == witness.permitted),
        Some(_) => None,
        None => {
            let any_gap = device.rulesets.iter().flat_map(|l| &l.rules).any(|r| r.gap.is_some());
            if any_gap { None } else { Some(false) }
        }
    }
}

/// The lists that packets meet first and that lead to `id`; itself when it is one.
fn roots(device: &Device, id: RulesetId) -> Vec<RulesetId> {
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    let hooked = all.filter(|(other, list)| *other == id || !list.hooks.is_empty());
    let mut ids: Vec<RulesetId> = hooked.map(|(other, _)| other).collect();
    ids.sort_unstable_by_key(|other| (*other != id, *other));
    ids
}

enum Step {
    Decided(Option<bool>, RuleKey),
    FellThrough,
}

struct Walk<'a> {
    device: &'a Device,
    packet: Packet,
    today: Date,
    /// Whether the packet opens a connection.
    opens: bool,
    certain: bool,
    /// Whether it is certain that the packet has been, or has not been, taken out of tracking.
    state_certain: bool,
}

impl<'a> Walk<'a> {
    fn new(device: &'a Device, packet: &Packet, today: Date) -> Self {
        Self { device, packet: *packet, today, opens: false, certain: true, state_certain: true }
    }

    fn list(&self, id: RulesetId) -> &'a Ruleset {
        &self.device.rulesets[id.0 as usize]
    }

    fn decide(&mut self, id: RulesetId) -> Fate {
        let (iif, oif) = (self.packet.iif, self.packet.oif);
        if !self.list(id).knows_incoming() {
            self.packet.iif = u32::MAX;
        }
        if !self.list(id).knows_outgoing() {
            self.packet.oif = u32::MAX;
        }
        let fate = self.fate(id);
        (self.packet.iif, self.packet.oif) = (iif, oif);
        fate
    }

    fn fate(&mut self, id: RulesetId) -> Fate {
        match self.rules(id, 0) {
            Step::Decided(permitted, rule) => Fate { permitted, rule, certain: self.certain },
            Step::FellThrough => self.default(id, 0),
        }
    }

    /// Whether another way through the list, which an unknown match leaves open, could have taken the
    /// packet out of tracking, or not have.
    fn may_untrack(&self) -> bool {
        let untracks = |rule: &Rule| rule.note.as_ref().is_some_and(|n| n.untracks);
        let mut rules = self.device.rulesets.iter().flat_map(|list| &list.rules);
        matches!(self.packet.state, State::Invalid | State::Untracked) && rules.any(untracks)
    }

    /// Only what belongs to no connection as yet can be taken out of tracking.
    fn untrack(&mut self, rule: &Rule) {
        if self.packet.state == State::Invalid && rule.note.as_ref().is_some_and(|n| n.untracks) {
            self.state_certain &= rule.gap.is_none();
            self.certain &= self.state_certain;
            self.packet.state = State::Untracked;
        }
    }

    fn rules(&mut self, id: RulesetId, depth: usize) -> Step {
        for index in 0..self.list(id).rules.len() as u32 {
            let rule = &self.list(id).rules[index as usize];
            if !self.applies(rule) {
                continue;
            }
            let action = rule.action;
            self.untrack(rule);
            self.certain &= rule.gap.is_none() || action == Action::Continue;
            let key = RuleKey { ruleset: id, rule: Some(index) };
            match action {
                Action::Permit => return Step::Decided(Some(true), key),
                Action::Deny | Action::Reject => return Step::Decided(Some(false), key),
                Action::Unknown => return Step::Decided(None, key),
                Action::Continue => {}
                Action::Return => return Step::FellThrough,
                Action::Goto(next) => return self.enter(next, depth, key),
                Action::Jump(next) => {
                    if let decided @ Step::Decided(..) = self.enter(next, depth, key) {
                        return decided;
                    }
                }
            }
        }
        Step::FellThrough
    }

    fn enter(&mut self, next: RulesetId, depth: usize, key: RuleKey) -> Step {
        if depth >= DEEPEST || next.0 as usize >= self.device.rulesets.len() {
            return Step::Decided(None, key);
        }
        self.rules(next, depth + 1)
    }

    /// Whether a rule is in force and its match, at most, has the packet.
    fn applies(&self, rule: &Rule) -> bool {
        let schedule = rule.note.as_ref().and_then(|n| n.schedule);
        let schedule = schedule.and_then(|i| self.device.schedules.get(i as usize));
        rule.enabled
            && schedule.is_none_or(|s| s.covers(self.today))
            && !(self.opens && rule.gap.as_ref().is_some_and(|gap| gap.never_syn))
            && rule.matches.contains(&self.packet)
    }

    fn default(&mut self, id: RulesetId, depth: usize) -> Fate {
        let key = RuleKey { ruleset: id, rule: None };
        let permitted = match self.list(id).default.action {
            Action::Permit => Some(true),
            Action::Deny | Action::Reject => Some(false),
            Action::Goto(next) | Action::Jump(next) if depth < DEEPEST => {
                return match self.rules(next, depth + 1) {
                    Step::Decided(permitted, rule) => {
                        Fate { permitted, rule, certain: self.certain }
                    }
                    Step::FellThrough => self.default(next, depth + 1),
                };
            }
            _ => None,
        };
        Fate { permitted, rule: key, certain: self.certain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatten::flatten;
    use crate::steps::Decides;
    use portvakt_model::{Default, Hook, SourceId};
    use portvakt_space::{AddrSet, AtomSet, ServiceBox, State, TCP, Traffic};
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const TODAY: Date = jiff::civil::date(2026, 11, 20);

    fn hosts(lo: u8, hi: u8) -> AddrSet {
        let addr = |n: u8| Ipv4Addr::new(10, 0, 0, n).into();
        AddrSet::range(addr(lo.min(hi)), addr(lo.max(hi)))
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            3 => Just(Action::Permit),
            3 => Just(Action::Deny),
            2 => Just(Action::Return),
            2 => Just(Action::Jump(RulesetId(1))),
            1 => Just(Action::Goto(RulesetId(2))),
            1 => Just(Action::Continue),
        ]
    }

    fn rule() -> impl Strategy<Value = Rule> {
        (action(), 0u8..4, 0u8..4, 0u16..3, 0u16..3).prop_map(|(action, a, b, lo, hi)| {
            let service = ServiceBox::to(TCP, lo.min(hi), lo.max(hi)).into();
            Rule::new(1, action, Traffic { src: hosts(a, b), service, ..Traffic::ANY })
        })
    }

    /// Three lists: 0 is hooked, 1 and 2 are chains; chains only call chains after them.
    fn device() -> impl Strategy<Value = Device> {
        prop::collection::vec(prop::collection::vec(rule(), 0..5), 3).prop_map(|lists| {
            let mut device = Device::new("d", "test", SourceId(0));
            for (index, mut rules) in (0u32..).zip(lists) {
                for rule in &mut rules {
                    if matches!(rule.action, Action::Jump(n) | Action::Goto(n) if n.0 <= index) {
                        rule.action = Action::Continue;
                    }
                }
                let mut list = Ruleset::new(format!("l{index}"), 1);
                list.rules = rules;
                list.default = Default { action: Action::Deny, line: None };
                if index == 0 {
                    list.hooks.push(Hook::Forward(0));
                }
                device.rulesets.push(list);
            }
            device
        })
    }

    proptest! {
        #[test]
        fn flattening_changes_no_packets_fate(device in device()) {
            let flat = flatten(&device, RulesetId(0), TODAY);
            prop_assert!(flat.complete);
            for src in 0..4u8 { for dport in 0..3u16 {
                let packet = Packet {
                    src: Ipv4Addr::new(10, 0, 0, src).into(),
                    dst: Ipv4Addr::new(10, 9, 9, 9).into(),
                    proto: TCP, sport: 40000, dport,
                    iif: u32::MAX, oif: u32::MAX, state: State::New,
                };
                let walked = list(&device, RulesetId(0), &packet, TODAY);
                let step = flat.steps.iter().find(|s| s.most.contains(&packet)).unwrap();
                prop_assert_eq!(walked.permitted, Some(step.decides == Decides::Permit));
                let key = RuleKey { ruleset: step.ruleset, rule: step.rule };
                prop_assert_eq!(walked.rule, key);
            }}
        }
    }

    #[test]
    fn atoms_outside_a_rule_do_not_match() {
        let mut device = Device::new("d", "test", SourceId(0));
        let mut list_0 = Ruleset::new("l", 1);
        let only = Traffic { iif: AtomSet::one(3), ..Traffic::ANY };
        list_0.rules.push(Rule::new(1, Action::Permit, only));
        device.rulesets.push(list_0);
        let mut packet = Traffic::ANY.sample(portvakt_space::Family::V4).unwrap();
        packet.iif = 4;
        assert_eq!(list(&device, RulesetId(0), &packet, TODAY).permitted, Some(false));
        packet.iif = 3;
        assert_eq!(list(&device, RulesetId(0), &packet, TODAY).permitted, Some(true));
    }
}

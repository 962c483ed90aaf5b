//! What two lists of rules decide otherwise, exactly.
//!
//! Two lists are given as one: the rules that both have, in the order that both have them, with
//! the rules of only one of them between. A packet's fate can only differ where a rule of one
//! list alone is the first to match it, so only those rules' packets are looked at, and only the
//! rules that meet them are indexed. What the work comes to is set by the changes, not by the
//! length of the lists.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::engine::compare;
use crate::{Budget, Class, Family, FirstMatchList, ListedRule, Packet, Traffic};

/// Which of two lists a rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// In both, in the same order among the rules of both.
    Both,
    /// In the first only.
    Old,
    /// In the second only.
    New,
}

/// A rule of two lists laid over each other.
#[derive(Clone, Copy, Debug)]
pub struct MergedRule<'a> {
    /// Where it stands.
    pub side: Side,
    /// The rule. One of both lists with unknown matches matches the same in both.
    pub rule: ListedRule<'a>,
}

/// What became of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// They were stopped and are let through.
    Permitted,
    /// They were let through and are stopped.
    Denied,
    /// They may have been stopped, and may now be let through.
    MaybePermitted,
    /// They may have been let through, and may now be stopped.
    MaybeDenied,
}

/// Packets that the lists decide otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What became of them.
    pub effect: Effect,
    /// The packets. Those of one effect share none with each other.
    pub traffic: Traffic,
    /// One of them.
    pub witness: Packet,
    /// Places of rules that decide some of them, or may, in the old list, that of the witness
    /// first.
    pub old: Vec<usize>,
    /// Likewise in the new list.
    pub new: Vec<usize>,
}

/// Packets of a rule for which the budget did not suffice: some of them may be decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenChange {
    /// Place of the rule of one list only.
    pub rule: usize,
    /// What the packets are a part of.
    pub within: Traffic,
    /// Other rules of either list that share packets with it (counted up to a limit, so at least
    /// so many): what they decide alike is no change.
    pub exceptions: usize,
    /// Packets that are known to be decided otherwise, one for each effect that was seen.
    pub witnesses: Vec<(Effect, Packet)>,
}

/// All that two lists decide otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Packets by what became of them.
    pub changes: Vec<Change>,
    /// What the budget did not suffice for. Empty when the changes are all there are.
    pub open: Vec<OpenChange>,
    /// Places of rules of one list only that are proven to change no packet's fate.
    pub no_effect: Vec<usize>,
}

/// What the second list decides otherwise than the first. Packets that no rule matches are stopped
/// in both. The budget is for each product of each rule that only one list has.
pub fn changes(rules: &[MergedRule<'_>], budget: Budget) -> Changes {
    let changed: Vec<usize> = (0..rules.len()).filter(|at| rules[*at].side != Side::Both).collect();
    if changed.is_empty() {
        return Changes::default();
    }
    let places = touched(rules, &changed);
    let few: Vec<MergedRule> = places.iter().map(|at| rules[*at]).collect();
    let mut all = Changes::default();
    let mut effective: BTreeSet<usize> = BTreeSet::new();
    for family in Family::BOTH {
        let mut found = compare::compare(&few, family, budget);
        for change in &mut found.changes {
            change.old.iter_mut().chain(&mut change.new).for_each(|at| *at = places[*at]);
        }
        found.open.iter_mut().for_each(|open| open.rule = places[open.rule]);
        all.changes.extend(found.changes);
        all.open.extend(found.open);
        effective.extend(found.effective.into_iter().map(|at| places[at]));
    }
    all.no_effect = changed.into_iter().filter(|at| !effective.contains(at)).collect();
    all
}

/// Places of the rules that share a packet with a rule of one list only, these themselves included.
fn touched(rules: &[MergedRule<'_>], changed: &[usize]) -> Vec<usize> {
    let listed: Vec<ListedRule> = changed.iter().map(|at| rules[*at].rule).collect();
    let index = FirstMatchList::build(listed, Class::Deny);
    let meets = |merged: &MergedRule| {
        merged.side != Side::Both || merged.rule.all().any(|t| index.meets(t))
    };
    let places = rules.par_iter().enumerate().filter(|(_, rule)| meets(rule));
    places.map(|(at, _)| at).collect()
}

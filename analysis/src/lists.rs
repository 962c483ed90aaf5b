//! Every rule list of a device, laid out, indexed, and resolved into what each rule really permits.

use std::collections::BTreeSet;

use jiff::civil::Date;
use portvakt_model::{Action, Device, Rule, Ruleset, RulesetId};
use portvakt_space::{
    Bound, Budget, Class, Difference, FirstMatchList, ListedRule, State, StateSet, Traffic,
    difference,
};
use rayon::prelude::*;

use crate::flatten::{FlatList, flatten};
use crate::steps::{Certain, Decides, Step};
use crate::tracking;

/// A rule of a device, or (`None`) a list's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleKey {
    /// The list it stands in.
    pub ruleset: RulesetId,
    /// Its index there.
    pub rule: Option<u32>,
}

/// A list laid out and indexed.
pub struct IndexedList<'a> {
    /// The steps.
    pub flat: FlatList<'a>,
    /// The index; a rule's place in it is its step's.
    pub index: FirstMatchList,
    exact: bool,
    device: &'a Device,
}

/// New connections that one rule lets through.
#[derive(Clone, Debug)]
pub struct Permit {
    /// The rule that decides.
    pub rule: RuleKey,
    /// The packets.
    pub traffic: Traffic,
    /// Whether they are let through for certain; otherwise something is not modelled or the budget
    /// ran out.
    pub certain: bool,
}

impl<'a> IndexedList<'a> {
    /// Lays out and indexes a list as it is in force on `today`.
    pub fn new(device: &'a Device, root: RulesetId, today: Date) -> Self {
        let flat = flatten(device, root, today);
        let index =
            FirstMatchList::of(flat.steps.len(), |step| listed(flat.steps.get(step)), Class::Deny);
        let exact = flat.complete
            && (0..flat.steps.len()).into_par_iter().all(|at| is_exact(&flat.steps.get(at)));
        Self { flat, index, exact, device }
    }

    /// Whether all of it is laid out, with matches and effects that are known.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// The rule of a step.
    pub fn rule(&self, step: usize) -> RuleKey {
        self.flat.steps.rule(step)
    }

    /// The rule of a step as it is written; `None` for a default.
    pub(crate) fn written(&self, step: &Step<'_>) -> Option<&'a Rule> {
        self.device.rulesets[step.ruleset.0 as usize].rules.get(step.rule? as usize)
    }

    /// The line of a step's rule, from 1; 0 for a default and for what the vendor implies.
    pub fn line(&self, step: usize) -> u32 {
        let RuleKey { ruleset, rule } = self.rule(step);
        let rules = &self.device.rulesets[ruleset.0 as usize].rules;
        rule.and_then(|i| rules.get(i as usize)).map_or(0, |r| r.line)
    }

    /// Packets of `region` that the list lets through, rule by rule, in order, when tracking says of
    /// them (in the end, where the list comes before it) that they are of that state.
    pub fn permits(&self, region: &Traffic, state: State) -> Vec<Permit> {
        let seen = tracking::seen(self.ruleset(), state);
        let mut out = self.permits_seen(region, seen);
        if seen == State::Invalid && self.asks_for_what_it_changes() {
            out = self.permits_of_changed(region, out);
        }
        for permit in &mut out {
            permit.traffic.state = StateSet::one(state);
        }
        out
    }

    fn permits_seen(&self, region: &Traffic, seen: State) -> Vec<Permit> {
        let region = Traffic { state: StateSet::one(seen), ..region.clone() };
        let mut out = Vec::new();
        for (place, step) in self.flat.steps.iter().enumerate() {
            if step.decides != Decides::Deny && step.most.overlaps(&region) {
                self.step_permits(place, &step, &region, &mut out);
            }
        }
        out
    }

    /// What is permitted where packets change their state on the way: `unchanged` of those that do not,
    /// for the others whatever either state may give.
    fn permits_of_changed(&self, region: &Traffic, unchanged: Vec<Permit>) -> Vec<Permit> {
        let any_state = |t: Traffic| Traffic { state: StateSet::ANY, ..t };
        let taken: Vec<Traffic> =
            self.untracked(region).into_iter().map(|(t, _)| any_state(t)).collect();
        let mut out = Vec::new();
        for permit in unchanged {
            let rest = difference(std::slice::from_ref(&permit.traffic), &taken, Budget::default());
            let certain = permit.certain;
            let parts = at_most(rest, Bound::Most).into_iter();
            out.extend(parts.map(|traffic| Permit { traffic, rule: permit.rule, certain }));
            let changed = taken.iter().map(|t| permit.traffic.intersect(t));
            let changed = changed.filter(|t| !t.is_empty());
            out.extend(changed.map(|traffic| Permit {
                traffic,
                rule: permit.rule,
                certain: false,
            }));
        }
        for part in &taken {
            let found = self.permits_seen(part, State::Untracked).into_iter();
            out.extend(found.map(|permit| Permit { certain: false, ..permit }));
        }
        out
    }

    /// Whether some rule of the list tells packets that it takes out of tracking from others: then what
    /// it does with them hangs on where on their way through it they are taken out.
    pub fn asks_for_what_it_changes(&self) -> bool {
        // Rules, not steps: a rule for the other state has no step in a chain that is called for one.
        let tells = |rule: &Rule| {
            let state = rule.matches.state;
            state.contains(State::Invalid) != state.contains(State::Untracked)
        };
        !self.flat.untracking.is_empty() && self.entered().any(|list| list.rules.iter().any(tells))
    }

    /// The list and those that it may send packets to.
    fn entered(&self) -> impl Iterator<Item = &'a Ruleset> {
        let lists = &self.device.rulesets;
        let mut seen = BTreeSet::from([self.flat.root]);
        let mut pending = vec![self.flat.root];
        std::iter::from_fn(move || {
            let list = lists.get(pending.pop()?.0 as usize)?;
            let actions = list.rules.iter().map(|rule| rule.action);
            for action in actions.chain(std::iter::once(list.default.action)) {
                if let Action::Jump(next) | Action::Goto(next) = action
                    && lists.get(next.0 as usize).is_some()
                    && seen.insert(next)
                {
                    pending.push(next);
                }
            }
            Some(list)
        })
    }

    fn ruleset(&self) -> &'a Ruleset {
        &self.device.rulesets[self.flat.root.0 as usize]
    }

    /// What of `region` the list takes out of tracking, as disjoint parts: for certain, or perhaps.
    pub fn untracked(&self, region: &Traffic) -> Vec<(Traffic, bool)> {
        if self.flat.untracking.is_empty() || !self.ruleset().comes_before_tracking() {
            return Vec::new();
        }
        let state = StateSet::one(State::Invalid);
        let region = Traffic { state, ..region.clone() };
        let blind = self.flat.complete && !self.asks_for_what_it_changes();
        let places = self.flat.untracking.iter().enumerate().map(|(i, u)| i + u.before);
        let places: Vec<usize> = places.collect();
        let index = self.with_untracking();
        let found = |bound| -> Vec<Traffic> {
            let parts =
                places.iter().map(|p| index.effective(*p, &region, bound, Budget::default()));
            parts.flat_map(|d| at_most(d, bound)).collect()
        };
        let (least, most) =
            (if blind { found(Bound::Least) } else { Vec::new() }, found(Bound::Most));
        let unsure = at_most(difference(&most, &least, Budget::default()), Bound::Most);
        let parts = least.into_iter().map(|t| (t, true));
        parts.chain(unsure.into_iter().map(|t| (t, false))).collect()
    }

    /// The steps with what takes packets out of tracking among them, each in its place.
    fn with_untracking(&self) -> FirstMatchList {
        let mut untracking = self.flat.untracking.iter().peekable();
        let mut rules = Vec::new();
        for (place, step) in self.flat.steps.iter().enumerate() {
            while let Some(taken) = untracking.next_if(|u| u.before <= place) {
                rules.push(between(Class::Other, &taken.most, taken.certain()));
            }
            rules.push(listed(step));
        }
        rules.extend(untracking.map(|u| between(Class::Other, &u.most, u.certain())));
        FirstMatchList::build(rules, Class::Deny)
    }

    fn step_permits(&self, place: usize, step: &Step<'_>, region: &Traffic, out: &mut Vec<Permit>) {
        let rule = self.rule(place);
        let sure = step.decides == Decides::Permit && self.flat.complete;
        let most = self.index.effective(place, region, Bound::Most, Budget::default());
        if sure && self.exact {
            collect(rule, most, true, out);
            return;
        }
        let least = if sure {
            self.index.effective(place, region, Bound::Least, Budget::default())
        } else {
            Difference::default()
        };
        let all = at_most(most, Bound::Most);
        let unsure = difference(&all, &least.parts, Budget::default());
        collect(rule, least, true, out);
        collect(rule, unsure, false, out);
    }
}

fn collect(rule: RuleKey, found: Difference, certain: bool, out: &mut Vec<Permit>) {
    out.extend(found.parts.into_iter().map(|traffic| Permit { rule, traffic, certain }));
    let open = found.open.into_iter().map(|o| o.within);
    out.extend(open.map(|traffic| Permit { rule, traffic, certain: false }));
}

/// The parts of a difference: with those that the budget left open where what is possible is asked for.
fn at_most(found: Difference, bound: Bound) -> Vec<Traffic> {
    let open = found.open.into_iter().filter(|_| bound == Bound::Most).map(|o| o.within);
    found.parts.into_iter().chain(open).collect()
}

fn is_exact(step: &Step<'_>) -> bool {
    matches!(step.certain, Certain::Exact) && step.decides != Decides::Unknown
}

/// What a step does, in the words of packet sets.
pub(crate) const fn class(decides: Decides) -> Class {
    match decides {
        Decides::Permit => Class::Permit,
        Decides::Deny => Class::Deny,
        Decides::Unknown => Class::Other,
    }
}

/// A step as a rule of a first-match list.
pub(crate) fn listed(step: Step<'_>) -> ListedRule<'_> {
    between(class(step.decides), step.most, step.certain)
}

fn between<'s>(class: Class, most: &'s Traffic, certain: Certain<'s>) -> ListedRule<'s> {
    let most = std::slice::from_ref(most);
    match certain {
        Certain::Exact => ListedRule::exact(class, most),
        Certain::Part(least) => ListedRule::between(class, std::slice::from_ref(least), most),
        Certain::Nothing => ListedRule::between(class, &[], most),
    }
}

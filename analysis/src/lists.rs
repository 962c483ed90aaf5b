//! Every rule list of a device, laid out, indexed, and resolved into what each rule really permits.

use jiff::civil::Date;
use portvakt_model::{Device, RulesetId};
use portvakt_space::{
    Bound, Budget, Class, Difference, FirstMatchList, ListedRule, StateSet, Traffic, difference,
};

use crate::flatten::{Certain, Decides, FlatList, Step, flatten};

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
        let index = FirstMatchList::build(flat.steps.iter().map(listed), Class::Deny);
        let exact = flat.complete && flat.steps.iter().all(is_exact);
        Self { flat, index, exact, device }
    }

    /// Whether all of it is laid out, with matches and effects that are known.
    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }

    /// The rule of a step.
    pub fn rule(&self, step: usize) -> RuleKey {
        let step = &self.flat.steps[step];
        RuleKey { ruleset: step.ruleset, rule: step.rule }
    }

    /// The line of a step's rule, from 1; 0 for a default and for what the vendor implies.
    pub fn line(&self, step: usize) -> u32 {
        let RuleKey { ruleset, rule } = self.rule(step);
        let rules = &self.device.rulesets[ruleset.0 as usize].rules;
        rule.and_then(|i| rules.get(i as usize)).map_or(0, |r| r.line)
    }

    /// New connections of `region` that the list lets through, rule by rule, in order.
    pub fn permits(&self, region: &Traffic) -> Vec<Permit> {
        let region = Traffic { state: region.state.intersect(StateSet::NEW), ..region.clone() };
        let mut out = Vec::new();
        for (place, step) in self.flat.steps.iter().enumerate() {
            if step.decides != Decides::Deny && step.most.overlaps(&region) {
                self.step_permits(place, step, &region, &mut out);
            }
        }
        out
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
        let all: Vec<Traffic> =
            most.parts.into_iter().chain(most.open.into_iter().map(|o| o.within)).collect();
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
pub(crate) fn listed<'s>(step: &'s Step<'_>) -> ListedRule<'s> {
    let class = class(step.decides);
    let most = std::slice::from_ref(&*step.most);
    match &step.certain {
        Certain::Exact => ListedRule::exact(class, most),
        Certain::Part(least) => ListedRule::between(class, std::slice::from_ref(least), most),
        Certain::Nothing => ListedRule::between(class, &[], most),
    }
}

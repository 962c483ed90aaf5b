//! The lists of a device, laid out with and without rules that go.

use std::collections::BTreeSet;

use portvakt_model::{Action, Device, RulesetId};
use portvakt_space::{Bound, Budget, Class, FirstMatchList, Verdict};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::called;
use super::fix::{Proof, Unit};
use crate::audit::Audit;
use crate::flatten::{FlatList, flatten};
use crate::lists::{RuleKey, class, listed};
use crate::steps::Step;

/// The device as it has to be looked at where that is not as it is: hours, days and the flags of a bare
/// SYN are unknown matches, and rules that decide nothing are rules of unknown effect.
pub(super) fn careful(device: &Device) -> Option<Device> {
    let scheduled =
        |rule: &portvakt_model::Rule| rule.note.as_ref().is_some_and(|n| n.schedule.is_some());
    let special = |rule: &portvakt_model::Rule| {
        scheduled(rule) || rule.action == Action::Continue || rule.is_bare_syn()
    };
    let mut rules = device.rulesets.iter().flat_map(|list| &list.rules);
    if !rules.any(|rule| rule.enabled && special(rule)) {
        return None;
    }
    let mut careful = device.clone();
    for rule in careful.rulesets.iter_mut().flat_map(|list| &mut list.rules) {
        if scheduled(rule) {
            rule.narrowed_by("schedule");
            rule.note_mut().schedule = None;
        }
        if rule.is_bare_syn() {
            rule.narrowed_by("--syn");
        }
        if rule.action == Action::Continue {
            rule.narrowed_by("decides nothing");
            rule.action = Action::Unknown;
        }
    }
    Some(careful)
}

/// A list that packets meet first, or that nothing calls.
pub(super) struct Laid<'a> {
    steps: std::borrow::Cow<'a, FlatList<'a>>,
    /// The index of the steps, when none of them decides nothing.
    index: Option<&'a FirstMatchList>,
    /// Steps of rules that decide nothing.
    aside: Vec<bool>,
}

/// Lays out the lists of a device.
pub(super) fn laid<'a>(
    audit: &'a Audit<'_>,
    device: u32,
    careful: Option<&'a Device>,
) -> Vec<Laid<'a>> {
    let model = &audit.devices[device as usize];
    let called = called(model);
    let ids = (0..).map(RulesetId).zip(&model.rulesets);
    let first = ids.filter(|(id, list)| !list.hooks.is_empty() || !called.contains(id));
    let lay = |(id, _)| match careful {
        None => {
            let list = audit.indexed(device, id);
            let aside = vec![false; list.flat.steps.len()];
            Laid { steps: std::borrow::Cow::Borrowed(&list.flat), index: Some(&list.index), aside }
        }
        Some(careful) => {
            let flat = flatten(careful, id, audit.today);
            let aside = flat.steps.iter().map(|step| decides_nothing(model, &step)).collect();
            Laid { steps: std::borrow::Cow::Owned(flat), index: None, aside }
        }
    };
    first.map(lay).collect()
}

fn decides_nothing(device: &Device, step: &Step<'_>) -> bool {
    let rules = &device.rulesets[step.ruleset.0 as usize].rules;
    let rule = step.rule.and_then(|rule| rules.get(rule as usize));
    rule.is_some_and(|rule| rule.action == Action::Continue)
}

impl Laid<'_> {
    /// The lists whose rules stand in it.
    pub(super) fn rulesets(&self) -> BTreeSet<RulesetId> {
        self.steps.steps.iter().map(|step| step.ruleset).collect()
    }

    fn key(&self, step: usize) -> RuleKey {
        let Step { ruleset, rule, .. } = self.steps.steps.get(step);
        RuleKey { ruleset, rule }
    }

    /// The list without rules that go, and either without those that decide nothing or with them.
    fn view(&self, gone: &FxHashSet<RuleKey>, with_aside: bool) -> View<'_> {
        let is_in =
            |step: &usize| (with_aside || !self.aside[*step]) && !gone.contains(&self.key(*step));
        if gone.is_empty()
            && let Some(index) = self.index
        {
            let steps = (0..self.steps.steps.len() as u32).collect();
            return View { list: Indexed::Known(index), steps };
        }
        let steps: Vec<u32> =
            (0..self.steps.steps.len()).filter(is_in).map(|step| step as u32).collect();
        let rules = steps.iter().map(|step| listed(self.steps.steps.get(*step as usize)));
        View { list: Indexed::Made(FirstMatchList::build(rules, Class::Deny)), steps }
    }
}

/// Some steps of a list, indexed.
struct View<'a> {
    list: Indexed<'a>,
    /// The step of each place.
    steps: Vec<u32>,
}

enum Indexed<'a> {
    Known(&'a FirstMatchList),
    Made(FirstMatchList),
}

impl View<'_> {
    fn list(&self) -> &FirstMatchList {
        match &self.list {
            Indexed::Known(list) => list,
            Indexed::Made(list) => list,
        }
    }

    /// The place of a step, or of the first after it.
    fn place(&self, step: usize) -> usize {
        self.steps.partition_point(|other| (*other as usize) < step)
    }
}

/// The lists without what has gone so far.
pub(super) struct Views<'a> {
    lists: &'a [Laid<'a>],
    /// Without rules that decide nothing.
    plain: Vec<View<'a>>,
    /// With them, where there are any.
    all: Vec<Option<View<'a>>>,
}

impl<'a> Views<'a> {
    pub(super) fn of(lists: &'a [Laid<'a>], gone: &FxHashSet<RuleKey>) -> Self {
        let plain = lists.iter().map(|list| list.view(gone, false)).collect();
        let any_aside = |list: &&Laid<'_>| list.aside.contains(&true);
        let all = lists.iter().map(|list| Some(list).filter(any_aside).map(|l| l.view(gone, true)));
        Self { lists, plain, all: all.collect() }
    }

    /// Judges lines: first those that could go, then those that could not, or of which that is not
    /// known.
    pub(super) fn judge(&self, units: Vec<Unit>) -> (Vec<Unit>, Vec<Unit>) {
        let places = self.places(&units);
        let judged: Vec<(Unit, bool)> = units
            .into_par_iter()
            .map(|mut unit| {
                let told = self.judge_unit(&mut unit, &places);
                (unit, told)
            })
            .collect();
        let (told, not): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(_, told)| *told);
        let units = |all: Vec<(Unit, bool)>| all.into_iter().map(|(unit, _)| unit).collect();
        (units(told), units(not))
    }

    /// Where the rules of some lines stand: list and step.
    fn places(&self, units: &[Unit]) -> FxHashMap<RuleKey, Vec<(usize, usize)>> {
        let mut places: FxHashMap<RuleKey, Vec<(usize, usize)>> =
            units.iter().flat_map(|unit| &unit.rules).map(|rule| (*rule, Vec::new())).collect();
        for (number, list) in self.lists.iter().enumerate() {
            for step in 0..list.steps.steps.len() {
                if let Some(places) = places.get_mut(&list.key(step)) {
                    places.push((number, step));
                }
            }
        }
        places
    }

    /// Whether every rule of a line could go as far as packets are concerned; what would decide its
    /// packets instead is noted.
    fn judge_unit(
        &self,
        unit: &mut Unit,
        places: &FxHashMap<RuleKey, Vec<(usize, usize)>>,
    ) -> bool {
        unit.takers.clear();
        unit.meets_others = false;
        let own = unit.rules.clone();
        own.iter().flat_map(|rule| &places[rule]).all(|(list, step)| {
            unit.last = unit.last.max((*list, *step));
            self.judge_step(unit, *list, *step)
        })
    }

    fn judge_step(&self, unit: &mut Unit, list: usize, step: usize) -> bool {
        let (laid, view) = (&self.lists[list], &self.plain[list]);
        match view.list().verdict(view.place(step), Budget::default()) {
            Verdict::Unreachable { .. } => true,
            Verdict::Removable { by, by_default: false, .. } => {
                let key = |place: usize| laid.key(view.steps[place] as usize);
                unit.takers.extend(by.into_iter().map(key));
                unit.reached = true;
                unit.meets_others |= self.all[list]
                    .as_ref()
                    .is_some_and(|all| agrees(laid, view, all, step) != Some(true));
                laid.steps.complete
            }
            _ => false,
        }
    }
}

/// Whether the steps of `after` that come after `step` decide every packet alike that it decides in
/// `before`.
fn agrees(laid: &Laid<'_>, before: &View<'_>, after: &View<'_>, step: usize) -> Option<bool> {
    let decides = laid.steps.steps.get(step);
    let (budget, from) = (Budget::default(), after.place(step + 1));
    let own = before.list().effective(before.place(step), decides.most, Bound::Most, budget);
    let class = class(decides.decides);
    let of_part = |part| after.list().agrees(part, class, from, budget);
    let parts: Vec<Option<bool>> = own.parts.iter().map(of_part).collect();
    if parts.contains(&Some(false)) {
        return Some(false);
    }
    (own.is_complete() && !parts.contains(&None)).then_some(true)
}

/// Proves of each list that it decides every packet as before without the rules that go; with each
/// verdict those rules for which that is not so, or not known.
pub(super) fn prove(lists: &[Laid<'_>], gone: &FxHashSet<RuleKey>) -> Vec<(Proof, Vec<RuleKey>)> {
    lists.iter().map(|list| prove_list(list, gone)).collect()
}

fn prove_list(laid: &Laid<'_>, gone: &FxHashSet<RuleKey>) -> (Proof, Vec<RuleKey>) {
    let goes = |step: &usize| gone.contains(&laid.key(*step));
    let steps: Vec<usize> = (0..laid.steps.steps.len()).filter(goes).collect();
    if steps.is_empty() {
        return (Proof::Proven, Vec::new());
    }
    let none = FxHashSet::default();
    let (before, after) = (laid.view(&none, false), laid.view(gone, true));
    let proofs: Vec<(RuleKey, Option<bool>)> = steps
        .into_par_iter()
        .map(|step| (laid.key(step), agrees(laid, &before, &after, step)))
        .collect();
    let failed = proofs.iter().filter(|(_, proof)| *proof != Some(true)).map(|(key, _)| *key);
    let proof = if proofs.iter().any(|(_, proof)| *proof == Some(false)) {
        Proof::Refuted
    } else if laid.steps.complete && proofs.iter().all(|(_, proof)| proof.is_some()) {
        Proof::Proven
    } else {
        Proof::Unknown
    };
    (proof, failed.collect())
}

//! What one list does with a set of packets.

use portvakt_space::{Bound, Budget, Difference, Traffic, difference};
use rayon::prelude::*;

use super::Verdict;
use crate::lists::{IndexedList, RuleKey};
use crate::steps::Decides;

/// Packets that one rule decides.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) rule: RuleKey,
    pub(super) traffic: Traffic,
    pub(super) verdict: Verdict,
    /// When the budget ran out: rules that take packets from `traffic`, at least so many.
    pub(super) exceptions: Option<usize>,
}

/// What `list` does with the packets of `region`.
pub(super) fn outcomes(list: &IndexedList<'_>, region: &Traffic) -> Vec<Outcome> {
    let steps = list.index.meeting(region, usize::MAX);
    if !list.is_exact() {
        return Unsure::new(list, region, &steps).outcomes(&steps);
    }
    let of = |step: &usize| {
        let found = list.index.effective(*step, region, Bound::Most, Budget::default());
        collect(list, *step, found, verdict(list, *step))
    };
    steps.par_iter().flat_map_iter(of).collect()
}

fn verdict(list: &IndexedList<'_>, step: usize) -> Verdict {
    match list.flat.steps.get(step).decides {
        Decides::Permit => Verdict::Permitted,
        Decides::Deny => Verdict::Denied,
        Decides::Unknown => Verdict::CannotTell,
    }
}

fn collect(
    list: &IndexedList<'_>,
    step: usize,
    found: Difference,
    verdict: Verdict,
) -> Vec<Outcome> {
    let rule = list.rule(step);
    let parts = found.parts.into_iter();
    let whole = parts.map(|traffic| Outcome { rule, traffic, verdict, exceptions: None });
    let open = found.open.into_iter().map(|open| Outcome {
        rule,
        traffic: open.within,
        verdict: Verdict::CannotTell,
        exceptions: Some(open.exceptions),
    });
    whole.chain(open).collect()
}

/// A list with unknown matches or effects, or of which not all is laid out.
struct Unsure<'a, 'l> {
    list: &'a IndexedList<'l>,
    region: &'a Traffic,
    /// What may be let through, and what may be stopped.
    may_pass: Vec<Traffic>,
    may_stop: Vec<Traffic>,
}

impl<'a, 'l> Unsure<'a, 'l> {
    fn new(list: &'a IndexedList<'l>, region: &'a Traffic, steps: &[usize]) -> Self {
        let mut all = Self { list, region, may_pass: Vec::new(), may_stop: Vec::new() };
        for step in steps {
            let most = all.effective(*step, Bound::Most);
            let parts = most.parts.into_iter().chain(most.open.into_iter().map(|o| o.within));
            let parts: Vec<Traffic> = parts.collect();
            let verdict = verdict(list, *step);
            if verdict != Verdict::Denied {
                all.may_pass.extend(parts.iter().cloned());
            }
            if verdict != Verdict::Permitted {
                all.may_stop.extend(parts);
            }
        }
        all
    }

    fn effective(&self, step: usize, bound: Bound) -> Difference {
        self.list.index.effective(step, self.region, bound, Budget::default())
    }

    /// What is sure to be decided by one rule, then what hangs on unknown matches: certain only
    /// where whatever may decide it decides alike.
    fn outcomes(&self, steps: &[usize]) -> Vec<Outcome> {
        let complete = self.list.flat.complete;
        let mut found: Vec<Outcome> = Vec::new();
        let mut taken: Vec<Traffic> = Vec::new();
        for step in steps {
            let known = if complete { verdict(self.list, *step) } else { Verdict::CannotTell };
            let sure = self.effective(*step, Bound::Least);
            taken.extend(sure.parts.iter().cloned());
            let sure = Difference { open: Vec::new(), ..sure };
            found.extend(collect(self.list, *step, sure, known));
        }
        for step in steps {
            let most = self.effective(*step, Bound::Most);
            let parts = most.parts.into_iter().chain(most.open.into_iter().map(|o| o.within));
            let rest = difference(&parts.collect::<Vec<_>>(), &taken, Budget::default());
            taken.extend(rest.parts.iter().cloned());
            taken.extend(rest.open.iter().map(|open| open.within.clone()));
            found.extend(self.sorted(*step, rest, complete));
        }
        found
    }

    /// Splits what may be decided by a rule by what may become of it.
    fn sorted(&self, step: usize, rest: Difference, complete: bool) -> Vec<Outcome> {
        let Difference { parts, open } = rest;
        let mut found =
            collect(self.list, step, Difference { parts: Vec::new(), open }, Verdict::CannotTell);
        let cut =
            |parts: &[Traffic], cover: &[Traffic]| difference(parts, cover, Budget::default());
        let passes = cut(&parts, &self.may_stop);
        let stops = cut(&parts, &self.may_pass);
        let decided: Vec<Traffic> = passes.parts.iter().chain(&stops.parts).cloned().collect();
        let unsure = cut(&parts, &decided);
        let known = |verdict| if complete { verdict } else { Verdict::CannotTell };
        let sure = |parts| Difference { parts, open: Vec::new() };
        found.extend(collect(self.list, step, sure(passes.parts), known(Verdict::Permitted)));
        found.extend(collect(self.list, step, sure(stops.parts), known(Verdict::Denied)));
        found.extend(collect(self.list, step, unsure, Verdict::CannotTell));
        found
    }
}

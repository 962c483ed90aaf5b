//! Rules that take a part of what later ones decide the other way.

use portvakt_model::RulesetId;
use rayon::prelude::*;

use super::by_rule::{ByRule, Kind, kinds};
use crate::audit::Audit;
use crate::lists::{IndexedList, RuleKey};
use crate::steps::{Decides, Step};

/// A rule that takes a part of what later ones decide otherwise, where each has packets of its own.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The rule.
    pub rule: RuleKey,
    /// Later rules, in order: not more than were asked for.
    pub later: Box<[RuleKey]>,
    /// How many more there are.
    pub more: u32,
}

/// The exceptions among the reachable rules of a device, in the order of these rules.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    /// One for each rule that is an exception.
    pub all: Vec<Exception>,
    /// Lists with more than [`MOST_PAIRS`] pairs that cross: not all were looked at.
    pub unfinished: Vec<RulesetId>,
}

/// Most pairs of rules with different outcomes that are looked at in one list. A list of a million rules
/// whose networks nest has a fifth of a million; only such as no one writes have more.
pub const MOST_PAIRS: usize = 4_000_000;

/// The exceptions of a device, with at most `named` later rules for each. One rule inside the other is none:
/// that is the usual exception before its general rule.
pub fn exceptions(audit: &Audit<'_>, device: u32, named: usize) -> Exceptions {
    let judged = audit.anomalies(device);
    let kinds = kinds(&audit.devices[device as usize], judged);
    let lists = (0..).map(RulesetId).zip(judged).filter(|(_, list)| !list.rules.is_empty());
    let (mut pairs, mut unfinished) = (Vec::new(), Vec::new());
    for (id, _) in lists {
        let (more, complete) = of_list(audit.indexed(device, id), &kinds);
        pairs.extend(more);
        unfinished.extend((!complete).then_some(id));
    }
    pairs.par_sort_unstable_by_key(|(rule, _)| *rule);
    let alike = pairs.chunk_by(|a, b| a.0 == b.0);
    let all = alike.map(|places| Exception::of(places, named)).collect();
    Exceptions { all, unfinished }
}

impl Exception {
    /// A rule, in all its places in all lists.
    fn of(places: &[(RuleKey, Vec<RuleKey>)], named: usize) -> Self {
        let mut later: Vec<RuleKey> = places.iter().flat_map(|(_, later)| later).copied().collect();
        later.sort_unstable();
        later.dedup();
        let more = later.len().saturating_sub(named) as u32;
        later.truncate(named);
        Self { rule: places[0].0, later: later.into(), more }
    }
}

/// The rules of one list with later ones to which they are exceptions, and whether these are all.
fn of_list(list: &IndexedList<'_>, kinds: &ByRule<Kind>) -> (Vec<(RuleKey, Vec<RuleKey>)>, bool) {
    let steps = &list.flat.steps;
    let reached = |place: usize| {
        !matches!(kinds.get(list.rule(place)), Kind::None | Kind::Unreachable)
            && steps.get(place).decides != Decides::Unknown
    };
    let live: Vec<bool> = (0..steps.len()).into_par_iter().map(reached).collect();
    let (pairs, complete) = list.index.crossings(|place| live[place], MOST_PAIRS);
    let crossed = |(place, later): (u32, Vec<u32>)| {
        let (place, rule) = (place as usize, list.rule(place as usize));
        let later = later.into_iter().map(|other| other as usize);
        let crossed = later.filter(|other| is_exception(&steps.get(place), &steps.get(*other)));
        let keys = crossed.map(|other| list.rule(other)).filter(|other| *other != rule);
        Some((rule, keys.collect::<Vec<_>>())).filter(|(_, later)| !later.is_empty())
    };
    (pairs.into_par_iter().filter_map(crossed).collect(), complete)
}

/// Whether `step` takes a part of what a later step decides the other way, and each also has packets
/// of its own.
fn is_exception(step: &Step<'_>, later: &Step<'_>) -> bool {
    !step.most.is_subset(later.most) && !later.most.is_subset(step.most)
}

//! How much of what a rule says it decides.

use portvakt_space::{Budget, Size, Sizes, Traffic};
use rayon::prelude::*;

use super::by_rule::{ByRule, Kind, kinds};
use crate::audit::Audit;
use crate::lists::{IndexedList, RuleKey};
use portvakt_model::{Device, RulesetId};

/// The share of a rule's packets that earlier rules leave to it, 0–1: at least and at most. Both are
/// the same where it could be counted.
///
/// It is what the rule decides of the packets that it matches and that its list is given: a rule of a
/// chain is not blamed for what the chain is never called for. IPv4 and IPv6 count alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// At least so much.
    pub least: f64,
    /// At most so much.
    pub most: f64,
}

impl Share {
    /// No earlier rule meets the rule.
    pub const WHOLE: Self = Self { least: 1.0, most: 1.0 };

    /// The share, where it is known.
    pub fn known(self) -> Option<f64> {
        (self.most <= self.least).then_some(self.least)
    }

    fn of(size: Size) -> Self {
        Self { least: size.least / size.whole, most: size.most / size.whole }
    }
}

/// Most steps of one rule that are compared with each other.
const MOST_STEPS: usize = 32;

/// The shares of the rules of a device, where they are not whole. There may be half a million: a sorted
/// row takes half the room of a map.
pub struct Shares(Vec<(RuleKey, Share)>);

impl Shares {
    /// The share of a rule.
    pub fn of(&self, rule: RuleKey) -> Share {
        let known = self.0.binary_search_by_key(&rule, |(rule, _)| *rule);
        known.map_or(Share::WHOLE, |at| self.0[at].1)
    }
}

/// The shares of the reachable rules of a device, each in the list in which it stands among
/// [`Audit::anomalies`].
pub fn shares(audit: &Audit<'_>, device: u32) -> Shares {
    let judged = (0..).map(RulesetId).zip(audit.anomalies(device));
    let lists = judged.filter(|(_, list)| !list.rules.is_empty());
    let model = &audit.devices[device as usize];
    let of = |(id, list)| of_list(model, audit.indexed(device, id), &kinds(model, [list]));
    let mut all: Vec<(RuleKey, Share)> = Vec::new();
    lists.for_each(|list| all.extend(of(list)));
    all.sort_by_key(|(rule, _)| *rule);
    Shares(all)
}

fn of_list(device: &Device, list: &IndexedList<'_>, kinds: &ByRule<Kind>) -> Vec<(RuleKey, Share)> {
    let kind = |place: usize| kinds.get(list.rule(place));
    let all = (0..list.flat.steps.len()).into_par_iter();
    let dead: Vec<bool> = all.map(|place| kind(place) == Kind::Unreachable).collect();
    let work = work(dead.len());
    let sizes = list.index.sizes(&dead, work);
    let taken = sizes.iter().flat_map(Sizes::rules).map(|place| place as usize);
    let reached = |place: &usize| matches!(kind(*place), Kind::Live | Kind::Removable);
    let mut wanted = ByRule::new(device, false);
    taken.filter(reached).for_each(|place| wanted.set(list.rule(place), true));
    let rule = |place: &u32| list.rule(*place as usize);
    let mut places: Vec<u32> =
        (0..dead.len() as u32).filter(|place| wanted.get(rule(place))).collect();
    places.par_sort_by_key(rule);
    let share = |places: &[u32]| {
        let own = sizes_of(list, &sizes, places, work);
        Some((rule(&places[0]), share(list, &own, places)?)).filter(|(_, share)| share.least < 1.0)
    };
    places.par_chunk_by(|a, b| rule(a) == rule(b)).filter_map(share).collect()
}

/// The sizes of a rule in all its places, for each IP version.
fn sizes_of(
    list: &IndexedList<'_>,
    known: &[Sizes; 2],
    places: &[u32],
    work: Budget,
) -> [Vec<Size>; 2] {
    let all_known = |sizes: &Sizes| places.iter().all(|place| sizes.get(*place).is_some());
    let wholes = if known.iter().all(all_known) {
        [Vec::new(), Vec::new()]
    } else {
        list.index.wholes(places, work)
    };
    std::array::from_fn(|family| {
        let size = |(at, place): (usize, &u32)| {
            let whole = || Size::all(wholes[family][at]);
            known[family].get(*place).unwrap_or_else(whole)
        };
        places.iter().enumerate().map(size).collect()
    })
}

/// The work that one rule may cost: less each where there are many, so that counting takes no longer
/// than judging does.
fn work(rules: usize) -> Budget {
    let each = (50_000_000 / rules.max(1) as u64).clamp(2_000, 2_000_000);
    Budget { pieces: (each / 10) as u32, visits: each }
}

/// The share of a rule that stands in these places; `None` where it matches nothing there.
fn share(list: &IndexedList<'_>, sizes: &[Vec<Size>; 2], places: &[u32]) -> Option<Share> {
    let apart = are_apart(list, places);
    let of_family = |sizes: &Vec<Size>| {
        let sum = sizes.iter().copied().fold(Size::NONE, Size::plus);
        if sum.whole <= 0.0 {
            return None;
        }
        let widest = sizes.iter().map(|size| size.whole).fold(0.0, f64::max);
        let least = Share::of(sum);
        let most = if apart { least.most } else { (sum.most / widest).min(1.0) };
        Some(Share { least: least.least, most })
    };
    let both: Vec<Share> = sizes.iter().filter_map(of_family).collect();
    let mean =
        |part: fn(&Share) -> f64| both.iter().map(part).sum::<f64>() / f64::from(both.len() as u32);
    (!both.is_empty()).then(|| Share { least: mean(|s| s.least), most: mean(|s| s.most) })
}

/// Whether a rule's steps are known to share no packet: what they match then adds up.
fn are_apart(list: &IndexedList<'_>, places: &[u32]) -> bool {
    let steps = || places.iter().map(|place| list.flat.steps.get(*place as usize).most);
    let pair =
        |(at, step): (usize, &Traffic)| steps().skip(at + 1).all(|other| !step.overlaps(other));
    places.len() < 2 || places.len() <= MOST_STEPS && steps().enumerate().all(pair)
}

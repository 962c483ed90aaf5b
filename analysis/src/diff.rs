//! What two versions of a device's lists decide otherwise.
//!
//! Lists are compared as packets meet them: chains that they call are laid out. Rules of the same
//! meaning in the same order are of both versions; only the packets of the others can fare
//! otherwise (see [`portvakt_space::changes`]).

mod listing;
mod names;

use jiff::civil::Date;
use portvakt_model::{Device, NatRule, Ruleset, RulesetId};
use portvakt_space::{
    Budget, Changes, Effect, Family, MergedRule, Packet, Side, Traffic, align, changes,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::anomalies::called;
use crate::lists::RuleKey;
pub use listing::Version;
use listing::{Listing, Unknowns};
pub use names::Names;
use names::Renumbering;

/// Two versions of one device compared.
pub struct DeviceDiff {
    /// The interfaces that packets here speak of.
    pub names: Names,
    /// The lists that packets meet first, and those that nothing uses, in the order of the new
    /// version; lists that only the old one has come last.
    pub lists: Vec<ListDiff>,
    /// Whether addresses are translated otherwise. What becomes of packets for that is not compared.
    pub nat_changed: bool,
}

/// A list in two versions.
#[derive(Debug)]
pub struct ListDiff {
    /// Its id in the old version.
    pub old: Option<RulesetId>,
    /// Its id in the new version.
    pub new: Option<RulesetId>,
    /// Whether packets meet it at the same places in both.
    pub same_hooks: bool,
    /// Whether both versions were laid out in full. If not, more may have changed.
    pub complete: bool,
    /// Packets that fare otherwise.
    pub changes: Vec<ListChange>,
    /// Rules for whose packets the budget did not suffice.
    pub open: Vec<OpenRule>,
    /// Rules that only the old version has and that make no difference.
    pub no_effect_old: Vec<RuleKey>,
    /// Rules that only the new version has and that make no difference.
    pub no_effect_new: Vec<RuleKey>,
}

/// Packets that fare otherwise in the new version.
#[derive(Clone, Debug)]
pub struct ListChange {
    /// What became of them.
    pub effect: Effect,
    /// The packets.
    pub traffic: Traffic,
    /// One of them.
    pub witness: Packet,
    /// Rules that decide some of them in the old version, or may; that of the witness first.
    pub old: Vec<RuleKey>,
    /// Likewise in the new version.
    pub new: Vec<RuleKey>,
}

/// A rule of one version whose packets could not all be compared.
#[derive(Clone, Debug)]
pub struct OpenRule {
    /// Which version has it.
    pub side: Side,
    /// The rule.
    pub rule: RuleKey,
    /// What the packets are a part of.
    pub within: Traffic,
    /// Other rules of either version that share packets with it; at least so many.
    pub exceptions: usize,
    /// Packets that are known to fare otherwise.
    pub witnesses: Vec<(Effect, Packet)>,
}

/// Compares two versions of a device as they are in force on `today`. `wanted` chooses lists.
pub fn devices(
    old: Version<'_>,
    new: Version<'_>,
    today: Date,
    wanted: &(dyn Fn(&Ruleset) -> bool + Sync),
) -> DeviceDiff {
    let names = Names::of(&old.device.interfaces, &new.device.interfaces);
    let pairs = pairs(old.device, new.device, wanted);
    let from = [old, new].map(|v| (names.from(&v.device.interfaces), Unknowns::of(v)));
    let compare = |(old_id, new_id): (Option<RulesetId>, Option<RulesetId>)| match (old_id, new_id)
    {
        (Some(a), Some(b)) => list((old, a), (new, b), &from, today),
        (old, new) => ListDiff::only(old, new),
    };
    let lists = pairs.into_par_iter().map(compare).collect();
    let nat_changed = translations(old.device, &from[0].0) != translations(new.device, &from[1].0);
    DeviceDiff { names, lists, nat_changed }
}

/// The translations that are in use, wherever they stand and whatever they are called.
fn translations(device: &Device, from: &Renumbering) -> Vec<NatRule> {
    let in_use = device.nat.iter().filter(|nat| nat.enabled && nat.uses != Some(0));
    let bare = |nat: &NatRule| NatRule {
        name: String::new(),
        line: 0,
        uses: None,
        matches: from.traffic(&nat.matches),
        ..nat.clone()
    };
    in_use.map(bare).collect()
}

/// The lists of one version alone, when the other lacks the device.
pub fn alone(device: &Device, side: Side, wanted: &dyn Fn(&Ruleset) -> bool) -> Vec<ListDiff> {
    let ids = roots(device).into_iter().filter(|id| wanted(&device.rulesets[id.0 as usize]));
    let one = |id| match side {
        Side::Old => ListDiff::only(Some(id), None),
        _ => ListDiff::only(None, Some(id)),
    };
    ids.map(one).collect()
}

impl ListDiff {
    /// A list of one version only: what it decides depends on what packets meet without it.
    fn only(old: Option<RulesetId>, new: Option<RulesetId>) -> Self {
        Self {
            old,
            new,
            same_hooks: false,
            complete: true,
            changes: Vec::new(),
            open: Vec::new(),
            no_effect_old: Vec::new(),
            no_effect_new: Vec::new(),
        }
    }
}

/// Lists that packets meet first, or that nothing calls: chains are compared where they are called.
fn roots(device: &Device) -> Vec<RulesetId> {
    let called = called(device);
    let all = (0..).map(RulesetId).zip(&device.rulesets);
    let is_root = |(id, list): &(RulesetId, &Ruleset)| {
        !list.hooks.is_empty() || called.binary_search(id).is_err()
    };
    all.filter(is_root).map(|(id, _)| id).collect()
}

/// A list's name, its IP versions, and which of several that are called so it is.
type Called<'a> = (&'a str, &'a [Family], usize);

/// Lists of both versions by name and IP version; of several, by their order.
fn pairs(
    old: &Device,
    new: &Device,
    wanted: &(dyn Fn(&Ruleset) -> bool + Sync),
) -> Vec<(Option<RulesetId>, Option<RulesetId>)> {
    let mut known: FxHashMap<Called<'_>, RulesetId> = named(old).collect();
    let mut pairs: Vec<_> = named(new).map(|(name, id)| (known.remove(&name), Some(id))).collect();
    let mut gone: Vec<RulesetId> = known.into_values().collect();
    gone.sort_unstable();
    pairs.extend(gone.into_iter().map(|id| (Some(id), None)));
    let list = |device: &'_ Device, id: Option<RulesetId>| {
        id.is_some_and(|id| wanted(&device.rulesets[id.0 as usize]))
    };
    pairs.retain(|(a, b)| list(old, *a) || list(new, *b));
    pairs
}

fn named(device: &Device) -> impl Iterator<Item = (Called<'_>, RulesetId)> {
    let mut seen: FxHashMap<(&str, &[Family]), usize> = FxHashMap::default();
    roots(device).into_iter().map(move |id| {
        let list = &device.rulesets[id.0 as usize];
        let count = seen.entry((&list.name, &list.families)).or_default();
        *count += 1;
        ((list.name.as_str(), list.families.as_slice(), *count), id)
    })
}

/// A version of a list: the device and the id there.
type Placed<'a> = (Version<'a>, RulesetId);

/// How the versions' interfaces and unknowns are read.
type Reading = (Renumbering, Unknowns);

fn list(old: Placed<'_>, new: Placed<'_>, from: &[Reading; 2], today: Date) -> ListDiff {
    let (before, after) = rayon::join(
        || Listing::new(old.0, old.1, &from[0], today),
        || Listing::new(new.0, new.1, &from[1], today),
    );
    let places = merge(&before, &after);
    let rules: Vec<MergedRule> = places
        .par_iter()
        .map(|place| match *place {
            (Some(at), None) => MergedRule { side: Side::Old, rule: before.rule(at as usize) },
            (None, Some(at)) => MergedRule { side: Side::New, rule: after.rule(at as usize) },
            (at, _) => MergedRule { side: Side::Both, rule: before.rule(at.unwrap_or(0) as usize) },
        })
        .collect();
    let found = changes(&rules, Budget::default());
    let hooks = |placed: Placed<'_>, from: &Renumbering| {
        let list = &placed.0.device.rulesets[placed.1.0 as usize];
        list.hooks.iter().map(|hook| renumbered(hook, from)).collect::<Vec<_>>()
    };
    let mut diff = Report { before, after, places }.of(found);
    (diff.old, diff.new) = (Some(old.1), Some(new.1));
    diff.same_hooks = hooks(old, &from[0].0) == hooks(new, &from[1].0);
    diff
}

fn renumbered(hook: &portvakt_model::Hook, from: &Renumbering) -> portvakt_model::Hook {
    use portvakt_model::Hook::{In, Out};
    match hook {
        In(atoms) => In(from.atoms(atoms)),
        Out(atoms) => Out(from.atoms(atoms)),
        other => other.clone(),
    }
}

/// Places of a rule in both listings.
type Place = (Option<u32>, Option<u32>);

/// The rules of both listings in one order: those of one only stand before the next of both.
fn merge(before: &Listing<'_>, after: &Listing<'_>) -> Vec<Place> {
    let keys = |listing: &Listing<'_>| -> Vec<u64> {
        (0..listing.len()).into_par_iter().map(|at| listing.hash(at)).collect()
    };
    let (old, new) = (keys(before), keys(after));
    let pairs = align(&old, &new);
    // Equal numbers are looked into: rules that share one by chance are not of both.
    let same = |pair: &&(u32, u32)| before.same(pair.0 as usize, after, pair.1 as usize);
    let pairs: Vec<(u32, u32)> = pairs.par_iter().filter(same).copied().collect();
    let mut places: Vec<Place> = Vec::with_capacity(old.len().max(new.len()) + pairs.len() / 16);
    let (mut i, mut j) = (0, 0);
    let ends = (old.len() as u32, new.len() as u32);
    for (a, b) in pairs.into_iter().chain([ends]) {
        places.extend((i..a).map(|at| (Some(at), None)));
        places.extend((j..b).map(|at| (None, Some(at))));
        if (a, b) != ends {
            places.push((Some(a), Some(b)));
        }
        (i, j) = (a + 1, b + 1);
    }
    places
}

/// What is needed to say which rules a place is about.
struct Report<'a> {
    before: Listing<'a>,
    after: Listing<'a>,
    places: Vec<Place>,
}

impl Report<'_> {
    fn of(&self, found: Changes) -> ListDiff {
        let changes = found.changes.into_iter().map(|change| ListChange {
            effect: change.effect,
            traffic: change.traffic,
            witness: change.witness,
            old: self.keys(&change.old, Side::Old),
            new: self.keys(&change.new, Side::New),
        });
        let open = found.open.into_iter().map(|open| {
            let side = if self.places[open.rule].0.is_some() { Side::Old } else { Side::New };
            OpenRule {
                side,
                rule: self.keys(&[open.rule], side)[0],
                within: open.within,
                exceptions: open.exceptions,
                witnesses: open.witnesses,
            }
        });
        ListDiff {
            changes: changes.collect(),
            open: open.collect(),
            complete: self.before.complete && self.after.complete,
            no_effect_old: self.idle(&found.no_effect, Side::Old),
            no_effect_new: self.idle(&found.no_effect, Side::New),
            ..ListDiff::only(None, None)
        }
    }

    fn key(&self, place: usize, side: Side) -> Option<RuleKey> {
        let (old, new) = self.places[place];
        match side {
            Side::Old => old.map(|at| self.before.key(at as usize)),
            _ => new.map(|at| self.after.key(at as usize)),
        }
    }

    /// The rules at some places, each once.
    fn keys(&self, places: &[usize], side: Side) -> Vec<RuleKey> {
        let mut seen: FxHashSet<RuleKey> = FxHashSet::default();
        let keys = places.iter().filter_map(|place| self.key(*place, side));
        keys.filter(|key| seen.insert(*key)).collect()
    }

    /// Rules of one version without effect wherever it is that they stand only in that version.
    fn idle(&self, places: &[usize], side: Side) -> Vec<RuleKey> {
        let only = |place: &Place| match side {
            Side::Old => place.1.is_none(),
            _ => place.0.is_none(),
        };
        let mut steps: FxHashMap<RuleKey, i64> = FxHashMap::default();
        for (at, _) in self.places.iter().enumerate().filter(|(_, place)| only(place)) {
            if let Some(key) = self.key(at, side) {
                *steps.entry(key).or_default() += 1;
            }
        }
        for key in places.iter().filter_map(|place| {
            only(&self.places[*place]).then(|| self.key(*place, side)).flatten()
        }) {
            *steps.entry(key).or_default() -= 1;
        }
        let mut idle: Vec<RuleKey> =
            steps.into_iter().filter(|(_, left)| *left == 0).map(|(key, _)| key).collect();
        idle.sort_unstable();
        idle
    }
}

#[cfg(test)]
mod tests;

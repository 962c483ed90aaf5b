//! Which rules can never be hit, which could go, and which depend on their order.
//!
//! Names: *unreachable* — no packet reaches the rule: one earlier rule, or several together, take
//! all it matches, or it matches nothing. *Removable* — packets reach it, yet without it the list
//! would decide every packet the same. Vendors' "shadowed" and "redundant" mean different things.

mod by_rule;
pub mod contrary;
pub mod copies;
mod doubts;
mod entered;
pub mod exceptions;
pub mod fix;
mod laid;
mod losses;
pub mod merge;
pub mod shares;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use portvakt_model::{Device, RulesetId};
use portvakt_space::{Budget, Cause, Doubt, PackedPacket, Packet, Verdict};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::audit::Audit;
use crate::lists::{IndexedList, RuleKey};

pub use doubts::undefined;
pub use losses::{is_final_deny, loses_log};

/// What can be said of the rules of one list and of those it calls.
#[derive(Clone, Debug, Default)]
pub struct Anomalies {
    /// Rule by rule, in order; rules that are switched off are not there.
    pub rules: Vec<(RuleKey, Standing)>,
}

/// What can be said of one rule.
#[derive(Clone, Debug)]
pub enum Standing {
    /// A packet reaches it and it makes a difference, or may.
    Live(PackedPacket),
    /// No packet reaches it.
    Unreachable {
        /// Why.
        cause: Cause,
        /// Earlier rules that together take all it matches; none can be left out.
        blockers: Box<[RuleKey]>,
        /// An earlier rule that decides otherwise, and a packet it takes.
        contrary: Option<Box<(RuleKey, PackedPacket)>>,
    },
    /// It could go without changing anything.
    Removable(Box<Removable>),
    /// It is unreachable if these rules match as much as they may.
    Unsure(Box<[RuleKey]>),
    /// The budget ran out: so many of so many parts are proven unreachable.
    Undecided(u64, u64),
}

/// Why a rule could go.
#[derive(Clone, Debug)]
pub struct Removable {
    /// A packet that reaches it.
    pub witness: PackedPacket,
    /// Later rules that would decide its packets the same.
    pub by: Box<[RuleKey]>,
    /// Whether the list's default would take over packets as well.
    pub by_default: bool,
}

impl Standing {
    /// A packet that reaches the rule, where it is known that one does.
    pub fn witness(&self) -> Option<Packet> {
        match self {
            Self::Live(witness) => Some(witness.unpacked()),
            Self::Removable(removable) => Some(removable.witness.unpacked()),
            _ => None,
        }
    }
}

/// Judges every list of a device that packets meet, or that is applied nowhere and called by none.
pub fn of(audit: &Audit<'_>, device: u32) -> Vec<Anomalies> {
    let model = &audit.devices[device as usize];
    let (called, undefined) = (called(model), undefined(model));
    let ids = (0..).map(RulesetId).zip(&model.rulesets);
    let judge = |(id, list): (RulesetId, &portvakt_model::Ruleset)| {
        let in_others = list.hooks.is_empty() && called.binary_search(&id).is_ok();
        if in_others || list.implied || list.rules.is_empty() {
            return Anomalies::default();
        }
        let list = audit.indexed(device, id);
        let mut rules = judge(list);
        doubts::settle(list, &undefined, &mut rules);
        Anomalies { rules }
    };
    let mut all: Vec<Anomalies> = ids.map(judge).collect();
    once_each(&mut all);
    entered::add_unseen(audit, device, &mut all);
    all
}

/// A chain that several lists call is judged in each. What holds of its rules is what holds in all of
/// them: a rule that packets reach from one list is reached. It stands in the first list that says so.
fn once_each(all: &mut [Anomalies]) {
    let weight = |s: &Standing| match s {
        Standing::Live(_) => 0,
        Standing::Undecided(..) => 1,
        Standing::Unsure(_) => 2,
        Standing::Removable(_) => 3,
        Standing::Unreachable { .. } => 4,
    };
    let shared = in_several(all);
    if shared.is_empty() {
        return;
    }
    let mut best: FxHashMap<RuleKey, (u8, usize)> = FxHashMap::default();
    for (place, list) in all.iter().enumerate() {
        for (key, standing) in list.rules.iter().filter(|(key, _)| shared.contains(&key.ruleset)) {
            let own = (weight(standing), place);
            best.entry(*key).and_modify(|b| *b = own.min(*b)).or_insert(own);
        }
    }
    for (place, list) in all.iter_mut().enumerate() {
        list.rules.retain(|(key, _)| best.get(key).is_none_or(|(_, at)| *at == place));
    }
}

/// Lists whose rules are judged in several.
fn in_several(all: &[Anomalies]) -> BTreeSet<RulesetId> {
    let (mut seen, mut again) = (BTreeSet::new(), BTreeSet::new());
    for list in all {
        // Rules are in order, so those of one list stand together.
        let runs = list.rules.chunk_by(|a, b| a.0.ruleset == b.0.ruleset);
        again.extend(runs.map(|run| run[0].0.ruleset).filter(|id| !seen.insert(*id)));
    }
    again
}

/// Lists that a rule or a default of another list sends packets to.
pub fn called(device: &Device) -> Vec<RulesetId> {
    use portvakt_model::Action::{Goto, Jump};
    let actions = device
        .rulesets
        .iter()
        .flat_map(|l| l.rules.iter().map(|r| r.action).chain(std::iter::once(l.default.action)));
    let mut ids: Vec<RulesetId> = actions
        .filter_map(|a| match a {
            Jump(id) | Goto(id) => Some(id),
            _ => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn judge(list: &IndexedList<'_>) -> Vec<(RuleKey, Standing)> {
    let place = |key: &RuleKey| (key.ruleset, key.rule.unwrap_or(u32::MAX));
    if list.flat.steps.rules().is_sorted_by(|a, b| place(a) < place(b)) {
        judge_each(list)
    } else {
        judge_together(list)
    }
}

/// The steps of rules that somebody wrote: others have no line, are implied by the vendor, and are
/// nobody's fault.
fn written(list: &IndexedList<'_>) -> Vec<u32> {
    let has_line = |place: &u32| list.line(*place as usize) > 0;
    (0..list.flat.steps.len() as u32).into_par_iter().filter(has_line).collect()
}

/// Where a place stands among the written ones: mostly all before it are written.
fn find(written: &[u32], place: u32) -> Option<usize> {
    match written.get(place as usize) {
        Some(same) if *same == place => Some(place as usize),
        _ => written.binary_search(&place).ok(),
    }
}

/// The standing of each rule where none stands in two places: verdicts are kept no longer than it takes
/// to draw it from them.
fn judge_each(list: &IndexedList<'_>) -> Vec<(RuleKey, Standing)> {
    let written = written(list);
    let nothing = |place: &u32| (list.rule(*place as usize), Standing::Undecided(0, 0));
    let all = Mutex::new(written.iter().map(nothing).collect::<Vec<_>>());
    list.index.judge(Budget::default(), |verdicts| {
        let standing = |(place, verdict): (usize, Verdict)| {
            let at = find(&written, place as u32)?;
            Some((at, judged(list, list.rule(place), [verdict])))
        };
        let standings: Vec<_> = verdicts.into_iter().filter_map(standing).collect();
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, standing) in standings {
            all[at] = standing;
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The standing of each rule, from all places where it stands.
fn judge_together(list: &IndexedList<'_>) -> Vec<(RuleKey, Standing)> {
    let mut verdicts = list.index.verdicts(Budget::default());
    let mut by_rule: Vec<(RuleKey, Verdict)> = written(list)
        .into_iter()
        .map(|place| place as usize)
        .map(|place| (list.rule(place), std::mem::replace(&mut verdicts[place], UNKNOWN)))
        .collect();
    drop(verdicts);
    by_rule.par_sort_by_key(|(rule, _)| *rule);
    let mut all = Vec::new();
    let mut by_rule = by_rule.into_iter().peekable();
    while let Some((rule, first)) = by_rule.next() {
        let others = std::iter::from_fn(|| by_rule.next_if(|(other, _)| *other == rule));
        all.push(judged(list, rule, std::iter::once(first).chain(others.map(|(_, v)| v))));
    }
    all
}

/// Stands where a verdict was.
const UNKNOWN: Verdict = Verdict::Undecided(Doubt::Unfinished { proven: 0, of: 0 });

fn judged(
    list: &IndexedList<'_>,
    rule: RuleKey,
    verdicts: impl IntoIterator<Item = Verdict>,
) -> (RuleKey, Standing) {
    let mut found = Places::default();
    for verdict in verdicts {
        found.add(list, verdict);
    }
    (rule, found.standing(rule))
}

/// What holds of a rule in the places where it stands: one of a called chain stands in several.
#[derive(Default)]
struct Places {
    live: Option<Packet>,
    unsure: Option<Standing>,
    removable: Option<(Packet, Vec<RuleKey>, bool)>,
    unreachable: (Vec<RuleKey>, Option<(RuleKey, Packet)>),
}

impl Places {
    /// The rule is reachable if one place is, and removable only if it is so in all that are reached,
    /// and not because it stands in another.
    fn standing(self, rule: RuleKey) -> Standing {
        let Self { live, unsure, removable, unreachable } = self;
        match (live, removable, unsure) {
            (Some(witness), ..) | (None, Some((witness, ..)), Some(_)) => {
                Standing::Live(witness.into())
            }
            (None, Some((witness, by, _)), None) if by.contains(&rule) => {
                Standing::Live(witness.into())
            }
            (None, Some((witness, by, by_default)), None) => {
                let by = each_once(by);
                let witness = witness.into();
                Standing::Removable(Box::new(Removable { witness, by, by_default }))
            }
            (None, None, Some(unsure)) => unsure,
            (None, None, None) => {
                let (blockers, contrary) = unreachable;
                let blockers = each_once(blockers);
                let cause = match blockers.len() {
                    0 => Cause::Unmatchable,
                    1 => Cause::One,
                    _ => Cause::Union,
                };
                let contrary = contrary.map(|(rule, packet)| Box::new((rule, packet.into())));
                Standing::Unreachable { cause, blockers, contrary }
            }
        }
    }

    fn add(&mut self, list: &IndexedList<'_>, verdict: Verdict) {
        let rules = |places: Vec<usize>| rules(list, places);
        match verdict {
            Verdict::Live { witness, .. } => {
                self.live.get_or_insert(witness);
            }
            Verdict::Removable { witness, by, by_default } => {
                let known = self.removable.get_or_insert((witness, Vec::new(), false));
                known.1.extend(rules(by));
                known.2 |= by_default;
            }
            Verdict::Undecided(Doubt::MaybeUnreachable { blockers }) => {
                self.unsure.get_or_insert(Standing::Unsure(rules(blockers).into()));
            }
            Verdict::Undecided(Doubt::Unfinished { proven, of }) => {
                self.unsure = Some(Standing::Undecided(proven as u64, of as u64));
            }
            Verdict::Unreachable { blockers, contrary, .. } => {
                self.unreachable.0.extend(rules(blockers));
                let other = contrary.map(|c| (list.rule(c.rule), c.packet));
                self.unreachable.1 = self.unreachable.1.or(other);
            }
        }
    }
}

/// In order, each once, in no more room than they need.
fn each_once(mut rules: Vec<RuleKey>) -> Box<[RuleKey]> {
    rules.sort_unstable();
    rules.dedup();
    rules.as_slice().into()
}

fn rules(list: &IndexedList<'_>, places: Vec<usize>) -> Vec<RuleKey> {
    let mut keys: Vec<RuleKey> = places.into_iter().map(|p| list.rule(p)).collect();
    keys.dedup();
    keys
}

//! Rules that can go together without changing the fate of one packet, with a proof.
//!
//! **Which.** All rules that no packet reaches can go at once. A removable rule can go when the rules
//! that would decide its packets instead stay; they are chosen from the bottom up. Where such a rule
//! goes itself, another may stand behind it, so what is left is judged again. A line goes only if all
//! rules that it stands for can go, and a rule of a chain only if it can go wherever the chain is
//! called. What would be lost beside the fate of packets (a log entry, an answer to the sender,
//! inspection) keeps a rule in its place.
//!
//! **Why it is right.** Let `p` be a packet and `f` the first rule of the list that matches it. If `f`
//! stays, nothing before it matches `p` in the shorter list either, so `f` decides `p` as before.
//! If `f` goes, `p` is among the packets that `f` decides, and the shorter list decides `p` by the
//! first rule after `f` that stays. So both lists agree on every packet if, for each rule that goes,
//! the rules that stay after it decide every packet that it decides as it does. The proof asks just
//! that, of an index of the shorter list that knows nothing of how the rules were chosen. Unknown
//! matches are taken to match as little as they must before the rule, and as much as they can after
//! it. Rules that log, count or mark take part as rules of unknown effect: no packet may newly meet
//! one. Hours and days of schedules are taken as unknown matches: the proof holds on every day.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_model::{Device, RulesetId};
use rustc_hash::FxHashSet;

use super::laid::{Laid, Views, careful, laid};
use super::losses::Losses;
use super::{Standing, called};
use crate::audit::Audit;
use crate::lists::RuleKey;

/// The rules of one list that can go.
#[derive(Clone, Debug)]
pub struct FixList {
    /// The list.
    pub ruleset: RulesetId,
    /// Rules that can go, all of them together, each with the rules that stay and would decide its
    /// packets instead; none where no packet reaches it.
    pub gone: Vec<(RuleKey, Vec<RuleKey>)>,
    /// Rules that could go as far as packets are concerned, or might, and that stay.
    pub kept: Vec<(RuleKey, Keep)>,
    /// Whether the list without them is proven to decide every packet as before.
    pub proof: Proof,
    /// Rules that are switched on: before, and without those that go.
    pub sizes: (usize, usize),
}

/// Why a rule stays that could go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keep {
    /// It logs what would not be logged without it.
    Logs,
    /// It answers the sender, or drops silently, where what would decide instead does not.
    Answers,
    /// What would decide instead is inspected, translated or scheduled otherwise.
    Treats,
    /// It says what the list's default is.
    SaysDefault,
    /// Its packets would meet a rule that logs, counts or marks.
    MeetsOthers,
    /// Its line stands for other rules as well, which can't go.
    SharesLine,
    /// It names what is not defined: that is to be mended.
    Undefined,
    /// It has been hit, which contradicts that no packet reaches it.
    WasHit,
    /// It is needed once others have gone.
    Needed,
    /// Its list is used for more than to filter.
    OtherUse,
    /// The list would be empty, which some devices take to permit everything.
    LastRule,
    /// The budget did not suffice to prove it.
    NotTried,
}

/// Whether the list without the rules that go decides every packet as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// It does.
    Proven,
    /// The budget ran out.
    Unknown,
    /// It does not.
    Refuted,
}

/// How often the rest is judged again without what has gone, and how often what is not proven is put
/// back.
const ROUNDS: usize = 4;

/// What can go from the lists of a device; lists in which nothing could go are not there.
pub fn fix_lists(audit: &Audit<'_>, device: u32) -> Vec<FixList> {
    let model = &audit.devices[device as usize];
    let careful = careful(model);
    let lists = laid(audit, device, careful.as_ref());
    let mut plan = Plan::new(audit, device, &lists);
    plan.choose();
    plan.keep_last_rules();
    let proofs = plan.proven();
    plan.lists(&proofs)
}

/// What stands on one line: it goes or stays as a whole.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) rules: Vec<RuleKey>,
    /// Rules that would decide instead, where packets reach it.
    pub(super) takers: BTreeSet<RuleKey>,
    /// Whether its packets would meet rules that log, count or mark.
    pub(super) meets_others: bool,
    pub(super) reached: bool,
    /// The last place where it stands.
    pub(super) last: (usize, usize),
}

struct Plan<'p> {
    model: &'p Device,
    lists: &'p [Laid<'p>],
    losses: Losses<'p>,
    units: Vec<Unit>,
    gone: FxHashSet<RuleKey>,
    kept: BTreeMap<RuleKey, Keep>,
}

impl<'p> Plan<'p> {
    fn new(audit: &'p Audit<'_>, device: u32, lists: &'p [Laid<'p>]) -> Self {
        let model = &audit.devices[device as usize];
        let candidates = candidates(audit, device);
        let mut plan = Self {
            model,
            lists,
            losses: Losses::of(model),
            units: Vec::new(),
            gone: FxHashSet::default(),
            kept: BTreeMap::new(),
        };
        for rules in by_line(model, &candidates) {
            if rules.iter().all(|rule| candidates.contains(rule)) {
                plan.units.push(Unit::new(rules));
            } else {
                let shared = rules.into_iter().filter(|rule| candidates.contains(rule));
                plan.kept.extend(shared.map(|rule| (rule, Keep::SharesLine)));
            }
        }
        plan
    }

    /// Chooses what goes.
    fn choose(&mut self) {
        let mut pending = std::mem::take(&mut self.units);
        for round in 0..ROUNDS {
            let undone = if round == 0 { Keep::NotTried } else { Keep::Needed };
            let views = Views::of(self.lists, &self.gone);
            let (judged, unsure) = views.judge(pending);
            self.keep(&unsure, undone);
            let (reached, unreached) = judged.into_iter().partition(|unit| unit.reached);
            self.drop_unreached(unreached);
            pending = self.drop_bottom_up(reached);
            if pending.is_empty() {
                break;
            }
        }
        self.keep(&pending, Keep::Needed);
    }

    fn keep(&mut self, units: &[Unit], why: Keep) {
        let rules = units.iter().flat_map(|unit| &unit.rules);
        self.kept.extend(rules.map(|rule| (*rule, why)));
    }

    fn drop_unreached(&mut self, units: Vec<Unit>) {
        for unit in units {
            let why = unit.rules.iter().find_map(|rule| self.losses.of_unreached(*rule));
            self.settle(unit, why);
        }
    }

    fn settle(&mut self, unit: Unit, why: Option<Keep>) {
        if let Some(why) = why {
            return self.keep(&[unit], why);
        }
        self.gone.extend(&unit.rules);
        self.units.push(unit);
    }

    /// Lets rules go whose packets are then decided by rules that stay; returns those for which that is
    /// not known, because what would decide goes itself.
    fn drop_bottom_up(&mut self, mut units: Vec<Unit>) -> Vec<Unit> {
        units.sort_by_key(|unit| std::cmp::Reverse(unit.last));
        let mut needed: FxHashSet<RuleKey> = FxHashSet::default();
        let mut blocked = Vec::new();
        for unit in units {
            let goes = |taker| self.gone.contains(taker) || unit.rules.contains(taker);
            if unit.takers.iter().any(goes) || unit.rules.iter().any(|rule| needed.contains(rule)) {
                blocked.push(unit);
                continue;
            }
            let lost =
                unit.rules.iter().find_map(|rule| self.losses.of_reached(*rule, &unit.takers));
            let why = lost.or(unit.meets_others.then_some(Keep::MeetsOthers));
            if why.is_none() {
                needed.extend(&unit.takers);
            }
            self.settle(unit, why);
        }
        blocked
    }

    /// Keeps a rule of each list that would be empty: the first that packets reach, if there is one.
    fn keep_last_rules(&mut self) {
        let called = called(self.model);
        for (id, list) in (0..).map(RulesetId).zip(&self.model.rulesets) {
            let own = |(number, _)| RuleKey { ruleset: id, rule: Some(number) };
            let mut on = (0..).zip(&list.rules).filter(|(_, rule)| rule.enabled);
            let empties = on.clone().next().is_some() && on.all(|n| self.gone.contains(&own(n)));
            if empties && !called.contains(&id) {
                let in_list = |unit: &&Unit| unit.rules.iter().any(|rule| rule.ruleset == id);
                let first = |unit: &&Unit| (!unit.reached, unit.rules[0]);
                let back = self.units.iter().filter(in_list).min_by_key(first).cloned();
                self.put_back(&back.map_or_else(Vec::new, |unit| unit.rules), Keep::LastRule);
            }
        }
    }

    /// Puts back the lines of some rules.
    fn put_back(&mut self, rules: &[RuleKey], why: Keep) {
        let is_meant = |unit: &mut Unit| unit.rules.iter().any(|rule| rules.contains(rule));
        for unit in self.units.extract_if(.., is_meant) {
            for rule in unit.rules {
                self.gone.remove(&rule);
                self.kept.insert(rule, why);
            }
        }
    }

    /// Proves each list; what can't be proven is put back, and all is proven again.
    fn proven(&mut self) -> Vec<Proof> {
        for _ in 0..ROUNDS {
            let proofs = super::laid::prove(self.lists, &self.gone);
            let failed: Vec<RuleKey> =
                proofs.iter().flat_map(|(_, failed)| failed).copied().collect();
            if failed.is_empty() {
                return proofs.into_iter().map(|(proof, _)| proof).collect();
            }
            self.put_back(&failed, Keep::NotTried);
        }
        let last = super::laid::prove(self.lists, &self.gone);
        last.into_iter().map(|(proof, _)| proof).collect()
    }

    fn lists(self, proofs: &[Proof]) -> Vec<FixList> {
        let mut by_list: BTreeMap<RulesetId, FixList> = BTreeMap::new();
        let empty = |id: RulesetId| {
            let on = self.model.rulesets[id.0 as usize].rules.iter().filter(|r| r.enabled).count();
            let (gone, kept) = (Vec::new(), Vec::new());
            FixList { ruleset: id, gone, kept, proof: Proof::Proven, sizes: (on, on) }
        };
        let rules_of = |unit: &Unit| {
            unit.rules
                .iter()
                .copied()
                .zip(std::iter::repeat(unit.takers.clone()))
                .collect::<Vec<_>>()
        };
        let all: BTreeMap<RuleKey, BTreeSet<RuleKey>> =
            self.units.iter().flat_map(rules_of).collect();
        for (rule, takers) in all {
            let list = by_list.entry(rule.ruleset).or_insert_with(|| empty(rule.ruleset));
            list.gone.push((rule, takers.into_iter().collect()));
            list.sizes.1 -= 1;
        }
        for (rule, why) in &self.kept {
            let list = by_list.entry(rule.ruleset).or_insert_with(|| empty(rule.ruleset));
            list.kept.push((*rule, *why));
        }
        for (list, proof) in self.lists.iter().zip(proofs) {
            for id in list.rulesets() {
                if let Some(list) = by_list.get_mut(&id) {
                    list.proof = list.proof.max(*proof);
                }
            }
        }
        by_list.into_values().collect()
    }
}

impl Unit {
    fn new(rules: Vec<RuleKey>) -> Self {
        let takers = BTreeSet::new();
        Self { rules, takers, meets_others: false, reached: false, last: (0, 0) }
    }
}

/// Rules that no packet reaches, or that could go alone.
fn candidates(audit: &Audit<'_>, device: u32) -> FxHashSet<RuleKey> {
    let all = audit.anomalies(device).iter().flat_map(|list| &list.rules);
    let could_go =
        |s: &Standing| matches!(s, Standing::Unreachable { .. } | Standing::Removable(_));
    all.filter(|(_, standing)| could_go(standing)).map(|(key, _)| *key).collect()
}

/// The rules of each line on which a candidate stands.
fn by_line(model: &Device, candidates: &FxHashSet<RuleKey>) -> Vec<Vec<RuleKey>> {
    let rules = (0..).map(RulesetId).zip(&model.rulesets).flat_map(|(ruleset, list)| {
        let on = (0..).zip(&list.rules).filter(|(_, rule)| rule.enabled && rule.line > 0);
        on.map(move |(rule, found)| (found.line, RuleKey { ruleset, rule: Some(rule) }))
    });
    let mut lines: BTreeMap<u32, Vec<RuleKey>> = BTreeMap::new();
    for (line, key) in rules {
        lines.entry(line).or_default().push(key);
    }
    let meant = |rules: &Vec<RuleKey>| rules.iter().any(|rule| candidates.contains(rule));
    lines.into_values().filter(meant).collect()
}

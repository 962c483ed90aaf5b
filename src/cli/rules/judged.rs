//! What is known of the lists of a device before it is written down.

use std::collections::BTreeMap;

use portvakt_analysis::anomalies::contrary::{Contraries, contraries};
use portvakt_analysis::anomalies::copies::duplicates;
use portvakt_analysis::anomalies::exceptions::{Exceptions, exceptions};
use portvakt_analysis::anomalies::fix::{FixList, fix_lists};
use portvakt_analysis::anomalies::merge::{Mergeable, mergeable};
use portvakt_analysis::anomalies::shares::{Share, Shares, shares};
use portvakt_analysis::anomalies::{Standing, loses_log, undefined};
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Device, Rule, Ruleset, RulesetId};
use portvakt_space::{Cause, Packet};
use rustc_hash::FxHashSet;

/// A device with all that can be said of its rules.
pub(super) struct Judged<'a> {
    path: &'a str,
    pub(super) device: &'a Device,
    by_list: BTreeMap<RulesetId, Vec<Row<'a>>>,
    found: Found,
    /// Lines on which a name stands that is not defined.
    undefined: FxHashSet<u32>,
    /// Rules that match nothing for such a name.
    nameless: FxHashSet<RuleKey>,
}

/// What was found out about the rules of a device beside their standing.
pub(super) struct Found {
    exceptions: Exceptions,
    shares: Shares,
    contraries: Contraries,
    duplicates: BTreeMap<RuleKey, RuleKey>,
    mergeable: BTreeMap<RulesetId, Vec<Mergeable>>,
    /// `None` when they were not asked for.
    fix_lists: Option<BTreeMap<RulesetId, FixList>>,
}

/// A rule with what can be said of it.
pub(super) type Row<'a> = &'a (RuleKey, Standing);

/// A list of a device.
#[derive(Clone, Copy)]
pub(super) struct List<'j> {
    pub(super) judged: &'j Judged<'j>,
    pub(super) id: RulesetId,
    /// Its judged rules, in order.
    pub(super) rules: &'j [Row<'j>],
}

/// Later rules that are named of those that a rule is an exception to.
const OVERLAPS: usize = 32;

impl Found {
    /// Looks through the lists of a device; `fix` asks for what can go, too.
    pub(super) fn of(audit: &Audit<'_>, index: u32, fix: bool) -> Self {
        let of_list = |all: Vec<Mergeable>| {
            let mut by_list: BTreeMap<RulesetId, Vec<Mergeable>> = BTreeMap::new();
            for one in all {
                by_list.entry(one.ruleset).or_default().push(one);
            }
            by_list
        };
        let fixes = || fix_lists(audit, index).into_iter().map(|list| (list.ruleset, list));
        // What all else asks for comes first: what is done side by side must not wait for it.
        audit.anomalies(index);
        // One after the other, each on all cores: what one needs on the way is given back before the
        // next asks for as much.
        let duplicates = duplicates(audit, index);
        let mergeable = of_list(mergeable(audit, index));
        let shares = shares(audit, index);
        let (exceptions, contraries) =
            rayon::join(|| exceptions(audit, index, OVERLAPS), || contraries(audit, index));
        let fix_lists = fix.then(|| fixes().collect());
        Self { exceptions, shares, contraries, duplicates, mergeable, fix_lists }
    }
}

impl<'a> Judged<'a> {
    pub(super) fn new(audit: &'a Audit<'_>, index: u32, found: Found) -> Self {
        let device = &audit.devices[index as usize];
        Self {
            path: &audit.sources[device.source.0 as usize].path,
            device,
            by_list: by_list(audit, index),
            found,
            undefined: device.undefined.iter().map(|name| name.line).collect(),
            nameless: undefined(device),
        }
    }

    /// Its lists, each with what holds of its rules wherever they are called from.
    pub(super) fn lists(&self) -> impl Iterator<Item = List<'_>> {
        self.by_list.iter().map(|(id, rules)| List { judged: self, id: *id, rules })
    }

    pub(super) fn path(&self) -> &'a str {
        self.path
    }

    pub(super) fn rule(&self, key: RuleKey) -> Option<&'a Rule> {
        self.device.rulesets[key.ruleset.0 as usize].rules.get(key.rule? as usize)
    }

    /// The line of a rule or of a default; 0 for what the vendor implies.
    pub(super) fn line(&self, key: RuleKey) -> u32 {
        let default = self.device.rulesets[key.ruleset.0 as usize].default.line.unwrap_or(0);
        self.rule(key).map_or(default, |rule| rule.line)
    }

    pub(super) fn share(&self, key: RuleKey) -> Share {
        self.found.shares.of(key)
    }

    /// The heaviest of the rules that take packets from an unreachable one and decide otherwise.
    pub(super) fn contrary(&self, key: RuleKey) -> Option<(RuleKey, Packet)> {
        self.found.contraries.of(key)
    }

    /// The earlier rule that says the same.
    pub(super) fn original(&self, key: RuleKey) -> Option<RuleKey> {
        self.found.duplicates.get(&key).copied()
    }

    /// Why a rule is unreachable. One that matches nothing because a name is not defined says so.
    pub(super) fn cause(&self, key: RuleKey, cause: Cause) -> &'static str {
        match cause {
            Cause::One => "one",
            Cause::Union => "union",
            Cause::Unmatchable => {
                let named = self.undefined.contains(&self.line(key));
                if named || self.nameless.contains(&key) { "undefined" } else { "unmatchable" }
            }
        }
    }

    /// The rules that take all of an unreachable one, and the heaviest with another outcome.
    pub(super) fn blockers(&self, key: RuleKey, blockers: &[RuleKey]) -> Vec<RuleKey> {
        let mut all = blockers.to_vec();
        if let Some((contrary, _)) = self.contrary(key)
            && !all.contains(&contrary)
        {
            all.push(contrary);
            all.sort_unstable_by_key(|key| (self.line(*key), *key));
        }
        all
    }

    /// Later rules to which a rule is an exception: some of them, and how many more there are.
    pub(super) fn overlaps(&self, key: RuleKey) -> (&[RuleKey], u32) {
        let all = &self.found.exceptions.all;
        match all.binary_search_by_key(&key, |exception| exception.rule) {
            Ok(at) => (&all[at].later, all[at].more),
            Err(_) => (&[], 0),
        }
    }

    pub(super) fn loses_log(&self, key: RuleKey, standing: &Standing) -> bool {
        match standing {
            Standing::Removable(removable) => loses_log(self.device, key, &removable.by),
            _ => false,
        }
    }
}

/// The judged rules of each list, in order.
fn by_list<'a>(audit: &'a Audit<'_>, index: u32) -> BTreeMap<RulesetId, Vec<Row<'a>>> {
    let judged = audit.anomalies(index).iter();
    let mut by_list: BTreeMap<RulesetId, Vec<Row<'a>>> = BTreeMap::new();
    // Rules are in order, so those of one list stand together.
    for run in judged.flat_map(|list| list.rules.chunk_by(|a, b| a.0.ruleset == b.0.ruleset)) {
        let rules = run.iter().filter(|(key, _)| key.rule.is_some());
        by_list.entry(run[0].0.ruleset).or_default().extend(rules);
    }
    by_list.retain(|_, rules| !rules.is_empty());
    for rules in by_list.values_mut() {
        rules.sort_by_key(|(key, _)| *key);
    }
    by_list
}

impl<'j> List<'j> {
    pub(super) fn ruleset(&self) -> &'j Ruleset {
        &self.judged.device.rulesets[self.id.0 as usize]
    }

    pub(super) fn mergeable(&self) -> &'j [Mergeable] {
        self.judged.found.mergeable.get(&self.id).map_or(&[], Vec::as_slice)
    }

    /// Rules that say again what an earlier one says, each with that one.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = (RuleKey, RuleKey)> + use<'j> {
        let (rules, first) = (self.rules, RuleKey { ruleset: self.id, rule: None });
        let all = self.judged.found.duplicates.range(first..).map(|(key, of)| (*key, *of));
        let own = all.take_while(move |(key, _)| key.ruleset == first.ruleset);
        own.filter(move |(key, _)| rules.binary_search_by_key(key, |(key, _)| *key).is_ok())
    }

    /// Whether all pairs of rules that overlap were looked at.
    pub(super) fn overlaps_complete(&self) -> bool {
        !self.judged.found.exceptions.unfinished.contains(&self.id)
    }

    /// Whether it was asked what can go.
    pub(super) fn is_fix_asked(&self) -> bool {
        self.judged.found.fix_lists.is_some()
    }

    /// What can go, if anything can and it was asked.
    pub(super) fn fix_list(&self) -> Option<&'j FixList> {
        self.judged.found.fix_lists.as_ref()?.get(&self.id)
    }
}

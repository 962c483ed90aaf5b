//! Rules that say again what an earlier rule of the same list says.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};

use portvakt_model::{Device, Rule, RulesetId};
use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::Standing;
use crate::audit::Audit;
use crate::lists::RuleKey;

/// The unreachable rules of a device that match what an earlier rule of their list matches and do the
/// same, each with the first such rule.
pub fn duplicates(audit: &Audit<'_>, device: u32) -> BTreeMap<RuleKey, RuleKey> {
    let model = &audit.devices[device as usize];
    let judged = audit.anomalies(device).iter().flat_map(|list| &list.rules);
    let mut unreachable: BTreeMap<RulesetId, Vec<u32>> = BTreeMap::new();
    for (key, standing) in judged {
        if let (Standing::Unreachable { .. }, Some(rule)) = (standing, key.rule) {
            unreachable.entry(key.ruleset).or_default().push(rule);
        }
    }
    unreachable.into_iter().flat_map(|(list, rules)| of_list(model, list, rules)).collect()
}

fn of_list(device: &Device, id: RulesetId, mut later: Vec<u32>) -> Vec<(RuleKey, RuleKey)> {
    let rules = &device.rulesets[id.0 as usize].rules;
    later.sort_unstable();
    let wanted: Vec<u64> = later.par_iter().map(|rule| hash(&rules[*rule as usize])).collect();
    let wanted: FxHashSet<u64> = wanted.into_iter().collect();
    let hashed = |number: u32| {
        let rule = Some(&rules[number as usize]).filter(|rule| can_be_copied(rule))?;
        Some((hash(rule), number)).filter(|(hash, _)| wanted.contains(hash))
    };
    let mut alike: Vec<(u64, u32)> =
        (0..rules.len() as u32).into_par_iter().filter_map(hashed).collect();
    alike.par_sort_unstable();
    let copies = alike.par_chunk_by(|a, b| a.0 == b.0).flat_map_iter(|alike| copies(rules, alike));
    let own = copies.filter(|(number, _)| later.binary_search(number).is_ok());
    let key = |rule| RuleKey { ruleset: id, rule: Some(rule) };
    own.map(|(number, first)| (key(number), key(first))).collect()
}

/// Copies with the first of their kind, among rules of one hash.
fn copies(rules: &[Rule], alike: &[(u64, u32)]) -> Vec<(u32, u32)> {
    let (mut firsts, mut found): (Vec<u32>, _) = (Vec::new(), Vec::new());
    for (_, number) in alike {
        let is_first = |first: &&u32| is_copy(&rules[*number as usize], &rules[**first as usize]);
        match firsts.iter().find(is_first) {
            Some(first) => found.push((*number, *first)),
            None => firsts.push(*number),
        }
    }
    found
}

/// Whether the rule decides, and all is known of what it matches.
fn can_be_copied(rule: &Rule) -> bool {
    let decides = rule.action == portvakt_model::Action::Permit || rule.action.is_deny();
    rule.enabled && decides && rule.gap.is_none() && !rule.matches.is_empty()
}

fn hash(rule: &Rule) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    rule.matches.hash(&mut hasher);
    rule.action.hash(&mut hasher);
    hasher.finish()
}

fn is_copy(a: &Rule, b: &Rule) -> bool {
    let schedule = |rule: &Rule| rule.note.as_ref().and_then(|note| note.schedule);
    a.action == b.action && schedule(a) == schedule(b) && a.matches == b.matches
}

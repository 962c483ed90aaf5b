//! Rules of called chains that no packet can match by the time it is there.

use std::collections::BTreeSet;

use portvakt_model::{Action, Device, Rule, RulesetId};
use portvakt_space::Cause;
use rustc_hash::FxHashSet;

use super::{Anomalies, Standing, called};
use crate::audit::Audit;
use crate::lists::RuleKey;

/// Adds rules for which the laid-out lists have no step: what calls their chain, or stands before them in
/// it, takes all they match. Chains that only call each other are left out.
pub(super) fn add_unseen(audit: &Audit<'_>, device: u32, all: &mut [Anomalies]) {
    let model = &audit.devices[device as usize];
    let called = called(model);
    if called.is_empty() {
        return;
    }
    let is_root = |id: &RulesetId| {
        let list = &model.rulesets[id.0 as usize];
        !list.implied && (!list.hooks.is_empty() || called.binary_search(id).is_err())
    };
    let ids = || (0..model.rulesets.len() as u32).map(RulesetId);
    let entered = reachable(model, ids().filter(is_root).collect());
    let chains: BTreeSet<RulesetId> =
        entered.into_iter().filter(|id| model.rulesets[id.0 as usize].hooks.is_empty()).collect();
    if chains.iter().all(is_root) {
        return;
    }
    let keys = all.iter().flat_map(|a| &a.rules).map(|(key, _)| *key);
    let seen: FxHashSet<RuleKey> = keys.filter(|key| chains.contains(&key.ruleset)).collect();
    let complete = ids().filter(is_root).all(|id| {
        model.rulesets[id.0 as usize].rules.is_empty() || audit.indexed(device, id).flat.complete
    });
    for id in chains.into_iter().filter(|id| !is_root(id)) {
        let rules = &model.rulesets[id.0 as usize].rules;
        for (index, rule) in (0..).zip(rules) {
            let key = RuleKey { ruleset: id, rule: Some(index) };
            let decides = rule.action == Action::Permit || rule.action.is_deny();
            if rule.line > 0 && rule.enabled && decides && !seen.contains(&key) {
                let standing = if complete { unseen(id, rules, index) } else { UNKNOWN };
                all[id.0 as usize].rules.push((key, standing));
            }
        }
    }
}

/// Stands for a rule that the budget left out.
const UNKNOWN: Standing = Standing::Undecided(0, 1);

/// Lists that packets may get to from `roots`.
fn reachable(device: &Device, roots: Vec<RulesetId>) -> BTreeSet<RulesetId> {
    let mut seen: BTreeSet<RulesetId> = roots.iter().copied().collect();
    let mut pending = roots;
    while let Some(id) = pending.pop() {
        let list = &device.rulesets[id.0 as usize];
        let actions = list.rules.iter().filter(|rule| rule.enabled).map(|rule| rule.action);
        for action in actions.chain(std::iter::once(list.default.action)) {
            if let Action::Jump(next) | Action::Goto(next) = action
                && (next.0 as usize) < device.rulesets.len()
                && seen.insert(next)
            {
                pending.push(next);
            }
        }
    }
    seen
}

/// Most earlier rules of its chain that are looked at for one by which all of a rule leaves.
const LOOKED_AT: usize = 256;

/// What is said of a rule that no packet gets to: which rule of its chain lets all of it leave, where one
/// does.
fn unseen(ruleset: RulesetId, rules: &[Rule], index: u32) -> Standing {
    let own = &rules[index as usize].matches;
    let leaves = |rule: &Rule| {
        rule.enabled
            && matches!(rule.action, Action::Return | Action::Goto(_))
            && rule.gap.is_none()
            && rule.note.as_ref().is_none_or(|note| note.schedule.is_none() && !note.bare_syn)
    };
    let from = (index as usize).saturating_sub(LOOKED_AT);
    let mut before = (from..).zip(&rules[from..index as usize]);
    let alone = before.find(|(_, rule)| leaves(rule) && own.is_subset(&rule.matches));
    let key = |at: usize| RuleKey { ruleset, rule: Some(at as u32) };
    let blockers: Box<[RuleKey]> = alone.into_iter().map(|(at, _)| key(at)).collect();
    let cause = if blockers.is_empty() { Cause::Unmatchable } else { Cause::One };
    Standing::Unreachable { cause, blockers, contrary: None }
}

//! What is lost with a rule beside the fate of packets.

use std::collections::BTreeSet;

use portvakt_model::{Action, Device, Inspection, Logging, Rule};
use portvakt_space::Family;
use rustc_hash::FxHashSet;

use super::fix::Keep;
use crate::lists::RuleKey;

/// Whether a rule denies everything that reaches it: written out, it logs what the default would
/// drop silently, and is wanted.
pub fn is_final_deny(rule: &Rule) -> bool {
    let m = &rule.matches;
    let every = |f: Family| !m.src.has(f) || (m.src.is_all(f) && m.dst.is_all(f));
    rule.action.is_deny()
        && Family::BOTH.into_iter().all(every)
        && m.service.is_any()
        && m.iif.is_any()
        && m.oif.is_any()
}

/// Whether log entries would be lost without a rule whose packets `takers` would decide.
pub fn loses_log(device: &Device, rule: RuleKey, takers: &[RuleKey]) -> bool {
    let logs = |key: &RuleKey| found(device, *key).is_some_and(|r| r.logging == Logging::On);
    logs(&rule) && !takers.iter().all(logs)
}

/// What would be lost with the rules of a device.
pub(super) struct Losses<'a> {
    device: &'a Device,
    /// Lines on which a name stands that is not defined.
    undefined: FxHashSet<u32>,
    /// Lines on which an address is translated.
    translated: FxHashSet<u32>,
}

impl<'a> Losses<'a> {
    pub(super) fn of(device: &'a Device) -> Self {
        let undefined = device.undefined.iter().map(|name| name.line).collect();
        let translated = device.nat.iter().map(|nat| nat.line).collect();
        Self { device, undefined, translated }
    }
}

impl Losses<'_> {
    /// Why a rule should stay that no packet reaches.
    pub(super) fn of_unreached(&self, key: RuleKey) -> Option<Keep> {
        let rule = found(self.device, key)?;
        let hits = rule.note.as_ref().and_then(|note| note.hits);
        if self.undefined.contains(&rule.line) {
            Some(Keep::Undefined)
        } else if hits.is_some_and(|hits| hits.count > 0) {
            Some(Keep::WasHit)
        } else {
            None
        }
    }

    /// Why a rule should stay whose packets `takers` would decide alike.
    pub(super) fn of_reached(&self, key: RuleKey, takers: &BTreeSet<RuleKey>) -> Option<Keep> {
        let rule = found(self.device, key)?;
        let list = &self.device.rulesets[key.ruleset.0 as usize];
        if !list.other_uses.is_empty() {
            return Some(Keep::OtherUse);
        }
        if is_final_deny(rule) {
            return Some(Keep::SaysDefault);
        }
        takers.iter().find_map(|taker| match found(self.device, *taker) {
            Some(other) => self.beside(rule, other),
            None => self.beside_default(rule, *taker),
        })
    }

    /// What `other` would do otherwise.
    fn beside(&self, rule: &Rule, other: &Rule) -> Option<Keep> {
        let translated = |rule: &Rule| self.translated.contains(&rule.line);
        if rule.logging != other.logging {
            Some(Keep::Logs)
        } else if rule.action != other.action {
            Some(Keep::Answers)
        } else if extras(rule) != extras(other) || translated(rule) || translated(other) {
            Some(Keep::Treats)
        } else {
            None
        }
    }

    /// What the default of a list would do otherwise.
    fn beside_default(&self, rule: &Rule, default: RuleKey) -> Option<Keep> {
        let default = self.device.rulesets[default.ruleset.0 as usize].default.action;
        if rule.logging == Logging::On {
            Some(Keep::Logs)
        } else if rule.action == Action::Permit {
            Some(Keep::SaysDefault)
        } else if rule.action != default {
            Some(Keep::Answers)
        } else if self.translated.contains(&rule.line) {
            Some(Keep::Treats)
        } else {
            None
        }
    }
}

/// How a rule treats its packets beside deciding.
fn extras(rule: &Rule) -> (Option<u32>, Inspection, Vec<u32>) {
    rule.note.as_ref().map(|n| (n.schedule, n.inspection, n.nat.clone())).unwrap_or_default()
}

fn found(device: &Device, key: RuleKey) -> Option<&Rule> {
    device.rulesets[key.ruleset.0 as usize].rules.get(key.rule? as usize)
}

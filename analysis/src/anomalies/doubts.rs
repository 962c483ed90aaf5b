//! Rules judged once more, by what is known of conditions that the model has no field for.
//!
//! *Conditions that can fail.* A rate, a mark or the inside of a packet does not hang on addresses, ports,
//! interfaces and states, and neither do hours. So there are packets for which all such conditions fail at once: a rule with
//! one never takes everything from the rules after it.
//!
//! *Flags.* The states NEW and UNTRACKED stand for a bare SYN where a rule asks for one. A packet without
//! those flags may have these states too, and passes such a rule by: what only those rules keep from
//! a rule is not kept from it for certain.
//!
//! *Undefined names.* A rule over a name that nothing defines matches nothing: the device has
//! nothing to match.

use portvakt_model::{Device, Rule, RulesetId, Told};
use portvakt_space::{Budget, Class, FirstMatchList, ListedRule, Traffic, Verdict};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Places, Standing};
use crate::lists::{IndexedList, RuleKey, class, listed};
use crate::steps::{Certain, Step};

/// Rules of which one side, or the service, is a single name of an address, service or group that nothing
/// defines. Sets that a firewall loads from elsewhere may exist all the same.
pub fn undefined(device: &Device) -> FxHashSet<RuleKey> {
    let kinds = ["address", "service", "object-group"];
    let mut names: Vec<_> =
        device.undefined.iter().filter(|name| kinds.contains(&name.kind)).collect();
    if names.is_empty() {
        return FxHashSet::default();
    }
    names.sort_unstable_by_key(|name| name.line);
    let hangs_on_one = |rule: &Rule| {
        let Some(note) = rule.note.as_ref().filter(|_| rule.line > 0) else { return false };
        let (first, last) = (rule.line, note.last_line.max(rule.line));
        let from = names.partition_point(|name| name.line < first);
        let own = names[from..].iter().take_while(|name| name.line <= last);
        let sides = [&note.sources, &note.destinations, &note.services];
        own.into_iter().any(|name| sides.iter().any(|side| is_alone(side, &name.name)))
    };
    let lists = (0..).map(RulesetId).zip(&device.rulesets);
    let all = lists.flat_map(|(ruleset, list)| {
        (0..).zip(&list.rules).map(move |(at, rule)| (RuleKey { ruleset, rule: Some(at) }, rule))
    });
    let empty = all.filter(|(_, rule)| rule.least().is_none() && hangs_on_one(rule));
    empty.map(|(key, _)| key).collect()
}

/// Whether what is written is one name alone, with the words that say of what: `object-group WEB`.
fn is_alone(written: &[String], name: &str) -> bool {
    matches!(written, [one] if one.rsplit(' ').next() == Some(name))
}

/// Settles what can be settled of the rules of a list, and takes back what flags leave open.
pub(super) fn settle(
    list: &IndexedList<'_>,
    undefined: &FxHashSet<RuleKey>,
    all: &mut [(RuleKey, Standing)],
) {
    let steps = &list.flat.steps;
    let escapes = |step: &Step<'_>| step.sees.avoidable || undefined.contains(&key(step));
    let unsure = all.iter().any(|(_, standing)| matches!(standing, Standing::Unsure(_)));
    if unsure && steps.iter().any(|step| escapes(&step)) {
        let reached = reached(list, undefined, all);
        for (key, standing) in &mut *all {
            if let Some(verdict) = reached.get(key) {
                *standing = verdict.clone();
            }
        }
    }
    if steps.has_bare_syn() {
        without_flags(list, all);
    }
    for (_, standing) in all.iter_mut().filter(|(key, _)| undefined.contains(key)) {
        *standing = Places::default().standing(RuleKey { ruleset: list.flat.root, rule: None });
    }
}

fn key(step: &Step<'_>) -> RuleKey {
    RuleKey { ruleset: step.ruleset, rule: step.rule }
}

/// Most earlier steps that are looked at for rules that hold an unknown condition themselves.
const MOST_LOOKS: usize = 400_000;

/// Rules of which one could not tell, and that packets reach for which all conditions fail that can.
fn reached(
    list: &IndexedList<'_>,
    undefined: &FxHashSet<RuleKey>,
    all: &[(RuleKey, Standing)],
) -> FxHashMap<RuleKey, Standing> {
    let unsure = all.iter().filter(|(_, standing)| matches!(standing, Standing::Unsure(_)));
    let unsure: FxHashSet<RuleKey> = unsure.map(|(key, _)| *key).collect();
    let steps = &list.flat.steps;
    let index = without(list, |step| step.sees.avoidable || undefined.contains(&key(step)));
    let (mut found, mut looks) = (FxHashMap::default(), 0);
    for (place, step) in steps.iter().enumerate() {
        let key = key(&step);
        if step.sees.perhaps || !unsure.contains(&key) || found.contains_key(&key) {
            continue;
        }
        let verdict = if matches!(step.certain, Certain::Exact) {
            index.verdict(place, Budget::default())
        } else if looks + place < MOST_LOOKS {
            looks += place;
            beside(list, undefined, place)
        } else {
            continue;
        };
        if let Verdict::Live { witness, .. } | Verdict::Removable { witness, .. } = verdict {
            found.insert(key, Standing::Live(witness.into()));
        }
    }
    found
}

/// The verdict on a rule with an unknown condition, which may hold together with those before it that can
/// fail, but not where they ask for the same.
fn beside(list: &IndexedList<'_>, undefined: &FxHashSet<RuleKey>, place: usize) -> Verdict {
    let steps = &list.flat.steps;
    let own = steps.get(place);
    let earlier = || (0..place).map(|at| steps.get(at)).filter(|step| step.most.overlaps(own.most));
    let flags = |step: &Step<'_>| list.written(step)?.gap.as_ref()?.flags;
    // Flags that none of those before asks for: with them the rule is reached past all of them.
    let asked = earlier().filter_map(|step| flags(&step));
    let others = flags(&own).is_none_or(|own| own & !asked.fold(0, |all, one| all | one) != 0);
    let mut cover: Vec<Traffic> = Vec::new();
    for step in earlier() {
        let fails = undefined.contains(&key(&step))
            || step.sees.avoidable && !ask_alike(list, &step, &own, others);
        let taken = if fails { step.least() } else { Some(step.most) };
        cover.extend(taken.cloned());
    }
    let own = std::slice::from_ref(own.most);
    let rules = [ListedRule::exact(Class::Deny, &cover), ListedRule::exact(Class::Permit, own)];
    FirstMatchList::build(rules, Class::Deny).verdict(1, Budget::default())
}

/// Whether two rules ask for the same unknown: for the same hours, in the same words, or both for flags where
/// there are no `others` that only the later one asks for.
fn ask_alike(list: &IndexedList<'_>, one: &Step<'_>, later: &Step<'_>, others: bool) -> bool {
    let (Some(one), Some(later)) = (list.written(one), list.written(later)) else { return true };
    let hours = |rule: &Rule| rule.note.as_ref().and_then(|note| note.schedule);
    if hours(one).is_some_and(|own| hours(later) == Some(own)) {
        return true;
    }
    let (Some(one), Some(later)) = (&one.gap, &later.gap) else { return false };
    let told = |what: &Told| later.reasons.iter().any(|reason| reason.what == *what);
    one.never_syn && later.never_syn && !others
        || one.reasons.iter().any(|reason| told(&reason.what))
}

/// The list where steps that are left `out` match only what they are sure to.
fn without(list: &IndexedList<'_>, out: impl Fn(&Step<'_>) -> bool + Sync) -> FirstMatchList {
    let steps = &list.flat.steps;
    let rule = |place: usize| {
        let step = steps.get(place);
        if out(&step) {
            ListedRule::exact(class(step.decides), step.least().map_or(&[], std::slice::from_ref))
        } else {
            listed(step)
        }
    };
    FirstMatchList::of(steps.len(), rule, Class::Deny)
}

/// Takes back that a rule is unreachable, or removable, where that hangs on rules for a bare SYN.
fn without_flags(list: &IndexedList<'_>, all: &mut [(RuleKey, Standing)]) {
    let steps = &list.flat.steps;
    let flagged: FxHashSet<RuleKey> =
        steps.iter().filter(|step| step.sees.bare_syn).map(|step| key(&step)).collect();
    let hangs = |by: &[RuleKey]| by.iter().any(|rule| flagged.contains(rule));
    let mut doubtful: FxHashMap<RuleKey, Places> = FxHashMap::default();
    for (key, standing) in all.iter_mut().filter(|(key, _)| !flagged.contains(key)) {
        match standing {
            Standing::Removable(removable) if hangs(&removable.by) => {
                *standing = Standing::Live(removable.witness.clone());
            }
            Standing::Unreachable { blockers, .. } if hangs(blockers) => {
                doubtful.insert(*key, Places::default());
            }
            _ => {}
        }
    }
    if doubtful.is_empty() {
        return;
    }
    let index = none_of(list, |step| step.sees.bare_syn);
    for (place, step) in steps.iter().enumerate() {
        if let Some(places) = doubtful.get_mut(&key(&step)) {
            places.add(list, index.verdict(place, Budget::default()));
        }
    }
    for (key, standing) in all {
        let Some(places) = doubtful.remove(key) else { continue };
        let Standing::Unreachable { blockers, .. } = &*standing else { continue };
        *standing = match places.standing(*key) {
            shut @ Standing::Unreachable { .. } => shut,
            _ => Standing::Unsure(blockers.clone()),
        };
    }
}

/// The list without some steps.
fn none_of(list: &IndexedList<'_>, out: impl Fn(&Step<'_>) -> bool + Sync) -> FirstMatchList {
    let steps = &list.flat.steps;
    let rule = |place: usize| {
        let step = steps.get(place);
        if out(&step) { ListedRule::exact(class(step.decides), &[]) } else { listed(step) }
    };
    FirstMatchList::of(steps.len(), rule, Class::Deny)
}

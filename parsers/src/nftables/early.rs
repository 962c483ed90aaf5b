//! Which chains packets meet before connection tracking has seen them, and which after.

use rustc_hash::FxHashSet;

use portvakt_model::{Ruleset, RulesetId};

use super::lower::Ids;
use super::syntax::{Config, Data, Element, Statement, Table, Value, Verdict};

/// The rule lists that packets meet before they are tracked, and those that they meet after. One that
/// several base chains call may be both.
#[derive(Default)]
pub(super) struct Moments {
    before: FxHashSet<RulesetId>,
    after: FxHashSet<RulesetId>,
}

impl Moments {
    pub(super) fn new(config: &Config<'_>, ids: &Ids, lists: &[Ruleset]) -> Self {
        let mut found = Self::default();
        let mut bases: Vec<(&(usize, usize), &RulesetId)> =
            ids.iter().filter(|(_, id)| !lists[id.0 as usize].hooks.is_empty()).collect();
        bases.sort();
        for (&(table, chain), id) in bases {
            let before = lists[id.0 as usize].comes_before_tracking();
            let reached = if before { &mut found.before } else { &mut found.after };
            reach(&config.tables[table], (table, chain), ids, reached);
        }
        found
    }

    /// Whether packets meet the list before they are tracked.
    pub(super) fn before(&self, list: RulesetId) -> bool {
        self.before.contains(&list)
    }

    /// Whether packets meet the list when they have been tracked; taken for granted where nothing calls it.
    pub(super) fn after(&self, list: RulesetId) -> bool {
        self.after.contains(&list) || !self.before.contains(&list)
    }
}

/// Adds a chain and all that it calls.
fn reach(table: &Table<'_>, from: (usize, usize), ids: &Ids, found: &mut FxHashSet<RulesetId>) {
    let mut waiting = vec![from.1];
    while let Some(chain) = waiting.pop() {
        let new = ids.get(&(from.0, chain)).is_some_and(|id| found.insert(*id));
        if new {
            let rules = table.chains[chain].in_order();
            for statement in rules.flat_map(|r| &r.statements) {
                called(table, statement, &mut waiting);
            }
        }
    }
}

/// The chains that a statement goes to.
fn called(table: &Table<'_>, statement: &Statement<'_>, out: &mut Vec<usize>) {
    match statement {
        Statement::Verdict(verdict) | Statement::Unknown(_, Some(verdict)) => {
            out.extend(target(table, verdict));
        }
        Statement::Vmap { map, .. } => {
            out.extend(elements(table, map).iter().filter_map(|e| match &e.data {
                Some(Data::Verdict(verdict)) => target(table, verdict),
                _ => None,
            }));
        }
        _ => {}
    }
}

fn target(table: &Table<'_>, verdict: &Verdict<'_>) -> Option<usize> {
    match verdict {
        Verdict::Jump(name) | Verdict::Goto(name) => table.find_chain(name),
        _ => None,
    }
}

fn elements<'t, 'a>(table: &'t Table<'a>, map: &'t Value<'a>) -> &'t [Element<'a>] {
    match map.resolved() {
        Value::Set(elements) => elements,
        Value::Named(name) => table.find_set(name).map_or(&[], |s| &table.sets[s].elements),
        _ => &[],
    }
}

//! Names of interfaces, which must all be known before a pattern such as `eth*` has a meaning.

use portvakt_model::{InterfaceKind, Interfaces};

use super::syntax::{Config, Key, Statement, Table, Target, Value};

/// Adds every interface that a chain, a rule or a set names.
pub(super) fn collect(config: &Config<'_>, interfaces: &mut Interfaces) {
    for table in config.tables.iter().filter(|t| t.alive) {
        for chain in table.chains.iter().filter(|c| c.alive) {
            for device in chain.base.iter().flat_map(|b| &b.devices) {
                interfaces.atom(device);
            }
            for rule in chain.in_order() {
                rule.statements.iter().for_each(|s| statement(table, s, interfaces));
            }
        }
        for set in table.sets.iter().filter(|s| s.alive) {
            set.elements.iter().for_each(|e| names(&set.keys, &e.key, interfaces));
        }
    }
    if interfaces.find("lo").is_some() {
        interfaces.entry("lo").kind = InterfaceKind::Loopback;
    }
}

fn statement(table: &Table<'_>, statement: &Statement<'_>, interfaces: &mut Interfaces) {
    match statement {
        Statement::Match(m) => of_value(table, &m.keys, &m.value, interfaces),
        Statement::Vmap { keys, map, .. } => of_value(table, keys, map, interfaces),
        Statement::Nat(nat) => {
            if let Target::Map { keys, map } = &nat.target {
                of_value(table, keys, map, interfaces);
            }
        }
        _ => {}
    }
}

/// A named set is taken by the keys of the rule: its own may have been left out of the file.
fn of_value(table: &Table<'_>, keys: &[Key<'_>], value: &Value<'_>, interfaces: &mut Interfaces) {
    if !keys.iter().any(|k| matches!(k, Key::Interface(_))) {
        return;
    }
    match value.resolved() {
        Value::Named(name) => {
            let set = table.find_set(name).map(|s| &table.sets[s]);
            // Otherwise the set's own keys have said it.
            if let Some(set) = set.filter(|s| s.keys.is_empty()) {
                set.elements.iter().for_each(|e| names(keys, &e.key, interfaces));
            }
        }
        _ => names(keys, value, interfaces),
    }
}

fn names(keys: &[Key<'_>], value: &Value<'_>, interfaces: &mut Interfaces) {
    match (keys, value.resolved()) {
        (_, Value::Set(elements)) => {
            elements.iter().for_each(|e| names(keys, &e.key, interfaces));
        }
        (_, Value::List(items)) => items.iter().for_each(|v| names(keys, v, interfaces)),
        ([Key::Interface(_)], Value::Word(name)) => {
            interfaces.atom(name);
        }
        (_, Value::Concat(items)) if keys.len() == items.len() => {
            for (key, item) in keys.iter().zip(items) {
                names(std::slice::from_ref(key), item, interfaces);
            }
        }
        _ => {}
    }
}

//! How often objects are referred to, by any section.

use portvakt_model::{Object, ObjectKind};
use rustc_hash::FxHashMap;

use super::scope::Scope;
use super::tree::Node;

/// The kinds of object that have names of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Address,
    Service,
    Schedule,
}

/// Counts the references to each object by what is used itself. A name that both IP versions know counts
/// for both.
pub(super) fn count(scope: &Scope<'_, '_>, objects: &mut [Object]) {
    let mut index: FxHashMap<(Class, String), Vec<usize>> = FxHashMap::default();
    for (at, object) in objects.iter().enumerate() {
        index.entry((class_of(&object.kind), object.name.clone())).or_default().push(at);
    }
    let sections = scope.parts().iter().flat_map(|part| part.children());
    for section in sections.filter(|s| !defines(s.name())) {
        walk(section, section.name(), &index, objects);
    }
    forget_idle_groups(scope, &index, objects);
}

type Name = (Class, String);

/// Takes back what groups count for that nothing refers to: their members are as unused as they are.
fn forget_idle_groups(
    scope: &Scope<'_, '_>,
    index: &FxHashMap<Name, Vec<usize>>,
    objects: &mut [Object],
) {
    let mut groups: FxHashMap<Name, Vec<(Node<'_, '_>, &str)>> = FxHashMap::default();
    for section in scope.parts().iter().flat_map(|part| part.children()) {
        let class = match section.name() {
            "firewall addrgrp" | "firewall addrgrp6" => Class::Address,
            "firewall service group" => Class::Service,
            _ => continue,
        };
        for entry in section.children() {
            let name = (class, entry.name().to_owned());
            groups.entry(name).or_default().push((entry, section.name()));
        }
    }
    let is_idle = |name: &Name, objects: &[Object]| {
        let own = index.get(name).into_iter().flatten();
        own.clone().next().is_some() && own.clone().all(|&o| objects[o].uses == 0)
    };
    let mut idle: Vec<Name> = groups.keys().filter(|n| is_idle(n, objects)).cloned().collect();
    while let Some(group) = idle.pop() {
        // Once taken out a group is not met again: nothing is taken back twice.
        for (entry, section) in groups.remove(&group).unwrap_or_default() {
            for name in referred(entry, section) {
                for &object in index.get(&name).into_iter().flatten() {
                    objects[object].uses = objects[object].uses.saturating_sub(1);
                }
                if groups.contains_key(&name) && is_idle(&name, objects) {
                    idle.push(name);
                }
            }
        }
    }
}

/// What the settings of one entry may name.
fn referred(entry: Node<'_, '_>, section: &str) -> Vec<Name> {
    let settings = entry.settings().iter().filter(|s| !describes(&s.key));
    let names = settings.flat_map(|s| {
        let class = class(section, &s.key);
        s.values.iter().map(move |value| (class, value.text.clone().into_owned()))
    });
    names.collect()
}

fn class_of(kind: &ObjectKind) -> Class {
    match kind {
        ObjectKind::Service(_) | ObjectKind::ServiceGroup(_) => Class::Service,
        ObjectKind::Schedule => Class::Schedule,
        _ => Class::Address,
    }
}

/// Sections that define objects and refer to none; and those that hold other scopes.
fn defines(section: &str) -> bool {
    const SECTIONS: [&str; 9] = [
        "firewall address",
        "firewall address6",
        "firewall multicast-address",
        "firewall multicast-address6",
        "firewall wildcard-fqdn custom",
        "firewall service custom",
        "firewall internet-service-name",
        "vdom",
        "global",
    ];
    SECTIONS.contains(&section) || section.starts_with("system replacemsg")
}

fn walk(
    node: Node<'_, '_>,
    section: &str,
    index: &FxHashMap<(Class, String), Vec<usize>>,
    objects: &mut [Object],
) {
    for name in referred(node, section) {
        for &object in index.get(&name).into_iter().flatten() {
            objects[object].uses += 1;
        }
    }
    for child in node.children() {
        walk(child, section, index, objects);
    }
}

fn describes(key: &str) -> bool {
    ["name", "comment", "comments", "description", "alias", "uuid", "hostname", "action", "status"]
        .contains(&key)
}

/// What the values of a key name.
fn class(section: &str, key: &str) -> Class {
    if key.contains("service") && !key.starts_with("internet-service")
        || key == "member" && section == "firewall service group"
    {
        Class::Service
    } else if key.contains("schedule") || section == "firewall schedule group" {
        Class::Schedule
    } else {
        Class::Address
    }
}

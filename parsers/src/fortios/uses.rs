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

/// Counts the references to each object. A name that both IP versions know counts for both.
pub(super) fn count(scope: &Scope<'_, '_>, objects: &mut [Object]) {
    let mut index: FxHashMap<(Class, String), Vec<usize>> = FxHashMap::default();
    for (at, object) in objects.iter().enumerate() {
        index.entry((class_of(&object.kind), object.name.clone())).or_default().push(at);
    }
    let sections = scope.parts().iter().flat_map(|part| part.children());
    for section in sections.filter(|s| !defines(s.name())) {
        walk(section, section.name(), &index, objects);
    }
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
    for setting in node.settings().iter().filter(|s| !describes(&s.key)) {
        let class = class(section, &setting.key);
        for value in &setting.values {
            let name = (class, value.text.clone().into_owned());
            for &object in index.get(&name).into_iter().flatten() {
                objects[object].uses += 1;
            }
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

//! Objects with the same content.

use std::collections::BTreeMap;

use portvakt_analysis::Audit;
use portvakt_model::{Message, Object, ObjectKind, Role, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2017",
    name: "duplicate-object",
    aliases: &[],
    severity: Severity::Info,
    serves: &["BASE-2.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Objekt med samma innehåll", en: "Objects with the same content" },
    why: Message {
        sv: "När två namn betyder samma sak ändras förr eller senare bara det ena.",
        en: "When two names mean the same, sooner or later only one of them is changed.",
    },
    fix: Message { sv: "Behåll ett av namnen.", en: "Keep one of the names." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Objekten {names} i {device} har samma innehåll.",
    en: "The objects {names} on {device} have the same content.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices().filter(|(_, d)| !d.objects.is_empty()) {
        findings.judge(device);
        let mut groups: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
        for object in model.objects.iter().filter(|o| !o.predefined && o.line > 0) {
            if let Some(content) = content(&object.kind) {
                groups.entry(content).or_default().push(object);
            }
        }
        for same in groups.into_values().filter(|g| g.len() > 1) {
            let names: Vec<String> = same.iter().map(|o| o.name.clone()).collect();
            let mut draft = findings
                .violation(&MESSAGE, audit.object_at(device, same[0]))
                .device(device)
                .key(names.join(" "))
                .arg("names", support::few(names));
            for object in same.iter().skip(1).take(support::MOST_NAMED) {
                draft =
                    draft.related(Role::Definition, audit.object_at(device, object), &object.name);
            }
            draft.push();
        }
    }
}

/// What an object holds, when that is known and is one thing: groups may overlap by intention.
fn content(kind: &ObjectKind) -> Option<String> {
    match kind {
        ObjectKind::Address(Some(set)) => Some(format!("address {set:?}")),
        ObjectKind::Service(Some(set)) => Some(format!("service {set:?}")),
        _ => None,
    }
}

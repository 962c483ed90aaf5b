//! Objects that nothing uses.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Object, Role, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2012",
    name: "unused-object",
    aliases: &[],
    severity: Severity::Info,
    serves: &["BASE-2.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Objekt som inget använder", en: "Objects that nothing uses" },
    why: Message {
        sv: "Oanvända objekt gör konfigurationen svårare att läsa, och lockar till att återanvända fel adress.",
        en: "Unused objects make the configuration harder to read, and tempt to reuse a wrong address.",
    },
    fix: Message { sv: "Ta bort objekten.", en: "Remove the objects." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Objekt som inte används i {device}, {count} st: {names}.",
    en: "Objects that are not used on {device}, {count} in all: {names}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices().filter(|(_, d)| !d.objects.is_empty()) {
        findings.judge(device);
        let idle: Vec<&Object> =
            model.objects.iter().filter(|o| o.uses == 0 && !o.predefined && o.line > 0).collect();
        let Some(first) = idle.first() else { continue };
        let mut draft = findings
            .violation(&MESSAGE, audit.object_at(device, first))
            .device(device)
            .number("count", idle.len() as u32)
            .arg("names", support::few(idle.iter().map(|o| o.name.clone()).collect()))
            .key("unused");
        for object in idle.iter().skip(1).take(support::MOST_NAMED) {
            draft = draft.related(Role::Definition, audit.object_at(device, object), &object.name);
        }
        draft.push();
    }
}

//! Address translation to something unused.

use portvakt_analysis::Audit;
use portvakt_model::{Message, NatRule, Role, Severity, System};
use portvakt_space::AddrSet;

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2010",
    name: "stale-translation",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-3.2-1", "MALMO-11.6-2b", "BASE-2.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Adressöversättning till något som inte används",
        en: "Address translation to something unused",
    },
    why: Message {
        sv: "En översättning gör en inre adress nåbar utifrån. När målet är avvecklat eller ingen regel använder den ska den bort.",
        en: "A translation makes an inner address reachable from outside. When its target is decommissioned, or no rule uses it, it should go.",
    },
    fix: Message { sv: "Ta bort översättningen.", en: "Remove the translation." },
    messages: &[&DECOMMISSIONED, &UNUSED],
    run,
};

static DECOMMISSIONED: Message = Message {
    sv: "Översättningen {name} i {device} leder till {system}, som är avvecklat.",
    en: "The translation {name} on {device} leads to {system}, which is decommissioned.",
};

static UNUSED: Message = Message {
    sv: "Översättningen {name} i {device} används inte av någon regel.",
    en: "No rule uses the translation {name} on {device}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let gone = audit.gone_systems();
    for (device, model) in audit.devices().filter(|(_, d)| !d.nat.is_empty()) {
        findings.judge(device);
        for nat in model.nat.iter().filter(|n| n.enabled) {
            judge(audit, &gone, (device, nat), findings);
        }
    }
}

fn judge(
    audit: &Audit<'_>,
    gone: &[(&System, AddrSet)],
    (device, nat): (u32, &NatRule),
    findings: &mut Findings<'_>,
) {
    let at = audit.at(device, nat.line);
    let targets = [nat.to_dst.as_ref(), Some(&nat.matches.src).filter(|s| !s.is_any())];
    let hit = gone.iter().find(|(_, own)| {
        let inside = |set: &AddrSet| !set.is_empty() && set.is_subset(own);
        targets.iter().flatten().any(|set| inside(set))
    });
    if let Some((system, _)) = hit {
        findings
            .violation(&DECOMMISSIONED, at)
            .device(device)
            .text("name", &nat.name)
            .text("system", &system.name)
            .related(Role::Definition, system.at.clone(), &system.name)
            .key(&nat.name)
            .push();
    } else if nat.uses == Some(0) {
        let draft = findings.violation(&UNUSED, at).device(device).text("name", &nat.name);
        draft.severity(Severity::Info).key(&nat.name).push();
    }
}

//! Opening to a decommissioned system.

use portvakt_analysis::{Audit, Opening};
use portvakt_model::{Message, Role, Severity, System};
use portvakt_space::AddrSet;

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1018",
    name: "opening-to-decommissioned-system",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-3.2-1", "MALMO-11.6-5", "BASE-1.4"],
    needs: &[Need::Device, Need::Systems, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Öppning till ett avvecklat system",
        en: "Opening to a decommissioned system",
    },
    why: Message {
        sv: "Adressen svarar ingen längre för. Den kan få en ny användare, och då är öppningen redan där.",
        en: "Nobody answers for the address any more. It may get a new user, and then the opening is already there.",
    },
    fix: Message { sv: "Ta bort regeln.", en: "Remove the rule." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper igenom trafik till {system}, som är avvecklat.",
    en: "{rule} on {device} lets traffic through to {system}, which is decommissioned.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    for (system, addresses) in audit.gone_systems() {
        for opening in &audit.openings().list {
            report(audit, opening, system, &addresses, findings);
        }
    }
}

/// Only rules made for the system: one that opens a whole network is judged for its breadth.
fn report(
    audit: &Audit<'_>,
    opening: &Opening,
    system: &System,
    gone: &AddrSet,
    findings: &mut Findings<'_>,
) {
    let Some(hit) = opening.permitted.iter().find(|t| t.dst.is_subset(gone)) else { return };
    findings
        .violation(&MESSAGE, support::place(audit, opening))
        .rule(&support::rule_ref(audit, opening))
        .text("system", &system.name)
        .related(Role::Definition, system.at.clone(), &system.name)
        .owner(system.owner.as_ref().map(|o| o.text.clone()))
        .witness(audit.witness(opening.device, hit, opening.rule, true))
        .key(format!("{} {:?}", system.name, support::rule_ref(audit, opening).id))
        .push();
}

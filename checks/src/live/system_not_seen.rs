//! System in the register none of whose addresses answered.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::Presence;
use portvakt_model::{Message, Role, Severity};

use super::sight;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8022",
    name: "system-not-seen",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-8.1-2", "BASE-8.3"],
    needs: &[Need::Observations, Need::Systems, Need::Zones],
    parameters: &[],
    title: Message { sv: "System som inte svarar", en: "System that was not seen" },
    why: Message {
        sv: "En skanning som gick till slutet frågade alla systemets adresser och fick inget svar. Systemet är avstängt, flyttat, eller spärrar allt; i de två första fallen är förteckningen fel.",
        en: "A scan that went through to its end asked all addresses of the system and got no answer. The system is off, has moved, or blocks everything; in the first two cases the register is wrong.",
    },
    fix: Message {
        sv: "Kontrollera att systemet finns och rätta förteckningen.",
        en: "See whether the system exists and correct the register.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Ingen av adresserna till {system} svarade ({time}).",
    en: "None of the addresses of {system} answered ({time}).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let observed = audit.observed();
    for (system, presence) in audit.tables.systems.iter().flatten().zip(&observed.systems) {
        let run = match presence {
            Presence::NotAsked => continue,
            Presence::Answered { .. } => {
                findings.judge_site();
                continue;
            }
            Presence::Silent { run } => observed.run(*run),
        };
        findings.judge_site();
        if system.is_gone_on(audit.today) {
            continue;
        }
        let time = sight::made(run);
        let at = run.run.at.clone().unwrap_or(portvakt_model::Location::Whole(run.source));
        findings
            .violation(&MESSAGE, system.at.clone())
            .text("system", &system.name)
            .text("time", &time)
            .related(Role::Observation, at, sight::silent(&time, &run.run.tool))
            .owner(system.owner.as_ref().map(|o| o.text.clone()))
            .key(&system.name)
            .push();
    }
}

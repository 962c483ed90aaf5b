//! Decommissioned system that still answers.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::day;
use portvakt_model::{Message, Role, Severity, System};

use super::sight;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8023",
    name: "decommissioned-system-answers",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-3.2-1", "MALMO-8.1-2", "BASE-8.3"],
    needs: &[Need::Observations, Need::Systems],
    parameters: &[],
    title: Message { sv: "Avvecklat system svarar", en: "Decommissioned system that answers" },
    why: Message {
        sv: "Enligt förteckningen är systemet borta, så ingen rättar eller övervakar det. Ändå är det i gång, eller så har adressen fått en ny användare.",
        en: "By the register the system is gone, so nobody patches or watches it. It runs all the same, or its address has a new user.",
    },
    fix: Message {
        sv: "Stäng av systemet, eller rätta förteckningen.",
        en: "Turn the system off, or correct the register.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{system} är avvecklat enligt förteckningen, men {host} svarar ({time}).",
    en: "{system} is decommissioned by the register, but {host} answers ({time}).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let observed = audit.observed();
    let systems = audit.tables.systems.as_deref().unwrap_or_default();
    for host in &observed.up {
        findings.judge_site();
        let run = observed.run(host.run);
        let system = host.system.map(|index| systems[index as usize]);
        // What it did before it was decommissioned says nothing.
        let was_gone = |s: &&System| run.at.is_some_and(|at| s.is_gone_on(day(at)));
        let Some(system) = system.filter(was_gone) else { continue };
        let at = observed.place(run.source, host.host.address, None);
        findings
            .violation(&MESSAGE, at.clone())
            .text("system", &system.name)
            .text("host", host.host.address.to_string())
            .text("time", sight::made(run))
            .related(Role::Observation, at, sight::up(audit, host))
            .related(Role::Definition, system.at.clone(), &system.name)
            .owner(system.owner.as_ref().map(|o| o.text.clone()))
            .key(format!("{} {}", system.name, host.host.address))
            .push();
    }
}

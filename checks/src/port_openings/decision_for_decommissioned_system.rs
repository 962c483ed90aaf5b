//! Decision for a decommissioned system.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Role, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1007",
    name: "decision-for-decommissioned-system",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "MALMO-3.2-1", "BASE-1.4"],
    needs: &[Need::Register, Need::Systems],
    parameters: &[],
    title: Message {
        sv: "Beslut för ett avvecklat system",
        en: "Decision for a decommissioned system",
    },
    why: Message {
        sv: "När systemet är avvecklat finns behovet inte kvar; adressen kan få en ny användare som ingen har tänkt på.",
        en: "When the system is decommissioned the need is gone; its address may get a new user whom nobody had in mind.",
    },
    fix: Message {
        sv: "Avsluta beslutet och stäng öppningen.",
        en: "End the decision and close the opening.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} gäller systemet {system}, som är avvecklat.",
    en: "Decision {decision} concerns the system {system}, which is decommissioned.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    for decision in support::standing(audit) {
        let name = support::text(decision.internal_system.as_ref());
        let systems = audit.tables.systems.iter().flatten();
        let gone = systems.filter(|s| s.is_gone_on(audit.today));
        if let Some(system) = gone.into_iter().find(|s| s.name.eq_ignore_ascii_case(name)) {
            support::fault(findings, &MESSAGE, decision, decision.at.clone())
                .text("system", &system.name)
                .related(Role::Definition, system.at.clone(), &system.name)
                .owner(system.owner.as_ref().map(|o| o.text.clone()))
                .push();
        }
    }
}

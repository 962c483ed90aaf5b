//! Decision by somebody without authority.

use portvakt_analysis::{Audit, Opening};
use portvakt_model::{Decision, Message, Orderer, Scope, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1017",
    name: "decision-by-unauthorised",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "MALMO-11.6-5b", "BASE-1.1"],
    needs: &[Need::Register, Need::Orderers],
    parameters: &[],
    title: Message {
        sv: "Beslut av någon som inte är behörig",
        en: "Decision by somebody without authority",
    },
    why: Message {
        sv: "Bara den som förvaltar systemet får besluta om öppningar till det. Ett beslut av någon annan är inget beslut.",
        en: "Only whoever manages the system may decide on openings to it. A decision by somebody else is none.",
    },
    fix: Message {
        sv: "Låt behörig beställare besluta, eller för in personen bland de behöriga i portvakt.toml.",
        en: "Have an authorised orderer decide, or add the person to the authorised in portvakt.toml.",
    },
    messages: &[&NOT_AUTHORISED, &NOBODY, &UNKNOWN_SYSTEM],
    run,
};

static NOT_AUTHORISED: Message = Message {
    sv: "Beslut {decision} är fattat av {who}, som inte är behörig för {system}.",
    en: "Decision {decision} was made by {who}, who has no authority for {system}.",
};

static NOBODY: Message = Message {
    sv: "Beslut {decision} säger inte vem som har beslutat.",
    en: "Decision {decision} does not say who decided.",
};

static UNKNOWN_SYSTEM: Message = Message {
    sv: "Det går inte att avgöra om {who} får fatta beslut {decision}: systemet ”{system}” har ingen känd ägare.",
    en: "Cannot tell whether {who} may make decision {decision}: the system \"{system}\" has no known owner.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    let openings = support::by_decision(audit);
    for decision in support::standing(audit) {
        let resting = openings.get(&decision.id).map_or(&[][..], Vec::as_slice);
        judge(audit, decision, resting, findings);
    }
}

/// `resting` are the openings that have no other ground than the decision.
fn judge(
    audit: &Audit<'_>,
    decision: &Decision,
    resting: &[&Opening],
    findings: &mut Findings<'_>,
) {
    let who = support::text(decision.decided_by.as_ref());
    let system = support::text(decision.internal_system.as_ref());
    let at = support::cell(decision.decided_by.as_ref(), decision);
    if who.is_empty() {
        support::fault(findings, &NOBODY, decision, at).push();
        return;
    }
    match authority(audit, system) {
        // A decision that names no system is a fault of its own.
        None if system.is_empty() => {}
        None => {
            let draft = findings.cannot_tell(&UNKNOWN_SYSTEM, at).text("decision", &decision.id);
            draft.text("who", who).text("system", system).key(&decision.id).push();
        }
        Some(list) if !list.iter().any(|o| same(&o.who, who)) => {
            let draft = support::fault(findings, &NOT_AUTHORISED, decision, at)
                .text("who", who)
                .text("system", system);
            support::name_openings(audit, draft, resting).push();
        }
        Some(_) => {}
    }
}

/// Who may decide for a system: its own list, else its owner's, with those who may decide for
/// everything. `None` when the system's owner is not known and nobody may decide for everything.
fn authority<'a>(audit: &Audit<'a>, system: &str) -> Option<Vec<&'a Orderer>> {
    let holds = |test: &dyn Fn(&Scope) -> bool| -> Vec<&'a Orderer> {
        audit.site.orderers.iter().filter(|o| test(&o.scope)).collect()
    };
    let general = holds(&|s| *s == Scope::Everything);
    let mut own = holds(&|s| matches!(s, Scope::System(name) if same(name, system)));
    if own.is_empty() {
        let row = audit.tables.systems.iter().flatten().find(|s| same(&s.name, system));
        match row.and_then(|s| s.owner.as_ref()) {
            Some(owner) => {
                own = holds(&|s| matches!(s, Scope::Owner(name) if same(name, &owner.text)));
            }
            None if general.is_empty() => return None,
            None => {}
        }
    }
    own.extend(general);
    Some(own)
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

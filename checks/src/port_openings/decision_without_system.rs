//! Decision without the systems concerned.

use portvakt_analysis::Audit;
use portvakt_model::{Field, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1012",
    name: "decision-without-system",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5e", "BASE-1.2"],
    needs: &[Need::Register],
    parameters: &[],
    title: Message {
        sv: "Beslut utan berört system",
        en: "Decision without the systems concerned",
    },
    why: Message {
        sv: "Beslutet ska säga vilket internt och vilket externt system det gäller; annars går det inte att pröva vem som får besluta eller vad som ska stängas.",
        en: "A decision says which internal and which external system it concerns; otherwise nobody can judge who may decide, or what to close.",
    },
    fix: Message {
        sv: "Ange båda systemen, och använd namnen i systemförteckningen.",
        en: "Name both systems, by their names in the system register.",
    },
    messages: &[&NO_INTERNAL, &NO_EXTERNAL, &UNKNOWN],
    run,
};

static NO_INTERNAL: Message = Message {
    sv: "Beslut {decision} anger inget internt system.",
    en: "Decision {decision} names no internal system.",
};

static NO_EXTERNAL: Message = Message {
    sv: "Beslut {decision} anger inget externt system.",
    en: "Decision {decision} names no external system.",
};

static UNKNOWN: Message = Message {
    sv: "Beslut {decision} gäller systemet ”{system}”, som inte finns i systemförteckningen.",
    en: "Decision {decision} concerns the system \"{system}\", which is not in the system register.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    for decision in support::standing(audit) {
        let internal = support::text(decision.internal_system.as_ref());
        let at = |field: Option<&Field>| support::cell(field, decision);
        if internal.is_empty() {
            support::fault(findings, &NO_INTERNAL, decision, at(decision.internal_system.as_ref()))
                .push();
        } else if is_unknown(audit, internal) {
            let draft =
                support::fault(findings, &UNKNOWN, decision, at(decision.internal_system.as_ref()));
            draft.text("system", internal).push();
        }
        if support::text(decision.external_system.as_ref()).is_empty() {
            let draft = support::fault(
                findings,
                &NO_EXTERNAL,
                decision,
                at(decision.external_system.as_ref()),
            );
            draft.key(format!("{} external", decision.id)).push();
        }
    }
}

/// Without a system register the name cannot be compared with anything.
fn is_unknown(audit: &Audit<'_>, name: &str) -> bool {
    let systems = audit.tables.systems.as_ref();
    systems.is_some_and(|all| !all.iter().any(|s| s.name.eq_ignore_ascii_case(name)))
}

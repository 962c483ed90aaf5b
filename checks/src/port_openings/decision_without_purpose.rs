//! Decision without a purpose.

use portvakt_analysis::Audit;
use portvakt_model::{Location, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1008",
    name: "decision-without-purpose",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5a", "MALMO-11.6-2b", "STHLM-PRI-2", "BASE-1.2"],
    needs: &[Need::Register],
    parameters: &["purpose_length"],
    title: Message { sv: "Beslut utan syfte", en: "Decision without a purpose" },
    why: Message {
        sv: "Syftet är det som gör att någon kan ompröva öppningen. Platshållare och hänvisningar till muntliga överenskommelser säger ingenting om ett år.",
        en: "The purpose is what lets somebody reconsider the opening. Placeholders and references to talks say nothing a year from now.",
    },
    fix: Message { sv: "Skriv vad tjänsten är till för.", en: "Write what the service is for." },
    messages: &[&MISSING, &EMPTY_WORDS, &UNSET],
    run,
};

static MISSING: Message = Message {
    sv: "Beslut {decision} anger inget syfte.",
    en: "Decision {decision} states no purpose.",
};

static EMPTY_WORDS: Message = Message {
    sv: "Beslut {decision} anger syftet ”{purpose}”, som inte säger vad tjänsten är till för.",
    en: "Decision {decision} gives the purpose \"{purpose}\", which does not say what the service is for.",
};

static UNSET: Message = Message {
    sv: "Parametern purpose_length är inte satt; det går inte att avgöra om syftena är utförliga nog.",
    en: "The parameter purpose_length is not set; cannot tell whether purposes are long enough.",
};

/// Words that fill the field without saying anything, in lower case.
const PLACEHOLDERS: &[&str] = &[
    "test",
    "enl ök",
    "enligt överenskommelse",
    "se ärende",
    "-",
    "?",
    "x",
    "behövs",
    "diverse",
    "tbd",
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(shortest) = audit.parameters.number("purpose_length") else {
        findings.cannot_tell(&UNSET, Location::Site).key("purpose_length").push();
        return;
    };
    findings.judge_site();
    for decision in support::standing(audit) {
        let purpose = support::text(decision.purpose.as_ref());
        let at = support::cell(decision.purpose.as_ref(), decision);
        if purpose.is_empty() {
            support::fault(findings, &MISSING, decision, at).push();
        } else if says_nothing(purpose, shortest) {
            support::fault(findings, &EMPTY_WORDS, decision, at).text("purpose", purpose).push();
        }
    }
}

fn says_nothing(purpose: &str, shortest: i64) -> bool {
    let letters = purpose.chars().filter(|c| c.is_alphabetic()).count();
    let long = i64::try_from(purpose.chars().count()).is_ok_and(|n| n >= shortest);
    PLACEHOLDERS.contains(&purpose.to_lowercase().trim_end_matches('.'))
        || !long
        || letters * 2 < purpose.chars().count()
}

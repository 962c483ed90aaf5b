//! Exception that no finding matches.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use crate::{Check, Findings};

pub(crate) static CHECK: Check = Check {
    id: "PV7003",
    name: "exception-orphan",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-2-1", "BASE-6.1"],
    needs: &[],
    parameters: &[],
    title: Message {
        sv: "Avsteg som inget fynd motsvarar",
        en: "Exception that no finding matches",
    },
    why: Message {
        sv: "Bristen är åtgärdad, eller så stämmer inte namnen. Ett kvarglömt avsteg kan dölja nästa brist.",
        en: "The fault is mended, or the names do not match. A forgotten exception may hide the next fault.",
    },
    fix: Message {
        sv: "Ta bort avsteget, eller rätta vad det gäller.",
        en: "Remove the exception, or mend what it is about.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Avsteg {exception} motsvarar inget fynd.",
    en: "Exception {exception} matches no finding.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(matched) = audit.facts.matched_exceptions() else { return };
    if !audit.tables.exceptions.is_empty() {
        findings.judge_site();
    }
    for (exception, hit) in audit.tables.exceptions.iter().zip(matched) {
        if !hit {
            findings
                .violation(&MESSAGE, exception.at.clone())
                .text("exception", &exception.id)
                .key(&exception.id)
                .push();
        }
    }
}

//! Register cell that cannot be read.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Severity};

use crate::{Check, Findings};

pub(crate) static CHECK: Check = Check {
    id: "PV0003",
    name: "unreadable-cell",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-5", "BASE-0.2"],
    needs: &[],
    parameters: &[],
    title: Message {
        sv: "Cell i registret som inte går att läsa",
        en: "Register cell that cannot be read",
    },
    why: Message {
        sv: "Raden är kvar, men det som cellen säger räknas inte. Ett beslut som inte går att läsa tillåter ingenting.",
        en: "The row remains, but what the cell says does not count. A decision that cannot be read permits nothing.",
    },
    fix: Message { sv: "Rätta cellen.", en: "Mend the cell." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{row}, kolumnen {column}: ”{text}” går inte att läsa: {why}",
    en: "{row}, column {column}: \"{text}\" cannot be read: {why}",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    if audit.tables.decisions.is_some() {
        findings.judge_site();
    }
    for problem in &audit.tables.problems {
        findings
            .cannot_tell(&MESSAGE, problem.at.clone())
            .text("row", &problem.row)
            .text("column", &problem.column)
            .text("text", &problem.text)
            .arg("why", Arg::Either(problem.why_sv.clone(), problem.why_en.clone()))
            .key(format!("{} {}", problem.row, problem.column))
            .push();
    }
}

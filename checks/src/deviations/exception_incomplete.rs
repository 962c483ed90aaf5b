//! Exception that lacks something.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Severity};

use crate::exceptions::missing;

use crate::{Check, Findings};

pub(crate) static CHECK: Check = Check {
    id: "PV7001",
    name: "exception-incomplete",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-2-1", "BASE-6.1"],
    needs: &[],
    parameters: &[],
    title: Message { sv: "Avsteg som saknar något", en: "Exception that lacks something" },
    why: Message {
        sv: "Ett avsteg ska motiveras, godkännas, vara tidsbegränsat och gå att kontrollera. Annars räknas det inte.",
        en: "An exception is justified, approved, limited in time and can be verified. Otherwise it does not count.",
    },
    fix: Message {
        sv: "Komplettera avsteget, eller åtgärda det som det gäller.",
        en: "Complete the exception, or mend what it is about.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Avsteg {exception} saknar {missing}; det räknas inte som godkänt.",
    en: "Exception {exception} has no {missing}; it is not honoured.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    if !audit.tables.exceptions.is_empty() {
        findings.judge_site();
    }
    for exception in &audit.tables.exceptions {
        let lacks = missing(exception);
        if lacks.is_empty() {
            continue;
        }
        let words = |pick: fn(&(&'static str, &'static str)) -> &'static str| {
            lacks.iter().map(pick).collect::<Vec<_>>().join(", ")
        };
        findings
            .violation(&MESSAGE, exception.at.clone())
            .text("exception", &exception.id)
            .arg("missing", Arg::Either(words(|w| w.0), words(|w| w.1)))
            .key(&exception.id)
            .push();
    }
}

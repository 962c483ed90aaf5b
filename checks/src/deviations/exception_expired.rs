//! Exception that has ended.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, EndDate, Message, Severity};

use crate::{Check, Findings};

pub(crate) static CHECK: Check = Check {
    id: "PV7002",
    name: "exception-expired",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-2-1", "BASE-6.1"],
    needs: &[],
    parameters: &[],
    title: Message { sv: "Avsteg som har gått ut", en: "Exception that has ended" },
    why: Message {
        sv: "Ett avsteg gäller till sitt slutdatum. Därefter är bristen en brist igen.",
        en: "An exception holds until its end date. After that the fault is a fault again.",
    },
    fix: Message {
        sv: "Åtgärda bristen, eller förnya avsteget.",
        en: "Mend the fault, or renew the exception.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Avsteg {exception} gick ut {date}; det räknas inte längre.",
    en: "Exception {exception} ended {date}; it is no longer honoured.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    if !audit.tables.exceptions.is_empty() {
        findings.judge_site();
    }
    for exception in &audit.tables.exceptions {
        if let EndDate::On(end, at) = &exception.valid_to
            && *end < audit.today
        {
            findings
                .violation(&MESSAGE, at.clone())
                .text("exception", &exception.id)
                .arg("date", Arg::Date(*end))
                .key(&exception.id)
                .push();
        }
    }
}

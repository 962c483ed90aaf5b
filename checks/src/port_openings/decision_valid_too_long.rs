//! Decision is valid for too long.

use jiff::Span;
use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_model::{Arg, EndDate, Location, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1016",
    name: "decision-valid-too-long",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-5c", "BASE-1.3"],
    needs: &[Need::Register],
    parameters: &["max_validity_months"],
    title: Message { sv: "Beslutet gäller för länge", en: "Decision is valid for too long" },
    why: Message {
        sv: "Ett slutdatum långt bort är i praktiken inget slutdatum.",
        en: "An end date far away is in practice none.",
    },
    fix: Message {
        sv: "Korta giltighetstiden och förnya beslutet när behovet finns kvar.",
        en: "Shorten the validity and renew the decision while the need remains.",
    },
    messages: &[&MESSAGE, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} gäller {from} till {to}, längre än {months} månader.",
    en: "Decision {decision} is valid from {from} to {to}, longer than {months} months.",
};

static UNSET: Message = Message {
    sv: "Parametern max_validity_months är inte satt; det går inte att avgöra om beslut gäller för länge.",
    en: "The parameter max_validity_months is not set; cannot tell whether decisions are valid for too long.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(months) = audit.parameters.number("max_validity_months") else {
        findings.cannot_tell(&UNSET, Location::Site).key("max_validity_months").push();
        return;
    };
    findings.judge_site();
    for decision in support::standing(audit) {
        let from = decision.valid_from.or(decision.decided_on);
        if let (EndDate::On(end, at), Some(from)) = (&decision.valid_to, from)
            && longest(from, months).is_some_and(|last| last < *end)
        {
            support::fault(findings, &MESSAGE, decision, at.clone())
                .arg("from", Arg::Date(from))
                .arg("to", Arg::Date(*end))
                .number("months", months)
                .push();
        }
    }
}

/// The last day that a validity of `months` from `from` can have; `None` is beyond all calendars.
fn longest(from: Date, months: i64) -> Option<Date> {
    let span = Span::new().try_months(months).ok()?;
    from.checked_add(span).ok()
}

//! Decision that ends soon.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, EndDate, Location, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV1014",
    name: "decision-ends-soon",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-11.6-5c", "BASE-1.3"],
    needs: &[Need::Register],
    parameters: &["soon_days"],
    title: Message { sv: "Beslut som snart går ut", en: "Decision that ends soon" },
    why: Message {
        sv: "Den som vet i tid hinner förnya beslutet eller stänga öppningen.",
        en: "Whoever knows in time can renew the decision or close the opening.",
    },
    fix: Message {
        sv: "Fråga kontaktpersonen om öppningen behövs, och förnya eller stäng.",
        en: "Ask the contact whether the opening is needed, and renew or close it.",
    },
    messages: &[&MESSAGE, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} går ut {date}, om {days} dagar.",
    en: "Decision {decision} ends {date}, in {days} days.",
};

static UNSET: Message = Message {
    sv: "Parametern soon_days är inte satt; det går inte att säga vilka beslut som snart går ut.",
    en: "The parameter soon_days is not set; cannot tell which decisions end soon.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let Some(soon) = audit.parameters.number("soon_days") else {
        findings.cannot_tell(&UNSET, Location::Site).key("soon_days").push();
        return;
    };
    findings.judge_site();
    for decision in support::standing(audit) {
        if let EndDate::On(end, at) = &decision.valid_to {
            let days = i64::from((*end - audit.today).get_days());
            if days <= soon {
                support::fault(findings, &MESSAGE, decision, at.clone())
                    .arg("date", Arg::Date(*end))
                    .number("days", days)
                    .push();
            }
        }
    }
}

//! Port that answers though the decision about it has ended.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Arg, Decision, EndDate, Message, Severity};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8011",
    name: "open-port-after-expiry",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-5", "MALMO-11.6-5c", "BASE-1.3", "BASE-8.1"],
    needs: &[Need::Observations, Need::Register, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message {
        sv: "Port svarar efter beslutets slutdatum",
        en: "Port that answers after its decision ended",
    },
    why: Message {
        sv: "Beslutet har gått ut, och skanningen därefter visar att det ändå går att nå tjänsten.",
        en: "The decision has ended, and the scan after that shows that the service is reached all the same.",
    },
    fix: Message {
        sv: "Stäng porten, eller förnya beslutet.",
        en: "Close the port, or renew the decision.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} svarar på {port} från {from} ({time}), fast {decision} gick ut {date}.",
    en: "{host} answers on {port} from {from} ({time}), though {decision} ended {date}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let open = support::open(audit, findings).iter();
    for port in open.filter(|p| p.standing == Some(OpeningStanding::Expired)) {
        let ended = support::decided(audit, &port.decisions);
        let ended = ended.into_iter().filter(|d| port.day().is_some_and(|day| d.ended_on(day)));
        let Some((decision, date)) = ended.filter_map(end).max_by_key(|(_, date)| *date) else {
            continue;
        };
        let draft = findings.violation(&MESSAGE, support::place(audit, port));
        support::describe(audit, draft, port)
            .text("decision", &decision.id)
            .arg("date", Arg::Date(date))
            .push();
    }
}

fn end(decision: &Decision) -> Option<(&Decision, jiff::civil::Date)> {
    match decision.valid_to {
        EndDate::On(date, _) => Some((decision, date)),
        _ => None,
    }
}

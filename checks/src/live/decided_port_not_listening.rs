//! Decided and permitted opening with nothing behind it.

use portvakt_analysis::observed::{Listening, Refusal};
use portvakt_analysis::{Audit, Implementation};
use portvakt_model::{Message, PortState, Role, Severity};

use super::{sight, support};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8013",
    name: "decided-port-not-listening",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.6-5", "BASE-8.2", "BASE-2.6"],
    needs: &[Need::Observations, Need::Register, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Beslutad port där ingenting lyssnar",
        en: "Decided port with nothing listening",
    },
    why: Message {
        sv: "Värden själv svarade att porten är stängd, från en plats dit trafiken kommer fram. Öppningen behövs kanske inte längre, och nästa tjänst på porten nås direkt.",
        en: "The host itself answered that the port is closed, from a place whose traffic gets there. The opening may no longer be needed, and the next service on the port is reached at once.",
    },
    fix: Message {
        sv: "Fråga kontaktpersonen. Behövs öppningen inte, avsluta beslutet och ta bort regeln.",
        en: "Ask the contact. If the opening is not needed, end the decision and remove the rule.",
    },
    messages: &[&MESSAGE, &SILENT],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} är infört i brandväggen, men ingenting lyssnade på {ports} när skanningen frågade.",
    en: "Decision {decision} is implemented in the firewall, but nothing listened on {ports} when the scan asked.",
};

static SILENT: Message = Message {
    sv: "Beslut {decision} är infört i brandväggen, men {ports} svarade inte när skanningen frågade. Det kan vara ett filter, eller att ingenting lyssnar.",
    en: "Decision {decision} is implemented in the firewall, but {ports} did not answer when the scan asked. That may be a filter, or nothing that listens.",
};

/// Most refusals that a finding names.
const SHOWN: usize = 3;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::open(audit, findings);
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    let states = decisions.iter().zip(&audit.openings().decisions);
    for ((decision, state), listening) in states.zip(&audit.observed().decisions) {
        let (refusals, is_sure) = match listening {
            Listening::Refused(refusals) => (refusals, true),
            Listening::Silent(refusals) => (refusals, false),
            Listening::Answers | Listening::NotAsked | Listening::NotInForce => continue,
        };
        if *state != Implementation::Seen {
            continue;
        }
        let told = |r: &&Refusal| is_sure || r.state != PortState::Closed;
        let told: Vec<&Refusal> = refusals.iter().filter(told).collect();
        let name = |r: &Refusal| format!("{} {}/{}", r.address, r.protocol.name(), r.port);
        let mut names: Vec<String> = told.iter().take(SHOWN).map(|r| name(r)).collect();
        if told.len() > SHOWN {
            names.push("…".to_owned());
        }
        let at = decision.at.clone();
        let draft = if is_sure {
            findings.violation(&MESSAGE, at)
        } else {
            findings.cannot_tell(&SILENT, at)
        };
        let draft = draft.text("decision", &decision.id).text("ports", names.join(", "));
        let draft = told.iter().take(SHOWN).fold(draft.key(&decision.id), |draft, refusal| {
            let run = audit.observed().run(refusal.run);
            let at = audit.observed().place(run.source, refusal.address, Some(refusal.port));
            let time = sight::made(run);
            let label = sight::refused(&time, &name(refusal), refusal.state);
            draft.related(Role::Observation, at, label)
        });
        support::with_openings(audit, draft, decision).push();
    }
}

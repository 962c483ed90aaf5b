//! Decided and permitted opening with nothing behind it.

use portvakt_analysis::observed::{Listening, Refusal};
use portvakt_analysis::{Audit, Implementation};
use portvakt_model::{Message, Role, Severity};

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
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Beslut {decision} är infört i brandväggen, men ingenting lyssnade på {ports} när skanningen frågade.",
    en: "Decision {decision} is implemented in the firewall, but nothing listened on {ports} when the scan asked.",
};

/// Most refusals that a finding names.
const SHOWN: usize = 3;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::open(audit, findings);
    let decisions = audit.tables.decisions.as_deref().unwrap_or_default();
    let states = decisions.iter().zip(&audit.openings().decisions);
    for ((decision, state), listening) in states.zip(&audit.observed().decisions) {
        let Listening::Refused(refusals) = listening else { continue };
        if *state != Implementation::Seen {
            continue;
        }
        let name = |r: &Refusal| format!("{} {}/{}", r.address, r.protocol.name(), r.port);
        let mut names: Vec<String> = refusals.iter().take(SHOWN).map(name).collect();
        if refusals.len() > SHOWN {
            names.push("…".to_owned());
        }
        let draft = findings
            .violation(&MESSAGE, decision.at.clone())
            .text("decision", &decision.id)
            .text("ports", names.join(", "))
            .key(&decision.id);
        let draft = refusals.iter().take(SHOWN).fold(draft, |draft, refusal| {
            let run = audit.observed().run(refusal.run);
            let at = audit.observed().place(run.source, refusal.address, Some(refusal.port));
            let time = support::made(run);
            draft.related(Role::Observation, at, sight::closed(&time, &name(refusal)))
        });
        support::with_openings(audit, draft, decision).push();
    }
}

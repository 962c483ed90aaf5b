//! Rules that were never hit.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Message, Rule, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2009",
    name: "never-hit-rule",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.6-2b", "BASE-2.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Regler som aldrig träffats", en: "Rules that were never hit" },
    why: Message {
        sv: "En öppning som ingen använder är bara risk. Räknarna börjar om när utrustningen startar: fråga innan du tar bort.",
        en: "An opening that nobody uses is risk only. Counters begin anew when the device restarts: ask before removing.",
    },
    fix: Message {
        sv: "Fråga kontaktpersonen om öppningen behövs, och ta bort den annars.",
        en: "Ask the contact whether the opening is needed, and remove it otherwise.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Tillåtande regler som aldrig träffats enligt räknarna i {device} ({list}), {count} st: {rules}.",
    en: "Permitting rules never hit by their counters on {device} ({list}), {count} in all: {rules}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        let hits = |r: &Rule| r.note.as_ref().and_then(|n| n.hits).map(|h| h.count);
        if !support::rules(&applied).any(|(_, r)| hits(r).is_some_and(|n| n > 0)) {
            continue;
        }
        findings.judge(applied.device);
        let cold: Vec<RuleKey> = support::rules(&applied)
            .filter(|(_, r)| r.enabled && r.action == Action::Permit && hits(r) == Some(0))
            .map(|(key, _)| key)
            .collect();
        if let Some(first) = cold.first() {
            rules::fault(audit, findings, &MESSAGE, applied.device, *first)
                .number("count", cold.len() as u32)
                .arg("rules", support::names(audit, applied.device, &cold))
                .key(&applied.list.name)
                .push();
        }
    }
}

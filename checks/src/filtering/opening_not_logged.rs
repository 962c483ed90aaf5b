//! Opening that is not logged.

use portvakt_analysis::{Audit, Flow, RuleKey};
use portvakt_model::{Action, Logging, Message, Rule, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2020",
    name: "opening-not-logged",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.12-8", "MALMO-10.4-4", "MALMO-7.3-5", "BASE-2.8"],
    needs: &[Need::Device, Need::Zones, Need::Borders],
    parameters: &[],
    title: Message { sv: "Öppning som inte loggas", en: "Opening that is not logged" },
    why: Message {
        sv: "Det som passerar en gräns ska gå att spåra efteråt. Bedöms där listans övriga öppningar loggas.",
        en: "What crosses a border can be traced afterwards. Judged where the other openings of the list are logged.",
    },
    fix: Message { sv: "Slå på loggning för regeln.", en: "Turn on logging for the rule." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) loggar inte det som släpps från {from} till {to}.",
    en: "{rule} on {device} ({list}) does not log what is let through from {from} to {to}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        let permits: Vec<(RuleKey, &Rule)> = support::rules(&applied)
            .filter(|(_, r)| r.enabled && r.action == Action::Permit)
            .collect();
        let silent = permits.iter().filter(|(_, r)| r.logging == Logging::Off).count();
        if permits.is_empty() || silent * 2 > permits.len() {
            continue;
        }
        findings.judge(applied.device);
        for (key, _) in permits.iter().filter(|(_, r)| r.logging == Logging::Off) {
            let crosses = |f: &&Flow| audit.site.border(f.from, f.to).is_some();
            let flows: Vec<&Flow> = audit.flows_of(applied.device, *key).filter(crosses).collect();
            if !flows.is_empty() {
                let draft = rules::fault(audit, findings, &MESSAGE, applied.device, *key)
                    .at(rules::logging_place(audit, applied.device, *key));
                support::zones(audit, draft, &flows).push();
            }
        }
    }
}

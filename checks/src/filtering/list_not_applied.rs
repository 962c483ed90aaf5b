//! Rule list that is not applied.

use portvakt_analysis::Audit;
use portvakt_analysis::anomalies::called;
use portvakt_model::{Message, RulesetId, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV2013",
    name: "list-not-applied",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-11.6-2d", "BASE-2.7"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Regellista som inte är tillämpad", en: "Rule list that is not applied"
    },
    why: Message {
        sv: "En lista som inte sitter på något gränssnitt filtrerar ingenting, hur väl den än är skriven.",
        en: "A list that is on no interface filters nothing, however well it is written.",
    },
    fix: Message {
        sv: "Tillämpa listan, eller ta bort den.", en: "Apply the list, or remove it."
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Listan {list} i {device} är inte tillämpad någonstans.",
    en: "The list {list} on {device} is applied nowhere.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, model) in audit.devices().filter(|(_, d)| !d.rulesets.is_empty()) {
        findings.judge(device);
        let chains = called(model);
        for (id, list) in (0..).map(RulesetId).zip(&model.rulesets) {
            let idle = list.hooks.is_empty() && list.other_uses.is_empty() && !chains.contains(&id);
            if idle && list.line > 0 && !list.rules.is_empty() {
                findings
                    .violation(&MESSAGE, audit.at(device, list.line))
                    .device(device)
                    .text("list", &list.name)
                    .key(&list.name)
                    .push();
            }
        }
    }
}

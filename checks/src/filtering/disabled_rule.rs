//! Disabled rules remain.

use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Message, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2008",
    name: "disabled-rule",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-11.6-2b", "BASE-2.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Avstängda regler ligger kvar", en: "Disabled rules remain" },
    why: Message {
        sv: "En avstängd regel kan slås på av misstag, och skymmer det som gäller.",
        en: "A disabled rule may be switched on by mistake, and hides what is in force.",
    },
    fix: Message { sv: "Ta bort reglerna.", en: "Remove the rules." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Avstängda regler i {device} ({list}), {count} st: {rules}.",
    en: "Disabled rules on {device} ({list}), {count} in all: {rules}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        findings.judge(applied.device);
        let off: Vec<RuleKey> =
            support::rules(&applied).filter(|(_, r)| !r.enabled).map(|(key, _)| key).collect();
        if let Some(first) = off.first() {
            rules::fault(audit, findings, &MESSAGE, applied.device, *first)
                .number("count", off.len() as u32)
                .arg("rules", support::names(audit, applied.device, &off))
                .key(&applied.list.name)
                .push();
        }
    }
}

//! The rule has expired.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Role, Severity};

use super::support;
use crate::{Check, Findings, Need, rules};

pub(crate) static CHECK: Check = Check {
    id: "PV2016",
    name: "expired-rule",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.6-5c", "BASE-1.3", "BASE-2.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Regelns tid har gått ut", en: "The rule has expired" },
    why: Message {
        sv: "Regeln släpper inte längre igenom något. Den som förlänger schemat öppnar den igen, utan att någon beslutat om det.",
        en: "The rule lets nothing through any more. Whoever extends the schedule opens it again, without a decision.",
    },
    fix: Message { sv: "Ta bort regeln och schemat.", en: "Remove the rule and the schedule." },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) gick ut {date} (schema {schedule}).",
    en: "{rule} on {device} ({list}) expired {date} (schedule {schedule}).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for applied in support::applied(audit) {
        let schedules = &audit.devices[applied.device as usize].schedules;
        findings.judge(applied.device);
        for (key, rule) in support::rules(&applied).filter(|(_, r)| r.enabled) {
            let index = rule.note.as_ref().and_then(|n| n.schedule);
            let Some(schedule) = index.and_then(|i| schedules.get(i as usize)) else { continue };
            let Some(end) = schedule.end.filter(|end| *end < audit.today) else { continue };
            rules::fault(audit, findings, &MESSAGE, applied.device, key)
                .arg("date", Arg::Date(end))
                .text("schedule", &schedule.name)
                .related(Role::Definition, audit.at(applied.device, schedule.line), &schedule.name)
                .push();
        }
    }
}

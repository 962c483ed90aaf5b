//! Input is missing.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Location, Message, Severity};

use crate::ALL;
use crate::run::is_met;

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV0004",
    name: "input-missing",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-6.5-1", "MALMO25-UPP-3", "BASE-0.2"],
    needs: &[],
    parameters: &[],
    title: Message { sv: "Underlag saknas", en: "Input is missing" },
    why: Message {
        sv: "Utan underlaget går kontrollerna som behöver det inte att avgöra. De räknas aldrig som godkända.",
        en: "Without it the checks that need it cannot be decided. They never count as passed.",
    },
    fix: Message {
        sv: "Lägg till underlaget i katalogen eller i portvakt.toml.",
        en: "Add it to the folder or to portvakt.toml.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{input} saknas. Antal kontroller som då inte går att avgöra: {count}.",
    en: "{input}: not given. Number of checks that cannot be decided without it: {count}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    findings.judge_site();
    for need in Need::ALL.into_iter().filter(|need| !is_met(*need, audit)) {
        let affected = ALL.iter().filter(|c| c.needs.contains(&need)).count();
        if affected > 0 {
            findings
                .cannot_tell(&MESSAGE, Location::Site)
                .arg("input", Arg::Phrase(need.name()))
                .number("count", affected as u32)
                .key(need.name().en)
                .push();
        }
    }
}

//! Observations that are too old to be compared.

use jiff::Timestamp;
use portvakt_analysis::Audit;
use portvakt_analysis::observed::{Age, OBSERVATION_DAYS, age};
use portvakt_model::{Arg, Location, Message, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8003",
    name: "scan-too-old",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-7.4-1", "BASE-8.5"],
    needs: &[Need::Observations],
    parameters: &[OBSERVATION_DAYS],
    title: Message {
        sv: "Skanning för gammal för att jämföra med",
        en: "Scan too old to compare with",
    },
    why: Message {
        sv: "Ett nät ändras. En gammal skanning säger inte vad som svarar i dag, och används därför inte.",
        en: "A network changes. An old scan does not say what answers today, and is therefore not used.",
    },
    fix: Message {
        sv: "Skanna på nytt, eller ta bort filen från granskningen.",
        en: "Scan anew, or take the file out of the audit.",
    },
    messages: &[&OLD, &AHEAD, &NO_TIME, &ENDPOINTS],
    run,
};

static OLD: Message = Message {
    sv: "Skanningen ({tool}) är {days} dagar gammal, mer än {limit}. Den används inte.",
    en: "The scan ({tool}) is {days} days old, more than {limit}. It is not used.",
};

static AHEAD: Message = Message {
    sv: "Skanningen ({tool}) säger sig vara gjord {days}, efter dagen som granskas. Den används inte; se efter om skannerns klocka går rätt.",
    en: "The scan ({tool}) says that it was made on {days}, after the day that is judged. It is not used; see whether the scanner's clock is right.",
};

static NO_TIME: Message = Message {
    sv: "Skanningen ({tool}) säger inte när den gjordes. Den används inte.",
    en: "The scan ({tool}) does not say when it was made. It is not used.",
};

static ENDPOINTS: Message = Message {
    sv: "TLS- och SSH-tjänster i filen sågs för mer än {limit} dagar sedan, eller efter dagen som granskas, och används inte. Antal: {count}.",
    en: "TLS and SSH endpoints in the file were seen more than {limit} days ago, or after the day that is judged, and are not used. Number: {count}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let limit = audit.parameters.number(OBSERVATION_DAYS).unwrap_or_default();
    for run in &audit.observed().runs {
        findings.judge_site();
        let (message, days) = match run.age {
            Age::Recent => continue,
            Age::TooOld(days) => (&OLD, Arg::Number(days)),
            Age::Ahead(day) => (&AHEAD, Arg::Date(day)),
            Age::NotStated => (&NO_TIME, Arg::Number(0)),
        };
        findings
            .cannot_tell(message, run.run.at.clone().unwrap_or(Location::Whole(run.source)))
            .text("tool", &run.run.tool)
            .arg("days", days)
            .number("limit", limit)
            .key(audit.file_name(run.source))
            .push();
    }
    for file in audit.tables.observations.iter().flatten() {
        let seen = file.observations;
        let times = seen.tls.iter().map(|e| e.at).chain(seen.ssh.iter().map(|e| e.at));
        let is_old = |at: &Timestamp| age(audit, Some(*at)) != Age::Recent;
        let count = times.filter(is_old).count();
        if count > 0 {
            findings.judge_site();
            findings
                .cannot_tell(&ENDPOINTS, Location::Whole(file.source))
                .number("limit", limit)
                .number("count", count as u32)
                .key(format!("{} endpoints", audit.file_name(file.source)))
                .push();
        }
    }
}

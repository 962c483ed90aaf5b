//! Scan of which it is not known where it was made.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::{Age, Sensor};
use portvakt_model::{Location, Message, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8001",
    name: "scan-sensor-unknown",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["BASE-8.5"],
    needs: &[Need::Observations, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Skanning gjord från okänd plats", en: "Scan made from an unknown place"
    },
    why: Message {
        sv: "Vad som ska svara beror på varifrån man frågar. Utan sensorns zon går skanningen inte att jämföra med brandväggar och beslut.",
        en: "What is to answer depends on where one asks from. Without the sensor's zone the scan cannot be compared with firewalls and decisions.",
    },
    fix: Message {
        sv: "Ange zonen i portvakt.toml, till exempel observations = [{ file = \"scan.xml\", from = \"Servrar\" }], eller med --sensor.",
        en: "State the zone in portvakt.toml, like observations = [{ file = \"scan.xml\", from = \"Servrar\" }], or with --sensor.",
    },
    messages: &[&NOT_STATED, &IN_NO_ZONE, &AMBIGUOUS],
    run,
};

static NOT_STATED: Message = Message {
    sv: "Skanningen ({tool}) säger inte varifrån den gjordes. Antal svarande värdar som då inte går att jämföra med brandväggar och beslut: {count}.",
    en: "The scan ({tool}) does not say where it was made from. Number of answering hosts that cannot be compared with firewalls and decisions: {count}.",
};

static IN_NO_ZONE: Message = Message {
    sv: "Skanningen ({tool}) gjordes från {sensor}, som inte hör till någon zon. Antal svarande värdar som då inte går att jämföra med brandväggar och beslut: {count}.",
    en: "The scan ({tool}) was made from {sensor}, which is in no zone. Number of answering hosts that cannot be compared with firewalls and decisions: {count}.",
};

static AMBIGUOUS: Message = Message {
    sv: "Skanningen ({tool}) gjordes från {sensor}, som hör till flera zoner. Antal svarande värdar som då inte går att jämföra med brandväggar och beslut: {count}.",
    en: "The scan ({tool}) was made from {sensor}, which is in several zones. Number of answering hosts that cannot be compared with firewalls and decisions: {count}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for run in &audit.observed().runs {
        findings.judge_site();
        let message = match run.sensor {
            Sensor::Zone(_) => continue,
            Sensor::NotStated => &NOT_STATED,
            Sensor::InNoZone => &IN_NO_ZONE,
            Sensor::Ambiguous => &AMBIGUOUS,
        };
        if run.age != Age::Recent {
            continue;
        }
        let named = run.run.sensor.iter().cloned();
        let sensor: Vec<String> =
            named.chain(run.run.sources.iter().map(ToString::to_string)).collect();
        let up = run.run.hosts.iter().filter(|h| h.up).count();
        let at = run.run.at.clone().unwrap_or(Location::Whole(run.source));
        findings
            .cannot_tell(message, at)
            .text("tool", &run.run.tool)
            .text("sensor", sensor.join(", "))
            .number("count", up as u32)
            .key(audit.file_name(run.source))
            .push();
    }
}

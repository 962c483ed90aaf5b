//! Scan that did not go through, or that could not tell every port.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::Age;
use portvakt_model::{Location, Message, Severity};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8002",
    name: "scan-incomplete",
    aliases: &[],
    severity: Severity::Low,
    serves: &["BASE-8.5"],
    needs: &[Need::Observations],
    parameters: &[],
    title: Message { sv: "Skanning som inte är hel", en: "Scan that is not whole" },
    why: Message {
        sv: "Det som en avbruten skanning inte nämner kanske aldrig blev frågat. Öppna portar som den såg räknas; att något saknas i den betyder ingenting.",
        en: "What a scan that was cut short does not mention was perhaps never asked. Open ports that it saw count; that something is missing from it means nothing.",
    },
    fix: Message {
        sv: "Låt skanningen gå till slutet, eller kör om den långsammare. naabu och tlsx skriver aldrig vad de frågade: skanna då med portvakt eller med nmap (-oX).",
        en: "Let the scan go through to its end, or run it again more slowly. naabu and tlsx never write what they asked: scan with portvakt or nmap (-oX) then.",
    },
    messages: &[&CUT_SHORT, &UNSURE, &DROPPED],
    run,
};

static CUT_SHORT: Message = Message {
    sv: "Skanningen ({tool}) gick inte till slutet, eller säger inte vad den frågade. Portar som saknas i den kan vara öppna.",
    en: "The scan ({tool}) did not go through to its end, or does not say what it asked. Ports that it does not list may be open.",
};

static UNSURE: Message = Message {
    sv: "Skanningen ({tool}) kunde inte avgöra tillståndet för alla portar. Antal osäkra: {count}.",
    en: "The scan ({tool}) could not tell the state of every port. Number not told: {count}.",
};

static DROPPED: Message = Message {
    sv: "Skanningen ({tool}) förlorade paket innan de lästes. Antal förlorade: {count}.",
    en: "The scan ({tool}) lost packets before they were read. Number lost: {count}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for run in &audit.observed().runs {
        findings.judge_site();
        let counts = run.run.counts;
        let (message, count) = match (run.run.complete, counts.incomplete, counts.dropped) {
            (false, ..) => (&CUT_SHORT, 0),
            (true, 0, 0) => continue,
            (true, 0, dropped) => (&DROPPED, dropped),
            (true, unsure, _) => (&UNSURE, unsure),
        };
        if run.age != Age::Recent {
            continue;
        }
        findings
            .cannot_tell(message, run.run.at.clone().unwrap_or(Location::Whole(run.source)))
            .text("tool", &run.run.tool)
            .number("count", i64::try_from(count).unwrap_or(i64::MAX))
            .key(audit.file_name(run.source))
            .push();
    }
}

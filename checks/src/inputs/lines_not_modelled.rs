//! Lines whose effect is not modelled.

use std::collections::BTreeMap;

use portvakt_analysis::Audit;
use portvakt_model::{Arg, LineState, Location, Message, Severity, SourceId};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV0002",
    name: "lines-not-modelled",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-6.5-1", "MALMO25-UPP-3", "BASE-0.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Rader vars verkan inte räknas in",
        en: "Lines whose effect is not modelled",
    },
    why: Message {
        sv: "portvakt känner igen raderna men räknar inte med vad de gör. Det som beror på dem avgörs inte.",
        en: "portvakt recognises the lines but does not reckon with what they do. What depends on them is not decided.",
    },
    fix: Message {
        sv: "Läs vad som inte räknas in, och granska det för hand där det spelar roll.",
        en: "Read what is not modelled, and review it by hand where it matters.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Rader som känns igen men inte räknas in i {path}, {count} st: {reasons}.",
    en: "Lines recognised but not modelled in {path}, {count} in all: {reasons}.",
};

/// Most reasons that a sentence names.
const MOST_REASONS: usize = 6;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, coverage) in audit.coverage.iter().enumerate() {
        let mut reasons: BTreeMap<&str, (&Message, u32)> = BTreeMap::new();
        let mut first = None;
        for (line, state) in coverage.not_understood() {
            if let LineState::Unsupported(why) = state {
                first = first.or(Some(line));
                reasons.entry(why.en).or_insert((why, 0)).1 += 1;
            }
        }
        let Some(first) = first else { continue };
        let path = audit.file_name(SourceId(index as u32));
        let shown = |word: fn(&Message) -> &str| {
            let all = reasons.values().take(MOST_REASONS).map(|(why, _)| word(why));
            all.collect::<Vec<_>>().join("; ")
        };
        findings
            .cannot_tell(&MESSAGE, Location::line(SourceId(index as u32), first))
            .number("count", reasons.values().map(|(_, lines)| lines).sum::<u32>())
            .text("path", path)
            .arg("reasons", Arg::Either(shown(|m| m.sv), shown(|m| m.en)))
            .key(path)
            .push();
    }
    findings.judge_site();
}

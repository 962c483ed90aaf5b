//! Lines that are not recognised.

use portvakt_analysis::Audit;
use portvakt_model::{LineState, Location, Message, Severity, SourceId};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV0001",
    name: "lines-not-recognised",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-6.5-1", "MALMO25-UPP-3", "BASE-0.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Rader som inte känns igen", en: "Lines that are not recognised" },
    why: Message {
        sv: "Det som inte är förstått kan inte godkännas. Kontroller som inte hittar något fel i en sådan fil blir ”kan inte avgöras”.",
        en: "What is not understood cannot pass. Checks that find no fault in such a file become \"cannot tell\".",
    },
    fix: Message {
        sv: "Granska raderna för hand, och anmäl dem gärna så att formatet kan läsas helt.",
        en: "Review the lines by hand, and preferably report them so that the format can be read in full.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "Rader som inte känns igen i {path}, {count} st; den första: {line}",
    en: "Lines not recognised in {path}, {count} in all; the first: {line}",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, coverage) in audit.coverage.iter().enumerate() {
        let id = SourceId(index as u32);
        let unknown: Vec<u32> = coverage
            .not_understood()
            .filter(|(_, s)| *s == LineState::Unknown)
            .map(|(line, _)| line)
            .collect();
        let Some(first) = unknown.first() else { continue };
        let path = audit.file_name(id);
        findings
            .cannot_tell(&MESSAGE, Location::line(id, *first))
            .number("count", unknown.len() as u32)
            .text("path", path)
            .text("line", audit.line(id, *first))
            .key(path)
            .push();
    }
    findings.judge_site();
}

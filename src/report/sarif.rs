//! The report as SARIF 2.1.0 (OASIS), for code review and dashboards.
//!
//! *Cannot tell* is `kind: open`, an excepted violation carries a suppression. Messages are given
//! in the language of the report; rule texts in both.

use std::fmt::Write as _;
use std::io::{self, Write};

use portvakt_checks::Check;
use portvakt_model::{Location, Severity, Verdict};
use serde_json::{Value, json};

use super::{Report, ReportFinding};
use crate::inputs::Failure;
use crate::text::{self, Lang};

pub(crate) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn write(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let log = Log {
        checks: report.judgements.iter().map(|r| r.check).collect(),
        failures: report.case.failures(),
        results: report.findings.iter().map(|f| result(report, f, lang)).collect(),
    };
    log.write(lang, out)
}

/// A log of one run.
pub(crate) struct Log<'r> {
    /// The checks that its results name.
    pub(crate) checks: Vec<&'static Check>,
    /// What could not be read.
    pub(crate) failures: &'r [Failure],
    /// The results.
    pub(crate) results: Vec<Value>,
}

impl Log<'_> {
    pub(crate) fn write(self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "portvakt",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "language": lang.of("sv", "en"),
                    "rules": self.checks.iter().map(|c| rule(c, lang)).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": self.failures.is_empty(),
                    "toolExecutionNotifications": notifications(self.failures, lang),
                }],
                "results": self.results,
            }],
        });
        serde_json::to_writer_pretty(&mut *out, &log)?;
        writeln!(out)
    }
}

fn rule(check: &'static Check, lang: Lang) -> Value {
    let other = lang.of(Lang::En, Lang::Sv);
    json!({
        "id": check.id,
        "name": check.name,
        "shortDescription": {"text": lang.pick(&check.title)},
        "fullDescription": {"text": lang.pick(&check.why)},
        "help": {"text": lang.pick(&check.fix)},
        "defaultConfiguration": {"level": level(check.severity)},
        "properties": {
            "security-severity": score(check.severity),
            "tags": check.serves,
            "titleOtherLanguage": other.pick(&check.title),
        },
    })
}

/// The level of a result.
pub(crate) const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
        Severity::Info => "note",
    }
}

/// The scale that code hosts sort by, 0.0–10.0.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "1.0",
    }
}

fn notifications(failures: &[Failure], lang: Lang) -> Vec<Value> {
    let one = |f: &Failure| {
        json!({
            "level": "error",
            "message": {"text": format!("{}: {}", f.path, text::failure(&f.kind, lang))},
        })
    };
    failures.iter().map(one).collect()
}

fn result(report: &Report<'_>, row: &ReportFinding, lang: Lang) -> Value {
    let f = &row.finding;
    let (kind, level) = match f.verdict {
        Verdict::CannotTell => ("open", "none"),
        Verdict::Violation | Verdict::Excepted => ("fail", level(f.severity)),
    };
    let related: Vec<Value> = f
        .related
        .iter()
        .filter_map(|r| {
            let mut at = location(report, &r.at)?;
            at["message"] =
                json!({"text": format!("{}: {}", r.role.name(), text::words(&r.label, lang))});
            Some(at)
        })
        .collect();
    let mut value = json!({
        "ruleId": row.check.id,
        "kind": kind,
        "level": level,
        "message": {"text": text::message(f, lang)},
        "locations": location(report, &f.at).into_iter().collect::<Vec<_>>(),
        "relatedLocations": related,
        "partialFingerprints": {"portvakt/v1": row.fingerprint},
        "properties": {"severity": f.severity.name(), "device": f.device, "owner": f.owner},
    });
    if let Some(id) = &f.exception {
        value["suppressions"] =
            json!([{"kind": "external", "status": "accepted", "justification": id}]);
    }
    value
}

fn location(report: &Report<'_>, at: &Location) -> Option<Value> {
    let source = &report.case.sources()[at.source()?.0 as usize];
    let (line, column) = match at {
        Location::Line { line, column, .. } => (*line, *column),
        Location::Cell { row, column, .. } => (*row, *column),
        Location::Whole(_) | Location::Site => (1, 1),
    };
    Some(place(&source.path, line, column))
}

/// A place in a file.
pub(crate) fn place(path: &str, line: u32, column: u32) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(path)},
        "region": {"startLine": line.max(1), "startColumn": column.max(1)},
    }})
}

/// A path as a relative reference (RFC 3986): what may not stand in one is percent-encoded.
pub(crate) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("a b/ö.cfg"), "a%20b/%C3%B6.cfg");
    }
}

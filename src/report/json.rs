//! The report as JSON: the full truth, with a versioned schema.

use std::io::{self, Write};

use portvakt_checks::Outcome;
use portvakt_model::{Location, Related, Verdict, Witness};
use rayon::prelude::*;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::document::{
    CheckRow, CitationRow, CoverageRow, Document, FailureRow, FindingRow, OutcomeRow, OwnerCounts,
    PackRow, Place, RelatedRow, RunRow, ScanRow, Summary, WitnessRow,
};
use super::summary::{OwnerRow, by_owner};
use super::{Judgement, Report, ReportFinding, RunCoverage, ScanCoverage, SourceCoverage, hex};
use crate::text::{self, Lang};

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-audit-1";

pub(super) fn write(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(report, lang))?;
    writeln!(out)
}

/// The schema of the report (JSON Schema 2020-12).
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<'static>)
}

/// All findings, a line each. They are made as they are written, so that not all are held at once.
pub(super) struct Rows<'r> {
    report: &'r Report<'r>,
    lang: Lang,
}

/// Findings that are made before they are written.
const CHUNK: usize = 2048;

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = |f: &ReportFinding| to_raw_value(&finding(self.report, f, self.lang));
        let mut seq = serializer.serialize_seq(Some(self.report.findings.len()))?;
        for chunk in self.report.findings.chunks(CHUNK) {
            let rows: serde_json::Result<Vec<Box<RawValue>>> = chunk.par_iter().map(row).collect();
            for row in rows.map_err(S::Error::custom)? {
                seq.serialize_element(&row)?;
            }
        }
        seq.end()
    }
}

fn document<'r>(report: &'r Report<'_>, lang: Lang) -> Document<'r> {
    let site = &report.case.site().site;
    Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        today: report.today.to_string(),
        organisation: site.organisation.as_deref(),
        secrecy: site.secrecy.as_deref(),
        packs: report
            .case
            .packs()
            .list
            .iter()
            .map(|p| PackRow { id: &p.id, superseded_by: p.superseded_by.as_deref() })
            .collect(),
        summary: summary(report),
        owners: by_owner(report).iter().map(owner).collect(),
        findings: Rows { report, lang },
        checks: checks(report),
        coverage: report.coverage.iter().map(coverage).collect(),
        scans: report.scans.iter().map(scan).collect(),
        failures: report
            .case
            .failures()
            .iter()
            .map(|f| FailureRow { path: f.path.clone(), error: text::failure(&f.kind, lang) })
            .collect(),
        not_read: report.case.passed_over(),
    }
}

fn owner<'r>(row: &OwnerRow<'r>) -> OwnerCounts<'r> {
    let [critical, high, medium, low, info, cannot_tell, excepted] = row.counts.columns();
    OwnerCounts { owner: row.owner, critical, high, medium, low, info, cannot_tell, excepted }
}

fn summary(report: &Report<'_>) -> Summary {
    Summary {
        violation: report.count(Verdict::Violation),
        cannot_tell: report.count(Verdict::CannotTell),
        excepted: report.count(Verdict::Excepted),
        pass: report.outcomes(Outcome::Pass),
        not_applicable: report.outcomes(Outcome::NotApplicable),
        devices: report.case.devices().len(),
        worst: report.worst().map(portvakt_model::Severity::name),
    }
}

fn finding<'r>(report: &'r Report<'_>, row: &'r ReportFinding, lang: Lang) -> FindingRow<'r> {
    let f = &row.finding;
    FindingRow {
        check: row.check.id,
        name: row.check.name,
        verdict: f.verdict.name(),
        severity: f.severity.name(),
        title: lang.pick(&row.check.title),
        message: text::message(f, lang),
        fix: lang.pick(&row.check.fix),
        location: place(report, &f.at),
        related: f.related.iter().map(|r| related(report, r, lang)).collect(),
        witness: f.witness.as_ref().map(witness),
        traffic: f.residue.iter().map(text::traffic_row).collect(),
        citations: row
            .citations
            .iter()
            .map(|c| CitationRow {
                rule: &c.rule,
                source: &c.source,
                section: &c.section,
                quote: &c.quote,
                derived: c.derived,
            })
            .collect(),
        device: f.device.as_deref(),
        owner: f.owner.as_deref(),
        exception: f.exception.as_deref(),
        fingerprint: &row.fingerprint,
    }
}

fn related(report: &Report<'_>, related: &Related, lang: Lang) -> RelatedRow {
    RelatedRow {
        role: related.role.name(),
        label: text::words(&related.label, lang),
        location: place(report, &related.at),
    }
}

fn place(report: &Report<'_>, at: &Location) -> Place {
    let path = at
        .source()
        .map_or_else(String::new, |id| report.case.sources()[id.0 as usize].path.clone());
    match at {
        Location::Line { line, column, .. } => {
            Place { path, line: *line, column: *column, sheet: None, cell: None }
        }
        Location::Cell { sheet, row, column, .. } => Place {
            path,
            line: *row,
            column: *column,
            sheet: sheet.clone(),
            cell: Some(text::cell_name(*row, *column)),
        },
        Location::Whole(_) | Location::Site => {
            Place { path, line: 1, column: 1, sheet: None, cell: None }
        }
    }
}

fn witness(w: &Witness) -> WitnessRow<'_> {
    WitnessRow {
        src: w.packet.src.to_string(),
        dst: w.packet.dst.to_string(),
        proto: w.packet.proto,
        sport: w.packet.sport,
        dport: w.packet.dport,
        iif: w.in_name.as_deref(),
        out: w.out_name.as_deref(),
        state: w.packet.state.name(),
        permitted: w.permitted,
    }
}

fn checks<'r>(report: &'r Report<'_>) -> Vec<CheckRow<'r>> {
    let name = |s: &portvakt_checks::Subject| match s {
        portvakt_checks::Subject::Device(d) => {
            Some(report.case.devices()[*d as usize].name.as_str())
        }
        portvakt_checks::Subject::Site => None,
    };
    let row = |r: &'r Judgement| CheckRow {
        check: r.check.id,
        name: r.check.name,
        outcomes: r
            .outcomes
            .iter()
            .map(|(s, o)| OutcomeRow { device: name(s), outcome: outcome(*o) })
            .collect(),
        unmet: r.unmet.map(|need| format!("{need:?}").to_lowercase()),
    };
    report.judgements.iter().map(row).collect()
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotApplicable => "not_applicable",
        Outcome::Pass => "pass",
        Outcome::Excepted => "excepted",
        Outcome::CannotTell => "cannot_tell",
        Outcome::Violation => "violation",
    }
}

fn coverage(source: &SourceCoverage) -> CoverageRow<'_> {
    let [lines, used, neutral, unsupported, unknown] = source.counts;
    CoverageRow {
        path: &source.path,
        format: source.format,
        sha256: source.sha256(),
        lines,
        used,
        neutral,
        unsupported,
        unknown,
    }
}

fn scan(scan: &ScanCoverage) -> ScanRow<'_> {
    ScanRow {
        path: &scan.path,
        sha256: scan.digest.map(|digest| hex(&digest)),
        runs: scan.runs.iter().map(run).collect(),
        tls: scan.tls,
        ssh: scan.ssh,
    }
}

fn run(run: &RunCoverage) -> RunRow<'_> {
    RunRow {
        tool: &run.tool,
        from: run.from.as_deref(),
        at: run.at.as_deref(),
        complete: run.complete,
        used: run.used,
        hosts: run.hosts,
        up: run.up,
        ports: run.ports,
        open: run.open,
        incomplete: run.incomplete,
    }
}

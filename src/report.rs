//! Reports: one audit in many forms. Each form writes the same findings.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::civil::Date;
use portvakt_checks::{Check, CheckResult, Citation, Need, Outcome, Subject};
use portvakt_model::{Finding, Severity, Verdict};

use crate::audit::Case;
use crate::text::Lang;
pub use scans::{RunCoverage, ScanCoverage};

/// The outcome of an audit.
pub struct Report<'c> {
    /// What was judged.
    pub case: &'c Case,
    /// The day it was judged for.
    pub today: Date,
    /// Findings, worst first.
    pub findings: Vec<ReportFinding>,
    /// What each check could say.
    pub judgements: Vec<Judgement>,
    /// What was understood of each source.
    pub coverage: Vec<SourceCoverage>,
    /// What was read of each file with results of scans.
    pub scans: Vec<ScanCoverage>,
}

/// What a check could say, subject by subject.
pub struct Judgement {
    /// The check.
    pub check: &'static Check,
    /// Its outcome for each subject that it judged.
    pub outcomes: Vec<(Subject, Outcome)>,
    /// The need that was not met, when it did not run.
    pub unmet: Option<Need>,
}

impl Judgement {
    /// The judgement of a result.
    pub fn of(result: &CheckResult) -> Self {
        let CheckResult { check, outcomes, unmet, .. } = result;
        Self { check, outcomes: outcomes.clone(), unmet: *unmet }
    }
}

/// A finding with what reports need beside it.
pub struct ReportFinding {
    /// The check.
    pub check: &'static Check,
    /// What was found.
    pub finding: Finding,
    /// The clauses it cites.
    pub citations: Arc<[Citation]>,
    /// Names it over time.
    pub fingerprint: String,
}

/// What was understood of a source.
pub struct SourceCoverage {
    /// Its path.
    pub path: String,
    /// Id of the format it was read as.
    pub format: &'static str,
    /// SHA-256 of the file as it was read.
    pub digest: Option<[u8; 32]>,
    /// Lines in all, used, neutral, unsupported, unknown.
    pub counts: [u32; 5],
}

impl SourceCoverage {
    /// The digest in hexadecimal.
    pub fn sha256(&self) -> Option<String> {
        self.digest.map(|digest| hex(&digest))
    }
}

/// Bytes in hexadecimal: digests, fingerprints.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

impl Report<'_> {
    /// The number of findings with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|f| f.finding.verdict == verdict).count()
    }

    /// The number of (check, subject) pairs with an outcome.
    pub fn outcomes(&self, outcome: Outcome) -> usize {
        let all = self.judgements.iter().flat_map(|j| &j.outcomes);
        all.filter(|(_, o)| *o == outcome).count()
    }

    /// The worst severity among violations.
    pub fn worst(&self) -> Option<Severity> {
        let bad = self.findings.iter().filter(|f| f.finding.verdict == Verdict::Violation);
        bad.map(|f| f.finding.severity).max()
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// The full truth; every other form is made of the same.
    Json,
    /// SARIF 2.1.0, for code review.
    Sarif,
    /// A page that stands alone, to read and to print.
    Html,
    /// A table, for a spreadsheet.
    Csv,
    /// `JUnit` XML, for continuous integration.
    Junit,
}

/// How much of many findings of one kind the report for a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The first ones in full, then a line each, then how many more there are and where.
    Grouped,
    /// Every one in full.
    Full,
}

/// Writes `report` in a form and language.
pub fn write(
    report: &Report<'_>,
    format: Format,
    lang: Lang,
    detail: Detail,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, lang, detail, out),
        Format::Json => json::write(report, lang, out),
        Format::Sarif => sarif::write(report, lang, out),
        Format::Html => html::write(report, lang, out),
        Format::Csv => csv::write(report, lang, out),
        Format::Junit => junit::write(report, lang, out),
    }
}

mod chart;
pub(crate) mod csv;
mod document;
pub(crate) mod graph;
mod html;
mod json;
mod junit;
pub(crate) mod sarif;
pub(crate) mod scans;
mod summary;
mod text;

/// The catalogue as a page of its own.
pub fn html_catalogue(lang: Lang) -> io::Result<String> {
    html::catalogue(lang).map_err(io::Error::other)
}

/// The schema of the report as JSON.
pub fn schema() -> schemars::Schema {
    json::schema()
}

//! The sample municipality: its whole report, and the faults that its own document says it has.
//!
//! `UPDATE=1` rewrites the snapshots in `fixtures/reports/`; read what changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt::report::{Detail, Format, Report, ReportFinding, write};
use portvakt::text::Lang;
use portvakt_checks::{FAMILIES, Selection};
use portvakt_model::{Finding, Location, Severity, Verdict};

fn folder() -> PathBuf {
    // Relative, so that the paths in the report are the same wherever the project lies.
    PathBuf::from("fixtures/exempelkommun")
}

fn case() -> Case {
    let request =
        Request { paths: vec![folder()], parameters: parameter_names(), ..Request::default() };
    let inputs = read(&request, &|_| {});
    assert!(inputs.failures.is_empty(), "{:?}", inputs.failures);
    Case::new(inputs).unwrap()
}

fn report(case: &Case) -> Report<'_> {
    case.report(date(2026, 11, 20), &Selection::default())
}

#[test]
fn the_report_is_what_it_was() {
    let case = case();
    let report = report(&case);
    for (name, lang) in [("exempelkommun.sv.csv", Lang::Sv), ("exempelkommun.en.csv", Lang::En)] {
        let mut bytes = Vec::new();
        write(&report, Format::Csv, lang, Detail::Grouped, &mut bytes).unwrap();
        let got = String::from_utf8(bytes).unwrap();
        let path = Path::new("fixtures/reports").join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all("fixtures/reports").unwrap();
            fs::write(&path, &got).unwrap();
        }
        let want = fs::read_to_string(&path).unwrap_or_default();
        assert!(want == got, "{name} differs; UPDATE=1 rewrites it");
    }
}

/// A row of `EXPECTED.md` for one line of one file.
struct Row<'t> {
    file: &'t str,
    line: u32,
    /// Ids of the rules that must be cited; empty where the table has none.
    rules: Vec<String>,
    /// What must be there; `None` in the tables of what must not.
    verdict: Option<&'t str>,
    text: &'t str,
}

/// Rows that hold and that no check finds yet. When one does, it goes from here.
const NOT_YET: [(&str, u32); 0] = [];

/// Every row of every table whose line is a number.
fn rows(page: &str) -> Vec<Row<'_>> {
    let mut all = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    for text in page.lines().filter(|l| l.starts_with("| ")) {
        let cells: Vec<&str> = text.trim().trim_matches('|').split('|').map(str::trim).collect();
        if cells[0] == "file" {
            columns = cells;
            continue;
        }
        let cell = |name: &str| Some(cells[columns.iter().position(|c| *c == name)?]);
        let rules = cell("rule").map(rule_ids).unwrap_or_default();
        let verdict = cell("verdict");
        for line in lines(cells[1]) {
            all.push(Row { file: cells[0], line, rules: rules.clone(), verdict, text });
        }
    }
    all
}

/// `691, 703` and `3–6`.
fn lines(cell: &str) -> Vec<u32> {
    let parts =
        cell.split(',').map(|part| part.trim().split_once('–').unwrap_or((part.trim(), "")));
    let each = parts.flat_map(|(first, last)| {
        let first: Option<u32> = first.parse().ok();
        let last = last.parse().ok().or(first);
        first.zip(last).map(|(a, b)| a..=b).into_iter().flatten()
    });
    each.collect()
}

/// `MALMO-11.6-5 (.1), 11.6-4` names two rules.
fn rule_ids(cell: &str) -> Vec<String> {
    let words = cell.split([',', ' ']).filter(|w| w.contains('-'));
    words.map(|w| format!("MALMO-{}", w.trim_start_matches("MALMO-"))).collect()
}

/// The file's name and the line or row of a place.
fn spot<'a>(report: &'a Report<'_>, at: &Location) -> Option<(&'a str, u32)> {
    let (source, line) = match at {
        Location::Line { source, line, .. } => (*source, *line),
        Location::Cell { source, row, .. } => (*source, *row),
        Location::Whole(source) => (*source, 1),
        Location::Site => return None,
    };
    let path = report.case.sources()[source.0 as usize].path.as_str();
    Some((path.rsplit('/').next().unwrap_or(path), line))
}

/// Whether a finding stands at the row's line, or names it as one of several.
fn is_at(report: &Report<'_>, finding: &Finding, row: &Row<'_>) -> bool {
    let places = std::iter::once(&finding.at).chain(finding.related.iter().map(|r| &r.at));
    places.filter_map(|at| spot(report, at)).any(|at| at == (row.file, row.line))
}

fn agrees(finding: &Finding, verdict: &str) -> bool {
    match verdict {
        "cannot tell" => finding.verdict == Verdict::CannotTell,
        "excepted" => finding.verdict == Verdict::Excepted,
        "violation (critical)" => {
            finding.verdict == Verdict::Violation && finding.severity == Severity::Critical
        }
        // Something that needs no action: of the mildest two severities.
        "info" => finding.verdict == Verdict::Violation && finding.severity <= Severity::Low,
        _ => finding.verdict == Verdict::Violation,
    }
}

/// Every row that says that something is there: a finding at its line, of its verdict, citing its rules.
#[test]
fn every_fault_of_the_page_is_found() {
    let page = fs::read_to_string(folder().join("EXPECTED.md")).unwrap();
    let case = case();
    let report = report(&case);
    let mut wrong = String::new();
    let mut judged = 0;
    for row in rows(&page).iter().filter(|r| !NOT_YET.contains(&(r.file, r.line))) {
        let Some(verdict) = row.verdict.filter(|v| *v != "silent") else { continue };
        let here: Vec<&ReportFinding> = report
            .findings
            .iter()
            .filter(|f| is_at(&report, &f.finding, row) && agrees(&f.finding, verdict))
            .collect();
        let cited = |id: &String| here.iter().any(|f| f.citations.iter().any(|c| c.rule == *id));
        if here.is_empty() || !row.rules.iter().all(cited) {
            let _ = writeln!(wrong, "line {}: {}", row.line, row.text);
        }
        judged += 1;
    }
    assert!(wrong.is_empty(), "not found:\n{wrong}");
    assert!(judged >= 140, "EXPECTED.md has {judged} such rows");
}

/// The rows of the first chapter that say why an opening is as it should be.
#[test]
fn no_opening_is_reported_where_the_page_says_that_none_is_wrong() {
    let page = fs::read_to_string(folder().join("EXPECTED.md")).unwrap();
    let chapter = page.split("\n## 2.").next().unwrap();
    let case = case();
    let report = report(&case);
    let silent: Vec<Row<'_>> =
        rows(chapter).into_iter().filter(|r| r.verdict.is_none() && r.line > 0).collect();
    assert!(silent.len() > 50, "EXPECTED.md has {} such rows", silent.len());
    for f in report.findings.iter().filter(|f| f.check.name.contains("opening-")) {
        let at = spot(&report, &f.finding.at);
        let hit = silent.iter().find(|r| at == Some((r.file, r.line)) && !is_of_another(f));
        assert!(hit.is_none(), "{} at {at:?}: {}", f.check.name, hit.unwrap().text);
    }
}

/// Whether a check is about what passes an opening, not about its decision.
fn is_of_another(f: &ReportFinding) -> bool {
    ["opening-not-logged", "opening-to-decommissioned-system"].contains(&f.check.name)
}

/// No violation above *info* without a row: what nobody expected is a false alarm, or belongs on the page.
#[test]
fn every_violation_has_a_row() {
    let page = fs::read_to_string(folder().join("EXPECTED.md")).unwrap();
    let rows: BTreeSet<(String, u32)> = rows(&page)
        .into_iter()
        .filter(|r| r.verdict.is_some())
        .map(|r| (r.file.to_owned(), r.line))
        .collect();
    let case = case();
    let report = report(&case);
    let mut unexpected = String::new();
    for f in report.findings.iter().filter(|f| f.finding.verdict == Verdict::Violation) {
        let Some((file, line)) = spot(&report, &f.finding.at) else { continue };
        let mild = f.finding.severity <= Severity::Info;
        if !mild && !rows.contains(&(file.to_owned(), line)) {
            let _ = writeln!(unexpected, "{file}:{line} {}", f.check.name);
        }
    }
    assert!(unexpected.is_empty(), "no row for:\n{unexpected}");
}

#[test]
fn every_family_fires_and_no_witness_is_contradicted() {
    let case = case();
    let report = report(&case);
    for family in FAMILIES {
        let fires =
            report.findings.iter().any(|f| family.checks.iter().any(|c| c.id == f.check.id));
        assert!(fires, "{} is silent", family.id);
    }
    let audit = case.audit(date(2026, 11, 20));
    for row in &report.findings {
        if let Some(witness) = &row.finding.witness {
            let held = portvakt_analysis::replay::holds(&audit, witness);
            assert_ne!(held, Some(false), "{} {:?}", row.check.id, row.finding.at);
        }
    }
    assert!(report.count(Verdict::Violation) > 50);
}

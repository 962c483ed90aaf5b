//! The sample municipality: its whole report, and the faults that its own document says it has.
//!
//! `UPDATE=1` rewrites the snapshots in `fixtures/reports/`; read what changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt::report::{Detail, Format, Report, write};
use portvakt::text::Lang;
use portvakt_checks::{FAMILIES, Selection};
use portvakt_model::{Location, Verdict};

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

/// Whether some finding stands at a line of a file, of a check that cites `rule`.
fn stands(report: &Report<'_>, file: &str, line: u32, rule: &str) -> bool {
    report.findings.iter().any(|f| {
        let at = match &f.finding.at {
            Location::Line { source, line, .. } => Some((*source, *line)),
            Location::Cell { source, row, .. } => Some((*source, *row)),
            Location::Whole(_) | Location::Site => None,
        };
        at.is_some_and(|(source, at)| {
            report.case.sources()[source.0 as usize].path.ends_with(file) && at == line
        }) && f.citations.iter().any(|c| c.rule == rule)
    })
}

/// Rows of `EXPECTED.md` that state a violation of the register: file, row and rule must be found.
#[test]
fn every_fault_of_the_register_is_found() {
    let text = fs::read_to_string(folder().join("EXPECTED.md")).unwrap();
    let case = case();
    let report = report(&case);
    let mut judged = 0;
    for row in
        text.lines().filter(|l| l.starts_with("| register.xlsx |") && l.contains("| violation |"))
    {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Ok(line) = cells[2].parse::<u32>() else { continue };
        let rule = cells[4].split([' ', ',']).next().unwrap_or_default();
        assert!(stands(&report, "register.xlsx", line, rule), "not found: {row}");
        judged += 1;
    }
    assert!(judged >= 12, "EXPECTED.md has {judged} such rows");
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

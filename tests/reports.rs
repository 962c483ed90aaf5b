//! Every form of the report holds every finding, and nothing that reaches out of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::PathBuf;

use jiff::civil::date;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt::report::{Detail, Format, Report, write};
use portvakt::text::Lang;
use portvakt_checks::{Outcome, Selection};
use portvakt_model::Verdict;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn case() -> Case {
    let paths = vec![PathBuf::from("fixtures/exempelkommun")];
    let request = Request { paths, parameters: parameter_names(), ..Request::default() };
    Case::new(read(&request, &|_| {})).unwrap()
}

fn report(case: &Case) -> Report<'_> {
    case.report(date(2026, 11, 20), &Selection::default())
}

fn written(report: &Report<'_>, format: Format, detail: Detail) -> String {
    let mut bytes = Vec::new();
    write(report, format, Lang::En, detail, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn json_holds_every_finding_and_its_sums_agree() {
    let case = case();
    let report = report(&case);
    let json: Value =
        serde_json::from_str(&written(&report, Format::Json, Detail::Grouped)).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), report.findings.len());
    for verdict in ["violation", "cannot_tell", "excepted"] {
        let count = findings.iter().filter(|f| f["verdict"] == verdict).count();
        assert_eq!(json["summary"][verdict], count, "{verdict}");
    }
    let numbers = ["critical", "high", "medium", "low", "info", "cannot_tell", "excepted"];
    let owners = json["owners"].as_array().unwrap();
    let sum: u64 = owners.iter().flat_map(|o| numbers.map(|n| o[n].as_u64().unwrap())).sum();
    assert_eq!(sum, findings.len() as u64);
}

#[test]
fn nothing_passes_on_what_was_not_given() {
    let folder = tempfile::tempdir().unwrap();
    let request = Request { paths: vec![folder.path().to_owned()], ..Request::default() };
    let case = Case::new(read(&request, &|_| {})).unwrap();
    assert_eq!(report(&case).outcomes(Outcome::Pass), 0, "an empty folder passes nothing");
    std::fs::write(folder.path().join("fw.rules"), "*filter\n:INPUT DROP [0:0]\nCOMMIT\n").unwrap();
    let case = Case::new(read(&request, &|_| {})).unwrap();
    for judgement in report(&case).judgements.iter().filter(|j| j.unmet.is_some()) {
        let unsure = |(_, o): &(_, Outcome)| *o == Outcome::CannotTell;
        assert!(judgement.outcomes.iter().all(unsure), "{}", judgement.check.name);
    }
}

#[test]
fn every_file_is_named_with_its_digest() {
    let case = case();
    let report = report(&case);
    let json: Value =
        serde_json::from_str(&written(&report, Format::Json, Detail::Grouped)).unwrap();
    for (file, source) in json["coverage"].as_array().unwrap().iter().zip(&report.coverage) {
        let digest = Sha256::digest(std::fs::read(&source.path).unwrap());
        assert_eq!(source.digest, Some(digest.into()), "{}", source.path);
        assert_eq!(file["sha256"].as_str(), source.sha256().as_deref(), "{}", source.path);
        let states = ["used", "neutral", "unsupported", "unknown"];
        let sum: u64 = states.iter().map(|s| file[*s].as_u64().unwrap()).sum();
        assert_eq!(file["lines"], sum, "{}", file["path"]);
    }
}

/// What the schema of SARIF 2.1.0 asks of a result: §3.27.9 ties `level` to `kind`, §3.30.5 begins
/// lines at 1, and a rule that is named must be described.
#[test]
fn sarif_holds_every_finding_by_the_rules_of_the_standard() {
    let case = case();
    let report = report(&case);
    let log: Value =
        serde_json::from_str(&written(&report, Format::Sarif, Detail::Grouped)).unwrap();
    let run = &log["runs"][0];
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap())
        .collect();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    for result in results {
        assert!(rules.contains(&result["ruleId"].as_str().unwrap()), "{result}");
        assert_eq!(result["kind"] == "fail", result["level"] != "none", "{result}");
        for at in result["locations"].as_array().unwrap() {
            assert!(at["physicalLocation"]["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
    let suppressed = results.iter().filter(|r| r.get("suppressions").is_some()).count();
    assert_eq!(suppressed, report.count(Verdict::Excepted));
}

#[test]
fn junit_fails_where_there_is_a_violation() {
    let case = case();
    let report = report(&case);
    let xml = written(&report, Format::Junit, Detail::Grouped);
    assert_eq!(xml.matches("<failure ").count(), report.outcomes(Outcome::Violation));
    let violations = report.findings.iter().filter(|f| f.finding.verdict == Verdict::Violation);
    for finding in violations.take(20) {
        assert!(xml.contains(&format!("{} {}", finding.check.id, finding.check.name)));
    }
    assert!(xml.contains("fixtures/exempelkommun/fw-edge.conf:"), "failures name their place");
}

#[test]
fn a_page_holds_every_finding_and_reaches_for_nothing() {
    let case = case();
    let report = report(&case);
    let page = written(&report, Format::Html, Detail::Grouped);
    assert_eq!(page.matches("<article ").count(), report.findings.len());
    for reach in ["src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(reach), "{reach}");
    }
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn the_text_report_groups_many_of_one_kind_and_loses_none() {
    let case = case();
    let report = report(&case);
    let full = written(&report, Format::Text, Detail::Full);
    let grouped = written(&report, Format::Text, Detail::Grouped);
    let heads = |text: &str| text.lines().filter(|l| l.contains("[PV")).count();
    assert_eq!(heads(&full), report.findings.len());
    assert!(grouped.len() < full.len());
    for finding in &report.findings {
        let said = portvakt::text::message(&finding.finding, Lang::En);
        let start: String = said.chars().take(60).collect();
        assert!(grouped.contains(&start), "{said}");
    }
}

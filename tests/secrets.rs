//! Whatever is asked of the program, no secret comes out of it, and what stands beside stays.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use common::{here, portvakt, stdout};
use jiff::civil::date;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt::report::{self, Format};
use portvakt::text::Lang;
use portvakt_checks::Selection;
use portvakt_model::{LineState, SourceId};
use portvakt_parsers::{Context, parse};

/// Marks of the planted secrets, and those of `core-sw.cfg` that are stored as type 7.
const HIDDEN: &[&str] = &[
    "HEMLIG",
    "080969632530225A11041E01677B70",
    "052323220D6569441A0A0517465C51",
    "132D323F27252367282B3A36787244",
];
const FOLDERS: &[&str] = &["fixtures/secrets", "fixtures/exempelkommun"];
const LANGS: [Lang; 2] = [Lang::Sv, Lang::En];

/// Exports and tables of a folder, without the documents beside them.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(here(folder)).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .filter(|p| p.extension().is_none_or(|e| e != "md"))
        .filter(|p| p.file_name().is_some_and(|n| n != "portvakt.toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The first line that holds a secret.
fn leak(text: &str) -> Option<&str> {
    text.lines().find(|l| HIDDEN.iter().any(|h| l.contains(h)))
}

#[test]
fn no_report_holds_a_secret() {
    for folder in FOLDERS {
        let request = Request {
            paths: vec![here(folder)],
            parameters: parameter_names(),
            ..Request::default()
        };
        let case = Case::new(read(&request, &|_| {})).unwrap();
        let report = case.report(date(2026, 11, 20), &Selection::default());
        for (format, lang) in Format::value_variants().iter().flat_map(|f| LANGS.map(|l| (*f, l))) {
            let mut bytes = Vec::new();
            report::write(&report, format, lang, report::Detail::Full, &mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.len() > 1000, "{folder} {format:?} says little");
            assert_eq!(leak(&text), None, "{folder} {format:?}");
        }
    }
}

#[test]
fn no_comparison_and_no_answer_tells_a_secret() {
    let empty = tempfile::tempdir().unwrap();
    for folder in FOLDERS {
        for format in ["text", "json", "html", "sarif"] {
            let run = ["diff", empty.path().to_str().unwrap(), folder, "--format", format];
            let output = portvakt(run);
            assert_eq!(leak(&stdout(&output)), None, "{folder} {format}");
            assert_eq!(leak(&String::from_utf8(output.stderr).unwrap()), None, "{folder}");
        }
        for format in ["text", "json"] {
            let output = portvakt(["query", folder, "state=any", "--format", format]);
            assert!(output.stdout.len() > 100, "{folder} {format} says little");
            assert_eq!(leak(&stdout(&output)), None, "{folder} {format}");
        }
    }
}

#[test]
fn no_run_tells_a_secret() {
    for folder in FOLDERS {
        let output = portvakt(["audit", folder, "--today", "2026-11-20"]);
        assert_eq!(output.status.code(), Some(1), "{folder}");
        assert_eq!(leak(&stdout(&output)), None, "{folder}");
        assert_eq!(leak(&String::from_utf8(output.stderr).unwrap()), None, "{folder}");
    }
}

#[test]
fn what_was_understood_holds_no_secret() {
    for file in FOLDERS.iter().flat_map(|f| files(f)) {
        for format in ["json", "text"] {
            let path = file.to_str().unwrap();
            let output = portvakt(["parse", path, "--format", format]);
            assert_eq!(leak(&stdout(&output)), None, "{path}");
            assert_eq!(leak(&String::from_utf8(output.stderr).unwrap()), None, "{path}");
            // Results of scans are no configurations.
            let name = file.file_name().unwrap().to_string_lossy();
            let is_result = name.starts_with("scan-") || name.starts_with("tls-");
            assert_eq!(output.status.code(), Some(if is_result { 2 } else { 0 }), "{path}");
        }
    }
}

#[test]
fn a_starter_of_the_site_file_holds_no_secret() {
    for folder in FOLDERS {
        let copy = tempfile::tempdir().unwrap();
        for file in files(folder) {
            fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
        }
        let output = portvakt([Path::new("init"), copy.path()]);
        assert_eq!(output.status.code(), Some(0), "{folder}");
        let starter = fs::read_to_string(copy.path().join("portvakt.toml")).unwrap();
        assert_eq!(leak(&starter), None, "{folder}");
    }
}

/// Words that carry `mark`, with how often each occurs.
fn marked<'t>(text: &'t str, mark: &str) -> BTreeMap<&'t str, usize> {
    let part = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let mut found = BTreeMap::new();
    for word in text.split(part).filter_map(|w| w.find(mark).map(|at| &w[at..])) {
        *found.entry(word).or_insert(0) += 1;
    }
    found
}

/// Rows of the table of `fixtures/secrets/README.md`: file, secrets, neighbours.
fn planted() -> Vec<(String, usize, usize)> {
    let page = fs::read_to_string(here("fixtures/secrets/README.md")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [file, _, secrets, neighbours] = cells[..] else { return None };
        Some((file.to_owned(), secrets.parse().ok()?, neighbours.parse().ok()?))
    };
    page.lines().filter_map(row).collect()
}

/// What went wrong on a line: a secret that stayed, or a readable word that did not. On a line that
/// no parser uses the net under them may hide more than the value.
fn fault(was: &str, is: &str, state: LineState) -> Option<&'static str> {
    if leak(is).is_some() {
        Some("shows a secret")
    } else if state == LineState::Used && marked(was, "SYNLIG") != marked(is, "SYNLIG") {
        Some("hides what may be read")
    } else {
        None
    }
}

#[test]
fn secrets_are_hidden_in_their_place_and_nothing_beside_them() {
    let planted = planted();
    assert_eq!(planted.len(), files("fixtures/secrets").len());
    let mut faults = String::new();
    for (name, secrets, neighbours) in planted {
        let before = fs::read_to_string(here("fixtures/secrets").join(&name)).unwrap();
        assert_eq!(marked(&before, "HEMLIG-").len(), secrets, "{name}: the table counts wrong");
        assert_eq!(marked(&before, "SYNLIG").values().sum::<usize>(), neighbours, "{name}");
        let parsed = parse(SourceId(0), &name, before.clone().into(), &Context::default()).unwrap();
        let after = parsed.source.text();
        assert_eq!(before.lines().count(), after.lines().count(), "{name}");
        let pairs = before.lines().zip(after.lines()).zip(parsed.coverage.states());
        for (n, ((was, is), state)) in (1..).zip(pairs) {
            if let Some(fault) = fault(was, is, state) {
                writeln!(faults, "{name}:{n} {fault}:\n  {was}\n  {is}").unwrap();
            }
        }
        let debug = format!("{:?}\n{:?}", parsed.devices, parsed.tables);
        assert!(!HIDDEN.iter().any(|h| debug.contains(h)), "{name}: debug output holds a secret");
    }
    assert!(faults.is_empty(), "{faults}");
}

//! Each check against its own page in `fixtures/checks/`: only that check runs.
//!
//! A page has a heading for each case, prose that says why, fenced blocks with `file=NAME`, and an
//! `expect` block with a line for each finding: `file:line verdict message` (in English). A finding
//! about a whole file has line 0. `UPDATE=1` rewrites the `expect` blocks; read what it wrote.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set up its case has failed"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt::report::{Report, ReportFinding};
use portvakt::text::{Lang, message};
use portvakt_checks::{ALL, Selection};
use portvakt_model::Location;

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checks");
    let mut pages: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.sort();
    pages
}

/// A fenced block: its info string and its lines.
struct Block<'p> {
    info: &'p str,
    body: String,
}

/// The blocks of a page up to and with each `expect`, with the byte range of that one's body.
fn cases(page: &str) -> Vec<(Vec<Block<'_>>, String, std::ops::Range<usize>)> {
    let (mut cases, mut blocks, mut open): (Vec<_>, Vec<Block<'_>>, Option<(&str, usize)>) =
        (Vec::new(), Vec::new(), None);
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        let next = at + line.len();
        match (open, line.trim_end().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info, next)),
            (Some((info, start)), Some("")) => {
                let body = page[start..at].to_owned();
                if info == "expect" {
                    cases.push((std::mem::take(&mut blocks), body, start..at));
                } else {
                    blocks.push(Block { info, body });
                }
                open = None;
            }
            _ => {}
        }
        at = next;
    }
    cases
}

fn write_files(folder: &Path, blocks: &[Block<'_>]) {
    for block in blocks {
        let name = block.info.split_whitespace().find_map(|w| w.strip_prefix("file="));
        let path = folder.join(name.expect("a block names its file"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &block.body).unwrap();
    }
}

fn run_case(check: &'static str, blocks: &[Block<'_>]) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), blocks);
    let request = Request {
        paths: vec![folder.path().to_owned()],
        parameters: parameter_names(),
        ..Request::default()
    };
    let inputs = read(&request, &|_| {});
    if !inputs.failures.is_empty() {
        return format!("could not be read: {:?}\n", inputs.failures);
    }
    let case = Case::new(inputs).unwrap();
    let selection = Selection { only: vec![check], skip: Vec::new() };
    let report = case.report(date(2026, 11, 20), &selection);
    let mut lines: Vec<String> =
        report.findings.iter().map(|f| line(&report, f, folder.path())).collect();
    lines.sort_by_key(|l| sort_key(l));
    lines.concat()
}

fn sort_key(line: &str) -> (String, u32, String) {
    let place = line.split_whitespace().next().unwrap_or_default();
    let (file, number) = place.rsplit_once(':').unwrap_or((place, "0"));
    (file.to_owned(), number.parse().unwrap_or(0), line.to_owned())
}

fn line(report: &Report<'_>, row: &ReportFinding, folder: &Path) -> String {
    let at = &row.finding.at;
    let path = at.source().map(|id| report.case.sources()[id.0 as usize].path.clone());
    let path = path.map_or("site".to_owned(), |p| {
        Path::new(&p).strip_prefix(folder).unwrap_or(Path::new(&p)).display().to_string()
    });
    let number = match at {
        Location::Line { line, .. } => *line,
        Location::Cell { row, .. } => *row,
        Location::Whole(_) | Location::Site => 0,
    };
    let mut text = String::new();
    let said = message(&row.finding, Lang::En);
    writeln!(text, "{path}:{number} {} {said}", row.finding.verdict.name()).unwrap();
    text
}

#[test]
fn every_page_holds() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for path in pages() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let check =
            portvakt_checks::find(name).unwrap_or_else(|| panic!("no check is called {name}"));
        let page = fs::read_to_string(&path).unwrap();
        let mut new = page.clone();
        for (blocks, expected, range) in cases(&page).into_iter().rev() {
            let got = run_case(check.id, &blocks);
            if got != expected {
                writeln!(wrong, "{name}, expected:\n{expected}got:\n{got}").unwrap();
                new.replace_range(range, &got);
            }
        }
        if update && new != page {
            fs::write(&path, new).unwrap();
        }
    }
    assert!(update || wrong.is_empty(), "{wrong}");
}

#[test]
fn every_check_has_a_page_with_a_case_that_fires_and_one_that_is_silent() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checks");
    for check in ALL.iter() {
        let path = folder.join(check.name).with_extension("md");
        let page = fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{} has no page {}", check.id, path.display()));
        assert!(page.starts_with(&format!("# {} ({})\n", check.name, check.id)), "{}", check.name);
        let all = cases(&page);
        assert!(all.iter().any(|(_, e, _)| !e.is_empty()), "{} never fires", check.name);
        assert!(all.iter().any(|(_, e, _)| e.is_empty()), "{} is never silent", check.name);
    }
}

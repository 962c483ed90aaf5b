//! Swedish readers get Swedish: what parsers, checks and readers say of a file holds no English.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{portvakt, stdout};

/// Words that every English sentence of some length has one of, and that Swedish does not have.
const ENGLISH: &[&str] =
    &["the", "is not", "are not", "cannot", "which", "and", "of", "with", "that", "not known"];

/// The English of a text, what it quotes (”…”, `…`) and its placeholders ({…}) left out.
fn english(text: &str) -> Option<&'static str> {
    let words: Vec<String> = unquoted(text)
        .split(|c: char| c.is_whitespace() || ".,;:()·—".contains(c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let line = format!(" {} ", words.join(" "));
    ENGLISH.iter().copied().find(|word| line.contains(&format!(" {word} ")))
}

fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut until = None;
    for c in text.chars() {
        match (until, c) {
            (Some(end), _) if c == end => until = None,
            (Some(_), _) => {}
            (None, '”' | '`') => until = Some(c),
            (None, '{') => until = Some('}'),
            (None, _) => out.push(c),
        }
    }
    out
}

/// The files below a folder that end in one of `extensions`, or all.
fn below(folder: &Path, extension: Option<&str>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if path.is_dir() {
            found.extend(below(&path, extension));
        } else if extension.is_none_or(|wanted| path.extension().is_some_and(|e| e == wanted)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The literals that stand after `sv:` in a file of code.
fn swedish(code: &str) -> Vec<&str> {
    let after = code.split("sv: \"").skip(1);
    let end = |text: &str| {
        let quotes = text.match_indices('"').map(|(at, _)| at);
        quotes.into_iter().find(|at| !text[..*at].ends_with('\\')).unwrap_or(text.len())
    };
    after.map(|text| &text[..end(text)]).collect()
}

#[test]
fn every_swedish_text_in_the_code_is_swedish() {
    let mut texts = 0;
    for folder in ["model/src", "parsers/src", "analysis/src", "checks/src", "scan/src", "src"] {
        for path in below(Path::new(folder), Some("rs")) {
            let code = fs::read_to_string(&path).unwrap();
            for text in swedish(&code) {
                assert_eq!(english(text), None, "{}: {text}", path.display());
                assert!(!text.is_empty(), "{}: a text in one language", path.display());
                texts += 1;
            }
        }
    }
    assert!(texts > 500, "{texts}");
}

#[test]
fn why_a_line_is_not_understood_is_told_in_swedish() {
    let mut told = 0;
    for path in below(Path::new("fixtures/parsers"), None) {
        let shown = path.to_str().unwrap();
        let output = portvakt(["parse", "--lang", "sv", shown]);
        let failed = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(english(failed.strip_prefix("portvakt: ").unwrap_or(&failed)), None, "{failed}");
        for line in stdout(&output).lines() {
            let Some((_, why)) = line.rsplit_once(" — ") else { continue };
            assert_eq!(english(why), None, "{shown}: {line}");
            told += 1;
        }
    }
    assert!(told > 300, "{told}");
}

/// Everything that an audit says but lines of the inputs, which are shown as they are.
fn said(report: &str) -> impl Iterator<Item = &str> {
    report.lines().filter(|line| {
        let number = line.trim_start().split(' ').next().unwrap_or_default();
        number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) || !line.contains(" | ")
    })
}

#[test]
fn an_audit_of_the_sample_is_told_in_swedish() {
    let output =
        portvakt(["audit", "fixtures/exempelkommun", "--today", "2026-11-20", "--lang", "sv"]);
    let report = stdout(&output);
    for line in said(&report) {
        assert_eq!(english(line), None, "{line}");
    }
    assert!(report.contains("räknas inte in"), "{report}");
}

#[test]
fn what_cannot_be_read_is_told_in_swedish_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("saknas.cfg");
    let place = place.to_str().unwrap();
    let site = folder.path().join("portvakt.toml");
    fs::write(&site, "[[zone]]\nname = 'A'\nkind = 'x'\n").unwrap();
    let scan = folder.path().join("skanning.json");
    fs::write(&scan, "{\"ip\": \n").unwrap();
    let scan = ["--observations", scan.to_str().unwrap()];
    let paths = ["audit", place, "--site", site.to_str().unwrap(), "--lang", "sv"];
    let report = stdout(&portvakt(paths.iter().chain(&scan)));
    let lines: Vec<&str> = report.lines().filter(|l| l.contains("kunde inte granskas")).collect();
    assert_eq!(lines.len(), 3, "{report}");
    for line in lines {
        let path = line.split(':').next().unwrap();
        assert_eq!(line.matches(path).count(), 1, "{line}");
        assert_eq!(english(line), None, "{line}");
    }
    assert!(report.contains("saknas.cfg: kunde inte granskas: kan inte läsas: finns inte"));
}

#[test]
fn english_is_known_when_it_is_seen() {
    assert_eq!(english("dynamic routing is not modelled"), Some("is not"));
    assert_eq!(english("”the list” är inte ”of”, {which}"), None);
}

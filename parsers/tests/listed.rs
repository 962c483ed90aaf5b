//! A parser that exists is registered, has an id of its own, and has cases.

#![expect(clippy::expect_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use portvakt_parsers::PARSERS;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).map(|d| d.filter_map(Result::ok)).into_iter().flatten();
    for path in entries.map(|e| e.path()) {
        if path.is_dir() {
            below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Names of statics of type `Parser` in a source text.
fn statics(source: &str) -> Vec<&str> {
    let lines = source.lines().map(str::trim_start);
    lines
        .filter_map(|l| l.split_once("static ")?.1.split_once(": Parser"))
        .map(|(name, _)| name)
        .collect()
}

/// `iptables::save::PARSER` for the static `PARSER` of `src/iptables/save.rs`; a re-export may
/// shorten it.
fn module(file: &Path) -> String {
    let relative = file.strip_prefix(here("src")).expect("it is below src").with_extension("");
    let parts: Vec<&str> = relative.iter().filter_map(|p| p.to_str()).collect();
    parts[0].to_owned()
}

#[test]
fn every_parser_is_registered() {
    let lib = read_to_string(here("src/lib.rs")).expect("lib.rs can be read");
    let list = lib.split_once("pub static PARSERS").expect("the list is there").1;
    let list = list.split_once("];").expect("the list ends").0;
    let registered: BTreeSet<&str> =
        list.split(['&', ',', '\n', ' ']).filter(|w| w.contains("::")).collect();
    let mut files = Vec::new();
    below(&here("src"), &mut files);
    let mut expected = 0;
    for file in files {
        let source = read_to_string(&file).expect("a source file can be read");
        for name in statics(&source) {
            expected += 1;
            let head = format!("{}::", module(&file));
            let tail = format!("::{name}");
            let hit = registered.iter().any(|r| r.starts_with(&head) && r.ends_with(&tail));
            assert!(hit, "{name} of {} is not in PARSERS", file.display());
        }
    }
    assert_eq!(expected, PARSERS.len(), "as many parsers as statics: {registered:?}");
}

#[test]
fn ids_are_unique_and_stable_words() {
    let ids: BTreeSet<&str> = PARSERS.iter().map(|p| p.id).collect();
    assert_eq!(ids.len(), PARSERS.len());
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(ids.iter().all(|id| id.chars().all(word)), "{ids:?}");
}

/// The municipality's tables have rows with problems instead of unknown lines.
const TABLES: &[&str] = &["register", "systems", "ssid-table", "exceptions"];

#[test]
fn every_format_has_cases_and_one_with_an_unknown_line() {
    for parser in PARSERS {
        let mut files = Vec::new();
        below(&here("../fixtures/parsers").join(parser.id), &mut files);
        let texts: Vec<String> = files
            .iter()
            .filter(|f| f.ends_with("expect.txt"))
            .map(|f| read_to_string(f).expect("an expectation can be read"))
            .collect();
        assert!(!texts.is_empty(), "{} has no case", parser.id);
        let unknown = texts.iter().any(|t| t.contains(" unknown: "));
        assert!(
            unknown || TABLES.contains(&parser.id),
            "no case of {} has an unknown line",
            parser.id
        );
    }
}

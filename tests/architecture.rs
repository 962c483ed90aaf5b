//! The invariants of `ARCHITECTURE.md`, and that what is generated is what the code says.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{here, portvakt, stdout};
use portvakt::text::Lang;
use serde_json::Value;

/// Each package with those of ours that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("portvakt-space", &[]),
    ("portvakt-model", &["space"]),
    ("portvakt-parsers", &["model", "space"]),
    ("portvakt-analysis", &["model", "space"]),
    ("portvakt-checks", &["analysis", "model", "space"]),
    ("portvakt-scan", &["model"]),
    ("portvakt", &["analysis", "checks", "model", "parsers", "scan", "space"]),
];
/// Crates that compute and do nothing else.
const PURE: &[&str] = &["space", "model", "parsers", "analysis", "checks"];
/// Folders with code written by hand.
const CODE: &[&str] =
    &["space", "model", "parsers", "analysis", "checks", "scan", "src", "tests", "benches", "fuzz"];
const MOST_LINES: usize = 600;

/// The files below a folder that end in `extension`, build results left out.
fn below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path());
    for path in entries.filter(|p| p.file_name().is_none_or(|n| n != "target")) {
        if path.is_dir() {
            found.extend(below(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn dependencies_point_one_way() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(here(""))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let known: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    assert_eq!(packages.len(), known.len(), "every package stands in the list");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let allowed = known[name];
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            if let Some(ours) = other.strip_prefix("portvakt-") {
                assert!(allowed.contains(&ours), "{name} may not depend on {other}");
            }
        }
    }
}

#[test]
fn no_file_is_long() {
    for path in CODE.iter().flat_map(|f| below(&here(f), "rs")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn what_computes_touches_no_file_no_network_and_no_clock() {
    let forbidden = [
        "std::fs",
        "std::env",
        "std::process",
        "File::open",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "SystemTime",
        "Instant::now",
        "Zoned::now",
        "Timestamp::now",
        "println!",
        "async fn",
    ];
    let is_test = |p: &PathBuf| p.file_name().is_some_and(|n| n == "tests.rs");
    for path in PURE.iter().flat_map(|f| below(&here(f).join("src"), "rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in forbidden.iter().filter(|_| !is_test(&path)) {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

/// Documents for people: those at the root and in `docs`.
fn documents() -> Vec<PathBuf> {
    let root = fs::read_dir(here("")).unwrap().map(|e| e.unwrap().path());
    let mut all: Vec<PathBuf> = root.filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    all.extend(below(&here("docs"), "md"));
    all
}

/// What a document names by a link, or in backquotes as a path of the project.
fn named_paths(text: &str, folder: &Path) -> Vec<PathBuf> {
    let top: BTreeSet<String> = fs::read_dir(here(""))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let links = text.split("](").skip(1).filter_map(|t| t.split_once(')')).map(|(link, _)| link);
    let links = links.filter(|l| !l.contains("://") && !l.starts_with('#'));
    let links = links.map(|l| folder.join(l.split('#').next().unwrap_or(l)));
    let quoted = text.lines().flat_map(|l| l.split('`').skip(1).step_by(2));
    let is_path = |word: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let first = word.split('/').next().unwrap_or_default();
        word.contains('/') && word.chars().all(plain) && top.contains(first)
            || Path::new(word).extension().is_some_and(|e| e == "rs") && word.chars().all(plain)
    };
    links.chain(quoted.filter(is_path).map(here)).collect()
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut seen = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for path in named_paths(&text, document.parent().unwrap()) {
            assert!(path.exists(), "{} names {}", document.display(), path.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} paths were found");
}

/// Compares a committed file with what the code makes of it. `UPDATE=1` writes it instead.
fn assert_generated(path: &str, wanted: &str) {
    let file = here(path);
    let now = fs::read_to_string(&file).unwrap_or_default();
    if now == wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "{path} is not what the code generates; run `UPDATE=1 cargo test --test architecture`"
    );
    fs::write(file, wanted).unwrap();
}

#[test]
fn the_catalogue_is_what_the_checks_say() {
    for (lang, path) in [(Lang::Sv, "docs/catalogue.sv.md"), (Lang::En, "docs/catalogue.en.md")] {
        assert_generated(path, &portvakt::catalogue::markdown(lang).unwrap());
    }
}

#[test]
fn the_schemas_are_what_the_answers_are_made_of() {
    for of in [
        "audit",
        "parse",
        "rules",
        "query",
        "diff",
        "matrix",
        "spoof",
        "scan",
        "scan-diff",
        "certs",
        "tls",
        "tls-diff",
        "ssh-diff",
        "ssh",
        "coverage",
    ] {
        let schema = stdout(&portvakt(["schema", of]));
        assert!(schema.contains("\"schema\""), "{of}: {schema}");
        assert_generated(&format!("docs/schema/{of}.json"), &schema);
    }
}

#[test]
fn the_readme_shows_what_the_sample_says() {
    let readme = fs::read_to_string(here("README.md")).unwrap();
    let shown = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let sample = "fixtures/exempelkommun";
    let run = ["audit", sample, "--today", "2026-11-20", "--lang", "en", "--full"];
    let said = stdout(&portvakt(run));
    assert!(said.contains(shown.trim()), "the README shows what the audit does not say:\n{shown}");
}

#[test]
fn the_readme_lists_the_formats_that_are_read() {
    let (begin, end) = ("<!-- formats: begin -->\n", "<!-- formats: end -->");
    let readme = fs::read_to_string(here("README.md")).unwrap();
    let (before, rest) = readme.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let table = stdout(&portvakt(["formats", "--lang", "en"]));
    assert!(table.lines().count() > 5, "{table}");
    assert_generated("README.md", &format!("{before}{begin}{table}{end}{after}"));
}

#[test]
fn the_command_line_is_described_as_it_is() {
    let help = |args: &[&str]| {
        let text = stdout(&portvakt(args.iter().chain(&["--help"])));
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let root = help(&[]);
    let commands = root.lines().skip_while(|l| *l != "Commands:").skip(1);
    let commands =
        commands.take_while(|l| !l.is_empty()).filter_map(|l| l.split_whitespace().next());
    let mut page = format!("# The command line\n\nMade from `--help`.\n\n```text\n{root}\n```\n");
    for command in commands {
        write!(page, "\n## {command}\n\n```text\n{}\n```\n", help(&[command])).unwrap();
    }
    assert!(page.contains("## audit") && page.contains("--fail-on"));
    assert_generated("docs/cli.md", &page);
}

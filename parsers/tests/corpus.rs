//! Real configurations of every format, where they are at hand: recognised by content, read without
//! panic, and understood to at least the share stated here. `--nocapture` prints each file's.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "a test")]

use std::path::{Path, PathBuf};

use portvakt_model::{LineState, SourceId};
use portvakt_parsers::{Context, PARSERS, Parsed, parse};

/// Folder of the corpus, id of the format, least share (percent) of lines that are used or neutral
/// in each of its files.
const SHARES: &[(&str, &str, u32)] = &[
    ("cisco-asa", "cisco-asa", 66),
    ("cisco-ios", "cisco-ios", 25),
    ("fortios", "fortios", 88),
    ("iptables-save", "iptables-save", 100),
    ("nftables", "nftables", 60),
    ("nftables-json", "nftables-json", 98),
    ("ufw", "iptables-save", 75),
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).map(|d| d.filter_map(Result::ok)).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_file()).collect();
    found.sort();
    found
}

/// Percent of the lines that are understood, rounded down.
fn understood(parsed: &Parsed) -> u32 {
    let c = &parsed.coverage;
    let good = c.count(|s| matches!(s, LineState::Used | LineState::Neutral));
    let all = (c.len() as u32).max(1);
    (u64::from(good) * 100 / u64::from(all)) as u32
}

/// What is wrong with a file, if anything.
fn judge(path: &Path, format: &str, least: u32) -> Option<String> {
    let bytes = std::fs::read(path).expect("the file can be read");
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let parsed = match parse(SourceId(0), &name, bytes, &Context::default()) {
        Ok(parsed) => parsed,
        Err(why) => return Some(format!("{name}: {why:?}")),
    };
    let share = understood(&parsed);
    eprintln!("{share:>4} %  {:>6} lines  {} {name}", parsed.coverage.len(), parsed.format);
    if parsed.format != format {
        return Some(format!("{name}: read as {}", parsed.format));
    }
    (share < least).then(|| format!("{name}: {share} % understood, not {least} %"))
}

#[test]
fn real_files_are_recognised_and_understood() {
    if !corpus().is_dir() {
        eprintln!("skipped: no corpus of real configurations beside the project");
        return;
    }
    let mut wrong = Vec::new();
    for (folder, format, least) in SHARES {
        assert!(PARSERS.iter().any(|p| p.id == *format), "no parser has the id {format}");
        let files = files(&corpus().join(folder));
        assert!(!files.is_empty(), "the corpus has no {folder}");
        wrong.extend(files.iter().filter_map(|f| judge(f, format, *least)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

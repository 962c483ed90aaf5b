//! Swedish readers get Swedish: what parsers, checks and readers say of a file holds no English.

#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{portvakt, stdout};
use portvakt::refusals::told;
use portvakt::text::{Lang, recorded};

/// Words that every English sentence of some length has one of, and that Swedish does not have.
const ENGLISH: &[&str] = &[
    "the",
    "is not",
    "are not",
    "is no",
    "cannot",
    "could",
    "which",
    "and",
    "of",
    "with",
    "that",
    "not known",
    "was",
    "were",
    "has",
    "without",
    "than",
    "must",
    "there are",
];

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
    for said in [
        "räknas inte in",
        "erbjuder TLS1.0",
        "certifikat larande.exempelkommun.example till",
        "hänvisar till adressen ”srv-arkiv-gammal”",
        "Gränssnittet Vlan700 i core-sw tillämpar",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
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

/// The literals of a file of code with what stands before each: no comments, no tests.
fn literals(code: &str) -> Vec<(String, String)> {
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code: String = code.lines().filter(is_code).flat_map(|line| [line.trim(), "\n"]).collect();
    let mut found = Vec::new();
    let (mut rest, mut before) = (code.as_str(), String::new());
    while let Some((head, tail)) = rest.split_once('"') {
        before.push_str(head);
        if head.ends_with('\'') {
            rest = tail;
            continue;
        }
        let quotes = tail.match_indices('"').map(|(at, _)| at);
        let end = quotes.into_iter().find(|at| !tail[..*at].ends_with('\\'));
        let end = end.unwrap_or(tail.len());
        let text = tail[..end].replace("\\\n", "").replace("\\\"", "\"").replace("\\n", "\n");
        found.push((std::mem::take(&mut before), text));
        rest = tail.get(end + 1..).unwrap_or_default();
    }
    found
}

/// A text of code with something in place of what is written in braces.
fn sample(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (_, after))) =
        rest.split_once('{').and_then(|(b, tail)| Some((b, tail.split_once('}')?)))
    {
        out += before;
        out += "”x”";
        rest = after;
    }
    out + rest
}

/// Parts of sentences that are told as wholes, and words for who maintains the program.
const PARTS: &[&str] = &[
    "host {index} of {}",
    "the connection was closed{}",
    "this machine has {0}",
    "the host key of {key}",
    "is offered; whether its timing leaks is the implementation's affair",
    "is offered; whether its key is used again was not seen",
    "no {what} was seen",
    "suite with RSA key transport",
    "; it is among the own CA files, and with it the chain is complete",
    "; it is said to be at {address}, which was not fetched",
    // What a service said, as it is kept of every service.
    "TLS, without network level authentication",
    "accepts clients without a name",
    "answers without a password",
    "gives any file that is asked for",
];

/// Whether a literal says something in English to a person that has no Swedish.
fn has_no_swedish(text: &str) -> bool {
    english(text).is_some()
        && !PARTS.contains(&text)
        && english(&told(&sample(text), Lang::Sv)).is_some()
}

#[test]
fn what_scans_and_policies_say_is_told_in_swedish() {
    let mut untold = Vec::new();
    for folder in ["scan/src", "checks/src/crypto"] {
        for path in below(Path::new(folder), Some("rs")) {
            let shown = path.to_str().unwrap();
            if shown.contains("test") || shown.contains("crypto/words") {
                continue;
            }
            for (before, text) in literals(&fs::read_to_string(&path).unwrap()) {
                let before = before.trim_end();
                let is_pair = ["sv:", "en:", "reason ="].iter().any(|end| before.ends_with(end));
                if !is_pair && has_no_swedish(&text) {
                    untold.push(format!("{shown}: {text}"));
                }
            }
        }
    }
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

#[test]
fn what_the_program_refuses_is_told_in_swedish() {
    let says =
        ["bail!(", "anyhow!(", "context(", "context(|| format!(", "#[error(", "note(&format!("];
    let (mut untold, mut seen) = (Vec::new(), 0);
    for path in below(Path::new("src"), Some("rs")) {
        for (before, text) in literals(&fs::read_to_string(&path).unwrap()) {
            if says.iter().any(|says| before.trim_end().ends_with(says)) {
                seen += 1;
                if has_no_swedish(&text) {
                    untold.push(format!("{}: {text}", path.display()));
                }
            }
        }
    }
    assert!(untold.is_empty(), "{}", untold.join("\n"));
    assert!(seen > 60, "{seen}");
}

#[test]
fn clauses_of_policies_are_told_in_swedish() {
    let mut clauses = 0;
    for path in below(Path::new("checks/packs"), Some("toml")) {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((key, text)) = line.split_once(" = \"") else { continue };
            if path.to_str().unwrap().contains("crypto") && ["clause", "basis"].contains(&key) {
                let swedish = recorded(text.trim_end_matches('"'), Lang::Sv);
                assert_eq!(english(&swedish), None, "{}: {swedish}", path.display());
                clauses += 1;
            }
        }
    }
    assert!(clauses > 200, "{clauses}");
}

/// A port of this machine that nobody listens on.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn what_nobody_answers_and_what_is_refused_is_told_in_swedish() {
    let nobody = format!("127.0.0.1:{}", closed_port());
    let sample = "fixtures/exempelkommun";
    let edge = "fixtures/exempelkommun/fw-edge.conf";
    let runs: &[&[&str]] = &[
        &["tls", &nobody],
        &["tls", &nobody, "--full"],
        &["ssh", &nobody],
        &["ssh", "127.0.0.1", "--policy-from", &nobody],
        &["tls", "10.0.0.0/30"],
        &["tls", &nobody, "--policy", "nope"],
        &["tls", "--from", "nowhere.txt"],
        &["tls", &nobody, "--baseline", edge],
        &["scan", "10.1.1.1", "--dry-run"],
        &["certs", "nowhere", "fixtures/certs"],
        &["certs", "--observations", "fixtures/observations/portvakt-tls.json"],
        &["query", sample, "src=10.1.0.300"],
        &["matrix", edge, "--ruleset", "nope"],
        &["rules", edge, "--ruleset", "nope"],
        &["spoof", edge, "--interfaces", edge],
        &["diff", "nope:x", edge],
        &["explain", "nope"],
        &["audit", sample, "--only", "nope"],
    ];
    for run in runs {
        let output = portvakt(run.iter().copied().chain(["--lang", "sv"]));
        let said = stdout(&output) + &String::from_utf8(output.stderr.clone()).unwrap();
        assert!(!said.is_empty(), "{run:?}");
        for line in said.lines() {
            // A word in brackets is the name of a check.
            assert_eq!(english(line), None, "{run:?}: {line}");
        }
    }
}

#[test]
fn english_is_known_when_it_is_seen() {
    assert_eq!(english("dynamic routing is not modelled"), Some("is not"));
    assert_eq!(english("”the list” är inte ”of”, {which}"), None);
}

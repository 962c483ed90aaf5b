//! Whatever the bytes: no panic, a state for every line, a bounded time.

#![expect(clippy::expect_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use portvakt_model::{LineState, SourceId};
use portvakt_parsers::{Context, PARSERS, Parser, parse};
use proptest::prelude::*;

/// Inputs of all cases.
static INPUTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut found = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/parsers"), &mut found);
    found.sort();
    let inputs = found.iter().filter(|p| !p.ends_with("expect.txt"));
    inputs.map(|p| std::fs::read(p).expect("a fixture can be read")).collect()
});

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).map(|d| d.filter_map(Result::ok)).into_iter().flatten();
    for path in entries.map(|e| e.path()) {
        if path.is_dir() { below(&path, found) } else { found.push(path) }
    }
}

/// One way to spoil a text; positions are taken modulo its length.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(usize, u8),
    Cut(usize),
    Behead(usize),
    Repeat(usize),
    Swap(usize, usize),
    Insert(usize, Vec<u8>),
    DropLine(usize),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = || 0usize..100_000;
    let odd = prop::sample::select(vec![
        "\"", "'", "\\", "{", "}", "[", "!", "\u{0}", "å", "-", ",", "\t",
    ]);
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(i, b)| Spoil::Flip(i, b)),
        at().prop_map(Spoil::Cut),
        at().prop_map(Spoil::Behead),
        at().prop_map(Spoil::Repeat),
        (at(), at()).prop_map(|(a, b)| Spoil::Swap(a, b)),
        (at(), prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(i, b)| Spoil::Insert(i, b)),
        (at(), odd).prop_map(|(i, s)| Spoil::Insert(i, s.as_bytes().to_vec())),
        at().prop_map(Spoil::DropLine),
    ]
}

fn apply(bytes: Vec<u8>, how: &Spoil) -> Vec<u8> {
    let mut bytes = if bytes.is_empty() { vec![b'\n'] } else { bytes };
    let len = bytes.len();
    match how {
        Spoil::Flip(i, b) => bytes[i % len] ^= b,
        Spoil::Cut(i) => bytes.truncate(i % len),
        Spoil::Behead(i) => drop(bytes.drain(..i % len)),
        Spoil::Insert(i, what) => drop(bytes.splice(i % len..i % len, what.iter().copied())),
        Spoil::Repeat(_) | Spoil::Swap(..) | Spoil::DropLine(_) => return shuffle(&bytes, how),
    }
    bytes
}

fn shuffle(bytes: &[u8], how: &Spoil) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let len = lines.len();
    match how {
        Spoil::Repeat(i) => lines.insert(i % len, lines[i % len]),
        Spoil::Swap(a, b) => lines.swap(a % len, b % len),
        Spoil::DropLine(i) => drop(lines.remove(i % len)),
        _ => {}
    }
    lines.concat()
}

fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let start = any::<prop::sample::Index>();
    (start, prop::collection::vec(spoil(), 0..12)).prop_map(|(start, how)| {
        let first = if INPUTS.is_empty() { Vec::new() } else { start.get(&INPUTS).clone() };
        how.iter().fold(first, apply)
    })
}

/// What holds for every file, recognised or not.
fn check(bytes: Vec<u8>) {
    let (began, length) = (Instant::now(), bytes.len());
    if let Ok(parsed) = parse(SourceId(0), "any", bytes, &Context::default()) {
        let text = parsed.source.text();
        assert!(text.is_empty() || parsed.coverage.len() == rows(&parsed), "{}", parsed.format);
        for n in 0..=parsed.source.line_count() + 1 {
            assert!(parsed.source.line_span(n).end as usize <= text.len());
            let _ = parsed.source.line(n);
        }
        for device in &parsed.devices {
            let lines = device.rulesets.iter().flat_map(|r| r.rules.iter().map(|r| r.line));
            assert!(lines.max().unwrap_or(0) as usize <= parsed.coverage.len());
        }
    }
    // Generous: a debug build on a busy machine, for a few kilobytes.
    let bound = Duration::from_millis(2000 + length as u64 / 20);
    assert!(began.elapsed() < bound, "{:?} for {length} bytes", began.elapsed());
}

/// Tables count rows, everything else counts lines.
fn rows(parsed: &portvakt_parsers::Parsed) -> usize {
    let is_table = !parsed.format.is_empty() && parsed.devices.is_empty();
    let lines = parsed.source.line_count() as usize;
    if is_table { parsed.coverage.len() } else { lines }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_spoiled_file_is_read_or_refused(bytes in spoiled()) {
        check(bytes);
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        check(bytes);
    }
}

/// Every parser meets every text, also those that are another's.
#[test]
fn no_parser_panics_on_another_format() {
    for bytes in INPUTS.iter() {
        let text = String::from_utf8_lossy(bytes);
        for parser in PARSERS {
            forced(parser, &text);
        }
    }
}

fn forced(parser: &'static Parser, text: &str) {
    let parsed = portvakt_parsers::parse_as(
        parser,
        SourceId(0),
        "any",
        text.to_owned(),
        &[],
        &Context::default(),
    );
    let states: Vec<LineState> = parsed.coverage.states().collect();
    assert!(
        states.iter().all(
            |s| !matches!(s, LineState::Unsupported(why) if why.sv.is_empty() || why.en.is_empty())
        ),
        "{}",
        parser.id
    );
}

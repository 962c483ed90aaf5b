//! What the fuzz targets try, and what must hold.

mod lists;
mod live;
mod ssh;
mod tls;

use portvakt_model::{LineState, SourceId};
use portvakt_parsers::{Context, PARSERS, Parsed, parse, parse_as};

pub use lists::list;
pub use live::{answers, results};
pub use ssh::ssh;
pub use tls::tls_flight;

/// Formats that are tables: they count rows, not lines.
const TABLES: &[&str] = &["register", "systems", "ssid-table", "exceptions"];

/// Reads bytes as whatever they seem to be.
pub fn any(bytes: &[u8]) {
    if let Ok(parsed) = parse(SourceId(0), "any", bytes.to_vec(), &Context::default()) {
        holds(&parsed);
    }
}

/// Reads bytes as the format that the first one numbers.
pub fn chosen(bytes: &[u8]) {
    let Some((number, rest)) = bytes.split_first() else { return };
    let parser = PARSERS[usize::from(*number) % PARSERS.len()];
    let (text, binary) = match std::str::from_utf8(rest) {
        Ok(text) => (text.to_owned(), &[][..]),
        Err(_) => (String::from_utf8_lossy(rest).into_owned(), rest),
    };
    holds(&parse_as(parser, SourceId(0), "any", text, binary, &Context::default()));
}

/// Every line has one state, reasons are given, places lie inside the text.
fn holds(parsed: &Parsed) {
    let (source, coverage) = (&parsed.source, &parsed.coverage);
    let length = source.text().len();
    if !TABLES.contains(&parsed.format) {
        assert_eq!(coverage.len(), source.line_count() as usize, "{}", parsed.format);
    }
    assert!(
        coverage.states().all(
            |s| !matches!(s, LineState::Unsupported(why) if why.sv.is_empty() || why.en.is_empty())
        ),
        "{}",
        parsed.format
    );
    for line in 0..=source.line_count() + 1 {
        assert!(source.line_span(line).end as usize <= length, "{}", parsed.format);
    }
    let lists = parsed.devices.iter().flat_map(|d| &d.rulesets);
    let last = lists.flat_map(|l| &l.rules).map(|r| r.line).max().unwrap_or(0);
    assert!(last as usize <= coverage.len(), "{}: a rule on line {last}", parsed.format);
}

//! Text with delimiters (RFC 4180 and what spreadsheets make of it).

use csv::{ReaderBuilder, StringRecord};
use portvakt_model::LineState;

use super::columns::{Judged, judge};
use super::grid::{Grid, Line, MAX_COLUMNS};
use super::reader::Reader;
use super::reasons;
use super::record::{Origin, Place, Value};
use super::spell::Why;
use crate::lines::Lines;
use crate::{Context, secrets};

/// Tells by the header whether a text is one of the tables.
pub(super) fn sniff(text: &str, context: &Context) -> Option<Judged> {
    best(text, context).map(|(_, judged)| judged)
}

/// Reads a text whose cells are separated by semicolons, commas, tabs or bars.
pub(super) fn read(text: &str, reader: &mut Reader<'_, '_>) {
    let origin = Origin { source: reader.build.id, sheet: None };
    let mut grid = Grid::new(origin.clone());
    let (start, delimiter) = delimiter(text, reader.context());
    let mut records = Records::new(text, start, delimiter);
    while let Some(record) = records.next_record() {
        if !reader.has_room() {
            reader.problem(&origin, Place::Cell(record.first, 1), "", too_many());
            break;
        }
        let states = (record.first, record.last);
        hide_secrets(&record, delimiter, &grid, reader);
        if record.is_unclosed() {
            reader.problem(&origin, Place::Cell(record.first, 1), "", unclosed());
            reader.mark(states, LineState::Unsupported(reasons::UNCLOSED));
            continue;
        }
        if record.cells.len() > MAX_COLUMNS as usize {
            reader.mark(states, LineState::Unsupported(reasons::COLUMNS));
        }
        let cells = record.cells.iter().take(MAX_COLUMNS as usize);
        let cells = (1..).zip(cells.map(|c| Value::Text(c.to_owned()))).collect();
        grid.row(Line { row: record.first, states, cells }, reader);
    }
    grid.end(reader);
    mark_rest(text, start, reader);
}

fn too_many() -> Why {
    Why::new(
        "tabellen har mer än 1 000 000 rader; resten läses inte",
        "the table has more than 1,000,000 rows; the rest is not read",
    )
}

fn unclosed() -> Why {
    Why::new(
        "ett citattecken i raden stängs aldrig; rader efter det kan ha gått förlorade",
        "a quote in the row is never closed; rows after it may be lost",
    )
}

/// Blank lines, and the line that names the delimiter.
fn mark_rest(text: &str, start: usize, reader: &mut Reader<'_, '_>) {
    for line in Lines::new(text) {
        let names_delimiter = (line.start as usize) < start;
        if names_delimiter || line.text.trim().is_empty() {
            reader.mark((line.number, line.number), LineState::Neutral);
        }
    }
}

/// Where the records begin, and the delimiter: the one that a first line names (`sep=;`), else the
/// one that makes most of the header known.
fn delimiter(text: &str, context: &Context) -> (usize, u8) {
    let line = text.split_inclusive('\n').next().unwrap_or_default();
    match line.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        Some(&[delimiter]) => (line.len(), delimiter),
        _ => (0, best(text, context).map_or(b';', |(delimiter, _)| delimiter)),
    }
}

/// Records that are looked through for the header.
const HEAD_RECORDS: usize = 60;

fn best(text: &str, context: &Context) -> Option<(u8, Judged)> {
    let head = crate::decode::prefix(text, crate::HEAD_BYTES);
    let named = head.strip_prefix("sep=").and_then(|rest| Some(*rest.as_bytes().first()?));
    let all = named.map_or_else(|| b";,\t|".to_vec(), |one| vec![one]);
    let found = all.into_iter().filter_map(|d| Some((d, first_header(head, d, context)?)));
    found.max_by_key(|(_, judged)| judged.share)
}

fn first_header(head: &str, delimiter: u8, context: &Context) -> Option<Judged> {
    let mut records = Records::new(head, 0, delimiter);
    let mut left = HEAD_RECORDS;
    while let Some(record) = records.next_record().filter(|_| left > 0) {
        if let Some(judged) = judge(record.cells.iter(), context) {
            return Some(judged);
        }
        left -= 1;
    }
    None
}

/// Records with their places.
struct Records<'t> {
    text: &'t str,
    csv: csv::Reader<&'t [u8]>,
    cells: StringRecord,
    /// Where the reader of records began.
    start: usize,
    /// The byte before which lines have been counted, and their number.
    counted: (usize, u32),
}

/// A record in its text.
struct Record<'t, 'r> {
    cells: &'r StringRecord,
    raw: &'t str,
    offset: u32,
    /// Lines, from 1.
    first: u32,
    last: u32,
}

impl<'t> Records<'t> {
    fn new(text: &'t str, start: usize, delimiter: u8) -> Self {
        let csv = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(&text.as_bytes()[start..]);
        Self { text, csv, cells: StringRecord::new(), start, counted: (0, 1) }
    }

    fn next_record(&mut self) -> Option<Record<'t, '_>> {
        let from = self.here();
        // Text is UTF-8 and records may have any length, so only the end stops the reader.
        if !self.csv.read_record(&mut self.cells).unwrap_or(false) {
            return None;
        }
        // The line end of the record before may belong to this one by the reader's count.
        let whole = &self.text[from..self.here()];
        let raw = whole.trim_start_matches(['\r', '\n']);
        let offset = from + whole.len() - raw.len();
        let raw = raw.trim_end_matches(['\r', '\n']);
        let first = self.line(offset);
        let last = self.line(offset + raw.len());
        Some(Record { cells: &self.cells, raw, offset: offset as u32, first, last })
    }

    fn here(&self) -> usize {
        self.start + self.csv.position().byte() as usize
    }

    /// The line of a byte; bytes are asked for in ascending order.
    fn line(&mut self, at: usize) -> u32 {
        let (from, line) = self.counted;
        let passed = memchr::memchr_iter(b'\n', &self.text.as_bytes()[from..at]).count();
        self.counted = (at, line + passed as u32);
        self.counted.1
    }
}

impl Record<'_, '_> {
    /// A quote that opens and never closes takes all that follows into one cell.
    fn is_unclosed(&self) -> bool {
        let quotes = memchr::memchr_iter(b'"', self.raw.as_bytes()).count();
        self.last > self.first && quotes % 2 == 1
    }
}

/// Hides what may be a secret in the cells of a record, and all of a column that is named for one.
fn hide_secrets(record: &Record<'_, '_>, delimiter: u8, grid: &Grid, reader: &mut Reader<'_, '_>) {
    let secret = grid.secret_columns();
    if secret.is_empty() && secrets::masked(record.raw) == record.raw {
        return;
    }
    for (position, (from, to)) in (1..).zip(cell_spans(record.raw, delimiter)) {
        let start = record.offset + from as u32;
        if secret.contains(&position) {
            reader.build.redact(start..record.offset + to as u32);
            continue;
        }
        for line in Lines::new(&record.raw[from..to]) {
            let line = crate::lines::Line { start: start + line.start, ..line };
            secrets::redact_suspicious(line, reader.build);
        }
    }
}

/// The byte ranges of the cells of a record, quotes included.
fn cell_spans(raw: &str, delimiter: u8) -> Vec<(usize, usize)> {
    let (mut spans, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in raw.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if byte == delimiter && !quoted => {
                spans.push((from, at));
                from = at + 1;
            }
            _ => {}
        }
    }
    spans.push((from, raw.len()));
    spans
}

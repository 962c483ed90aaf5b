//! Text of exports and registers into the model, each line accounted for.
//!
//! Parsing never fails: a parser fills the model with what it understands and gives every line
//! exactly one state. What a file is, is told by its content, not by its name.

mod asa;
mod build;
mod decode;
mod fortios;
mod ios;
mod iptables;
mod lines;
mod names;
mod net;
mod nftables;
mod secrets;
mod tables;
mod web;

use portvakt_model::{
    Coverage, Device, Exception, LineState, Register, Source, SourceId, SsidStandard, System,
};

pub use build::{Build, Context, Dimension, Input, IpsetContent, IpsetFile};
pub use decode::{MAX_BYTES, Undecodable, decode};
pub use tables::is_column;

/// A parser of one format.
pub struct Parser {
    /// Stable id, as it stands in JSON: `fortios`.
    pub id: &'static str,
    /// Name as a person says it: `FortiOS`.
    pub name: &'static str,
    /// What it reads, for the formats table: commands or file kinds.
    pub reads: &'static str,
    /// What it understands, for the formats table.
    pub understands: &'static str,
    /// How sure it is, from the first part of a file, that the file is its own.
    pub sniff: fn(&Head<'_>) -> Score,
    /// Reads the whole file.
    pub parse: fn(&Input<'_>, &mut Build<'_>),
}

/// Every parser. The order has no meaning: the highest score reads the file.
pub static PARSERS: &[&Parser] = &[
    &asa::PARSER,
    &fortios::PARSER,
    &ios::PARSER,
    &iptables::ipset::PARSER,
    &iptables::PARSER,
    &nftables::JSON,
    &nftables::PARSER,
    &tables::EXCEPTIONS,
    &tables::REGISTER,
    &tables::SSIDS,
    &tables::SYSTEMS,
    &web::apache::PARSER,
    &web::haproxy::PARSER,
    &web::nginx::PARSER,
];

/// The first part of a file.
pub struct Head<'a> {
    /// File name without folders, in lower case. A hint for ties, never a reason by itself.
    pub name: &'a str,
    /// Up to 64 KiB of decoded text; empty for a binary file.
    pub text: &'a str,
    /// The lines of that text, the first 2,000.
    pub lines: Vec<&'a str>,
    /// Up to 64 KiB of a text's raw bytes; all of a workbook's.
    pub bytes: &'a [u8],
    /// What is known beside the file: own names of columns.
    pub context: &'a Context,
}

impl<'a> Head<'a> {
    /// The head of a file with this name, text and bytes.
    pub fn new(name: &'a str, text: &'a str, bytes: &'a [u8], context: &'a Context) -> Self {
        const MOST_LINES: usize = 2000;
        Self { name, text, lines: text.lines().take(MOST_LINES).collect(), bytes, context }
    }

    /// How many lines begin (after blanks) with one of `stems`.
    pub fn lines_starting(&self, stems: &[&str]) -> u32 {
        let begins = |line: &str, stem: &&str| {
            line.as_bytes().first() == stem.as_bytes().first() && line.starts_with(stem)
        };
        let hit = |line: &&&str| stems.iter().any(|stem| begins(line.trim_ascii_start(), stem));
        self.lines.iter().filter(hit).count() as u32
    }
}

/// How sure a parser is: 0 is "not mine", 100 is "cannot be anything else".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub u32);

impl Score {
    /// Not this format.
    pub const NO: Self = Self(0);
    /// May be this format when nothing else claims the file.
    pub const WEAK: Self = Self(20);
    /// Has what this format has.
    pub const LIKELY: Self = Self(60);
    /// Has what only this format has.
    pub const SURE: Self = Self(100);
}

/// What one file says.
#[derive(Debug)]
pub struct Parsed {
    /// Number of the source.
    pub id: SourceId,
    /// Its text, secrets overwritten.
    pub source: Source,
    /// Id of the parser that read it.
    pub format: &'static str,
    /// Devices found in it.
    pub devices: Vec<Device>,
    /// Tables found in it.
    pub tables: Tables,
    /// The state of each line, or of each row.
    pub coverage: Coverage,
}

/// The municipality's tables.
#[derive(Debug, Default)]
pub struct Tables {
    /// Port-opening decisions.
    pub register: Register,
    /// Systems and assets.
    pub systems: Vec<System>,
    /// Standard for wireless networks.
    pub ssids: Vec<SsidStandard>,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
    /// Sets of addresses that packet filters refer to.
    pub ipsets: Option<IpsetFile>,
}

/// Why a file gave no model at all.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// No parser knows it.
    NotRecognised,
    /// It is not text, nor a workbook.
    Undecodable(Undecodable),
}

/// Reads a file: finds the parser that is surest of it and lets it read. `path` is for messages.
pub fn parse(
    id: SourceId,
    path: &str,
    bytes: Vec<u8>,
    context: &Context,
) -> Result<Parsed, Unreadable> {
    let (text, binary) = decode(bytes).map_err(Unreadable::Undecodable)?;
    let parser = recognise(path, &text, &binary, context).ok_or(Unreadable::NotRecognised)?;
    Ok(parse_as(parser, id, path, text, &binary, context))
}

/// The parser that is surest of a file, if any is.
pub fn recognise(
    path: &str,
    text: &str,
    binary: &[u8],
    context: &Context,
) -> Option<&'static Parser> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
    let start = decode::prefix(text, HEAD_BYTES);
    let bytes = if binary.is_empty() { start.as_bytes() } else { binary };
    let head = Head::new(&name, start, bytes, context);
    let scored = PARSERS.iter().map(|p| ((p.sniff)(&head), *p));
    scored.filter(|(s, _)| *s > Score::NO).max_by_key(|(s, _)| *s).map(|(_, p)| p)
}

const HEAD_BYTES: usize = 64 * 1024;

/// Reads decoded text (or, for a workbook, its raw bytes) as one format, whatever it is.
pub fn parse_as(
    parser: &'static Parser,
    id: SourceId,
    path: &str,
    text: String,
    binary: &[u8],
    context: &Context,
) -> Parsed {
    let source = Source::new(path.to_owned(), text);
    let mut build = Build::new(id, parser.id, source.line_count(), context);
    (parser.parse)(&Input { path, text: source.text(), binary }, &mut build);
    finish(build, source)
}

fn finish(mut build: Build<'_>, mut source: Source) -> Parsed {
    hide_secrets(&source, &mut build);
    source.redact(std::mem::take(&mut build.redactions));
    let Build { id, format, devices, tables, coverage, .. } = build;
    Parsed { id, source, format, devices, tables, coverage }
}

/// A text file beside others, for [`join`].
#[derive(Debug)]
pub struct Beside {
    /// Number of the source.
    pub id: SourceId,
    /// Its path.
    pub path: String,
    /// Other paths that lead to it, through links.
    pub links: Vec<String>,
    /// Its text.
    pub text: String,
    /// Id of the parser that knows it by its content, if any does.
    pub format: Option<&'static str>,
}

/// Whether a format may stand in several files.
pub fn joins(format: &str) -> bool {
    web::KINDS.iter().any(|kind| kind.format == format)
}

/// Reads again, as one, the files of each configuration that stands in several, such as a web server's with
/// its `include`. What is given back takes the place of what each file said alone; a file that is part of
/// none is not among it. `folders` are those at hand, with or without files.
pub fn join(files: Vec<Beside>, folders: &[String], context: &Context) -> Vec<Parsed> {
    let done = web::join(&files, folders, context);
    let parts = files.into_iter().zip(done);
    let finish = |(file, build): (Beside, Option<Build<'_>>)| {
        Some(finish(build?, Source::new(file.path, file.text)))
    };
    parts.filter_map(finish).collect()
}

/// Hides what may be a secret in lines that did not reach the model, whatever the parser did.
fn hide_secrets(source: &Source, build: &mut Build<'_>) {
    secrets::redact_private_keys(source.text(), build);
    let coverage = std::mem::take(&mut build.coverage);
    let states = (1..=source.line_count()).zip(coverage.states());
    for (number, _) in states.filter(|(_, state)| *state != LineState::Used) {
        let span = source.line_span(number);
        let text = &source.text()[span.start as usize..span.end as usize];
        secrets::redact_suspicious(lines::Line { number, start: span.start, text }, build);
    }
    build.coverage = coverage;
}

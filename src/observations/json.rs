//! Records of JSON, wherever they stand: one document, a list of them, or one on each line.
//!
//! masscan leaves a comma after the last record, and no bracket when it is stopped; a run that is
//! killed ends in the middle of a record. What stands before that is read all the same.

use jiff::Timestamp;
use portvakt_model::Told;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

use super::endpoints;
use super::masscan::Masscan;
use super::ours::Ours;
use super::projectdiscovery::{Naabu, Tlsx};
use super::{Reading, faults};

/// Reads every record by what it is.
pub(super) fn read(reading: &mut Reading<'_>) {
    let mut found = Found::default();
    let mut records = Records { text: reading.text(), at: 0 };
    let mut known = 0;
    while let Some(next) = records.next() {
        match next {
            Ok(record) => known += usize::from(found.take(record, reading)),
            Err((offset, message)) => reading.fault(offset, message),
        }
    }
    if known == 0 && reading.faults.is_empty() {
        reading.fault_of_file(faults::NOT_KNOWN);
    }
    found.give(reading);
}

/// One run for each program whose records were found.
#[derive(Default)]
struct Found {
    ours: Ours,
    masscan: Masscan,
    naabu: Naabu,
    tlsx: Tlsx,
}

impl Found {
    /// Whether the record is of a known kind.
    fn take(&mut self, record: Record<'_>, reading: &mut Reading<'_>) -> bool {
        let Some(keys) = record.read::<Keys<'_>>(reading) else { return false };
        match keys.kind() {
            Some(Kind::Document) => self.ours.document(record, reading),
            Some(Kind::Endpoints) => endpoints::document(record, reading),
            Some(Kind::Tls) => endpoints::tls(record, reading),
            Some(Kind::Ssh) => endpoints::ssh(record, reading),
            Some(Kind::Host) => self.ours.host(record, reading),
            Some(Kind::Port) => self.ours.port(record, reading),
            Some(Kind::Facts) => self.ours.facts(record, reading),
            Some(Kind::Masscan) => self.masscan.take(record, reading),
            Some(Kind::Naabu) => self.naabu.take(record, reading),
            Some(Kind::Tlsx) => self.tlsx.take(record, reading),
            None => {
                reading.fault(record.offset, faults::UNKNOWN_RECORD);
                return false;
            }
        }
        true
    }

    fn give(self, reading: &mut Reading<'_>) {
        self.ours.give(reading);
        self.masscan.give(reading);
        self.naabu.give(reading);
        self.tlsx.give(reading);
    }
}

/// What a record can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A whole result of ours.
    Document,
    /// A whole result of ours on endpoints of TLS or SSH.
    Endpoints,
    /// One endpoint of TLS.
    Tls,
    /// One endpoint of SSH.
    Ssh,
    /// One host of ours.
    Host,
    /// One port of ours.
    Port,
    /// What is known of a run of ours as a whole.
    Facts,
    /// A record of masscan.
    Masscan,
    /// A record of naabu.
    Naabu,
    /// A record of tlsx.
    Tlsx,
}

/// Keys by which a record is known.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    hosts: Option<&'a RawValue>,
    #[serde(borrow)]
    endpoints: Option<&'a RawValue>,
    #[serde(borrow)]
    target: Option<&'a RawValue>,
    #[serde(borrow)]
    protocols: Option<&'a RawValue>,
    #[serde(borrow)]
    kex: Option<&'a RawValue>,
    #[serde(borrow)]
    address: Option<&'a RawValue>,
    #[serde(borrow)]
    ip: Option<&'a RawValue>,
    #[serde(borrow)]
    host: Option<&'a RawValue>,
    #[serde(borrow)]
    port: Option<&'a RawValue>,
    #[serde(borrow)]
    ports: Option<&'a RawValue>,
    #[serde(borrow)]
    rec_type: Option<&'a RawValue>,
    #[serde(borrow)]
    probe_status: Option<&'a RawValue>,
    #[serde(borrow)]
    tls_version: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    sent: Option<&'a RawValue>,
    #[serde(borrow)]
    run: Option<&'a RawValue>,
}

impl Keys<'_> {
    fn kind(&self) -> Option<Kind> {
        if self.hosts.is_some() {
            Some(Kind::Document)
        } else if self.endpoints.is_some() {
            Some(Kind::Endpoints)
        } else if self.target.is_some() && self.protocols.is_some() {
            Some(Kind::Tls)
        } else if self.target.is_some() && self.kex.is_some() {
            Some(Kind::Ssh)
        } else if self.address.is_some() && self.port.is_some() {
            Some(Kind::Port)
        } else if self.address.is_some() {
            Some(Kind::Host)
        } else if self.ip.is_some() && (self.ports.is_some() || self.rec_type.is_some()) {
            Some(Kind::Masscan)
        } else if self.tls_version.is_some() || self.probe_status.is_some() {
            Some(Kind::Tlsx)
        } else if self.port.is_some() && (self.ip.is_some() || self.host.is_some()) {
            Some(Kind::Naabu)
        } else if self.schema.is_some() || self.sent.is_some() || self.run.is_some() {
            Some(Kind::Facts)
        } else {
            None
        }
    }
}

/// One JSON object and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    raw: &'a RawValue,
    offset: usize,
}

impl<'a> Record<'a> {
    /// Where it begins in the text.
    pub(super) fn offset(self) -> usize {
        self.offset
    }

    /// A value inside this one, as a record of its own.
    pub(super) fn inner(self, part: &'a RawValue) -> Self {
        let start = self.raw.get().as_ptr() as usize;
        let within = (part.get().as_ptr() as usize).saturating_sub(start);
        Self { raw: part, offset: self.offset + within }
    }

    /// The value as a type of ours. What does not fit it is told, and the record is left out.
    pub(super) fn read<T: Deserialize<'a>>(self, reading: &mut Reading<'_>) -> Option<T> {
        match serde_json::from_str(self.raw.get()) {
            Ok(value) => Some(value),
            Err(e) => {
                let within = position(self.raw.get(), &e);
                reading.fault(self.offset + within, Told::of(faults::RECORD, said(&e)));
                None
            }
        }
    }
}

/// The objects of a text, with whatever separates them.
struct Records<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Records<'a> {
    fn next(&mut self) -> Option<Result<Record<'a>, (usize, Told)>> {
        let rest = &self.text[self.at..];
        let skipped = rest.trim_start_matches(|c: char| c.is_whitespace() || "[],".contains(c));
        self.at += rest.len() - skipped.len();
        if skipped.is_empty() {
            return None;
        }
        // masscan's last record before 1.0.5 has a key without quotes.
        if let Some(end) = skipped.strip_prefix("{finished: 1}") {
            self.at = self.text.len() - end.len();
            return self.next();
        }
        Some(self.object(skipped))
    }

    fn object(&mut self, rest: &'a str) -> Result<Record<'a>, (usize, Told)> {
        let offset = self.at;
        if !rest.starts_with('{') {
            self.at += line_end(rest);
            return Err((offset, faults::NO_OBJECT.into()));
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(raw)) => {
                self.at += values.byte_offset();
                Ok(Record { raw, offset })
            }
            Some(Err(e)) => Err(self.broken(rest, &e)),
            None => {
                self.at = self.text.len();
                Err((offset, faults::ENDS.into()))
            }
        }
    }

    /// Goes on at the line that the fault is in, or after it where the record began there.
    fn broken(&mut self, rest: &str, e: &serde_json::Error) -> (usize, Told) {
        let offset = self.at;
        if e.is_eof() {
            self.at = self.text.len();
            return (offset, faults::CUT_SHORT.into());
        }
        let within = position(rest, e);
        let line = rest[..within].rfind('\n').map_or(0, |n| n + 1);
        self.at += if line > 0 { line } else { line_end(rest) };
        (offset + within, Told::of(faults::RECORD, said(e)))
    }
}

fn line_end(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |n| n + 1)
}

/// The byte of a text that an error is about.
fn position(text: &str, e: &serde_json::Error) -> usize {
    let lines = e.line().saturating_sub(1);
    let start = line_start(text, lines);
    let mut at = (start + e.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where the line after `lines` line ends begins.
fn line_start(text: &str, lines: usize) -> usize {
    let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
    if lines == 0 { 0 } else { ends.take(lines).last().unwrap_or(0) }
}

/// An error's words without its place, which is that of the record and not of the file.
fn said(e: &serde_json::Error) -> String {
    let text = e.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// A number that some programs write as text.
pub(super) fn port_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u16),
        Text(String),
    }
    let wrong = || D::Error::custom("is no port from 0 to 65535");
    match Either::deserialize(from).map_err(|_| wrong())? {
        Either::Number(port) => Ok(port),
        Either::Text(text) => text.trim().parse().map_err(|_| wrong()),
    }
}

/// A time in RFC 3339; one that is written otherwise is not known.
pub(super) fn moment<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.and_then(|text| text.trim().parse().ok()))
}

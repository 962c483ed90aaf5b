//! What scanners wrote down: our own results and those of nmap, masscan, naabu and tlsx.
//!
//! A file is known by what is in it, never by its name. What cannot be read is told with its place,
//! and the rest of the file goes on. Nothing is inferred from what a file leaves out: a port that it
//! does not name was perhaps never asked.

mod endpoints;
pub(crate) mod faults;
mod json;
mod masscan;
mod nmap;
mod ours;
mod projectdiscovery;
mod run;

use std::path::{Path, PathBuf};

use portvakt_model::{Location, Observations, ScanRun, Source, SourceId, Told};
use portvakt_parsers::{MAX_BYTES, Undecodable, decode};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::text;

/// What files with observations say.
#[derive(Debug, Default)]
pub struct Read {
    /// Runs and endpoints, in the order of the files.
    pub observations: Observations,
    /// The files, numbered from the first id that was given. One that cannot be read is empty.
    pub sources: Vec<Source>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// A file, or a part of one, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {message}", place(*.at))]
pub struct Fault {
    /// The file.
    pub path: String,
    /// Line and column, from 1, the column in characters; `None` where it is the file as a whole.
    pub at: Option<(u32, u32)>,
    /// What is wrong and what became of the rest.
    pub message: Told,
}

fn place(at: Option<(u32, u32)>) -> String {
    at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
}

/// Faults that are told of one file. One in every line of a large file helps nobody.
const MAX_FAULTS: usize = 50;

/// Reads files. Their sources are numbered from `first`.
pub fn read(paths: &[PathBuf], first: SourceId) -> Read {
    let numbered: Vec<_> = (first.0..).map(SourceId).zip(paths).collect();
    let files = numbered.into_par_iter().map(|(id, path)| read_file(path, id)).collect::<Vec<_>>();
    let mut all = Read::default();
    for mut file in files {
        all.observations.runs.append(&mut file.observations.runs);
        all.observations.tls.append(&mut file.observations.tls);
        all.observations.ssh.append(&mut file.observations.ssh);
        all.sources.append(&mut file.sources);
        all.faults.append(&mut file.faults);
    }
    all
}

fn read_file(path: &Path, id: SourceId) -> Read {
    let shown = path.display().to_string();
    match text_of(path) {
        Ok((text, digest)) => {
            let mut source = Source::new(shown, text);
            source.digest = Some(digest);
            let (observations, faults) = understand(&source, id);
            Read { observations, sources: vec![source], faults }
        }
        Err(message) => Read {
            sources: vec![Source::new(shown.clone(), String::new())],
            faults: vec![Fault { path: shown, at: None, message }],
            ..Read::default()
        },
    }
}

fn text_of(path: &Path) -> Result<(String, [u8; 32]), Told> {
    let cannot = |e: std::io::Error| text::cannot_be_read(e.kind(), &e.to_string());
    if std::fs::metadata(path).map_err(cannot)?.len() > MAX_BYTES as u64 {
        return Err(faults::TOO_LARGE.into());
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    let digest = Sha256::digest(&bytes).into();
    match decode(bytes) {
        Ok((text, _)) => Ok((text, digest)),
        Err(Undecodable::TooLarge) => Err(faults::TOO_LARGE.into()),
        Err(Undecodable::Binary) => Err(faults::BINARY.into()),
    }
}

/// Reads the text of one file.
pub fn understand(source: &Source, id: SourceId) -> (Observations, Vec<Fault>) {
    let mut reading = Reading::new(source, id);
    match source.text().trim_start().chars().next() {
        Some('<') => nmap::read(&mut reading),
        Some('{' | '[') => json::read(&mut reading),
        Some(_) => reading.fault_of_file(faults::NOT_KNOWN),
        None => reading.fault_of_file(faults::EMPTY),
    }
    reading.done()
}

/// One file while it is read.
struct Reading<'a> {
    source: &'a Source,
    id: SourceId,
    found: Observations,
    faults: Vec<Fault>,
    /// Faults beyond [`MAX_FAULTS`].
    more: usize,
}

impl<'a> Reading<'a> {
    fn new(source: &'a Source, id: SourceId) -> Self {
        Self { source, id, found: Observations::default(), faults: Vec::new(), more: 0 }
    }

    fn text(&self) -> &'a str {
        self.source.text()
    }

    /// Tells a fault at a byte of the text.
    fn fault(&mut self, offset: usize, message: impl Into<Told>) {
        if self.faults.len() == MAX_FAULTS {
            self.more += 1;
            return;
        }
        let offset = offset.min(self.text().len()) as u32;
        let at = Some((self.source.line_of(offset), self.source.column_of(offset)));
        self.faults.push(Fault { path: self.source.path.clone(), at, message: message.into() });
    }

    fn fault_of_file(&mut self, message: impl Into<Told>) {
        let path = self.source.path.clone();
        self.faults.push(Fault { path, at: None, message: message.into() });
    }

    /// A run whose record stands in this file. One of which something could not be read is not complete:
    /// what was left out is not known.
    fn give(&mut self, mut run: ScanRun) {
        run.complete &= self.faults.is_empty();
        run.at = Some(Location::line(self.id, 1));
        self.found.runs.push(run);
    }

    fn done(mut self) -> (Observations, Vec<Fault>) {
        if self.more > 0 {
            self.fault_of_file(Told::of(faults::MORE, self.more.to_string()));
        }
        (self.found, self.faults)
    }
}

#[cfg(test)]
mod tests;

//! Where what was found goes, and when.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use jiff::Timestamp;
use portvakt_model::HostSeen;
use portvakt_scan::control::Seen;
use portvakt_scan::plan::Range;
use serde::Serialize;

use super::document::{Document, Facts, HostRow, ends, moment};
use super::wanted::Wanted;
use super::{Form, nmap, table};
use crate::cli::output;
use crate::text::Lang;

/// When a file for the answer is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Before the run: after it this process may no longer be allowed to.
    Early,
    /// At the end; then it is put in its place whole or not at all.
    Late,
}

/// An answer that is being given. Records of lines go out as they come, all else at the end.
pub(super) struct Answer {
    form: Form,
    path: Option<PathBuf>,
    /// The file, when it had to be opened before rights were given up.
    file: Option<File>,
    stream: Option<Mutex<Stream>>,
    /// Set when whoever reads the lines has gone away.
    closed: AtomicBool,
}

struct Stream {
    out: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

/// What was found, with what each form needs beside it.
pub(super) struct Found<'a> {
    pub(super) facts: &'a Facts,
    pub(super) hosts: &'a [HostSeen],
    pub(super) silent: &'a [Range],
    pub(super) skipped: &'a [Range],
    pub(super) wanted: &'a Wanted,
}

/// A port that was just found open. Services are told with the hosts, at the end.
#[derive(Serialize)]
struct OpenRow {
    address: std::net::IpAddr,
    port: u16,
    protocol: &'static str,
    state: &'static str,
    at: String,
}

impl Answer {
    /// Opens what has to be opened while this process may still do so.
    pub(super) fn open(args: &super::Args, opening: Opening) -> anyhow::Result<Self> {
        let create = |path: &PathBuf| {
            File::create(path).with_context(|| format!("cannot write {}", path.display()))
        };
        let path = args.output.clone();
        let lines = args.format == Form::Ndjson;
        let early = lines || opening == Opening::Early;
        let mut file = path.as_ref().filter(|_| early).map(create).transpose()?;
        let stream = lines.then(|| {
            let out: Box<dyn Write + Send> = match file.take() {
                Some(file) => Box::new(file),
                None => Box::new(io::stdout()),
            };
            Mutex::new(Stream { out, failed: None })
        });
        Ok(Self { form: args.format, path, file, stream, closed: AtomicBool::new(false) })
    }

    /// Tells of the run as it begins, where the form allows it.
    pub(super) fn begin(&self, facts: &Facts) {
        self.line(facts);
    }

    /// Whether nobody reads what is written any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Tells of a port at once, where the form allows it.
    pub(super) fn found(&self, seen: Seen) {
        self.line(&OpenRow {
            address: seen.address,
            port: seen.port,
            protocol: seen.protocol.name(),
            state: seen.state.name(),
            at: moment(Timestamp::now()),
        });
    }

    /// Writes a record and sends it on its way.
    fn line(&self, record: &impl Serialize) {
        let Some(stream) = &self.stream else { return };
        let Ok(mut stream) = stream.lock() else { return };
        if stream.failed.is_some() {
            return;
        }
        let written = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            stream.out.write_all(&line)?;
            stream.out.flush()
        });
        if let Err(e) = written {
            stream.failed = Some(e);
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    /// Gives the rest of the answer.
    pub(super) fn end(self, found: &Found<'_>, lang: Lang) -> anyhow::Result<()> {
        let Found { facts, hosts, wanted, .. } = found;
        if self.form == Form::Ndjson {
            hosts.iter().for_each(|host| self.line(&HostRow::new(host, &wanted.names)));
            self.line(facts);
            let stream = self.stream.and_then(|stream| stream.into_inner().ok());
            return stream.and_then(|s| s.failed).map_or(Ok(()), |e| Err(e.into()));
        }
        let write = |out: &mut dyn Write| match self.form {
            Form::Text => out.write_all(table::text(facts, hosts, &wanted.names, lang).as_bytes()),
            Form::Csv => table::csv(out, hosts),
            Form::NmapXml => nmap::write(out, facts, hosts, &wanted.names),
            Form::Json | Form::Ndjson => {
                serde_json::to_writer_pretty(&mut *out, &document(found))?;
                out.write_all(b"\n")
            }
        };
        match self.file {
            Some(file) => {
                let mut out = BufWriter::new(file);
                write(&mut out)?;
                Ok(out.flush()?)
            }
            None => output::write(self.path.as_deref(), write),
        }
    }
}

/// The whole answer as one document.
pub(super) fn document(found: &Found<'_>) -> Document {
    let Found { facts, hosts, silent, skipped, wanted } = found;
    Document {
        facts: (*facts).clone(),
        hosts: hosts.iter().map(|host| HostRow::new(host, &wanted.names)).collect(),
        silent: ends(silent),
        skipped: ends(skipped),
    }
}

//! Where what was found goes, and when.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use jiff::Timestamp;
use portvakt_model::HostSeen;
use portvakt_scan::control::Seen;
use serde::Serialize;

use super::document::{Document, Facts, HostRow, moment, without};
use super::wanted::Wanted;
use super::{Form, nmap, table};
use crate::cli::output;
use crate::text::Lang;

/// An answer that is being given. Records of lines go out as they come, all else at the end.
pub(super) struct Answer {
    form: Form,
    path: Option<PathBuf>,
    stream: Option<Mutex<Stream>>,
    /// Set when whoever reads the lines has gone away.
    closed: AtomicBool,
}

struct Stream {
    out: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

/// A port that was just found open. Services are told with the hosts, at the end.
#[derive(Serialize)]
struct Found {
    address: std::net::IpAddr,
    port: u16,
    protocol: &'static str,
    state: &'static str,
    at: String,
}

impl Answer {
    /// Begins the answer.
    pub(super) fn begin(form: Form, path: Option<&Path>, facts: &Facts) -> anyhow::Result<Self> {
        let stream = if form == Form::Ndjson { Some(stream(path)?) } else { None };
        let path = path.map(Path::to_owned);
        let answer =
            Self { form, path, stream: stream.map(Mutex::new), closed: AtomicBool::new(false) };
        answer.line(facts);
        Ok(answer)
    }

    /// Whether nobody reads what is written any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Tells of a port at once, where the form allows it.
    pub(super) fn found(&self, seen: Seen) {
        self.line(&Found {
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
    pub(super) fn end(
        self,
        facts: &Facts,
        hosts: &[HostSeen],
        wanted: &Wanted,
        lang: Lang,
    ) -> anyhow::Result<()> {
        if self.form == Form::Ndjson {
            hosts.iter().for_each(|host| self.line(&HostRow::new(host, &wanted.names)));
            self.line(facts);
            let stream = self.stream.and_then(|stream| stream.into_inner().ok());
            return stream.and_then(|s| s.failed).map_or(Ok(()), |e| Err(e.into()));
        }
        output::write(self.path.as_deref(), |out| match self.form {
            Form::Text => out.write_all(table::text(facts, hosts, &wanted.names, lang).as_bytes()),
            Form::Csv => table::csv(out, hosts),
            Form::NmapXml => nmap::write(out, facts, hosts, &wanted.names),
            Form::Json | Form::Ndjson => {
                let mut out = BufWriter::new(out);
                serde_json::to_writer_pretty(&mut out, &document(facts, hosts, wanted))?;
                out.write_all(b"\n")?;
                out.flush()
            }
        })
    }
}

fn stream(path: Option<&Path>) -> anyhow::Result<Stream> {
    let out: Box<dyn Write + Send> = match path {
        // Lines must be there when they are found, so the file is not put in place at the end.
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => Box::new(io::stdout()),
    };
    Ok(Stream { out, failed: None })
}

/// The whole answer as one document.
pub(super) fn document(facts: &Facts, hosts: &[HostSeen], wanted: &Wanted) -> Document {
    let planned = &wanted.planned;
    let mut silent = without(planned.full.ranges(), hosts);
    silent.extend(without(planned.gentle.ranges(), hosts));
    silent.sort_unstable();
    Document {
        facts: facts.clone(),
        hosts: hosts.iter().map(|host| HostRow::new(host, &wanted.names)).collect(),
        silent,
    }
}

//! Where what was found goes, and when.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use jiff::Timestamp;
use portvakt_model::HostSeen;
use portvakt_scan::control::Seen;
use serde::Serialize;

use super::document::{Addresses, Document, Facts, HostRow, Last, moment};
use super::mover::Mover;
use super::wanted::Wanted;
use super::{Form, nmap, table};
use crate::cli::output::Place;
use crate::text::Lang;

/// An answer that is being given. It is opened before the run: whether it can be written must not turn out after
/// hours, and after it this process may no longer be allowed to.
pub(super) struct Answer {
    form: Form,
    out: Out,
    /// Set when whoever reads the lines has gone away.
    closed: AtomicBool,
}

enum Out {
    /// Records of lines go out as they come: whoever reads them sees by the last one whether they are whole.
    Lines(Mutex<Stream>),
    /// All else goes out at the end.
    AtOnce(Place),
}

struct Stream {
    out: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

/// What was found, with what each form needs beside it.
pub(super) struct Found<'a> {
    pub(super) facts: &'a Facts,
    pub(super) hosts: &'a [HostSeen],
    pub(super) addresses: &'a Addresses,
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
    /// Opens where it goes.
    pub(super) fn open(form: Form, path: Option<&Path>) -> anyhow::Result<Self> {
        let out = if form == Form::Ndjson {
            let out: Box<dyn Write + Send> = match path {
                Some(path) => {
                    let cannot = || format!("nothing was sent: cannot write {}", path.display());
                    Box::new(File::create(path).with_context(cannot)?)
                }
                None => Box::new(io::stdout()),
            };
            Out::Lines(Mutex::new(Stream { out, failed: None }))
        } else {
            Out::AtOnce(Place::open(path).context("nothing was sent")?)
        };
        Ok(Self { form, out, closed: AtomicBool::new(false) })
    }

    /// Where it is put when it is whole.
    pub(super) const fn place(&self) -> Option<&Place> {
        match &self.out {
            Out::AtOnce(place) => Some(place),
            Out::Lines(_) => None,
        }
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
        let Out::Lines(stream) = &self.out else { return };
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
        found: &Found<'_>,
        lang: Lang,
        mover: &mut Mover,
    ) -> anyhow::Result<()> {
        let Found { facts, hosts, addresses, wanted } = found;
        if self.form == Form::Ndjson {
            hosts.iter().for_each(|host| self.line(&HostRow::new(host, &wanted.names)));
            self.line(&Last { facts, addresses });
        }
        let mut place = match self.out {
            Out::AtOnce(place) => place,
            Out::Lines(stream) => {
                let failed = stream.into_inner().ok().and_then(|stream| stream.failed);
                return failed.map_or(Ok(()), |e| Err(e.into()));
            }
        };
        place.fill(|out| match self.form {
            Form::Text => out.write_all(table::text(facts, hosts, &wanted.names, lang).as_bytes()),
            Form::Csv => table::csv(out, hosts),
            Form::NmapXml => nmap::write(out, facts, hosts, &wanted.names),
            Form::Json | Form::Ndjson => {
                serde_json::to_writer_pretty(&mut *out, &document(found))?;
                out.write_all(b"\n")
            }
        })?;
        mover.put(place)
    }
}

/// The whole answer as one document.
fn document(found: &Found<'_>) -> Document {
    let Found { facts, hosts, addresses, wanted } = found;
    Document {
        facts: (*facts).clone(),
        hosts: hosts.iter().map(|host| HostRow::new(host, &wanted.names)).collect(),
        addresses: (*addresses).clone(),
    }
}

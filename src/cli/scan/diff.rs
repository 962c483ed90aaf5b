//! `portvakt scan diff`: what is open now and was not, and the other way round.
//!
//! A port is told as closed only where both runs asked for it and were answered. What one of them did
//! not ask, or left open, stands by itself, and a host that was silent is not told to be gone.

mod compare;
mod text;

use std::path::{Path, PathBuf};

use anyhow::bail;
use portvakt_model::SourceId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::Exit;
use crate::cli::output;
use crate::observations::{self, Read};
use crate::refusals::told;

/// Arguments of `portvakt scan diff`.
///
/// Ends with 1 where a port became open or may have, with 0 otherwise, and with 2 where something could
/// not be read.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The old result: of portvakt, nmap (XML), masscan (JSON), naabu or tlsx (JSONL)
    old: PathBuf,
    /// The new result, likewise
    new: PathBuf,
    #[command(flatten)]
    told: output::Comparison,
}

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-scan-diff-1";

/// What differs between two results.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// The old result's runs.
    old: Vec<RunRow>,
    /// The new result's runs.
    new: Vec<RunRow>,
    /// Ports that were closed, filtered or unreachable, and are open.
    opened: Vec<PortRow>,
    /// Ports that are open, and of which the old result does not tell for certain that they were not.
    maybe_opened: Vec<PortRow>,
    /// Ports that were open, and are closed, filtered or unreachable.
    no_longer_open: Vec<PortRow>,
    /// Ports that were open, and of which the new result does not tell for certain what they are.
    not_known: Vec<PortRow>,
    /// Ports that are open as before, and on which something else speaks. Both runs asked.
    services: Vec<ServiceRow>,
    /// Hosts that were asked in both, and are heard of now alone.
    new_hosts: Vec<HostRow>,
    /// Hosts that were asked in both, and were heard of before alone: gone, or silent to where the new result was
    /// made from.
    hosts_not_seen: Vec<HostRow>,
    /// Hosts that were heard of before, and of which the new result does not say that they were asked for anything
    /// that they had answered.
    hosts_not_asked: Vec<HostRow>,
    /// Ports that only the old result asked: `8080/tcp`, `1-1024/udp`. They are not told as closed.
    ports_asked_only_before: Vec<String>,
    /// Ports that only the new result asked. What is open there may have been so before.
    ports_asked_only_now: Vec<String>,
    /// What hinders the comparison.
    notes: Vec<NoteRow>,
    /// What could not be read.
    failures: Vec<String>,
}

/// Something that hinders the comparison.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct NoteRow {
    /// Its name: different-places or different-programs.
    id: &'static str,
    /// The same in English.
    text: &'static str,
    /// The same in Swedish.
    #[serde(skip)]
    sv: &'static str,
}

/// What differs may be the way and not the host.
const DIFFERENT_PLACES: NoteRow = NoteRow {
    id: "different-places",
    text: "the results were made from different places: a difference may be that of the way",
    sv: "resultaten är gjorda från olika platser: en skillnad kan vara vägens",
};

/// One program tells of TLS and products what another leaves out.
const DIFFERENT_PROGRAMS: NoteRow = NoteRow {
    id: "different-programs",
    text: "the results are of different programs: what speaks on a port is not compared",
    sv: "resultaten kommer från olika program: vad som talar på en port jämförs inte",
};

/// A run that was read.
#[derive(Serialize, JsonSchema)]
struct RunRow {
    /// The file.
    path: String,
    /// What made it.
    tool: String,
    /// Sensor or zone that it was made from, where stated.
    sensor: Option<String>,
    /// When it began (RFC 3339), where stated.
    started: Option<String>,
    /// Whether it went through to its end. Otherwise what it does not list was perhaps never asked.
    complete: bool,
    /// How many hosts it tells of.
    hosts: usize,
}

/// A port whose state is another.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct PortRow {
    /// Address of the host.
    address: String,
    /// Names of the host.
    names: Vec<String>,
    /// The port's number.
    port: u16,
    /// tcp or udp.
    protocol: &'static str,
    /// Its old state; host-silent when nothing was heard of the host, not-asked when the result does not
    /// say that it was asked.
    old: &'static str,
    /// Its new state, likewise.
    new: &'static str,
    /// What speaks there, or spoke, where known.
    service: Option<String>,
    /// Whether that was asked; otherwise it is what the number usually means.
    asked: bool,
    /// The first bytes of what it said, escaped.
    evidence: String,
    /// When it was seen in its new state, or else in its old one (RFC 3339).
    at: Option<String>,
}

/// A port on which something else speaks.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct ServiceRow {
    /// Address of the host.
    address: String,
    /// The port's number.
    port: u16,
    /// tcp or udp.
    protocol: &'static str,
    /// What changed: name, tls, starttls, product, title.
    changed: Vec<&'static str>,
    /// What spoke there.
    old: String,
    /// What speaks there.
    new: String,
}

/// A host.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct HostRow {
    /// Its address.
    address: String,
    /// Its names.
    names: Vec<String>,
    /// Ports that are open on it, or were: `22/tcp`.
    open: Vec<String>,
}

/// The schema of the answer as JSON.
pub(in crate::cli) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let (old, new) = (side(&args.old)?, side(&args.new)?);
    let document = compare::document(&args.old, &old, &args.new, &new);
    args.told.write(&document, text::write)?;
    for failure in &document.failures {
        anstream::eprintln!("{}", told(failure, args.told.lang()));
    }
    Ok(exit(&document))
}

/// A result, of which at least one run could be read.
fn side(path: &Path) -> anyhow::Result<Read> {
    let read = observations::read(&[path.to_owned()], SourceId(0));
    if read.observations.runs.is_empty() {
        match read.faults.first() {
            Some(fault) => bail!("{fault}"),
            None => bail!("{}: tells of no hosts and ports", path.display()),
        }
    }
    Ok(read)
}

fn exit(document: &Document) -> Exit {
    if !document.failures.is_empty() {
        return Exit::NotAudited;
    }
    if document.opened.is_empty() && document.maybe_opened.is_empty() {
        return Exit::Clean;
    }
    Exit::Findings
}

#[cfg(test)]
mod tests;

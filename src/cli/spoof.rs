//! `portvakt spoof`: whether packets with a foreign source can come in by an interface.

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_analysis::query::interface;
use portvakt_analysis::spoof::{Question, Verdict, families, judge, unstated};
use portvakt_model::{Device, Reason, RulesetId, Told};
use portvakt_space::{AddrSet, Family};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Exit, lists, output};
use crate::answer::PacketRow;
use crate::interfaces::Entry;
use crate::text::{self, Lang};

/// Arguments of `portvakt spoof`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The export
    file: PathBuf,
    /// File with the networks behind each interface: eth0 = [10.0.0.0/8, 192.0.2.1-192.0.2.9],
    /// eth1 = all_but_those_ips [10.0.0.0/8], or the same as TOML
    #[arg(long, value_name = "FILE")]
    interfaces: PathBuf,
    /// Only this list [default: all that forwarded packets pass: before routing, on the interface, forward]
    #[arg(long, value_name = "NAME")]
    ruleset: Option<String>,
    /// The device, where the export has several
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The day whose schedules hold, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-spoof-1";

/// Whether packets with a foreign source can come in.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// Name of the device.
    device: String,
    /// The only list that was asked; null for all on the way in.
    ruleset: Option<String>,
    /// The interfaces of the file, in its order.
    interfaces: Vec<InterfaceRow>,
    /// Interfaces that rules ask for and the file has no entry for: nothing is said of them.
    not_stated: Vec<String>,
    /// IP versions that no list on the way in sees, ipv4 or ipv6: nothing is said of their packets.
    not_filtered: Vec<&'static str>,
}

/// An interface.
#[derive(Serialize, JsonSchema)]
struct InterfaceRow {
    /// Its name.
    name: String,
    /// certified (no packet with a foreign source is let through), refuted (the witness is) or
    /// cannot_tell (the witness may be).
    verdict: &'static str,
    /// A packet with a foreign source.
    witness: Option<PacketRow>,
    /// What the answer hangs on, where it cannot be told.
    why: Vec<ReasonRow>,
}

/// Something that is not modelled.
#[derive(Serialize, JsonSchema)]
struct ReasonRow {
    /// Its line, from 1.
    line: u32,
    /// What it is, as the configuration writes it.
    text: String,
    /// The same in both languages.
    #[serde(skip)]
    what: Told,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let entries = lists::entries(&args.interfaces)?;
    let case = lists::read(&args.file, args.lang)?;
    if !case.failures().is_empty() {
        return Ok(Exit::NotAudited);
    }
    let audit = case.audit(args.today.unwrap_or_else(|| Zoned::now().date()));
    let (_, device) = lists::device(&audit, args.device.as_deref())?;
    let only = args.ruleset.as_ref().map(|name| lists::named(device, name)).transpose()?;
    let document = document(&audit, device, &entries, only.as_deref(), args)?;
    let answer = match args.format {
        Form::Json => {
            let mut out = serde_json::to_vec(&document).map_err(std::io::Error::from)?;
            out.push(b'\n');
            out
        }
        Form::Text => print(&document, &entries, args.lang).into_bytes(),
    };
    output::write(None, |out| out.write_all(&answer))?;
    let refuted = document.interfaces.iter().any(|row| row.verdict == "refuted");
    Ok(if refuted { Exit::Findings } else { Exit::Clean })
}

fn document(
    audit: &Audit<'_>,
    device: &Device,
    entries: &[Entry],
    only: Option<&[RulesetId]>,
    args: &Args,
) -> anyhow::Result<Document> {
    let seen = families(device, only);
    let lost = lost(audit, device);
    let mut interfaces = Vec::new();
    for (name, networks) in entries {
        let interface =
            interface(device, name).map_err(|names| lists::no_interface(device, name, &names))?;
        let verdict = judge(&Question { device, interface, networks, only, today: audit.today });
        let verdict = match verdict {
            Some(Verdict::Certified) if !lost.is_empty() => {
                Verdict::CannotTell { packet: None, why: lost.clone() }
            }
            Some(verdict) => verdict,
            None => anyhow::bail!("{} has no list on the way in", device.name),
        };
        interfaces.push(row(device, name, verdict));
    }
    let stated: Vec<String> = entries.iter().map(|(name, _)| name.clone()).collect();
    Ok(Document {
        schema: SCHEMA,
        device: device.name.clone(),
        ruleset: args.ruleset.clone(),
        interfaces,
        not_stated: unstated(device, only, &stated, audit.today),
        not_filtered: Family::BOTH
            .into_iter()
            .filter(|family| !seen.contains(family))
            .map(|family| crate::answer::family(&[family]))
            .collect(),
    })
}

/// Most lines that were not recognised and are named.
const MOST_LOST: usize = 4;

/// Lines that nobody understood: one of them may let a packet in, and nothing is certified.
fn lost(audit: &Audit<'_>, device: &Device) -> Vec<Reason> {
    let lines = lists::not_recognised(audit, device).into_iter().take(MOST_LOST);
    lines.map(|line| Reason { what: audit.line(device.source, line).into(), line }).collect()
}

fn row(device: &Device, name: &str, verdict: Verdict) -> InterfaceRow {
    let (verdict, packet, why) = match verdict {
        Verdict::Certified => ("certified", None, Vec::new()),
        Verdict::Refuted(packet) => ("refuted", Some(packet), Vec::new()),
        Verdict::CannotTell { packet, why } => ("cannot_tell", packet, why),
    };
    let witness = packet.map(|packet| PacketRow {
        // A pattern stands for interfaces that no rule names; here one is named.
        iif: Some(name.to_owned()),
        ..PacketRow::on(&packet, &device.interfaces)
    });
    let reason = |reason: Reason| ReasonRow {
        line: reason.line,
        text: reason.what.to_string(),
        what: reason.what,
    };
    let why = why.into_iter().map(reason).collect();
    InterfaceRow { name: name.to_owned(), verdict, witness, why }
}

fn print(document: &Document, entries: &[Entry], lang: Lang) -> String {
    let mut out = String::new();
    for (row, (_, networks)) in document.interfaces.iter().zip(entries) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{} {}: {}", document.device, row.name, said(row, networks, lang));
        for reason in &row.why {
            let _ = writeln!(
                out,
                "  {} {}: {}",
                lang.of("rad", "line"),
                reason.line,
                text::words(&reason.what, lang)
            );
        }
    }
    for family in &document.not_filtered {
        let said = lang.of("ingen lista på vägen in gäller", "no list on the way in sees");
        let rest = lang.of("och inget sägs om sådana paket", "and nothing is said of such packets");
        let name = if *family == "ipv4" { "IPv4" } else { "IPv6" };
        let _ = writeln!(out, "{}: {said} {name}, {rest}", document.device);
    }
    if !document.not_stated.is_empty() {
        let head = lang.of(
            "reglerna frågar efter gränssnitt som filen inte har med, och inget sägs om dem",
            "rules ask for interfaces that the file has no entry for, and nothing is said of them",
        );
        let _ = writeln!(out, "{head}: {}", document.not_stated.join(", "));
    }
    out
}

fn said(row: &InterfaceRow, networks: &AddrSet, lang: Lang) -> String {
    let behind = if networks.is_empty() {
        lang.of("inget nät", "no network").to_owned()
    } else {
        text::addresses(networks, lang)
    };
    let packet = row.witness.as_ref().map(|packet| shown(packet, lang)).unwrap_or_default();
    match row.verdict {
        "certified" => {
            format!("{} {behind}", lang.of("intygat, bara från", "certified, only from"))
        }
        "refuted" => format!(
            "{} {behind} {} {packet}",
            lang.of("motbevisat, inte bara från", "refuted, not only from"),
            lang.of("släpps in:", "comes in:")
        ),
        _ if packet.is_empty() && !row.why.is_empty() => lang
            .of(
                "kan inte intygas, för dessa rader förstås inte:",
                "cannot be certified, for these lines were not recognised:",
            )
            .to_owned(),
        _ if packet.is_empty() => lang
            .of("kan inte avgöras, gränsen för arbetet nåddes", "cannot tell, the budget ran out")
            .to_owned(),
        _ => format!(
            "{} {packet}",
            lang.of("kan inte avgöras, kanske släpps in:", "cannot tell, may come in:")
        ),
    }
}

fn shown(packet: &PacketRow, lang: Lang) -> String {
    let proto = text::protocol(packet.proto);
    let by = |name: &Option<String>| {
        name.clone().unwrap_or_else(|| lang.of("ett annat", "another").to_owned())
    };
    format!(
        "{} → {} {proto} {} → {}, {} {} {} {}",
        packet.src,
        packet.dst,
        packet.sport,
        packet.dport,
        lang.of("in på", "in by"),
        by(&packet.iif),
        lang.of("ut på", "out by"),
        by(&packet.out)
    )
}

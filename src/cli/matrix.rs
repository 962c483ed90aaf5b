//! `portvakt matrix`: which addresses may open connections of a service to which.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_analysis::matrix::{MAX_CELLS, MAX_CLASSES, Matrix, Question, TooLarge, matrix};
use portvakt_analysis::query::interface;
use portvakt_analysis::sources::Sources;
use portvakt_model::{Device, RulesetId};
use portvakt_space::{AddrSet, Bound, Family, ICMP, ICMPV6, SCTP, ServiceBox, TCP, UDP, has_ports};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Exit, lists, output};
use crate::interfaces::Entry;
use crate::report::graph::{Graph, Node, svg};
use crate::text::{self, Lang};

/// Arguments of `portvakt matrix`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The export
    file: PathBuf,
    /// The list: its full name, or a chain without its table (then the table filter comes first)
    #[arg(long, value_name = "NAME", default_value = "FORWARD")]
    ruleset: String,
    /// The service: tcp/22, udp/53, icmp/8.0 (type and code), or a protocol (47)
    #[arg(long, value_name = "SERVICE", default_value = "tcp/22")]
    service: String,
    /// Source port of the connections
    #[arg(long, value_name = "PORT", default_value_t = 10_000)]
    sport: u16,
    /// Take what is not modelled as denied instead of permitted
    #[arg(long)]
    least: bool,
    /// Only this IP version; otherwise those that the list sees
    #[arg(long, value_name = "VERSION", value_parser = ["4", "6"])]
    family: Option<String>,
    /// Only packets that come in by this interface
    #[arg(long = "in", value_name = "INTERFACE")]
    iif: Option<String>,
    /// Only packets that leave by this interface
    #[arg(long = "out", value_name = "INTERFACE")]
    oif: Option<String>,
    /// File with the networks behind each interface, as for spoof [default: lo = [127.0.0.0/8, ::1]]
    #[arg(long, value_name = "FILE")]
    interfaces: Option<PathBuf>,
    /// The device, where the export has several
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The day whose schedules hold, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
    Svg,
}

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-matrix-1";

/// Who may open connections of a service to whom.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: &'static str,
    /// Name of the device.
    device: String,
    /// Path of the file.
    path: String,
    /// The service as it was asked for.
    service: String,
    /// Source port of the connections; null where the protocol has none.
    sport: Option<u16>,
    /// What is not modelled was taken as permitted or as denied.
    unknown: &'static str,
    /// Lines of the export that were not recognised: what they do is not in the answer.
    not_recognised: u32,
    #[serde(flatten)]
    graph: GraphRow,
    /// The same for IPv6, where the list sees both versions and none was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6: Option<GraphRow>,
}

/// Classes of addresses of one IP version, and who may connect.
#[derive(Serialize, JsonSchema)]
struct GraphRow {
    /// Name of the list.
    ruleset: String,
    /// ipv4 or ipv6.
    family: &'static str,
    /// Whether the list could be laid out whole. Otherwise more was taken as unknown than its rules say.
    complete: bool,
    /// Classes of addresses with equal rights, largest first. Together they are all addresses.
    classes: Vec<ClassRow>,
    /// Pairs of classes: the first may open connections to the second.
    edges: Vec<[String; 2]>,
}

/// A class of addresses.
#[derive(Serialize, JsonSchema)]
struct ClassRow {
    /// Its name: a, b, …
    name: String,
    /// Its addresses as inclusive ranges, sorted.
    ranges: Vec<[String; 2]>,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

/// A matrix of one IP version.
struct Answer {
    ruleset: String,
    family: Family,
    matrix: Matrix,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let case = lists::read(&args.file, args.lang)?;
    if !case.failures().is_empty() {
        return Ok(Exit::NotAudited);
    }
    let audit = case.audit(args.today.unwrap_or_else(|| Zoned::now().date()));
    let (_, device) = lists::device(&audit, args.device.as_deref())?;
    let answers = answers(&audit, device, args)?;
    let Some((first, others)) = answers.split_first() else {
        bail!("{} sees no packets of that IP version", args.ruleset);
    };
    let answer = match args.format {
        Form::Json => {
            let mut document = document(&audit, device, first, args);
            document.ipv6 = others.first().map(graph_row);
            let mut out = serde_json::to_vec(&document).map_err(std::io::Error::from)?;
            out.push(b'\n');
            out
        }
        Form::Text => {
            let mut out = print(device, &answers, args);
            let lost = lists::not_recognised(&audit, device).len() as u32;
            if lost > 0 {
                let said = lists::not_recognised_said(args.lang, lost);
                let _ = writeln!(out, "{}: {said}", device.name);
            }
            out.into_bytes()
        }
        Form::Svg => drawing(device, &answers, args)?.into_bytes(),
    };
    output::write(args.output.as_deref(), |out| out.write_all(&answer))?;
    Ok(Exit::Clean)
}

/// A matrix for each IP version that is asked for, IPv4 first.
fn answers(audit: &Audit<'_>, device: &Device, args: &Args) -> anyhow::Result<Vec<Answer>> {
    let found = lists::named(device, &args.ruleset)?;
    let entries = match &args.interfaces {
        Some(path) => lists::entries(path)?,
        None => loopback(),
    };
    let sources = Sources::new(device, &entries);
    let wanted = |family: Family| match args.family.as_deref() {
        Some("6") => family == Family::V6,
        Some(_) => family == Family::V4,
        None => true,
    };
    let sees = |id: &RulesetId, family| device.rulesets[id.0 as usize].families.contains(&family);
    let mut answers = Vec::new();
    for family in Family::BOTH.into_iter().filter(|family| wanted(*family)) {
        let Some(&root) = found.iter().find(|id| sees(id, family)) else { continue };
        let atom = |name: &Option<String>| {
            let lacks = |name: &str, names: Vec<String>| lists::no_interface(device, name, &names);
            let atom = |name: &str| interface(device, name).map_err(|names| lacks(name, names));
            name.as_deref().map(atom).transpose()
        };
        let question = Question {
            device,
            root,
            today: audit.today,
            family,
            service: service(&args.service, args.sport, family).map_err(|e| anyhow!(e))?,
            bound: if args.least { Bound::Least } else { Bound::Most },
            iif: atom(&args.iif)?,
            oif: atom(&args.oif)?,
            sources: &sources,
        };
        let matrix = matrix(&question).map_err(|e| too_large(e, args.lang))?;
        let ruleset = device.rulesets[root.0 as usize].name.clone();
        answers.push(Answer { ruleset, family, matrix });
    }
    Ok(answers)
}

/// What lies behind the loopback interface of every host.
fn loopback() -> Vec<Entry> {
    let v4 = AddrSet::prefix([127, 0, 0, 0].into(), 8);
    let v6 = AddrSet::host(std::net::Ipv6Addr::LOCALHOST.into());
    vec![("lo".to_owned(), v4.union(&v6))]
}

fn too_large(why: TooLarge, lang: Lang) -> anyhow::Error {
    match why {
        TooLarge::Ranges(sources, destinations) => anyhow!(
            "{}: {sources} × {destinations} > {MAX_CELLS}",
            lang.of(
                "listan har för många adressintervall (källor × mål)",
                "the list has too many address ranges (sources × destinations)"
            )
        ),
        TooLarge::Classes => anyhow!(
            "{} {MAX_CLASSES}",
            lang.of(
                "adresserna faller i fler klasser än",
                "the addresses fall into more classes than"
            )
        ),
    }
}

/// `tcp/22`, `udp/53`, `icmp/8.0`, `47`.
fn service(text: &str, sport: u16, family: Family) -> Result<ServiceBox, String> {
    let wrong =
        || format!("\"{text}\" is no service; write tcp/22, udp/53, icmp/8.0 or a protocol");
    let (name, port) = text.split_once('/').map_or((text, None), |(name, port)| (name, Some(port)));
    let proto = match name.to_ascii_lowercase().as_str() {
        "tcp" => TCP,
        "udp" => UDP,
        "sctp" => SCTP,
        "icmp" | "icmpv6" if family == Family::V6 => ICMPV6,
        "icmp" => ICMP,
        number => number.parse().map_err(|_| wrong())?,
    };
    match (proto, port) {
        (ICMP, None) => Ok(ServiceBox::icmp(ICMP, 8, Some(0))),
        (ICMPV6, None) => Ok(ServiceBox::icmp(ICMPV6, 128, Some(0))),
        (ICMP | ICMPV6, Some(kind)) => {
            let (kind, code) = kind.split_once('.').unwrap_or((kind, "0"));
            let number = |text: &str| text.parse().map_err(|_| wrong());
            Ok(ServiceBox::icmp(proto, number(kind)?, Some(number(code)?)))
        }
        (_, Some(port)) if has_ports(proto) => {
            let port = port.parse().map_err(|_| wrong())?;
            Ok(ServiceBox::ports(proto, (sport, sport), (port, port)))
        }
        (_, None) if !has_ports(proto) => Ok(ServiceBox::proto(proto)),
        _ => Err(wrong()),
    }
}

/// The name of a class: a, b, … z, aa, ab, …
fn name(index: usize) -> String {
    let (mut left, mut name) = (index + 1, Vec::new());
    while left > 0 {
        name.push(b'a' + ((left - 1) % 26) as u8);
        left = (left - 1) / 26;
    }
    name.iter().rev().map(|letter| char::from(*letter)).collect()
}

const fn version(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

fn document(audit: &Audit<'_>, device: &Device, answer: &Answer, args: &Args) -> Document {
    let has_port = matches!(args.service.split_once('/'), Some((proto, _)) if !is_icmp(proto));
    Document {
        schema: SCHEMA,
        device: device.name.clone(),
        path: audit.sources[device.source.0 as usize].path.clone(),
        service: args.service.clone(),
        sport: has_port.then_some(args.sport),
        unknown: if args.least { "denied" } else { "permitted" },
        not_recognised: lists::not_recognised(audit, device).len() as u32,
        graph: graph_row(answer),
        ipv6: None,
    }
}

fn is_icmp(protocol: &str) -> bool {
    protocol.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("icmp"))
}

fn graph_row(answer: &Answer) -> GraphRow {
    let Matrix { classes, edges, complete } = &answer.matrix;
    let class = |(index, set)| ClassRow { name: name(index), ranges: lists::ranges(set) };
    GraphRow {
        ruleset: answer.ruleset.clone(),
        family: version(answer.family),
        complete: *complete,
        classes: classes.iter().enumerate().map(class).collect(),
        edges: edges.iter().map(|&(from, to)| [name(from), name(to)]).collect(),
    }
}

/// What was asked, in a line.
fn headline(device: &Device, answer: &Answer, args: &Args) -> String {
    let (ruleset, family) = (&answer.ruleset, version(answer.family));
    let unknown = if args.least {
        args.lang.of("det okända räknas som nekat", "the unknown is taken as denied")
    } else {
        args.lang.of("det okända räknas som tillåtet", "the unknown is taken as permitted")
    };
    format!("{} {ruleset} [{family}] {}, {unknown}", device.name, args.service)
}

/// Most ranges of a class that a person is shown, and most classes that make a grid.
const SHOWN: usize = 8;
const WIDEST_GRID: usize = 40;

fn print(device: &Device, answers: &[Answer], args: &Args) -> String {
    let mut out = String::new();
    for answer in answers {
        let Matrix { classes, edges, complete } = &answer.matrix;
        let head = headline(device, answer, args);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{head}: {} · {}",
            text::count(classes.len(), args.lang.of(["klass", "klasser"], ["class", "classes"])),
            text::count(
                edges.len(),
                args.lang.of(["förbindelse", "förbindelser"], ["connection", "connections"])
            )
        );
        if !complete {
            out.push_str(args.lang.of(
                "  listan är för invecklad för att läggas ut hel; mer räknas som okänt\n",
                "  the list is too intricate to lay out whole; more is taken as unknown\n",
            ));
        }
        for (index, set) in classes.iter().enumerate() {
            let ranges = shown(set, args.lang).join(", ");
            let _ = writeln!(out, "  {:3} {ranges}", name(index));
        }
        if classes.len() <= WIDEST_GRID {
            grid(&mut out, &answer.matrix, args.lang);
        } else {
            rows(&mut out, &answer.matrix);
        }
    }
    out
}

/// The ranges of a class as a person reads them.
fn shown(set: &AddrSet, lang: Lang) -> Vec<String> {
    let ranges = set.ranges();
    let mut lines: Vec<String> =
        ranges.iter().take(SHOWN).map(|&(lo, hi)| text::range(lo, hi)).collect();
    if ranges.len() > SHOWN {
        let more = ranges.len() - SHOWN;
        lines.push(format!("… {more} {}", lang.of("till", "more")));
    }
    lines
}

/// A row for each class that opens connections, a column for each that receives them.
fn grid(out: &mut String, matrix: &Matrix, lang: Lang) {
    let names: Vec<String> = (0..matrix.classes.len()).map(name).collect();
    let head = lang.of("från ↓ till →", "from ↓ to →");
    let _ = write!(out, "  {head:13}");
    for name in &names {
        let _ = write!(out, " {name:>2}");
    }
    out.push('\n');
    let mut edges = matrix.edges.iter().peekable();
    for (from, name) in names.iter().enumerate() {
        let _ = write!(out, "  {name:13}");
        for to in 0..names.len() {
            let reaches = edges.next_if_eq(&&(from, to)).is_some();
            let _ = write!(out, " {:>2}", if reaches { "●" } else { "·" });
        }
        out.push('\n');
    }
}

/// What each class reaches, where a grid would be too wide.
fn rows(out: &mut String, matrix: &Matrix) {
    for reached in matrix.edges.chunk_by(|a, b| a.0 == b.0) {
        let names: Vec<String> = reached.iter().map(|(_, to)| name(*to)).collect();
        let _ = writeln!(out, "  {} → {}", name(reached[0].0), names.join(" "));
    }
}

/// Most classes that a drawing holds and is still read.
const WIDEST_DRAWING: usize = 100;

fn drawing(device: &Device, answers: &[Answer], args: &Args) -> anyhow::Result<String> {
    let [Answer { matrix, .. }] = answers else {
        bail!("the list sees IPv4 and IPv6; choose one of them with --family");
    };
    if matrix.classes.len() > WIDEST_DRAWING {
        bail!("{} classes are too many to draw; take --format json", matrix.classes.len());
    }
    let node = |(index, set)| Node { name: name(index), lines: shown(set, args.lang) };
    Ok(svg(&Graph {
        title: headline(device, &answers[0], args),
        heads: args.lang.of(["Från", "Till"], ["From", "To"]),
        nodes: matrix.classes.iter().enumerate().map(node).collect(),
        edges: matrix.edges.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_on_after_z() {
        assert_eq!([0, 25, 26, 27, 701, 702].map(name), ["a", "z", "aa", "ab", "zz", "aaa"]);
    }

    #[test]
    fn services_in_their_spellings() {
        let v4 = |text| service(text, 10_000, Family::V4);
        let ports = |proto, port| ServiceBox::ports(proto, (10_000, 10_000), (port, port));
        assert_eq!(v4("tcp/22"), Ok(ports(TCP, 22)));
        assert_eq!(v4("UDP/53"), Ok(ports(UDP, 53)));
        assert_eq!(v4("icmp"), Ok(ServiceBox::icmp(ICMP, 8, Some(0))));
        assert_eq!(service("icmp/129", 1, Family::V6), Ok(ServiceBox::icmp(ICMPV6, 129, Some(0))));
        assert_eq!(v4("47"), Ok(ServiceBox::proto(47)));
        for wrong in ["tcp", "tcp/", "tcp/70000", "gre/1", "47/1", "", "icmp/x"] {
            assert!(v4(wrong).is_err(), "{wrong}");
        }
    }
}

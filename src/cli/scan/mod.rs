//! `portvakt scan`: which hosts and ports answer.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Zoned;
use portvakt_model::ScanCounts;
use portvakt_scan::plan::{Target, parse_ports, top_ports};
use portvakt_scan::record::{self, Begun, Record, Unfinished, Who};
use portvakt_scan::udp;

use super::output::{self, Where};
use super::{Exit, is_closed, note};
use ceilings::Ceilings;
use document::Facts;
use dry::Dry;
use earlier::Earlier;
use engine::Engine;
use kept::Kept;
use mover::Mover;
use result::Answer;
use told::Looked;
use wanted::{Leave, Wanted};

pub(super) use diff::schema as diff_schema;
pub(super) use document::schema;

mod ceilings;
mod diff;
mod document;
mod dry;
mod earlier;
mod engine;
mod kept;
mod look;
pub(super) mod mover;
mod nmap;
mod progress;
mod result;
mod services;
mod table;
mod told;
pub(crate) mod wanted;

/// Arguments of `portvakt scan`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Args {
    #[command(subcommand)]
    with_results: Option<WithResults>,
    /// What to scan: addresses, prefixes (10.77.0.0/24), ranges (10.1.2.3-9) or names [default: the
    /// whole scope]
    #[arg(value_name = "TARGET")]
    targets: Vec<Target>,
    /// File with the table [scan]: what may be scanned, by whose leave [default: portvakt.toml]
    #[arg(long, value_name = "FILE")]
    scope: Option<PathBuf>,
    /// Ports: 22,80,443,8000-8100, or - for all
    #[arg(long, value_name = "PORTS", allow_hyphen_values = true, conflicts_with = "top")]
    ports: Option<String>,
    /// The so many most important ports [default: 1000; for UDP those whose protocol is known]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    top: Option<u16>,
    /// Packets per second at most; never more than the scope allows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Open whole TCP connections; needs no privileges
    #[arg(long, group = "method")]
    connect: bool,
    /// Send single SYNs; without the privileges for it, connections are opened instead [default]
    #[arg(long, group = "method")]
    syn: bool,
    /// Ask UDP services in their own protocols
    #[arg(long, group = "method")]
    udp: bool,
    /// How often a port that stays silent is asked by SYN, at least. With 1 no silence is certain, and such ports
    /// are told as incomplete
    #[arg(long, value_name = "N", default_value_t = 2, conflicts_with_all = ["connect", "udp"],
          value_parser = clap::value_parser!(u8).range(1..=8))]
    tries: u8,
    /// Ask every port of every address. Otherwise, where more than 64 ports of more than 1,024 addresses
    /// are asked with SYNs, of more than 64 by whole connections, or of more than 8 fragile ones, hosts are
    /// looked for first, and only what answers is asked for ports
    #[arg(long, conflicts_with = "udp")]
    no_discovery: bool,
    /// Do not ask open ports what speaks there
    #[arg(long)]
    no_services: bool,
    /// Tell what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with the last run of a record, which was stopped or killed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "ports", "top", "method"])]
    resume: Option<PathBuf>,
    /// Where each run is noted; it is only ever appended to [default: portvakt-scans.jsonl beside the
    /// scope, or the record that is gone on with]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Name of this sensor or of the zone where it stands: what is open depends on where one looks from
    #[arg(long, value_name = "NAME")]
    sensor: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    #[command(flatten)]
    to: Where,
}

/// What is done with results that are there.
#[derive(clap::Subcommand)]
enum WithResults {
    /// Tell what became open between two results, and what else changed
    Diff(diff::Args),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people
    Text,
    /// One document
    Json,
    /// One record a line, open ports as they are found
    Ndjson,
    /// As nmap -oX writes it
    NmapXml,
    /// One port a row
    Csv,
}

/// How ports are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Syn,
    Connect,
    Udp,
}

impl Method {
    const fn name(self) -> &'static str {
        match self {
            Self::Syn => "syn",
            Self::Connect => "connect",
            Self::Udp => "udp",
        }
    }
}

/// What a run is about.
struct Job<'a> {
    args: &'a Args,
    /// Who runs it, known before rights are given up.
    who: Who,
    leave: Leave,
    wanted: Wanted,
    /// The ports as they were written.
    ports: String,
    earlier: Earlier,
    resumes: Option<Unfinished>,
    method: Method,
    ceilings: Ceilings,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    if let Some(WithResults::Diff(args)) = &args.with_results {
        return diff::run(args);
    }
    let job = job(args)?;
    if args.dry_run {
        let dry = Dry::new(&job);
        output::write(args.to.output.as_deref(), |out| match args.format {
            Form::Text | Form::Csv | Form::NmapXml => {
                out.write_all(dry.text(args.to.lang).as_bytes())
            }
            Form::Json | Form::Ndjson => dry.json(out),
        })?;
        return Ok(Exit::Clean);
    }
    job.scan()
}

/// Works out what is to be done; nothing is sent and nothing written.
fn job(args: &Args) -> anyhow::Result<Job<'_>> {
    let mut leave = wanted::leave(args.scope.as_deref())?;
    let ceilings = Ceilings::of(&mut leave.scope, args.rate, args.to.lang);
    let resumes = args.resume.as_deref().map(unfinished).transpose()?;
    let (targets, written, method) = match &resumes {
        Some(run) => (again(run)?, run.begun.ports.clone(), earlier_method(run)),
        None => (args.targets.clone(), args.written_ports(), args.method()),
    };
    let ports = numbers(&written)?;
    let wanted = wanted::wanted(&targets, &ports, &leave.scope, Zoned::now().datetime())?;
    let mut job = Job {
        args,
        who: Who::here(),
        leave,
        wanted,
        ports: written,
        earlier: Earlier::default(),
        resumes,
        method,
        ceilings,
    };
    job.earlier = job.earlier()?;
    Ok(job)
}

/// The last run of a record, if there is more of it to do.
fn unfinished(path: &Path) -> anyhow::Result<Unfinished> {
    record::unfinished(path).with_context(|| format!("cannot go on with {}", path.display()))
}

/// The targets of an earlier run.
fn again(run: &Unfinished) -> anyhow::Result<Vec<Target>> {
    let parse = |text: &String| text.parse().with_context(|| format!("run {}", run.run));
    run.begun.targets.iter().map(parse).collect()
}

/// How an earlier run asked. What one method proves is not what another does, so it goes on as it began.
fn earlier_method(run: &Unfinished) -> Method {
    let all = [Method::Syn, Method::Connect, Method::Udp];
    all.into_iter().find(|m| m.name() == run.begun.method).unwrap_or(Method::Connect)
}

/// Name of the record beside a scope.
pub(crate) const RECORD: &str = "portvakt-scans.jsonl";

/// As many ports as nmap asks when it is not told otherwise.
const STANDARD: u16 = 1_000;

/// How the most important ports are written.
const TOP: &str = "top ";

/// How the ports are written whose UDP protocols are known.
const KNOWN_UDP: &str = "known udp";

fn numbers(written: &str) -> anyhow::Result<Vec<u16>> {
    if written == KNOWN_UDP {
        return Ok(udp::PORTS.to_vec());
    }
    match written.strip_prefix(TOP) {
        Some(count) => Ok(top_ports(count.parse().context("no number of ports")?)),
        None => parse_ports(written).with_context(|| format!("--ports {written}")),
    }
}

impl Args {
    fn written_ports(&self) -> String {
        match (&self.ports, self.top) {
            (Some(ports), _) => ports.clone(),
            (None, Some(count)) => format!("{TOP}{count}"),
            (None, None) if self.udp => KNOWN_UDP.to_owned(),
            (None, None) => format!("{TOP}{STANDARD}"),
        }
    }

    fn method(&self) -> Method {
        match (self.connect, self.udp) {
            (true, _) => Method::Connect,
            (_, true) => Method::Udp,
            _ => Method::Syn,
        }
    }

    /// Where the run is noted.
    fn record_path(&self) -> PathBuf {
        let beside = self.scope.as_deref().and_then(|scope| scope.parent());
        self.record
            .clone()
            .or_else(|| self.resume.clone())
            .unwrap_or_else(|| beside.map_or_else(|| RECORD.into(), |p| p.join(RECORD)))
    }
}

impl Job<'_> {
    /// What the run that is gone on with has left.
    fn earlier(&self) -> anyhow::Result<Earlier> {
        let (Some(run), Some(part)) = (&self.resumes, self.earlier_part()) else {
            return Ok(Earlier::default());
        };
        let earlier = Earlier::read(&part)?;
        if earlier.is_none() {
            let (part, run) = (part.display(), &run.run);
            let said =
                format!("{part} is gone, and with it what run {run} found; all is asked again");
            note(&said, self.args.to.lang);
        }
        Ok(earlier.unwrap_or_default())
    }

    /// Where it has left it.
    fn earlier_part(&self) -> Option<PathBuf> {
        let (run, record) = (self.resumes.as_ref()?, self.args.resume.as_deref()?);
        Some(record::part(record, &run.run))
    }

    /// Scans, and leaves a record whatever comes of it.
    ///
    /// Everything that needs rights is opened first; then they are given up, and only then is anything sent
    /// or a thread started.
    fn scan(self) -> anyhow::Result<Exit> {
        let path = self.args.record_path();
        let cannot = || {
            format!(
                "nothing was sent: no record can be kept in {}; name another one with --record",
                path.display()
            )
        };
        let mut record = Record::open(&path).with_context(cannot)?;
        let engine = Engine::open(self.method, self.resumes.as_ref())?;
        let answer = Answer::open(self.args.format, self.args.to.output.as_deref())?;
        let part = record::part(&path, record.run());
        let mut mover = Mover::of(&engine, &part, answer.place())?;
        let kept = Kept::create(part).with_context(|| {
            let beside = path.display();
            format!("nothing was sent: what is found cannot be kept beside {beside}; name a record in another folder with --record")
        })?;
        let facts = self.facts(record.run(), &engine);
        let begun = kept.begin(&facts, &self.earlier);
        if let Err(e) = begun.and_then(|()| record.begin(self.begun(&engine))) {
            // Of the two failures the first one tells what to do.
            let _ = mover.remove(kept.path());
            return Err(e).with_context(cannot);
        }
        self.forget_earlier();
        match self.begin_look(engine, &facts, &answer, &kept) {
            Ok(looked) => self.end((facts, looked), answer, (record, &path), (kept, mover)),
            Err(e) => {
                let why = Some(format!("{e:#}"));
                record.end(record::Ended::new(&ScanCounts::default(), 0, why))?;
                Err(e)
            }
        }
    }

    /// Takes away what the run that is gone on with has left: this one has told it again.
    fn forget_earlier(&self) {
        if let Some(part) = self.earlier_part() {
            // That it stays there harms nobody.
            let _ = std::fs::remove_file(part);
        }
    }

    /// Gives up rights, and looks.
    fn begin_look(
        &self,
        engine: Engine,
        facts: &Facts,
        answer: &Answer,
        kept: &Kept,
    ) -> anyhow::Result<Looked> {
        engine.drop_rights()?;
        let stop = portvakt_scan::interrupt::watch().context("cannot wait for signals")?;
        answer.begin(facts);
        self.look(engine, &stop, answer, kept)
    }

    /// Gives the answer, and notes the end. What was found is kept for `--resume` unless all of it is told.
    fn end(
        &self,
        (facts, looked): (Facts, Looked),
        answer: Answer,
        (mut record, path): (Record, &Path),
        (kept, mut mover): (Kept, Mover),
    ) -> anyhow::Result<Exit> {
        let mut told = self.tell(facts, looked);
        told.facts.notes.extend(kept.failure().map(|why| {
            format!("what was found could not be kept while the scan ran, and --resume asks it again: {why}")
        }));
        let (found, lang) = (told.found(&self.wanted), self.args.to.lang);
        let given = answer.end(&found, lang, &mut mover);
        let (facts, hosts) = (found.facts, found.hosts);
        let lost = given.as_ref().err().filter(|e| !is_closed(e));
        let why = facts.why_incomplete.clone();
        let why = why.or_else(|| lost.map(|e| format!("the answer could not be written: {e:#}")));
        if lost.is_some() {
            kept.settle(hosts, found.addresses);
        }
        let counts = ScanCounts {
            sent: facts.sent,
            answered: facts.answered,
            unmatched: facts.unmatched,
            incomplete: facts.incomplete,
            dropped: facts.dropped,
        };
        let ended = record::Ended::new(&counts, facts.open, why.clone());
        record.end(ended).context("the record cannot be kept up to date")?;
        for said in &facts.notes {
            note(said, lang);
        }
        let Some(why) = why else {
            if let Err(e) = mover.remove(kept.path()) {
                let kept = kept.path().display();
                note(&format!("{kept} is of no use any more: {e}"), lang);
            }
            return given.map(|()| Exit::Clean);
        };
        note(&format!("{why}; --resume {} goes on from here", path.display()), lang);
        Ok(Exit::NotAudited)
    }

    fn begun(&self, engine: &Engine) -> Begun {
        let plans = [&self.wanted.planned.full, &self.wanted.planned.gentle];
        let rate = self.leave.scope.rate;
        Begun {
            tool: tool(),
            who: self.who.clone(),
            scope: self.leave.row.clone(),
            method: engine.method().name().to_owned(),
            targets: self.wanted.written.clone(),
            ports: self.ports.clone(),
            rates: [rate.total, rate.subnet, rate.host],
            why_rates: self.ceilings.words(crate::text::Lang::En).to_vec(),
            probes: plans.iter().map(|p| p.probes()).fold(0, u64::saturating_add),
            resumes: self.resumes.as_ref().map(|r| r.run.clone()),
        }
    }
}

fn tool() -> String {
    format!("portvakt {}", env!("CARGO_PKG_VERSION"))
}

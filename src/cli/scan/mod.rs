//! `portvakt scan`: which hosts and ports answer.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use jiff::Zoned;
use portvakt_model::ScanCounts;
use portvakt_scan::plan::{Target, parse_ports, top_ports};
use portvakt_scan::record::{self, Begun, Record, Unfinished, Who};
use portvakt_scan::scope::{Rate, Scope};

use super::{Exit, output};
use crate::text::Lang;
use dry::Dry;
use earlier::Earlier;
use result::Answer;
use wanted::{Leave, Wanted};

pub(super) use document::schema;

mod document;
mod dry;
mod earlier;
mod look;
mod nmap;
mod progress;
mod result;
mod table;
mod wanted;

/// Arguments of `portvakt scan`.
#[derive(clap::Args)]
pub(super) struct Args {
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
    /// The so many most important ports
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Packets per second at most; never more than the scope allows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Open whole connections; needs no privileges
    #[arg(long, conflicts_with = "syn")]
    connect: bool,
    /// Send SYN packets; without the privileges for it, whole connections are opened instead [default]
    #[arg(long)]
    syn: bool,
    /// Tell what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with the last run of a record, which was stopped
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "ports", "top"])]
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
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
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

/// What a run is about.
struct Job<'a> {
    args: &'a Args,
    leave: Leave,
    wanted: Wanted,
    /// The ports as they were written.
    ports: String,
    earlier: Earlier,
    resumes: Option<Unfinished>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let job = job(args)?;
    if args.dry_run {
        let dry =
            Dry::new(&job.wanted.planned, &job.leave.row, job.leave.scope.rate, args.method());
        output::write(args.output.as_deref(), |out| match args.format {
            Form::Text | Form::Csv | Form::NmapXml => out.write_all(dry.text(args.lang).as_bytes()),
            Form::Json | Form::Ndjson => dry.json(out),
        })?;
        return Ok(Exit::Clean);
    }
    // From here on a stop is heard; before, nothing is there to be kept.
    let stop = portvakt_scan::interrupt::watch().context("cannot wait for signals")?;
    job.scan(&stop)
}

/// Works out what is to be done; nothing is sent and nothing written.
fn job(args: &Args) -> anyhow::Result<Job<'_>> {
    let mut leave = wanted::leave(args.scope.as_deref())?;
    limit(&mut leave.scope, args.rate);
    let resumes = match &args.resume {
        Some(path) => {
            let cannot = || format!("cannot go on with {}", path.display());
            Some(record::unfinished(path).with_context(cannot)?)
        }
        None => None,
    };
    let (targets, written) = match &resumes {
        Some(run) => (again(run)?, run.begun.ports.clone()),
        None => (args.targets.clone(), args.written_ports()),
    };
    let ports = numbers(&written)?;
    let wanted = wanted::wanted(&targets, &ports, &leave.scope, Zoned::now().datetime())?;
    let earlier = resumes.as_ref().map(Earlier::read).transpose()?.unwrap_or_default();
    Ok(Job { args, leave, wanted, ports: written, earlier, resumes })
}

/// The targets of an earlier run.
fn again(run: &Unfinished) -> anyhow::Result<Vec<Target>> {
    let parse = |text: &String| text.parse().with_context(|| format!("run {}", run.run));
    run.begun.targets.iter().map(parse).collect()
}

/// A wish for speed never goes beyond the scope.
fn limit(scope: &mut Scope, rate: Option<u32>) {
    let Some(rate) = rate else { return };
    let most = scope.rate;
    if rate > most.total {
        anstream::eprintln!("portvakt: the scope allows {} packets per second at most", most.total);
    }
    let total = rate.min(most.total);
    scope.rate = Rate { total, subnet: most.subnet.min(total), host: most.host.min(total) };
}

/// Name of the record beside a scope.
pub(crate) const RECORD: &str = "portvakt-scans.jsonl";

/// How the most important ports are written.
const TOP: &str = "top ";

fn numbers(written: &str) -> anyhow::Result<Vec<u16>> {
    match written.strip_prefix(TOP) {
        Some(count) => Ok(top_ports(count.parse().context("no number of ports")?)),
        None => parse_ports(written).with_context(|| format!("--ports {written}")),
    }
}

impl Args {
    fn written_ports(&self) -> String {
        self.ports.clone().unwrap_or_else(|| format!("{TOP}{}", self.top))
    }

    fn method(&self) -> &'static str {
        if self.connect { "connect" } else { "syn" }
    }

    /// Where the run is noted.
    fn record_path(&self) -> PathBuf {
        let beside = self.scope.as_deref().and_then(|scope| scope.parent());
        self.record
            .clone()
            .or_else(|| self.resume.clone())
            .unwrap_or_else(|| beside.map(|p| p.join(RECORD)).unwrap_or_else(|| RECORD.into()))
    }
}

impl Job<'_> {
    /// Scans, and leaves a record whatever comes of it.
    fn scan(mut self, stop: &AtomicBool) -> anyhow::Result<Exit> {
        let path = self.args.record_path();
        let cannot = || format!("nothing was sent: no record can be kept in {}", path.display());
        let mut record = Record::open(&path).with_context(cannot)?;
        let plans = [&self.wanted.planned.full, &self.wanted.planned.gentle];
        record
            .begin(Begun {
                tool: tool(),
                who: Who::here(),
                scope: self.leave.row.clone(),
                method: self.args.method().to_owned(),
                targets: self.wanted.written.clone(),
                ports: self.ports.clone(),
                rate: self.leave.scope.rate.total,
                probes: plans.iter().map(|p| p.probes()).fold(0, u64::saturating_add),
                resumes: self.resumes.as_ref().map(|r| r.run.clone()),
            })
            .with_context(cannot)?;
        let facts = self.facts(record.run());
        let answer = Answer::begin(self.args.format, self.args.output.as_deref(), &facts)?;
        let looked = self.look(stop, &answer);
        let (facts, hosts) = match looked {
            Ok(looked) => self.tell(facts, looked),
            Err(e) => {
                record.end(record::Ended::new(
                    &ScanCounts::default(),
                    0,
                    Some(format!("{e:#}")),
                ))?;
                return Err(e);
            }
        };
        self.end(&mut record, &facts, &hosts)?;
        answer.end(&facts, &hosts, &self.wanted, self.args.lang)?;
        for note in &facts.notes {
            anstream::eprintln!("portvakt: {note}");
        }
        match &facts.why_incomplete {
            None => Ok(Exit::Clean),
            Some(why) => {
                let file = path.display();
                anstream::eprintln!("portvakt: {why}; --resume {file} goes on from here");
                Ok(Exit::NotAudited)
            }
        }
    }
}

fn tool() -> String {
    format!("portvakt {}", env!("CARGO_PKG_VERSION"))
}

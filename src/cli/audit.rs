//! `portvakt audit`.

use std::io::{BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use indicatif::ProgressBar;
use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::replay;
use portvakt_checks::{PACKS, PackError, Selection};
use portvakt_model::Severity;
use tempfile::NamedTempFile;

use super::Exit;
use crate::audit::Case;
use crate::inputs::{self, Request};
use crate::report::{self, Detail, Format, Report};
use crate::text::{self, Lang};

/// Arguments of `portvakt audit`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Exports, tables and folders of them
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The site file [default: portvakt.toml in one of the folders]
    #[arg(long, value_name = "FILE")]
    site: Option<PathBuf>,
    /// Registers of port-opening decisions, beside those that the site file names
    #[arg(long, value_name = "FILE", num_args = 1..)]
    register: Vec<PathBuf>,
    /// Results of scans, beside those that the site file names
    #[arg(long, value_name = "FILE", num_args = 1..)]
    observations: Vec<PathBuf>,
    /// The zone that the sensor of those scans stood in; goes before what they say themselves
    #[arg(long, value_name = "ZONE")]
    sensor: Option<String>,
    /// Scan the whole scope first, keep what is seen in FILE, and audit with it
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = LIVE)]
    live: Option<PathBuf>,
    /// File with the table [scan] that --live goes by [default: the site file]
    #[arg(long, value_name = "FILE", requires = "live")]
    scope: Option<PathBuf>,
    /// The day to judge for, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Language of the report
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
    /// Where to write the report [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The severity from which a violation makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Low)]
    fail_on: FailOn,
    /// Only these checks, by id or name
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// Not these checks
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<String>,
    /// Every finding in full in the text report, however many are alike
    #[arg(long)]
    full: bool,
    /// Replay the packet of every finding through an independent interpreter of the rules
    #[arg(long)]
    verify: bool,
}

/// Where a scan that an audit begins with is kept.
const LIVE: &str = "portvakt-live.json";

/// From which severity on a violation fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Never,
}

impl FailOn {
    fn is_reached(self, worst: Option<Severity>) -> bool {
        let limit = match self {
            Self::Critical => Severity::Critical,
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
            Self::Never => return false,
        };
        worst.is_some_and(|worst| worst >= limit)
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let selection = Selection { only: ids(&args.only)?, skip: ids(&args.skip)? };
    let today = args.today.unwrap_or_else(|| Zoned::now().date());
    let whole = args.live.as_ref().map_or(Ok(true), |file| scan_first(args, file))?;
    let observations = args.observations.iter().chain(&args.live).cloned().collect();
    let request = Request {
        paths: args.paths.clone(),
        site: args.site.clone(),
        registers: args.register.clone(),
        observations,
        sensor: args.sensor.clone(),
        parameters: crate::audit::parameter_names(),
    };
    let progress = ProgressBar::new_spinner().with_message(args.lang.of("läser", "reading"));
    progress.enable_steady_tick(Duration::from_millis(200));
    let inputs = inputs::read(&request, &|_| progress.inc(1));
    let case = Case::new(inputs).map_err(|e| unusable_pack(&e))?;
    progress.set_message(args.lang.of("granskar", "auditing"));
    let report = case.report(today, &selection);
    progress.finish_and_clear();
    write(&report, args)?;
    if args.verify && !verify(&report, args.lang) {
        return Ok(Exit::Bug);
    }
    Ok(if whole { exit(&report, args.fail_on) } else { Exit::NotAudited })
}

/// Scans, and says whether the scan went through. It is a process of its own: one that sends packets gives
/// up its rights for good, and an audit may need them to read its files.
fn scan_first(args: &Args, file: &Path) -> anyhow::Result<bool> {
    // What an earlier scan left there must not be taken for this one's.
    match std::fs::remove_file(file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(e).with_context(|| format!("cannot replace {}", file.display()));
        }
        _ => {}
    }
    let mut scan = Command::new(std::env::current_exe().context("cannot start the scan")?);
    scan.args(["scan", "--format", "json", "--output"]).arg(file);
    if let Some(scope) =
        args.scope.clone().or_else(|| inputs::site_file(&args.paths, args.site.as_ref()))
    {
        scan.arg("--scope").arg(scope);
    }
    if let Some(sensor) = &args.sensor {
        scan.arg("--sensor").arg(sensor);
    }
    let status = scan.status().context("cannot start the scan")?;
    if !file.exists() {
        bail!("the scan came to nothing, so nothing was audited; it said why above");
    }
    Ok(status.success())
}

pub(super) fn unusable_pack(e: &PackError) -> anyhow::Error {
    match e {
        PackError::Unknown(id) => {
            let known: Vec<&str> = PACKS.iter().map(|(id, _)| *id).collect();
            anyhow!("no rule pack is called \"{id}\"; there are {}", known.join(", "))
        }
        PackError::Malformed(id, what) => anyhow!("the rule pack {id} is malformed: {what}"),
    }
}

/// Replays every witness and tells what came of it. A contradiction is a bug in portvakt.
fn verify(report: &Report<'_>, lang: Lang) -> bool {
    let audit = report.case.audit(report.today);
    let (mut held, mut open, mut wrong) = (0u32, 0u32, 0u32);
    for row in &report.findings {
        let Some(witness) = &row.finding.witness else { continue };
        match replay::holds(&audit, witness) {
            Some(true) => held += 1,
            None => open += 1,
            Some(false) => {
                wrong += 1;
                anstream::eprintln!("{}: {}", row.check.id, text::message(&row.finding, lang));
            }
        }
    }
    let words = lang.of(
        ["paket återspelade", "stämmer", "går inte att återspela", "stämmer inte"],
        ["packets replayed", "hold", "cannot be replayed", "are contradicted"],
    );
    let all = held + open + wrong;
    anstream::eprintln!(
        "{all} {}: {held} {}, {open} {}, {wrong} {}",
        words[0],
        words[1],
        words[2],
        words[3]
    );
    wrong == 0
}

fn ids(names: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let one = |name: &String| {
        let check = portvakt_checks::find(name);
        check.map(|c| c.id).ok_or_else(|| super::unknown_rule(name))
    };
    names.iter().map(one).collect()
}

fn write(report: &Report<'_>, args: &Args) -> anyhow::Result<()> {
    let detail = if args.full { Detail::Full } else { Detail::Grouped };
    let Some(path) = &args.output else {
        let mut out = BufWriter::new(anstream::stdout().lock());
        report::write(report, args.format, args.lang, detail, &mut out)?;
        return Ok(out.flush()?);
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
    let cannot = || format!("cannot write in {}", folder.display());
    let mut file = BufWriter::new(NamedTempFile::new_in(folder).with_context(cannot)?);
    report::write(report, args.format, args.lang, detail, &mut file)?;
    let file = file.into_inner().map_err(IntoInnerError::into_error).with_context(cannot)?;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

fn exit(report: &Report<'_>, fail_on: FailOn) -> Exit {
    if !report.case.failures().is_empty() {
        Exit::NotAudited
    } else if fail_on.is_reached(report.worst()) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

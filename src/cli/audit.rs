//! `portvakt audit`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use jiff::Zoned;
use jiff::civil::Date;
use portvakt_checks::Selection;
use portvakt_model::Severity;

use super::Exit;
use crate::audit::Case;
use crate::inputs::{self, Request};
use crate::report::{self, Format, Report};
use crate::text::Lang;

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
}

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
    let request = Request {
        paths: args.paths.clone(),
        site: args.site.clone(),
        registers: args.register.clone(),
        parameters: crate::audit::parameter_names(),
    };
    let inputs = inputs::read(&request, &|_| {});
    let case = Case::new(inputs).map_err(|e| anyhow!("{e:?}"))?;
    let report = case.report(today, &selection);
    write(&report, args)?;
    Ok(exit(&report, args.fail_on))
}

fn ids(names: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let one = |name: &String| {
        let check = portvakt_checks::find(name);
        check.map(|c| c.id).ok_or_else(|| super::unknown_rule(name))
    };
    names.iter().map(one).collect()
}

fn write(report: &Report<'_>, args: &Args) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    report::write(report, args.format, args.lang, &mut bytes)?;
    let Some(path) = &args.output else {
        let mut out = anstream::stdout().lock();
        return Ok(out.write_all(&bytes)?);
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(".".as_ref());
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    file.write_all(&bytes)?;
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

//! `portvakt rules`: what each rule of a list is good for, proven.

use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use jiff::Zoned;
use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_model::Device;

use super::{Exit, lists};
use crate::audit::Case;
use crate::inputs::{self, Request};
use crate::text::{self, Lang};
use judged::{Found, Judged, List};
use rows::Document;

mod fix;
mod judged;
mod rows;
mod sarif;
mod table;
mod text_form;
mod words;

/// Arguments of `portvakt rules`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Exports, and folders of them
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only this device
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Only this list
    #[arg(long, value_name = "NAME")]
    ruleset: Option<String>,
    /// Which rules can go together without changing the fate of one packet, with a proof
    #[arg(long)]
    fix_list: bool,
    /// Tell of every rule, also of those with nothing wrong
    #[arg(long)]
    all: bool,
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
    Csv,
    Sarif,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<'static>)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let request = Request {
        paths: args.paths.clone(),
        parameters: crate::audit::parameter_names(),
        ..Request::default()
    };
    let inputs = inputs::read(&request, &|_| {});
    // The process ends with the command: to take a million rules apart one by one would only keep the
    // user waiting.
    let mut case =
        ManuallyDrop::new(Case::new(inputs).map_err(|e| super::audit::unusable_pack(&e))?);
    for failure in case.failures() {
        anstream::eprintln!("{}: {}", failure.path, text::failure(&failure.kind, args.lang));
    }
    if matches!(args.format, Form::Json | Form::Csv) {
        case.forget_texts();
    }
    let today = args.today.unwrap_or_else(|| Zoned::now().date());
    let mut audit = ManuallyDrop::new(case.audit(today));
    let devices = audit.devices().filter(|(_, d)| is(args.device.as_deref(), &d.name));
    let found: Vec<(u32, Found)> =
        devices.map(|(index, _)| (index, Found::of(&audit, index, args.fix_list))).collect();
    // What is left to do is to write, which asks no list.
    audit.forget_lists();
    let judged = found.into_iter().map(|(index, found)| Judged::new(&audit, index, found));
    let judged: ManuallyDrop<Vec<Judged<'_>>> = ManuallyDrop::new(judged.collect());
    let lists: Vec<List<'_>> = judged
        .iter()
        .flat_map(Judged::lists)
        .filter(|list| is(args.ruleset.as_deref(), &list.ruleset().name))
        .collect();
    if lists.is_empty() && (args.device.is_some() || args.ruleset.is_some()) {
        return Err(lists::none_called(&names(&audit)));
    }
    write(args, &case, lists)?;
    Ok(if case.failures().is_empty() { Exit::Clean } else { Exit::NotAudited })
}

fn write(args: &Args, case: &Case, lists: Vec<List<'_>>) -> anyhow::Result<()> {
    // No form has colours, and long answers are written as they are.
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match args.format {
        Form::Json => Document::of(lists).write(&mut out)?,
        Form::Csv => table::write(&lists, &mut out)?,
        Form::Sarif => sarif::write(&lists, case, args.lang, &mut out)?,
        Form::Text if args.fix_list => fix::write(&lists, args.lang, &mut out)?,
        Form::Text => text_form::write(&lists, args.all, args.lang, &mut out)?,
    }
    Ok(out.flush()?)
}

/// Whether a name is the one that is asked for, if one is.
fn is(wanted: Option<&str>, name: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
}

/// Every list with its device, as a person would name it.
fn names(audit: &Audit<'_>) -> Vec<String> {
    let of = |d: &Device| d.rulesets.iter().map(|l| format!("{} {}", d.name, l.name)).collect();
    audit.devices().flat_map(|(_, d)| -> Vec<String> { of(d) }).collect()
}

//! `portvakt certs`: an inventory of certificates, with where each was seen and when it ends.

mod csv;
mod document;
mod files;
mod ics;
mod inventory;
mod observed;
mod text;

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use portvakt_scan::x509::Roots;

use super::{Exit, output};
use crate::text::Lang;
use document::Document;
use inventory::{Day, Inventory};

/// Arguments of `portvakt certs`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files with certificates (PEM, DER, PKCS#7, PKCS#12, Java's keystores), and folders of them
    #[arg(required_unless_present = "observations")]
    paths: Vec<PathBuf>,
    /// Results of earlier scans, such as `portvakt tls --format json` wrote
    #[arg(long, value_name = "FILE", num_args = 1..)]
    observations: Vec<PathBuf>,
    /// Certificates of your own authorities, beside the public roots and those of this machine
    #[arg(long, value_name = "FILE")]
    own_ca: Vec<PathBuf>,
    /// A file whose first line is the password of PKCS#12 files; private keys in them are not decrypted
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Show only what has ended or ends within so many days
    #[arg(long, value_name = "DAYS")]
    within: Option<u16>,
    /// End with status 1 where a certificate ends within so many days; one that has ended always does
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    fail_within: u16,
    /// The day to judge for, YYYY-MM-DD [default: now]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// Form of the answer; ics is a calendar with a reminder 30 days before each end
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = Lang::Sv, env = "PORTVAKT_LANG")]
    lang: Lang,
    /// Where to write the answer [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
    Csv,
    Ics,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let day = day(args)?;
    let mut inventory = Inventory::new(day);
    let roots = roots(args, &mut inventory);
    let password = password(args)?;
    let passwords: Vec<&str> = password.iter().map(String::as_str).chain([""]).collect();
    files::read(&args.paths, &passwords, &roots, &mut inventory);
    observed::read(&args.observations, &mut inventory);
    let exit = exit(&inventory, args);
    let document = inventory.document(args.within);
    for failure in &document.failures {
        super::note(failure, args.lang);
    }
    output::write(args.output.as_deref(), |out| match args.format {
        Form::Text => out.write_all(text::print(&document, args.lang).as_bytes()),
        Form::Csv => csv::write(&document, args.lang, out),
        Form::Ics => out.write_all(ics::calendar(&document, args.lang).as_bytes()),
        Form::Json => {
            serde_json::to_writer(&mut *out, &document).map_err(std::io::Error::from)?;
            out.write_all(b"\n")
        }
    })?;
    Ok(exit)
}

/// A day that was asked for begins at midnight UTC, in which certificates count.
fn day(args: &Args) -> anyhow::Result<Day> {
    let now = match args.today {
        Some(day) => day.to_zoned(TimeZone::UTC).context("no such day")?.timestamp(),
        None => Timestamp::now(),
    };
    let date = args.today.unwrap_or_else(|| Zoned::now().with_time_zone(TimeZone::UTC).date());
    Ok(Day { now, date, soon: args.within.unwrap_or(inventory::SOON) })
}

/// The first line of the file with a password.
fn password(args: &Args) -> anyhow::Result<Option<String>> {
    let Some(path) = &args.password_file else { return Ok(None) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
}

/// What cannot be read of the roots is told as a failure where somebody asked for them, and as a note
/// where they belong to the machine.
fn roots(args: &Args, inventory: &mut Inventory) -> Roots {
    let roots = Roots::public().with_system();
    inventory.notes.extend(roots.problems().iter().map(|p| document::NoteRow::about_roots(p)));
    if args.own_ca.is_empty() {
        return roots;
    }
    let known = roots.problems().len();
    let roots = roots.with_own(&files::authorities(&args.own_ca, inventory));
    inventory.failures.extend(roots.problems().iter().skip(known).cloned());
    roots
}

fn exit(inventory: &Inventory, args: &Args) -> Exit {
    if !inventory.failures.is_empty() {
        Exit::NotAudited
    } else if inventory.ends_within(args.fail_within) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

//! `portvakt schema`: what the fields of JSON answers are.

use std::io::Write;

use super::{Exit, certs, diff, endpoint, matrix, parse, query, rules, scan, spoof, ssh, tls};
use crate::catalogue::CoverageDocument;
use crate::report;

/// Arguments of `portvakt schema`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The command whose answer is meant
    #[arg(value_enum)]
    of: Of,
}

/// An answer as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Of {
    /// `audit --format json`
    Audit,
    /// `parse --format json`
    Parse,
    /// `rules --format json`
    Rules,
    /// `query --format json`
    Query,
    /// `diff --format json`
    Diff,
    /// `matrix --format json`
    Matrix,
    /// `spoof --format json`
    Spoof,
    /// `scan --format json`
    Scan,
    /// `scan diff --format json`
    ScanDiff,
    /// `certs --format json`
    Certs,
    /// `tls --format json`
    Tls,
    /// `tls diff --format json`
    TlsDiff,
    /// `ssh --format json`
    Ssh,
    /// `ssh diff --format json`
    SshDiff,
    /// `catalogue --coverage --format json`
    Coverage,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let schema = match args.of {
        Of::Audit => report::schema(),
        Of::Parse => parse::schema(),
        Of::Rules => rules::schema(),
        Of::Query => query::schema(),
        Of::Diff => diff::schema(),
        Of::Matrix => matrix::schema(),
        Of::Spoof => spoof::schema(),
        Of::Scan => scan::schema(),
        Of::ScanDiff => scan::diff_schema(),
        Of::Certs => certs::schema(),
        Of::Tls => tls::schema(),
        Of::TlsDiff | Of::SshDiff => endpoint::diff::schema(),
        Of::Ssh => ssh::schema(),
        Of::Coverage => schemars::schema_for!(CoverageDocument),
    };
    let mut out = anstream::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &schema).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(Exit::Clean)
}

//! `portvakt tls`: what TLS endpoints offer, judged by a named norm.

use std::path::PathBuf;

use portvakt_scan::tls::starttls::StartTls;

use super::Exit;
use super::endpoint::document::Document;
use super::endpoint::targets::Wanted;
use super::endpoint::{self, Common, diff};

pub(super) mod document;
mod live;
mod offered;

use document::EndpointRow;
use live::Network;

/// Arguments of `portvakt tls`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    #[command(flatten)]
    common: Common,
    /// Find every suite and group, where a verdict needs only a few
    #[arg(long)]
    full: bool,
    /// The same, but only of endpoints that offer what is not allowed
    #[arg(long, conflicts_with = "full")]
    full_if_unclean: bool,
    /// The protocol that TLS is asked for in, or none [default: by the port: 25 is smtp]
    #[arg(long, value_name = "KIND", value_parser = StartTlsArg::parse)]
    starttls: Option<StartTlsArg>,
    /// Certificates of your own authorities, PEM or DER
    #[arg(long, value_name = "FILE")]
    own_ca: Vec<PathBuf>,
    /// Try known weaknesses too, bounded; outside loopback this needs a scope
    #[arg(long)]
    intrusive: bool,
}

#[derive(clap::Subcommand)]
enum Sub {
    /// Tell what two answers of `portvakt tls --format json` say otherwise
    Diff(diff::Args),
}

/// A protocol to ask for TLS in, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StartTlsArg(Option<StartTls>);

impl StartTlsArg {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        StartTls::parse(text).map(|kind| Self(Some(kind))).ok_or_else(|| {
            let known = StartTls::ALL.map(StartTls::name).join(", ");
            format!("there are none, {known}")
        })
    }
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<EndpointRow>)
}

/// The port of HTTPS, for endpoints that name none.
const STANDARD_PORT: u16 = 443;

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Some(Sub::Diff(args)) => diff::run::<EndpointRow>(args),
        None => endpoint::run(&Network::new(args)?, &args.common),
    }
}

fn port(wanted: &Wanted, starttls: Option<StartTlsArg>) -> u16 {
    let of_kind = starttls.and_then(|kind| kind.0).map(live::standard_port);
    wanted.port.or(of_kind).unwrap_or(STANDARD_PORT)
}

//! `portvakt tls`: what TLS endpoints offer, judged by a named norm.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::anyhow;
use jiff::civil::Date;
use portvakt_checks::crypto::{Policy, Profile, golden_tls, judge_tls, overall};
use portvakt_model::TlsEndpoint;
use portvakt_scan::tls::starttls::StartTls;

use super::Exit;
use super::endpoint::leave::{self, Allowed, Probes};
use super::endpoint::targets::{self, Asked, Wanted, is_public};
use super::endpoint::{self, Common, Head, baseline, policy};

mod diff;
mod document;
mod live;
mod offered;

pub(super) use live::progress;

use document::{Document, EndpointRow};

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
    schemars::schema_for!(Document)
}

/// The schema of `portvakt tls diff --format json`.
pub(super) fn diff_schema() -> schemars::Schema {
    diff::schema()
}

/// The port of HTTPS, for endpoints that name none.
const STANDARD_PORT: u16 = 443;

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    if let Some(Sub::Diff(args)) = &args.command {
        return diff::run(args);
    }
    let common = &args.common;
    let scope = leave::scope(common.scope.as_deref())?;
    let probes = if args.intrusive { Probes::Intrusive } else { Probes::Polite };
    let ask = |asked: &Asked| leave::ask(asked, scope.as_ref(), probes, |w| port(w, args));
    let allowed = ask(&targets::read(&common.targets, common.from.as_deref())?)?;
    let today = common.day();
    let mut network = live::Network::new(args, today)?;
    let policy = match &common.policy_from {
        None => policy::load(&common.policy)?,
        Some(golden) => {
            let asked = Asked { endpoints: vec![targets::one(golden)?], ..Asked::default() };
            golden_policy(&mut network, &ask(&asked)?, golden)?
        }
    };
    let endpoints = network.look(&allowed, &policy, args)?;
    let mut rows: Vec<EndpointRow> =
        endpoints.iter().map(|e| judged(e, &policy, args, today)).collect();
    if let Some(path) = &common.baseline {
        let earlier: Document = baseline::read(path)?;
        baseline::mark(&mut rows, &earlier.endpoints);
    }
    endpoint::worst_first(&mut rows);
    tell(rows, &policy, args, today)
}

fn port(wanted: &Wanted, args: &Args) -> u16 {
    let of_kind = args.starttls.and_then(|kind| kind.0).map(live::standard_port);
    wanted.port.or(of_kind).unwrap_or(STANDARD_PORT)
}

/// The policy of an endpoint that is as it should be.
fn golden_policy(
    network: &mut live::Network,
    allowed: &[Allowed],
    name: &str,
) -> anyhow::Result<Policy> {
    let endpoints = network.look_at_all(allowed)?;
    let golden = endpoints.first().and_then(golden_tls);
    golden.ok_or_else(|| {
        let doubts = endpoints.first().map(|e| e.doubts.join("; ")).unwrap_or_default();
        anyhow!("{name} is not known whole, so that no policy can be made of it: {doubts}")
    })
}

fn judged(endpoint: &TlsEndpoint, policy: &Policy, args: &Args, today: Date) -> EndpointRow {
    let profile = profile(args.common.profile.map(Into::into), endpoint.address.map(|a| a.ip()));
    let judgements = judge_tls(endpoint, policy, profile, today);
    document::row(endpoint, profile, overall(&judgements), &judgements)
}

/// The profile that was stated, or that of the address.
pub(super) fn profile(stated: Option<Profile>, address: Option<IpAddr>) -> Profile {
    let by_address =
        if address.is_some_and(is_public) { Profile::Public } else { Profile::Internal };
    stated.unwrap_or(by_address)
}

fn tell(rows: Vec<EndpointRow>, policy: &Policy, args: &Args, today: Date) -> anyhow::Result<Exit> {
    let common = &args.common;
    let exit = endpoint::exit(&rows, common.fail_on);
    let document = Document::new(policy, today, rows);
    let head = Head {
        what: "portvakt tls",
        policy: common.lang.of(&policy.title_sv, &policy.title_en),
        unread: (!policy.read).then_some(policy.basis.as_str()),
        today,
    };
    endpoint::write(&head, &document.endpoints, common, |out| {
        serde_json::to_writer(&mut *out, &document)?;
        writeln!(out)
    })?;
    Ok(exit)
}

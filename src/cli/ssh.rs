//! `portvakt ssh`: what SSH servers offer, judged by a named norm.

use std::time::Duration;

use jiff::Timestamp;
use portvakt_checks::crypto::{Policy, golden_ssh, judge_ssh, overall};
use portvakt_model::SshEndpoint;
use portvakt_scan::ssh::{Groups, HostKeys, Limits, Target, look_all};

use super::Exit;
use super::endpoint::document::Document;
use super::endpoint::leave::{Manner, Place, Probes};
use super::endpoint::targets::Wanted;
use super::endpoint::{self, By, Common, Kind, diff};

pub(super) mod document;

use document::EndpointRow;

/// Arguments of `portvakt ssh`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    #[command(flatten)]
    common: Common,
    /// Also find every host key and the sizes that group exchange gives; takes more connections
    #[arg(long)]
    full: bool,
}

#[derive(clap::Subcommand)]
enum Sub {
    /// Tell what two answers of `portvakt ssh --format json` say otherwise
    Diff(diff::Args),
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<EndpointRow>)
}

/// The port of SSH (RFC 4251 §1).
const STANDARD_PORT: u16 = 22;

/// Connections to one server with `--full`: one for each kind of host key, and one for group exchange.
/// OpenSSH shuts out who comes oftener without logging in.
const FULL_CONNECTIONS: u32 = 6;

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Some(Sub::Diff(args)) => diff::run::<EndpointRow>(args),
        None => endpoint::run(&Network { limits: limits(args) }, &args.common),
    }
}

/// What asks endpoints.
struct Network {
    limits: Limits,
}

impl Kind for Network {
    type Seen = SshEndpoint;
    type Row = EndpointRow;

    fn port(&self, wanted: &Wanted) -> u16 {
        wanted.port.unwrap_or(STANDARD_PORT)
    }

    fn probes(&self) -> Probes {
        Probes::Polite
    }

    /// The lists of a server are its own, so that no policy needs more or less of them.
    async fn look(
        &self,
        places: &[&Place],
        _: Option<&Policy>,
        done: &mut dyn FnMut(usize, SshEndpoint),
    ) {
        let mut limits = self.limits.clone();
        if places.first().is_some_and(|place| place.manner == Manner::Gently) {
            limits.in_flight = 1;
        }
        let target = |place: &&Place| Target { name: place.target(), address: place.address };
        look_all(places.iter().map(target).collect(), &limits, done).await;
    }

    fn unknown(place: &Place, why: String) -> SshEndpoint {
        let unknown = SshEndpoint::unknown(place.target(), place.address, Timestamp::now());
        SshEndpoint { doubts: vec![why], ..unknown }
    }

    fn golden(seen: &SshEndpoint) -> Option<Policy> {
        golden_ssh(seen)
    }

    fn doubts(seen: &SshEndpoint) -> &[String] {
        &seen.doubts
    }

    fn judged(seen: &SshEndpoint, by: &By<'_>) -> EndpointRow {
        let profile = by.profile(seen.address);
        let judgements = judge_ssh(seen, by.policy, profile, by.today);
        document::row(seen, profile, overall(&judgements), &judgements)
    }

    fn beside(rows: &mut [EndpointRow]) {
        document::note_shared_keys(rows);
    }
}

fn limits(args: &Args) -> Limits {
    let mut limits = Limits::default();
    if args.full {
        limits.connections = FULL_CONNECTIONS;
        limits.host_keys = HostKeys::All;
        limits.groups = Groups::Asked;
    }
    if let Some(seconds) = args.common.timeout {
        limits.answer = Duration::from_secs(seconds);
        limits.connect = limits.connect.min(limits.answer);
    }
    limits
}

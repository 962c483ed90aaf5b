//! `portvakt ssh`: what SSH servers offer, judged by a named norm.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use jiff::civil::Date;
use portvakt_checks::crypto::{Policy, golden_ssh, judge_ssh, overall};
use portvakt_model::SshEndpoint;
use portvakt_scan::ssh::{Groups, HostKeys, Limits, Target, look_all};

use super::Exit;
use super::endpoint::leave::{self, Allowed, Probes};
use super::endpoint::targets::{self, Asked};
use super::endpoint::{self, Common, Head, baseline, policy};

mod document;

use document::{Document, EndpointRow};

/// Arguments of `portvakt ssh`.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Also find every host key and the sizes that group exchange gives; takes more connections
    #[arg(long)]
    full: bool,
}

/// The schema of the answer as JSON.
pub(super) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

/// The port of SSH (RFC 4251 §1).
const STANDARD_PORT: u16 = 22;

/// Connections to one server with `--full`: one for each kind of host key, and one for group exchange.
/// OpenSSH shuts out who comes oftener without logging in.
const FULL_CONNECTIONS: u32 = 6;

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let common = &args.common;
    let scope = leave::scope(common.scope.as_deref())?;
    let ask = |asked: &Asked| {
        leave::ask(asked, scope.as_ref(), Probes::Polite, |w| w.port.unwrap_or(STANDARD_PORT))
    };
    let allowed = ask(&targets::read(&common.targets, common.from.as_deref())?)?;
    let today = common.day();
    let policy = match &common.policy_from {
        None => policy::load(&common.policy)?,
        Some(golden) => {
            let asked = Asked { endpoints: vec![targets::one(golden)?], ..Asked::default() };
            golden_policy(&look(&ask(&asked)?, args)?, golden)?
        }
    };
    let endpoints = look(&allowed, args)?;
    let mut rows: Vec<EndpointRow> =
        endpoints.iter().map(|e| judged(e, &policy, args, today)).collect();
    if let Some(path) = &common.baseline {
        let earlier: Document = baseline::read(path)?;
        baseline::mark(&mut rows, &earlier.endpoints);
    }
    endpoint::worst_first(&mut rows);
    tell(rows, &policy, args, today)
}

fn golden_policy(endpoints: &[SshEndpoint], name: &str) -> anyhow::Result<Policy> {
    let golden = endpoints.first();
    golden.and_then(golden_ssh).ok_or_else(|| {
        let doubts = golden.map(|e| e.doubts.join("; ")).unwrap_or_default();
        anyhow!("{name} is not known whole, so that no policy can be made of it: {doubts}")
    })
}

/// Looks at endpoints, in the order in which they were asked for. Fragile hosts come after the others,
/// one at a time.
fn look(allowed: &[Allowed], args: &Args) -> anyhow::Result<Vec<SshEndpoint>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let progress = super::tls::progress(allowed.len());
    let mut seen: BTreeMap<String, SshEndpoint> = BTreeMap::new();
    for gently in [false, true] {
        let group = allowed.iter().filter(|a| a.gently == gently);
        let targets: Vec<Target> = group.map(target).collect();
        let limits = limits(args, gently);
        runtime.block_on(look_all(targets, &limits, |endpoint| {
            progress.inc(1);
            seen.insert(endpoint.target.clone(), endpoint);
        }));
    }
    progress.finish_and_clear();
    let found = allowed.iter().filter_map(|a| seen.remove(&target(a).name));
    Ok(found.collect())
}

fn limits(args: &Args, gently: bool) -> Limits {
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
    if gently {
        limits.in_flight = 1;
    }
    limits
}

fn target(allowed: &Allowed) -> Target {
    let (host, port) = (&allowed.host, allowed.port);
    let name =
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Target { name, address: allowed.address }
}

fn judged(endpoint: &SshEndpoint, policy: &Policy, args: &Args, today: Date) -> EndpointRow {
    let address = endpoint.address.map(|a| a.ip());
    let profile = super::tls::profile(args.common.profile.map(Into::into), address);
    let judgements = judge_ssh(endpoint, policy, profile, today);
    document::row(endpoint, profile, overall(&judgements), &judgements)
}

fn tell(rows: Vec<EndpointRow>, policy: &Policy, args: &Args, today: Date) -> anyhow::Result<Exit> {
    let common = &args.common;
    let exit = endpoint::exit(&rows, common.fail_on);
    let document = Document::new(policy, today, rows);
    let head = Head {
        what: "portvakt ssh",
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

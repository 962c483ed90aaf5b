//! The network side: asks the scanner, and hands it what it needs to know.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use portvakt_checks::crypto::{Policy, Profile};
use portvakt_model::TlsEndpoint;
use portvakt_scan::tls::inferred::inferred;
use portvakt_scan::tls::intrusive::probe;
use portvakt_scan::tls::starttls::StartTls;
use portvakt_scan::tls::{Depth, How, JudgeChain, Limits, Pace, Split, Target, look_all};
use portvakt_scan::x509::{self, Roots, ServerName};

use super::super::endpoint::leave::Allowed;
use super::Args;

/// What asks endpoints.
pub(super) struct Network {
    runtime: tokio::runtime::Runtime,
    chain: JudgeChain,
    limits: Limits,
    starttls: Option<super::StartTlsArg>,
    intrusive: bool,
    today: Date,
}

/// For a verdict on one endpoint: nine connections, so slow ones have had their time.
const VERDICT: Duration = Duration::from_secs(45);

impl Network {
    pub(super) fn new(args: &Args, today: Date) -> anyhow::Result<Self> {
        let mut roots = Roots::public().with_system();
        if !args.own_ca.is_empty() {
            let mut own = Vec::new();
            for path in &args.own_ca {
                own.extend(authorities(path)?);
            }
            roots = roots.with_own(&own);
        }
        for problem in roots.problems() {
            anstream::eprintln!("portvakt: {problem}");
        }
        let mut limits = Limits::default();
        if !(args.full || args.full_if_unclean || args.intrusive) {
            limits.endpoint = VERDICT;
        }
        if let Some(seconds) = args.common.timeout {
            limits.endpoint = Duration::from_secs(seconds);
            limits.connect = limits.connect.min(limits.endpoint);
            limits.answer = limits.answer.min(limits.endpoint);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (chain, starttls, intrusive) = (judge(roots), args.starttls, args.intrusive);
        Ok(Self { runtime, chain, limits, starttls, intrusive, today })
    }

    /// Looks at endpoints as far as a verdict by the policy needs, or wholly.
    pub(super) fn look(
        &mut self,
        allowed: &[Allowed],
        policy: &Policy,
        args: &Args,
    ) -> anyhow::Result<Vec<TlsEndpoint>> {
        let profile = args.common.profile.map_or(Profile::Internal, Into::into);
        let depth = match (args.full, args.full_if_unclean) {
            (true, _) => Depth::Full,
            (false, true) => Depth::VerdictThenFull,
            (false, false) => Depth::Verdict,
        };
        self.asked(allowed, depth, &split(policy, profile, self.today))
    }

    /// Looks at endpoints wholly.
    pub(super) fn look_at_all(&mut self, allowed: &[Allowed]) -> anyhow::Result<Vec<TlsEndpoint>> {
        self.asked(allowed, Depth::Full, &Split::default())
    }

    /// In the order in which they were asked for. Fragile hosts come after the others, one connection
    /// at a time.
    fn asked(
        &mut self,
        allowed: &[Allowed],
        depth: Depth,
        split: &Split,
    ) -> anyhow::Result<Vec<TlsEndpoint>> {
        let mut seen: Vec<Option<TlsEndpoint>> = Vec::new();
        seen.resize_with(allowed.len(), || None);
        let progress = progress(allowed.len());
        for gently in [false, true] {
            let places: Vec<usize> =
                (0..allowed.len()).filter(|at| allowed[*at].gently == gently).collect();
            if places.is_empty() {
                continue;
            }
            let targets: Vec<Target> = places.iter().map(|at| self.target(&allowed[*at])).collect();
            let limits = if gently { gentle(&self.limits) } else { self.limits.clone() };
            let how = How { depth, split: split.clone(), limits, chain: self.chain.clone() };
            self.runtime.block_on(look_all(targets.clone(), &how, |place, endpoint| {
                progress.inc(1);
                seen[places[place]] = Some(endpoint);
            }));
            for (target, at) in targets.iter().zip(&places) {
                let Some(endpoint) = &mut seen[*at] else { continue };
                endpoint.probes = inferred(endpoint);
                if self.intrusive {
                    self.runtime.block_on(probe(target, &how, endpoint));
                }
            }
        }
        progress.finish_and_clear();
        let count = seen.len();
        let seen: Vec<TlsEndpoint> = seen.into_iter().flatten().collect();
        if seen.len() < count {
            bail!("{} endpoints were lost to a bug; nothing is told of them", count - seen.len());
        }
        Ok(seen)
    }

    fn target(&self, allowed: &Allowed) -> Target {
        let by_port = || StartTls::of_port(allowed.port);
        Target {
            host: allowed.host.clone(),
            port: allowed.port,
            address: allowed.address,
            starttls: self.starttls.map_or_else(by_port, |stated| stated.0),
        }
    }
}

/// A bar on standard error, where that is a terminal.
pub(crate) fn progress(endpoints: usize) -> ProgressBar {
    let bar = ProgressBar::new(endpoints as u64);
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {elapsed} {wide_bar}") {
        bar.set_style(style);
    }
    bar
}

/// One connection at a time and five in a second: what a scope calls fragile must not be pressed.
fn gentle(limits: &Limits) -> Limits {
    Limits {
        endpoint_in_flight: 1,
        address_in_flight: 1,
        total_in_flight: 1,
        pace: Pace { burst: 1, per_second: 5 },
        ..limits.clone()
    }
}

fn split(policy: &Policy, profile: Profile, today: Date) -> Split {
    let split = policy.split(profile, today);
    Split {
        allowed_suites: split.allowed_suites,
        forbidden_suites: split.forbidden_suites,
        allowed_groups: split.allowed_groups,
        forbidden_groups: split.forbidden_groups,
    }
}

fn judge(roots: Roots) -> JudgeChain {
    Arc::new(move |sent, name| {
        let name = name.and_then(|name| ServerName::try_from(name.to_owned()).ok());
        x509::chain(sent, name.as_ref(), &roots, Timestamp::now())
    })
}

/// The certificates of a file.
fn authorities(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let found = x509::files::read(&bytes, &[]);
    let found = found.map(|contents| contents.certificates).unwrap_or_default();
    let ders: Vec<Vec<u8>> = found.into_iter().map(|found| found.der).collect();
    anyhow::ensure!(!ders.is_empty(), "{} holds no certificate", path.display());
    Ok(ders)
}

/// The port on which a protocol is usually asked for TLS.
pub(super) fn standard_port(kind: StartTls) -> u16 {
    match kind {
        StartTls::Smtp => 25,
        StartTls::Lmtp => 24,
        StartTls::Imap => 143,
        StartTls::Pop3 => 110,
        StartTls::Ftp => 21,
        StartTls::Ldap => 389,
        StartTls::Xmpp => 5222,
        StartTls::XmppServer => 5269,
        StartTls::Postgres => 5432,
        StartTls::Mysql => 3306,
        StartTls::Rdp => 3389,
        StartTls::Sieve => 4190,
        StartTls::Nntp => 119,
    }
}

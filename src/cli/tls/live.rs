//! The network side: asks the scanner, and hands it what it needs to know.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use portvakt_checks::crypto::{Policy, Profile, golden_tls, judge_tls, overall};
use portvakt_model::TlsEndpoint;
use portvakt_scan::tls::inferred::inferred;
use portvakt_scan::tls::intrusive::probe;
use portvakt_scan::tls::starttls::StartTls;
use portvakt_scan::tls::{Depth, How, JudgeChain, Limits, Pace, Split, Target, look_all};
use portvakt_scan::x509::{self, Roots, ServerName};

use super::super::endpoint::leave::{Manner, Place, Probes};
use super::super::endpoint::targets::Wanted;
use super::super::endpoint::{By, Kind};
use super::super::note;
use super::document::{self, EndpointRow};
use super::{Args, StartTlsArg};

/// What asks endpoints.
pub(super) struct Network {
    chain: JudgeChain,
    limits: Limits,
    starttls: Option<StartTlsArg>,
    depth: Depth,
    probes: Probes,
    /// For whom a verdict is sought.
    profile: Profile,
    today: Date,
}

/// For a verdict on one endpoint: nine connections, so slow ones have had their time.
const VERDICT: Duration = Duration::from_secs(45);

/// What is said of active probes that a stop came before.
const NOT_PROBED: &str = "the run was stopped before the active probes";

impl Network {
    pub(super) fn new(args: &Args) -> anyhow::Result<Self> {
        let mut roots = Roots::public().with_system();
        if !args.own_ca.is_empty() {
            let mut own = Vec::new();
            for path in &args.own_ca {
                own.extend(authorities(path)?);
            }
            roots = roots.with_own(&own);
        }
        for problem in roots.problems() {
            note(problem, args.common.lang);
        }
        Ok(Self {
            chain: judge(roots),
            limits: limits(args),
            starttls: args.starttls,
            depth: match (args.full, args.full_if_unclean) {
                (true, _) => Depth::Full,
                (false, true) => Depth::VerdictThenFull,
                (false, false) => Depth::Verdict,
            },
            probes: if args.intrusive { Probes::Intrusive } else { Probes::Polite },
            profile: args.common.profile.map_or(Profile::Internal, Into::into),
            today: args.common.day(),
        })
    }

    fn how(&self, is_gentle: bool, policy: Option<&Policy>) -> How {
        let split = policy.map(|policy| split(policy, self.profile, self.today));
        How {
            depth: if policy.is_some() { self.depth } else { Depth::Full },
            split: split.unwrap_or_default(),
            limits: if is_gentle { gentle(&self.limits) } else { self.limits.clone() },
            chain: self.chain.clone(),
        }
    }

    fn target(&self, place: &Place) -> Target {
        let by_port = || StartTls::of_port(place.port);
        Target {
            host: place.host.clone(),
            port: place.port,
            address: place.address,
            starttls: self.starttls.map_or_else(by_port, |stated| stated.0),
        }
    }
}

impl Kind for Network {
    type Seen = TlsEndpoint;
    type Row = EndpointRow;

    fn port(&self, wanted: &Wanted) -> u16 {
        super::port(wanted, self.starttls)
    }

    fn probes(&self) -> Probes {
        self.probes
    }

    async fn look(
        &self,
        places: &[&Place],
        policy: Option<&Policy>,
        done: &mut dyn FnMut(usize, TlsEndpoint),
    ) {
        let is_gentle = places.first().is_some_and(|place| place.manner == Manner::Gently);
        let how = self.how(is_gentle, policy);
        let targets: Vec<Target> = places.iter().map(|place| self.target(place)).collect();
        let mut to_probe = Vec::new();
        look_all(targets.clone(), &how, |at, mut endpoint| {
            endpoint.probes = inferred(&endpoint);
            if self.probes == Probes::Intrusive {
                to_probe.push((at, endpoint.clone()));
                endpoint.complete = false;
                endpoint.doubts.push(NOT_PROBED.to_owned());
            }
            done(at, endpoint);
        })
        .await;
        for (at, mut endpoint) in to_probe {
            probe(&targets[at], &how, &mut endpoint).await;
            done(at, endpoint);
        }
    }

    fn unknown(place: &Place, why: String) -> TlsEndpoint {
        let unknown = TlsEndpoint::unknown(place.target(), place.address, Timestamp::now());
        TlsEndpoint { doubts: vec![why], ..unknown }
    }

    fn golden(seen: &TlsEndpoint) -> Option<Policy> {
        golden_tls(seen)
    }

    fn doubts(seen: &TlsEndpoint) -> &[String] {
        &seen.doubts
    }

    fn judged(seen: &TlsEndpoint, by: &By<'_>) -> EndpointRow {
        let profile = by.profile(seen.address);
        let judgements = judge_tls(seen, by.policy, profile, by.today);
        document::row(seen, profile, overall(&judgements), &judgements)
    }
}

fn limits(args: &Args) -> Limits {
    let mut limits = Limits::default();
    if !(args.full || args.full_if_unclean || args.intrusive) {
        limits.endpoint = VERDICT;
    }
    if let Some(seconds) = args.common.timeout {
        limits.endpoint = Duration::from_secs(seconds);
        limits.connect = limits.connect.min(limits.endpoint);
        limits.answer = limits.answer.min(limits.endpoint);
    }
    limits
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

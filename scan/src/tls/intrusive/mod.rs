//! Active probes for known weaknesses, for those who were permitted to make them.
//!
//! Each sends what an attack begins with and nothing that harms: Heartbleed reads over by two bytes,
//! Ticketbleed by one, ROBOT makes at most twenty connections, renegotiation stops at ten. What the peer
//! gave away is never shown or kept. All probes are made one after another.

mod ccs;
mod heartbleed;
mod number;
mod renegotiation;
mod robot;
mod session;
#[cfg(test)]
mod tests;
mod ticketbleed;
mod wire;

use portvakt_model::registry::{KeyExchange, Suite};
use portvakt_model::{Evidence, Offered, TlsEndpoint, TlsVersion, VulnerabilityProbe};

use super::hello::{Offer, Shares};
use super::limits::Gate;
use super::line::Line;
use super::offers;
use super::refusal::Refusal;
use super::starttls::StartTls;
use super::target::{How, Target};

/// The probes, in the order of their rows.
const NAMES: [&str; 6] = [
    heartbleed::NAME,
    ccs::NAME,
    robot::NAME,
    ticketbleed::NAME,
    renegotiation::MANY,
    renegotiation::INSECURE,
];
/// Connections that all probes together make at most: ROBOT twenty, the early change of cipher,
/// Ticketbleed and renegotiation two each, Heartbleed one.
const MOST_CONNECTIONS: u32 = 27;

/// Probes an endpoint that was looked at, and adds what was found to its probes, its traits and its
/// connections. What the look has shown decides what is sent.
pub async fn probe(target: &Target, how: &How, endpoint: &mut TlsEndpoint) {
    let Some(address) = target.address else { return };
    let bearable = target.starttls.and_then(StartTls::broken_handshakes);
    if bearable.is_some_and(|most| endpoint.connections + MOST_CONNECTIONS > most) {
        let why = Refusal::Limit("the server shuts out who breaks off too many handshakes");
        endpoint.probes.extend(NAMES.map(|name| unanswered(name, why)));
        return;
    }
    let gate = Gate::new(&how.limits);
    let line = Line::new(target, address, how, &gate);
    let known = Known::of(endpoint);
    let mut found = vec![
        heartbleed::heartbleed(&line, &known).await,
        ccs::ccs_injection(&line, &known).await,
        robot::robot(&line, &known).await,
        ticketbleed::ticketbleed(&line, &known).await,
    ];
    let renegotiation = renegotiation::renegotiation(&line, &known).await;
    endpoint.traits.client_renegotiation = renegotiation.client;
    found.extend(renegotiation.probes);
    endpoint.probes.extend(found);
    endpoint.connections += line.used();
}

/// What the look has shown, as far as it matters here.
struct Known {
    /// The newest version until TLS 1.2 that is offered.
    newest: Option<TlsVersion>,
    /// Suites until TLS 1.2 that were seen.
    suites: Vec<Suite>,
    /// Whether no suite until TLS 1.2 is left unseen.
    complete: bool,
}

/// X25519, P-256, P-384, P-521 and the groups of RFC 7919: what servers have.
const USUAL_GROUPS: [u16; 6] = [29, 23, 24, 25, 256, 257];

impl Known {
    fn of(endpoint: &TlsEndpoint) -> Self {
        let old = || {
            let is_old = |v: TlsVersion| (TlsVersion::Ssl3..=TlsVersion::Tls12).contains(&v);
            endpoint.protocols.iter().filter(move |p| is_old(p.version))
        };
        let suite = |code: &u32| Suite::of(u16::try_from(*code).ok()?);
        let mut suites: Vec<Suite> = old().flat_map(|p| &p.suites).filter_map(suite).collect();
        suites.sort_unstable();
        suites.dedup();
        let told = |v: TlsVersion| {
            old().any(|p| p.version == v && (p.offered == Offered::No || p.complete))
        };
        let until_12 = &TlsVersion::ALL[1..5];
        Self {
            newest: old().filter(|p| p.offered == Offered::Yes).map(|p| p.version).max(),
            suites,
            complete: until_12.iter().all(|v| told(*v)),
        }
    }

    /// A hello with suites that are known to be taken.
    fn offer(&self, line: &Line<'_>, of: impl Fn(&Suite) -> bool) -> Option<Offer> {
        let suites: Vec<u16> = self.suites.iter().filter(|s| of(s)).map(|s| s.code).collect();
        let version = self.newest.filter(|_| !suites.is_empty())?;
        Some(Offer {
            version,
            suites,
            groups: USUAL_GROUPS.to_vec(),
            signatures: offers::signatures(&[]),
            name: line.target.server_name().map(str::to_owned),
            shares: Shares::Empty,
            alpn: &[],
        })
    }

    /// The row of a probe that needs what is not offered.
    fn without(&self, name: &'static str, what: &str) -> VulnerabilityProbe {
        if self.complete {
            return row(name, Offered::No, Evidence::Inferred, format!("no {what} is offered"));
        }
        row(name, Offered::Unknown, Evidence::Incomplete, format!("no {what} was seen"))
    }
}

/// The row of a probe that could not be made.
fn untested(name: &'static str, why: &str) -> VulnerabilityProbe {
    row(name, Offered::Unknown, Evidence::Incomplete, why.to_owned())
}

/// Whether a suite needs no secret beside the certificate.
fn is_plain(suite: &Suite) -> bool {
    use KeyExchange::{Dh, DhAnonymous, Dhe, Ecdh, EcdhAnonymous, Ecdhe, Rsa};
    matches!(suite.exchange(), Rsa | Dh | Dhe | DhAnonymous | Ecdh | Ecdhe | EcdhAnonymous)
}

fn row(
    name: &'static str,
    vulnerable: Offered,
    evidence: Evidence,
    detail: String,
) -> VulnerabilityProbe {
    VulnerabilityProbe { name, vulnerable, evidence, detail }
}

fn tested(name: &'static str, vulnerable: Offered, detail: String) -> VulnerabilityProbe {
    row(name, vulnerable, Evidence::Tested, detail)
}

fn unanswered(name: &'static str, why: Refusal) -> VulnerabilityProbe {
    row(name, Offered::Unknown, Evidence::Incomplete, why.to_string())
}

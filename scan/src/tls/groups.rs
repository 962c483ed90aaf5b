//! Finds the groups of TLS 1.2 that did not show with its suites.

use portvakt_model::registry::KeyExchange;
use portvakt_model::{GroupSeen, TlsVersion};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::hello::Offer;
use super::line::Line;
use super::offers;
use super::refusal::Refusal;
use super::ride;
use super::signatures::{self, Signer};
use super::wire::Answer;

/// Asks for the groups of a version that were not yet seen, with suites that the server is known to have.
pub(crate) async fn remaining(line: &Line<'_>, version: TlsVersion, suites: &[u16]) {
    elliptic(line, version, suites).await;
    field(line, version, suites).await;
}

async fn elliptic(line: &Line<'_>, version: TlsVersion, suites: &[u16]) {
    if line.facts().curves_told {
        return;
    }
    let ephemeral = of(suites, &[KeyExchange::Ecdhe, KeyExchange::EcdhAnonymous]);
    let unbound: Vec<u16> = ephemeral.iter().copied().filter(|s| ride::rides(*s)).collect();
    // A server with an ECDSA key takes part only when the curve of its key is offered too (RFC 8422 §5.1).
    let keys = if unbound.is_empty() { leaf_curves(line) } else { Vec::new() };
    let suites = if unbound.is_empty() { ephemeral } else { unbound };
    let wanted: Vec<u16> =
        offers::groups(version).into_iter().filter(|g| !offers::is_field_group(*g)).collect();
    search(line, version, &suites, wanted, &keys).await;
}

/// Only servers that follow RFC 7919 let themselves be asked for finite-field groups.
async fn field(line: &Line<'_>, version: TlsVersion, suites: &[u16]) {
    let follows = |g: &GroupSeen| g.version == version && offers::is_field_group(g.group);
    if line.facts().groups.iter().any(follows) {
        let suites = of(suites, &[KeyExchange::Dhe, KeyExchange::DhAnonymous]);
        let wanted = offers::groups(version).into_iter().filter(|g| offers::is_field_group(*g));
        search(line, version, &suites, wanted.collect(), &[]).await;
    }
}

/// Asks for `wanted` until none is taken. `always`, the curves of the server's keys, are offered with them,
/// at the end.
///
/// When the server likes one of those best, the rest is asked for without them. If it refuses that, no
/// client can come to another group: one that does not offer the curve gets no suite with that key, one that
/// does gets the curve.
async fn search(
    line: &Line<'_>,
    version: TlsVersion,
    suites: &[u16],
    mut wanted: Vec<u16>,
    mut always: &[u16],
) {
    let seen = |line: &Line<'_>, group| line.facts().groups.contains(&GroupSeen { group, version });
    wanted.retain(|g| !seen(line, *g));
    let mut schemes = Schemes::new(line, version, suites);
    while !wanted.is_empty() && !suites.is_empty() {
        let offered: Vec<u16> = wanted.iter().chain(always).copied().collect();
        schemes = schemes.with_room(line);
        match schemes.ask(line, line.offer(version, suites, &offered)).await {
            Answer::Chosen(chosen) => {
                schemes = schemes.after(line, chosen.suite);
                match chosen.group.filter(|g| wanted.contains(g)) {
                    Some(group) => wanted.retain(|g| *g != group),
                    None if chosen.group.is_some_and(|g| always.contains(&g)) => always = &[],
                    None => return other_group(line, version),
                }
            }
            Answer::Refused(refusal) if schemes.are_put_back() && !refusal.is_final() => {}
            Answer::Refused(refusal) => return ended(line, version, suites, refusal).await,
        }
    }
}

/// Signature schemes that ride along with groups: once the server repeats them, those that were seen are left
/// out, until nothing comes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Schemes {
    All,
    LeftOut,
    /// They were put back just now: what comes shows that there are no others.
    PutBack,
    /// There is nothing to be gained.
    Over,
}

impl Schemes {
    fn new(line: &Line<'_>, version: TlsVersion, suites: &[u16]) -> Self {
        let start = if version == TlsVersion::Tls12 { Self::All } else { Self::Over };
        suites.first().map_or(start, |suite| start.after(line, *suite))
    }

    /// To find that nothing comes of it takes a question more.
    fn with_room(self, line: &Line<'_>) -> Self {
        let is_worth_it = self != Self::LeftOut || signatures::has_room(line, AFTER_GROUPS);
        if is_worth_it { self } else { Self::Over }
    }

    async fn ask(self, line: &Line<'_>, offer: Offer) -> Answer {
        if self != Self::LeftOut {
            return line.ask(&offer).await;
        }
        let signatures = signatures::without_seen(&line.facts().signatures, &Signer::ALL);
        line.ask_less(&Offer { signatures, ..offer }).await
    }

    /// Whether there was something to put back.
    fn are_put_back(&mut self) -> bool {
        let were_left_out = *self == Self::LeftOut;
        *self = if were_left_out { Self::PutBack } else { Self::Over };
        were_left_out
    }

    fn after(self, line: &Line<'_>, suite: u16) -> Self {
        let mut facts = line.facts();
        let Some(signer) = Signer::of_suite(suite) else { return self };
        match self {
            Self::All if facts.signers_told.contains(&signer) => Self::Over,
            Self::All if facts.repeated.contains(&signer) => Self::LeftOut,
            Self::PutBack => {
                facts.signers_told.push(signer);
                Self::Over
            }
            as_before => as_before,
        }
    }
}

/// Questions that follow on the search for groups: its end, fields, broken signatures, whether it still answers.
const AFTER_GROUPS: u32 = 5;

fn other_group(line: &Line<'_>, version: TlsVersion) {
    let version = version.name();
    line.facts()
        .doubt(format!("{version}: it took a group that was not offered; there may be more"));
}

async fn ended(line: &Line<'_>, version: TlsVersion, suites: &[u16], refusal: Refusal) {
    if !line.refuses_groups_so(version, suites, refusal).await {
        let doubt =
            format!("{}: the search for groups could not be ended ({refusal})", version.name());
        line.facts().doubt(doubt);
    }
}

fn of(suites: &[u16], exchanges: &[KeyExchange]) -> Vec<u16> {
    let fits = |s: &&u16| offers::exchange(**s).is_some_and(|e| exchanges.contains(&e));
    suites.iter().filter(fits).copied().collect()
}

/// The curves of the leaves' keys.
fn leaf_curves(line: &Line<'_>) -> Vec<u16> {
    let facts = line.facts();
    facts.chains.iter().filter_map(|chain| curve_of(chain.first()?)).collect()
}

/// The named curve of a certificate's key (RFC 5480 §2.1.1.1).
fn curve_of(certificate: &[u8]) -> Option<u16> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let parameters = certificate.public_key().algorithm.parameters.as_ref()?;
    let oid = parameters.as_oid().ok()?.to_id_string();
    CURVES.iter().find(|(known, _)| *known == oid).map(|(_, group)| *group)
}

const CURVES: &[(&str, u16)] = &[
    ("1.2.840.10045.3.1.1", 19),
    ("1.3.132.0.33", 21),
    ("1.3.132.0.10", 22),
    ("1.2.840.10045.3.1.7", 23),
    ("1.3.132.0.34", 24),
    ("1.3.132.0.35", 25),
    ("1.3.36.3.3.2.8.1.1.7", 26),
    ("1.3.36.3.3.2.8.1.1.11", 27),
    ("1.3.36.3.3.2.8.1.1.13", 28),
    ("1.2.156.10197.1.301", 41),
];

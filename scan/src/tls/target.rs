//! What is looked at, and how.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use portvakt_model::Chain;
use portvakt_model::registry::{GROUPS, KeyExchange, Suite, is_hybrid};

use super::limits::Limits;
use super::starttls::StartTls;

/// One endpoint to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As it was asked for: a name or an address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Where it is. Names are resolved by the caller, which must know that the address is in scope;
    /// without an address nothing is sent.
    pub address: Option<SocketAddr>,
    /// The protocol in which TLS is asked for; `None` for TLS from the first byte.
    pub starttls: Option<StartTls>,
}

impl Target {
    /// The name to send (SNI): that of the host, unless it is an address (RFC 6066 §3).
    pub fn server_name(&self) -> Option<&str> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_name =
            bare.parse::<IpAddr>().is_err() && !bare.is_empty() && bare.chars().all(plain);
        // RFC 1035 §2.3.4; a root dot is not sent.
        is_name.then(|| self.host.trim_end_matches('.')).filter(|name| name.len() <= 253)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare_ipv6 = self.host.contains(':') && !self.host.starts_with('[');
        if bare_ipv6 {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How endpoints are looked at.
#[derive(Clone)]
pub struct How {
    /// How much is asked.
    pub depth: Depth,
    /// What is allowed, so that a verdict needs few questions.
    pub split: Split,
    /// How hard.
    pub limits: Limits,
    /// Judges a chain (DER, the leaf first) for the name that was asked for. Each different leaf is
    /// given once.
    pub chain: JudgeChain,
}

/// Judges a chain as it came, for a name.
pub type JudgeChain = Arc<dyn Fn(&[Vec<u8>], Option<&str>) -> Chain + Send + Sync>;

/// How much is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Whether all that it offers is allowed: about nine connections.
    #[default]
    Verdict,
    /// The same, and everything that it offers when that is not so.
    VerdictThenFull,
    /// Everything that it offers.
    Full,
}

/// Code points in two: those that are allowed and those that are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Suites of TLS 1.2 that are allowed.
    pub allowed_suites: Vec<u16>,
    /// Suites of TLS 1.2 that are forbidden. Suites in neither list are asked for after these.
    pub forbidden_suites: Vec<u16>,
    /// Groups of TLS 1.3 that are allowed.
    pub allowed_groups: Vec<u16>,
    /// Groups of TLS 1.3 that are forbidden. Groups in neither list are asked for after these.
    pub forbidden_groups: Vec<u16>,
}

impl Default for Split {
    /// As RFC 9325 §4.2 recommends: ephemeral elliptic curves with an AEAD; groups of 128 bits or more
    /// (§4.4), and the hybrids of RFC 10024.
    fn default() -> Self {
        let modern = |s: &Suite| s.exchange() == KeyExchange::Ecdhe && s.is_aead() && !is_draft(s);
        let (allowed, forbidden): (Vec<Suite>, Vec<Suite>) =
            Suite::all().filter(|s| !s.is_tls13()).partition(modern);
        let (allowed_groups, forbidden_groups) =
            GROUPS.iter().map(|(g, _)| *g).partition(|g| is_hybrid(*g) || matches!(g, 23..=33));
        let codes = |suites: Vec<Suite>| suites.into_iter().map(|s| s.code).collect();
        Self {
            allowed_suites: codes(allowed),
            forbidden_suites: codes(forbidden),
            allowed_groups,
            forbidden_groups,
        }
    }
}

/// ChaCha20 suites before RFC 7905.
fn is_draft(suite: &Suite) -> bool {
    suite.name.ends_with("_DRAFT")
}

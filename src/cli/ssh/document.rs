//! The answer as JSON.

use jiff::civil::Date;
use portvakt_checks::crypto::{Judgement, Level, Policy, Profile};
use portvakt_model::SshEndpoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::endpoint::finding::level_of;
use super::super::endpoint::policy::PolicyRow;
use super::super::endpoint::{FindingRow, Judged};
use crate::report;
use crate::text::Lang;

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-ssh-1";

/// SSH endpoints, judged.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    schema: String,
    /// What made it, with its version.
    tool: String,
    /// The policy that it was judged by.
    policy: PolicyRow,
    /// The day that it was judged for.
    today: String,
    /// The endpoints, the worst first.
    pub(super) endpoints: Vec<EndpointRow>,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct EndpointRow {
    /// As it was asked for: host:port.
    target: String,
    /// Where it was found; null when the name has no address.
    address: Option<String>,
    /// When, RFC 3339.
    at: String,
    /// Whom it is for: public or internal.
    profile: String,
    /// The overall level: the worst finding; not_assessed where something could not be assessed.
    level: String,
    /// Connections that it took.
    connections: u32,
    /// Whether every question was answered.
    complete: bool,
    /// What could not be found out, in English.
    doubts: Vec<String>,
    /// Identification string (RFC 4253 §4.2).
    banner: String,
    /// Key exchange methods, in the server's order.
    kex: Vec<String>,
    /// Host key algorithms.
    host_key_algorithms: Vec<String>,
    /// Ciphers, to the server and from it.
    ciphers: [Vec<String>; 2],
    /// MACs, to the server and from it.
    macs: [Vec<String>; 2],
    /// Compression, to the server and from it.
    compression: [Vec<String>; 2],
    /// Host keys that were shown.
    host_keys: Vec<HostKeyRow>,
    /// Smallest modulus that group exchange gave, in bits.
    gex_bits: Option<u32>,
    /// What the policy says, the worst first.
    findings: Vec<FindingRow>,
}

/// A host key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct HostKeyRow {
    /// Its type.
    kind: String,
    /// Size in bits.
    bits: u32,
    /// SHA-256 of the key blob, hexadecimal.
    fingerprint: String,
}

impl Document {
    pub(super) fn new(policy: &Policy, today: Date, endpoints: Vec<EndpointRow>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool: concat!("portvakt ", env!("CARGO_PKG_VERSION")).to_owned(),
            policy: PolicyRow::of(policy),
            today: today.to_string(),
            endpoints,
        }
    }
}

/// An endpoint with what was found of it.
pub(super) fn row(
    endpoint: &SshEndpoint,
    profile: Profile,
    level: Level,
    judgements: &[Judgement],
) -> EndpointRow {
    let key = |key: &portvakt_model::HostKey| HostKeyRow {
        kind: key.kind.clone(),
        bits: key.bits,
        fingerprint: report::hex(&key.fingerprint),
    };
    EndpointRow {
        target: endpoint.target.clone(),
        address: endpoint.address.map(|a| a.to_string()),
        at: endpoint.at.to_string(),
        profile: profile.name().to_owned(),
        level: level.name().to_owned(),
        connections: endpoint.connections,
        complete: endpoint.complete,
        doubts: endpoint.doubts.clone(),
        banner: endpoint.banner.clone(),
        kex: endpoint.kex.clone(),
        host_key_algorithms: endpoint.host_key_algorithms.clone(),
        ciphers: endpoint.ciphers.clone(),
        macs: endpoint.macs.clone(),
        compression: endpoint.compression.clone(),
        host_keys: endpoint.host_keys.iter().map(key).collect(),
        gex_bits: endpoint.gex_bits,
        findings: judgements.iter().map(FindingRow::of).collect(),
    }
}

impl Judged for EndpointRow {
    fn target(&self) -> &str {
        &self.target
    }

    fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    fn level(&self) -> Level {
        level_of(&self.level)
    }

    fn is_reached(&self) -> bool {
        !self.kex.is_empty()
    }

    fn findings(&self) -> &[FindingRow] {
        &self.findings
    }

    fn findings_mut(&mut self) -> &mut Vec<FindingRow> {
        &mut self.findings
    }

    fn offered(&self, lang: Lang) -> Vec<String> {
        let mut lines = vec![self.banner.clone()];
        let both = |lists: &[Vec<String>; 2]| super::endpoint::once(lists.concat());
        for (name, list) in [
            (lang.of("nyckelutbyte", "key exchange"), self.kex.clone()),
            (lang.of("värdnycklar", "host keys"), self.host_key_algorithms.clone()),
            (lang.of("chiffer", "ciphers"), both(&self.ciphers)),
            ("MAC", both(&self.macs)),
        ] {
            lines.push(format!("{name}: {}", list.join(", ")));
        }
        for key in &self.host_keys {
            lines.push(format!("{} {} SHA-256 {}", key.kind, key.bits, key.fingerprint));
        }
        let connections = lang.of("förbindelser", "connections");
        let whole = if self.complete {
            lang.of("allt är känt", "all is known")
        } else {
            lang.of("ofullständigt", "incomplete")
        };
        lines.push(format!("{} {connections}, {whole}", self.connections));
        lines
    }
}

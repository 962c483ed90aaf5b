//! An endpoint of the answer as JSON.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_checks::crypto::{Judgement, Level, Profile};
use portvakt_model::SshEndpoint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::endpoint::diff::{Compared, Shown};
use super::super::endpoint::finding::level_of;
use super::super::endpoint::{FindingRow, Judged, Row, once};
use crate::report;
use crate::text::Lang;

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EndpointRow {
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
    /// Endpoints of other names in this answer that show the same key, 20 at most: other names of one
    /// machine, or machines that were cloned.
    #[serde(default)]
    also_on: Vec<String>,
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
        also_on: Vec::new(),
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

/// Most endpoints that are named with a key. A pool of machines from one image has thousands, and each with
/// all others would be millions.
const MOST_OF_ONE_KEY: usize = 20;

/// Notes with each host key which other names show it too. The addresses of one name are one machine.
pub(super) fn note_shared_keys(rows: &mut [EndpointRow]) {
    let mut targets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &*rows {
        for key in &row.host_keys {
            targets.entry(key.fingerprint.clone()).or_default().insert(row.target.clone());
        }
    }
    for row in rows {
        for key in &mut row.host_keys {
            let all = targets.get(&key.fingerprint).into_iter().flatten();
            let others = all.filter(|target| **target != row.target);
            key.also_on = others.take(MOST_OF_ONE_KEY).cloned().collect();
        }
    }
}

impl Row for EndpointRow {
    const COMMAND: &'static str = "portvakt ssh";
    const SCHEMA: &'static str = "portvakt-ssh-1";
}

impl Compared for EndpointRow {
    const CHANGES: &'static str = "portvakt-ssh-diff-1";

    fn is_complete(&self) -> bool {
        self.complete
    }

    /// A server sends its lists whole, or not at all.
    fn is_listed(&self) -> bool {
        !self.kex.is_empty()
    }

    fn offers(&self) -> BTreeSet<String> {
        let lists = [
            ("key exchange", self.kex.clone()),
            ("host key algorithm", self.host_key_algorithms.clone()),
            ("cipher", self.ciphers.concat()),
            ("MAC", self.macs.concat()),
            ("compression", self.compression.concat()),
            ("software", vec![self.banner.clone()]),
        ];
        let named = lists.into_iter().map(|(kind, names)| {
            names.into_iter().map(move |name| format!("{kind} {name}")).collect::<Vec<_>>()
        });
        named.flatten().collect()
    }

    fn is_asked_for_by_itself(_: &str) -> bool {
        false
    }

    fn refuses(&self, _: &str) -> bool {
        false
    }

    fn shown(&self) -> Shown {
        let key = |key: &HostKeyRow| (key.kind.clone(), key.fingerprint.clone());
        Shown::HostKeys(self.host_keys.iter().map(key).collect())
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

    fn is_asked(&self) -> bool {
        self.connections > 0
    }

    /// Of a server that speaks version 1 alone no list is read, but that it does is a finding.
    fn is_reached(&self) -> bool {
        !self.kex.is_empty() || self.findings.iter().any(|f| f.level() == Level::Insufficient)
    }

    fn findings(&self) -> &[FindingRow] {
        &self.findings
    }

    fn findings_mut(&mut self) -> &mut Vec<FindingRow> {
        &mut self.findings
    }

    fn offered(&self, lang: Lang) -> Vec<String> {
        let mut lines = vec![self.banner.clone()];
        let both = |lists: &[Vec<String>; 2]| once(lists.concat());
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
            let also = key.also_on.join(", ");
            let said = lang.of(
                "samma nyckel visas av andra: en maskin med flera namn, eller klonade maskiner som ska ha nya nycklar",
                "others show the same key: one machine of several names, or cloned machines that need new keys",
            );
            lines.extend((!also.is_empty()).then(|| format!("  {said}: {also}")));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(target: &str, keys: &[&str]) -> EndpointRow {
        let mut seen = SshEndpoint::unknown(target.to_owned(), None, jiff::Timestamp::UNIX_EPOCH);
        let key = |byte: &&str| portvakt_model::HostKey {
            kind: "ssh-ed25519".to_owned(),
            bits: 256,
            fingerprint: [byte.as_bytes()[0]; 32],
        };
        seen.host_keys = keys.iter().map(key).collect();
        super::row(&seen, Profile::Internal, Level::Good, &[])
    }

    #[test]
    fn a_key_of_other_names_is_noted_but_not_that_of_another_address() {
        let mut rows = [
            row("a:22", &["x"]),
            row("b:22", &["x", "y"]),
            row("a:22", &["x"]),
            row("c:22", &["z"]),
        ];
        note_shared_keys(&mut rows);
        assert_eq!(rows[0].host_keys[0].also_on, ["b:22"]);
        assert_eq!(rows[1].host_keys[0].also_on, ["a:22"]);
        assert!(rows[1].host_keys[1].also_on.is_empty() && rows[3].host_keys[0].also_on.is_empty());
        assert!(rows[0].offered(Lang::En).iter().any(|line| line.contains("cloned")));
    }
}

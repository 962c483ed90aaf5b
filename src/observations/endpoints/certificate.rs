//! Certificates as our results tell them: less than they said themselves.

use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{Certificate, Chain, PublicKey, Revocation, Staple, StapledAnswer, Trust};
use portvakt_scan::x509::lints::LINTS;
use serde::Deserialize;

use super::super::json::moment;
use super::super::run;
use super::{digest, unknown};

#[derive(Deserialize)]
pub(super) struct CertificateRow {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    serial: String,
    #[serde(default, deserialize_with = "moment")]
    not_before: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    not_after: Option<Timestamp>,
    key: Option<KeyRow>,
    #[serde(default)]
    signature: String,
    #[serde(default)]
    fingerprint: String,
    trust: Option<TrustRow>,
    name_matches: Option<bool>,
    revocation: Option<RevocationRow>,
    #[serde(default)]
    timestamps: usize,
    #[serde(default)]
    must_staple: bool,
    #[serde(default)]
    lints: Vec<String>,
    /// Those above it.
    #[serde(default)]
    chain: Vec<Self>,
}

#[derive(Deserialize)]
struct KeyRow {
    algorithm: String,
    bits: u32,
    curve: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Deserialize)]
struct RevocationRow {
    status: String,
    signed: Option<bool>,
    #[serde(default, deserialize_with = "moment")]
    revoked_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    this_update: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    next_update: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    produced_at: Option<Timestamp>,
    why: Option<String>,
}

#[derive(Deserialize)]
struct TrustRow {
    public: Option<String>,
    system: Option<String>,
    own: Option<String>,
}

/// Hashes of signatures by name (RFC 8017, RFC 5758, FIPS 186-5).
const HASHES: [&str; 9] =
    ["md2", "md4", "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "shake256"];

impl CertificateRow {
    /// The chain that it is the leaf of; `None`, with a doubt, where even its validity is not told.
    pub(super) fn chain(&self, doubts: &mut Vec<String>) -> Option<Chain> {
        let leaf = self.certificate(doubts)?;
        let above = self.chain.iter().filter_map(|row| row.certificate(doubts));
        let certificates = std::iter::once(leaf).chain(above.collect::<Vec<_>>()).collect();
        let of = |word: fn(&TrustRow) -> &Option<String>| {
            trust(self.trust.as_ref().and_then(|row| word(row).as_deref()))
        };
        Some(Chain {
            certificates,
            public: of(|row| &row.public),
            system: of(|row| &row.system),
            own: of(|row| &row.own),
            name_matches: self.name_matches,
            staple: self.revocation.as_ref().and_then(|row| row.staple(doubts)),
            ..Chain::default()
        })
    }

    fn certificate(&self, doubts: &mut Vec<String>) -> Option<Certificate> {
        let (Some(not_before), Some(not_after), Some(fingerprint)) =
            (self.not_before, self.not_after, digest(&self.fingerprint))
        else {
            doubts.push(unknown("certificate", &self.subject));
            return None;
        };
        let mut lints = Vec::new();
        let known = || LINTS.iter().flat_map(|family| family.iter());
        for name in &self.lints {
            match known().find(|lint| lint.name == name) {
                Some(lint) => lints.push(lint.name),
                None => doubts.push(unknown("fault", name)),
            }
        }
        let is_address = |name: &&String| name.parse::<IpAddr>().is_ok();
        let (ip_names, dns_names): (Vec<&String>, _) = self.names.iter().partition(is_address);
        let clean = |names: Vec<&String>| names.into_iter().map(|name| run::clean(name)).collect();
        let hash = HASHES.into_iter().find(|hash| *hash == self.signature);
        Some(Certificate {
            fingerprint,
            subject: run::clean(&self.subject),
            issuer: run::clean(&self.issuer),
            serial: run::clean(&self.serial),
            not_before,
            not_after,
            has_san: !self.names.is_empty(),
            dns_names: clean(dns_names),
            ip_names: clean(ip_names),
            key: self.key.as_ref().map(KeyRow::key).unwrap_or_default(),
            signature_oid: if hash.is_some() { String::new() } else { run::clean(&self.signature) },
            signature_hash: hash,
            sct_count: self.timestamps,
            must_staple: self.must_staple,
            self_signed: !self.subject.is_empty() && self.subject == self.issuer,
            lints,
            ..Certificate::default()
        })
    }
}

impl RevocationRow {
    /// What the stapled answer said; `None`, with a doubt, where the row is not whole.
    fn staple(&self, doubts: &mut Vec<String>) -> Option<Staple> {
        if self.status == "unusable" {
            let why = run::clean(self.why.as_deref().unwrap_or_default());
            return Some(Staple::Unusable(why));
        }
        let status = match (self.status.as_str(), self.revoked_at) {
            ("good", _) => Some(Revocation::Good),
            ("unknown", _) => Some(Revocation::Unknown),
            ("revoked", Some(at)) => Some(Revocation::Revoked(at)),
            _ => None,
        };
        let answer = status.zip(self.this_update).zip(self.produced_at);
        let Some(((status, this_update), produced_at)) = answer else {
            doubts.push(unknown("revocation", &self.status));
            return None;
        };
        let (next_update, signed) = (self.next_update, super::offered(self.signed));
        Some(Staple::Answer(StapledAnswer {
            status,
            this_update,
            next_update,
            produced_at,
            signed,
        }))
    }
}

impl KeyRow {
    fn key(&self) -> PublicKey {
        PublicKey {
            algorithm: run::clean(&self.algorithm),
            bits: self.bits,
            curve: run::said(self.curve.as_deref()),
            exponent: None,
            fingerprint: self.fingerprint.as_deref().and_then(digest).unwrap_or_default(),
        }
    }
}

fn trust(word: Option<&str>) -> Trust {
    match word {
        None => Trust::NotAsked,
        Some("trusted") => Trust::Trusted,
        Some(why) => {
            let why = why.strip_prefix("untrusted").unwrap_or(why).trim_start_matches([':', ' ']);
            Trust::Untrusted(run::clean(why))
        }
    }
}

//! The answer as JSON.

use jiff::Timestamp;
use portvakt_model::Certificate;
use portvakt_scan::x509::files::Note;
use portvakt_scan::x509::lints;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::super::trust::TrustRow;
use crate::report;

/// Name and version of the schema.
pub(super) const SCHEMA: &str = "portvakt-certs-1";

/// Certificates, with where each was seen and when it ends.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    pub(super) schema: &'static str,
    /// What made it, with its version.
    pub(super) tool: &'static str,
    /// The day that it was judged for, in UTC.
    pub(super) today: String,
    /// Only certificates that have ended or end within so many days are listed; null for all.
    pub(super) within: Option<u16>,
    /// Numbers of all certificates, listed or not.
    pub(super) counts: Counts,
    /// The certificates, each once, the first to end first.
    pub(super) certificates: Vec<CertificateRow>,
    /// What else was met in the files: private keys, requests, encrypted parts.
    pub(super) notes: Vec<NoteRow>,
    /// What could not be read, in English.
    pub(super) failures: Vec<String>,
    /// What nobody looked at, so that its absence proves nothing: revocation, signatures of CT timestamps.
    pub(super) not_assessed: [&'static str; 2],
}

/// What is never looked at: revocation lists and responders are not asked, and timestamps of CT logs
/// are counted alone.
pub(super) const NOT_ASSESSED: [&str; 2] = ["revocation", "timestamp-signatures"];

/// How many certificates there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Counts {
    /// In all.
    pub(super) certificates: usize,
    /// Have ended.
    pub(super) expired: usize,
    /// End soon: within the days that were asked for, or 30.
    pub(super) ends_soon: usize,
    /// Have not begun.
    pub(super) not_yet_valid: usize,
    /// Have a key that another certificate has too.
    pub(super) shared_keys: usize,
}

/// A certificate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct CertificateRow {
    /// SHA-256 of the DER, hexadecimal; null where a scanner did not tell it.
    pub(super) fingerprint: Option<String>,
    /// expired, ends_soon, not_yet_valid or valid.
    pub(super) state: State,
    /// Days until the day it ends; negative when it has ended.
    pub(super) days_left: i64,
    /// The first common name of the subject; null where it has none, or the record does not say.
    pub(super) common_name: Option<String>,
    /// RFC 4514.
    pub(super) subject: String,
    /// RFC 4514.
    pub(super) issuer: String,
    /// DNS names and addresses of subjectAltName.
    pub(super) names: Vec<String>,
    /// Hexadecimal.
    pub(super) serial: String,
    /// First second, RFC 3339.
    pub(super) not_before: String,
    /// Last second, RFC 3339.
    pub(super) not_after: String,
    /// Whether it is an authority's; null where it does not say, or the record does not.
    pub(super) is_authority: Option<bool>,
    /// The key.
    pub(super) key: KeyRow,
    /// Hash of the signature, or its algorithm's OID where it has none.
    pub(super) signature: String,
    /// Whether it is signed with its own key; null where a record does not say.
    pub(super) self_signed: Option<bool>,
    /// Faults in its bytes.
    pub(super) lints: Vec<LintRow>,
    /// Which roots lead to it, with the certificates of its file or as the server sent it; null where
    /// they were not asked.
    pub(super) trust: Option<TrustRow>,
    /// Fingerprints of other certificates with the same key, 20 at most.
    pub(super) same_key: Vec<String>,
    /// Where it was seen.
    pub(super) seen: Vec<SeenRow>,
    #[serde(skip)]
    pub(super) begins: Timestamp,
    #[serde(skip)]
    pub(super) ends: Timestamp,
}

/// Where a certificate is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It has ended.
    Expired,
    /// It ends soon.
    EndsSoon,
    /// It has not begun.
    NotYetValid,
    /// It holds.
    #[default]
    Valid,
}

/// A public key.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(super) struct KeyRow {
    /// rsa, ec, ed25519, …
    pub(super) algorithm: String,
    /// Size in bits.
    pub(super) bits: u32,
    /// The curve, of an EC key.
    pub(super) curve: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo, hexadecimal; null where a record does not say.
    pub(super) fingerprint: Option<String>,
}

/// A fault that can be seen in a certificate's bytes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct LintRow {
    /// Its name, which states the fault.
    pub(super) name: String,
    /// sufficient, phase_out or insufficient; null for one that this version does not know.
    pub(super) level: Option<&'static str>,
    /// The clause; null for one that this version does not know.
    pub(super) source: Option<&'static str>,
}

/// Where a certificate was seen: a file, or an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct SeenRow {
    /// The file; for an endpoint, the record that tells of it.
    pub(super) path: String,
    /// The line in it, from 1; null in binary files.
    pub(super) line: Option<u32>,
    /// The endpoint, as host:port; null for a file.
    pub(super) endpoint: Option<String>,
    /// When the endpoint was seen, RFC 3339.
    pub(super) at: Option<String>,
}

/// Something in a file that is no certificate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct NoteRow {
    /// The file; null for what is not of a file.
    pub(super) path: Option<String>,
    /// The line in it, from 1; null in binary files.
    pub(super) line: Option<u32>,
    /// What it is, in English.
    pub(super) note: String,
}

impl NoteRow {
    pub(super) fn new(path: &str, note: &Note) -> Self {
        Self { path: Some(path.to_owned()), line: note.line, note: note.what.to_string() }
    }

    pub(super) fn without_certificate(path: &str, count: usize) -> Self {
        Self {
            path: Some(path.to_owned()),
            line: None,
            note: format!("endpoints without a certificate: {count}"),
        }
    }

    pub(super) fn about_roots(problem: &str) -> Self {
        Self { path: None, line: None, note: problem.to_owned() }
    }
}

impl LintRow {
    pub(super) fn of(name: &str) -> Self {
        let lint = lints::named(name);
        Self {
            name: name.to_owned(),
            level: lint.map(|l| l.level.name()),
            source: lint.map(|l| l.source),
        }
    }
}

impl CertificateRow {
    /// A certificate whose bytes, or whose facts, are at hand.
    pub(super) fn of(certificate: &Certificate) -> Self {
        let names = certificate.dns_names.iter().chain(&certificate.ip_names);
        let key = &certificate.key;
        Self {
            fingerprint: (certificate.fingerprint != [0; 32])
                .then(|| report::hex(&certificate.fingerprint)),
            state: State::default(),
            days_left: 0,
            common_name: certificate.common_names.first().cloned(),
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            names: names.cloned().collect(),
            serial: certificate.serial.clone(),
            not_before: certificate.not_before.to_string(),
            not_after: certificate.not_after.to_string(),
            is_authority: certificate.is_ca,
            key: KeyRow {
                algorithm: key.algorithm.clone(),
                bits: key.bits,
                curve: key.curve.clone(),
                fingerprint: (key.fingerprint != [0; 32]).then(|| report::hex(&key.fingerprint)),
            },
            signature: certificate
                .signature_hash
                .map_or_else(|| certificate.signature_oid.clone(), str::to_owned),
            self_signed: Some(certificate.self_signed),
            lints: certificate.lints.iter().map(|name| LintRow::of(name)).collect(),
            trust: None,
            same_key: Vec::new(),
            seen: Vec::new(),
            begins: certificate.not_before,
            ends: certificate.not_after,
        }
    }

    /// What tells it from others: its fingerprint, or all that was told of it where that is not known.
    pub(super) fn identity(&self) -> String {
        self.fingerprint.clone().unwrap_or_else(|| {
            let told =
                [&self.issuer, &self.serial, &self.subject, &self.not_before, &self.not_after];
            let mut hash = Sha256::new();
            for part in told.into_iter().chain(&self.names) {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            report::hex(&hash.finalize())
        })
    }

    /// What a person knows it by: its first name, else its common name, else its subject.
    pub(super) fn title(&self) -> &str {
        self.names.first().or(self.common_name.as_ref()).unwrap_or(&self.subject)
    }
}

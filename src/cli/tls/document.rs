//! An endpoint of the answer as JSON.

use std::collections::{BTreeMap, BTreeSet};

use portvakt_checks::crypto::{Judgement, Level, Profile};
use portvakt_model::registry::{group_name, signature_name, suite_name};
use portvakt_model::{
    Certificate, Chain, Offered, ProtocolSeen, Revocation, Staple, TlsEndpoint, TlsTraits,
    TlsVersion,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::endpoint::diff::{Compared, Shown};
use super::super::endpoint::finding::level_of;
use super::super::endpoint::{FindingRow, Judged, Row, once};
use super::super::trust::TrustRow;
use crate::report;
use crate::text::Lang;

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EndpointRow {
    /// As it was asked for: host:port.
    pub(crate) target: String,
    /// Where it was found; null when the name has no address.
    pub(crate) address: Option<String>,
    /// The name that was sent (SNI).
    pub(crate) server_name: Option<String>,
    /// The protocol that TLS was asked for in; null for TLS from the first byte.
    pub(crate) starttls: Option<String>,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Whom it is for: public or internal.
    pub(crate) profile: String,
    /// The overall level: the worst finding; not_assessed where something could not be assessed.
    pub(crate) level: String,
    /// Connections that it took.
    pub(crate) connections: u32,
    /// Whether every question was answered.
    pub(crate) complete: bool,
    /// Whether every suite and group was sought.
    pub(crate) enumerated: bool,
    /// What could not be found out, in English.
    pub(crate) doubts: Vec<String>,
    /// What is offered of each version: SSLv2, SSLv3, TLS1.0, TLS1.1, TLS1.2, TLS1.3.
    pub(crate) protocols: BTreeMap<String, ProtocolRow>,
    /// Key-exchange groups (IANA TLS Supported Groups), in the server's order where it has one.
    pub(crate) groups: Vec<String>,
    /// Schemes that handshakes were signed with (IANA TLS SignatureScheme).
    pub(crate) signature_schemes: Vec<String>,
    /// Whether these are all: they were sought until the server refused what was left.
    #[serde(default)]
    pub(crate) signatures_complete: bool,
    /// Smallest and largest modulus of finite-field Diffie-Hellman, in bits.
    pub(crate) dh_bits: Option<[u32; 2]>,
    /// Other properties: true, false, or null where it is not known.
    pub(crate) traits: TraitsRow,
    /// The header Strict-Transport-Security; null where there is none or HTTP was not asked.
    pub(crate) hsts: Option<String>,
    /// Leaves, one for each different one.
    pub(crate) certificates: Vec<CertificateRow>,
    /// Probes for known weaknesses.
    pub(crate) probes: Vec<ProbeRow>,
    /// What the policy says, the worst first.
    pub(crate) findings: Vec<FindingRow>,
}

/// What is offered of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ProtocolRow {
    /// Null where it is not known.
    pub(crate) offered: Option<bool>,
    /// Suites (IANA TLS Cipher Suites), in the server's order where it has one.
    pub(crate) suites: Vec<String>,
    /// Whether these are all.
    pub(crate) complete: bool,
    /// Who decides: server, client or unknown.
    pub(crate) order: String,
}

/// Properties that are no list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TraitsRow {
    /// RFC 5746.
    pub(crate) secure_renegotiation: Option<bool>,
    /// Whether a client may renegotiate.
    pub(crate) client_renegotiation: Option<bool>,
    /// RFC 7627.
    pub(crate) extended_master_secret: Option<bool>,
    /// RFC 7366.
    pub(crate) encrypt_then_mac: Option<bool>,
    /// RFC 3749.
    pub(crate) compression: Option<bool>,
    /// RFC 6520.
    pub(crate) heartbeat: Option<bool>,
    /// RFC 7507.
    pub(crate) fallback_scsv: Option<bool>,
    /// RFC 5077, RFC 8446 §4.6.1.
    pub(crate) tickets: Option<bool>,
    /// Session tickets in TLS 1.2 and earlier.
    pub(crate) tickets_12: Option<bool>,
    /// Whether a session was resumed.
    pub(crate) resumption: Option<bool>,
    /// RFC 8446 §2.3.
    pub(crate) early_data: Option<bool>,
    /// RFC 6066 §8.
    pub(crate) ocsp_staple: Option<bool>,
    /// Whether a client certificate is asked for.
    pub(crate) client_certificate: Option<bool>,
    /// Whether it answers without SNI.
    pub(crate) answers_without_sni: Option<bool>,
    /// Protocols chosen by ALPN (RFC 7301), of `h2` and `http/1.1`.
    #[serde(default)]
    pub(crate) alpn: Vec<String>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CertificateRow {
    /// RFC 4514.
    pub(crate) subject: String,
    /// RFC 4514.
    pub(crate) issuer: String,
    /// DNS names and addresses of subjectAltName.
    pub(crate) names: Vec<String>,
    /// Hexadecimal.
    pub(crate) serial: String,
    /// RFC 3339.
    pub(crate) not_before: String,
    /// RFC 3339.
    pub(crate) not_after: String,
    /// The key.
    pub(crate) key: KeyRow,
    /// Hash of the signature, or its OID.
    pub(crate) signature: String,
    /// SHA-256 of the DER, hexadecimal.
    pub(crate) fingerprint: String,
    /// Which roots lead to it.
    pub(crate) trust: Option<TrustRow>,
    /// Whether it is for the name that was asked for; null when none was.
    pub(crate) name_matches: Option<bool>,
    /// What is known of its revocation: by the stapled OCSP answer alone, for lists and responders are not
    /// asked. Null where none was stapled: not assessed.
    #[serde(default)]
    pub(crate) revocation: Option<RevocationRow>,
    /// Embedded timestamps of CT logs (RFC 6962). Their signatures are not verified.
    #[serde(default)]
    pub(crate) timestamps: usize,
    /// Whether it demands that an OCSP answer be stapled (RFC 7633).
    #[serde(default)]
    pub(crate) must_staple: bool,
    /// Faults that were found in its bytes, by name.
    pub(crate) lints: Vec<String>,
    /// What the server sent above it.
    pub(crate) chain: Vec<CertificateRow>,
}

/// What a stapled OCSP answer says (RFC 6960).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RevocationRow {
    /// good, revoked, unknown (to the responder) or unusable (the answer).
    pub(crate) status: String,
    /// Whether the issuer, or a responder of its, signed the answer; null where that cannot be verified.
    pub(crate) signed: Option<bool>,
    /// When it was revoked, RFC 3339.
    pub(crate) revoked_at: Option<String>,
    /// When the status was known to be right, RFC 3339.
    pub(crate) this_update: Option<String>,
    /// When there is something newer at the latest, RFC 3339.
    pub(crate) next_update: Option<String>,
    /// When the answer was signed, RFC 3339.
    pub(crate) produced_at: Option<String>,
    /// Why it is unusable, in English.
    pub(crate) why: Option<String>,
}

impl RevocationRow {
    fn of(staple: &Staple) -> Self {
        let answer = match staple {
            Staple::Answer(answer) => answer,
            Staple::Unusable(why) => {
                return Self {
                    status: "unusable".to_owned(),
                    signed: None,
                    revoked_at: None,
                    this_update: None,
                    next_update: None,
                    produced_at: None,
                    why: Some(why.clone()),
                };
            }
        };
        let revoked_at = match answer.status {
            Revocation::Revoked(at) => Some(at.to_string()),
            Revocation::Good | Revocation::Unknown => None,
        };
        Self {
            status: answer.status.name().to_owned(),
            signed: answer.signed.known(),
            revoked_at,
            this_update: Some(answer.this_update.to_string()),
            next_update: answer.next_update.map(|at| at.to_string()),
            produced_at: Some(answer.produced_at.to_string()),
            why: None,
        }
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct KeyRow {
    /// rsa, ec, ed25519, …
    pub(crate) algorithm: String,
    /// Size in bits.
    pub(crate) bits: u32,
    /// The curve, of an EC key.
    pub(crate) curve: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo, hexadecimal.
    pub(crate) fingerprint: String,
}

/// A probe for a known weakness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ProbeRow {
    /// Its name.
    pub(crate) name: String,
    /// Null where it is not known.
    pub(crate) vulnerable: Option<bool>,
    /// tested, inferred or incomplete.
    pub(crate) evidence: String,
    /// What shows it.
    pub(crate) detail: String,
}

/// An endpoint with what was found of it.
pub(super) fn row(
    endpoint: &TlsEndpoint,
    profile: Profile,
    level: Level,
    judgements: &[Judgement],
) -> EndpointRow {
    let probe = |p: &portvakt_model::VulnerabilityProbe| ProbeRow {
        name: p.name.to_owned(),
        vulnerable: p.vulnerable.known(),
        evidence: p.evidence.name().to_owned(),
        detail: p.detail.clone(),
    };
    let groups = endpoint.groups.iter().map(|seen| group_name(seen.group));
    EndpointRow {
        target: endpoint.target.clone(),
        address: endpoint.address.map(|a| a.to_string()),
        server_name: endpoint.server_name.clone(),
        starttls: endpoint.starttls.map(str::to_owned),
        at: endpoint.at.to_string(),
        profile: profile.name().to_owned(),
        level: level.name().to_owned(),
        connections: endpoint.connections,
        complete: endpoint.complete,
        enumerated: endpoint.enumerated,
        doubts: endpoint.doubts.clone(),
        protocols: TlsVersion::ALL.into_iter().map(|v| protocol(endpoint, v)).collect(),
        groups: once(groups),
        signature_schemes: endpoint.signature_schemes.iter().map(|s| signature_name(*s)).collect(),
        signatures_complete: endpoint.signatures_complete,
        dh_bits: endpoint.dh_bits.map(|(least, most)| [least, most]),
        traits: traits(&endpoint.traits),
        hsts: endpoint.hsts.clone().flatten(),
        certificates: endpoint.chains.iter().filter_map(leaf).collect(),
        probes: endpoint.probes.iter().map(probe).collect(),
        findings: judgements.iter().map(FindingRow::of).collect(),
    }
}

/// Every version has a row; one that nobody spoke of is not known.
fn protocol(endpoint: &TlsEndpoint, version: TlsVersion) -> (String, ProtocolRow) {
    let seen = endpoint.protocols.iter().find(|p| p.version == version);
    let row = |p: &ProtocolSeen| ProtocolRow {
        offered: p.offered.known(),
        suites: p.suites.iter().map(|code| suite_name(*code)).collect(),
        complete: p.complete,
        order: p.order.name().to_owned(),
    };
    let unknown = || ProtocolRow {
        offered: Offered::Unknown.known(),
        suites: Vec::new(),
        complete: false,
        order: "unknown".to_owned(),
    };
    (version.name().to_owned(), seen.map_or_else(unknown, row))
}

fn traits(t: &TlsTraits) -> TraitsRow {
    TraitsRow {
        secure_renegotiation: t.secure_renegotiation.known(),
        client_renegotiation: t.client_renegotiation.known(),
        extended_master_secret: t.extended_master_secret.known(),
        encrypt_then_mac: t.encrypt_then_mac.known(),
        compression: t.compression.known(),
        heartbeat: t.heartbeat.known(),
        fallback_scsv: t.fallback_scsv.known(),
        tickets: t.tickets.known(),
        tickets_12: t.tickets_12.known(),
        resumption: t.resumption.known(),
        early_data: t.early_data.known(),
        ocsp_staple: t.ocsp_staple.known(),
        client_certificate: t.client_certificate.known(),
        answers_without_sni: t.answers_without_sni.known(),
        alpn: t.alpn.clone(),
    }
}

fn leaf(chain: &Chain) -> Option<CertificateRow> {
    let (leaf, above) = chain.certificates.split_first()?;
    Some(CertificateRow {
        trust: Some(TrustRow::of([&chain.public, &chain.system, &chain.own])),
        name_matches: chain.name_matches,
        revocation: chain.staple.as_ref().map(RevocationRow::of),
        chain: above.iter().map(certificate).collect(),
        ..certificate(leaf)
    })
}

fn certificate(c: &Certificate) -> CertificateRow {
    CertificateRow {
        subject: c.subject.clone(),
        issuer: c.issuer.clone(),
        names: c.dns_names.iter().chain(&c.ip_names).cloned().collect(),
        serial: c.serial.clone(),
        not_before: c.not_before.to_string(),
        not_after: c.not_after.to_string(),
        key: KeyRow {
            algorithm: c.key.algorithm.clone(),
            bits: c.key.bits,
            curve: c.key.curve.clone(),
            fingerprint: report::hex(&c.key.fingerprint),
        },
        signature: c.signature_hash.map_or_else(|| c.signature_oid.clone(), str::to_owned),
        fingerprint: report::hex(&c.fingerprint),
        trust: None,
        name_matches: None,
        revocation: None,
        timestamps: c.sct_count,
        must_staple: c.must_staple,
        lints: c.lints.iter().map(|lint| (*lint).to_owned()).collect(),
        chain: Vec::new(),
    }
}

impl Row for EndpointRow {
    const COMMAND: &'static str = "portvakt tls";
    const SCHEMA: &'static str = "portvakt-tls-1";
}

impl Compared for EndpointRow {
    const CHANGES: &'static str = "portvakt-tls-diff-1";

    fn is_complete(&self) -> bool {
        self.complete
    }

    /// A verdict sees a few suites of those that it allows; which ones is chance.
    fn is_listed(&self) -> bool {
        self.complete && self.enumerated
    }

    fn offers(&self) -> BTreeSet<String> {
        let offered = self.protocols.iter().filter(|(_, row)| row.offered == Some(true));
        let versions = offered.clone().map(|(name, _)| name.clone());
        let suites = offered
            .flat_map(|(name, row)| row.suites.iter().map(move |suite| format!("{name} {suite}")));
        let groups = self.groups.iter().map(|group| format!("group {group}"));
        versions.chain(suites).chain(groups).collect()
    }

    /// Versions are asked for one by one, whatever else is not.
    fn is_asked_for_by_itself(name: &str) -> bool {
        !name.contains(' ')
    }

    fn refuses(&self, name: &str) -> bool {
        self.protocols.get(name).is_some_and(|row| row.offered == Some(false))
    }

    fn shown(&self) -> Shown {
        Shown::Certificates(self.certificates.iter().map(|c| c.fingerprint.clone()).collect())
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

    fn is_reached(&self) -> bool {
        self.protocols.values().any(|protocol| protocol.offered == Some(true))
    }

    fn findings(&self) -> &[FindingRow] {
        &self.findings
    }

    fn findings_mut(&mut self) -> &mut Vec<FindingRow> {
        &mut self.findings
    }

    fn offered(&self, lang: Lang) -> Vec<String> {
        super::offered::lines(self, lang)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use portvakt_checks::crypto::{Item, Level, Profile, policy, words_of};
    use portvakt_model::TlsVersion;
    use portvakt_scan::x509::lints::LINTS;

    /// Lints of what policies judge by the fields: key, exponent, signature hash, days.
    const BY_FIELDS: [&str; 15] = [
        "dsa-key",
        "ec-curve-deprecated",
        "ec-curve-under-224-bits",
        "md5-signature",
        "no-subject-alternative-name",
        "not-for-servers",
        "rsa-exponent-not-odd-above-1",
        "rsa-exponent-out-of-range",
        "rsa-modulus-under-2048-bits",
        "sha1-signature",
        "validity-over-100-days",
        "validity-over-200-days",
        "validity-over-398-days",
        "validity-over-47-days",
        "validity-over-825-days",
    ];

    #[test]
    fn every_lint_of_the_scanner_is_judged_and_has_words() {
        let policy = policy("portvakt-2026").unwrap().unwrap();
        let (profile, day) = (Profile::Public, date(2026, 11, 29));
        for lint in LINTS.iter().copied().flatten() {
            let level = policy.level(Item::Certificate, lint.name, TlsVersion::Tls13, profile, day);
            let is_judged = level != Level::NotAssessed || BY_FIELDS.contains(&lint.name);
            assert!(is_judged, "no rule judges {}", lint.name);
            assert!(words_of(lint.name).is_some(), "no words for {}", lint.name);
        }
    }
}

//! Our own results on endpoints of TLS and SSH.
//!
//! What the file does not say is not known. A name that this version does not have is told as a doubt,
//! and the endpoint counts as incomplete: nothing is judged better for what could not be read.

mod certificate;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;
use portvakt_model::registry::{group_code, signature_code, suite_code};
use portvakt_model::{
    Chain, Evidence, GroupSeen, HostKey, Offered, ProtocolSeen, SshEndpoint, SuiteOrder,
    TlsEndpoint, TlsTraits, TlsVersion, VulnerabilityProbe,
};
use portvakt_scan::tls::starttls::StartTls;
use portvakt_scan::x509::certificate as certificate_of;
use portvakt_scan::x509::files::{Held, read as files};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::certificate::CertificateRow;
use super::json::{Record, moment};
use super::run;
use super::{Reading, faults};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    endpoints: Option<Vec<&'a RawValue>>,
}

/// By which key an endpoint is of SSH.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    kex: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TlsRow {
    target: String,
    address: Option<String>,
    server_name: Option<String>,
    starttls: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    at: Option<Timestamp>,
    #[serde(default)]
    connections: u32,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    enumerated: bool,
    #[serde(default)]
    doubts: Vec<String>,
    #[serde(default)]
    protocols: BTreeMap<String, ProtocolRow>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    signature_schemes: Vec<String>,
    #[serde(default)]
    signatures_complete: bool,
    dh_bits: Option<[u32; 2]>,
    #[serde(default)]
    traits: TraitsRow,
    hsts: Option<String>,
    #[serde(default)]
    certificates: Vec<CertificateRow>,
    #[serde(default)]
    probes: Vec<ProbeRow>,
}

#[derive(Deserialize)]
struct ProtocolRow {
    offered: Option<bool>,
    #[serde(default)]
    suites: Vec<String>,
    #[serde(default)]
    complete: bool,
    order: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TraitsRow {
    secure_renegotiation: Option<bool>,
    client_renegotiation: Option<bool>,
    extended_master_secret: Option<bool>,
    encrypt_then_mac: Option<bool>,
    compression: Option<bool>,
    heartbeat: Option<bool>,
    fallback_scsv: Option<bool>,
    tickets: Option<bool>,
    tickets_12: Option<bool>,
    resumption: Option<bool>,
    early_data: Option<bool>,
    ocsp_staple: Option<bool>,
    client_certificate: Option<bool>,
    answers_without_sni: Option<bool>,
    #[serde(default)]
    alpn: Vec<String>,
}

#[derive(Deserialize)]
struct ProbeRow {
    name: String,
    vulnerable: Option<bool>,
    evidence: Option<String>,
    detail: Option<String>,
}

#[derive(Deserialize)]
struct SshRow {
    target: String,
    address: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    at: Option<Timestamp>,
    #[serde(default)]
    connections: u32,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    doubts: Vec<String>,
    banner: Option<String>,
    #[serde(default)]
    kex: Vec<String>,
    #[serde(default)]
    host_key_algorithms: Vec<String>,
    #[serde(default)]
    ciphers: Directions,
    #[serde(default)]
    macs: Directions,
    #[serde(default)]
    compression: Directions,
    #[serde(default)]
    host_keys: Vec<HostKeyRow>,
    gex_bits: Option<u32>,
}

/// To the server and from it; one list where both are the same.
#[derive(Deserialize)]
#[serde(untagged)]
enum Directions {
    Both([Vec<String>; 2]),
    Named { to_server: Vec<String>, from_server: Vec<String> },
    Same(Vec<String>),
}

#[derive(Deserialize)]
struct HostKeyRow {
    kind: String,
    bits: u32,
    fingerprint: String,
}

/// Every endpoint of a document.
pub(super) fn document(record: Record<'_>, reading: &mut Reading<'_>) {
    let Some(document) = record.read::<Document<'_>>(reading) else { return };
    for part in document.endpoints.into_iter().flatten() {
        let part = record.inner(part);
        match part.read::<Keys<'_>>(reading) {
            Some(keys) if keys.kex.is_some() => ssh(part, reading),
            Some(_) => tls(part, reading),
            None => {}
        }
    }
}

/// One endpoint of TLS.
pub(super) fn tls(record: Record<'_>, reading: &mut Reading<'_>) {
    let Some(row) = record.read::<TlsRow>(reading) else { return };
    let Some(at) = row.at else {
        reading.fault(record.offset(), faults::NO_TIME);
        return;
    };
    reading.found.tls.push(row.endpoint(at));
}

/// One endpoint of SSH.
pub(super) fn ssh(record: Record<'_>, reading: &mut Reading<'_>) {
    let Some(row) = record.read::<SshRow>(reading) else { return };
    let Some(at) = row.at else {
        reading.fault(record.offset(), faults::NO_TIME);
        return;
    };
    reading.found.ssh.push(row.endpoint(at));
}

/// An endpoint of which another scanner tells some things, and not what it did not ask.
pub(super) fn partial(
    target: String,
    address: Option<SocketAddr>,
    at: Timestamp,
    tool: &str,
) -> TlsEndpoint {
    let doubts = vec![format!("read from {tool}, which does not say what it did not ask")];
    TlsEndpoint { doubts, ..TlsEndpoint::unknown(target, address, at) }
}

/// A chain in PEM. No roots are asked.
pub(super) fn chain(pem: &str) -> Option<Chain> {
    let held = files(pem.as_bytes(), &[])?.certificates;
    let read = |held: &Held| certificate_of(&held.der).ok();
    let certificates: Vec<_> = held.iter().filter_map(read).collect();
    (!certificates.is_empty()).then(|| Chain { certificates, ..Chain::default() })
}

impl TlsRow {
    fn endpoint(self, at: Timestamp) -> TlsEndpoint {
        let mut doubts: Vec<String> = self.doubts.iter().map(|d| run::clean(d)).collect();
        let told = doubts.len();
        let mut protocols = Vec::new();
        for (name, row) in &self.protocols {
            match TlsVersion::ALL.into_iter().find(|v| v.name() == name) {
                Some(version) => protocols.push(row.seen(version, &mut doubts)),
                None => doubts.push(unknown("version", name)),
            }
        }
        protocols.sort_by_key(|seen| seen.version);
        // The file does not say which version a group was seen in.
        let version = protocols.iter().rfind(|p| p.offered == Offered::Yes).map(|p| p.version);
        let version = version.unwrap_or(TlsVersion::Tls13);
        let groups = codes(&self.groups, "group", group_code, &mut doubts);
        let signature_schemes =
            codes(&self.signature_schemes, "signature scheme", signature_code, &mut doubts);
        let starttls = self.starttls.as_deref().map(StartTls::parse);
        if starttls == Some(None) {
            doubts.push(unknown("protocol", self.starttls.as_deref().unwrap_or_default()));
        }
        let probes = self.probes.iter().filter_map(|probe| probe.seen(&mut doubts)).collect();
        let chains: Vec<Chain> =
            self.certificates.iter().filter_map(|row| row.chain(&mut doubts)).collect();
        TlsEndpoint {
            target: run::clean(&self.target),
            address: address(self.address.as_deref()),
            server_name: run::said(self.server_name.as_deref()),
            starttls: starttls.flatten().map(StartTls::name),
            at,
            connections: self.connections,
            complete: self.complete && doubts.len() == told,
            enumerated: self.enumerated,
            doubts,
            protocols,
            groups: groups.into_iter().map(|group| GroupSeen { group, version }).collect(),
            signature_schemes,
            signatures_complete: self.signatures_complete,
            dh_bits: self.dh_bits.map(|[least, most]| (least, most)),
            traits: self.traits.seen(),
            chains,
            probes,
            hsts: self.hsts.map(|header| Some(run::clean(&header))),
        }
    }
}

impl ProtocolRow {
    fn seen(&self, version: TlsVersion, doubts: &mut Vec<String>) -> ProtocolSeen {
        let before = doubts.len();
        let suites = codes(&self.suites, "suite", suite_code, doubts);
        let order = match self.order.as_deref() {
            Some("server") => SuiteOrder::Server,
            Some("client") => SuiteOrder::Client,
            _ => SuiteOrder::Unknown,
        };
        let complete = self.complete && doubts.len() == before;
        ProtocolSeen { version, offered: offered(self.offered), suites, complete, order }
    }
}

impl TraitsRow {
    fn seen(&self) -> TlsTraits {
        TlsTraits {
            secure_renegotiation: offered(self.secure_renegotiation),
            client_renegotiation: offered(self.client_renegotiation),
            extended_master_secret: offered(self.extended_master_secret),
            encrypt_then_mac: offered(self.encrypt_then_mac),
            compression: offered(self.compression),
            heartbeat: offered(self.heartbeat),
            fallback_scsv: offered(self.fallback_scsv),
            tickets: offered(self.tickets),
            tickets_12: offered(self.tickets_12),
            resumption: offered(self.resumption),
            early_data: offered(self.early_data),
            ocsp_staple: offered(self.ocsp_staple),
            client_certificate: offered(self.client_certificate),
            answers_without_sni: offered(self.answers_without_sni),
            alpn: self.alpn.iter().filter_map(|name| run::said(Some(name))).collect(),
        }
    }
}

/// Names of probes.
const PROBES: [&str; 4] = ["heartbleed", "ccs-injection", "robot", "ticketbleed"];

impl ProbeRow {
    fn seen(&self, doubts: &mut Vec<String>) -> Option<VulnerabilityProbe> {
        let Some(name) = PROBES.into_iter().find(|name| *name == self.name) else {
            doubts.push(unknown("probe", &self.name));
            return None;
        };
        let evidence = match self.evidence.as_deref() {
            Some("tested") => Evidence::Tested,
            Some("inferred") => Evidence::Inferred,
            _ => Evidence::Incomplete,
        };
        Some(VulnerabilityProbe {
            name,
            vulnerable: offered(self.vulnerable),
            evidence,
            detail: run::clean(self.detail.as_deref().unwrap_or_default()),
        })
    }
}

impl SshRow {
    fn endpoint(self, at: Timestamp) -> SshEndpoint {
        let mut doubts: Vec<String> = self.doubts.iter().map(|d| run::clean(d)).collect();
        let told = doubts.len();
        let keys = self.host_keys.iter().filter_map(|row| row.seen(&mut doubts)).collect();
        SshEndpoint {
            target: run::clean(&self.target),
            address: address(self.address.as_deref()),
            at,
            connections: self.connections,
            complete: self.complete && doubts.len() == told,
            doubts,
            banner: run::clean(self.banner.as_deref().unwrap_or_default()),
            kex: names(&self.kex),
            host_key_algorithms: names(&self.host_key_algorithms),
            ciphers: self.ciphers.lists(),
            macs: self.macs.lists(),
            compression: self.compression.lists(),
            host_keys: keys,
            gex_bits: self.gex_bits,
        }
    }
}

impl Default for Directions {
    fn default() -> Self {
        Self::Same(Vec::new())
    }
}

impl Directions {
    fn lists(&self) -> [Vec<String>; 2] {
        match self {
            Self::Both([to, from]) | Self::Named { to_server: to, from_server: from } => {
                [names(to), names(from)]
            }
            Self::Same(list) => [names(list), names(list)],
        }
    }
}

impl HostKeyRow {
    fn seen(&self, doubts: &mut Vec<String>) -> Option<HostKey> {
        let Some(fingerprint) = digest(&self.fingerprint) else {
            doubts.push(unknown("fingerprint", &self.fingerprint));
            return None;
        };
        Some(HostKey { kind: run::clean(&self.kind), bits: self.bits, fingerprint })
    }
}

fn names(list: &[String]) -> Vec<String> {
    list.iter().map(|name| run::clean(name)).collect()
}

fn offered(word: Option<bool>) -> Offered {
    match word {
        Some(true) => Offered::Yes,
        Some(false) => Offered::No,
        None => Offered::Unknown,
    }
}

/// Code points by their names; a name that is not known is a doubt.
fn codes<T>(
    names: &[String],
    what: &str,
    code: impl Fn(&str) -> Option<T>,
    doubts: &mut Vec<String>,
) -> Vec<T> {
    let mut known = Vec::with_capacity(names.len());
    for name in names {
        match code(name) {
            Some(code) => known.push(code),
            None => doubts.push(unknown(what, name)),
        }
    }
    known
}

fn unknown(what: &str, name: &str) -> String {
    format!("the {what} \"{}\" in the file is not known, and was left out", run::clean(name))
}

fn address(text: Option<&str>) -> Option<SocketAddr> {
    text?.parse().ok()
}

/// SHA-256 as hexadecimal, with or without colons, or as OpenSSH writes it.
fn digest(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    if let Some(coded) = text.strip_prefix("SHA256:") {
        let bytes =
            base64::engine::general_purpose::STANDARD_NO_PAD.decode(coded.trim_end_matches('='));
        return bytes.ok()?.try_into().ok();
    }
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b':').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes = digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>();
    bytes?.try_into().ok()
}

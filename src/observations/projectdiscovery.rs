//! naabu's and tlsx's JSONL: one record for each open port or TLS endpoint.
//!
//! Neither says what was asked and did not answer, so that such a run is never a complete one.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use portvakt_model::registry::suite_code;
use portvakt_model::{
    Certificate, Chain, Offered, PortProtocol, PortState, ProtocolSeen, ScanRun, SuiteOrder,
    TlsEndpoint, TlsVersion,
};
use serde::Deserialize;

use super::json::{Record, moment, port_number};
use super::run::{self, Hosts};
use super::{Reading, endpoints, faults};

/// Records of naabu.
#[derive(Default)]
pub(super) struct Naabu {
    hosts: Hosts,
    span: Option<(Timestamp, Timestamp)>,
}

#[derive(Deserialize)]
struct NaabuRow {
    /// A name, or the address again.
    host: Option<String>,
    ip: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    timestamp: Option<Timestamp>,
    port: NaabuPort,
    protocol: Option<String>,
    #[serde(default)]
    tls: bool,
    service: Option<NaabuService>,
}

/// A number; before 2.1.2 an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum NaabuPort {
    Number(u16),
    Object {
        #[serde(rename = "Port")]
        port: u16,
        #[serde(rename = "Protocol", default)]
        protocol: u8,
        #[serde(rename = "TLS", default)]
        tls: bool,
    },
}

#[derive(Deserialize)]
struct NaabuService {
    name: Option<String>,
    product: Option<String>,
    version: Option<String>,
}

impl Naabu {
    pub(super) fn take(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        let Some(row) = record.read::<NaabuRow>(reading) else { return };
        let address = |text: &Option<String>| text.as_deref()?.trim().parse::<IpAddr>().ok();
        let Some(found) = address(&row.ip).or_else(|| address(&row.host)) else {
            reading.fault(record.offset(), faults::NO_ADDRESS);
            return;
        };
        if let Some(at) = row.timestamp {
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
        }
        let (port, udp, inside_tls) = match row.port {
            NaabuPort::Number(port) => (port, row.protocol.as_deref() == Some("udp"), row.tls),
            NaabuPort::Object { port, protocol, tls } => (port, protocol == 1, tls || row.tls),
        };
        let protocol = if udp { PortProtocol::Udp } else { PortProtocol::Tcp };
        let mut seen = run::port(port, protocol, PortState::Open);
        seen.at = row.timestamp;
        seen.service = row.service.map(NaabuService::seen);
        if inside_tls {
            seen.service.get_or_insert_default().tls = true;
        }
        let host = self.hosts.host(found);
        host.up = true;
        host.names.extend(row.host.filter(|name| name.parse::<IpAddr>().is_err()));
        host.ports.push(seen);
    }

    pub(super) fn give(self, reading: &mut Reading<'_>) {
        if self.hosts.is_empty() {
            return;
        }
        let (started, ended) = self.span.unzip();
        let mut run = ScanRun { tool: "naabu".to_owned(), started, ended, ..ScanRun::default() };
        self.hosts.finish(&mut run);
        reading.give(run);
    }
}

impl NaabuService {
    fn seen(self) -> portvakt_model::ServiceSeen {
        let mut seen = run::service(self.name.as_deref().unwrap_or_default(), true);
        let words = [self.product, self.version].into_iter().flatten().collect::<Vec<_>>();
        seen.product = run::said(Some(&words.join(" ")));
        seen
    }
}

/// Records of tlsx.
#[derive(Default)]
pub(super) struct Tlsx {
    hosts: Hosts,
}

#[derive(Deserialize)]
struct TlsxRow {
    #[serde(default, deserialize_with = "moment")]
    timestamp: Option<Timestamp>,
    host: String,
    ip: Option<IpAddr>,
    #[serde(deserialize_with = "port_number")]
    port: u16,
    /// `false` where no handshake came about.
    probe_status: Option<bool>,
    tls_version: Option<String>,
    cipher: Option<String>,
    sni: Option<String>,
    /// PEM, with `-cert`.
    certificate: Option<String>,
    /// What it tells of the certificate without the option.
    #[serde(flatten)]
    summary: TlsxCertificate,
    #[serde(default)]
    version_enum: Vec<String>,
    #[serde(default)]
    cipher_enum: Vec<TlsxCiphers>,
}

/// Versions that `-ve` seeks, whatever library does it.
const SOUGHT: [TlsVersion; 4] =
    [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls13];

/// A certificate in a few words.
#[derive(Deserialize)]
struct TlsxCertificate {
    #[serde(default, deserialize_with = "moment")]
    not_before: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    not_after: Option<Timestamp>,
    subject_dn: Option<String>,
    subject_cn: Option<String>,
    #[serde(default)]
    subject_an: Vec<String>,
    issuer_dn: Option<String>,
    issuer_cn: Option<String>,
    serial: Option<String>,
    fingerprint_hash: Option<TlsxHashes>,
}

/// Digests of the certificate.
#[derive(Deserialize)]
struct TlsxHashes {
    sha256: Option<String>,
}

impl TlsxHashes {
    fn fingerprint(&self) -> Option<[u8; 32]> {
        let text = self.sha256.as_deref()?.as_bytes();
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(bytes)
    }
}

/// Suites of one version, by how tlsx likes them.
#[derive(Deserialize)]
struct TlsxCiphers {
    version: String,
    #[serde(default)]
    ciphers: BTreeMap<String, Vec<String>>,
}

impl Tlsx {
    pub(super) fn take(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        let Some(row) = record.read::<TlsxRow>(reading) else { return };
        // A probe that failed says neither that the port is closed nor that it has no TLS.
        if row.probe_status == Some(false) {
            return;
        }
        if let Some(address) = row.address() {
            self.see(address, &row);
        }
        match row.timestamp {
            Some(at) => reading.found.tls.push(row.endpoint(at)),
            None => reading.fault(record.offset(), faults::NO_TIMESTAMP),
        }
    }

    fn see(&mut self, address: IpAddr, row: &TlsxRow) {
        let host = self.hosts.host(address);
        host.up = true;
        host.names.extend(Some(&row.host).filter(|name| name.parse::<IpAddr>().is_err()).cloned());
        let mut seen = run::port(row.port, PortProtocol::Tcp, PortState::Open);
        seen.at = row.timestamp;
        let service = run::service("ssl", true);
        seen.service = Some(portvakt_model::ServiceSeen { tls: true, ..service });
        host.ports.push(seen);
    }

    pub(super) fn give(self, reading: &mut Reading<'_>) {
        if self.hosts.is_empty() {
            return;
        }
        let mut run = ScanRun { tool: "tlsx".to_owned(), ..ScanRun::default() };
        self.hosts.finish(&mut run);
        reading.give(run);
    }
}

impl TlsxRow {
    fn address(&self) -> Option<IpAddr> {
        self.ip.or_else(|| self.host.parse().ok())
    }

    /// What one handshake shows: that its version is offered, and nothing of the others, unless they were
    /// sought one by one (`-ve`).
    fn endpoint(self, at: Timestamp) -> TlsEndpoint {
        let address = self.address();
        let (port, server_name) = (self.port, self.sni.clone());
        let versions = self.version_enum.iter().chain(&self.tls_version).map(String::as_str);
        let mut offered: Vec<TlsVersion> = versions.filter_map(named).collect();
        offered.sort_unstable();
        offered.dedup();
        let sought = SOUGHT.into_iter().filter(|_| !self.version_enum.is_empty());
        let refused = sought.filter(|version| !offered.contains(version));
        let told = offered.iter().map(|version| (*version, Offered::Yes));
        let mut told: Vec<_> = told.chain(refused.map(|version| (version, Offered::No))).collect();
        told.sort_unstable_by_key(|(version, _)| *version);
        let protocols = told.into_iter().map(|(version, offered)| ProtocolSeen {
            version,
            offered,
            suites: self.suites(version),
            complete: false,
            order: SuiteOrder::Unknown,
        });
        let target = format!("{}:{port}", run::clean(&self.host));
        let address = address.map(|ip| SocketAddr::new(ip, port));
        TlsEndpoint {
            server_name: run::said(server_name.as_deref()),
            protocols: protocols.collect(),
            chains: self.chain().into_iter().collect(),
            ..endpoints::partial(target, address, at, "tlsx")
        }
    }

    /// The certificate itself, or what is told of it.
    fn chain(&self) -> Option<Chain> {
        let whole = self.certificate.as_deref().and_then(endpoints::chain);
        let told = || Some(Chain { certificates: vec![self.summary.told()?], ..Chain::default() });
        whole.or_else(told)
    }

    /// Suites of a version that were seen: the one that was agreed on, and those that were sought.
    fn suites(&self, version: TlsVersion) -> Vec<u32> {
        let agreed = self
            .cipher
            .iter()
            .filter(|_| self.tls_version.as_deref().and_then(named) == Some(version));
        let sought = self.cipher_enum.iter().filter(|row| named(&row.version) == Some(version));
        let sought = sought.flat_map(|row| row.ciphers.values().flatten());
        let mut codes: Vec<u32> =
            agreed.chain(sought).filter_map(|name| suite_code(name)).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

impl TlsxCertificate {
    /// What is told of a certificate; `None` without its validity, which is what it is told for.
    fn told(&self) -> Option<Certificate> {
        let name = |dn: &Option<String>, cn: &Option<String>| {
            let cn = || cn.as_ref().map(|cn| format!("CN={cn}"));
            run::said(dn.clone().or_else(cn).as_deref()).unwrap_or_default()
        };
        let (ip_names, dns_names): (Vec<String>, Vec<String>) = self
            .subject_an
            .iter()
            .map(|n| run::clean(n))
            .partition(|n| n.parse::<IpAddr>().is_ok());
        let hashes = self.fingerprint_hash.as_ref();
        Some(Certificate {
            fingerprint: hashes.and_then(TlsxHashes::fingerprint).unwrap_or_default(),
            subject: name(&self.subject_dn, &self.subject_cn),
            common_names: self.subject_cn.iter().map(|cn| run::clean(cn)).collect(),
            issuer: name(&self.issuer_dn, &self.issuer_cn),
            serial: self.serial.as_deref().map(run::clean).unwrap_or_default(),
            not_before: self.not_before?,
            not_after: self.not_after?,
            has_san: !self.subject_an.is_empty(),
            dns_names,
            ip_names,
            ..Certificate::default()
        })
    }
}

/// A version in tlsx's words.
fn named(word: &str) -> Option<TlsVersion> {
    match word {
        "ssl30" => Some(TlsVersion::Ssl3),
        "tls10" => Some(TlsVersion::Tls10),
        "tls11" => Some(TlsVersion::Tls11),
        "tls12" => Some(TlsVersion::Tls12),
        "tls13" => Some(TlsVersion::Tls13),
        _ => None,
    }
}

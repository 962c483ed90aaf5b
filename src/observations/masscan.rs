//! masscan's JSON (`-oJ`, `-oD`): what answered, one record for each answer.
//!
//! Neither says what was asked and did not answer, so that such a run is never a complete one.

use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{PortSeen, ScanRun};
use serde::Deserialize;

use super::Reading;
use super::json::{Record, port_number};
use super::run::{self, Hosts};

/// Records of one run.
#[derive(Default)]
pub(super) struct Masscan {
    hosts: Hosts,
    /// The first and the last answer.
    span: Option<(Timestamp, Timestamp)>,
}

#[derive(Deserialize)]
struct Row {
    ip: IpAddr,
    timestamp: Option<String>,
    /// Of `-oJ`.
    #[serde(default)]
    ports: Vec<Port>,
    /// Of `-oD`: the record is itself about one port.
    #[serde(default, deserialize_with = "maybe_port")]
    port: Option<u16>,
    proto: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Port {
    #[serde(rename = "port", deserialize_with = "port_number")]
    number: u16,
    proto: String,
    status: Option<String>,
    reason: Option<String>,
    service: Option<Banner>,
}

#[derive(Deserialize)]
struct Banner {
    name: Option<String>,
    banner: Option<String>,
}

/// An answer or a banner of `-oD`.
#[derive(Deserialize)]
struct Data {
    status: Option<String>,
    reason: Option<String>,
    service_name: Option<String>,
    banner: Option<String>,
}

fn maybe_port<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    port_number(from).map(Some)
}

impl Masscan {
    pub(super) fn take(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        let Some(row) = record.read::<Row>(reading) else { return };
        let at = row.timestamp.as_deref().and_then(|t| t.trim().parse().ok());
        let at = at.and_then(|second| Timestamp::from_second(second).ok());
        if let Some(at) = at {
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
        }
        let host = self.hosts.host(row.ip);
        host.up = true;
        let single = row.port.zip(row.proto).map(|(port, proto)| Port::of(port, proto, row.data));
        let ports = row.ports.into_iter().chain(single);
        host.ports.extend(ports.filter_map(|port| port.seen(at)));
    }

    pub(super) fn give(self, reading: &mut Reading<'_>) {
        if self.hosts.is_empty() {
            return;
        }
        let (started, ended) = self.span.unzip();
        let mut run = ScanRun { tool: "masscan".to_owned(), started, ended, ..ScanRun::default() };
        self.hosts.finish(&mut run);
        reading.give(run);
    }
}

impl Port {
    fn of(port: u16, proto: String, data: Option<Data>) -> Self {
        let (mut status, mut reason, mut service) = (None, None, None);
        if let Some(data) = data {
            (status, reason) = (data.status, data.reason);
            let name = data.service_name;
            service = name.is_some().then_some(Banner { name, banner: data.banner });
        }
        Self { number: port, proto, status, reason, service }
    }

    /// A banner without a status shows that the port is open: somebody spoke there.
    fn seen(self, at: Option<Timestamp>) -> Option<PortSeen> {
        let protocol = run::protocol(&self.proto)?;
        let spoke = if self.service.is_some() { "open" } else { "" };
        let state = run::state(self.status.as_deref().unwrap_or(spoke));
        let mut seen = run::port(self.number, protocol, state);
        seen.at = at;
        seen.reason = run::clean(self.reason.as_deref().unwrap_or_default());
        seen.service = self.service.map(|service| {
            let mut known = run::service(name(service.name.as_deref().unwrap_or_default()), true);
            known.tls = matches!(service.name.as_deref(), Some("ssl" | "X509"));
            known.evidence = run::clean(service.banner.as_deref().unwrap_or_default());
            known
        });
        Some(seen)
    }
}

/// masscan's names for banners are kinds of banners; this is the service that says them.
fn name(banner: &str) -> &str {
    match banner {
        "title" | "http.server" | "html" => "http",
        "X509" => "ssl",
        other => other,
    }
}

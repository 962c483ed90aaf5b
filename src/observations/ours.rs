//! Our own results: a document of hosts, or one record on each line.
//!
//! Read leniently, so that what an older or a newer version wrote is of use too: a key that is missing
//! is not known, and a key that is not known is passed over.

use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{
    HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ScanRun, ServiceSeen,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{Record, moment};
use super::run::{self, Hosts};
use super::{Reading, faults};

/// Records of one run.
#[derive(Default)]
pub(super) struct Ours {
    hosts: Hosts,
    run: ScanRun,
    /// Whether any record of ours was seen.
    any: bool,
}

/// A whole result, and what each part of it can say on its own.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    hosts: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    run: Option<&'a RawValue>,
}

/// What is known of the run as a whole. It stands at the top, or under `run`; there, a text is the
/// run's name in the record.
#[derive(Deserialize)]
struct Facts {
    tool: Option<String>,
    version: Option<String>,
    sensor: Option<String>,
    sources: Option<Vec<IpAddr>>,
    targets: Option<Vec<Target>>,
    skipped: Option<Vec<Target>>,
    not_known: Option<Vec<Target>>,
    method: Option<String>,
    asked_ports: Option<Ranges>,
    authorised_by: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    started: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    ended: Option<Timestamp>,
    complete: Option<bool>,
    sent: Option<u64>,
    answered: Option<u64>,
    unmatched: Option<u64>,
    incomplete: Option<u64>,
    dropped: Option<u64>,
}

/// First and last address, or `10.1.2.0/24`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    Ends([IpAddr; 2]),
    Text(String),
}

impl Target {
    fn ends(&self) -> Option<(IpAddr, IpAddr)> {
        match self {
            Self::Ends([lo, hi]) => {
                (lo.is_ipv4() == hi.is_ipv4() && lo <= hi).then_some((*lo, *hi))
            }
            Self::Text(text) => run::addresses(text),
        }
    }
}

#[derive(Deserialize)]
struct HostRow<'a> {
    address: IpAddr,
    names: Option<Vec<String>>,
    mac: Option<String>,
    up: Option<bool>,
    #[serde(borrow)]
    ports: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    rest: Option<Vec<&'a RawValue>>,
}

/// A port, inside a host or on a line of its own.
#[derive(Deserialize)]
struct PortRow {
    address: Option<IpAddr>,
    port: u16,
    protocol: Option<String>,
    state: Option<String>,
    reason: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    at: Option<Timestamp>,
    tries: Option<u8>,
    rtt_us: Option<u32>,
    service: Option<ServiceRow>,
}

/// The name alone, or all that is known.
#[derive(Deserialize)]
#[serde(untagged)]
enum ServiceRow {
    Name(String),
    Known {
        name: Option<String>,
        tls: Option<bool>,
        starttls: Option<bool>,
        product: Option<String>,
        title: Option<String>,
        evidence: Option<String>,
        asked: Option<bool>,
    },
}

#[derive(Deserialize)]
struct RestRow {
    protocol: Option<String>,
    state: Option<String>,
    #[serde(alias = "ranges")]
    ports: Option<Ranges>,
}

/// `1-9,22`, or numbers and pairs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ranges {
    Text(String),
    List(Vec<Range>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Range {
    One(u16),
    Pair(u16, u16),
    Text(String),
}

impl Ours {
    pub(super) fn document(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        self.facts(record, reading);
        let Some(document) = record.read::<Document<'_>>(reading) else { return };
        for host in document.hosts.into_iter().flatten() {
            self.host(record.inner(host), reading);
        }
    }

    pub(super) fn facts(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        self.any = true;
        if let Some(facts) = record.read::<Facts>(reading) {
            facts.fill(&mut self.run);
        }
        let inner = record.read::<Document<'_>>(reading).and_then(|d| d.run);
        let inner = inner.filter(|run| run.get().starts_with('{'));
        if let Some(facts) = inner.and_then(|run| record.inner(run).read::<Facts>(reading)) {
            facts.fill(&mut self.run);
        }
    }

    pub(super) fn host(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        self.any = true;
        let Some(row) = record.read::<HostRow<'_>>(reading) else { return };
        let mut ports = Vec::new();
        for port in row.ports.into_iter().flatten() {
            ports.extend(record.inner(port).read::<PortRow>(reading).and_then(PortRow::seen));
        }
        let mut rest = Vec::new();
        for part in row.rest.into_iter().flatten() {
            let part = record.inner(part);
            let Some(row) = part.read::<RestRow>(reading) else { continue };
            match row.seen() {
                Some(seen) => rest.push(seen),
                None => reading.fault(part.offset(), faults::NO_PORTS),
            }
        }
        let host = self.hosts.host(row.address);
        host.up |= row.up.unwrap_or(false);
        host.mac = host.mac.or_else(|| run::mac(row.mac.as_deref()?));
        host.names.extend(row.names.into_iter().flatten().map(|name| run::clean(&name)));
        host.ports.append(&mut ports);
        host.rest.append(&mut rest);
    }

    pub(super) fn port(&mut self, record: Record<'_>, reading: &mut Reading<'_>) {
        self.any = true;
        let Some(row) = record.read::<PortRow>(reading) else { return };
        let Some(address) = row.address else { return };
        let host: &mut HostSeen = self.hosts.host(address);
        host.ports.extend(row.seen());
    }

    pub(super) fn give(mut self, reading: &mut Reading<'_>) {
        if !self.any {
            return;
        }
        if self.run.tool.is_empty() {
            "portvakt".clone_into(&mut self.run.tool);
        }
        self.hosts.finish(&mut self.run);
        reading.give(self.run);
    }
}

impl Facts {
    /// Later records know more: the last one on a line of its own tells how the run ended.
    fn fill(self, run: &mut ScanRun) {
        let tool = self.tool.or_else(|| Some(format!("portvakt {}", self.version?)));
        if let Some(tool) = tool {
            run.tool = run::clean(&tool);
        }
        run.sensor = run::said(self.sensor.as_deref()).or(run.sensor.take());
        run.authorised_by = run::said(self.authorised_by.as_deref()).or(run.authorised_by.take());
        run.sources = self.sources.unwrap_or(std::mem::take(&mut run.sources));
        if let Some(targets) = self.targets {
            run.targets = targets.iter().filter_map(Target::ends).collect();
        }
        let not_asked = self.skipped.iter().chain(&self.not_known).flatten();
        run.not_asked.extend(not_asked.filter_map(Target::ends));
        if let Some(ports) = self.asked_ports.and_then(Ranges::joined) {
            let udp = self.method.as_deref() == Some("udp");
            let protocol = if udp { PortProtocol::Udp } else { PortProtocol::Tcp };
            run.ports = vec![(protocol, ports)];
        }
        run.started = self.started.or(run.started);
        run.ended = self.ended.or(run.ended);
        run.complete = self.complete.unwrap_or(run.complete);
        let counts = &mut run.counts;
        counts.sent = self.sent.unwrap_or(counts.sent);
        counts.answered = self.answered.unwrap_or(counts.answered);
        counts.unmatched = self.unmatched.unwrap_or(counts.unmatched);
        counts.incomplete = self.incomplete.unwrap_or(counts.incomplete);
        counts.dropped = self.dropped.unwrap_or(counts.dropped);
    }
}

impl PortRow {
    fn seen(self) -> Option<PortSeen> {
        let protocol = self.protocol.as_deref().map_or(Some(PortProtocol::Tcp), run::protocol)?;
        Some(PortSeen {
            port: self.port,
            protocol,
            state: run::state(self.state.as_deref().unwrap_or_default()),
            reason: run::clean(self.reason.as_deref().unwrap_or_default()),
            at: self.at,
            tries: self.tries.unwrap_or(0),
            rtt_us: self.rtt_us,
            service: self.service.map(ServiceRow::seen),
        })
    }
}

impl ServiceRow {
    /// A service of which it is not said that it was asked was guessed.
    fn seen(self) -> ServiceSeen {
        match self {
            Self::Name(name) => run::service(&name, false),
            Self::Known { name, tls, starttls, product, title, evidence, asked } => ServiceSeen {
                name: run::clean(name.as_deref().unwrap_or_default()),
                tls: tls.unwrap_or(false),
                starttls: starttls.unwrap_or(false),
                starttls_unasked: starttls.is_none(),
                product: run::said(product.as_deref()),
                title: run::said(title.as_deref()),
                evidence: run::clean(evidence.as_deref().unwrap_or_default()),
                asked: asked.unwrap_or(false),
            },
        }
    }
}

impl RestRow {
    fn seen(self) -> Option<PortRanges> {
        let protocol = self.protocol.as_deref().map_or(Some(PortProtocol::Tcp), run::protocol)?;
        let state = self.state.as_deref().map_or(PortState::Incomplete, run::state);
        Some(PortRanges { protocol, state, ranges: self.ports?.joined()? })
    }
}

impl Ranges {
    /// In rising order; `None` when one of them cannot be read.
    fn joined(self) -> Option<Vec<(u16, u16)>> {
        match self {
            Self::Text(text) => run::port_list(&text),
            Self::List(list) => {
                let all = list.iter().map(Range::ends).collect::<Option<Vec<_>>>()?;
                Some(run::joined(all.into_iter().flatten().collect()))
            }
        }
    }
}

impl Range {
    fn ends(&self) -> Option<Vec<(u16, u16)>> {
        match self {
            Self::One(port) => Some(vec![(*port, *port)]),
            Self::Pair(lo, hi) => Some(vec![(*lo, *hi)]),
            Self::Text(text) => run::port_list(text),
        }
    }
}

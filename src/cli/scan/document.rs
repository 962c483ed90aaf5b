//! What a scan tells, for machines.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{HostSeen, PortRanges, PortSeen, PortState, ScanCounts, ServiceSeen};
use portvakt_scan::plan::Range;
use schemars::JsonSchema;
use serde::Serialize;

/// Name and version of the schema.
const SCHEMA: &str = "portvakt-scan-1";

/// What a scan found.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    #[serde(flatten)]
    pub(super) facts: Facts,
    /// Hosts by address. Where more than 256 addresses were asked, those of which nothing was heard stand in
    /// silent, skipped or not_known instead.
    pub(super) hosts: Vec<HostRow>,
    #[serde(flatten)]
    pub(super) addresses: Addresses,
}

/// Addresses of which no host is told; inclusive ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Addresses {
    /// Addresses that were asked for every port, often enough, and did not answer.
    pub(super) silent: Vec<[IpAddr; 2]>,
    /// Addresses whose ports were not asked, since no host was found there first: neither ARP nor neighbour
    /// discovery, ICMP echo or the most usual ports answered. --no-discovery asks them too.
    pub(super) skipped: Vec<[IpAddr; 2]>,
    /// Addresses of which nothing was heard, and that were not asked, or not often enough to tell what that means.
    pub(super) not_known: Vec<[IpAddr; 2]>,
}

impl Addresses {
    /// Addresses of a stretch by what became of them, as they are told.
    pub(super) fn of(silent: &[Range], skipped: &[Range], not_known: &[Range]) -> Self {
        let [silent, skipped, not_known] = [silent, skipped, not_known].map(ends);
        Self { silent, skipped, not_known }
    }
}

/// The last record of an answer as NDJSON.
#[derive(Serialize)]
pub(super) struct Last<'a> {
    #[serde(flatten)]
    pub(super) facts: &'a Facts,
    #[serde(flatten)]
    pub(super) addresses: &'a Addresses,
}

/// The run as a whole.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Facts {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    pub(super) schema: &'static str,
    /// Program and version.
    pub(super) tool: String,
    /// Name of the run in the record.
    pub(super) run: String,
    /// Who ran it.
    pub(super) user: String,
    /// Name of the sensor or of its zone, where it was given.
    pub(super) sensor: Option<String>,
    /// File of the scope.
    pub(super) scope: String,
    /// Who authorised it.
    pub(super) authorised_by: String,
    /// When it began (RFC 3339).
    pub(super) started: String,
    /// When it ended; null while it runs.
    pub(super) ended: Option<String>,
    /// Whether everything was asked often enough. Otherwise what is not listed was perhaps never asked.
    pub(super) complete: bool,
    /// Why it is not complete.
    pub(super) why_incomplete: Option<String>,
    /// syn, connect or udp.
    pub(super) method: String,
    /// What a reader should know: that another method was used than asked for, what was left out.
    pub(super) notes: Vec<String>,
    /// Addresses that were to be asked; inclusive ranges.
    pub(super) targets: Vec<[IpAddr; 2]>,
    /// Ports that were to be asked; inclusive ranges.
    pub(super) asked_ports: Vec<[u16; 2]>,
    /// Packets per second at most: in total, to a /24 or /64, to a host.
    pub(super) rates: [u32; 3],
    /// Probes sent, retransmissions included.
    pub(super) sent: u64,
    /// Probes that were answered.
    pub(super) answered: u64,
    /// Answers that belong to no probe: late, foreign or forged.
    pub(super) unmatched: u64,
    /// Packets that the kernel dropped before they were read.
    pub(super) dropped: u64,
    /// Ports whose state is not known for certain.
    pub(super) incomplete: u64,
    /// Ports that are open.
    pub(super) open: u64,
}

/// One host.
#[derive(Serialize, JsonSchema)]
pub(super) struct HostRow {
    /// Its address.
    address: IpAddr,
    /// Names that it was asked for by.
    names: Vec<String>,
    /// Hardware address, when it is on the scanner's own link.
    mac: Option<String>,
    /// Whether the host itself was heard of.
    up: bool,
    /// Ports told one by one: every open one, and those of other states where they are few.
    ports: Vec<PortRow>,
    /// All other ports that were asked, by state.
    rest: Vec<RestRow>,
}

/// One port.
#[derive(Serialize, JsonSchema)]
pub(super) struct PortRow {
    /// Its number.
    port: u16,
    /// tcp or udp.
    protocol: &'static str,
    /// open, closed, filtered, unreachable, open|filtered, or incomplete: not asked often enough to tell.
    state: &'static str,
    /// What showed it: syn-ack, reset, conn-refused, no-response, admin-prohibited, …
    reason: String,
    /// When (RFC 3339).
    at: Option<String>,
    /// How many probes, or passes of a connect scan, it took.
    tries: u8,
    /// Round trip of the answer, in microseconds.
    rtt_us: Option<u32>,
    /// What speaks there; null where it was not asked.
    service: Option<ServiceRow>,
}

/// What speaks on a port.
#[derive(Serialize, JsonSchema)]
struct ServiceRow {
    /// Its name in the words of IANA and nmap.
    name: String,
    /// Whether what it speaks is inside TLS.
    tls: bool,
    /// Whether TLS can be asked for inside the protocol.
    /// `null` where nobody asked.
    starttls: Option<bool>,
    /// Product and version, when it says so.
    product: Option<String>,
    /// Page title or server name, when it has one.
    title: Option<String>,
    /// The first bytes of what it said, escaped.
    evidence: String,
    /// Whether it was asked; otherwise the name is what the port's number usually means.
    asked: bool,
}

/// Ports of one protocol and one state.
#[derive(Serialize, JsonSchema)]
struct RestRow {
    /// tcp or udp.
    protocol: &'static str,
    /// Their state.
    state: &'static str,
    /// The ports; inclusive ranges.
    ranges: Vec<[u16; 2]>,
}

/// The schema of the answer as JSON.
pub(in crate::cli) fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

impl Facts {
    /// The name of the schema.
    pub(super) const fn schema_name() -> &'static str {
        SCHEMA
    }

    /// Takes over the counts.
    pub(super) fn count(&mut self, counts: &ScanCounts, hosts: &[HostSeen]) {
        self.sent = counts.sent;
        self.answered = counts.answered;
        self.unmatched = counts.unmatched;
        self.dropped = counts.dropped;
        self.incomplete = counts.incomplete;
        self.open = open(hosts);
    }
}

/// How many ports are open.
pub(super) fn open(hosts: &[HostSeen]) -> u64 {
    let open = hosts.iter().flat_map(|h| &h.ports).filter(|p| p.state == PortState::Open);
    open.count() as u64
}

impl HostRow {
    pub(super) fn new(host: &HostSeen, names: &BTreeMap<IpAddr, Vec<String>>) -> Self {
        let asked = names.get(&host.address).into_iter().flatten();
        let mut all: Vec<String> = host.names.iter().chain(asked).cloned().collect();
        all.sort();
        all.dedup();
        Self {
            address: host.address,
            names: all,
            mac: host.mac.map(mac),
            up: host.up,
            ports: host.ports.iter().map(PortRow::from).collect(),
            rest: host.rest.iter().map(RestRow::from).collect(),
        }
    }
}

/// A hardware address as IEEE 802 writes it, in small letters.
pub(super) fn mac(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

impl From<&PortSeen> for PortRow {
    fn from(p: &PortSeen) -> Self {
        Self {
            port: p.port,
            protocol: p.protocol.name(),
            state: p.state.name(),
            reason: p.reason.clone(),
            at: p.at.map(moment),
            tries: p.tries,
            rtt_us: p.rtt_us,
            service: p.service.as_ref().map(ServiceRow::from),
        }
    }
}

impl From<&ServiceSeen> for ServiceRow {
    fn from(s: &ServiceSeen) -> Self {
        Self {
            name: s.name.clone(),
            tls: s.tls,
            starttls: (s.starttls || !s.starttls_unasked).then_some(s.starttls),
            product: s.product.clone(),
            title: s.title.clone(),
            evidence: s.evidence.clone(),
            asked: s.asked,
        }
    }
}

impl From<&PortRanges> for RestRow {
    fn from(r: &PortRanges) -> Self {
        let ranges = r.ranges.iter().map(|(lo, hi)| [*lo, *hi]).collect();
        Self { protocol: r.protocol.name(), state: r.state.name(), ranges }
    }
}

/// A moment to the millisecond (RFC 3339).
pub(super) fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Ports as inclusive ranges in rising order.
pub(super) fn port_ranges(ports: &[u16]) -> Vec<[u16; 2]> {
    let mut sorted = ports.to_vec();
    sorted.sort_unstable();
    let mut out: Vec<[u16; 2]> = Vec::new();
    for port in sorted {
        match out.last_mut() {
            Some([_, last]) if last.checked_add(1) == Some(port) => *last = port,
            Some([_, last]) if *last == port => {}
            _ => out.push([port, port]),
        }
    }
    out
}

/// Ranges as they are told.
pub(super) fn ends(ranges: &[Range]) -> Vec<[IpAddr; 2]> {
    ranges.iter().map(|(first, last)| [*first, *last]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_told_as_ranges() {
        assert_eq!(
            port_ranges(&[443, 80, 81, 82, 65_535]),
            [[80, 82], [443, 443], [65_535, 65_535]]
        );
    }
}

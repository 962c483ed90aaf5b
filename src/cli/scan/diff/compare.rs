//! What differs, port by port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use portvakt_model::{HostSeen, PortProtocol, PortSeen, PortState, ScanRun, ServiceSeen};

use super::{
    DIFFERENT_PLACES, DIFFERENT_PROGRAMS, Document, HostRow, NoteRow, PortRow, RunRow, SCHEMA,
    ServiceRow,
};
use crate::cli::scan::document::port_ranges;
use crate::observations::Read;

/// A port of a host.
type Key = (PortProtocol, u16);

/// What one result says of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// It tells a state.
    State(PortState),
    /// Its host was asked, and nothing was heard of it.
    HostSilent,
    /// It does not say that the port was asked.
    NotAsked,
}

impl Stand {
    const fn name(self) -> &'static str {
        match self {
            Self::State(state) => state.name(),
            Self::HostSilent => "host-silent",
            Self::NotAsked => "not-asked",
        }
    }

    /// Whether the port is told not to be open.
    const fn is_shut(self) -> bool {
        matches!(
            self,
            Self::State(PortState::Closed | PortState::Filtered | PortState::Unreachable)
        )
    }
}

/// One result, by address.
struct Side<'a> {
    runs: &'a [ScanRun],
    hosts: BTreeMap<IpAddr, Vec<&'a HostSeen>>,
    /// Ports that are told one by one.
    ports: BTreeMap<IpAddr, BTreeMap<Key, &'a PortSeen>>,
}

impl<'a> Side<'a> {
    fn new(runs: &'a [ScanRun]) -> Self {
        let mut side = Self { runs, hosts: BTreeMap::new(), ports: BTreeMap::new() };
        for host in runs.iter().flat_map(|run| &run.hosts) {
            side.hosts.entry(host.address).or_default().push(host);
            let ports = side.ports.entry(host.address).or_default();
            for port in &host.ports {
                let kept = ports.entry((port.protocol, port.port)).or_insert(port);
                // Of several runs the one that knows most of a port counts.
                if rank(port) < rank(kept) {
                    *kept = port;
                }
            }
        }
        side
    }

    fn port(&self, address: IpAddr, key: Key) -> Option<&'a PortSeen> {
        self.ports.get(&address)?.get(&key).copied()
    }

    fn stand(&self, address: IpAddr, key: Key) -> Stand {
        let Some(hosts) = self.hosts.get(&address) else { return self.unlisted(address, key) };
        let single = self.port(address, key).map(|port| port.state);
        let holds = |ranges: &[(u16, u16)]| {
            let at = ranges.partition_point(|(_, last)| *last < key.1);
            ranges.get(at).is_some_and(|(first, _)| *first <= key.1)
        };
        let groups = hosts.iter().flat_map(|host| &host.rest);
        let groups = groups.filter(|group| group.protocol == key.0 && holds(&group.ranges));
        let best = groups.map(|group| group.state).chain(single).min();
        best.map_or(Stand::NotAsked, Stand::State)
    }

    /// A port of a host that is not listed was asked only by a run that went through, says that it asked the host, and
    /// does not say that it asked other ports.
    fn unlisted(&self, address: IpAddr, key: Key) -> Stand {
        let asked =
            self.runs.iter().any(|run| run.complete && asks_host(run, address) && asks(run, key));
        if asked { Stand::HostSilent } else { Stand::NotAsked }
    }

    fn is_up(&self, address: IpAddr) -> bool {
        self.hosts.get(&address).is_some_and(|hosts| hosts.iter().any(|host| host.up))
    }

    /// Ports that a host has answered itself, one of each range of them.
    fn answered(&self, address: IpAddr) -> Vec<Key> {
        let hosts = self.hosts.get(&address).into_iter().flatten();
        let answered = |state| matches!(state, PortState::Open | PortState::Closed);
        let keys = hosts.flat_map(|host| {
            let single = host.ports.iter().filter(move |p| answered(p.state));
            let rest = host.rest.iter().filter(move |r| answered(r.state));
            let ends = rest.flat_map(|r| r.ranges.iter().map(move |range| (r.protocol, range.0)));
            single.map(|p| (p.protocol, p.port)).chain(ends)
        });
        keys.collect()
    }

    /// Whether the host was asked in vain, and for something that it answered on the other side; `None` when that is
    /// not known.
    fn is_silent(&self, address: IpAddr, other: &Self) -> Option<bool> {
        if self.hosts.contains_key(&address) {
            return Some(!self.is_up(address));
        }
        let silent = |key: &Key| self.unlisted(address, *key) == Stand::HostSilent;
        let answered = other.answered(address);
        // That a host was up may be known from ARP or an echo alone.
        let asked = if answered.is_empty() {
            self.runs.iter().any(|run| run.complete && asks_host(run, address))
        } else {
            answered.iter().any(silent)
        };
        asked.then_some(true)
    }

    fn names(&self, address: IpAddr) -> BTreeSet<String> {
        let hosts = self.hosts.get(&address).into_iter().flatten();
        hosts.flat_map(|host| host.names.iter().cloned()).collect()
    }

    fn host(&self, address: IpAddr) -> HostRow {
        let ports = self.ports.get(&address).into_iter().flatten();
        let open = ports.filter(|(_, port)| port.state == PortState::Open);
        HostRow {
            address: address.to_string(),
            names: self.names(address).into_iter().collect(),
            open: open.map(|((protocol, port), _)| format!("{port}/{}", protocol.name())).collect(),
        }
    }
}

/// Whether a run asked an address for ports.
fn asks_host(run: &ScanRun, address: IpAddr) -> bool {
    let holds = |ranges: &[(IpAddr, IpAddr)]| {
        ranges.iter().any(|(first, last)| {
            first.is_ipv4() == address.is_ipv4() && *first <= address && address <= *last
        })
    };
    holds(&run.targets) && !holds(&run.not_asked)
}

/// Whether a run asked for a port. One that does not say which it asked may have.
fn asks(run: &ScanRun, (protocol, port): Key) -> bool {
    let mut of_protocol = run.ports.iter().filter(|(asked, _)| *asked == protocol);
    let holds = |ranges: &[(u16, u16)]| ranges.iter().any(|(a, b)| *a <= port && port <= *b);
    run.ports.is_empty() || of_protocol.any(|(_, ranges)| holds(ranges))
}

fn rank(port: &PortSeen) -> (PortState, bool) {
    (port.state, !port.service.as_ref().is_some_and(|service| service.asked))
}

/// Compares two results.
pub(super) fn document(old_path: &Path, old: &Read, new_path: &Path, new: &Read) -> Document {
    let sides = [&old.observations.runs, &new.observations.runs];
    let mut document = Document {
        schema: SCHEMA,
        old: sides[0].iter().map(|run| run_row(old_path, run)).collect(),
        new: sides[1].iter().map(|run| run_row(new_path, run)).collect(),
        opened: Vec::new(),
        maybe_opened: Vec::new(),
        no_longer_open: Vec::new(),
        not_known: Vec::new(),
        services: Vec::new(),
        new_hosts: Vec::new(),
        hosts_not_seen: Vec::new(),
        hosts_not_asked: Vec::new(),
        ports_asked_only_before: asked_only(sides[0], sides[1]),
        ports_asked_only_now: asked_only(sides[1], sides[0]),
        notes: notes(sides[0], sides[1]),
        failures: old.faults.iter().chain(&new.faults).map(ToString::to_string).collect(),
    };
    let (old, new) = (Side::new(sides[0]), Side::new(sides[1]));
    let addresses: BTreeSet<IpAddr> = old.hosts.keys().chain(new.hosts.keys()).copied().collect();
    for address in addresses {
        hosts(address, &old, &new, &mut document);
        ports(address, &old, &new, &mut document);
    }
    document
}

fn run_row(path: &Path, run: &ScanRun) -> RunRow {
    RunRow {
        path: path.display().to_string(),
        tool: run.tool.clone(),
        sensor: run.sensor.clone(),
        started: run.started.map(|at| at.to_string()),
        complete: run.complete,
        hosts: run.hosts.len(),
    }
}

fn notes(old: &[ScanRun], new: &[ScanRun]) -> Vec<NoteRow> {
    let sensors = |runs: &[ScanRun]| -> BTreeSet<String> {
        runs.iter().filter_map(|run| run.sensor.clone()).collect()
    };
    let (before, after) = (sensors(old), sensors(new));
    let mut notes = Vec::new();
    if !before.is_empty() && !after.is_empty() && before != after {
        notes.push(DIFFERENT_PLACES);
    }
    if programs(old) != programs(new) {
        notes.push(DIFFERENT_PROGRAMS);
    }
    notes
}

/// Ports that the runs of one result asked and those of the other did not; none where either does not say which it
/// asked.
fn asked_only(these: &[ScanRun], others: &[ScanRun]) -> Vec<String> {
    if these.iter().chain(others).any(|run| run.ports.is_empty()) {
        return Vec::new();
    }
    let of = |runs: &[ScanRun], protocol: PortProtocol| -> BTreeSet<u16> {
        let ports = runs.iter().flat_map(|run| &run.ports).filter(|(p, _)| *p == protocol);
        ports.flat_map(|(_, ranges)| ranges.iter().flat_map(|(a, b)| *a..=*b)).collect()
    };
    let mut told = Vec::new();
    for protocol in [PortProtocol::Tcp, PortProtocol::Udp] {
        let only: Vec<u16> =
            of(these, protocol).difference(&of(others, protocol)).copied().collect();
        for [first, last] in port_ranges(&only) {
            let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
            told.push(format!("{range}/{}", protocol.name()));
        }
    }
    told
}

/// The names of the programs, without their versions.
fn programs(runs: &[ScanRun]) -> BTreeSet<&str> {
    runs.iter().map(|run| run.tool.split(' ').next().unwrap_or_default()).collect()
}

fn hosts(address: IpAddr, old: &Side<'_>, new: &Side<'_>, document: &mut Document) {
    match (old.is_up(address), new.is_up(address)) {
        (false, true) if old.is_silent(address, new) == Some(true) => {
            document.new_hosts.push(new.host(address));
        }
        (true, false) if new.is_silent(address, old) == Some(true) => {
            document.hosts_not_seen.push(old.host(address));
        }
        (true, false) if new.is_silent(address, old).is_none() => {
            document.hosts_not_asked.push(old.host(address));
        }
        _ => {}
    }
}

fn ports(address: IpAddr, old: &Side<'_>, new: &Side<'_>, document: &mut Document) {
    let open = |side: &Side<'_>| -> Vec<Key> {
        let ports = side.ports.get(&address).into_iter().flatten();
        ports.filter(|(_, port)| port.state == PortState::Open).map(|(key, _)| *key).collect()
    };
    let keys: BTreeSet<Key> = open(old).into_iter().chain(open(new)).collect();
    for key in keys {
        let (before, after) = (old.stand(address, key), new.stand(address, key));
        let list = match (before, after) {
            (Stand::State(PortState::Open), Stand::State(PortState::Open)) => {
                if !document.notes.contains(&DIFFERENT_PROGRAMS) {
                    document.services.extend(service(address, key, old, new));
                }
                continue;
            }
            (_, Stand::State(PortState::Open)) if before.is_shut() => &mut document.opened,
            (_, Stand::State(PortState::Open)) => &mut document.maybe_opened,
            (_, after) if after.is_shut() => &mut document.no_longer_open,
            _ => &mut document.not_known,
        };
        list.push(port_row(address, key, [old, new], [before, after]));
    }
}

fn port_row(
    address: IpAddr,
    key: Key,
    [old, new]: [&Side<'_>; 2],
    [before, after]: [Stand; 2],
) -> PortRow {
    let seen = [new.port(address, key), old.port(address, key)];
    let at = seen.iter().flatten().find_map(|port| port.at);
    let service = seen.iter().flatten().find_map(|port| port.service.as_ref());
    let names = old.names(address).union(&new.names(address)).cloned().collect();
    PortRow {
        address: address.to_string(),
        names,
        port: key.1,
        protocol: key.0.name(),
        old: before.name(),
        new: after.name(),
        service: service.map(said),
        asked: service.is_some_and(|service| service.asked),
        evidence: service.map(|service| service.evidence.clone()).unwrap_or_default(),
        at: at.map(|at| at.to_string()),
    }
}

/// What changed of a service, where both runs asked.
fn service(address: IpAddr, key: Key, old: &Side<'_>, new: &Side<'_>) -> Option<ServiceRow> {
    let asked = |side: &Side<'_>| -> Option<ServiceSeen> {
        side.port(address, key)?.service.clone().filter(|service| service.asked)
    };
    let (before, after) = (asked(old)?, asked(new)?);
    let differs = [
        ("name", before.name != after.name),
        ("tls", before.tls != after.tls),
        ("starttls", before.starttls != after.starttls),
        ("product", before.product != after.product),
        ("title", before.title != after.title),
    ];
    let changed: Vec<&'static str> =
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    (!changed.is_empty()).then(|| ServiceRow {
        address: address.to_string(),
        port: key.1,
        protocol: key.0.name(),
        changed,
        old: said(&before),
        new: said(&after),
    })
}

/// A service in a few words, the same in both languages.
fn said(service: &ServiceSeen) -> String {
    let mut text = service.name.clone();
    if service.tls {
        text.push_str(" (TLS)");
    } else if service.starttls {
        text.push_str(" (STARTTLS)");
    }
    for part in [&service.product, &service.title].into_iter().flatten() {
        text.push_str(", ");
        text.push_str(part);
    }
    text
}

//! What a scan found, in the words of the model.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use jiff::Timestamp;
use portvakt_model::{
    HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ScanCounts, ScanRun,
};

use super::packet::ECHO;
use super::receiver::{Found, Notes};
use super::routes::Routes;
use super::table::{End, Known, Table};
use super::{Aim, How};
use crate::plan::Plan;

/// Open ports of one host that are told one by one; a host with more pretends, and they go into ranges.
const MOST_TOLD: usize = 4_096;
/// Hosts that never answered are listed up to this number.
const MOST_SILENT: usize = 1 << 16;

/// The results of the stretches of a scan.
pub(crate) struct Outcome {
    run: ScanRun,
    aim: Aim,
    /// Places of the ports of the plan, in rising order of port.
    rising: Vec<(u16, u32)>,
    silent: usize,
}

impl Outcome {
    pub(crate) fn new(plan: &Plan, aim: Aim) -> Self {
        let ports = plan.ports().iter().enumerate();
        let mut rising: Vec<(u16, u32)> =
            ports.map(|(place, port)| (*port, place as u32)).collect();
        rising.retain(|(port, _)| *port != ECHO);
        rising.sort_unstable();
        let run = ScanRun {
            tool: format!("portvakt {}", env!("CARGO_PKG_VERSION")),
            started: Some(Timestamp::now()),
            ..ScanRun::default()
        };
        Self { run, aim, rising, silent: 0 }
    }

    /// Adds a stretch.
    pub(crate) fn add(&mut self, table: &Table<'_>, notes: Notes, routes: &Routes, how: &How) {
        self.count(table);
        for template in &routes.templates {
            if !self.run.sources.contains(&template.source()) {
                self.run.sources.push(template.source());
            }
        }
        let mut found = notes.found;
        // A port that was refused first and accepted later stands once, as it was accepted.
        found.sort_by_key(|f| f.probe);
        found.dedup_by_key(|f| f.probe);
        let known: HashMap<IpAddr, &HostSeen> =
            how.known.iter().map(|host| (host.address, host)).collect();
        let stretch = Stretch {
            table,
            rising: &self.rising,
            found: &found,
            unreachable: notes.unreachable.into_iter().collect(),
        };
        for host in 0..table.hosts {
            let address = table.address(host);
            let mac = routes.macs.get(&address).copied();
            let up = table.heard(host).is_up() || mac.is_some();
            self.silent += usize::from(!up);
            if !up && (self.aim == Aim::Hosts || self.silent > MOST_SILENT) {
                continue;
            }
            let (ports, mut rest) = stretch.ports(host, known.get(&address).copied());
            if self.aim == Aim::Hosts {
                // Nobody wanted to know: a host that has answered is asked no more.
                rest.retain(|r| r.state != PortState::Incomplete);
            }
            let incomplete = rest.iter().filter(|r| r.state == PortState::Incomplete);
            self.run.counts.incomplete += incomplete.map(size).sum::<u64>();
            self.run.hosts.push(HostSeen { address, names: Vec::new(), mac, up, ports, rest });
        }
    }

    fn count(&mut self, table: &Table<'_>) {
        let (sums, counts) = (&mut self.run.counts, &table.counts);
        *sums = ScanCounts {
            sent: sums.sent + counts.sent.load(Relaxed),
            answered: sums.answered + counts.answered.load(Relaxed),
            unmatched: sums.unmatched + counts.unmatched.load(Relaxed),
            incomplete: sums.incomplete,
            dropped: sums.dropped + counts.dropped.load(Relaxed),
        };
    }

    /// The whole run.
    pub(crate) fn run(mut self, complete: bool) -> ScanRun {
        self.run.complete = complete;
        self.run
    }
}

fn size(ranges: &PortRanges) -> u64 {
    ranges.ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
}

struct Stretch<'s> {
    table: &'s Table<'s>,
    rising: &'s [(u16, u32)],
    /// In the order of probes.
    found: &'s [Found],
    unreachable: HashSet<u32>,
}

impl Stretch<'_> {
    /// Open ports one by one, all others by state.
    fn ports(&self, host: u32, before: Option<&HostSeen>) -> (Vec<PortSeen>, Vec<PortRanges>) {
        let told = self.told(host);
        let mut ports: Vec<PortSeen> = Vec::new();
        let mut rest: Vec<PortRanges> = Vec::new();
        for (at, (port, place)) in self.rising.iter().enumerate() {
            let state = self.state(host, *place);
            let probe = self.table.probe(host, *place);
            let found = told.binary_search_by_key(&probe, |f| f.probe).ok().map(|at| &told[at]);
            let earlier = || before.and_then(|h| h.ports.iter().find(|p| p.port == *port));
            match (state, found) {
                (PortState::Open, Some(found)) if ports.len() < MOST_TOLD => {
                    ports.push(row(*port, found));
                }
                (PortState::Open, None) if ports.len() < MOST_TOLD && earlier().is_some() => {
                    ports.extend(earlier().cloned());
                }
                _ => {
                    let before = at.checked_sub(1).map(|at| self.rising[at].0);
                    extend(&mut rest, state, *port, before);
                }
            }
        }
        // Most hosts have one or two of either, and there may be very many hosts.
        ports.shrink_to_fit();
        rest.shrink_to_fit();
        (ports, rest)
    }

    /// What was found on one host.
    fn told(&self, host: u32) -> &[Found] {
        let first = self.table.probe(host, 0);
        let from = self.found.partition_point(|f| f.probe < first);
        let to = self.found.partition_point(|f| f.probe < first + self.table.ports);
        &self.found[from..to]
    }

    fn state(&self, host: u32, place: u32) -> PortState {
        match self.table.known(host, place) {
            Known::Open => PortState::Open,
            Known::Closed => PortState::Closed,
            Known::Error if self.unreachable.contains(&self.table.probe(host, place)) => {
                PortState::Unreachable
            }
            Known::Error => PortState::Filtered,
            Known::Silent => match self.table.heard(host).end() {
                End::Certain => PortState::Filtered,
                End::Unreachable | End::NoRoute | End::NoNeighbour => PortState::Unreachable,
                End::None | End::FellSilent | End::Lossy => PortState::Incomplete,
            },
        }
    }
}

/// Puts a port into the range of its state that ends before it, when no other port lies between.
fn extend(rest: &mut Vec<PortRanges>, state: PortState, port: u16, before: Option<u16>) {
    let Some(ranges) = rest.iter_mut().find(|r| r.state == state) else {
        let protocol = PortProtocol::Tcp;
        return rest.push(PortRanges { protocol, state, ranges: vec![(port, port)] });
    };
    match ranges.ranges.last_mut() {
        Some((_, last)) if before == Some(*last) && *last + 1 == port => *last = port,
        _ => ranges.ranges.push((port, port)),
    }
}

fn row(port: u16, found: &Found) -> PortSeen {
    PortSeen {
        port,
        protocol: PortProtocol::Tcp,
        state: PortState::Open,
        reason: "syn-ack".to_owned(),
        at: Timestamp::from_microsecond(found.at).ok(),
        tries: found.tries(),
        rtt_us: found.round_trip(),
        service: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_nothing_that_was_not_asked() {
        let mut rest = Vec::new();
        let ports = [80, 81, 82, 90, 91, 65_535];
        for (at, port) in ports.into_iter().enumerate() {
            let state = if port == 81 { PortState::Filtered } else { PortState::Closed };
            extend(&mut rest, state, port, at.checked_sub(1).map(|at| ports[at]));
        }
        assert_eq!(rest[0].ranges, [(80, 80), (82, 82), (90, 91), (65_535, 65_535)]);
        assert_eq!(rest[1].ranges, [(81, 81)]);
    }
}

//! What a scan tells of each host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portvakt_model::{HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ScanCounts};

use super::engine::Engine;
use super::outcome::Outcome;

/// Ports of one state and host that are told one by one; more are told as ranges. Nmap draws the line
/// at 25 as well.
const FEW: usize = 25;

/// Hosts of which nothing was heard are told up to this number.
const MOST_SILENT: usize = 1 << 16;

/// The hosts, and the counts.
pub(super) fn of(engine: &mut Engine<'_>) -> (Vec<HostSeen>, ScanCounts) {
    let ports = engine.plan.ports().len() as u64;
    let mut counts =
        ScanCounts { sent: engine.sent, answered: engine.answered, ..ScanCounts::default() };
    let mut open: BTreeMap<u64, Vec<PortSeen>> = BTreeMap::new();
    for found in std::mem::take(&mut engine.found) {
        open.entry(found.probe / ports).or_default().push(found.seen);
    }
    // Ports are told in rising order, whatever the plan's.
    let mut places: Vec<(u16, u64)> = engine.plan.ports().iter().copied().zip(0..).collect();
    places.sort_unstable();
    let mut silent = 0;
    let hosts = (0..engine.plan.hosts()).filter_map(|index| {
        let address = engine.plan.host(index);
        let drops = engine.hosts.of(address).is_some_and(|host| host.drops);
        let outcomes = places.iter().map(|(port, at)| (*port, engine.table.of(index * ports + at)));
        let mut groups = Groups::default();
        outcomes.for_each(|(port, outcome)| groups.add(port, outcome, drops));
        counts.incomplete += groups.incomplete;
        silent += usize::from(!groups.is_heard());
        let is_told = groups.is_heard() || silent <= MOST_SILENT;
        is_told.then(|| groups.host(address, open.remove(&index).unwrap_or_default()))
    });
    let hosts = hosts.collect();
    (hosts, counts)
}

/// The ports of a host that are not open, by state and what showed it.
#[derive(Default)]
struct Groups {
    list: Vec<Group>,
    up: bool,
    heard: bool,
    incomplete: u64,
}

struct Group {
    state: PortState,
    outcome: Outcome,
    ports: Vec<(u16, u16)>,
    count: usize,
}

impl Groups {
    fn add(&mut self, port: u16, outcome: Outcome, drops: bool) {
        self.up |= outcome.shows_host();
        self.heard |= outcome.state().is_some();
        let state = match outcome {
            Outcome::Known => return,
            // Two passes, of two packets each, is enough; unless the host has just shown that it
            // leaves some unanswered.
            Outcome::SilentAgain if !drops => PortState::Filtered,
            _ => outcome.state().unwrap_or(PortState::Incomplete),
        };
        if state == PortState::Open {
            return;
        }
        self.incomplete += u64::from(state == PortState::Incomplete);
        let same = |g: &&mut Group| (g.state, g.outcome) == (state, outcome);
        match self.list.iter_mut().find(same) {
            Some(group) => group.add(port),
            None => self.list.push(Group { state, outcome, ports: vec![(port, port)], count: 1 }),
        }
    }

    /// Whether anything was heard of the host, or it was not asked often enough to tell.
    fn is_heard(&self) -> bool {
        self.heard || self.incomplete > 0
    }

    fn host(self, address: IpAddr, mut ports: Vec<PortSeen>) -> HostSeen {
        let mut rest: Vec<PortRanges> = Vec::new();
        for group in self.list {
            if group.count <= FEW {
                ports.extend(group.one_by_one());
            } else {
                let same = |r: &&mut PortRanges| r.state == group.state;
                match rest.iter_mut().find(same) {
                    Some(ranges) => ranges.ranges = joined(&ranges.ranges, &group.ports),
                    None => rest.push(group.ranges()),
                }
            }
        }
        ports.sort_by_key(|p| p.port);
        HostSeen { address, names: Vec::new(), mac: None, up: self.up, ports, rest }
    }
}

impl Group {
    fn add(&mut self, port: u16) {
        self.count += 1;
        match self.ports.last_mut() {
            Some(last) if last.1.checked_add(1) == Some(port) => last.1 = port,
            _ => self.ports.push((port, port)),
        }
    }

    fn one_by_one(&self) -> impl Iterator<Item = PortSeen> {
        self.ports.iter().flat_map(|(first, last)| *first..=*last).map(|port| PortSeen {
            port,
            protocol: PortProtocol::Tcp,
            state: self.state,
            reason: self.outcome.reason().to_owned(),
            at: None,
            tries: self.outcome.passes(),
            rtt_us: None,
            service: None,
        })
    }

    fn ranges(self) -> PortRanges {
        PortRanges { protocol: PortProtocol::Tcp, state: self.state, ranges: self.ports }
    }
}

/// Two lists of ranges as one, in rising order.
fn joined(a: &[(u16, u16)], b: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    let mut out: Vec<(u16, u16)> = Vec::with_capacity(all.len());
    for (first, last) in all {
        match out.last_mut() {
            Some(before) if before.1.checked_add(1) == Some(first) => before.1 = last,
            _ => out.push((first, last)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));

    fn host(outcomes: impl IntoIterator<Item = Outcome>, drops: bool) -> (HostSeen, u64) {
        let mut groups = Groups::default();
        (1..).zip(outcomes).for_each(|(port, outcome)| groups.add(port, outcome, drops));
        let incomplete = groups.incomplete;
        (groups.host(HOST, Vec::new()), incomplete)
    }

    #[test]
    fn few_ports_of_a_state_are_told_one_by_one_and_many_as_ranges() {
        let many = std::iter::repeat_n(Outcome::Refused, 100);
        let (seen, _) = host(many.chain([Outcome::SilentAgain, Outcome::AdminProhibited]), false);
        assert!(seen.up);
        assert_eq!(seen.rest.len(), 1);
        assert_eq!(seen.rest[0].ranges, [(1, 100)]);
        let told: Vec<_> =
            seen.ports.iter().map(|p| (p.port, p.state, p.reason.as_str())).collect();
        let filtered = PortState::Filtered;
        assert_eq!(told, [(101, filtered, "no-response"), (102, filtered, "admin-prohibited")]);
    }

    #[test]
    fn what_was_asked_too_little_is_incomplete_and_never_filtered() {
        let (seen, incomplete) =
            host([Outcome::Refused, Outcome::Silent, Outcome::Unasked, Outcome::NotSent], false);
        assert_eq!(incomplete, 3);
        let states = seen.ports[1..].iter().all(|p| p.state == PortState::Incomplete);
        assert!(states, "{seen:?}");
        let (_, incomplete) = host([Outcome::Refused, Outcome::SilentAgain], true);
        assert_eq!(incomplete, 1, "a host that drops packets proves nothing by its silence");
    }

    #[test]
    fn silence_of_two_kinds_is_one_list_of_ranges() {
        let kinds = [Outcome::AdminProhibited, Outcome::SilentAgain];
        let (seen, _) = host(kinds.into_iter().cycle().take(100), false);
        assert_eq!(seen.rest.len(), 1);
        assert_eq!(seen.rest[0].ranges, [(1, 100)]);
        assert!(!seen.up, "neither is the host's own word");
    }

    #[test]
    fn silence_is_told_from_not_asking() {
        let mut groups = Groups::default();
        groups.add(80, Outcome::SilentAgain, false);
        assert!(!groups.is_heard());
        groups.add(443, Outcome::Silent, false);
        assert!(groups.is_heard(), "it was not asked often enough");
    }
}

//! All that a run has seen, put together at its end.

use jiff::Timestamp;
use portvakt_model::{HostSeen, PortRanges, PortSeen, PortState, ScanCounts};
use portvakt_scan::plan::{Range, addresses, merged, without};

use super::Job;
use super::document::{Addresses, Facts, moment};
use super::result::Found;
use super::wanted::Wanted;

/// Where no more addresses than this are asked, each is told of, whether it answers or not.
const FEW_HOSTS: u64 = 256;

/// What was seen.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) hosts: Vec<HostSeen>,
    pub(super) counts: ScanCounts,
    /// Why it is not complete.
    pub(super) why: Option<String>,
    pub(super) notes: Vec<String>,
    /// How many hosts were found there, where they were looked for first.
    pub(super) there: Option<u64>,
    /// Addresses of which nothing was heard; see [`Addresses`].
    pub(super) silent: Vec<Range>,
    pub(super) skipped: Vec<Range>,
    pub(super) not_known: Vec<Range>,
}

/// All that is told.
pub(super) struct Told {
    pub(super) facts: Facts,
    pub(super) hosts: Vec<HostSeen>,
    addresses: Addresses,
}

impl Told {
    pub(super) fn found<'a>(&'a self, wanted: &'a Wanted) -> Found<'a> {
        let Self { facts, hosts, addresses } = self;
        Found { facts, hosts, addresses, wanted }
    }
}

impl Job<'_> {
    /// Puts everything together that is known at the end.
    pub(super) fn tell(&self, mut facts: Facts, looked: Looked) -> Told {
        let Looked { mut hosts, counts, why, notes, silent, skipped, not_known, .. } = looked;
        let asked = addresses(&self.ranges());
        if asked > FEW_HOSTS {
            hosts.retain(is_heard);
        }
        hosts.iter_mut().for_each(few_one_by_one);
        let listed: Vec<Range> = hosts.iter().map(|h| (h.address, h.address)).collect();
        let others = |ranges: Vec<Range>| without(&merged(ranges), &listed);
        let [silent, skipped, not_known] = [silent, skipped, not_known].map(others);
        let ports = self.wanted.planned.ports().len() as u64;
        let unsure = hosts.iter().map(|host| count(host, PortState::Incomplete)).sum::<u64>();
        facts.count(&counts, &hosts);
        facts.incomplete = unsure + addresses(&not_known).saturating_mul(ports);
        facts.notes.extend(notes);
        facts.ended = Some(moment(Timestamp::now()));
        facts.complete = why.is_none();
        facts.why_incomplete = why;
        Told { facts, hosts, addresses: Addresses::of(&silent, &skipped, &not_known) }
    }
}

impl Looked {
    /// Notes how many hosts were found where they were looked for first.
    pub(super) fn note_looked_for(&mut self) {
        let Some(there) = self.there else { return };
        self.notes.push(format!(
            "{there} addresses answered when hosts were looked for; the others were not asked for ports \
             (--no-discovery asks them too)"
        ));
    }
}

/// Whether a host has said anything for itself.
pub(super) fn is_heard(host: &HostSeen) -> bool {
    let speaks = |state| matches!(state, PortState::Open | PortState::Closed);
    host.up
        || host.ports.iter().any(|p| speaks(p.state))
        || host.rest.iter().any(|r| speaks(r.state))
}

/// How many ports of a host are in a state.
pub(super) fn count(host: &HostSeen, state: PortState) -> u64 {
    let told = host.ports.iter().filter(|p| p.state == state).count() as u64;
    told + host.rest.iter().filter(|r| r.state == state).map(width).sum::<u64>()
}

fn width(part: &PortRanges) -> u64 {
    part.ranges.iter().map(|(a, b)| u64::from(b - a) + 1).sum()
}

/// Ports of one state that are told one by one, as nmap does; more are told as ranges.
const FEW_PORTS: u64 = 25;

/// Tells the ports of a state one by one where they are few, whatever the engine.
fn few_one_by_one(host: &mut HostSeen) {
    let (few, rest): (Vec<_>, Vec<_>) =
        std::mem::take(&mut host.rest).into_iter().partition(|r| width(r) <= FEW_PORTS);
    host.rest = rest;
    for part in few {
        let ports = part.ranges.iter().flat_map(|(first, last)| *first..=*last);
        host.ports.extend(ports.map(|port| PortSeen {
            port,
            protocol: part.protocol,
            state: part.state,
            reason: reason(part.state).to_owned(),
            at: None,
            tries: 0,
            rtt_us: None,
            service: None,
        }));
    }
    host.ports.sort_by_key(|p| (p.protocol, p.port));
}

/// What shows a state where an engine tells no more.
const fn reason(state: PortState) -> &'static str {
    match state {
        PortState::Open => "syn-ack",
        PortState::Closed => "reset",
        PortState::Filtered => "no-response-or-prohibited",
        PortState::Unreachable => "unreachable",
        PortState::OpenOrFiltered => "no-response",
        PortState::Incomplete => "not-certain",
    }
}

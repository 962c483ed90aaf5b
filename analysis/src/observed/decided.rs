//! Whether anything listens where a decision opens.

use std::net::IpAddr;

use portvakt_model::{Decision, PortProtocol, PortState};
use portvakt_space::{AddrSet, Family, ServiceBox, ServiceSet, Traffic};
use rustc_hash::{FxHashMap, FxHashSet};

use super::states::{Endpoint, is_definite};
use super::{Join, OpenPort, Way};

/// What came of asking for what a decision opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    /// Something of it was seen open.
    Answers,
    /// Every port of every host that it names was asked from where packets get there, and refused by the
    /// host itself. One refusal for each.
    Refused(Vec<Refusal>),
    /// The same, but some of it gave no answer: a filter, or nothing that listens. One row for each.
    Silent(Vec<Refusal>),
    /// Not all of it was asked, or it can't be told who answered.
    NotAsked,
    /// It is not in force.
    NotInForce,
}

/// A port that was asked, and refused or gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Index of the run that asked.
    pub run: u32,
    /// The host.
    pub address: IpAddr,
    /// TCP or UDP.
    pub protocol: PortProtocol,
    /// The port.
    pub port: u16,
    /// Closed, or filtered.
    pub state: PortState,
}

/// Most endpoints that a decision may name and be looked up one by one: beyond that it opens a network,
/// and nobody expects all of it to answer.
const MOST_ENDPOINTS: u128 = 256;

impl Join<'_, '_> {
    /// What came of asking for each decision.
    pub(super) fn decisions(&self, open: &[OpenPort<'_>]) -> Vec<Listening> {
        let answering: FxHashSet<Endpoint> =
            open.iter().map(|p| (p.host.address, p.port.protocol, p.port.port)).collect();
        let each = self.book.decisions.iter();
        each.map(|decision| self.listening(decision, &answering)).collect()
    }

    fn listening(&self, decision: &Decision, open: &FxHashSet<Endpoint>) -> Listening {
        if !decision.valid_on(self.audit.today) {
            return Listening::NotInForce;
        }
        if decision.incomplete || decision.permits.is_empty() {
            return Listening::NotAsked;
        }
        let Some(places) = self.places(&decision.permits) else { return Listening::NotAsked };
        if places.is_empty() {
            return Listening::NotAsked;
        }
        if places.iter().flatten().any(|endpoint| open.contains(endpoint)) {
            return Listening::Answers;
        }
        let refusal = |names: &Vec<Endpoint>| {
            let all = names.iter().filter_map(|e| self.refusal(*e));
            all.min_by_key(|refusal| refusal.state)
        };
        let refusals: Option<Vec<Refusal>> = places.iter().map(refusal).collect();
        match refusals {
            None => Listening::NotAsked,
            Some(all) if all.iter().all(|r| r.state == PortState::Closed) => {
                Listening::Refused(all)
            }
            Some(all) => Listening::Silent(all),
        }
    }

    /// The ports of hosts that permits name; outside and inside names of one port together. `None` where
    /// they are too many, or no ports.
    fn places(&self, permits: &[Traffic]) -> Option<Vec<Vec<Endpoint>>> {
        let mut places: FxHashMap<Endpoint, Vec<Endpoint>> = FxHashMap::default();
        for endpoint in permits.iter().map(endpoints).collect::<Option<Vec<_>>>()?.concat() {
            let inside = self.nat.inside(&packets(endpoint))?;
            let place = named(&inside)?;
            let names = places.entry(place).or_default();
            names.extend(
                [endpoint, place].into_iter().filter(|e| !names.contains(e)).collect::<Vec<_>>(),
            );
        }
        let mut places: Vec<Vec<Endpoint>> = places.into_values().collect();
        places.sort_unstable();
        Some(places)
    }

    /// The newest run that knows a port, where it was refused or silent and packets are sure to get there.
    fn refusal(&self, endpoint: Endpoint) -> Option<Refusal> {
        let asked = self.recent().filter_map(|(index, run)| {
            let (state, at) = self.states[index as usize].state(endpoint)?;
            is_definite(state).then_some((at, index, state, run))
        });
        let (_, run, state, own) = asked.max_by_key(|(at, index, ..)| (*at, *index))?;
        let wire = self.traffic(own, endpoint);
        let inside = self.nat.inside(&wire)?;
        let way = self.ways.of(own.zone()?, self.zone(&inside)?, &wire, &inside);
        let gets_there = matches!(way, Way::SameZone | Way::Permitted(_));
        let (address, protocol, port) = endpoint;
        let is_shut = matches!(state, PortState::Closed | PortState::Filtered);
        (is_shut && gets_there).then_some(Refusal { run, address, protocol, port, state })
    }
}

/// The ports of hosts that a permit names, one by one.
fn endpoints(permit: &Traffic) -> Option<Vec<Endpoint>> {
    let hosts =
        Family::BOTH.map(|f| permit.dst.size(f)).iter().fold(0, |a: u128, b| a.saturating_add(*b));
    let ports = permit.service.boxes().iter().map(ports).collect::<Option<Vec<_>>>()?;
    let count: u128 = ports.iter().map(|(_, lo, hi)| u128::from(hi - lo) + 1).sum();
    if hosts.saturating_mul(count) > MOST_ENDPOINTS {
        return None;
    }
    let addresses = permit.dst.ranges().into_iter().flat_map(|(lo, hi)| hosts_of(lo, hi));
    let each = addresses.flat_map(|address| {
        let own = ports.iter().flat_map(|(protocol, lo, hi)| (*lo..=*hi).map(|p| (*protocol, p)));
        own.map(move |(protocol, port)| (address, protocol, port)).collect::<Vec<_>>()
    });
    Some(each.collect())
}

fn hosts_of(lo: IpAddr, hi: IpAddr) -> Vec<IpAddr> {
    match (lo, hi) {
        (IpAddr::V4(lo), IpAddr::V4(hi)) => {
            (lo.to_bits()..=hi.to_bits()).map(|a| std::net::Ipv4Addr::from_bits(a).into()).collect()
        }
        (IpAddr::V6(lo), IpAddr::V6(hi)) => {
            (lo.to_bits()..=hi.to_bits()).map(|a| std::net::Ipv6Addr::from_bits(a).into()).collect()
        }
        _ => Vec::new(),
    }
}

fn ports(service: &ServiceBox) -> Option<(PortProtocol, u16, u16)> {
    let protocol = [PortProtocol::Tcp, PortProtocol::Udp]
        .into_iter()
        .find(|p| service.proto == (p.number(), p.number()))?;
    Some((protocol, service.dport.0, service.dport.1))
}

fn packets((address, protocol, port): Endpoint) -> Traffic {
    let service = ServiceSet::from(ServiceBox::to(protocol.number(), port, port));
    Traffic { dst: AddrSet::host(address), service, ..Traffic::ANY }
}

/// The one port that packets are for.
fn named(traffic: &Traffic) -> Option<Endpoint> {
    match endpoints(traffic)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

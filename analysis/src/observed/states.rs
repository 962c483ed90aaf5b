//! What each run says of each port.

use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{HostSeen, PortProtocol, PortSeen, PortState, ScanRun};
use rustc_hash::FxHashMap;

/// A port of a host.
pub(super) type Endpoint = (IpAddr, PortProtocol, u16);

/// What one run says, by host and by port.
pub(super) struct States<'a> {
    told: FxHashMap<Endpoint, &'a PortSeen>,
    hosts: FxHashMap<IpAddr, Vec<&'a HostSeen>>,
    time: Option<Timestamp>,
}

impl<'a> States<'a> {
    pub(super) fn of(run: &'a ScanRun, time: Option<Timestamp>) -> Self {
        let mut states = Self { told: FxHashMap::default(), hosts: FxHashMap::default(), time };
        for host in &run.hosts {
            states.hosts.entry(host.address).or_default().push(host);
            for port in &host.ports {
                states.tell((host.address, port.protocol, port.port), port);
            }
        }
        states
    }

    /// Of two rows for one port the one that knows more counts.
    fn tell(&mut self, endpoint: Endpoint, port: &'a PortSeen) {
        let known = self.told.entry(endpoint).or_insert(port);
        if is_definite(port.state) && (!is_definite(known.state) || known.at < port.at) {
            *known = port;
        }
    }

    /// The state of a port, with the time when it was seen; `None` where the run does not say.
    pub(super) fn state(&self, endpoint: Endpoint) -> Option<(PortState, Option<Timestamp>)> {
        if let Some(port) = self.told.get(&endpoint) {
            return Some((port.state, port.at.or(self.time)));
        }
        let (address, protocol, port) = endpoint;
        let rests = self.hosts.get(&address)?.iter().flat_map(|host| &host.rest);
        let own = rests.filter(|rest| rest.protocol == protocol);
        let mut holding =
            own.filter(|r| r.ranges.iter().any(|(lo, hi)| (*lo..=*hi).contains(&port)));
        holding.next().map(|rest| (rest.state, self.time))
    }
}

/// Whether a state says what the port does.
pub(super) const fn is_definite(state: PortState) -> bool {
    !matches!(state, PortState::OpenOrFiltered | PortState::Incomplete)
}

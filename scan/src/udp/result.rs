//! What a scan tells of each host.

use portvakt_model::{
    HostSeen, PortProtocol, PortRanges, PortSeen, PortState, ScanCounts, ServiceSeen,
};

use super::host::{Port, Told};
use super::payload;
use super::probe::Sight;
use crate::evidence;
use crate::service::guess;

/// Ports of one state and host that are told one by one; more are told as ranges.
const FEW: usize = 25;

/// The hosts that are worth telling of, by address, and the count of what is not known for certain.
pub(super) fn of(mut told: Vec<Told>) -> (Vec<HostSeen>, ScanCounts) {
    told.sort_by_key(|host| host.address);
    let mut counts = ScanCounts::default();
    let hosts = told.into_iter().filter_map(|host| {
        let heard = host.ports.iter().any(|port| port.sight.is_word());
        let unsure = host.ports.iter().filter(|p| p.state() == PortState::Incomplete).count();
        counts.incomplete += unsure as u64;
        (heard || unsure > 0).then(|| host.seen())
    });
    let hosts = hosts.collect();
    (hosts, counts)
}

impl Told {
    fn seen(mut self) -> HostSeen {
        self.ports.sort_by_key(|port| port.number);
        let (mut ports, mut rest) = (Vec::new(), Vec::new());
        for state in STATES {
            let same: Vec<&Port> = self.ports.iter().filter(|p| p.state() == state).collect();
            if state == PortState::Open || same.len() <= FEW {
                ports.extend(same.into_iter().map(Port::seen));
            } else {
                rest.push(ranges(state, &same));
            }
        }
        ports.sort_by_key(|port: &PortSeen| port.port);
        let own_word = |port: &Port| matches!(port.sight, Sight::Answer(..) | Sight::Closed(_));
        let up = self.ports.iter().any(own_word);
        HostSeen { address: self.address, names: Vec::new(), mac: None, up, ports, rest }
    }
}

const STATES: [PortState; 6] = [
    PortState::Open,
    PortState::Closed,
    PortState::Filtered,
    PortState::Unreachable,
    PortState::OpenOrFiltered,
    PortState::Incomplete,
];

fn ranges(state: PortState, ports: &[&Port]) -> PortRanges {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for port in ports.iter().map(|port| port.number) {
        match ranges.last_mut() {
            Some(last) if last.1.checked_add(1) == Some(port) => last.1 = port,
            _ => ranges.push((port, port)),
        }
    }
    PortRanges { protocol: PortProtocol::Udp, state, ranges }
}

impl Port {
    fn state(&self) -> PortState {
        match &self.sight {
            Sight::Answer(..) => PortState::Open,
            Sight::Closed(_) => PortState::Closed,
            Sight::Stopped(outcome) => outcome.state().unwrap_or(PortState::Incomplete),
            Sight::Silence if self.settled => PortState::OpenOrFiltered,
            Sight::Silence | Sight::NotSent => PortState::Incomplete,
        }
    }

    fn reason(&self) -> &'static str {
        match &self.sight {
            Sight::Answer(..) => "udp-response",
            Sight::Closed(_) => "port-unreach",
            Sight::Stopped(outcome) => outcome.reason(),
            Sight::Silence => "no-response",
            Sight::NotSent => "not-sent",
        }
    }

    fn seen(&self) -> PortSeen {
        let rtt = match &self.sight {
            Sight::Answer(_, rtt) | Sight::Closed(rtt) => u32::try_from(rtt.as_micros()).ok(),
            _ => None,
        };
        PortSeen {
            port: self.number,
            protocol: PortProtocol::Udp,
            state: self.state(),
            reason: self.reason().to_owned(),
            at: self.at,
            tries: self.tries,
            rtt_us: rtt,
            service: self.service(),
        }
    }

    fn service(&self) -> Option<ServiceSeen> {
        let Sight::Answer(bytes, _) = &self.sight else { return None };
        let guessed = guess(self.number, PortProtocol::Udp);
        let evidence = evidence::escape(bytes);
        Some(match payload::read(self.number, bytes) {
            Some(known) => ServiceSeen {
                name: known.name.to_owned(),
                tls: known.name == "dtls" || known.name == "quic",
                product: known.product.map(|text| evidence::text(&text)),
                title: known.title.map(|text| evidence::text(&text)),
                evidence,
                asked: true,
                ..ServiceSeen::default()
            },
            None => ServiceSeen { evidence, ..guessed },
        })
    }
}

//! What is known of hosts that have answered.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::rtt::RoundTrip;

/// Hosts that have answered, with their round-trip times.
#[derive(Default)]
pub(super) struct Hosts {
    known: BTreeMap<IpAddr, Host>,
}

/// A host that has answered.
#[derive(Clone, Copy, Default)]
pub(super) struct Host {
    rtt: RoundTrip,
    /// Ports that answered in the pass that runs, though they were silent in an earlier one.
    pub(super) late: u32,
    /// Ports that were asked in the pass that runs.
    pub(super) asked: u32,
    /// Whether the last pass still heard from ports that had been silent.
    pub(super) drops: bool,
}

/// The kernel sends a SYN again after one second (RFC 6298, 2.1). Waiting for longer than that makes
/// two of each attempt.
const LEAST: Duration = Duration::from_millis(1_200);

/// No network of ours is slower; what takes longer is not waited for.
const MOST: Duration = Duration::from_secs(4);

impl Hosts {
    /// How long to wait for an answer: what the host has shown to need, but at least until the
    /// kernel has asked twice, and in later passes a second more.
    pub(super) fn patience(&self, host: IpAddr, pass: u8) -> Duration {
        let needs = self.known.get(&host).and_then(|h| h.rtt.timeout()).unwrap_or_default();
        let least = if pass > 1 { LEAST + Duration::from_secs(1) } else { LEAST };
        needs.clamp(least, MOST)
    }

    /// Notes an answer that took `rtt` microseconds.
    pub(super) fn answered(&mut self, host: IpAddr, rtt: u32, was_silent: bool) {
        let known = self.known.entry(host).or_default();
        known.rtt.answered(rtt);
        known.late += u32::from(was_silent);
    }

    /// Notes that a port of a host was asked.
    pub(super) fn asked(&mut self, host: IpAddr) {
        if let Some(known) = self.known.get_mut(&host) {
            known.asked += 1;
        }
    }

    /// What is known of a host; `None` while it has not answered.
    pub(super) fn of(&self, host: IpAddr) -> Option<&Host> {
        self.known.get(&host)
    }

    /// Ends a pass. Tells which hosts answered late, and what they were asked and answered.
    pub(super) fn end_pass(&mut self) -> Vec<(IpAddr, Host)> {
        let mut late = Vec::new();
        for (address, host) in &mut self.known {
            host.drops = host.late > 0;
            if host.drops {
                late.push((*address, *host));
            }
            (host.late, host.asked) = (0, 0);
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));

    #[test]
    fn slow_hosts_are_waited_for_and_none_for_ever() {
        let mut hosts = Hosts::default();
        assert_eq!(hosts.patience(HOST, 1), LEAST);
        for _ in 0..50 {
            hosts.answered(HOST, 600_000, false);
        }
        assert_eq!(hosts.patience(HOST, 1), LEAST, "a steady 600 ms is well within it");
        for rtt in [200_000, 1_900_000].into_iter().cycle().take(50) {
            hosts.answered(HOST, rtt, false);
        }
        assert!(hosts.patience(HOST, 1) > Duration::from_secs(2));
        hosts.answered(HOST, u32::MAX, false);
        assert_eq!(hosts.patience(HOST, 1), MOST);
    }

    #[test]
    fn a_host_that_answers_late_is_told_once() {
        let mut hosts = Hosts::default();
        hosts.answered(HOST, 100, false);
        hosts.asked(HOST);
        assert!(hosts.end_pass().is_empty());
        hosts.asked(HOST);
        hosts.answered(HOST, 100, true);
        let late = hosts.end_pass();
        assert_eq!((late.len(), late[0].1.late, late[0].1.asked), (1, 1, 1));
        assert!(hosts.of(HOST).unwrap().drops);
        assert!(hosts.end_pass().is_empty());
    }
}

//! Many ports at once, few of each host.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portvakt_model::{PortProtocol, ServiceSeen};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Limits, MAX_CONNECTIONS, Manner, guess, identify};
use crate::connect::FRAGILE_RATE;
use crate::connect::pace::Pace;
use crate::scope::Rate;

/// How often it is looked whether somebody wants the end.
const LOOK: Duration = Duration::from_millis(100);

/// One host and its ports that are left.
struct Host {
    address: IpAddr,
    ports: VecDeque<u16>,
    busy: usize,
    /// When its first port was begun.
    since: Option<Instant>,
}

/// Finds out what speaks on each of the TCP ports, and tells each when it is known. Ports that are not
/// asked, because somebody wants the end or the time of their host is up, are named by their number.
/// `rate` holds as it does for scanning: a port counts for the connections that it may take.
pub async fn identify_all(
    targets: impl IntoIterator<Item = (IpAddr, u16)>,
    limits: &Limits,
    rate: Rate,
    stop: &AtomicBool,
    mut found: impl FnMut(IpAddr, u16, ServiceSeen),
) {
    let mut hosts = by_host(targets);
    let mut queue = Queue { pace: Pace::new(rate), since: Instant::now(), manner: limits.manner };
    let mut tasks: JoinSet<(usize, u16, ServiceSeen)> = JoinSet::new();
    let mut asked: BTreeSet<(IpAddr, u16)> = BTreeSet::new();
    // Hosts that have ports left and room for one more question.
    let mut ready: VecDeque<usize> = (0..hosts.len()).collect();
    while !stop.load(Ordering::Relaxed) {
        while tasks.len() < limits.at_once.max(1) {
            let Some(at) = ready.pop_front() else { break };
            let host = &mut hosts[at];
            let since = *host.since.get_or_insert_with(Instant::now);
            if since.elapsed() > limits.host {
                continue;
            }
            let Some(port) = host.ports.pop_front() else { continue };
            host.busy += 1;
            if host.busy < limits.per_host.max(1) {
                ready.push_back(at);
            }
            let (address, limits) = (host.address, *limits);
            asked.insert((address, port));
            let turn = queue.turn(address);
            tasks.spawn(async move {
                sleep_until(turn).await;
                (at, port, identify(address, port, &limits).await)
            });
        }
        tokio::select! {
            done = tasks.join_next() => match done {
                None => break,
                Some(Ok((at, port, service))) => {
                    let host = &mut hosts[at];
                    // One that had all its places taken was not waiting for its turn.
                    if host.busy == limits.per_host.max(1) {
                        ready.push_back(at);
                    }
                    host.busy -= 1;
                    asked.remove(&(host.address, port));
                    found(host.address, port, service);
                }
                // A task that failed has told nothing; its port is named below.
                Some(Err(_)) => {}
            },
            () = sleep(LOOK) => {}
        }
    }
    tasks.shutdown().await;
    let left = hosts.iter().flat_map(|host| host.ports.iter().map(|port| (host.address, *port)));
    for (address, port) in asked.into_iter().chain(left) {
        found(address, port, guess(port, PortProtocol::Tcp));
    }
}

/// Whose turn comes when.
struct Queue {
    pace: Pace,
    since: Instant,
    manner: Manner,
}

impl Queue {
    /// When a port of a host may be asked; what it may take counts from now on.
    fn turn(&mut self, host: IpAddr) -> Instant {
        let (connections, most) = match self.manner {
            Manner::Ask => (MAX_CONNECTIONS, u32::MAX),
            Manner::Listen => (1, FRAGILE_RATE),
        };
        let now = self.since.elapsed().as_nanos() as u64;
        let free = self.pace.total();
        let places = (0..connections).map(|_| {
            self.pace.sent(now);
            self.pace.host(host, most, now).max(self.pace.subnet(host, now))
        });
        let first = places.reduce(u64::min).unwrap_or(now);
        self.since + Duration::from_nanos(first.max(free))
    }
}

fn by_host(targets: impl IntoIterator<Item = (IpAddr, u16)>) -> Vec<Host> {
    let mut hosts: BTreeMap<IpAddr, VecDeque<u16>> = BTreeMap::new();
    for (address, port) in targets {
        hosts.entry(address).or_default().push_back(port);
    }
    let host = |(address, ports)| Host { address, ports, busy: 0, since: None };
    hosts.into_iter().map(host).collect()
}

//! Hosts that answered, and systems that did not.

use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{HostSeen, ScanRun, System, ZoneId};
use portvakt_space::{AddrSet, Family, ServiceSet, StateSet, Traffic};
use rustc_hash::FxHashMap;

use super::{Join, OpenPort, one_host};

/// A host that answered.
#[derive(Clone, Copy, Debug)]
pub struct UpHost<'a> {
    /// Index of the run that saw it last.
    pub run: u32,
    /// The host.
    pub host: &'a HostSeen,
    /// The zone that its address is in.
    pub zone: Option<ZoneId>,
    /// The first system whose addresses hold it, by index.
    pub system: Option<u32>,
    /// Whether it is a device whose configuration was read.
    pub is_device: bool,
}

/// Whether a system was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// One of its addresses answered.
    Answered {
        /// Index of the run that saw it last.
        run: u32,
        /// The address.
        address: IpAddr,
    },
    /// None of its addresses did, and runs that went through to their ends asked all of them. This is one
    /// of those runs.
    Silent {
        /// Its index.
        run: u32,
    },
    /// Not all of its addresses were asked, or the table has none.
    NotAsked,
}

impl<'a> Join<'_, 'a> {
    /// Hosts that answered, each as it was seen last, by address.
    pub(super) fn up(&self) -> Vec<UpHost<'a>> {
        let mut newest: FxHashMap<IpAddr, (Option<Timestamp>, u32, &'a HostSeen)> =
            FxHashMap::default();
        for (index, run) in self.recent() {
            for host in run.run.hosts.iter().filter(|h| is_up(h)) {
                let seen = (run.at, index, host);
                let known = newest.entry(host.address).or_insert(seen);
                if (known.0, known.1) < (seen.0, seen.1) {
                    *known = seen;
                }
            }
        }
        let mut up: Vec<UpHost<'a>> =
            newest.into_values().map(|(_, run, host)| self.up_host(run, host)).collect();
        up.sort_unstable_by_key(|h| h.host.address);
        up
    }

    fn up_host(&self, run: u32, host: &'a HostSeen) -> UpHost<'a> {
        let address = host.address;
        let mut devices = 0..self.audit.devices.len() as u32;
        UpHost {
            run,
            host,
            zone: self.audit.zone_of(address),
            system: self.systems.of(address),
            is_device: devices.any(|d| self.audit.own_addresses(d).contains(address)),
        }
    }

    /// Whether each system was seen, by its own addresses or by those that are translated to them.
    pub(super) fn presences(&self, open: &[OpenPort<'a>]) -> Vec<Presence> {
        let up = self.up().into_iter().map(|host| (host.host.address, host.run)).collect();
        let behind = open.iter().filter_map(|p| Some((one_host(p.inside.as_ref()?)?, p.run)));
        let mut behind: Vec<(IpAddr, u32)> = behind.collect();
        behind.sort_by_key(|(address, _)| *address);
        let asked: Vec<(u32, AddrSet)> = self
            .recent()
            .filter(|(_, run)| run.run.complete && run.zone().is_some())
            .map(|(index, run)| (index, asked(run.run)))
            .collect();
        let systems = self.audit.tables.systems.iter().flatten();
        let seen = Seen { answered: [up, behind], asked };
        systems.map(|system| self.presence(system, &seen)).collect()
    }

    fn presence(&self, system: &System, seen: &Seen) -> Presence {
        let Some(addresses) = system.addresses.as_ref().filter(|a| !a.is_empty()) else {
            return Presence::NotAsked;
        };
        let ranges = addresses.ranges();
        let within = |hosts: &Vec<(IpAddr, u32)>, (lo, hi): (IpAddr, IpAddr)| {
            let first = hosts.partition_point(|(address, _)| *address < lo);
            hosts[first..].first().filter(|(address, _)| *address <= hi).copied()
        };
        let of = |hosts| ranges.iter().find_map(|range| within(hosts, *range));
        if let Some((address, run)) = seen.answered.iter().find_map(of) {
            return Presence::Answered { run, address };
        }
        let reaching = seen.asked.iter().filter(|(run, set)| {
            let hit = addresses.intersect(set);
            !hit.is_empty() && self.reaches(*run, &hit)
        });
        let reaching: Vec<&(u32, AddrSet)> = reaching.collect();
        let all = AddrSet::union_all(reaching.iter().map(|(_, set)| set));
        match reaching.first().filter(|_| addresses.is_subset(&all)) {
            Some((run, _)) => Presence::Silent { run: *run },
            None => Presence::NotAsked,
        }
    }

    /// Whether packets of a run get to all of some addresses, for some service at least: silence behind a
    /// firewall that stops everything says nothing.
    fn reaches(&self, run: u32, addresses: &AddrSet) -> bool {
        let run = &self.runs[run as usize];
        let Some(from) = run.zone() else { return false };
        let src: AddrSet = Family::BOTH.into_iter().map(|f| self.sources(run, f)).collect();
        let mut left = addresses.clone();
        for (to, _) in self.audit.site.zone_ids() {
            let dst = addresses.intersect(&self.audit.zone_addresses()[to.0 as usize]);
            if !dst.is_empty() {
                let region = Traffic {
                    src: src.clone(),
                    dst,
                    service: ServiceSet::ANY,
                    state: StateSet::NEW,
                    ..Traffic::ANY
                };
                left = left.minus(&self.ways.reached(from, to, &region));
            }
        }
        left.is_empty()
    }
}

/// What systems are looked for in.
struct Seen {
    /// Hosts that answered, then those behind addresses that did: each by address, with its run.
    answered: [Vec<(IpAddr, u32)>; 2],
    /// What each run asked.
    asked: Vec<(u32, AddrSet)>,
}

/// Whether something came back from a host, whatever its row says of it.
fn is_up(host: &HostSeen) -> bool {
    use portvakt_model::PortState::{Closed, Open};
    host.up || host.ports.iter().any(|p| matches!(p.state, Open | Closed))
}

/// The addresses that a run asked.
fn asked(run: &ScanRun) -> AddrSet {
    let ranges = run.targets.iter().map(|(lo, hi)| AddrSet::range(*lo, *hi));
    ranges.chain(run.hosts.iter().map(|h| AddrSet::host(h.address))).collect()
}

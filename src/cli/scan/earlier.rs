//! Going on with a run that was stopped or killed: what it found, and what is left to ask.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use portvakt_model::{HostSeen, PortProtocol, PortRanges, PortState, Source, SourceId};
use portvakt_scan::plan::{Plan, Range, merged, within};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::document::{Addresses, port_ranges};
use crate::observations;

/// What an earlier run has told for certain.
#[derive(Default)]
pub(super) struct Earlier {
    hosts: BTreeMap<IpAddr, HostSeen>,
    /// Ports of each host that need not be asked again, as sorted ranges.
    settled: BTreeMap<IpAddr, Vec<(u16, u16)>>,
    /// Addresses of which nothing was heard, though they were asked often enough.
    silent: Vec<Range>,
    /// Addresses whose ports were not asked, since no host was found there.
    skipped: Vec<Range>,
    /// Where it looked from.
    pub(super) sensor: Option<String>,
}

/// What [`observations`] has no place for.
#[derive(Deserialize)]
struct Settled {
    #[serde(default)]
    silent: Vec<[IpAddr; 2]>,
    #[serde(default)]
    skipped: Vec<[IpAddr; 2]>,
}

impl Earlier {
    /// Reads what a run has left; `None` when there is nothing.
    ///
    /// # Errors
    ///
    /// When the run still runs, or the file is none of ours.
    pub(super) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let shown = path.display();
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e).with_context(|| format!("cannot read {shown}")),
        };
        if matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)) {
            bail!("the run that writes {shown} still runs; stop it, or wait for its end");
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
        Self::of(&shown.to_string(), &bytes).map(Some)
    }

    fn of(name: &str, bytes: &[u8]) -> anyhow::Result<Self> {
        // A line that was being written when the machine went down says nothing; it is asked again.
        let whole = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| std::str::from_utf8(line).ok())
            .filter(|line| serde_json::from_str::<IgnoredAny>(line).is_ok());
        let lines: Vec<&str> = whole.collect();
        let source = Source::new(name.to_owned(), lines.join("\n"));
        let (seen, faults) = observations::understand(&source, SourceId(0));
        if let Some(fault) = faults.first().filter(|_| !lines.is_empty()) {
            bail!("what an earlier run found cannot be read: {fault}");
        }
        let mut earlier = Self::default();
        for settled in lines.iter().filter_map(|line| serde_json::from_str::<Settled>(line).ok()) {
            earlier.silent.extend(settled.silent.iter().map(|[a, b]| (*a, *b)));
            earlier.skipped.extend(settled.skipped.iter().map(|[a, b]| (*a, *b)));
        }
        earlier.silent = merged(earlier.silent);
        earlier.skipped = merged(earlier.skipped);
        for run in seen.runs {
            earlier.sensor = earlier.sensor.or(run.sensor);
            run.hosts.into_iter().for_each(|host| earlier.add(host));
        }
        Ok(earlier)
    }

    fn add(&mut self, mut host: HostSeen) {
        host.ports.retain(|p| p.state != PortState::Incomplete);
        host.rest.retain(|r| r.state != PortState::Incomplete);
        self.settled.insert(host.address, told(&host));
        self.hosts.insert(host.address, host);
    }

    /// Whether a port of a host is known.
    pub(super) fn knows(&self, address: IpAddr, port: u16) -> bool {
        self.settled.get(&address).is_some_and(|ranges| holds(ranges, port))
    }

    /// Every host that an earlier run told of.
    pub(super) fn hosts(&self) -> Vec<HostSeen> {
        self.hosts.values().cloned().collect()
    }

    /// Hosts of a plan that an earlier run told of.
    pub(super) fn hosts_of(&self, plan: &Plan) -> Vec<HostSeen> {
        let of_range = |range: &Range| self.hosts.range(range.0..=range.1);
        plan.ranges().iter().flat_map(of_range).map(|(_, host)| host.clone()).collect()
    }

    /// Addresses that were settled as a whole.
    pub(super) fn addresses(&self) -> Addresses {
        Addresses::of(&self.silent, &self.skipped, &[])
    }

    /// The addresses of a plan that are known to be silent.
    pub(super) fn silent(&self, plan: &Plan) -> Vec<Range> {
        within(plan.ranges(), &self.silent)
    }

    /// The addresses of a plan at which no host was found.
    pub(super) fn skipped(&self, plan: &Plan) -> Vec<Range> {
        within(plan.ranges(), &self.skipped)
    }

    /// What is left to ask of a plan: less the hosts of which every port is known, and addresses that are silent or
    /// `skipped`.
    pub(super) fn left(&self, plan: &Plan, skipped: &[Range]) -> Plan {
        let known = |ranges: &[(u16, u16)]| plan.ports().iter().all(|port| holds(ranges, *port));
        let of_range = |range: &Range| self.settled.range(range.0..=range.1);
        let hosts = plan.ranges().iter().flat_map(of_range).filter(|(_, ranges)| known(ranges));
        let mut settled: Vec<Range> = hosts.map(|(address, _)| (*address, *address)).collect();
        settled.extend(self.silent(plan));
        settled.extend(skipped);
        plan.without(&merged(settled))
    }

    /// Puts what was found in a plan past what was known beside what was found before. A host that is not told of now
    /// was silent, and `silence` says what that means for the ports that were not known.
    pub(super) fn join(
        &self,
        now: Vec<HostSeen>,
        plan: &Plan,
        silence: (PortProtocol, PortState),
    ) -> Vec<HostSeen> {
        let mut all: BTreeMap<IpAddr, HostSeen> =
            now.into_iter().map(|host| (host.address, host)).collect();
        for host in self.hosts_of(plan) {
            match all.get_mut(&host.address) {
                Some(both) => add(both, host),
                None => {
                    all.insert(host.address, silent_elsewhere(host, plan.ports(), silence));
                }
            }
        }
        all.into_values().collect()
    }
}

fn holds(ranges: &[(u16, u16)], port: u16) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= port);
    after > 0 && port <= ranges[after - 1].1
}

/// Every port that a host tells of, as sorted ranges.
fn told(host: &HostSeen) -> Vec<(u16, u16)> {
    let rest = host.rest.iter().flat_map(|r| r.ranges.iter().copied());
    let mut all: Vec<(u16, u16)> =
        host.ports.iter().map(|p| (p.port, p.port)).chain(rest).collect();
    all.sort_unstable();
    all
}

/// Adds what is known of a host from before: of ports that are told now, what is told now holds.
fn add(host: &mut HostSeen, other: HostSeen) {
    let now = told(host);
    host.up |= other.up;
    host.mac = host.mac.or(other.mac);
    host.names.extend(other.names);
    host.ports.extend(other.ports.into_iter().filter(|port| !holds(&now, port.port)));
    host.ports.sort_by_key(|p| (p.protocol, p.port));
    for part in other.rest {
        let ports = part.ranges.iter().flat_map(|(first, last)| *first..=*last);
        let new: Vec<u16> = ports.filter(|port| !holds(&now, *port)).collect();
        add_rest(&mut host.rest, part.protocol, part.state, &new);
    }
}

fn add_rest(rest: &mut Vec<PortRanges>, protocol: PortProtocol, state: PortState, ports: &[u16]) {
    if ports.is_empty() {
        return;
    }
    let ranges = port_ranges(ports).into_iter().map(|[a, b]| (a, b));
    match rest.iter_mut().find(|r| (r.protocol, r.state) == (protocol, state)) {
        Some(same) => {
            same.ranges.extend(ranges);
            same.ranges.sort_unstable();
        }
        None => rest.push(PortRanges { protocol, state, ranges: ranges.collect() }),
    }
}

/// The host with all other ports that were asked as silent.
fn silent_elsewhere(
    mut host: HostSeen,
    ports: &[u16],
    (protocol, state): (PortProtocol, PortState),
) -> HostSeen {
    let known = told(&host);
    let silent: Vec<u16> = ports.iter().copied().filter(|p| !holds(&known, *p)).collect();
    add_rest(&mut host.rest, protocol, state, &silent);
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str = r#"{"schema":"portvakt-scan-1","sensor":"Servrar","complete":false}
{"address":"10.77.0.1","up":true,"ports":[{"port":22,"protocol":"tcp","state":"open"},
{"address":"10.77.0.1","up":true,"ports":[{"port":22,"protocol":"tcp","state":"open"}]}
{"address":"10.77.0.1","up":true,"ports":[{"port":25,"protocol":"tcp","state":"incomplete"}],"rest":[{"protocol":"tcp","state":"closed","ranges":[[100,199]]},{"protocol":"tcp","state":"incomplete","ranges":[[200,299]]}]}
{"address":"10.77.0.2","up":true,"rest":[{"protocol":"tcp","state":"closed","ranges":[[1,299]]}]}
{"schema":"portvakt-scan-1","silent":[["10.77.0.8","10.77.0.15"]],"skipped":[["10.77.0.32","10.77.0.63"]]}
{"address":"10.77.0.3","up":tr"#;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn earlier() -> Earlier {
        Earlier::of("part", RESULT.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_incomplete_is_asked_again_and_nothing_else() {
        let earlier = earlier();
        let host = ip("10.77.0.1");
        for (port, known) in
            [(22, true), (25, false), (100, true), (199, true), (200, false), (99, false)]
        {
            assert_eq!(earlier.knows(host, port), known, "{port}");
        }
        assert_eq!(earlier.sensor.as_deref(), Some("Servrar"));
        assert!(!earlier.knows(ip("10.77.0.3"), 22), "a line that was cut short says nothing");
        let plan = Plan::of(vec![(ip("10.77.0.0"), ip("10.77.0.63"))], &[22, 100]);
        let skipped = earlier.skipped(&plan);
        let left: Vec<String> = earlier
            .left(&plan, &skipped)
            .ranges()
            .iter()
            .map(|(first, last)| format!("{first}-{last}"))
            .collect();
        // .1 and .2 are known, .8 to .15 are silent, from .32 on there is nobody.
        assert_eq!(left, ["10.77.0.0-10.77.0.0", "10.77.0.3-10.77.0.7", "10.77.0.16-10.77.0.31"]);
        assert_eq!(earlier.left(&plan, &[]).hosts(), 64 - 2 - 8, "unless they are to be asked");
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        let refused = Earlier::of("part", b"{\"hello\":1}\n").err().unwrap();
        assert!(refused.to_string().contains("cannot be read"), "{refused}");
        assert!(Earlier::of("part", b"").unwrap().hosts().is_empty(), "killed before it wrote");
    }

    #[test]
    fn both_runs_are_told_as_one() {
        let ports: Vec<u16> = [22, 25].into_iter().chain(100..300).collect();
        let plan = Plan::of(vec![(ip("10.77.0.1"), ip("10.77.0.1"))], &ports);
        let silence = (PortProtocol::Tcp, PortState::Filtered);
        let all = earlier().join(Vec::new(), &plan, silence);
        let filtered = all[0].rest.iter().find(|r| r.state == PortState::Filtered).unwrap();
        assert_eq!(filtered.ranges, [(25, 25), (200, 299)], "they were silent this time");
        let mut now = all[0].clone();
        now.ports.clear();
        now.rest = vec![PortRanges {
            protocol: PortProtocol::Tcp,
            state: PortState::Closed,
            ranges: vec![(25, 25), (200, 299)],
        }];
        let both = earlier().join(vec![now], &plan, silence);
        assert_eq!(both[0].ports.len(), 1);
        assert_eq!(both[0].rest.len(), 1);
        assert_eq!(both[0].rest[0].ranges, [(25, 25), (100, 199), (200, 299)]);
    }
}

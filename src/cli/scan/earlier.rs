//! Going on with a run that was stopped: what it found, and what is left to ask.

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Context as _, bail};
use portvakt_model::{HostSeen, PortProtocol, PortRanges, PortState, Source, SourceId};
use portvakt_scan::plan::{Plan, Range};
use portvakt_scan::record::Unfinished;
use serde::Deserialize;

use crate::observations;

/// What an earlier run has told for certain.
#[derive(Default)]
pub(super) struct Earlier {
    hosts: BTreeMap<IpAddr, HostSeen>,
    /// Ports of each host that need not be asked again, as sorted ranges.
    settled: BTreeMap<IpAddr, Vec<(u16, u16)>>,
    /// Addresses of which nothing was heard, though they were asked often enough.
    silent: Vec<Range>,
}

/// What [`observations`] has no place for.
#[derive(Deserialize)]
struct Silent {
    #[serde(default)]
    silent: Vec<[IpAddr; 2]>,
}

impl Earlier {
    /// Reads what an unfinished run found. One that was killed has told nothing.
    pub(super) fn read(run: &Unfinished) -> anyhow::Result<Self> {
        let Some(result) = &run.result else { return Ok(Self::default()) };
        let source = Source::new(format!("run {}", run.run), result.get().to_owned());
        let (seen, faults) = observations::understand(&source, SourceId(0));
        if let Some(fault) = faults.first() {
            bail!("what run {} found cannot be read: {fault}", run.run);
        }
        let silent: Silent = serde_json::from_str(result.get())
            .with_context(|| format!("what run {} found cannot be read", run.run))?;
        let hosts = seen.runs.into_iter().flat_map(|run| run.hosts);
        let mut earlier = Self {
            silent: silent.silent.iter().map(|[a, b]| (*a, *b)).collect(),
            ..Self::default()
        };
        for mut host in hosts {
            host.ports.retain(|p| p.state != PortState::Incomplete);
            host.rest.retain(|r| r.state != PortState::Incomplete);
            earlier.settled.insert(host.address, told(&host));
            earlier.hosts.insert(host.address, host);
        }
        Ok(earlier)
    }

    /// Whether a port of a host is known.
    pub(super) fn knows(&self, address: IpAddr, port: u16) -> bool {
        let inside = |(first, last): &Range| *first <= address && address <= *last;
        if self.silent.iter().any(inside) {
            return true;
        }
        self.settled.get(&address).is_some_and(|ranges| holds(ranges, port))
    }

    /// Every host that an earlier run told of.
    pub(super) fn hosts(&self) -> Vec<HostSeen> {
        self.hosts.values().cloned().collect()
    }

    /// Puts what an engine that passes over known ports has found in a plan beside what was found before.
    /// What it does not tell of was silent, and `silence` says what that means.
    pub(super) fn join(
        &self,
        now: Vec<HostSeen>,
        plan: &Plan,
        silence: (PortProtocol, PortState),
    ) -> Vec<HostSeen> {
        let mut all: BTreeMap<IpAddr, HostSeen> =
            now.into_iter().map(|host| (host.address, host)).collect();
        for host in self.hosts.values().filter(|h| plan.host_index(h.address).is_some()).cloned() {
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

fn add(host: &mut HostSeen, other: HostSeen) {
    host.up |= other.up;
    host.mac = host.mac.or(other.mac);
    host.names.extend(other.names);
    host.ports.extend(other.ports);
    host.ports.sort_by_key(|p| (p.protocol, p.port));
    other.rest.into_iter().for_each(|part| add_rest(&mut host.rest, part));
}

fn add_rest(rest: &mut Vec<PortRanges>, part: PortRanges) {
    let same = |r: &&mut PortRanges| (r.protocol, r.state) == (part.protocol, part.state);
    match rest.iter_mut().find(same) {
        Some(ranges) => {
            ranges.ranges.extend(part.ranges);
            ranges.ranges.sort_unstable();
        }
        None => rest.push(part),
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
    let ranges: Vec<(u16, u16)> =
        super::document::port_ranges(&silent).iter().map(|[a, b]| (*a, *b)).collect();
    if !ranges.is_empty() {
        add_rest(&mut host.rest, PortRanges { protocol, state, ranges });
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str = r#"{"schema":"portvakt-scan-1","hosts":[
        {"address":"10.77.0.1","up":true,
         "ports":[{"port":22,"protocol":"tcp","state":"open"},
                  {"port":25,"protocol":"tcp","state":"incomplete"}],
         "rest":[{"protocol":"tcp","state":"closed","ranges":[[100,199]]},
                 {"protocol":"tcp","state":"incomplete","ranges":[[200,299]]}]}],
        "silent":[["10.77.0.8","10.77.0.15"]]}"#;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn earlier() -> Earlier {
        let begun = r#"{"tool":"t","who":{"user":"u","uid":0,"sudo_user":null,"machine":"m"},
            "scope":{"file":"f","sha256":"0","allowed":[],"excluded":[],"authorised_by":"a",
            "valid_until":"2026-12-31","window":"always","rates":[1,1,1],"fragile":[]},
            "method":"connect","targets":[],"ports":"-","rate":1,"probes":1,"resumes":null}"#;
        let result = serde_json::value::RawValue::from_string(RESULT.to_owned()).unwrap();
        Earlier::read(&Unfinished {
            run: "r".to_owned(),
            begun: serde_json::from_str(begun).unwrap(),
            result: Some(result),
        })
        .unwrap()
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
        assert!(earlier.knows(ip("10.77.0.9"), 22) && !earlier.knows(ip("10.77.0.16"), 22));
    }

    #[test]
    fn both_runs_are_told_as_one() {
        let ports: Vec<u16> = [22, 25].into_iter().chain(100..300).collect();
        let plan = Plan::of(vec![(ip("10.77.0.0"), ip("10.77.0.255"))], &ports);
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

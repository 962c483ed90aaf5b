//! What is joined, against looking at everything by hand in a small world.

use std::net::Ipv4Addr;

use jiff::civil::{Date, date};
use portvakt_model::{
    Action, Border, Decision, Default as ListDefault, Device, EndDate, Hook, Location,
    Observations, Parameter, Parameters, PortProtocol, PortRanges, Prefix, Rule, Ruleset,
    RulesetId, ServiceSeen, Site, Source, Status, System, Value, Zone, ZoneKind,
};
use portvakt_space::{Packet, ServiceSet, State, TCP};
use proptest::prelude::*;

use super::*;
use crate::audit::{ObservedFile, Tables};
use crate::facts::Facts;
use crate::replay;

const TODAY: Date = date(2026, 11, 20);
const FILE: SourceId = SourceId(1);

/// Three zones of eight hosts, 10.0.Z.0/29, behind one firewall with an interface in each.
fn host(zone: u8, n: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, zone, n).into()
}

fn net(zone: u8) -> AddrSet {
    AddrSet::range(host(zone, 0), host(zone, 7))
}

fn site() -> Site {
    let zone = |(n, kind): (u8, ZoneKind)| Zone {
        name: format!("Z{n}"),
        kind,
        owner: None,
        prefixes: net(n),
        interfaces: Vec::new(),
        at: Location::Site,
    };
    let kinds = [ZoneKind::Users, ZoneKind::Server, ZoneKind::Dmz];
    let all = |n: u32| (0..n).map(ZoneId).collect::<Vec<_>>();
    Site {
        zones: (0..).zip(kinds).map(zone).collect(),
        borders: vec![Border { from: all(3), to: all(3), decision: true, at: Location::Site }],
        ..Site::default()
    }
}

fn service(lo: u16, hi: u16) -> ServiceSet {
    ServiceBox::to(TCP, lo.min(hi), lo.max(hi)).into()
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let side = || (0u8..3, 0u8..8, 0u8..8);
    (side(), side(), 0u16..4, 0u16..4).prop_map(|(s, d, lo, hi)| {
        let range =
            |(zone, a, b): (u8, u8, u8)| AddrSet::range(host(zone, a.min(b)), host(zone, a.max(b)));
        Traffic { src: range(s), dst: range(d), service: service(lo, hi), ..Traffic::ANY }
    })
}

fn firewall() -> impl Strategy<Value = Device> {
    let action = prop_oneof![Just(Action::Permit), Just(Action::Deny)];
    prop::collection::vec((action, traffic()), 0..8).prop_map(|rules| {
        let mut device = Device::new("fw", "test", SourceId(0));
        for zone in 0..3u8 {
            let interface = device.interfaces.entry(&format!("eth{zone}"));
            interface
                .addresses
                .push(Prefix { addr: Ipv4Addr::new(10, 0, zone, 254).into(), len: 24 });
            interface.enabled = true;
        }
        let mut list = Ruleset::new("forward", 1);
        list.hooks.push(Hook::Forward(0));
        list.default = ListDefault { action: Action::Deny, line: None };
        let rule = |(line, (action, traffic))| Rule::new(line, action, traffic);
        list.rules = (1..).zip(rules).map(rule).collect();
        device.rulesets.push(list);
        device
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    let end = prop_oneof![Just(date(2026, 6, 30)), Just(date(2027, 6, 30))];
    let status = prop_oneof![4 => Just(Status::Decided), 1 => Just(Status::Refused)];
    (traffic(), end, status).prop_map(|(permit, end, status)| Decision {
        id: String::new(),
        at: Location::Site,
        diary: None,
        purpose: None,
        orderer: None,
        decided_by: None,
        decided_on: None,
        contact: None,
        valid_from: None,
        valid_to: EndDate::On(end, Location::Site),
        internal_system: None,
        external_system: None,
        traffic_text: None,
        service: Some(permit.service.clone()),
        permits: vec![permit],
        encryption: None,
        firewall: None,
        rule: None,
        status,
        incomplete: false,
    })
}

fn state() -> impl Strategy<Value = PortState> {
    prop_oneof![
        4 => Just(PortState::Open),
        3 => Just(PortState::Closed),
        1 => Just(PortState::Filtered),
        1 => Just(PortState::Incomplete),
    ]
}

/// A run from a host of a zone, with the states of ports 0 to 3 of some hosts.
fn run() -> impl Strategy<Value = ScanRun> {
    let row = (0u8..3, 0u8..8, 0u16..4, state());
    (0u8..3, 1i64..9, any::<bool>(), prop::collection::vec(row, 0..12)).prop_map(
        |(zone, day, told, rows)| {
            let mut run = ScanRun {
                sensor: told.then(|| format!("Z{zone}")),
                sources: if told { Vec::new() } else { vec![host(zone, 1)] },
                ended: Timestamp::from_second(1_795_118_400 - day * 86_400).ok(),
                complete: true,
                ..ScanRun::default()
            };
            for (zone, n, port, state) in rows {
                add(&mut run, host(zone, n), port, state);
            }
            run
        },
    )
}

/// Each port once: what the reader of files sees to.
fn add(run: &mut ScanRun, address: IpAddr, port: u16, state: PortState) {
    let place = run.hosts.iter().position(|h| h.address == address).unwrap_or_else(|| {
        run.hosts.push(HostSeen {
            address,
            names: Vec::new(),
            mac: None,
            up: true,
            ports: Vec::new(),
            rest: Vec::new(),
        });
        run.hosts.len() - 1
    });
    let seen = &mut run.hosts[place];
    let taken = |r: &PortRanges| r.ranges.contains(&(port, port));
    if seen.ports.iter().any(|p| p.port == port) || seen.rest.iter().any(taken) {
        return;
    }
    let protocol = PortProtocol::Tcp;
    if state == PortState::Closed {
        seen.rest.push(PortRanges { protocol, state, ranges: vec![(port, port)] });
    } else {
        seen.ports.push(PortSeen {
            port,
            protocol,
            state,
            reason: String::new(),
            at: None,
            tries: 1,
            rtt_us: None,
            service: None::<ServiceSeen>,
        });
    }
}

fn parameters() -> Parameters {
    let days = Parameter { value: Value::Number(90), source: String::new() };
    Parameters([(OBSERVATION_DAYS.to_owned(), days)].into())
}

#[derive(Debug)]
struct World {
    device: Device,
    decisions: Vec<Decision>,
    observations: Observations,
    systems: Vec<System>,
}

fn world() -> impl Strategy<Value = World> {
    let decisions = prop::collection::vec(decision(), 0..6);
    let runs = prop::collection::vec(run(), 1..4);
    (firewall(), decisions, runs).prop_map(|(device, decisions, runs)| World {
        device,
        decisions,
        observations: Observations { runs, ..Observations::default() },
        systems: Vec::new(),
    })
}

impl World {
    fn with<T>(&self, test: impl FnOnce(&Audit<'_>) -> T) -> T {
        let (site, parameters) = (site(), parameters());
        let file = ObservedFile { source: FILE, observations: &self.observations };
        let sources =
            [Source::new("fw".into(), String::new()), Source::new("scan".into(), String::new())];
        test(&Audit {
            site: &site,
            parameters: &parameters,
            today: TODAY,
            devices: std::slice::from_ref(&self.device),
            sources: &sources,
            coverage: &[],
            tables: Tables {
                decisions: Some(self.decisions.iter().collect()),
                systems: Some(self.systems.iter().collect()),
                observations: Some(vec![file]),
                ..Tables::default()
            },
            facts: Facts::default(),
        })
    }

    /// The newest definite state of a port among the runs from a zone.
    fn newest(&self, zone: u8, address: IpAddr, port: u16) -> Option<(PortState, usize)> {
        let runs = self.observations.runs.iter().enumerate();
        let known = runs.filter(|(_, run)| zone_of(run) == zone).filter_map(|(index, run)| {
            let host = run.hosts.iter().find(|h| h.address == address)?;
            let told = host.ports.iter().find(|p| p.port == port).map(|p| p.state);
            let rest = || host.rest.iter().find(|r| r.ranges.contains(&(port, port)));
            let state = told.or_else(|| rest().map(|r| r.state))?;
            (state != PortState::Incomplete).then_some((run.ended, index, state))
        });
        known.max_by_key(|(at, index, _)| (*at, *index)).map(|(_, index, state)| (state, index))
    }

    /// What the firewall does with packets from each address that the sensor may have had.
    fn fates(&self, run: &ScanRun, address: IpAddr, port: u16) -> Vec<bool> {
        let own = zone_of(run);
        let sources: Vec<IpAddr> = if run.sources.is_empty() {
            (0..8).map(|n| host(own, n)).collect()
        } else {
            run.sources.clone()
        };
        let packet = |src| Packet {
            src,
            dst: address,
            proto: TCP,
            sport: 40_000,
            dport: port,
            iif: u32::from(own),
            oif: u32::MAX,
            state: State::New,
        };
        let walk = |src| replay::list(&self.device, RulesetId(0), &packet(src), TODAY);
        sources.into_iter().map(|src| walk(src).permitted == Some(true)).collect()
    }
}

fn zone_of(run: &ScanRun) -> u8 {
    let named = run.sensor.as_ref().and_then(|name| name[1..].parse().ok());
    named.unwrap_or_else(|| zone_number(run.sources[0]))
}

fn zone_number(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) => v4.octets()[2],
        IpAddr::V6(_) => u8::MAX,
    }
}

fn key(port: &OpenPort<'_>) -> (u8, IpAddr, u16) {
    (port.from.map_or(u8::MAX, |z| z.0 as u8), port.host.address, port.port.port)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    /// A port is open when the newest run from its zone that knows it says so.
    #[test]
    fn the_newest_run_of_each_zone_counts(world in world()) {
        let mut expected = Vec::new();
        for zone in 0..3u8 {
            for (to, n, port) in (0..3).flat_map(|z| (0..8).flat_map(move |n| (0..4).map(move |p| (z, n, p)))) {
                if let Some((PortState::Open, run)) = world.newest(zone, host(to, n), port) {
                    expected.push(((zone, host(to, n), port), run as u32));
                }
            }
        }
        let mut found = world.with(|audit| {
            let open = audit.observed().open.iter();
            open.map(|p| (key(p), p.run)).collect::<Vec<_>>()
        });
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    /// What the firewall does with such packets is what walking them shows.
    #[test]
    fn a_way_is_what_walking_shows(world in world()) {
        world.with(|audit| {
            for port in &audit.observed().open {
                let (own, to) = (port.from.unwrap().0 as u8, zone_number(port.host.address));
                let run = audit.observed().run(port.run).run;
                let fates = world.fates(run, port.host.address, port.port.port);
                let all = fates.iter().all(|f| *f);
                match &port.way {
                    Way::SameZone => prop_assert_eq!(own, to),
                    Way::Permitted(_) => prop_assert!(own != to && all),
                    Way::Blocked(stops) => {
                        prop_assert!(own != to && !fates.iter().any(|f| *f));
                        for stop in stops {
                            let fate = replay::list(&world.device, RulesetId(0), &stop.packet, TODAY);
                            prop_assert_eq!((fate.permitted, fate.rule), (Some(false), stop.rule));
                        }
                    }
                    // One source address leaves no doubt about a list that is understood.
                    Way::Unsure(_) => prop_assert!(fates.len() > 1 && !all && fates.iter().any(|f| *f)),
                    Way::Unknown => prop_assert!(false, "both zones are known"),
                }
            }
            Ok(())
        })?;
    }

    /// Packets are documented when decisions in force hold them all, undocumented when no decision at all
    /// holds any.
    #[test]
    fn a_standing_is_what_the_rows_say(world in world()) {
        world.with(|audit| {
            for port in &audit.observed().open {
                let (own, to) = (port.from.unwrap().0 as u8, zone_number(port.host.address));
                let run = audit.observed().run(port.run).run;
                let sources: Vec<IpAddr> = if run.sources.is_empty() { (0..8).map(|n| host(own, n)).collect() } else { run.sources.clone() };
                let holds = |d: &Decision, src: IpAddr| d.permits.iter().any(|p| {
                    p.src.contains(src) && p.dst.contains(port.host.address) && p.service.contains(TCP, 0, port.port.port)
                });
                let covered = |src: &IpAddr| world.decisions.iter().any(|d| d.valid_on(TODAY) && holds(d, *src));
                let touched = world.decisions.iter().any(|d| sources.iter().any(|s| holds(d, *s)));
                let (some, every) = (sources.iter().any(covered), sources.iter().all(covered));
                let standing = port.standing.unwrap();
                if own == to {
                    continue;
                }
                prop_assert_eq!(standing == OpeningStanding::Documented, every, "{:?}", standing);
                prop_assert_eq!(standing == OpeningStanding::CannotTell, some && !every, "{:?}", standing);
                if !touched {
                    prop_assert_eq!(standing, OpeningStanding::Undocumented);
                }
                if standing == OpeningStanding::Expired {
                    prop_assert!(world.decisions.iter().any(|d| d.ended_on(TODAY)));
                }
            }
            Ok(())
        })?;
    }

    /// Nothing listens behind a decision only when each of its ports was refused, and packets got there.
    #[test]
    fn a_refused_decision_was_refused_everywhere(world in world()) {
        world.with(|audit| {
            for (decision, listening) in world.decisions.iter().zip(&audit.observed().decisions) {
                let permit = &decision.permits[0];
                let hosts = (0..3u8).flat_map(|z| (0..8).map(move |n| host(z, n)));
                let places = hosts.filter(|h| permit.dst.contains(*h)).flat_map(|h| {
                    (0..4u16).filter(|p| permit.service.contains(TCP, 0, *p)).map(move |p| (h, p))
                });
                let places: Vec<(IpAddr, u16)> = places.collect();
                let open = |(h, p): &(IpAddr, u16)| {
                    (0..3u8).any(|z| matches!(world.newest(z, *h, *p), Some((PortState::Open, _))))
                };
                match listening {
                    Listening::NotInForce => prop_assert!(!decision.valid_on(TODAY)),
                    Listening::Answers => prop_assert!(places.iter().any(open)),
                    Listening::NotAsked => prop_assert!(!places.iter().any(open)),
                    Listening::Refused(refusals) | Listening::Silent(refusals) => {
                        prop_assert!(!places.iter().any(open));
                        prop_assert_eq!(refusals.len(), places.len());
                        let closed = refusals.iter().all(|r| r.state == PortState::Closed);
                        prop_assert_eq!(closed, matches!(listening, Listening::Refused(_)));
                        for refusal in refusals {
                            let run = audit.observed().run(refusal.run).run;
                            let own = zone_of(run);
                            let state = world.newest(own, refusal.address, refusal.port);
                            prop_assert_eq!(state.map(|(s, _)| s), Some(refusal.state));
                            let fates = world.fates(run, refusal.address, refusal.port);
                            prop_assert!(own == zone_number(refusal.address) || fates.iter().all(|f| *f));
                        }
                    }
                }
            }
            Ok(())
        })?;
    }
}

fn system(name: &str, addresses: AddrSet) -> System {
    System {
        name: name.to_owned(),
        owner: None,
        addresses: Some(addresses),
        decommissioned: None,
        decommissioned_on: None,
        stated_gone: false,
        class: None,
        at: Location::Site,
    }
}

proptest! {
    /// A host belongs to the narrowest range that holds it, of equals to the first.
    #[test]
    fn a_host_belongs_to_the_narrowest_range(ranges in prop::collection::vec((0u8..16, 0u8..16), 0..8)) {
        let at = |n: u8| -> IpAddr { Ipv4Addr::new(10, 9, 0, n).into() };
        let sets: Vec<(u8, u8)> = ranges.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
        let systems: Vec<System> =
            sets.iter().map(|(lo, hi)| system("s", AddrSet::range(at(*lo), at(*hi)))).collect();
        let world = World {
            device: Device::new("fw", "test", SourceId(0)),
            decisions: Vec::new(),
            observations: Observations::default(),
            systems,
        };
        world.with(|audit| {
            let found = Systems::new(audit);
            for n in 0..16u8 {
                let holding = sets.iter().enumerate().filter(|(_, (lo, hi))| (*lo..=*hi).contains(&n));
                let expected = holding.min_by_key(|(index, (lo, hi))| (hi - lo, *index)).map(|(i, _)| i as u32);
                prop_assert_eq!(found.of(at(n)), expected);
            }
            Ok(())
        })?;
    }
}

#[test]
fn lines_are_those_that_name_the_port() {
    let text = "{\n\"address\": \"10.0.1.2\",\n\"ports\": [\n{\"port\": 22},\n{\"port\": 443}]},\n{\"host\":\"x\",\"ip\":\"10.0.1.3\",\"port\":443}\n<address addr=\"10.0.1.4\"/>\n<port portid=\"80\"/>\n";
    let seen = [(host(1, 2), 22), (host(1, 2), 443), (host(1, 3), 443), (host(1, 4), 80)];
    let mut run = ScanRun::default();
    for (address, port) in seen {
        add(&mut run, address, port, PortState::Open);
    }
    let observations = Observations { runs: vec![run], ..Observations::default() };
    let world = World {
        device: Device::new("fw", "test", SourceId(0)),
        decisions: Vec::new(),
        observations,
        systems: Vec::new(),
    };
    world.with(|audit| {
        let sources =
            [Source::new("fw".into(), String::new()), Source::new("scan".into(), text.into())];
        let audit = Audit {
            site: audit.site,
            parameters: audit.parameters,
            today: TODAY,
            devices: audit.devices,
            sources: &sources,
            coverage: &[],
            tables: Tables { observations: audit.tables.observations.clone(), ..Tables::default() },
            facts: Facts::default(),
        };
        let lines = Lines::of(&audit, audit.tables.observations.as_deref().unwrap());
        let at = |address, port| lines.place(FILE, address, port);
        assert_eq!(at(host(1, 2), Some(22)), Location::line(FILE, 4));
        assert_eq!(at(host(1, 2), Some(443)), Location::line(FILE, 5));
        assert_eq!(at(host(1, 2), None), Location::line(FILE, 2));
        assert_eq!(at(host(1, 3), Some(443)), Location::line(FILE, 6));
        assert_eq!(at(host(1, 4), Some(80)), Location::line(FILE, 8));
        assert_eq!(at(host(2, 1), Some(80)), Location::Whole(FILE));
    });
}

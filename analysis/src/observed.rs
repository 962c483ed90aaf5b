//! What was seen on the network, beside what firewalls, register and assets say of it.
//!
//! Of several runs from one zone the newest that knows a port counts. What is open was seen to be open,
//! also by a run that was cut short; that something is not there is only said where it was asked for.

mod assets;
mod decided;
mod inside;
mod lines;
mod sensor;
mod states;
mod systems;
#[cfg(test)]
mod tests;
mod way;

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use portvakt_model::{
    HostSeen, Location, PortSeen, PortState, ScanRun, SourceId, SshEndpoint, TlsEndpoint, ZoneId,
};
use portvakt_space::{AddrSet, Family, ServiceBox, StateSet, Traffic};
use rustc_hash::FxHashMap;

use crate::audit::Audit;
use crate::book::Book;
use crate::openings::{OpeningStanding, judge};
pub use assets::{Presence, UpHost};
pub use decided::{Listening, Refusal};
use inside::Translations;
use lines::Lines;
pub use sensor::{Age, OBSERVATION_DAYS, Sensor, age, day};
use states::{Endpoint, States, is_definite};
use systems::Systems;
use way::Ways;
pub use way::{Stop, Way};

/// What was seen, joined with all that says something of it.
#[derive(Default)]
pub struct Observed<'a> {
    /// The runs, in the order they were read.
    pub runs: Vec<Run<'a>>,
    /// Open ports, by address, protocol and port; one for each zone that it was seen from.
    pub open: Vec<OpenPort<'a>>,
    /// Hosts that answered, by address.
    pub up: Vec<UpHost<'a>>,
    /// What came of asking for each decision, by its index among [`crate::Tables`]' decisions.
    pub decisions: Vec<Listening>,
    /// Whether each system was seen, by its index among [`crate::Tables`]' systems.
    pub systems: Vec<Presence>,
    /// TLS endpoints, each as it was seen last.
    pub tls: Vec<Endpointed<'a, TlsEndpoint>>,
    /// SSH endpoints, each as it was seen last.
    pub ssh: Vec<Endpointed<'a, SshEndpoint>>,
    lines: Lines,
}

/// A run, and what may be concluded from it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The run.
    pub run: &'a ScanRun,
    /// The file that it stands in.
    pub source: SourceId,
    /// Where it stood.
    pub sensor: Sensor,
    /// When it was made: its end, or else its beginning, or when it saw something last.
    pub at: Option<Timestamp>,
    /// How old it is.
    pub age: Age,
}

impl Run<'_> {
    /// The zone that it stood in.
    pub const fn zone(&self) -> Option<ZoneId> {
        match self.sensor {
            Sensor::Zone(zone) => Some(zone),
            _ => None,
        }
    }
}

/// A port that was seen open.
#[derive(Clone, Debug)]
pub struct OpenPort<'a> {
    /// Index of the run that saw it.
    pub run: u32,
    /// Its host.
    pub host: &'a HostSeen,
    /// The port.
    pub port: &'a PortSeen,
    /// When it was seen; `None` where no time is stated.
    pub at: Option<Timestamp>,
    /// The zone that the sensor stood in.
    pub from: Option<ZoneId>,
    /// The zone of the host, behind translation.
    pub to: Option<ZoneId>,
    /// The packets that were answered: from where the sensor stood to this port.
    pub traffic: Traffic,
    /// What firewalls say of them.
    pub way: Way,
    /// How they stand to the register; `None` where they cross no border that needs a decision.
    pub standing: Option<OpeningStanding>,
    /// Decisions in force that are for this port of this host, from wherever; or those that `standing` is
    /// about. By index.
    pub decisions: Vec<u32>,
    /// The first system whose addresses hold the host, by index.
    pub system: Option<u32>,
}

impl OpenPort<'_> {
    /// The day on which it was seen, in UTC.
    pub fn day(&self) -> Option<Date> {
        self.at.map(day)
    }
}

/// A TLS or SSH endpoint with the decisions in force that are for it.
#[derive(Clone, Debug)]
pub struct Endpointed<'a, T> {
    /// What was seen.
    pub seen: &'a T,
    /// The file that it stands in.
    pub source: SourceId,
    /// Decisions in force that are for its address and port, by index.
    pub decisions: Vec<u32>,
    /// The first system whose addresses hold it, by index.
    pub system: Option<u32>,
}

impl Observed<'_> {
    /// The run that saw a port.
    pub fn run(&self, index: u32) -> &Run<'_> {
        &self.runs[index as usize]
    }

    /// Where what was seen of a host, or of a port of it, stands in a file.
    pub fn place(&self, source: SourceId, address: IpAddr, port: Option<u16>) -> Location {
        self.lines.place(source, address, port)
    }
}

/// Joins all observations with what else is known.
pub fn join<'a>(audit: &Audit<'a>) -> Observed<'a> {
    let files = audit.tables.observations.clone().unwrap_or_default();
    if files.is_empty() {
        return Observed::default();
    }
    let runs: Vec<Run<'a>> = files
        .iter()
        .flat_map(|file| file.observations.runs.iter().map(move |run| (file.source, run)))
        .map(|(source, run)| {
            let at = sensor::time(run);
            Run { run, source, sensor: sensor::sensor(audit, run), at, age: age(audit, at) }
        })
        .collect();
    let join = Join::new(audit, runs);
    let open = join.open();
    Observed {
        up: join.up(),
        decisions: join.decisions(&open),
        systems: join.presences(),
        tls: join.endpoints(&files, |o| &o.tls, |e| (e.address, e.at, tls_key(e))),
        ssh: join.endpoints(&files, |o| &o.ssh, |e| (e.address, e.at, String::new())),
        lines: Lines::of(audit, &files),
        open,
        runs: join.runs,
    }
}

fn tls_key(endpoint: &TlsEndpoint) -> String {
    let name = endpoint.server_name.as_deref().unwrap_or_default();
    format!("{name} {}", endpoint.starttls.unwrap_or_default())
}

/// All that a join looks into.
struct Join<'b, 'a> {
    audit: &'b Audit<'a>,
    runs: Vec<Run<'a>>,
    states: Vec<States<'a>>,
    book: Book<'b, 'a>,
    ways: Ways<'b, 'a>,
    nat: Translations<'a>,
    systems: Systems,
}

impl<'b, 'a> Join<'b, 'a> {
    fn new(audit: &'b Audit<'a>, runs: Vec<Run<'a>>) -> Self {
        let states = runs.iter().map(|run| States::of(run.run, run.at)).collect();
        let (book, ways) = (Book::new(audit), Ways::new(audit));
        let (nat, systems) = (Translations::new(audit), Systems::new(audit));
        Self { audit, runs, states, book, ways, nat, systems }
    }

    /// Runs by index, of which something may be concluded.
    fn recent(&self) -> impl Iterator<Item = (u32, &Run<'a>)> {
        (0..).zip(&self.runs).filter(|(_, run)| run.age == Age::Recent)
    }

    fn open(&self) -> Vec<OpenPort<'a>> {
        let mut found: FxHashMap<(Option<ZoneId>, Endpoint), OpenPort<'a>> = FxHashMap::default();
        for (index, run) in self.recent() {
            for host in &run.run.hosts {
                for port in host.ports.iter().filter(|p| p.state == PortState::Open) {
                    if port.at.is_some_and(|at| age(self.audit, Some(at)) != Age::Recent) {
                        continue;
                    }
                    let endpoint = (host.address, port.protocol, port.port);
                    if self.is_current(index, endpoint) {
                        let key = (run.zone(), endpoint);
                        found.entry(key).or_insert_with(|| self.open_port(index, host, port));
                    }
                }
            }
        }
        let mut open: Vec<OpenPort<'a>> = found.into_values().collect();
        open.sort_unstable_by_key(|p| {
            (p.host.address, p.port.protocol, p.port.port, p.from, p.run)
        });
        open
    }

    /// Whether no later run from the same zone knows the port, and no row of the same run knows better.
    fn is_current(&self, run: u32, endpoint: Endpoint) -> bool {
        let rank = |run: u32| {
            let (state, at) = self.states[run as usize].state(endpoint)?;
            is_definite(state).then_some((at, run, state))
        };
        let zone = self.runs[run as usize].zone();
        let own = rank(run).filter(|(.., state)| *state == PortState::Open);
        let others = self.recent().filter(|(other, r)| *other != run && r.zone() == zone);
        // From places that are not known a later silence may be a firewall's; a refusal is the host's.
        let tells = |state| zone.is_some() || matches!(state, PortState::Open | PortState::Closed);
        let later = others.filter_map(|(other, _)| rank(other).filter(|(.., s)| tells(*s)));
        let newest = later.map(|(at, run, _)| (at, run)).max();
        own.is_some_and(|(at, run, _)| newest.is_none_or(|newest| newest < (at, run)))
    }

    fn open_port(&self, run: u32, host: &'a HostSeen, port: &'a PortSeen) -> OpenPort<'a> {
        let own = &self.runs[run as usize];
        let traffic = self.traffic(own, (host.address, port.protocol, port.port));
        let inside = self.nat.inside(&traffic);
        let (from, to) = (own.zone(), inside.as_ref().and_then(|t| self.zone(t)));
        let way = match (from, to, &inside) {
            (Some(from), Some(to), Some(inside)) => self.ways.of(from, to, &traffic, inside),
            _ => Way::Unknown,
        };
        let at = port.at.or(own.at);
        let (standing, about) = self.standing(from, to, &traffic, at.map(day));
        let decisions = if about.is_empty() { self.deciding(&traffic) } else { about };
        let system = self.systems.of(host.address);
        OpenPort { run, host, port, at, from, to, traffic, way, standing, decisions, system }
    }

    /// Packets from where a run stood to a port: from its own addresses where they are stated, otherwise
    /// from those of its zone.
    fn traffic(&self, run: &Run<'_>, (address, protocol, port): Endpoint) -> Traffic {
        let family = Family::of(address);
        let sources = run.run.sources.iter().copied();
        let own: AddrSet = sources
            .filter(|a| run.zone().is_none_or(|zone| self.audit.zone_of(*a) == Some(zone)))
            .map(AddrSet::host)
            .collect();
        let mut src = own.only(family);
        if src.is_empty() {
            let zone = run.zone().map(|zone| &self.audit.zone_addresses()[zone.0 as usize]);
            src = zone.unwrap_or(&AddrSet::ANY).only(family);
        }
        let service = ServiceBox::to(protocol.number(), port, port).into();
        let dst = AddrSet::host(address);
        Traffic { src, dst, service, state: StateSet::NEW, ..Traffic::ANY }
    }

    fn zone(&self, traffic: &Traffic) -> Option<ZoneId> {
        match traffic.dst.ranges().as_slice() {
            [(lo, hi)] if lo == hi => self.audit.zone_of(*lo),
            _ => None,
        }
    }

    /// How packets stand to the register, with the decisions that say so.
    fn standing(
        &self,
        from: Option<ZoneId>,
        to: Option<ZoneId>,
        traffic: &Traffic,
        day: Option<Date>,
    ) -> (Option<OpeningStanding>, Vec<u32>) {
        let border = from.zip(to).and_then(|(from, to)| self.audit.site.border(from, to));
        if self.audit.tables.decisions.is_none() || !border.is_some_and(|b| b.decision) {
            return (None, Vec::new());
        }
        let (excess, complete) = self.book.uncovered(std::slice::from_ref(traffic));
        if excess.is_empty() && complete {
            return (Some(OpeningStanding::Documented), self.deciding(traffic));
        }
        if !complete || self.book.valid.meets(traffic) {
            // Somewhere in the zone it is decided, and where in it the sensor stood is not known.
            return (Some(OpeningStanding::CannotTell), self.deciding(traffic));
        }
        let about = self.book.alike(traffic);
        let standing = judge(&self.book, &about, &excess);
        let ended = |d: &portvakt_model::Decision| day.is_some_and(|day| d.ended_on(day));
        if standing == OpeningStanding::Expired && !self.book.any(&about, ended) {
            // It was in force when the port was seen.
            return (Some(OpeningStanding::Documented), about);
        }
        (Some(standing), about)
    }

    /// Decisions in force for one port of one host, from wherever. One for every destination is about no
    /// host.
    fn deciding(&self, traffic: &Traffic) -> Vec<u32> {
        let anyone = Traffic { src: AddrSet::ANY, state: StateSet::ANY, ..traffic.clone() };
        let every = |set: &AddrSet| Family::BOTH.into_iter().any(|f| set.is_all(f));
        let holds = |index: &usize| {
            let permits = self.book.permits[*index].iter();
            permits.filter(|p| !every(&p.dst)).any(|p| p.overlaps(&anyone))
        };
        let in_force = |index: &usize| self.book.decisions[*index].valid_on(self.audit.today);
        let met = self.book.all.meeting(&anyone, usize::MAX).into_iter();
        met.filter(in_force).filter(holds).map(|index| index as u32).collect()
    }

    /// Recent endpoints of one kind, each as it was seen last.
    fn endpoints<T>(
        &self,
        files: &[crate::audit::ObservedFile<'a>],
        of: fn(&'a portvakt_model::Observations) -> &'a Vec<T>,
        key: fn(&T) -> (Option<std::net::SocketAddr>, Timestamp, String),
    ) -> Vec<Endpointed<'a, T>> {
        let all = files.iter().flat_map(|f| of(f.observations).iter().map(move |e| (f.source, e)));
        let recent = all.filter(|(_, e)| age(self.audit, Some(key(e).1)) == Age::Recent);
        let mut found: Vec<(SourceId, &'a T)> =
            recent.filter(|(_, e)| key(e).0.is_some()).collect();
        let place = |e: &T| {
            let (address, at, rest) = key(e);
            ((address, rest), at)
        };
        // Newest first within each endpoint; what is read later goes first among equals.
        found.reverse();
        found.sort_by(|a, b| {
            let (a, b) = (place(a.1), place(b.1));
            a.0.cmp(&b.0).then(b.1.cmp(&a.1))
        });
        found.dedup_by_key(|(_, e)| place(e).0);
        found.into_iter().map(|(source, seen)| self.endpoint(source, seen, key(seen).0)).collect()
    }

    fn endpoint<T>(
        &self,
        source: SourceId,
        seen: &'a T,
        address: Option<std::net::SocketAddr>,
    ) -> Endpointed<'a, T> {
        let traffic = |a: std::net::SocketAddr| Traffic {
            dst: AddrSet::host(a.ip()),
            service: ServiceBox::to(portvakt_space::TCP, a.port(), a.port()).into(),
            ..Traffic::ANY
        };
        let decisions = address.map(|a| self.deciding(&traffic(a))).unwrap_or_default();
        let system = address.and_then(|a| self.systems.of(a.ip()));
        Endpointed { seen, source, decisions, system }
    }
}

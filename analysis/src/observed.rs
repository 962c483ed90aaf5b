//! What was seen on the network, beside what firewalls, register and assets say of it.
//!
//! Of several runs from one zone the newest that knows a port counts, but for silence at other addresses
//! of the zone. What is open was seen to be open, also by a run that was cut short; that something is not
//! there is only said where it was asked for.

mod assets;
mod decided;
mod inside;
mod lines;
mod sensor;
mod spoken;
mod states;
mod systems;
#[cfg(test)]
mod tests;
mod way;

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use jiff::civil::Date;
use portvakt_model::{
    Decision, HostSeen, Location, PortSeen, PortState, ScanRun, ServiceSeen, SourceId, SshEndpoint,
    TlsEndpoint, ZoneId,
};
use portvakt_space::{AddrSet, Family, ServiceBox, StateSet, Traffic};
use rustc_hash::FxHashMap;

use crate::audit::Audit;
use crate::book::Book;
use crate::openings::{OpeningStanding, covers, judge};
pub use assets::{Presence, UpHost};
pub use decided::{Listening, Refusal};
use inside::Translations;
use lines::Lines;
pub use sensor::{Age, OBSERVATION_DAYS, Sensor, age, day};
use spoken::Services;
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

    /// Whether another run may have stood at the same place: in one known zone, and not at addresses that
    /// are stated to be others.
    fn is_beside(&self, other: &Run<'_>) -> bool {
        let (own, others) = (&self.run.sources, &other.run.sources);
        let apart =
            !own.is_empty() && !others.is_empty() && !own.iter().any(|a| others.contains(a));
        self.zone().is_some() && !apart
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
    /// What speaks there, as the newest run says that asked and was told; `None` where none was.
    pub service: Option<&'a ServiceSeen>,
    /// When it was seen; `None` where no time is stated.
    pub at: Option<Timestamp>,
    /// The zone that the sensor stood in.
    pub from: Option<ZoneId>,
    /// The zone of the host, behind translation; `None` too where what it is translated to is not clear.
    pub to: Option<ZoneId>,
    /// The packets that were answered: from where the sensor stood to this port.
    pub traffic: Traffic,
    /// The same behind translation, where they are translated and it is clear to what.
    pub inside: Option<Traffic>,
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
    /// How it was seen before, newest first, with the files.
    pub earlier: Vec<(SourceId, &'a T)>,
}

impl<T> Endpointed<'_, T> {
    /// It as it was seen last, then as it was seen before: a newer look may have left unasked what an earlier
    /// one was told.
    pub fn views(&self) -> impl Iterator<Item = Self> {
        std::iter::once((self.source, self.seen)).chain(self.earlier.iter().copied()).map(
            |(source, seen)| Self {
                seen,
                source,
                decisions: self.decisions.clone(),
                system: self.system,
                earlier: Vec::new(),
            },
        )
    }
}

/// The one host that packets are for.
fn one_host(traffic: &Traffic) -> Option<IpAddr> {
    match traffic.dst.ranges().as_slice() {
        [(lo, hi)] if lo == hi => Some(*lo),
        _ => None,
    }
}

/// The ports that a run saw open, but for rows that are too old though the run is not.
fn open_ports<'a>(
    audit: &Audit<'_>,
    run: &Run<'a>,
) -> impl Iterator<Item = (&'a HostSeen, &'a PortSeen)> {
    let each = run.run.hosts.iter().flat_map(|host| host.ports.iter().map(move |p| (host, p)));
    each.filter(|(_, port)| {
        port.state == PortState::Open
            && port.at.is_none_or(|at| age(audit, Some(at)) == Age::Recent)
    })
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
        systems: join.presences(&open),
        tls: join.endpoints(&files, |o| &o.tls, tls_key),
        ssh: join.endpoints(
            &files,
            |o| &o.ssh,
            |e| (e.address, e.at, unresolved(e.address, &e.target)),
        ),
        lines: Lines::of(audit, &files),
        open,
        runs: join.runs,
    }
}

/// Address, time, and what tells endpoints of one address apart.
type EndpointKey = (Option<SocketAddr>, Timestamp, String);

fn tls_key(endpoint: &TlsEndpoint) -> EndpointKey {
    let name = endpoint.server_name.as_deref().unwrap_or_default();
    let within = endpoint.starttls.unwrap_or_default();
    let target = unresolved(endpoint.address, &endpoint.target);
    (endpoint.address, endpoint.at, format!("{name} {within} {target}"))
}

/// The target, where it stands for an address that is not stated.
fn unresolved(address: Option<SocketAddr>, target: &str) -> String {
    if address.is_none() { target.to_owned() } else { String::new() }
}

/// All that a join looks into.
struct Join<'b, 'a> {
    audit: &'b Audit<'a>,
    runs: Vec<Run<'a>>,
    states: Vec<States<'a>>,
    services: Services<'a>,
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
        let services = Services::new(audit, &runs);
        Self { audit, runs, states, services, book, ways, nat, systems }
    }

    /// Runs by index, of which something may be concluded.
    fn recent(&self) -> impl Iterator<Item = (u32, &Run<'a>)> {
        (0..).zip(&self.runs).filter(|(_, run)| run.age == Age::Recent)
    }

    fn open(&self) -> Vec<OpenPort<'a>> {
        let mut found: FxHashMap<(Option<ZoneId>, Endpoint), OpenPort<'a>> = FxHashMap::default();
        for (index, run) in self.recent() {
            for (host, port) in open_ports(self.audit, run) {
                let endpoint = (host.address, port.protocol, port.port);
                if self.is_current(index, endpoint) {
                    let key = (run.zone(), endpoint);
                    found.entry(key).or_insert_with(|| self.open_port(index, host, port));
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
        let own = rank(run).filter(|(.., state)| *state == PortState::Open);
        let here = &self.runs[run as usize];
        let others = self.recent().filter(|(other, r)| *other != run && r.zone() == here.zone());
        // A refusal is the host's; a later silence may be a firewall's that lets others through.
        let tells = |r: &Run<'_>, state| {
            matches!(state, PortState::Open | PortState::Closed) || here.is_beside(r)
        };
        let later = others.filter_map(|(other, r)| rank(other).filter(|(.., s)| tells(r, *s)));
        let newest = later.map(|(at, run, _)| (at, run)).max();
        own.is_some_and(|(at, run, _)| newest.is_none_or(|newest| newest < (at, run)))
    }

    fn open_port(&self, run: u32, host: &'a HostSeen, port: &'a PortSeen) -> OpenPort<'a> {
        let own = &self.runs[run as usize];
        let endpoint = (host.address, port.protocol, port.port);
        let traffic = self.traffic(own, endpoint);
        let inside = self.nat.inside(&traffic);
        let (from, to) = (own.zone(), inside.as_ref().and_then(|t| self.zone(t)));
        let way = match (from, to, &inside) {
            (Some(from), Some(to), Some(inside)) => self.ways.of(from, to, &traffic, inside),
            _ => Way::Unknown,
        };
        let at = port.at.or(own.at);
        let (standing, about) = self.standing((from, to), &traffic, inside.as_ref(), at.map(day));
        let decisions =
            if about.is_empty() { self.about(&traffic, inside.as_ref()) } else { about };
        let system = self.systems.of(host.address).or_else(|| self.system(inside.as_ref()?));
        let service = self.services.of(from, endpoint);
        let inside = inside.filter(|inside| *inside != traffic);
        OpenPort {
            run,
            host,
            port,
            service,
            at,
            from,
            to,
            traffic,
            inside,
            way,
            standing,
            decisions,
            system,
        }
    }

    /// The system behind translation.
    fn system(&self, inside: &Traffic) -> Option<u32> {
        one_host(inside).and_then(|host| self.systems.of(host))
    }

    /// Packets from where a run stood to a port.
    fn traffic(&self, run: &Run<'_>, (address, protocol, port): Endpoint) -> Traffic {
        let src = self.sources(run, Family::of(address));
        let service = ServiceBox::to(protocol.number(), port, port).into();
        let dst = AddrSet::host(address);
        Traffic { src, dst, service, state: StateSet::NEW, ..Traffic::ANY }
    }

    /// The addresses that a run's packets came from: its own where they are stated, otherwise those of its
    /// zone.
    fn sources(&self, run: &Run<'_>, family: Family) -> AddrSet {
        let sources = run.run.sources.iter().copied();
        let own: AddrSet = sources
            .filter(|a| run.zone().is_none_or(|zone| self.audit.zone_of(*a) == Some(zone)))
            .map(AddrSet::host)
            .collect();
        let own = own.only(family);
        if !own.is_empty() {
            return own;
        }
        let zone = run.zone().map(|zone| &self.audit.zone_addresses()[zone.0 as usize]);
        zone.unwrap_or(&AddrSet::ANY).only(family)
    }

    fn zone(&self, traffic: &Traffic) -> Option<ZoneId> {
        one_host(traffic).and_then(|host| self.audit.zone_of(host))
    }

    /// How packets stand to the register, with the decisions that say so. A decision may name the outside
    /// address of what is translated, or the inside one.
    fn standing(
        &self,
        (from, to): (Option<ZoneId>, Option<ZoneId>),
        wire: &Traffic,
        inside: Option<&Traffic>,
        day: Option<Date>,
    ) -> (Option<OpeningStanding>, Vec<u32>) {
        let border = from.zip(to).and_then(|(from, to)| self.audit.site.border(from, to));
        if self.audit.tables.decisions.is_none() || !border.is_some_and(|b| b.decision) {
            return (None, Vec::new());
        }
        let names = || [Some(wire), inside.filter(|i| *i != wire)].into_iter().flatten();
        let left: Vec<(Vec<Traffic>, bool)> =
            names().map(|t| self.book.uncovered(std::slice::from_ref(t))).collect();
        if left.iter().any(|(excess, complete)| excess.is_empty() && *complete) {
            return (Some(OpeningStanding::Documented), self.about(wire, inside));
        }
        if left.iter().any(|(_, complete)| !complete) || names().any(|t| self.book.valid.meets(t)) {
            // Somewhere in the zone it is decided, and where in it the sensor stood is not known.
            return (Some(OpeningStanding::CannotTell), self.about(wire, inside));
        }
        let about = names().zip(&left).map(|(t, (excess, _))| (self.book.alike(t), excess));
        match about.into_iter().find(|(about, _)| !about.is_empty()) {
            Some((about, excess)) => (Some(self.not_in_force(&about, excess, day)), about),
            None => (Some(OpeningStanding::Undocumented), Vec::new()),
        }
    }

    /// Why decisions do not cover packets that were seen on a day: one that has ended since did so then.
    fn not_in_force(
        &self,
        about: &[u32],
        excess: &[Traffic],
        day: Option<Date>,
    ) -> OpeningStanding {
        let then = |test: fn(&Decision, Date) -> bool| {
            move |d: &Decision| day.is_some_and(|day| test(d, day))
        };
        match judge(&self.book, about, excess) {
            OpeningStanding::Expired => {
                let covering: Vec<u32> =
                    about.iter().copied().filter(|d| covers(&self.book, *d, excess)).collect();
                if self.book.any(&covering, then(Decision::valid_on)) {
                    OpeningStanding::Documented
                } else if self.book.any(about, then(Decision::ended_on)) {
                    OpeningStanding::Expired
                } else {
                    OpeningStanding::Wider
                }
            }
            other => other,
        }
    }

    /// Decisions in force for one port of one host, from wherever, by either address.
    fn about(&self, wire: &Traffic, inside: Option<&Traffic>) -> Vec<u32> {
        let mut all = self.deciding(wire);
        all.extend(inside.filter(|i| *i != wire).into_iter().flat_map(|i| self.deciding(i)));
        all.sort_unstable();
        all.dedup();
        all
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
        key: fn(&T) -> EndpointKey,
    ) -> Vec<Endpointed<'a, T>> {
        let all = files.iter().flat_map(|f| of(f.observations).iter().map(move |e| (f.source, e)));
        let recent = all.filter(|(_, e)| age(self.audit, Some(key(e).1)) == Age::Recent);
        let mut found: Vec<(SourceId, &'a T)> = recent.collect();
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
        let each = found.chunk_by(|a, b| place(a.1).0 == place(b.1).0);
        let endpoint = |views: &[(SourceId, &'a T)]| {
            let (source, seen) = views[0];
            let earlier = views[1..].to_vec();
            Endpointed { earlier, ..self.endpoint(source, seen, key(seen).0) }
        };
        each.map(endpoint).collect()
    }

    fn endpoint<T>(
        &self,
        source: SourceId,
        seen: &'a T,
        address: Option<SocketAddr>,
    ) -> Endpointed<'a, T> {
        let traffic = |a: SocketAddr| Traffic {
            dst: AddrSet::host(a.ip()),
            service: ServiceBox::to(portvakt_space::TCP, a.port(), a.port()).into(),
            ..Traffic::ANY
        };
        let wire = address.map(traffic);
        let inside = wire.as_ref().and_then(|t| self.nat.inside(t));
        let decisions = wire.as_ref().map(|t| self.about(t, inside.as_ref())).unwrap_or_default();
        let outer = address.and_then(|a| self.systems.of(a.ip()));
        let system = outer.or_else(|| self.system(inside.as_ref()?));
        Endpointed { seen, source, decisions, system, earlier: Vec::new() }
    }
}

//! The packet engine: asks with single SYNs from sockets of its own, as many as the scope allows.
//!
//! Nothing is believed that was not proven: an answer repeats the cookie of its probe, and silence counts
//! only when the receiver was listening, the ring lost nothing, and the host still answers where it is
//! known to. The kernel resets connections that are half open, as it does for any segment that it did not
//! expect; hosts are left clean.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use jiff::Timestamp;
use portvakt_model::{HostSeen, PortState, ScanRun};
use socket2::{Domain, Socket, Type};

use crate::control::{Control, Progress};
use crate::plan::Plan;
use crate::raw::{self, Ring};
use crate::scope::Rate;

use self::cookie::Cookie;
use self::outcome::Outcome;
use self::receiver::{Clock, Notes, OwnPorts, Receiver};
use self::routes::Routes;
use self::sender::{Sender, Shared};
use self::table::{End, Known, NO_ROUTE, Table};
use self::turn::Turn;
use crate::permute::Permutation;

mod certainty;
mod cookie;
mod outcome;
mod pace;
mod packet;

mod receiver;
mod routes;
mod sender;
mod table;
mod turn;

pub(crate) use packet::ECHO;

/// How to scan.
#[derive(Clone, Debug)]
pub struct How {
    /// Ceilings; what a host or network turns out to bear may be less.
    pub rate: Rate,
    /// How often a silent port is asked at least, 1 to 8. With 1 no silence is certain, and silent ports are
    /// [`PortState::Incomplete`].
    pub tries: u8,
    /// Hosts as an earlier run left them: ports that were open or closed are not asked again.
    pub known: Vec<HostSeen>,
    /// Threads that send, 1 or 2; by default two where the rate is more than one can send.
    pub senders: Option<u8>,
}

impl Default for How {
    fn default() -> Self {
        Self { rate: Rate::default(), tries: 2, known: Vec::new(), senders: None }
    }
}

/// Why the packet engine can't go on.
#[derive(Debug, thiserror::Error)]
pub enum SynError {
    /// The process may not send packets of its own; whole connections can still be made.
    #[error("raw sockets need root or CAP_NET_RAW (setcap cap_net_raw+ep portvakt)")]
    Privileges,
    /// The system has no packet sockets, or no memory for them.
    #[error("cannot open packet sockets: {0}")]
    Sockets(io::Error),
    /// Every range of ports that we might send from is in use.
    #[error("no eight TCP ports in a row are free to send from")]
    OwnPorts,
    /// The kernel does not say by which way addresses are reached.
    #[error("cannot read the routing table: {0}")]
    Routes(io::Error),
    /// It began, and then could not go on.
    #[error("the scan broke off: {cause}")]
    Broken {
        /// Why.
        cause: io::Error,
        /// What was found until then; it is not complete.
        run: Box<ScanRun>,
    },
}

/// Open sockets, ready to scan.
///
/// Open it first, then give up rights with [`crate::privileges::drop_privileges`], then scan.
pub struct Engine {
    ring: Ring,
    senders: Vec<raw::Sender>,
    own: OwnPorts,
    cookie: Cookie,
    /// Bound, so that nobody else uses our ports. They never listen: the kernel refuses what comes.
    _reserved: Vec<Socket>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The state of every port.
    Ports,
    /// Whether a host is there: any answer will do.
    Hosts,
}

/// More threads gain nothing: one fills a gigabit link with answers.
const MOST_SENDERS: usize = 2;
/// From this rate on two threads send.
const FAST: u32 = 200_000;
/// Fewer hosts keep one thread busy at most.
const MANY_HOSTS: u64 = 64;
/// First of the ports that we send from: above what Linux gives to others by itself (32768 to 60999), so that
/// they can be named in the rules of a log.
const OWN_PORTS: u16 = 61_440;

impl Engine {
    /// Opens the sockets. Needs `CAP_NET_RAW`; nothing after it does.
    pub fn open() -> Result<Self, SynError> {
        let (own, reserved) = reserve()?;
        let filter = raw::program(own.first, OwnPorts::COUNT);
        let senders: Result<_, _> = (0..MOST_SENDERS).map(|_| raw::Sender::open()).collect();
        let mut key = [0; 16];
        aws_lc_rs::rand::fill(&mut key)
            .map_err(|_| SynError::Sockets(io::Error::other("no random numbers")))?;
        Ok(Self {
            senders: senders.map_err(refused)?,
            ring: Ring::open(&filter).map_err(refused)?,
            own,
            cookie: Cookie::new(&key),
            _reserved: reserved,
        })
    }

    /// The TCP ports that probes come from, first and last: for the rules of those who watch.
    pub fn own_ports(&self) -> (u16, u16) {
        (self.own.first, self.own.first + OwnPorts::COUNT - 1)
    }

    /// Finds the state of every port of the plan.
    pub fn scan(
        &mut self,
        plan: &Plan,
        how: &How,
        control: Control<'_>,
    ) -> Result<ScanRun, SynError> {
        self.run(plan, how, Aim::Ports, control)
    }

    pub(crate) fn run(
        &mut self,
        plan: &Plan,
        how: &How,
        aim: Aim,
        control: Control<'_>,
    ) -> Result<ScanRun, SynError> {
        let mut outcome = Outcome::new(plan, aim);
        let clock = Clock::start();
        let step = table::stretch(plan.ports().len());
        let mut first = 0;
        while first < plan.hosts() && !plan.is_empty() && !control.stopped() {
            let mut table = Table::new(plan, first);
            let routes = self.routes(&mut table, how, control);
            let routes = routes.map_err(SynError::Routes)?;
            preset(&table, how, control);
            let (notes, cause) = self.stretch(&table, &routes, (how, aim), (clock, control));
            outcome.add(&table, notes, &routes, how);
            if let Some(cause) = cause {
                return Err(SynError::Broken { cause, run: Box::new(outcome.run(false)) });
            }
            first += step;
        }
        let mut run = outcome.run(!control.stopped());
        run.ended = Some(Timestamp::now()).filter(|_| run.complete);
        Ok(run)
    }

    fn routes(
        &mut self,
        table: &mut Table<'_>,
        how: &How,
        control: Control<'_>,
    ) -> io::Result<Routes> {
        let sender = &self.senders[0];
        Routes::find(table, (&mut self.ring, sender), how.rate.total, control)
    }

    /// Asks one stretch of hosts; says what broke it off, if anything did.
    fn stretch(
        &mut self,
        table: &Table<'_>,
        routes: &Routes,
        (how, aim): (&How, Aim),
        (clock, control): (Clock, Control<'_>),
    ) -> (Notes, Option<io::Error>) {
        let threads = threads(table, how);
        let order = order(table.ports, self.cookie);
        let borne = AtomicU32::new(0);
        let shared = Shared {
            table,
            templates: &routes.templates,
            routes: &routes.all,
            order: &order,
            cookie: self.cookie,
            own: self.own,
            clock,
            control,
            rate: how.rate,
            threads,
            aim,
            tries: how.tries.clamp(1, 8),
            borne: &borne,
        };
        let (turns, subnets) = turns(table, how, threads, self.cookie);
        let finish = AtomicBool::new(false);
        let receiver = Receiver {
            ring: &mut self.ring,
            table,
            cookie: self.cookie,
            own: self.own,
            clock,
            control,
        };
        let failed = &table.counts.failed;
        std::thread::scope(|scope| {
            let listening =
                scope.spawn(|| receiver.run(&finish).inspect_err(|_| failed.store(true, Relaxed)));
            let sending: Vec<_> = turns
                .into_iter()
                .zip(&self.senders)
                .enumerate()
                .map(|(number, (turns, socket))| {
                    let sender = Sender::new(&shared, socket, subnets, number as u32);
                    scope.spawn(move || {
                        sender.run(turns).inspect_err(|_| failed.store(true, Relaxed))
                    })
                })
                .collect();
            let sent: Vec<_> = sending.into_iter().map(joined).collect();
            finish.store(true, Relaxed);
            match joined(listening) {
                Ok(notes) => (notes, sent.into_iter().find_map(Result::err)),
                Err(error) => (Notes::default(), Some(error)),
            }
        })
    }
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, io::Result<T>>) -> io::Result<T> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn refused(error: io::Error) -> SynError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => SynError::Privileges,
        _ => SynError::Sockets(error),
    }
}

/// Takes ports in a row for ourselves.
fn reserve() -> Result<(OwnPorts, Vec<Socket>), SynError> {
    let starts = (OWN_PORTS..=u16::MAX - OwnPorts::COUNT).step_by(OwnPorts::COUNT.into());
    for first in starts {
        let ports = first..first + OwnPorts::COUNT;
        let bound: io::Result<Vec<Vec<Socket>>> = ports.map(bind).collect();
        if let Ok(bound) = bound {
            return Ok((OwnPorts { first }, bound.into_iter().flatten().collect()));
        }
    }
    Err(SynError::OwnPorts)
}

/// Binds a port of each family that the system has.
fn bind(port: u16) -> io::Result<Vec<Socket>> {
    let mut bound = Vec::new();
    for (domain, any) in
        [(Domain::IPV4, IpAddr::from([0, 0, 0, 0])), (Domain::IPV6, IpAddr::from([0; 16]))]
    {
        let Ok(socket) = Socket::new(domain, Type::STREAM, None) else { continue };
        if domain == Domain::IPV6 {
            socket.set_only_v6(true)?;
        }
        match socket.bind(&std::net::SocketAddr::new(any, port).into()) {
            Ok(()) => bound.push(socket),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // A system without this family has nobody who could take the port.
            Err(_) => {}
        }
    }
    Ok(bound)
}

fn threads(table: &Table<'_>, how: &How) -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let fast = how.rate.total >= FAST && u64::from(table.hosts) >= MANY_HOSTS && cores > 1;
    let wanted = how.senders.map_or(if fast { MOST_SENDERS } else { 1 }, usize::from);
    wanted.clamp(1, MOST_SENDERS) as u32
}

/// The order in which the ports of each host are asked.
fn order(ports: u32, cookie: Cookie) -> Vec<u16> {
    let order = Permutation::new(u64::from(ports), key(cookie, 1));
    (0..u64::from(ports)).map(|at| order.at(at) as u16).collect()
}

/// A key that is another in every scan.
fn key(cookie: Cookie, number: u16) -> u64 {
    let own = (IpAddr::from([0, 0, 0, 0]), number);
    u64::from(cookie.of(own, (own.0, 0))) << 32 | u64::from(cookie.of(own, (own.0, 1)))
}

/// Turns for each thread, in scattered order, and how many subnets have a ceiling of their own.
fn turns(table: &Table<'_>, how: &How, threads: u32, cookie: Cookie) -> (Vec<Vec<Turn>>, usize) {
    let numbers = subnets(table, how);
    let count = numbers.last().map_or(0, |last| *last as usize + 1);
    let order = Permutation::new(table.hosts.into(), key(cookie, 2));
    let gap = crate::bucket::gap(how.rate.host);
    let each = table.hosts.div_ceil(threads) as usize;
    let mut turns: Vec<Vec<Turn>> = (0..threads).map(|_| Vec::with_capacity(each)).collect();
    for at in 0..table.hosts {
        let host = order.at(at.into()) as u32;
        if table.route(host) != NO_ROUTE {
            let subnet = numbers.get(host as usize).copied().unwrap_or(u32::MAX);
            turns[(at % threads) as usize].push(Turn::new(host, subnet, gap));
        }
    }
    (turns, count)
}

/// The number of each host's subnet: a /24 or a /64; none where the ceiling of all is no higher.
fn subnets(table: &Table<'_>, how: &How) -> Vec<u32> {
    if how.rate.subnet >= how.rate.total {
        return Vec::new();
    }
    let subnet = |host| match table.address(host) {
        IpAddr::V4(v4) => u128::from(v4.to_bits() >> 8),
        IpAddr::V6(v6) => (1 << 64) | (v6.to_bits() >> 64),
    };
    let mut last = None;
    let mut number = 0;
    let numbers = (0..table.hosts).map(|host| {
        let this = subnet(host);
        number += u32::from(last.is_some_and(|last| last != this));
        last = Some(this);
        number
    });
    numbers.collect()
}

/// Puts in what an earlier run proved.
fn preset(table: &Table<'_>, how: &How, control: Control<'_>) {
    let learn = |host: &HostSeen, port, state| {
        let known = match state {
            PortState::Open => Known::Open,
            PortState::Closed => Known::Closed,
            _ => return,
        };
        if let Some((host, place)) = table.locate(host.address, port)
            && table.learn(host, place, known) == Known::Silent
        {
            table.counts.answered.fetch_add(1, Relaxed);
            table.heard(host).answers.fetch_add(1, Relaxed);
            table.heard(host).lately.store(place + 1, Relaxed);
            Progress::add(&control.progress.done, 1);
        }
    };
    for host in &how.known {
        for seen in &host.ports {
            learn(host, seen.port, seen.state);
        }
        for rest in &host.rest {
            for (first, last) in &rest.ranges {
                (*first..=*last).for_each(|port| learn(host, port, rest.state));
            }
        }
    }
    for host in 0..table.hosts {
        if table.heard(host).end() != End::None {
            Progress::add(&control.progress.done, table.ports.into());
        }
    }
}

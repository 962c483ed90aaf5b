//! The passes of a connect scan.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned};
use portvakt_model::{PortProtocol, PortSeen, PortState};
use tokio::task::JoinSet;

use super::attempt::{self, Begun};
use super::hosts::{Host, Hosts};
use super::outcome::{Outcome, Table};
use super::pace::{FRAGILE_RATE, Pace};
use super::start::{Started, Starter};
use super::window::{self, Window};
use super::{Ended, descriptors};
use crate::control::{Control, Progress, Seen};
use crate::permute::Permutation;
use crate::plan::Plan;
use crate::scope::{Leave, Scope};

/// Passes over what stays silent. The second is for packets that were lost; more are only made for
/// hosts that answered late in the one before, each at half the speed.
const MOST_PASSES: u8 = 8;

/// A stop is seen at the latest after this time.
const STOP_LATENCY: Duration = Duration::from_millis(50);

/// Probes that may wait for their host's or subnet's turn. When it is reached, those go first.
const MOST_LATER: usize = 16_384;

/// How often in a row this machine may have nothing to connect with, though nothing is open, before
/// the scan gives up. It waits 50 ms after each.
const MOST_EXHAUSTED: u32 = 100;

/// Nanoseconds until this machine tries again when it had nothing left to connect with.
const RECOVERY: u64 = 50_000_000;

/// Fragile hosts that are looked at side by side.
pub const MOST_FRAGILE: usize = 8;

/// Nanoseconds after which a fragile host that has an open connection is tried again.
const BUSY: u64 = 20_000_000;

/// How often it is looked whether the window is still open.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);

/// Probes of the plan that are passed over at a time: what is settled costs next to nothing, but
/// answers must not wait for millions of them.
const STRETCH: u32 = 4096;

/// Attempts that are begun at once.
const BATCH: usize = 32;

/// An open port.
pub(super) struct Found {
    pub(super) probe: u64,
    pub(super) seen: PortSeen,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// The state of every port.
    Ports,
    /// Which hosts are there: one that has said anything is asked no more.
    Hosts,
}

/// A scan that runs.
pub(super) struct Engine<'a> {
    pub(super) plan: &'a Plan,
    aim: Aim,
    scope: &'a Scope,
    control: Control<'a>,
    began: Instant,
    pace: Pace,
    window: Window,
    pub(super) table: Table,
    pub(super) hosts: Hosts,
    pub(super) found: Vec<Found>,
    pub(super) sent: u64,
    pub(super) answered: u64,
    starter: Starter,
    waiting: JoinSet<Answer>,
    later: BinaryHeap<Reverse<Later>>,
    /// Fragile hosts with an open connection.
    busy: HashSet<IpAddr>,
    /// Hosts of which something was heard, where those are looked for.
    pub(super) there: HashSet<IpAddr>,
    pass: u8,
    exhausted: u32,
    /// When the clock was last looked at.
    looked: Instant,
}

/// A probe whose turn comes later.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Later {
    at: u64,
    probe: u64,
    stage: Stage,
}

/// Which turns a probe has had to wait for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Its host's.
    Host,
    /// Its subnet's, too.
    Subnet,
}

/// A probe that goes to a host.
#[derive(Clone, Copy)]
struct Probe {
    index: u64,
    to: SocketAddr,
}

/// What a connection came to.
#[derive(Clone, Copy)]
struct Answer {
    probe: Probe,
    outcome: Option<Outcome>,
    took: Duration,
}

/// What to do next.
enum Next {
    Send(Probe),
    /// Until a time, if there is one, or until something is answered.
    Wait(Option<u64>),
    /// Look again: a long stretch of the plan had nothing to ask.
    Again,
    Ended,
}

impl<'a> Engine<'a> {
    pub(super) fn new(plan: &'a Plan, scope: &'a Scope, aim: Aim, control: Control<'a>) -> Self {
        Self {
            plan,
            aim,
            scope,
            control,
            began: Instant::now(),
            pace: Pace::new(scope.rate),
            window: Window::new(descriptors::available(window::MOST)),
            table: Table::new(plan.probes()),
            hosts: Hosts::default(),
            found: Vec::new(),
            sent: 0,
            answered: 0,
            starter: Starter::new(scope.rate.total),
            waiting: JoinSet::new(),
            later: BinaryHeap::new(),
            busy: HashSet::new(),
            there: HashSet::new(),
            pass: 0,
            exhausted: 0,
            looked: Instant::now(),
        }
    }

    /// Takes for known what an earlier run has told of.
    pub(super) fn know(&mut self, known: &dyn Fn(u64) -> bool) {
        for probe in (0..self.plan.probes()).filter(|probe| known(*probe)) {
            self.table.set(probe, Outcome::Known);
            Progress::add(&self.control.progress.done, 1);
        }
    }

    /// Makes all passes.
    pub(super) async fn run(&mut self) -> Ended {
        while self.pass < MOST_PASSES {
            self.pass += 1;
            let began = Instant::now();
            if let Err(ended) = self.pass().await {
                // What has turned up in this pass tells what the silence of the others is worth.
                self.hosts.end_pass();
                return ended;
            }
            let late = self.hosts.end_pass();
            self.slow_down(&late, began.elapsed());
            if self.pass > 1 && (late.is_empty() || self.aim == Aim::Hosts) {
                break;
            }
        }
        Ended::Complete
    }

    /// Hosts of which many ports answered late do not keep up. They get half of what they got just
    /// now.
    fn slow_down(&mut self, late: &[(IpAddr, Host)], took: Duration) {
        for (address, host) in late.iter().filter(|(_, host)| does_not_keep_up(host)) {
            let rate = u64::from(host.asked) / took.as_secs().max(1) / 2;
            self.pace.slow(*address, u32::try_from(rate.max(1)).unwrap_or(u32::MAX));
        }
    }

    /// Asks everything once that is not known yet.
    async fn pass(&mut self) -> Result<(), Ended> {
        let mut order = Order::new(self.plan.probes());
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            self.may_go_on()?;
            // A task only fails when it is aborted, and that is when the scan is over.
            while let Some(Ok(answer)) = self.waiting.try_join_next() {
                self.note(answer);
            }
            let next = self.gather(&mut order, &mut batch);
            if !batch.is_empty() {
                self.send(&mut batch);
                // Answers and timers get their turn.
                tokio::task::yield_now().await;
                continue;
            }
            match next {
                Next::Wait(until) => self.wait(until).await,
                Next::Send(_) | Next::Again => {}
                Next::Ended => return Ok(()),
            }
        }
    }

    /// Takes all that may go now, up to a batch; tells what comes after it.
    fn gather(&mut self, order: &mut Order, batch: &mut Vec<Probe>) -> Next {
        while batch.len() < BATCH {
            match self.next(order, batch.len()) {
                Next::Send(probe) => {
                    self.pace.sent(self.now());
                    self.hosts.asked(probe.to.ip());
                    batch.push(probe);
                }
                other => return other,
            }
        }
        Next::Again
    }

    fn may_go_on(&mut self) -> Result<(), Ended> {
        if self.control.stopped() {
            return Err(Ended::Stopped);
        }
        if self.exhausted > MOST_EXHAUSTED {
            return Err(Ended::Exhausted);
        }
        if self.looked.elapsed() > LOOK_AT_CLOCK {
            self.looked = Instant::now();
            self.scope.open_at(Zoned::now().datetime()).map_err(Ended::Closed)?;
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn next(&mut self, order: &mut Order, taken: usize) -> Next {
        let now = self.now();
        if self.window.is_full(self.waiting.len() + taken) {
            return Next::Wait(None);
        }
        let total = self.pace.total();
        if total > now {
            return Next::Wait(Some(total));
        }
        while self.later.peek().is_some_and(|Reverse(first)| first.at <= now) {
            let Some(Reverse(first)) = self.later.pop() else { break };
            if let Some(probe) = self.turn(first.probe, Some(first.stage)) {
                return Next::Send(probe);
            }
        }
        for _ in 0..STRETCH {
            if self.later.len() >= MOST_LATER {
                break;
            }
            let Some(index) = order.next() else { return self.rest() };
            if self.is_wanted(index)
                && let Some(probe) = self.turn(index, None)
            {
                return Next::Send(probe);
            }
        }
        if self.later.len() < MOST_LATER { Next::Again } else { self.rest() }
    }

    /// What to do when no new probe is taken.
    fn rest(&self) -> Next {
        match self.later.peek() {
            Some(Reverse(first)) => Next::Wait(Some(first.at)),
            None if self.waiting.is_empty() => Next::Ended,
            None => Next::Wait(None),
        }
    }

    fn is_wanted(&self, index: u64) -> bool {
        match self.table.of(index) {
            Outcome::Unasked => true,
            Outcome::Silent => self.pass > 1,
            Outcome::SilentAgain => {
                self.hosts.of(self.plan.probe(index).0).is_some_and(|host| host.drops)
            }
            _ => false,
        }
    }

    /// The probe, when it may go now. Otherwise its turn is noted.
    fn turn(&mut self, index: u64, had: Option<Stage>) -> Option<Probe> {
        let (address, port) = self.plan.probe(index);
        if self.there.contains(&address) {
            return None;
        }
        // The plan has seen to it that nothing is outside the scope. Here it is seen to once more, for
        // each packet.
        let leave = self.scope.leave(address).ok()?;
        let now = self.now();
        if had.is_none() {
            let most = if leave == Leave::ConnectOnly { FRAGILE_RATE } else { u32::MAX };
            let at = self.pace.host(address, most, now);
            if at > now {
                self.defer(at, index, Stage::Host);
                return None;
            }
        }
        if had != Some(Stage::Subnet) {
            let at = self.pace.subnet(address, now);
            if at > now {
                self.defer(at, index, Stage::Subnet);
                return None;
            }
        }
        if leave == Leave::ConnectOnly
            && (self.busy.len() >= MOST_FRAGILE || !self.busy.insert(address))
        {
            self.defer(now + BUSY, index, Stage::Subnet);
            return None;
        }
        Some(Probe { index, to: SocketAddr::new(address, port) })
    }

    fn defer(&mut self, at: u64, probe: u64, stage: Stage) {
        self.later.push(Reverse(Later { at, probe, stage }));
    }

    fn send(&mut self, batch: &mut Vec<Probe>) {
        let to: Vec<SocketAddr> = batch.iter().map(|probe| probe.to).collect();
        for (probe, Started { begun, at, took }) in batch.drain(..).zip(self.starter.start(&to)) {
            match begun {
                Begun::Exhausted => self.note(Answer { probe, outcome: None, took }),
                Begun::Done(outcome) => {
                    self.count_sent(outcome != Outcome::NotSent);
                    self.note(Answer { probe, outcome: Some(outcome), took });
                }
                Begun::Waiting(socket) => {
                    self.count_sent(true);
                    let patience = self.hosts.patience(probe.to.ip(), self.pass);
                    self.waiting.spawn(async move {
                        let outcome = attempt::finish(socket, patience).await;
                        Answer { probe, outcome, took: at.elapsed() }
                    });
                }
            }
        }
    }

    fn count_sent(&mut self, was_sent: bool) {
        self.sent += u64::from(was_sent);
        Progress::add(&self.control.progress.sent, u64::from(was_sent));
    }

    /// Waits for a time, for an answer, or for a stop, whatever comes first.
    async fn wait(&mut self, until: Option<u64>) {
        let left = until.map(|at| Duration::from_nanos(at.saturating_sub(self.now())));
        let sleep = tokio::time::sleep(left.unwrap_or(STOP_LATENCY).min(STOP_LATENCY));
        tokio::select! {
            Some(Ok(answer)) = self.waiting.join_next() => self.note(answer),
            () = sleep => {}
        }
    }

    /// Notes what came of a connection.
    fn note(&mut self, answer: Answer) {
        let Answer { probe, outcome, took } = answer;
        let address = probe.to.ip();
        self.busy.remove(&address);
        let Some(outcome) = outcome else { return self.run_out(probe) };
        self.exhausted = 0;
        let before = self.table.of(probe.index);
        if outcome == Outcome::Silent {
            self.window.waited_in_vain();
            let again = before.is_silent();
            Progress::add(&self.control.progress.done, u64::from(before == Outcome::Silent));
            self.table.set(probe.index, if again { Outcome::SilentAgain } else { outcome });
            return;
        }
        self.table.set(probe.index, outcome);
        Progress::add(&self.control.progress.done, u64::from(before != Outcome::SilentAgain));
        if !outcome.is_answer() {
            return;
        }
        self.answered += 1;
        Progress::add(&self.control.progress.answered, 1);
        if self.aim == Aim::Hosts && outcome.state() != Some(PortState::Unreachable) {
            self.there.insert(address);
        }
        let rtt = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        // Routers and firewalls limit their errors; only the host's own word tells how fast it is.
        if outcome.shows_host() {
            self.hosts.answered(address, rtt, before.is_silent());
        }
        match outcome.state() {
            Some(PortState::Open) => self.found(probe, outcome, rtt),
            Some(PortState::Closed) => self.control.progress.answer(seen(probe, PortState::Closed)),
            _ => {}
        }
    }

    /// This machine had nothing left to connect with. The probe goes again a little later.
    fn run_out(&mut self, probe: Probe) {
        let open = self.waiting.len();
        self.window.exhausted(open);
        self.exhausted += u32::from(open == 0);
        let at = self.now() + RECOVERY;
        self.pace.pause(at);
        self.defer(at, probe.index, Stage::Subnet);
    }

    fn found(&mut self, probe: Probe, outcome: Outcome, rtt: u32) {
        let port = PortSeen {
            port: probe.to.port(),
            protocol: PortProtocol::Tcp,
            state: PortState::Open,
            reason: outcome.reason().to_owned(),
            at: Some(Timestamp::now()),
            tries: self.pass,
            rtt_us: Some(rtt),
            service: None,
        };
        let seen = seen(probe, PortState::Open);
        Progress::add(&self.control.progress.open, 1);
        self.control.progress.answer(seen);
        (self.control.seen)(seen);
        self.found.push(Found { probe: probe.index, seen: port });
    }
}

const fn seen(probe: Probe, state: PortState) -> Seen {
    let (address, port) = (probe.to.ip(), probe.to.port());
    Seen { address, port, protocol: PortProtocol::Tcp, state }
}

/// The numbers below a length, scattered, in another order each time.
struct Order {
    order: Permutation,
    left: std::ops::Range<u64>,
}

impl Order {
    fn new(probes: u64) -> Self {
        // No secret: it only has to differ from run to run.
        let key = RandomState::new().hash_one(probes);
        Self { order: Permutation::new(probes, key), left: 0..probes }
    }

    fn next(&mut self) -> Option<u64> {
        self.left.next().map(|at| self.order.at(at))
    }
}

/// One in so many ports that answered late is taken for a host that does not keep up.
const MANY: u32 = 50;

/// Fewer ports prove nothing of a host's limits.
const ENOUGH: u32 = 100;

fn does_not_keep_up(host: &Host) -> bool {
    host.asked >= ENOUGH && host.late.saturating_mul(MANY) >= host.asked
}

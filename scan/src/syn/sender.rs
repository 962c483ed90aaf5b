//! Sends: walks the hosts of a stretch in turn, each through its ports, until what is silent was asked
//! often enough.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use super::cookie::Cookie;
use super::pace::{Pace, Ruling};
use super::packet::{Ends, LONGEST, Template};
use super::receiver::{Clock, OwnPorts};
use super::table::{Counts, End, Known, Table};
use super::turn::{Phase, Route, Turn};
use super::{Aim, certainty};
use crate::bucket::{Bucket, gap};
use crate::control::{Control, Progress};
use crate::raw::{Batch, Hop, MOST_BATCHED, Sender as Socket};
use crate::scope::Rate;

/// Hosts with so many ports are watched all the time for what they bear.
const WATCHED: u32 = 64;
/// Hosts with so many ports are asked once more for what is known, before silence is called filtered.
const CHECKED: u32 = 16;
/// How many known ports that check asks for, and how often it is tried before the host counts as fallen silent.
const CHECKS: u32 = 3;
const MOST_CHECKS: u8 = 3;
/// Between two such checks.
const CHECK_PAUSE: u64 = 2_000_000_000;
/// Passes over what is silent at most; a host that is not certain then never will be.
const MOST_PASSES: u8 = 24;
/// Host rates from which on losses are looked for among hosts too; below them nobody is overrun.
const FAST_HOSTS: u32 = 1_000;
/// At this pace or faster an open port is asked again now and then; slower, only ports that refuse are, since some
/// firewalls count connections to a service.
const FAST: u32 = 1_000_000;
/// A host is unreachable when routers say so this often and it says nothing itself.
const UNREACHABLE: u8 = 2;
/// How long nothing is looked at while nothing may be sent.
const REST: u64 = 2_000_000;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// How long answers are waited for: twice the longest round trip, within these bounds. The least for hosts that
/// have answered covers the hand-over of the ring and a busy machine, that for others a host that sleeps
/// between beacons (IEEE 802.11) or whose router must find it first; the most is the first retransmission
/// of RFC 6298 and a half.
const LEAST_PATIENCE: u64 = 100 * MS;
const LEAST_PATIENCE_UNHEARD: u64 = 250 * MS;
const MOST_PATIENCE: u64 = 1_500 * MS;
/// While nobody has answered: RFC 6298, section 2.
const FIRST_PATIENCE: u64 = SECOND;

/// What all senders of a stretch share.
pub(crate) struct Shared<'s> {
    pub(crate) table: &'s Table<'s>,
    pub(crate) templates: &'s [Template],
    pub(crate) routes: &'s [Route],
    pub(crate) order: &'s [u16],
    pub(crate) cookie: Cookie,
    pub(crate) own: OwnPorts,
    pub(crate) clock: Clock,
    pub(crate) control: Control<'s>,
    pub(crate) rate: Rate,
    pub(crate) threads: u32,
    pub(crate) aim: Aim,
    /// Passes at least.
    pub(crate) tries: u8,
    /// Nanoseconds between the packets of one thread, where the network bears less than what is allowed; else 0.
    pub(crate) borne: &'s AtomicU32,
}

/// One thread that sends.
pub(crate) struct Sender<'s> {
    shared: &'s Shared<'s>,
    socket: &'s Socket,
    batch: Batch,
    /// Packets in a batch at most, so that it is no burst.
    most: usize,
    total: Bucket,
    total_gap: u32,
    subnets: Vec<Bucket>,
    subnet_gap: u32,
    paces: Vec<Pace>,
    /// Looks for losses among hosts with few ports; only one thread does.
    overall: Option<Pace>,
}

/// What to do about a host now.
enum Step {
    Done(End),
    /// Nothing before this time.
    Wait(u64),
    /// Ask for a port, from a port of our own.
    Ask(u32, u16),
}

impl<'s> Sender<'s> {
    /// `subnets` is how many there are, 0 when they have no ceiling of their own.
    pub(crate) fn new(
        shared: &'s Shared<'s>,
        socket: &'s Socket,
        subnets: usize,
        number: u32,
    ) -> Self {
        let Rate { total, subnet, host } = shared.rate;
        let each = |rate: u32| gap((rate / shared.threads).max(1));
        // A batch is at most what may go in a millisecond.
        let most = (total / shared.threads / 1_000).clamp(1, MOST_BATCHED as u32) as usize;
        let few = shared.table.ports < CHECKED && host >= FAST_HOSTS && subnets == 0 && number == 0;
        Self {
            shared,
            socket,
            batch: Batch::new(),
            most,
            total: Bucket::default(),
            total_gap: each(total),
            subnets: vec![Bucket::default(); subnets],
            subnet_gap: each(subnet),
            paces: Vec::new(),
            overall: few.then(|| Pace::new(shared.clock.now(), 0)),
        }
    }

    /// Asks all of `turns` to the end, or until somebody stops it.
    pub(crate) fn run(mut self, mut turns: Vec<Turn>) -> io::Result<()> {
        let table = self.shared.table;
        let mut now = self.shared.clock.now();
        while !turns.is_empty() && !self.stopped() {
            let (mut kept, mut soonest) = (0, u64::MAX);
            for at in 0..turns.len() {
                match self.step(&mut turns[at], now) {
                    Step::Done(end) => {
                        self.finish(turns[at].host, end);
                        continue;
                    }
                    Step::Wait(until) => soonest = soonest.min(until),
                    Step::Ask(place, own) => {
                        self.ask(&mut turns[at], place, own, now)?;
                        soonest = now;
                        now = self.pace(now)?;
                    }
                }
                turns.swap(kept, at);
                kept += 1;
            }
            turns.truncate(kept);
            if table.counts.answered.load(Relaxed) >= table.probes() {
                break;
            }
            if soonest > now {
                self.flush()?;
                rest((soonest - now).min(REST));
            }
            now = self.shared.clock.now();
        }
        self.flush()
    }

    fn step(&mut self, turn: &mut Turn, now: u64) -> Step {
        if turn.bucket.free() > now {
            return Step::Wait(turn.bucket.free());
        }
        if let Some(free) = self.subnets.get(turn.subnet as usize).map(|s| s.free())
            && free > now
        {
            return Step::Wait(free);
        }
        if self.shared.aim == Aim::Hosts && self.shared.table.heard(turn.host).is_up() {
            // The ports that are left have not been asked.
            return Step::Done(End::None);
        }
        match turn.phase {
            Phase::Asking => self.watch(turn, now).unwrap_or_else(|| self.next(turn, now)),
            Phase::Closing => self.close(turn, now),
            Phase::Checking => self.check(turn, now),
        }
    }

    /// The next silent port, or what follows the pass.
    fn next(&mut self, turn: &mut Turn, now: u64) -> Step {
        let table = self.shared.table;
        while turn.cursor < table.ports {
            let place = self.place(turn);
            if table.known(turn.host, place) == Known::Silent {
                return Step::Ask(place, self.shared.own.of_try(turn.pass));
            }
            turn.cursor += 1;
        }
        self.end_pass(turn, now)
    }

    /// Each host begins elsewhere in the order of the ports, so that no port is asked of all at once.
    fn place(&self, turn: &Turn) -> u32 {
        let shift = turn.host.wrapping_mul(0x9e37_79b1) % self.shared.table.ports;
        let at = (u64::from(turn.cursor) + u64::from(shift)) % u64::from(self.shared.table.ports);
        u32::from(self.shared.order[at as usize])
    }

    fn end_pass(&mut self, turn: &mut Turn, now: u64) -> Step {
        let table = self.shared.table;
        if !table.is_any_silent(turn.host) {
            return Step::Done(End::Certain);
        }
        if let Some(wait) = self.waits(turn, now) {
            return wait;
        }
        let heard = table.heard(turn.host);
        if heard.unreachable() >= UNREACHABLE && !heard.is_up() {
            return Step::Done(End::Unreachable);
        }
        // A host that loses packets at the pace it is asked is known for certain only when asking once more adds
        // nothing.
        let adds = heard.is_slowed() && heard.answers.load(Relaxed) != turn.answers;
        let spoiled = adds || turn.spoiled || table.counts.spoiled.load(Relaxed) >= turn.began;
        turn.clean = if spoiled { 0 } else { turn.clean + 1 };
        if turn.clean >= self.needed() {
            return self.conclude(turn, now);
        }
        if self.shared.tries == 1 && !spoiled {
            return Step::Done(End::None);
        }
        self.begin_pass(turn, now)
    }

    fn begin_pass(&mut self, turn: &mut Turn, now: u64) -> Step {
        if turn.pass + 1 >= MOST_PASSES {
            return Step::Done(End::Lossy);
        }
        let heard = self.shared.table.heard(turn.host);
        turn.answers = heard.answers.load(Relaxed);
        if heard.is_slowed() && turn.pass > 0 {
            // What is left is little: well below the edge costs no time.
            turn.gap = turn.gap.saturating_add(turn.gap / 4);
        }
        turn.again(now);
        self.next(turn, now)
    }

    /// Enough was asked: what is known is asked for once more, where there is much to be wrong about.
    fn conclude(&mut self, turn: &mut Turn, now: u64) -> Step {
        let heard = self.shared.table.heard(turn.host);
        if self.shared.table.ports < CHECKED || heard.lately.load(Relaxed) == 0 {
            return Step::Done(End::Certain);
        }
        let at = self.pace_of(turn, now);
        turn.phase = if self.paces[at].count() > 0 { Phase::Closing } else { Phase::Checking };
        self.paces[at].close_if_any(now);
        Step::Wait(now)
    }

    /// Waits for the judgement of the window that was open when the last pass ended.
    fn close(&mut self, turn: &mut Turn, now: u64) -> Step {
        match self.ruling(turn, now) {
            Ruling::Open => Step::Wait(now + MS),
            Ruling::Clean { .. } => {
                turn.phase = Phase::Checking;
                Step::Wait(now)
            }
            Ruling::Slower(_) | Ruling::Dead => {
                turn.clean = 0;
                self.begin_pass(turn, now)
            }
        }
    }

    /// Asks again for what is known, and believes the silence of the others only when that is answered.
    fn check(&mut self, turn: &mut Turn, now: u64) -> Step {
        let at = self.pace_of(turn, now);
        let lately = self.shared.table.heard(turn.host).lately.load(Relaxed);
        if self.paces[at].count() < CHECKS && !self.paces[at].is_closed() {
            return Step::Ask(lately.saturating_sub(1), self.shared.own.again());
        }
        self.paces[at].close(now);
        match self.ruling(turn, now) {
            Ruling::Open => Step::Wait(now + MS),
            Ruling::Clean { .. } if turn.checks == 0 => Step::Done(End::Certain),
            // It came back: what it did not answer before is asked again.
            Ruling::Clean { .. } => {
                (turn.checks, turn.clean) = (0, 0);
                self.begin_pass(turn, now)
            }
            Ruling::Slower(_) | Ruling::Dead if turn.checks + 1 >= MOST_CHECKS => {
                Step::Done(End::FellSilent)
            }
            Ruling::Slower(_) | Ruling::Dead => {
                turn.checks += 1;
                turn.bucket.hold(now + CHECK_PAUSE);
                Step::Wait(now + CHECK_PAUSE)
            }
        }
    }

    /// Measures a host with many ports while it is asked.
    fn watch(&mut self, turn: &mut Turn, now: u64) -> Option<Step> {
        let table = self.shared.table;
        let lately = table.heard(turn.host).lately.load(Relaxed);
        if table.ports < WATCHED || lately == 0 {
            return None;
        }
        let at = self.pace_of(turn, now);
        if self.ruling(turn, now) == Ruling::Dead {
            return Some(Step::Done(End::FellSilent));
        }
        let refuses = table.known(turn.host, lately - 1) == Known::Closed;
        let due = self.paces[at].is_due() && (refuses || turn.gap <= FAST);
        due.then(|| Step::Ask(lately - 1, self.shared.own.again()))
    }

    /// Judges the window of a host and does what follows from it.
    fn ruling(&mut self, turn: &mut Turn, now: u64) -> Ruling {
        let heard = self.shared.table.heard(turn.host);
        let counts = &self.shared.table.counts;
        let patience = self.patience(turn.host);
        let at = self.pace_of(turn, now);
        let answers = heard.echoes.load(Relaxed);
        let ruling = self.paces[at].rule(counts.looked.load(Relaxed), patience, answers, turn.gap);
        match ruling {
            Ruling::Slower(gap) => {
                turn.gap = turn.gap.max(gap);
                turn.spoiled = true;
                heard.slow();
            }
            Ruling::Clean { asked, lost } if !heard.is_slowed() => {
                counts.asked_again.fetch_add(asked.into(), Relaxed);
                counts.lost_again.fetch_add(lost.into(), Relaxed);
            }
            // Faster again by an eighth, but only while everything is asked for the first time: later passes
            // are there to be certain.
            Ruling::Clean { .. } if turn.pass == 0 => {
                turn.gap = (turn.gap - turn.gap / 8).max(gap(self.shared.rate.host));
            }
            _ => {}
        }
        ruling
    }

    fn pace_of(&mut self, turn: &mut Turn, now: u64) -> usize {
        if turn.pace == Turn::NO_PACE {
            let answers = self.shared.table.heard(turn.host).echoes.load(Relaxed);
            turn.pace = self.paces.len() as u32;
            self.paces.push(Pace::new(now, answers));
        }
        turn.pace as usize
    }

    /// Waits until answers to the last packet of a pass must have been seen.
    fn waits(&self, turn: &mut Turn, now: u64) -> Option<Step> {
        let due = turn.last + self.patience(turn.host);
        if now < due {
            turn.bucket.hold(due);
            return Some(Step::Wait(due));
        }
        // A receiver that was not given the processor has not seen them yet.
        let looked = self.shared.table.counts.looked.load(Relaxed);
        (looked < due).then_some(Step::Wait(now + MS))
    }

    fn patience(&self, host: u32) -> u64 {
        let table = self.shared.table;
        let heard = table.heard(host).answers.load(Relaxed) > 0;
        patience(&table.counts, if heard { LEAST_PATIENCE } else { LEAST_PATIENCE_UNHEARD })
    }

    fn needed(&self) -> u8 {
        certainty::passes(&self.shared.table.counts, self.shared.tries)
    }

    /// Puts a probe into the batch.
    fn ask(&mut self, turn: &mut Turn, place: u32, own_port: u16, now: u64) -> io::Result<()> {
        let shared = self.shared;
        let route = shared.routes[shared.table.route(turn.host) as usize];
        let to = shared.table.address(turn.host);
        let port = shared.table.plan.ports()[place as usize];
        let again = own_port == shared.own.again();
        self.push(route, to, port, own_port)?;
        let heard = shared.table.heard(turn.host);
        if !again {
            heard.sample(place, now / 1_000, LEAST_PATIENCE / 1_000);
            turn.cursor += 1;
        }
        if let Some(pace) = self.paces.get_mut(turn.pace as usize) {
            if again { pace.asked(now) } else { pace.sent() }
        }
        turn.last = now;
        turn.bucket.take(now, turn.gap);
        if let Some(subnet) = self.subnets.get_mut(turn.subnet as usize) {
            subnet.take(now, self.subnet_gap);
        }
        self.total.take(now, self.total_gap.max(shared.borne.load(Relaxed)));
        self.look_around(now)
    }

    fn push(&mut self, route: Route, to: IpAddr, port: u16, own_port: u16) -> io::Result<()> {
        let template = &self.shared.templates[route.template as usize];
        let cookie = self.shared.cookie.of((template.source(), own_port), (to, port));
        let mut packet = [0; LONGEST];
        let length = template.write(Ends { own_port, to, port, cookie }, &mut packet);
        if route.hop == Hop::OWN {
            self.count(1);
            return self.socket.send_own(&packet[..length], to);
        }
        self.batch.push(&packet[..length], template.ethertype(), route.hop);
        Ok(())
    }

    /// Now and then asks again somebody who has just answered: when many of them do not, the network is
    /// overrun, not the host.
    fn look_around(&mut self, now: u64) -> io::Result<()> {
        let Some(overall) = &mut self.overall else { return Ok(()) };
        let table = self.shared.table;
        let counts = &table.counts;
        overall.sent();
        let answers = counts.echoes.load(Relaxed) as u32;
        let patience = patience(counts, LEAST_PATIENCE);
        let meant = self.total_gap.max(self.shared.borne.load(Relaxed));
        match overall.rule(counts.looked.load(Relaxed), patience, answers, meant) {
            Ruling::Clean { asked, lost } => {
                counts.asked_again.fetch_add(asked.into(), Relaxed);
                counts.lost_again.fetch_add(lost.into(), Relaxed);
            }
            Ruling::Slower(gap) => {
                self.shared.borne.fetch_max(gap, Relaxed);
                counts.spoiled.store(now, Relaxed);
            }
            Ruling::Open | Ruling::Dead => {}
        }
        if !overall.is_due() || self.batch.is_full() {
            return Ok(());
        }
        let Some(probe) = counts.lately.swap(0, Relaxed).checked_sub(1) else { return Ok(()) };
        let (host, place) = (probe as u32 / table.ports, probe as u32 % table.ports);
        let Some(route) = self.shared.routes.get(table.route(host) as usize) else {
            return Ok(());
        };
        overall.asked(now);
        let port = table.plan.ports()[place as usize];
        self.push(*route, table.address(host), port, self.shared.own.again())?;
        self.total.take(now, self.total_gap);
        Ok(())
    }

    /// Sends what is ready, and waits while no more is allowed. Returns the time.
    fn pace(&mut self, now: u64) -> io::Result<u64> {
        // Room for a probe and one that asks again.
        let full = self.batch.len() + 1 >= self.most;
        if !full && self.total.free() <= now {
            return Ok(now);
        }
        self.flush()?;
        let mut now = self.shared.clock.now();
        while self.total.free() > now && !self.stopped() {
            rest((self.total.free() - now).min(10 * MS));
            now = self.shared.clock.now();
        }
        Ok(now)
    }

    fn stopped(&self) -> bool {
        self.shared.control.stopped() || self.shared.table.counts.failed.load(Relaxed)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.batch.len() == 0 {
            return Ok(());
        }
        let sent = self.socket.flush(&mut self.batch)?;
        self.count(sent as u64);
        Ok(())
    }

    fn count(&self, sent: u64) {
        self.shared.table.counts.sent.fetch_add(sent, Relaxed);
        Progress::add(&self.shared.control.progress.sent, sent);
    }

    fn finish(&self, host: u32, end: End) {
        let table = self.shared.table;
        table.heard(host).finish(end);
        let silent = (0..table.ports).filter(|p| table.known(host, *p) == Known::Silent).count();
        Progress::add(&self.shared.control.progress.done, silent as u64);
    }
}

/// How long answers are waited for, `least` at least.
fn patience(counts: &Counts, least: u64) -> u64 {
    match counts.round_trip.load(Relaxed) * 1_000 {
        0 => FIRST_PATIENCE,
        longest => (2 * longest).clamp(least, MOST_PATIENCE),
    }
}

fn rest(nanoseconds: u64) {
    std::thread::sleep(Duration::from_nanos(nanoseconds));
}

//! Listens: what comes is proven to be an answer, or counted as something else.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use portvakt_model::{PortProtocol, PortState};

use super::cookie::Cookie;
use super::packet::{Answer, ECHO, Said, Why, answer};
use super::table::{End, Known, Table};
use crate::control::{Control, Progress, Seen};
use crate::raw::{Received, Ring};

/// The clock of a scan: nanoseconds since it began, for us and for the stamps of packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// The same moment since 1970.
    epoch: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), epoch }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn of(&self, stamp: Duration) -> u64 {
        u64::try_from(stamp.saturating_sub(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Microseconds since 1970 of a time of the scan.
    pub(crate) fn unix_us(&self, time: u64) -> i64 {
        let at = self.epoch + Duration::from_nanos(time);
        i64::try_from(at.as_micros()).unwrap_or(i64::MAX)
    }
}

/// Own ports: the first for first tries, and so on; the last asks again what is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnPorts {
    pub(crate) first: u16,
}

impl OwnPorts {
    /// Ports in all.
    pub(crate) const COUNT: u16 = 8;

    /// The port of a try, counted from 0. Tries from the seventh on share one.
    pub(crate) fn of_try(self, number: u8) -> u16 {
        self.first + u16::from(number).min(Self::COUNT - 2)
    }

    /// The port that asks again what is known.
    pub(crate) fn again(self) -> u16 {
        self.first + Self::COUNT - 1
    }
}

/// An open port, as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) probe: u32,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    /// Tries in the upper eight bits, the round trip below: there may be very many of these.
    shown: u32,
}

impl Found {
    /// `round_trip` is in microseconds, less than [`LONGEST_ROUND_TRIP`], and 0 when it was not measured; `tries`
    /// count from 1.
    fn new(probe: u32, at: i64, round_trip: u32, tries: u8) -> Self {
        Self { probe, at, shown: u32::from(tries) << 24 | round_trip }
    }

    pub(crate) fn round_trip(&self) -> Option<u32> {
        Some(self.shown & 0x00ff_ffff).filter(|us| *us > 0)
    }

    pub(crate) fn tries(&self) -> u8 {
        (self.shown >> 24) as u8
    }
}

/// What the bits of the table do not hold.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Open ports, in the order in which they answered; those of one run have room for so many.
    pub(crate) found: Vec<Found>,
    /// Probes that were answered by an error that says "unreachable"; all other errors say "prohibited".
    pub(crate) unreachable: Vec<u32>,
}

/// Open ports that are told one by one; a network of tarpits has more than memory.
pub(crate) const MOST_FOUND: usize = 1 << 20;
/// Unreachable ports that are kept apart from prohibited ones. Further ones stay silent, and are asked again.
const MOST_UNREACHABLE: usize = 1 << 20;
/// How long the ring is waited for; a stop takes no longer.
const WAIT: Duration = Duration::from_millis(10);
/// A longer round trip is a clock that was set, or a machine that slept. Less than 2^24.
const LONGEST_ROUND_TRIP: u32 = 10_000_000;

pub(crate) struct Receiver<'r> {
    pub(crate) ring: &'r mut Ring,
    pub(crate) table: &'r Table<'r>,
    pub(crate) cookie: Cookie,
    pub(crate) own: OwnPorts,
    pub(crate) clock: Clock,
    pub(crate) control: Control<'r>,
}

impl Receiver<'_> {
    /// Listens until `finish` is set.
    pub(crate) fn run(self, finish: &AtomicBool) -> io::Result<Notes> {
        let Self { ring, table, cookie, own, clock, control } = self;
        let mut listener = Listener { table, cookie, own, clock, control, notes: Notes::default() };
        let counts = &table.counts;
        loop {
            let last = finish.load(Relaxed);
            let began = clock.now();
            ring.read(if last { Duration::ZERO } else { WAIT }, &mut |packet| {
                listener.hear(packet);
            })?;
            let dropped = ring.dropped()?;
            if dropped > 0 {
                counts.dropped.fetch_add(dropped, Relaxed);
                counts.spoiled.store(clock.now(), Relaxed);
            }
            // What came before this look began has been seen.
            counts.looked.store(began, Relaxed);
            if last {
                return Ok(listener.notes);
            }
        }
    }
}

const fn seen((address, port): (IpAddr, u16), state: PortState) -> Seen {
    Seen { address, port, protocol: PortProtocol::Tcp, state }
}

struct Listener<'r> {
    table: &'r Table<'r>,
    cookie: Cookie,
    own: OwnPorts,
    clock: Clock,
    control: Control<'r>,
    notes: Notes,
}

impl Listener<'_> {
    fn hear(&mut self, packet: Received<'_>) {
        let Some(answer) = answer(packet) else { return };
        let mine = self.own.first..self.own.first + OwnPorts::COUNT;
        if !mine.contains(&answer.own.1) {
            return;
        }
        let proven = answer.cookie == self.cookie.of(answer.own, answer.peer);
        match self.table.locate(answer.peer.0, answer.peer.1).filter(|_| proven) {
            Some((host, place)) => self.note(answer, host, place, self.clock.of(packet.at)),
            None => {
                self.table.counts.unmatched.fetch_add(1, Relaxed);
            }
        }
    }

    fn note(&mut self, answer: Answer, host: u32, place: u32, at: u64) {
        let known = match answer.said {
            Said::SynAck | Said::Echo => Known::Open,
            Said::Reset => Known::Closed,
            Said::Error(why) => return self.error(answer, why, host, place),
        };
        let heard = self.table.heard(host);
        let counts = &self.table.counts;
        let again = answer.own.1 == self.own.again();
        if again {
            heard.echoes.fetch_add(1, Relaxed);
            counts.echoes.fetch_add(1, Relaxed);
        }
        let before = self.table.learn(host, place, known);
        if matches!(before, Known::Open | Known::Closed) {
            if before == Known::Closed && known == Known::Open {
                self.open(answer, self.table.probe(host, place), 0, at);
            }
            return;
        }
        self.count(host, before);
        heard.answers.fetch_add(1, Relaxed);
        let tries = answer.own.1 - self.own.first;
        if !again && !heard.is_slowed() {
            let count = if tries == 0 { &counts.first } else { &counts.late };
            count.fetch_add(1, Relaxed);
        }
        let round_trip = self.measure(host, place, at);
        self.remember(host, place, known);
        if known == Known::Open {
            self.open(answer, self.table.probe(host, place), round_trip, at);
        } else {
            self.control.progress.answer(seen(answer.peer, PortState::Closed));
        }
    }

    fn measure(&self, host: u32, place: u32, at: u64) -> u32 {
        let measured = self.table.heard(host).round_trip(place, at / 1_000);
        let round_trip = measured.filter(|us| *us < LONGEST_ROUND_TRIP).unwrap_or(0);
        self.table.counts.round_trip.fetch_max(round_trip.into(), Relaxed);
        round_trip
    }

    /// Keeps a port to be asked again; one that refuses holds no half-open connection.
    fn remember(&self, host: u32, place: u32, known: Known) {
        let heard = self.table.heard(host);
        let lately = heard.lately.load(Relaxed);
        let open = lately != 0 && self.table.known(host, lately - 1) == Known::Open;
        if known == Known::Closed || lately == 0 || open {
            heard.lately.store(place + 1, Relaxed);
        }
        let probe = u64::from(self.table.probe(host, place));
        self.table.counts.lately.store(probe + 1, Relaxed);
    }

    fn open(&mut self, answer: Answer, probe: u32, round_trip: u32, at: u64) {
        let tries = (answer.own.1 - self.own.first + 1) as u8;
        if self.notes.found.len() < MOST_FOUND {
            let at = self.clock.unix_us(at);
            self.notes.found.push(Found::new(probe, at, round_trip, tries));
        }
        if answer.peer.1 != ECHO {
            Progress::add(&self.control.progress.open, 1);
            let seen = seen(answer.peer, PortState::Open);
            self.control.progress.answer(seen);
            (self.control.seen)(seen);
        }
    }

    fn error(&mut self, answer: Answer, why: Why, host: u32, place: u32) {
        let heard = self.table.heard(host);
        if answer.from == answer.peer.0 {
            heard.spoke.store(1, Relaxed);
        }
        if why == Why::Unreachable {
            heard.hear_unreachable();
            if self.table.known(host, place) == Known::Silent {
                if self.notes.unreachable.len() >= MOST_UNREACHABLE {
                    return;
                }
                self.notes.unreachable.push(self.table.probe(host, place));
            }
        }
        let before = self.table.learn(host, place, Known::Error);
        self.count(host, before);
    }

    /// Counts a probe that is answered for the first time.
    fn count(&self, host: u32, before: Known) {
        if before == Known::Silent {
            self.table.counts.answered.fetch_add(1, Relaxed);
            Progress::add(&self.control.progress.answered, 1);
            // Whoever finished a host has counted all that was silent.
            let late = self.table.heard(host).end() != End::None;
            Progress::add(&self.control.progress.done, u64::from(!late));
        }
    }
}

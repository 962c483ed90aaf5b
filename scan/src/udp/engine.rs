//! Many hosts side by side, within the scope's rates and window.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{Timestamp, Zoned};
use portvakt_model::{PortProtocol, PortState};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::host::{self, SIDE_BY_SIDE, Told};
use super::probe::Sight;
use super::result;
use crate::connect::descriptors;
use crate::connect::pace::Pace;
use crate::connect::{Ended, Scanned};
use crate::control::{Control, Progress, Seen};
use crate::plan::Plan;
use crate::scope::{Leave, Scope};

/// Sockets at most. Each is a datagram that waits for its answer.
const MOST_SOCKETS: usize = 8192;
/// How often it is looked whether somebody wants the end.
const LOOK: Duration = Duration::from_millis(50);
/// How often it is looked whether the window is still open.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(1);
/// Pause when this machine has nothing left to send with.
const RECOVERY: u64 = 50_000_000;

/// What all hosts have in common.
pub(super) struct Shared {
    pace: Mutex<Pace>,
    began: Instant,
    stop: AtomicBool,
    sent: AtomicU64,
    answered: AtomicU64,
    /// What hosts have said and nobody was told yet.
    heard: Mutex<Vec<Seen>>,
}

impl Shared {
    /// Whether nothing more is to be sent.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Waits until a packet may go to a host, and counts it; `false` when none may any more.
    pub(super) async fn turn(&self, host: IpAddr) -> bool {
        let mut at = {
            let (now, mut pace) = (self.now(), self.pace());
            pace.host(host, u32::MAX, now).max(pace.subnet(host, now))
        };
        loop {
            if self.stopped() {
                return false;
            }
            let now = self.now();
            if at <= now {
                let mut pace = self.pace();
                at = pace.total();
                if at <= now {
                    pace.sent(now);
                    self.sent.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
            }
            let look = now + LOOK.as_nanos() as u64;
            sleep_until(self.began + Duration::from_nanos(at.min(look))).await;
        }
    }

    /// Gives a host fewer packets from now on.
    pub(super) fn slow(&self, host: IpAddr, rate: u32) {
        self.pace().slow(host, rate);
    }

    /// This machine had no socket or buffer left.
    pub(super) fn rest(&self) {
        let until = self.now() + RECOVERY;
        self.pace().pause(until);
    }

    pub(super) fn heard(&self, address: IpAddr, port: u16, sight: &Sight) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let state = match sight {
            Sight::Answer(..) => PortState::Open,
            Sight::Closed(_) => PortState::Closed,
            _ => return,
        };
        let seen = Seen { address, port, protocol: PortProtocol::Udp, state };
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Each change of it is one step, so what a panicking task left is sound.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the scan.
pub(super) async fn run(
    plan: &Plan,
    scope: &Scope,
    known: &dyn Fn(u64) -> bool,
    control: Control<'_>,
) -> Scanned {
    let shared = Arc::new(Shared {
        pace: Mutex::new(Pace::new(scope.rate)),
        began: Instant::now(),
        stop: AtomicBool::new(control.stopped()),
        sent: AtomicU64::new(0),
        answered: AtomicU64::new(0),
        heard: Mutex::default(),
    });
    let mut passed = Passed::default();
    let at_once = (descriptors::available(MOST_SOCKETS) / SIDE_BY_SIDE).max(1);
    let (mut told, mut tasks, mut next) = (Vec::new(), JoinSet::new(), 0);
    let mut ended = Ended::Complete;
    let mut clock = Instant::now();
    loop {
        while tasks.len() < at_once && next < plan.hosts() && !shared.stopped() {
            if let Some((address, ports)) = asked(plan, scope, known, next) {
                tasks.spawn(host::ask(Arc::clone(&shared), address, ports));
            }
            next += 1;
        }
        tokio::select! {
            done = tasks.join_next() => match done {
                None => break,
                Some(Ok(host)) => {
                    Progress::add(&control.progress.done, host.ports.len() as u64);
                    told.push(host);
                }
                // A task that failed has told nothing.
                Some(Err(_)) => ended = Ended::Exhausted,
            },
            () = sleep(LOOK) => {}
        }
        passed.on(&shared, control);
        if control.stopped() && !shared.stopped() {
            shared.stop.store(true, Ordering::Relaxed);
            ended = Ended::Stopped;
        }
        if clock.elapsed() > LOOK_AT_CLOCK {
            clock = Instant::now();
            if let Err(refusal) = scope.open_at(Zoned::now().datetime()) {
                shared.stop.store(true, Ordering::Relaxed);
                ended = Ended::Closed(refusal);
            }
        }
    }
    passed.on(&shared, control);
    if control.stopped() && ended == Ended::Complete && next < plan.hosts() {
        ended = Ended::Stopped;
    }
    let unasked = (next..plan.hosts()).filter_map(|index| asked(plan, scope, known, index));
    told.extend(unasked.map(|(address, ports)| Told::unasked(address, ports)));
    let (hosts, mut counts) = result::of(told);
    counts.sent = shared.sent.load(Ordering::Relaxed);
    counts.answered = shared.answered.load(Ordering::Relaxed);
    Scanned { hosts, counts, ended, at: Timestamp::now() }
}

/// The ports of a host that are to be asked; `None` where nothing is.
fn asked(
    plan: &Plan,
    scope: &Scope,
    known: &dyn Fn(u64) -> bool,
    index: u64,
) -> Option<(IpAddr, Vec<u16>)> {
    let address = plan.host(index);
    if scope.leave(address) != Ok(Leave::Full) {
        return None;
    }
    let first = index * plan.ports().len() as u64;
    let ports: VecDeque<u16> =
        (first..).zip(plan.ports()).filter(|(at, _)| !known(*at)).map(|(_, port)| *port).collect();
    (!ports.is_empty()).then(|| (address, ports.into()))
}

/// How much of what was counted has been passed on.
#[derive(Default)]
struct Passed {
    sent: u64,
    answered: u64,
}

impl Passed {
    /// Brings the counts up to date, and tells of what was found.
    fn on(&mut self, shared: &Shared, control: Control<'_>) {
        let progress = control.progress;
        let add = |to: &AtomicU64, from: &AtomicU64, passed: &mut u64| {
            let now = from.load(Ordering::Relaxed);
            Progress::add(to, now - *passed);
            *passed = now;
        };
        add(&progress.sent, &shared.sent, &mut self.sent);
        add(&progress.answered, &shared.answered, &mut self.answered);
        let heard =
            std::mem::take(&mut *shared.heard.lock().unwrap_or_else(PoisonError::into_inner));
        for seen in heard {
            progress.answer(seen);
            if seen.state == PortState::Open {
                Progress::add(&progress.open, 1);
                (control.seen)(seen);
            }
        }
    }
}

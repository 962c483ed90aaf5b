//! Beginning several attempts at once, on two threads where the rate asks for it.
//!
//! Nearly all of an attempt's time is the kernel's: it makes a socket, sends a packet and, on a fast
//! link, takes the answer before the call returns.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::attempt::{self, Begun};

/// From this rate on one thread is not enough.
const FAST: u32 = 20_000;

/// Fewer attempts are not worth waking another thread.
const WORTH_IT: usize = 8;

/// An attempt that was begun.
pub(super) struct Started {
    pub(super) begun: Begun,
    pub(super) at: Instant,
    /// How long beginning it took: the round trip, when it was answered within the call.
    pub(super) took: Duration,
}

/// Begins attempts.
pub(super) struct Starter {
    helper: Option<Helper>,
}

/// The other thread, as long as somebody can ask it.
struct Helper {
    ask: Sender<Arc<Batch>>,
    answers: Receiver<Vec<(usize, Started)>>,
}

/// Attempts of which each thread takes the next. Another thread may be slow to wake on a busy machine; then it finds less
/// to do, and is not waited for.
struct Batch {
    to: Vec<SocketAddr>,
    next: AtomicUsize,
}

impl Batch {
    /// Begins what nobody else has taken; tells each with its place.
    fn begin(&self) -> Vec<(usize, Started)> {
        let taken = std::iter::from_fn(|| {
            let at = self.next.fetch_add(1, Relaxed);
            self.to.get(at).map(|to| (at, start(*to)))
        });
        taken.collect()
    }
}

impl Starter {
    /// For scans of up to `rate` attempts per second.
    pub(super) fn new(rate: u32) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { helper: if rate >= FAST && cores > 1 { Helper::new() } else { None } }
    }

    /// Begins an attempt for each address; they come back in the same order.
    pub(super) fn start(&self, to: &[SocketAddr]) -> Vec<Started> {
        let Some(helper) = self.helper.as_ref().filter(|_| to.len() >= WORTH_IT) else {
            return to.iter().copied().map(start).collect();
        };
        let batch = Arc::new(Batch { to: to.to_vec(), next: AtomicUsize::new(0) });
        let _ = helper.ask.send(Arc::clone(&batch));
        let mut started = batch.begin();
        while started.len() < to.len() {
            // A helper that is gone in the middle of its work leaves it undone.
            let Ok(others) = helper.answers.recv() else {
                let is_done = |at: &usize| started.iter().any(|(done, _)| done == at);
                let left: Vec<usize> = (0..to.len()).filter(|at| !is_done(at)).collect();
                started.extend(left.into_iter().map(|at| (at, start(to[at]))));
                break;
            };
            started.extend(others);
        }
        started.sort_unstable_by_key(|(at, _)| *at);
        started.into_iter().map(|(_, started)| started).collect()
    }
}

impl Helper {
    fn new() -> Option<Self> {
        let (ask, asked) = channel::<Arc<Batch>>();
        let (answer, answers) = channel();
        let work = move || {
            for batch in asked {
                let begun = batch.begin();
                if !begun.is_empty() && answer.send(begun).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("connect".to_owned()).spawn(work).ok()?;
        Some(Self { ask, answers })
    }
}

fn start(to: SocketAddr) -> Started {
    let at = Instant::now();
    let begun = attempt::begin(to);
    Started { begun, at, took: at.elapsed() }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::connect::outcome::Outcome;

    #[test]
    fn two_threads_answer_in_the_order_of_the_questions() {
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = (open.local_addr().unwrap(), open);
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let to: Vec<SocketAddr> = [open.0, closed].into_iter().cycle().take(31).collect();
        for rate in [FAST, 1] {
            let started = Starter::new(rate).start(&to);
            let outcomes: Vec<bool> =
                started.iter().map(|s| matches!(s.begun, Begun::Done(Outcome::Open))).collect();
            let wanted: Vec<bool> = to.iter().map(|a| *a == open.0).collect();
            assert_eq!(outcomes, wanted);
        }
    }
}

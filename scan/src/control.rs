//! How whoever started an engine watches it and stops it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use portvakt_model::{PortProtocol, PortState};

/// The strings on an engine that runs.
#[derive(Clone, Copy)]
pub struct Control<'a> {
    /// Set it, and nothing more is sent; what was found is returned, and the run is not complete.
    pub stop: &'a AtomicBool,
    /// Counts that the engine keeps up to date.
    pub progress: &'a Progress,
    /// Called for each port that answers as open, when it does, from whatever thread sees it. It must
    /// return at once: packets wait behind it.
    pub seen: &'a (dyn Fn(Seen) + Sync),
}

impl Control<'_> {
    /// Whether somebody asked for the end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// How far an engine has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// Probes sent, retransmissions included.
    pub sent: AtomicU64,
    /// Probes that were answered.
    pub answered: AtomicU64,
    /// Ports that were found open.
    pub open: AtomicU64,
    /// Probes that need no more: answered, or asked often enough.
    pub done: AtomicU64,
    /// Probes in all; set by whoever starts the engine, which may do so for one part of a plan after another.
    pub total: AtomicU64,
    /// Answers that nobody has taken yet; `None` where nobody wants them.
    answers: Option<Mutex<Vec<Seen>>>,
}

impl Progress {
    /// Counts that keep what ports answered, until it is taken.
    pub fn keeping() -> Self {
        Self { answers: Some(Mutex::default()), ..Self::default() }
    }

    /// Notes that a port was told to be open or closed.
    pub fn answer(&self, seen: Seen) {
        if let Some(answers) = &self.answers {
            answers.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        }
    }

    /// How many answers wait to be taken.
    pub fn waiting(&self) -> usize {
        self.answers.as_ref().map_or(0, |all| all.lock().map_or(0, |all| all.len()))
    }

    /// Takes the answers since this was asked last.
    pub fn take(&self) -> Vec<Seen> {
        let all =
            self.answers.as_ref().map(|all| all.lock().unwrap_or_else(PoisonError::into_inner));
        all.map(|mut all| std::mem::take(&mut *all)).unwrap_or_default()
    }

    /// Adds to one of the counts.
    pub fn add(count: &AtomicU64, by: u64) {
        count.fetch_add(by, Ordering::Relaxed);
    }

    /// Reads one of the counts.
    pub fn read(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }
}

/// A port that was just seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The host.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: PortProtocol,
    /// What it answered.
    pub state: PortState,
}

//! The connect scan: whole TCP connections, opened and closed again. It needs no privileges, goes
//! through NAT and proxies, and is all that fragile equipment gets.
//!
//! It is slower than sending packets by itself, and tells no less: a reset is told from an ICMP error,
//! and a service that resets right after the handshake is open.

use std::io;
use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{HostSeen, ScanCounts};

use crate::control::Control;
use crate::discover;
use crate::plan::Plan;
use crate::scope::{Refusal, Scope};

use engine::{Aim, Engine};

pub use engine::MOST_FRAGILE as FRAGILE_AT_ONCE;
pub use pace::FRAGILE_RATE;

mod attempt;
pub(crate) mod descriptors;
mod engine;
mod hosts;
pub(crate) mod icmp;
pub(crate) mod outcome;
pub(crate) mod pace;
mod result;
mod start;
mod window;

/// What a connect scan found.
#[derive(Debug)]
pub struct Scanned {
    /// Hosts by address: all that were heard of or not asked often enough, and the first 65,536 others.
    pub hosts: Vec<HostSeen>,
    /// Attempts made and answered. The kernel sends a SYN more than once where nothing answers; those
    /// it makes by itself are not counted.
    pub counts: ScanCounts,
    /// Why it ended.
    pub ended: Ended,
    /// When it ended.
    pub at: Timestamp,
}

/// Why a scan ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Everything was asked often enough.
    #[error("everything was asked")]
    Complete,
    /// Somebody stopped it.
    #[error("it was stopped")]
    Stopped,
    /// The scope no longer allows it.
    #[error("{0}")]
    Closed(Refusal),
    /// This machine has neither descriptors nor source ports left, or no way into the network.
    #[error("this machine has no sockets left to connect with; see ulimit -n")]
    Exhausted,
}

/// Probes of one scan at most: half a byte is kept for each, 128 MiB in all. At the standard rate of
/// 1,000 a second so many take three days.
pub const MOST_PROBES: u64 = 1 << 28;

/// Looks at every probe of a plan, but for those that are known already.
///
/// Nothing goes to an address that `scope` does not allow, or faster than it allows. Fragile hosts get
/// one connection at a time and five a second.
///
/// # Errors
///
/// When the plan has more than [`MOST_PROBES`], or the event loop cannot be set up.
pub fn scan(
    plan: &Plan,
    scope: &Scope,
    known: &dyn Fn(u64) -> bool,
    control: Control<'_>,
) -> io::Result<Scanned> {
    if plan.probes() > MOST_PROBES {
        let why = format!("{} probes are more than a scan can keep in mind", plan.probes());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let mut engine = Engine::new(plan, scope, Aim::Ports, control);
    engine.know(known);
    let ended = run(&mut engine)?;
    let at = Timestamp::now();
    let (hosts, counts) = result::of(&mut engine);
    Ok(Scanned { hosts, counts, ended, at })
}

fn run(engine: &mut Engine<'_>) -> io::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(engine.run()))
}

/// Which hosts of a plan are there.
#[derive(Debug)]
pub struct There {
    /// Those of which something was heard, by address.
    pub hosts: Vec<IpAddr>,
    /// Attempts made and answered.
    pub counts: ScanCounts,
    /// Why it ended. Unless it is complete, others may be there too.
    pub ended: Ended,
}

/// Finds the hosts of a plan that are there, whatever its ports: each is asked for a few usual ones
/// ([`discover::PORTS`]) until it accepts, refuses, or something before it says that they are prohibited. Twice
/// for what stays silent. That a router cannot reach it, or that nobody on the link has its address, is no sign
/// of a host.
///
/// # Errors
///
/// When the event loop cannot be set up.
pub fn hosts(plan: &Plan, scope: &Scope, control: Control<'_>) -> io::Result<There> {
    let plan = plan.with_ports(&discover::PORTS);
    let mut engine = Engine::new(&plan, scope, Aim::Hosts, control);
    let ended = run(&mut engine)?;
    let mut hosts: Vec<IpAddr> = engine.there.into_iter().collect();
    hosts.sort_unstable();
    let counts =
        ScanCounts { sent: engine.sent, answered: engine.answered, ..ScanCounts::default() };
    Ok(There { hosts, counts, ended })
}

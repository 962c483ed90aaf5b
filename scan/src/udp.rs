//! The UDP scan: a question of the port's own protocol, and what comes back.
//!
//! Silence is the usual answer of an open port to a question that it does not know, so every port that
//! matters is asked in its own words. A closed port answers by ICMP, which hosts limit: Linux sends one
//! such error a second to each peer (icmp(7), `icmp_ratelimit`) after the first six. A host that was
//! seen to send any is therefore asked again, one packet a second, before its silence is believed. No
//! privileges are needed: the kernel hands ICMP errors to the socket that they are about.
//!
//! No community, password or key is ever sent. SNMP is asked for its engine's name by version 3, where
//! that takes none; an agent of versions 1 and 2c alone stays silent and is told as open or filtered.

mod engine;
mod host;
mod payload;
mod probe;
mod reader;
mod result;
mod tunnels;

#[cfg(test)]
mod tests;

use std::io;

use crate::connect::Scanned;
use crate::control::Control;
use crate::plan::Plan;
use crate::scope::Scope;
use crate::service::Known;

/// Ports whose protocols have a question here, by what they mean to an audit.
pub const PORTS: &[u16] = &[
    53, 161, 123, 69, 137, 500, 4500, 1900, 5060, 623, 1434, 389, 111, 2049, 5353, 11211, 1812,
    1813, 1645, 88, 443, 1194, 1701, 5683, 5684, 3391, 177, 10001, 7, 13, 17, 19, 37,
];

/// Ports that no packet is sent to: controllers of machines and buildings (BACnet, EtherNet/IP, DNP3,
/// PROFINET, FINS).
pub const LEFT_ALONE: &[u16] = &[2222, 9600, 20_000, 34_962, 34_963, 34_964, 44_818, 47_808];

/// Probes of one scan at most, since an answer is kept for each.
pub const MOST_PROBES: u64 = 1 << 26;

/// Who gave an answer to the question that a port is asked; `None` when it is none of its protocol. For
/// bytes that were had elsewhere.
pub fn recognise(port: u16, answer: &[u8]) -> Option<Known> {
    payload::read(port, answer)
}

/// Looks at every probe of a plan, but for those that are known already.
///
/// Nothing goes to an address that `scope` does not allow by any means, or faster than it allows:
/// fragile hosts get no UDP at all. Of a host of which nothing was heard, nothing is told.
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
        let why = format!("{} probes are more than a UDP scan can keep in mind", plan.probes());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(engine::run(plan, scope, known, control)))
}

//! Which hosts are there, before many ports of each are asked.
//!
//! On our own links ARP and neighbour discovery tell for certain. Beyond, a host counts as there when it
//! answers an ICMP echo or one of a few ports that firewalls tend to leave open; without privileges
//! ([`crate::connect::hosts`]) the ports alone are asked. A host that answers none of these may still have
//! something open: whoever must miss nothing asks every port of every host.

use portvakt_model::ScanRun;

use crate::control::Control;
use crate::plan::Plan;
use crate::syn::{Aim, ECHO, Engine, How, SynError};

pub(crate) mod neighbour;
pub(crate) mod route;

/// Ports that are asked beside the echo: web, mail, remote work, files, printing, names, management.
pub const PORTS: [u16; 12] = [443, 80, 22, 445, 3389, 8080, 8443, 25, 53, 23, 9100, 135];

/// From so many ports on it pays to look for hosts first.
pub const MANY_PORTS: usize = 64;

/// Finds the hosts of a plan that are there; its ports are of no account. Ports that were found open on the way are
/// in the run too.
pub fn hosts(
    engine: &mut Engine,
    plan: &Plan,
    how: &How,
    control: Control<'_>,
) -> Result<ScanRun, SynError> {
    let mut asked = vec![ECHO];
    asked.extend(PORTS);
    let plan = Plan::of_probes(plan.ranges().to_vec(), &asked);
    engine.run(&plan, how, Aim::Hosts, control)
}

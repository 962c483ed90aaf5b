//! How commands begin that no other reader takes.
//!
//! Each table is sorted by first word. Neutral is only what bears neither on filtering and
//! separation nor on wireless networks, management or services.

mod global;
mod interface;
mod line;
mod routing;

pub(super) use self::global::{LOST, NEUTRAL};
pub(super) use self::interface::{INTERFACE_LOST, INTERFACE_NEUTRAL};
pub(super) use self::line::{LINE_LOST, LINE_NEUTRAL};
pub(super) use self::routing::{NEIGHBOR_NEUTRAL, ROUTER_NEUTRAL, SET_NEUTRAL};

pub(super) const ROUTING: &str = "dynamic routing is not modelled";
pub(super) const PORTS: &str = "access control of switched ports is not modelled";
const VPN: &str = "VPN is not modelled";
const SCRIPTS: &str = "scripts on the device are not modelled";
const RELAY: &str = "relay of broadcasts to another network is not modelled";

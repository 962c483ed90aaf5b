//! How commands begin that no other reader takes.
//!
//! Each table is sorted by first word. Neutral is only what bears neither on filtering and
//! separation nor on wireless networks, management or services.

use portvakt_model::Message;

mod global;
mod interface;
mod line;
mod routing;

pub(super) use self::global::{LOST, NEUTRAL};
pub(super) use self::interface::{INTERFACE_LOST, INTERFACE_NEUTRAL};
pub(super) use self::line::{LINE_LOST, LINE_NEUTRAL};
pub(super) use self::routing::{NEIGHBOR_NEUTRAL, ROUTER_NEUTRAL, SET_NEUTRAL};

pub(super) const ROUTING: &Message =
    &Message { sv: "dynamisk routing räknas inte in", en: "dynamic routing is not modelled" };
pub(super) const PORTS: &Message = &Message {
    sv: "åtkomstkontroll på växelportar räknas inte in",
    en: "access control of switched ports is not modelled",
};
const VPN: &Message = &Message { sv: "VPN räknas inte in", en: "VPN is not modelled" };
const SCRIPTS: &Message = &Message {
    sv: "skript på enheten räknas inte in",
    en: "scripts on the device are not modelled",
};
const RELAY: &Message = &Message {
    sv: "vidaresändning av broadcast till ett annat nät räknas inte in",
    en: "relay of broadcasts to another network is not modelled",
};

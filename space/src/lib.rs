//! Exact packet sets: ranges, products of sets, and first-match lists over them.
//!
//! This crate knows no vendor and no rule. A [`Traffic`] is a product of value sets (addresses,
//! services, interfaces, connection states); a list of them with first-match meaning is analysed
//! exactly, IPv4 and IPv6 alike.

mod addr;
mod align;
mod atom;
mod changes;
mod difference;
mod engine;
mod list;
mod packet;
mod range;
mod sample;
mod service;
mod size;
mod traffic;
mod verdict;

pub use addr::{AddrSet, Family};
pub use align::align;
pub use atom::{AtomSet, State, StateSet};
pub use changes::{Change, Changes, Effect, MergedRule, OpenChange, Side, changes};
pub use difference::{Difference, Open, difference};
pub use list::{Bound, FirstMatchList, ListedRule};
pub use packet::{PackedPacket, Packet};
pub use range::{Point, RangeSet};
pub use service::{ICMP, ICMPV6, SCTP, ServiceBox, ServiceSet, TCP, UDP, has_ports};
pub use size::{Size, Sizes, rounded};
pub use traffic::Traffic;
pub use verdict::{Budget, Cause, Class, Contrary, Doubt, Needed, Verdict};

//! One concrete packet.

use std::net::IpAddr;

use crate::{Family, State};

/// One concrete packet: the proof that a set is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    /// Source address.
    pub src: IpAddr,
    /// Destination address, of the same version as the source.
    pub dst: IpAddr,
    /// IP protocol number.
    pub proto: u8,
    /// Source port; 0 where the protocol has none.
    pub sport: u16,
    /// Destination port, or ICMP `type << 8 | code`; 0 where the protocol has neither.
    pub dport: u16,
    /// Atom of the interface it comes in by; `u32::MAX` is an interface that no rule names.
    pub iif: u32,
    /// Atom of the interface it leaves by; `u32::MAX` is an interface that no rule names.
    pub oif: u32,
    /// Its connection state.
    pub state: State,
}

impl Packet {
    /// The packet's IP version.
    pub fn family(&self) -> Family {
        Family::of(self.src)
    }
}

//! One concrete packet.

use std::net::{IpAddr, Ipv4Addr};

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

/// A packet in half the room, for those of which a million are kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackedPacket(Packed);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Packed {
    V4 { ends: [u32; 2], atoms: [u32; 2], ports: [u16; 2], proto: u8, state: State },
    V6(Box<Packet>),
}

impl From<Packet> for PackedPacket {
    fn from(packet: Packet) -> Self {
        Self(match (packet.src, packet.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => Packed::V4 {
                ends: [src.into(), dst.into()],
                atoms: [packet.iif, packet.oif],
                ports: [packet.sport, packet.dport],
                proto: packet.proto,
                state: packet.state,
            },
            _ => Packed::V6(Box::new(packet)),
        })
    }
}

impl PackedPacket {
    /// The packet.
    pub fn unpacked(&self) -> Packet {
        match &self.0 {
            Packed::V4 {
                ends: [src, dst],
                atoms: [iif, oif],
                ports: [sport, dport],
                proto,
                state,
            } => Packet {
                src: Ipv4Addr::from(*src).into(),
                dst: Ipv4Addr::from(*dst).into(),
                proto: *proto,
                sport: *sport,
                dport: *dport,
                iif: *iif,
                oif: *oif,
                state: *state,
            },
            Packed::V6(packet) => **packet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_packet_is_small_and_comes_out_as_it_went_in() {
        assert!(size_of::<PackedPacket>() <= 24);
        for (src, dst) in [("192.0.2.1", "10.0.0.255"), ("2001:db8::1", "2001:db8::ffff")] {
            let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
            let state = State::Related;
            let packet =
                Packet { src, dst, proto: 6, sport: 7, dport: 8, iif: 9, oif: u32::MAX, state };
            assert_eq!(PackedPacket::from(packet).unpacked(), packet);
        }
    }
}

//! Packets as Ethernet frames, and what the kernel's connection tracking thinks of them.

use std::collections::HashSet;
use std::net::IpAddr;

use portvakt_space::{ICMP, ICMPV6, Packet, SCTP, State, TCP, UDP};

/// UDP-Lite (RFC 3828).
const UDPLITE: u8 = 136;

/// The state that tracking gives to a packet of no known connection: Linux 6.x, `net/netfilter`.
///
/// ICMP only begins something with a request (`icmp_new` in `nf_conntrack_proto_icmp.c`), and neighbour
/// discovery and multicast listening are never tracked (`nf_conntrack_icmpv6_error`).
pub(crate) fn nature(packet: &Packet) -> State {
    let kind = packet.dport >> 8;
    match packet.proto {
        ICMP if packet.src.is_ipv4() => match kind {
            8 | 13 | 15 | 17 => State::New,
            _ => State::Invalid,
        },
        ICMPV6 if packet.src.is_ipv6() => match kind {
            128 | 139 => State::New,
            130..=136 | 143 | 151 | 152 => State::Untracked,
            _ => State::Invalid,
        },
        // One version's messages in the other's packets.
        ICMP | ICMPV6 => State::Invalid,
        _ => State::New,
    }
}

/// Connections that the kernel knows, each by one of its packets: only the ends count.
#[derive(Default)]
pub(crate) struct Connections(HashSet<(u8, IpAddr, u16, IpAddr, u16)>);

impl Connections {
    pub(crate) fn add(&mut self, packet: &Packet) {
        let Packet { src, dst, proto, sport, dport, .. } = *packet;
        self.0.insert((proto, src, sport, dst, dport));
        self.0.insert((proto, dst, dport, src, sport));
    }

    /// The state that tracking gives to a packet.
    pub(crate) fn state(&self, packet: &Packet) -> State {
        let Packet { src, dst, proto, sport, dport, .. } = *packet;
        let known = self.0.contains(&(proto, src, sport, dst, dport));
        if known { State::Established } else { nature(packet) }
    }
}

/// Whether frames can carry the packet as the model has it: IPv6 reads some protocols as extension
/// headers (RFC 8200), and what goes from or to them depends on what follows.
pub(crate) fn is_plain(packet: &Packet) -> bool {
    const EXTENSIONS: [u8; 9] = [0, 43, 44, 50, 51, 59, 60, 135, 139];
    packet.src.is_ipv4()
        || !(EXTENSIONS.contains(&packet.proto) || packet.proto >= 253 || packet.proto == 140)
}

/// The frame of a packet, with `id` in the header of IPv4 and in the flow label of IPv6.
pub(crate) fn frame(packet: &Packet, id: u16, to: [u8; 6]) -> Vec<u8> {
    let mut out = Vec::with_capacity(120);
    out.extend(to);
    out.extend([2, 0, 0, 0, 1, 0]);
    let payload = payload(packet);
    match (packet.src, packet.dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            out.extend([8, 0]);
            let mut header = vec![0x45, 0];
            header.extend((20 + payload.len() as u16).to_be_bytes());
            header.extend(id.to_be_bytes());
            header.extend([0, 0, 64, packet.proto, 0, 0]);
            header.extend(src.octets());
            header.extend(dst.octets());
            let sum = folded(&[&header]);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            out.extend(header);
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            out.extend([0x86, 0xdd, 0x60, 0]);
            out.extend(id.to_be_bytes());
            out.extend((payload.len() as u16).to_be_bytes());
            out.extend([packet.proto, 64]);
            out.extend(src.octets());
            out.extend(dst.octets());
        }
        _ => {}
    }
    out.extend(payload);
    out
}

fn payload(packet: &Packet) -> Vec<u8> {
    let (sport, dport) = (packet.sport.to_be_bytes(), packet.dport.to_be_bytes());
    let ports = [sport, dport].concat();
    let (mut bytes, sum_at) = match packet.proto {
        // A bare SYN: sequence, no acknowledgement, five words, window.
        TCP => {
            ([&ports[..], &[0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16, 0, 0, 0, 0, 0]].concat(), Some(16))
        }
        UDP | UDPLITE => ([&ports[..], &[0, 16, 0, 0], b"portvakt"].concat(), Some(6)),
        // An INIT chunk: tag, window, one stream each way, sequence (RFC 9260).
        SCTP => (
            [&ports[..], &[0; 8], &[1, 0, 0, 20, 0, 0, 0, 9, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1]]
                .concat(),
            None,
        ),
        ICMP if packet.src.is_ipv4() => {
            ([&dport[..], &[0, 0, 0, 7, 0, 1], b"portvakt"].concat(), Some(2))
        }
        ICMPV6 if packet.src.is_ipv6() => {
            ([&dport[..], &[0, 0, 0, 7, 0, 1], b"portvakt"].concat(), Some(2))
        }
        _ => ([&ports[..], &[0; 28]].concat(), None),
    };
    if let Some(at) = sum_at {
        let pseudo = if packet.proto == ICMP { Vec::new() } else { pseudo(packet, bytes.len()) };
        let sum = folded(&[&pseudo, &bytes]);
        let sum = if sum == 0 { 0xffff } else { sum };
        bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
    bytes
}

/// The pseudo-header that transport checksums cover.
fn pseudo(packet: &Packet, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for addr in [packet.src, packet.dst] {
        match addr {
            IpAddr::V4(a) => out.extend(a.octets()),
            IpAddr::V6(a) => out.extend(a.octets()),
        }
    }
    out.extend((len as u32).to_be_bytes());
    out.extend([0, 0, 0, packet.proto]);
    out
}

/// The Internet checksum (RFC 1071) of parts that each have an even length.
fn folded(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|p| p.chunks(2));
    let mut sum: u32 = words.map(|w| u32::from(w[0]) << 8 | u32::from(w[1])).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

//! Probes as bytes, and what answers say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet::packet::icmp::IcmpTypes;
use pnet::packet::icmpv6::Icmpv6Types;
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{Ipv4Flags, MutableIpv4Packet};
use pnet::packet::ipv6::MutableIpv6Packet;
use pnet::packet::tcp::{MutableTcpPacket, TcpFlags, TcpOption};

use crate::raw::{IPV4, IPV6, Received};

/// The port that stands for ICMP echo in plans of our own; no TCP port has it (RFC 6335, section 6).
pub(crate) const ECHO: u16 = 0;

/// A SYN with the option of the largest segment (RFC 9293, section 3.7.1), as any host would send it.
const TCP: usize = 24;
const WINDOW: u16 = 1024;
const HOPS: u8 = 64;
/// Header, cookie, and bytes that let middleboxes see an ordinary echo.
const ICMP: usize = 8 + 16;
/// The longest: IPv6 and either of them.
pub(crate) const LONGEST: usize = 40 + 24;

/// Packets from one address of ours: written once, then only what differs is put in.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    source: IpAddr,
    syn: [u8; LONGEST],
    echo: [u8; LONGEST],
    /// Sums of the sixteen-bit words that never differ (RFC 1071): IPv4 header, SYN, echo.
    sums: (u32, u32, u32),
}

/// The ends of a probe and its cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) own_port: u16,
    pub(crate) to: IpAddr,
    /// [`ECHO`] asks by ICMP.
    pub(crate) port: u16,
    pub(crate) cookie: u32,
}

impl Template {
    pub(crate) fn new(source: IpAddr) -> Self {
        let at = header_length(source);
        let mut syn = header(source, IpNextHeaderProtocols::Tcp.0, TCP);
        if let Some(mut tcp) = MutableTcpPacket::new(&mut syn[at..]) {
            tcp.set_data_offset((TCP / 4) as u8);
            tcp.set_flags(TcpFlags::SYN);
            tcp.set_window(WINDOW);
            let segment = if source.is_ipv4() { 1460 } else { 1440 };
            tcp.set_options(&[TcpOption::mss(segment)]);
        }
        let (icmp, kind) = match source {
            IpAddr::V4(_) => (IpNextHeaderProtocols::Icmp.0, IcmpTypes::EchoRequest.0),
            IpAddr::V6(_) => (IpNextHeaderProtocols::Icmpv6.0, Icmpv6Types::EchoRequest.0),
        };
        let mut echo = header(source, icmp, ICMP);
        echo[at] = kind;
        let of_source = sum(&octets(source));
        let tcp_sum = of_source + 6 + TCP as u32 + sum(&syn[at..at + TCP]);
        let pseudo = if source.is_ipv4() { 0 } else { of_source + 58 + ICMP as u32 };
        let echo_sum = pseudo + sum(&echo[at..at + ICMP]);
        let ip_sum = if source.is_ipv4() { sum(&syn[..at]) } else { 0 };
        Self { source, syn, echo, sums: (ip_sum, tcp_sum, echo_sum) }
    }

    pub(crate) fn source(&self) -> IpAddr {
        self.source
    }

    pub(crate) fn ethertype(&self) -> u16 {
        if self.source.is_ipv4() { IPV4 } else { IPV6 }
    }

    /// Writes a probe and says how long it is. The addresses must be of one family.
    pub(crate) fn write(&self, ends: Ends, out: &mut [u8; LONGEST]) -> usize {
        let at = header_length(self.source);
        let asks_echo = ends.port == ECHO;
        *out = if asks_echo { self.echo } else { self.syn };
        let to = self.address(ends.to, asks_echo, out);
        let cookie = ends.cookie.to_be_bytes();
        if asks_echo {
            out[at + 4..at + 6].copy_from_slice(&ends.own_port.to_be_bytes());
            out[at + 6..at + 8].copy_from_slice(&cookie[2..]);
            out[at + 8..at + 12].copy_from_slice(&cookie);
            let pseudo = if self.source.is_ipv4() { 0 } else { to };
            let own = u32::from(ends.own_port) + (ends.cookie & 0xffff);
            let sum = folded(self.sums.2 + pseudo + own + sum(&cookie));
            out[at + 2..at + 4].copy_from_slice(&(!sum).to_be_bytes());
            return at + ICMP;
        }
        out[at..at + 2].copy_from_slice(&ends.own_port.to_be_bytes());
        out[at + 2..at + 4].copy_from_slice(&ends.port.to_be_bytes());
        out[at + 4..at + 8].copy_from_slice(&cookie);
        let ports = u32::from(ends.own_port) + u32::from(ends.port);
        let sum = folded(self.sums.1 + to + ports + sum(&cookie));
        out[at + 16..at + 18].copy_from_slice(&(!sum).to_be_bytes());
        at + TCP
    }

    /// Puts the destination in, and returns the sum of its words.
    fn address(&self, to: IpAddr, asks_echo: bool, out: &mut [u8; LONGEST]) -> u32 {
        match to {
            IpAddr::V4(v4) => {
                let words = sum(&v4.octets());
                out[16..20].copy_from_slice(&v4.octets());
                // The header of an echo differs from that of a SYN in its protocol alone.
                let fixed = if asks_echo { self.sums.0 + 1 - 6 } else { self.sums.0 };
                out[10..12].copy_from_slice(&(!folded(fixed + words)).to_be_bytes());
                words
            }
            IpAddr::V6(v6) => {
                out[24..40].copy_from_slice(&v6.octets());
                sum(&v6.octets())
            }
        }
    }
}

const fn header_length(source: IpAddr) -> usize {
    if source.is_ipv4() { 20 } else { 40 }
}

/// An IP header without its destination and checksum.
fn header(source: IpAddr, protocol: u8, payload: usize) -> [u8; LONGEST] {
    let mut bytes = [0; LONGEST];
    match source {
        IpAddr::V4(v4) => {
            if let Some(mut ip) = MutableIpv4Packet::new(&mut bytes) {
                ip.set_version(4);
                ip.set_header_length(5);
                ip.set_total_length((20 + payload) as u16);
                // An atomic datagram needs no identification (RFC 6864, section 4.1).
                ip.set_flags(Ipv4Flags::DontFragment);
                ip.set_ttl(HOPS);
                ip.set_next_level_protocol(pnet::packet::ip::IpNextHeaderProtocol(protocol));
                ip.set_source(v4);
            }
        }
        IpAddr::V6(v6) => {
            if let Some(mut ip) = MutableIpv6Packet::new(&mut bytes) {
                ip.set_version(6);
                ip.set_payload_length(payload as u16);
                ip.set_next_header(pnet::packet::ip::IpNextHeaderProtocol(protocol));
                ip.set_hop_limit(HOPS);
                ip.set_source(v6);
            }
        }
    }
    bytes
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// Sum of the words of an even number of octets.
fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks_exact(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum()
}

fn folded(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    ((once & 0xffff) + (once >> 16)) as u16
}

/// Something that claims to answer a probe of ours; the cookie shows whether it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Our own end.
    pub(crate) own: (IpAddr, u16),
    /// The end that was asked.
    pub(crate) peer: (IpAddr, u16),
    pub(crate) cookie: u32,
    pub(crate) said: Said,
    /// Who sent the answer: for errors often a router.
    pub(crate) from: IpAddr,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A connection would be accepted.
    SynAck,
    /// Refused by the host.
    Reset,
    /// The host is there.
    Echo,
    /// Somebody on the way said why not.
    Error(Why),
}

/// What an ICMP error means for a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Net or host cannot be reached.
    Unreachable,
    /// A filter said so, or rejects in the name of the host.
    Prohibited,
}

/// Reads an answer; `None` when it is none, or cannot be proven to be one.
pub(crate) fn answer(received: Received<'_>) -> Option<Answer> {
    let bytes = received.bytes;
    match received.ethertype {
        IPV4 => {
            let ip = V4::read(bytes)?;
            let (from, to) = (IpAddr::from(ip.from), IpAddr::from(ip.to));
            match ip.protocol {
                6 => tcp(ip.payload, from, to),
                1 => icmp(ip.payload, from, to),
                _ => None,
            }
        }
        IPV6 => {
            let ip = V6::read(bytes)?;
            let (from, to) = (IpAddr::from(ip.from), IpAddr::from(ip.to));
            match ip.next {
                6 => tcp(ip.payload, from, to),
                58 => icmp6(ip.payload, from, to),
                _ => None,
            }
        }
        _ => None,
    }
}

fn tcp(segment: &[u8], from: IpAddr, to: IpAddr) -> Option<Answer> {
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const ACK: u8 = 16;
    let said = match segment.get(13)? & (SYN | RST | ACK) {
        flags if flags == SYN | ACK => Said::SynAck,
        // RFC 9293, section 3.10.7.1: the reset of a SYN acknowledges it. Without that it proves nothing.
        flags if flags & RST != 0 && flags & ACK != 0 => Said::Reset,
        _ => return None,
    };
    let cookie = word(segment, 8)?.wrapping_sub(1);
    let peer = (from, half(segment, 0)?);
    Some(Answer { own: (to, half(segment, 2)?), peer, cookie, said, from })
}

/// Types and codes of RFC 792, RFC 1122 section 3.2.2.1 and RFC 1812 section 5.2.7.1.
fn icmp(message: &[u8], from: IpAddr, to: IpAddr) -> Option<Answer> {
    let why = match (*message.first()?, *message.get(1)?) {
        (0, 0) => return echo(message, from, to),
        (3, 0 | 1 | 5 | 6 | 7 | 8 | 11 | 12) | (11, _) => Why::Unreachable,
        (3, 2 | 3 | 9 | 10 | 13 | 14 | 15) => Why::Prohibited,
        _ => return None,
    };
    let ip = V4::read(message.get(8..)?)?;
    quoted(ip.payload, ip.protocol, (ip.from.into(), ip.to.into()), from, why)
}

/// Types and codes of RFC 4443, section 3.
fn icmp6(message: &[u8], from: IpAddr, to: IpAddr) -> Option<Answer> {
    let why = match (*message.first()?, *message.get(1)?) {
        (129, 0) => return echo(message, from, to),
        (1, 0 | 2 | 3) | (3, _) => Why::Unreachable,
        (1, 1 | 4 | 5 | 6) => Why::Prohibited,
        _ => return None,
    };
    let ip = V6::read(message.get(8..)?)?;
    quoted(ip.payload, ip.next, (ip.from.into(), ip.to.into()), from, why)
}

/// The beginning of our own packet inside an error.
fn quoted(
    payload: &[u8],
    protocol: u8,
    (own, peer): (IpAddr, IpAddr),
    from: IpAddr,
    why: Why,
) -> Option<Answer> {
    let said = Said::Error(why);
    match protocol {
        6 => Some(Answer {
            own: (own, half(payload, 0)?),
            peer: (peer, half(payload, 2)?),
            cookie: word(payload, 4)?,
            said,
            from,
        }),
        1 | 58 => Some(Answer {
            own: (own, half(payload, 4)?),
            peer: (peer, ECHO),
            cookie: word(payload, 8)?,
            said,
            from,
        }),
        _ => None,
    }
}

fn echo(message: &[u8], from: IpAddr, to: IpAddr) -> Option<Answer> {
    let own = (to, half(message, 4)?);
    Some(Answer { own, peer: (from, ECHO), cookie: word(message, 8)?, said: Said::Echo, from })
}

struct V4<'a> {
    from: Ipv4Addr,
    to: Ipv4Addr,
    protocol: u8,
    payload: &'a [u8],
}

impl<'a> V4<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let length = usize::from(first & 0xf) * 4;
        if first >> 4 != 4 || length < 20 {
            return None;
        }
        Some(Self {
            from: word(bytes, 12)?.into(),
            to: word(bytes, 16)?.into(),
            protocol: *bytes.get(9)?,
            payload: bytes.get(length..)?,
        })
    }
}

struct V6<'a> {
    from: Ipv6Addr,
    to: Ipv6Addr,
    next: u8,
    payload: &'a [u8],
}

impl<'a> V6<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let address = |at: usize| {
            let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
            Some(Ipv6Addr::from(octets))
        };
        if *bytes.first()? >> 4 != 6 {
            return None;
        }
        let (from, to) = (address(8)?, address(24)?);
        Some(Self { from, to, next: *bytes.get(6)?, payload: bytes.get(40..)? })
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;

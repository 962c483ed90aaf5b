use std::time::Duration;

use pnet::packet::Packet as _;
use pnet::packet::icmp::IcmpPacket;
use pnet::packet::icmpv6::Icmpv6Packet;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::tcp::TcpPacket;
use pnet::packet::{icmp, icmpv6, ipv4, tcp};
use proptest::prelude::*;

use super::*;

fn received(bytes: &[u8], ethertype: u16) -> Received<'_> {
    Received { bytes, ethertype, at: Duration::ZERO, interface: 1 }
}

fn probe(source: IpAddr, ends: Ends) -> Vec<u8> {
    let mut out = [0; LONGEST];
    let length = Template::new(source).write(ends, &mut out);
    out[..length].to_vec()
}

proptest! {
    #[test]
    fn checksums_are_those_of_pnet(
        (a, b) in any::<(u32, u32)>(), (c, d) in any::<(u128, u128)>(),
        own_port in any::<u16>(), port in any::<u16>(), cookie in any::<u32>(), echo in any::<bool>(),
    ) {
        let port = if echo { ECHO } else { port.max(1) };
        let (source, to) = (Ipv4Addr::from_bits(a), Ipv4Addr::from_bits(b));
        let bytes = probe(source.into(), Ends { own_port, to: to.into(), port, cookie });
        let ip = Ipv4Packet::new(&bytes).unwrap();
        prop_assert_eq!(ipv4::checksum(&ip), ip.get_checksum());
        prop_assert_eq!(usize::from(ip.get_total_length()), bytes.len());
        if echo {
            let packet = IcmpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(icmp::checksum(&packet), packet.get_checksum());
        } else {
            let packet = TcpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(tcp::ipv4_checksum(&packet, &source, &to), packet.get_checksum());
            prop_assert_eq!((packet.get_sequence(), packet.get_destination()), (cookie, port));
        }

        let (source, to) = (Ipv6Addr::from_bits(c), Ipv6Addr::from_bits(d));
        let bytes = probe(source.into(), Ends { own_port, to: to.into(), port, cookie });
        let ip = Ipv6Packet::new(&bytes).unwrap();
        prop_assert_eq!(40 + usize::from(ip.get_payload_length()), bytes.len());
        if echo {
            let packet = Icmpv6Packet::new(ip.payload()).unwrap();
            prop_assert_eq!(icmpv6::checksum(&packet, &source, &to), packet.get_checksum());
        } else {
            let packet = TcpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(tcp::ipv6_checksum(&packet, &source, &to), packet.get_checksum());
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200), six in any::<bool>()) {
        answer(received(&bytes, if six { IPV6 } else { IPV4 }));
        // With a version and a protocol that let more of it be read.
        let mut bytes = bytes;
        if bytes.len() > 9 {
            bytes[0] = if six { 0x60 } else { 0x45 };
            bytes[6] = 58;
            bytes[9] = 1;
            answer(received(&bytes, if six { IPV6 } else { IPV4 }));
        }
    }
}

const OWN: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 61_440);
const PEER: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 443);

fn segment(flags: u8, acknowledged: u32) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    (bytes[0], bytes[9], bytes[33]) = (0x45, 6, flags);
    bytes[12..16].copy_from_slice(&[10, 0, 0, 2]);
    bytes[16..20].copy_from_slice(&[10, 0, 0, 1]);
    bytes[20..22].copy_from_slice(&443u16.to_be_bytes());
    bytes[22..24].copy_from_slice(&61_440u16.to_be_bytes());
    bytes[28..32].copy_from_slice(&acknowledged.to_be_bytes());
    bytes
}

#[test]
fn answers_acknowledge_the_sequence_number_and_one() {
    let of = |flags| answer(received(&segment(flags, 8), IPV4));
    let want = |said| Some(Answer { own: OWN, peer: PEER, cookie: 7, said, from: PEER.0 });
    assert_eq!(of(0x12), want(Said::SynAck));
    assert_eq!(of(0x14), want(Said::Reset));
    assert_eq!(of(0x04), None, "a reset that acknowledges nothing proves nothing");
    assert_eq!(of(0x10), None);
    assert_eq!(of(0x02), None);
    let wrapped = answer(received(&segment(0x12, 0), IPV4));
    assert_eq!(wrapped.map(|a| a.cookie), Some(u32::MAX));
}

#[test]
fn errors_are_read_from_what_they_quote() {
    let quote = probe(OWN.0, Ends { own_port: OWN.1, to: PEER.0, port: PEER.1, cookie: 99 });
    let error = |kind: u8, code: u8| {
        let mut bytes = vec![0; 20];
        (bytes[0], bytes[9]) = (0x45, 1);
        bytes[12..16].copy_from_slice(&[10, 0, 0, 254]);
        bytes[16..20].copy_from_slice(&[10, 0, 0, 1]);
        bytes.extend([kind, code, 0, 0, 0, 0, 0, 0]);
        // Eight octets behind the header are all that an old router quotes.
        bytes.extend(&quote[..28]);
        answer(received(&bytes, IPV4))
    };
    let router = IpAddr::from([10, 0, 0, 254]);
    let want = |why| {
        Some(Answer { own: OWN, peer: PEER, cookie: 99, said: Said::Error(why), from: router })
    };
    assert_eq!(error(3, 13), want(Why::Prohibited));
    assert_eq!(error(3, 3), want(Why::Prohibited));
    assert_eq!(error(3, 1), want(Why::Unreachable));
    assert_eq!(error(11, 0), want(Why::Unreachable));
    assert_eq!(error(3, 4), None, "fragmentation needed says nothing of the port");
    assert_eq!(error(5, 0), None);
}

#[test]
fn echo_replies_carry_the_cookie_back() {
    let source = IpAddr::from([10, 0, 0, 1]);
    let to = IpAddr::from([10, 0, 0, 2]);
    let mut bytes = probe(source, Ends { own_port: 61_440, to, port: ECHO, cookie: 0x0102_0304 });
    // What the peer does: ends swapped, type 0.
    let (from, back): (Vec<u8>, Vec<u8>) = (bytes[12..16].to_vec(), bytes[16..20].to_vec());
    bytes[12..16].copy_from_slice(&back);
    bytes[16..20].copy_from_slice(&from);
    bytes[20] = 0;
    let want =
        Answer { own: OWN, peer: (to, ECHO), cookie: 0x0102_0304, said: Said::Echo, from: to };
    assert_eq!(answer(received(&bytes, IPV4)), Some(want));
}

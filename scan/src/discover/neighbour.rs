//! Hardware addresses of hosts on our own links: ARP (RFC 826) and neighbour discovery (RFC 4861).
//!
//! Who does not answer here is not there: nothing else is sent to it.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use pnet::datalink::MacAddr;
use pnet::packet::Packet as _;
use pnet::packet::arp::{ArpHardwareTypes, ArpOperations, ArpPacket, MutableArpPacket};
use pnet::packet::ethernet::EtherTypes;
use pnet::packet::icmpv6::ndp::{
    MutableNdpOptionPacket, MutableNeighborSolicitPacket, NdpOptionTypes, NeighborAdvertPacket,
};
use pnet::packet::icmpv6::{Icmpv6Types, checksum};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv6::{Ipv6Packet, MutableIpv6Packet};

use crate::control::Control;
use crate::raw::{ARP, Batch, Hop, IPV6, Received, Ring, Sender};

/// Somebody on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Neighbour {
    pub(crate) interface: u32,
    pub(crate) address: IpAddr,
}

/// Us on that link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    pub(crate) mac: [u8; 6],
    pub(crate) source: IpAddr,
}

/// Each is asked this often before it counts as absent: once more than RFC 4861, section 10, and RFC 1122,
/// section 2.3.2.1, would need on a link that loses nothing.
const TRIES: u32 = 3;
/// How long answers to the last question of a round are waited for. Hosts that save power listen every 100 to
/// 300 ms (IEEE 802.11, DTIM).
const PATIENCE: Duration = Duration::from_millis(400);

/// Questions a second at most, whatever the scope allows: each is heard by every host of the link.
const MOST_BROADCASTS: u32 = 2_000;

/// Asks for all of them, at most `rate` packets a second.
pub(crate) fn resolve(
    (ring, sender): (&mut Ring, &Sender),
    wanted: &[(Neighbour, Own)],
    rate: u32,
    control: Control<'_>,
) -> io::Result<HashMap<Neighbour, [u8; 6]>> {
    let mut known = HashMap::new();
    let addresses: HashMap<IpAddr, Neighbour> =
        wanted.iter().map(|(n, _)| (n.address, *n)).collect();
    super::route::fixed_neighbours(&mut |interface, address, mac| {
        let neighbour = addresses.get(&address).filter(|n| n.interface == interface);
        known.extend(neighbour.map(|n| (*n, mac)));
    })?;
    let listen = |ring: &mut Ring, wait: Duration, known: &mut HashMap<_, _>| {
        ring.read(wait, &mut |received| {
            if let Some((address, mac)) = answer(received)
                && let Some(neighbour) = addresses.get(&address)
            {
                known.entry(*neighbour).or_insert(mac);
            }
        })
    };
    let gap = Duration::from_secs(1) / rate.clamp(1, MOST_BROADCASTS);
    for _ in 0..TRIES {
        let mut due = Instant::now();
        for (neighbour, own) in wanted {
            if known.contains_key(neighbour) {
                continue;
            }
            if control.stopped() {
                return Ok(known);
            }
            let wait = due.saturating_duration_since(Instant::now());
            listen(ring, Duration::ZERO, &mut known)?;
            std::thread::sleep(wait);
            due = due.max(Instant::now().checked_sub(BURST).unwrap_or(due)) + gap;
            ask(sender, *neighbour, *own)?;
            crate::control::Progress::add(&control.progress.sent, 1);
        }
        let end = Instant::now() + PATIENCE;
        while known.len() < addresses.len() && Instant::now() < end && !control.stopped() {
            listen(ring, Duration::from_millis(10), &mut known)?;
        }
    }
    Ok(known)
}

/// What may be sent at once after a pause.
const BURST: Duration = Duration::from_millis(1);

fn ask(sender: &Sender, neighbour: Neighbour, own: Own) -> io::Result<()> {
    let mut batch = Batch::new();
    match (neighbour.address, own.source) {
        (IpAddr::V4(target), IpAddr::V4(source)) => {
            let hop = Hop { interface: neighbour.interface, mac: [0xff; 6] };
            batch.push(&request(own.mac, source, target), ARP, hop);
        }
        (IpAddr::V6(target), IpAddr::V6(source)) => {
            let [.., a, b, c] = target.octets();
            // RFC 2464, section 7: the group's last 32 bits behind 33:33.
            let hop = Hop { interface: neighbour.interface, mac: [0x33, 0x33, 0xff, a, b, c] };
            batch.push(&solicitation(own.mac, source, target), IPV6, hop);
        }
        _ => return Ok(()),
    }
    sender.flush(&mut batch).map(|_| ())
}

fn request(mac: [u8; 6], source: Ipv4Addr, target: Ipv4Addr) -> [u8; 28] {
    let mut bytes = [0; 28];
    if let Some(mut arp) = MutableArpPacket::new(&mut bytes) {
        arp.set_hardware_type(ArpHardwareTypes::Ethernet);
        arp.set_protocol_type(EtherTypes::Ipv4);
        arp.set_hw_addr_len(6);
        arp.set_proto_addr_len(4);
        arp.set_operation(ArpOperations::Request);
        arp.set_sender_hw_addr(MacAddr::from(mac));
        arp.set_sender_proto_addr(source);
        arp.set_target_proto_addr(target);
    }
    bytes
}

/// IPv6 header, solicitation, and the option that tells our own address (RFC 4861, sections 4.3 and 4.6.1).
fn solicitation(mac: [u8; 6], source: Ipv6Addr, target: Ipv6Addr) -> [u8; 72] {
    let mut bytes = [0; 72];
    let group = solicited(target);
    let (header, message) = bytes.split_at_mut(40);
    if let Some(mut ip) = MutableIpv6Packet::new(header) {
        ip.set_version(6);
        ip.set_payload_length(32);
        ip.set_next_header(IpNextHeaderProtocols::Icmpv6);
        // A router would have lowered it: that is how receivers know that we are on the link.
        ip.set_hop_limit(255);
        ip.set_source(source);
        ip.set_destination(group);
    }
    if let Some(mut option) = MutableNdpOptionPacket::new(&mut message[24..]) {
        option.set_option_type(NdpOptionTypes::SourceLLAddr);
        option.set_length(1);
        option.set_data(&mac);
    }
    if let Some(mut ask) = MutableNeighborSolicitPacket::new(message) {
        ask.set_icmpv6_type(Icmpv6Types::NeighborSolicit);
        ask.set_target_addr(target);
    }
    let sum =
        pnet::packet::icmpv6::Icmpv6Packet::new(message).map(|p| checksum(&p, &source, &group));
    message[2..4].copy_from_slice(&sum.unwrap_or_default().to_be_bytes());
    bytes
}

/// The group in which a host listens for questions about its address (RFC 4291, section 2.7.1).
fn solicited(target: Ipv6Addr) -> Ipv6Addr {
    let low = target.to_bits() & 0x00ff_ffff;
    Ipv6Addr::from_bits((0xff02_u128 << 112) | (1 << 32) | 0xff00_0000 | low)
}

/// Who says where it is.
fn answer(received: Received<'_>) -> Option<(IpAddr, [u8; 6])> {
    match received.ethertype {
        ARP => {
            let arp = ArpPacket::new(received.bytes)?;
            let fits = arp.get_operation() == ArpOperations::Reply
                && (arp.get_hw_addr_len(), arp.get_proto_addr_len()) == (6, 4);
            fits.then(|| (arp.get_sender_proto_addr().into(), arp.get_sender_hw_addr().octets()))
        }
        IPV6 => {
            let ip = Ipv6Packet::new(received.bytes)?;
            let icmp =
                ip.get_next_header() == IpNextHeaderProtocols::Icmpv6 && ip.get_hop_limit() == 255;
            let advert = NeighborAdvertPacket::new(received.bytes.get(40..)?)?;
            if !icmp || advert.get_icmpv6_type() != Icmpv6Types::NeighborAdvert {
                return None;
            }
            // The option "target link-layer address", type 2, eight octets long.
            let options = advert.packet().get(24..)?;
            let option = options.chunks_exact(8).find(|o| o[0] == 2 && o[1] == 1)?;
            Some((advert.get_target_addr().into(), option[2..8].try_into().ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 7];

    fn received(bytes: &[u8], ethertype: u16) -> Received<'_> {
        Received { bytes, ethertype, at: Duration::ZERO, interface: 1 }
    }

    #[test]
    fn a_request_is_as_rfc_826_has_it() {
        let bytes = request(MAC, Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let want =
            [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 7, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
        assert_eq!(bytes, want);
        assert_eq!(answer(received(&bytes, ARP)), None, "a request is no reply");
        let mut reply = bytes;
        reply[7] = 2;
        assert_eq!(answer(received(&reply, ARP)), Some((Ipv4Addr::new(10, 0, 0, 1).into(), MAC)));
    }

    #[test]
    fn a_solicitation_goes_to_the_group_with_a_right_checksum() {
        let source: Ipv6Addr = "2001:db8::1".parse().unwrap();
        let bytes = solicitation(MAC, source, "2001:db8::1:2:3".parse().unwrap());
        assert_eq!(&bytes[24..40], "ff02::1:ff02:3".parse::<Ipv6Addr>().unwrap().octets());
        // Pseudo header (RFC 8200, section 8.1) and message sum to all ones.
        let pseudo = [&bytes[8..40], &[0, 0, 0, 32, 0, 0, 0, 58]].concat();
        let words = pseudo.chunks(2).chain(bytes[40..].chunks(2));
        let sum: u32 = words.map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
        assert_eq!(&bytes[64..], [1, 1, 2, 0, 0, 0, 0, 7]);
    }

    #[test]
    fn an_advertisement_from_beyond_the_link_is_not_believed() {
        let mut bytes = solicitation(MAC, Ipv6Addr::LOCALHOST, "2001:db8::9".parse().unwrap());
        (bytes[40], bytes[64]) = (136, 2);
        let want = Some(("2001:db8::9".parse().unwrap(), MAC));
        assert_eq!(answer(received(&bytes, IPV6)), want);
        bytes[7] = 254;
        assert_eq!(answer(received(&bytes, IPV6)), None);
    }

    #[test]
    fn short_answers_are_no_answers() {
        let bytes = solicitation(MAC, Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
        for end in 0..bytes.len() {
            for ethertype in [ARP, IPV6] {
                assert_eq!(answer(received(&bytes[..end], ethertype)), None);
            }
        }
    }
}

//! The question for each port, and who answered it.

use std::net::SocketAddr;

use super::{reader, tunnels};
use crate::service::Known;
use crate::service::ber::{all, tlv};
use crate::service::{binary, probe};

/// What is sent to a port. Where a protocol has two ways to begin, every second pass takes the other. A
/// port without a question of its own gets an empty datagram, which is no message of any protocol.
pub(super) fn question(peer: SocketAddr, pass: u8) -> Vec<u8> {
    let first = pass.is_multiple_of(2);
    match peer.port() {
        7 | 13 | 17 | 19 | 37 => b"\r\n".to_vec(),
        // Without the length that goes before a message on TCP.
        53 => binary::DNS[2..].to_vec(),
        69 => b"\0\x01portvakt-no-such-file\0octet\0".to_vec(),
        88 => binary::kerberos_question()[4..].to_vec(),
        111 => rpc(100_000, 2),
        123 => ntp(),
        137 => NBSTAT.to_vec(),
        161 => snmp(),
        177 => vec![0, 1, 0, 2, 0, 1, 0],
        389 => binary::ldap_question(),
        443 if first => tunnels::quic(),
        443 | 3391 | 4433 | 5684 | 10161 => tunnels::dtls(),
        500 => tunnels::ike(pass),
        623 if first => RMCP_PING.to_vec(),
        623 => IPMI_AUTH.to_vec(),
        1194 => tunnels::OPENVPN.to_vec(),
        1434 => vec![3],
        1645 | 1646 | 1812 | 1813 => radius(),
        1701 => tunnels::l2tp(),
        1900 => ssdp(peer),
        2049 => rpc(100_003, 3),
        // RFC 3948 §2.2: four zeros tell IKE from ESP.
        4500 => [&[0; 4][..], &tunnels::ike(pass)].concat(),
        5060 => probe::sip_question(peer, "UDP"),
        5353 => MDNS.to_vec(),
        5683 => coap(),
        10001 => vec![1, 0, 0, 0],
        11211 => b"\0\x01\0\0\0\x01\0\0version\r\n".to_vec(),
        _ => Vec::new(),
    }
}

/// What an answer shows; `None` when it is not one of the protocol that was asked for.
pub(super) fn read(port: u16, answer: &[u8]) -> Option<Known> {
    match port {
        7 => (answer == b"\r\n").then(|| Known::new("echo")),
        13 => Some(Known::new("daytime")),
        17 => Some(Known::new("qotd")),
        19 => Some(Known::new("chargen")),
        37 => (answer.len() == 4).then(|| Known::new("time")),
        53 => reader::dns(answer, "domain"),
        69 => reader::tftp(answer),
        88 => binary::kerberos(&[&[0; 4][..], answer].concat()),
        111 => binary::rpc(&[&[0; 4][..], answer].concat(), "rpcbind"),
        123 => reader::ntp(answer),
        137 => reader::nbstat(answer),
        161 => reader::snmp(answer),
        177 => matches!(answer, [0, 1, 0, 5 | 6, ..]).then(|| Known::new("xdmcp")),
        389 => binary::ldap(answer, true),
        443 => tunnels::read_quic(answer).or_else(|| tunnels::read_dtls(answer)),
        3391 | 4433 | 5684 | 10161 => tunnels::read_dtls(answer),
        500 => tunnels::read_ike(answer, "isakmp"),
        623 => reader::rmcp(answer),
        1194 => tunnels::read_openvpn(answer),
        1434 => reader::browser(answer),
        1645 | 1646 | 1812 | 1813 => reader::radius(answer),
        1701 => tunnels::read_l2tp(answer),
        1900 => reader::ssdp(answer),
        2049 => binary::rpc(&[&[0; 4][..], answer].concat(), "nfs"),
        4500 => tunnels::read_ike(answer.strip_prefix(&[0; 4])?, "nat-t-ike"),
        5060 => reader::sip(answer),
        5353 => reader::dns(answer, "mdns"),
        5683 => reader::coap(answer),
        10001 => {
            matches!(answer, [1 | 2, 0, _, _, _, ..]).then(|| Known::new("ubiquiti-discovery"))
        }
        11211 => reader::memcached(answer),
        _ => None,
    }
}

/// The same call as on TCP, without the mark.
fn rpc(program: u32, version: u32) -> Vec<u8> {
    binary::rpc_question(program, version)[4..].to_vec()
}

/// A client's packet of NTP version 4 (RFC 5905 §7.3), with a time that the answer brings back.
fn ntp() -> Vec<u8> {
    let mut packet = vec![0x23];
    packet.resize(40, 0);
    packet.extend(b"portvakt");
    packet
}

/// NODE STATUS REQUEST (RFC 1002 §4.2.17) for any name.
const NBSTAT: &[u8] =
    b"\x70\x76\0\0\0\x01\0\0\0\0\0\0\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x21\0\x01";

/// A request of SNMP version 3 without a user, which asks for the engine's name alone (RFC 3414 §4). It
/// takes no community and no key.
fn snmp() -> Vec<u8> {
    let number = |n: u8| tlv(2, &[n]);
    let header = [tlv(2, &[0x70, 0x76]), tlv(2, &[0, 0xff, 0xe3]), tlv(4, &[4]), number(3)];
    let empty = || tlv(4, b"");
    let security = all(0x30, &[empty(), number(0), number(0), empty(), empty(), empty()]);
    let get = all(0xa0, &[tlv(2, &[0x70, 0x76]), number(0), number(0), all(0x30, &[])]);
    let scoped = all(0x30, &[empty(), empty(), get]);
    all(0x30, &[number(3), all(0x30, &header), tlv(4, &security), scoped])
}

/// Presence ping of ASF (DSP0136 §3.2.4.2).
const RMCP_PING: &[u8] = &[6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 0x76, 0, 0];

/// Get Channel Authentication Capabilities, before any session (IPMI 2.0 §22.13), for the channel that
/// it comes in by and the level of an administrator.
const IPMI_AUTH: &[u8] =
    &[6, 0, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x20, 0x18, 0xc8, 0x81, 0, 0x38, 0x8e, 4, 0xb5];

/// Status-Server (RFC 5997). Its authenticator is made with no secret, so that only a server that does
/// not look at it answers; others must stay silent.
fn radius() -> Vec<u8> {
    let mut packet = vec![12, 0x76, 0, 38];
    packet.extend(b"portvakt-status!");
    packet.extend([80, 18]);
    packet.resize(38, 0);
    packet
}

/// A search sent to one host (UPnP Device Architecture 2.0 §1.3.2).
fn ssdp(peer: SocketAddr) -> Vec<u8> {
    format!("M-SEARCH * HTTP/1.1\r\nHOST: {peer}\r\nMAN: \"ssdp:discover\"\r\nST: upnp:rootdevice\r\n\r\n")
        .into_bytes()
}

/// Which services are there (RFC 6763 §9), from a port that shows a plain resolver (RFC 6762 §6.7).
const MDNS: &[u8] =
    b"\x70\x76\0\0\0\x01\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01";

/// GET of `/.well-known/core` (RFC 7252 §3, RFC 6690 §4).
fn coap() -> Vec<u8> {
    [&[0x40, 1, 0x70, 0x76, 0xbb][..], b".well-known", &[4], b"core"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_the_list_has_a_question() {
        for port in super::super::PORTS {
            let peer = SocketAddr::from(([10, 0, 0, 1], *port));
            assert!(!question(peer, 0).is_empty() && !question(peer, 1).is_empty(), "{port}");
        }
    }

    #[test]
    fn lengths_in_questions_are_theirs() {
        assert_eq!(usize::from(radius()[3]), radius().len());
        assert_eq!(ntp().len(), 48);
        assert_eq!(usize::from(snmp()[1]), snmp().len() - 2);
        assert_eq!(IPMI_AUTH.len(), 14 + usize::from(IPMI_AUTH[13]));
        let sum = |bytes: &[u8]| bytes.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
        assert_eq!((sum(&IPMI_AUTH[14..17]), sum(&IPMI_AUTH[17..])), (0, 0), "checksums of IPMI");
    }

    #[test]
    fn no_question_holds_a_community() {
        let peer = SocketAddr::from(([10, 0, 0, 1], 161));
        let words = [&b"public"[..], b"private"];
        let bytes = question(peer, 0);
        assert!(words.iter().all(|word| !bytes.windows(word.len()).any(|w| w == *word)));
    }
}

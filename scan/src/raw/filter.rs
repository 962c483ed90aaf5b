//! What the kernel hands to us at all: a program of the classic packet filter.
//!
//! Answers to our own ports, errors and echo replies, answers about neighbours. Everything else is
//! refused before it is copied, so that a busy link does not fill the ring.

use socket2::SockFilter;

use super::{ARP, IPV4, IPV6};

/// Bytes of each packet that are kept: an ICMP error with the longest headers, and what it quotes (two IPv4
/// headers of 60 octets, 8 of ICMP, 8 of TCP; RFC 792), with some to spare.
const KEPT: u32 = 192;
/// Where the filter finds the EtherType of a packet, `SKF_AD_OFF + SKF_AD_PROTOCOL` of `linux/filter.h`.
const PROTOCOL: u32 = 0xffff_f000;

const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF_INDEXED: u16 = 0x48;
const LOAD_BYTE_INDEXED: u16 = 0x50;
/// Sets the index to four times the low half of a byte: the length of an IPv4 header.
const INDEX_HEADER: u16 = 0xb1;
const EQUAL: u16 = 0x15;
const NOT_BELOW: u16 = 0x35;
const ABOVE: u16 = 0x25;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// One step; jumps name a label, not a distance.
struct Step(u16, u32, To, To);

#[derive(Clone, Copy, PartialEq)]
enum To {
    Next,
    V6,
    Arp,
    Icmp4,
    Icmp6,
    Take,
    Leave,
}

/// A filter for answers to the `count` ports from `first` on.
pub(crate) fn program(first: u16, count: u16) -> Vec<SockFilter> {
    use To::{Arp, Icmp4, Icmp6, Leave, Next, Take, V6};
    let (low, high) = (u32::from(first), u32::from(first) + u32::from(count) - 1);
    let steps = [
        (None, Step(LOAD_HALF, PROTOCOL, Next, Next)),
        (None, Step(EQUAL, u32::from(IPV6), V6, Next)),
        (None, Step(EQUAL, u32::from(ARP), Arp, Next)),
        (None, Step(EQUAL, u32::from(IPV4), Next, Leave)),
        // IPv4 (RFC 791): no fragments but the first, then the destination port or the ICMP type.
        (None, Step(LOAD_HALF, 6, Next, Next)),
        (None, Step(ANY_BIT, 0x1fff, Leave, Next)),
        (None, Step(INDEX_HEADER, 0, Next, Next)),
        (None, Step(LOAD_BYTE, 9, Next, Next)),
        (None, Step(EQUAL, 1, Icmp4, Next)),
        (None, Step(EQUAL, 6, Next, Leave)),
        (None, Step(LOAD_HALF_INDEXED, 2, Next, Next)),
        (None, Step(NOT_BELOW, low, Next, Leave)),
        (None, Step(ABOVE, high, Leave, Take)),
        (Some(Icmp4), Step(LOAD_BYTE_INDEXED, 0, Next, Next)),
        (None, Step(EQUAL, 0, Take, Next)),
        (None, Step(EQUAL, 3, Take, Next)),
        (None, Step(EQUAL, 11, Take, Leave)),
        // IPv6 (RFC 8200): answers that we count on carry no extension headers.
        (Some(V6), Step(LOAD_BYTE, 6, Next, Next)),
        (None, Step(EQUAL, 58, Icmp6, Next)),
        (None, Step(EQUAL, 6, Next, Leave)),
        (None, Step(LOAD_HALF, 42, Next, Next)),
        (None, Step(NOT_BELOW, low, Next, Leave)),
        (None, Step(ABOVE, high, Leave, Take)),
        (Some(Icmp6), Step(LOAD_BYTE, 40, Next, Next)),
        (None, Step(EQUAL, 1, Take, Next)),
        (None, Step(EQUAL, 3, Take, Next)),
        (None, Step(EQUAL, 129, Take, Next)),
        (None, Step(EQUAL, 136, Take, Leave)),
        // ARP (RFC 826): replies.
        (Some(Arp), Step(LOAD_HALF, 6, Next, Next)),
        (None, Step(EQUAL, 2, Take, Leave)),
        (Some(Take), Step(RETURN, KEPT, Next, Next)),
        (Some(Leave), Step(RETURN, 0, Next, Next)),
    ];
    let place = |to: To, from: usize| match to {
        Next => 0,
        to => {
            let at = steps.iter().position(|(label, _)| *label == Some(to)).unwrap_or(from + 1);
            (at - from - 1) as u8
        }
    };
    let assembled = steps.iter().enumerate().map(|(at, (_, step))| {
        SockFilter::new(step.0, place(step.2, at), place(step.3, at), step.1)
    });
    assembled.collect()
}

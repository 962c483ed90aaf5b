//! What a rule can compare, by the names that the language has for it.

use portvakt_model::Message;
use portvakt_space::{Family, ICMP, ICMPV6, SCTP, TCP, UDP};

use super::syntax::{Key, Side, Text};
use crate::names;

pub(super) const HEADER: &Message = &Message {
    sv: "ett villkor på andra fält i huvudet räknas inte in",
    en: "a condition on other header fields is not modelled",
};
pub(super) const LINK: &Message = &Message {
    sv: "ett villkor på länklagret räknas inte in",
    en: "a condition on the link layer is not modelled",
};
pub(super) const PACKET: &Message = &Message {
    sv: "ett villkor på märken, användare, tid eller andra uppgifter om paketet räknas inte in",
    en: "a condition on marks, users, time or other packet metadata is not modelled",
};
pub(super) const CONNECTION: &Message = &Message {
    sv: "ett villkor på förbindelsens uppföljning utöver tillståndet räknas inte in",
    en: "a condition on connection tracking other than the state is not modelled",
};
pub(super) const ROUTING: &Message = &Message {
    sv: "ett villkor på routing eller socklar räknas inte in",
    en: "a condition on routing or sockets is not modelled",
};
pub(super) const CHANCE: &Message = &Message {
    sv: "ett val med slumptal eller hash räknas inte in",
    en: "a choice by number generator or hash is not modelled",
};

/// A header field: `tcp dport`.
pub(super) fn payload<'a>(protocol: &str, field: &str, words: Text<'a>) -> Key<'a> {
    let side = match field {
        "saddr" | "sport" => Some(Side::Source),
        "daddr" | "dport" => Some(Side::Destination),
        _ => None,
    };
    match (protocol, field, side) {
        ("ip", "saddr" | "daddr", Some(side)) => Key::Address(Family::V4, side),
        ("ip6", "saddr" | "daddr", Some(side)) => Key::Address(Family::V6, side),
        ("ip", "protocol", _) => Key::Protocol(Some(Family::V4)),
        ("ip6", "nexthdr", _) => Key::Protocol(Some(Family::V6)),
        ("th", "sport" | "dport", Some(side)) => Key::Port(None, side),
        (_, "sport" | "dport", Some(side)) if ported(protocol).is_some() => {
            Key::Port(ported(protocol), side)
        }
        ("icmp", "type", _) => Key::IcmpType(Family::V4),
        ("icmp", "code", _) => Key::IcmpCode(Family::V4),
        ("icmpv6", "type", _) => Key::IcmpType(Family::V6),
        ("icmpv6", "code", _) => Key::IcmpCode(Family::V6),
        ("tcp", "flags", _) => Key::TcpFlags,
        ("ether", "type", _) => Key::EtherType,
        _ => other_payload(protocol, words),
    }
}

/// A header field that the model does not have, with what it takes for granted.
pub(super) fn other_payload<'a>(protocol: &str, words: Text<'a>) -> Key<'a> {
    let family = match protocol {
        "ip" | "icmp" | "igmp" => Some(Family::V4),
        "ip6" | "icmpv6" => Some(Family::V6),
        _ => None,
    };
    let carried = match protocol {
        "ip" | "ip6" => None,
        "ah" | "esp" | "igmp" | "gre" | "comp" => protocol_number(protocol),
        "icmp" => Some(ICMP),
        "icmpv6" => Some(ICMPV6),
        _ => ported(protocol),
    };
    let link = matches!(protocol, "ether" | "vlan" | "arp" | "8021q" | "8021ad");
    Key::Other { words, family, protocol: carried, why: if link { LINK } else { HEADER } }
}

/// `meta` keys.
pub(super) fn meta<'a>(key: &str, words: Text<'a>) -> Key<'a> {
    match key {
        "iif" | "iifname" => Key::Interface(Side::Source),
        "oif" | "oifname" => Key::Interface(Side::Destination),
        "l4proto" => Key::Protocol(None),
        "nfproto" => Key::Version,
        "protocol" => Key::EtherType,
        _ => unmodelled(words, PACKET),
    }
}

/// A data type of a set (`nft describe`), as the key that has it.
pub(super) fn of_type<'a>(name: &str, words: Text<'a>) -> Key<'a> {
    match name {
        "ipv4_addr" => Key::Address(Family::V4, Side::Source),
        "ipv6_addr" => Key::Address(Family::V6, Side::Source),
        "inet_service" => Key::Port(None, Side::Destination),
        "inet_proto" => Key::Protocol(None),
        "nf_proto" => Key::Version,
        "ether_type" => Key::EtherType,
        "icmp_type" => Key::IcmpType(Family::V4),
        "icmpv6_type" => Key::IcmpType(Family::V6),
        "ct_state" => Key::State,
        "ifname" | "iface_index" => Key::Interface(Side::Source),
        "tcp_flag" => Key::TcpFlags,
        _ => unmodelled(words, PACKET),
    }
}

pub(super) fn unmodelled<'a>(words: Text<'a>, why: &'static Message) -> Key<'a> {
    Key::Other { words, family: None, protocol: None, why }
}

/// Number of a protocol, with the names that only /etc/protocols has.
pub(super) fn protocol_number(name: &str) -> Option<u8> {
    match name {
        "comp" | "ipcomp" => Some(108),
        _ => names::protocol(name),
    }
}

fn ported(protocol: &str) -> Option<u8> {
    match protocol {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "sctp" => Some(SCTP),
        "dccp" => Some(33),
        "udplite" => Some(136),
        _ => None,
    }
}

//! Packets at the borders of our own boxes.

use std::net::IpAddr;

use portvakt_space::{
    Budget, Family, ICMP, ICMPV6, Packet, ServiceBox, State, TCP, Traffic, UDP, Verdict, has_ports,
};
use std::collections::HashSet;

use crate::dice::Dice;
use crate::frame::{is_plain, nature};
use crate::lab::Way;
use crate::ours::Ours;

/// An interface that packets can be sent by: its atom and its device.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) atom: u32,
    pub(crate) name: String,
}

/// A packet, and the devices it comes in and leaves by.
pub(crate) type Sent = (Packet, usize, usize);

/// Packets for one way, all different: corners of rules and of what they really decide, those next to
/// corners, witnesses, and any.
pub(crate) struct Points<'o, 'd> {
    ours: &'o Ours<'d>,
    way: Way,
    ports: &'o [Port],
    families: Vec<Family>,
    boxes: Vec<Traffic>,
    witnesses: Vec<Packet>,
    values: Values,
    dice: Dice,
    known: HashSet<Sent>,
    /// Packets that were taken and shall come once more.
    again: Vec<Sent>,
}

/// Ends of ranges, of every list.
#[derive(Default)]
struct Values {
    addresses: [Vec<IpAddr>; 2],
    ports: Vec<u16>,
    protocols: Vec<u8>,
    messages: Vec<u16>,
}

/// Most products that are looked at for each list.
const MOST_BOXES: usize = 4000;

impl<'o, 'd> Points<'o, 'd> {
    pub(crate) fn new(ours: &'o Ours<'d>, way: Way, ports: &'o [Port], seed: u64) -> Self {
        let lists =
            || ours.lists.iter().map(|(id, list)| (&ours.device.rulesets[id.0 as usize], list));
        let asked = |f: &Family| lists().any(|(ruleset, _)| ruleset.families.contains(f));
        let families = Family::BOTH.into_iter().filter(asked).collect();
        let mut boxes: Vec<Traffic> = Vec::new();
        let mut witnesses = Vec::new();
        for (_, list) in lists() {
            boxes.extend(list.flat.steps.iter().take(MOST_BOXES).map(|s| (*s.most).clone()));
            boxes.extend(list.flat.untracking.iter().take(MOST_BOXES).map(|u| u.most.clone()));
            for state in [State::New, State::Untracked] {
                let permits = list.permits(&Traffic::ANY, state).into_iter().take(MOST_BOXES);
                boxes.extend(permits.map(|p| p.traffic));
            }
            let verdicts = list.index.verdicts(Budget::default());
            witnesses.extend(verdicts.iter().take(MOST_BOXES).filter_map(witness));
        }
        let mut values = Values::default();
        for traffic in &boxes {
            values.add(traffic);
        }
        let known = HashSet::default();
        let (dice, again) = (Dice::new(seed), Vec::new());
        Self { ours, way, ports, families, boxes, witnesses, values, dice, known, again }
    }

    /// New packets, as many as there are to be found.
    pub(crate) fn take(&mut self, count: usize) -> Vec<Sent> {
        let mut found = std::mem::take(&mut self.again);
        for packet in std::mem::take(&mut self.witnesses) {
            self.offer(packet, &mut found);
        }
        for round in 0..count * 8 {
            if found.len() >= count {
                break;
            }
            let packet = match round % 8 {
                0..5 if !self.boxes.is_empty() => self.corner(),
                5 | 6 => self.mixed(),
                _ => self.any(),
            };
            if let Some(packet) = packet {
                self.offer(packet, &mut found);
            }
        }
        found
    }

    /// Lets packets be taken once more.
    pub(crate) fn again(&mut self, packets: Vec<Sent>) {
        self.again.extend(packets);
    }

    /// Takes a packet that can be sent, is like no other, and has a chance to be forwarded.
    fn offer(&mut self, packet: Packet, found: &mut Vec<Sent>) {
        let incoming = self.port(packet.iif);
        let outgoing = self.port(packet.oif);
        let mut packet = normal(packet);
        packet.iif = self.ports[incoming].atom;
        packet.oif = if self.way == Way::Input { u32::MAX } else { self.ports[outgoing].atom };
        packet.state = nature(&packet);
        let sent = (packet, incoming, outgoing);
        if is_plain(&packet)
            && is_unicast(packet.src)
            && is_unicast(packet.dst)
            && self.known.insert(sent)
        {
            found.push(sent);
        }
    }

    /// The device of an atom; any where it has none.
    fn port(&mut self, atom: u32) -> usize {
        let own = self.ports.iter().position(|p| p.atom == atom);
        own.unwrap_or_else(|| self.dice.below(self.ports.len()))
    }

    /// A corner of a box, or next to one.
    fn corner(&mut self) -> Option<Packet> {
        let at = self.dice.below(self.boxes.len());
        let traffic = &self.boxes[at];
        let family = *self.families.get(self.dice.below(self.families.len()))?;
        let dice = &mut self.dice;
        let part = traffic.only(family);
        if part.is_empty() {
            return None;
        }
        let service = *dice.of(part.service.boxes());
        let mut packet = Packet {
            src: end(&part.src.ranges(), dice)?,
            dst: end(&part.dst.ranges(), dice)?,
            proto: protocol(&service, family, dice),
            sport: *dice.of(&[service.sport.0, service.sport.1]),
            dport: *dice.of(&[service.dport.0, service.dport.1]),
            iif: one_of(self.ports, |p| part.iif.contains(p.atom), dice),
            oif: one_of(self.ports, |p| part.oif.contains(p.atom), dice),
            state: State::New,
        };
        match dice.below(12) {
            0 => packet.src = beside(packet.src, dice),
            1 => packet.dst = beside(packet.dst, dice),
            2 => {
                packet.sport = if dice.one_in(2) {
                    packet.sport.wrapping_add(1)
                } else {
                    packet.sport.wrapping_sub(1)
                }
            }
            3 => {
                packet.dport = if dice.one_in(2) {
                    packet.dport.wrapping_add(1)
                } else {
                    packet.dport.wrapping_sub(1)
                }
            }
            4 => {
                packet.proto = if dice.one_in(2) {
                    packet.proto.wrapping_add(1)
                } else {
                    packet.proto.wrapping_sub(1)
                }
            }
            5 => packet.iif = self.ports[dice.below(self.ports.len())].atom,
            6 => packet.oif = self.ports[dice.below(self.ports.len())].atom,
            _ => {}
        }
        Some(packet)
    }

    /// Each field an end of some range, or next to one.
    fn mixed(&mut self) -> Option<Packet> {
        let family = *self.families.get(self.dice.below(self.families.len()))?;
        let (dice, values) = (&mut self.dice, &self.values);
        let known = &values.addresses[family as usize];
        let addr = |dice: &mut Dice| {
            let one = if known.is_empty() { any_address(family, dice) } else { *dice.of(known) };
            if dice.one_in(4) { beside(one, dice) } else { one }
        };
        let port = |dice: &mut Dice| {
            if values.ports.is_empty() { dice.next() as u16 } else { *dice.of(&values.ports) }
        };
        let icmp = if family == Family::V4 { ICMP } else { ICMPV6 };
        let proto = match dice.below(6) {
            0 => icmp,
            1 if !values.protocols.is_empty() => *dice.of(&values.protocols),
            2 | 3 => UDP,
            _ => TCP,
        };
        let dport = if proto == icmp && !values.messages.is_empty() {
            *dice.of(&values.messages)
        } else {
            port(dice)
        };
        Some(Packet {
            src: addr(dice),
            dst: addr(dice),
            proto,
            sport: port(dice),
            dport,
            iif: self.ports[dice.below(self.ports.len())].atom,
            oif: self.ports[dice.below(self.ports.len())].atom,
            state: State::New,
        })
    }

    fn any(&mut self) -> Option<Packet> {
        let family = *self.families.get(self.dice.below(self.families.len()))?;
        let dice = &mut self.dice;
        Some(Packet {
            src: any_address(family, dice),
            dst: any_address(family, dice),
            proto: if dice.one_in(3) { dice.next() as u8 } else { *dice.of(&[TCP, UDP]) },
            sport: dice.next() as u16,
            dport: dice.next() as u16,
            iif: self.ports[dice.below(self.ports.len())].atom,
            oif: self.ports[dice.below(self.ports.len())].atom,
            state: State::New,
        })
    }

    /// The lists that these packets meet.
    pub(crate) fn ours(&self) -> &'o Ours<'d> {
        self.ours
    }
}

fn witness(verdict: &Verdict) -> Option<Packet> {
    match verdict {
        Verdict::Live { witness, .. } | Verdict::Removable { witness, .. } => Some(*witness),
        _ => None,
    }
}

impl Values {
    fn add(&mut self, traffic: &Traffic) {
        const MOST: usize = 16;
        for (lo, hi) in traffic.src.ranges().into_iter().chain(traffic.dst.ranges()).take(MOST) {
            self.addresses[Family::of(lo) as usize].extend([lo, hi]);
        }
        for b in traffic.service.boxes().iter().take(MOST) {
            self.protocols.extend([b.proto.0, b.proto.1]);
            if b.proto == (ICMP, ICMP) || b.proto == (ICMPV6, ICMPV6) {
                self.messages.extend([b.dport.0, b.dport.1, b.dport.1.wrapping_add(1)]);
            } else {
                let ends = [b.sport.0, b.sport.1, b.dport.0, b.dport.1];
                self.ports.extend(
                    ends.into_iter().flat_map(|p| [p, p.wrapping_add(1), p.wrapping_sub(1)]),
                );
            }
        }
    }
}

/// Ports only where the protocol has them, ICMP's message only for ICMP of its version.
fn normal(packet: Packet) -> Packet {
    let icmp = if packet.src.is_ipv4() { ICMP } else { ICMPV6 };
    match packet.proto {
        p if has_ports(p) => packet,
        p if p == icmp => Packet { sport: 0, ..packet },
        _ => Packet { sport: 0, dport: 0, ..packet },
    }
}

/// Whether routing may bring a packet with that address through: not multicast, loopback, "this host",
/// class E or link-local.
fn is_unicast(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(a) => !matches!(a.octets()[0], 0 | 127 | 224..),
        IpAddr::V6(a) => {
            !a.is_multicast()
                && !a.is_loopback()
                && !a.is_unspecified()
                && a.segments()[0] & 0xffc0 != 0xfe80
        }
    }
}

fn end(ranges: &[(IpAddr, IpAddr)], dice: &mut Dice) -> Option<IpAddr> {
    let range = ranges.get(dice.below(ranges.len()))?;
    Some(if dice.one_in(2) { range.0 } else { range.1 })
}

/// The only protocol, or one of the usual ones in a range, or an end of it.
fn protocol(service: &ServiceBox, family: Family, dice: &mut Dice) -> u8 {
    let (lo, hi) = service.proto;
    let icmp = if family == Family::V4 { ICMP } else { ICMPV6 };
    let wanted = *dice.of(&[TCP, TCP, UDP, UDP, icmp, lo, hi]);
    if (lo..=hi).contains(&wanted) { wanted } else { lo }
}

fn one_of(ports: &[Port], fits: impl Fn(&Port) -> bool, dice: &mut Dice) -> u32 {
    let fitting: Vec<u32> = ports.iter().filter(|p| fits(p)).map(|p| p.atom).collect();
    if fitting.is_empty() { ports[dice.below(ports.len())].atom } else { *dice.of(&fitting) }
}

fn beside(addr: IpAddr, dice: &mut Dice) -> IpAddr {
    let up = dice.one_in(2);
    match addr {
        IpAddr::V4(a) => {
            let n = u32::from(a);
            IpAddr::V4(if up { n.wrapping_add(1) } else { n.wrapping_sub(1) }.into())
        }
        IpAddr::V6(a) => {
            let n = u128::from(a);
            IpAddr::V6(if up { n.wrapping_add(1) } else { n.wrapping_sub(1) }.into())
        }
    }
}

fn any_address(family: Family, dice: &mut Dice) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4((dice.next() as u32).into()),
        Family::V6 => {
            let n = u128::from(dice.next()) << 64 | u128::from(dice.next());
            IpAddr::V6(((n >> 3) | 0x2 << 124).into())
        }
    }
}

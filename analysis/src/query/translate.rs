//! Packets on the wire, and as lists see them after translation.

use portvakt_model::{NatKind, NatRule};
use portvakt_space::{AddrSet, Family, Packet, RangeSet, ServiceBox, ServiceSet, Traffic};

use crate::shift::{is_one, moved, shift, shifted};

/// Packets on their way: what they are on the wire, and what the next list sees.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) wire: Traffic,
    pub(super) seen: Traffic,
    /// How the destination was changed.
    dst: Change,
    src_changed: bool,
    port_changed: bool,
    /// Translations that were applied, as indices of the device.
    pub(super) nat: Vec<u32>,
    /// Whether it is certain which of several new addresses or ports a packet is given.
    pub(super) sure: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    /// Each address by so much, as IPv4 or IPv6 numbers that wrap.
    Shift(u128),
    /// To some address of a set.
    Some,
}

impl Stream {
    pub(super) fn new(traffic: Traffic) -> Self {
        Self {
            wire: traffic.clone(),
            seen: traffic,
            dst: Change::None,
            src_changed: false,
            port_changed: false,
            nat: Vec::new(),
            sure: true,
        }
    }

    /// The part of which the next list sees `seen`.
    pub(super) fn narrowed(&self, seen: Traffic) -> Self {
        let service = if self.port_changed {
            before_ports(&self.wire.service, &seen.service)
        } else {
            seen.service.clone()
        };
        let dst = match self.dst {
            Change::None => seen.dst.clone(),
            Change::Shift(by) => shifted(&seen.dst, by.wrapping_neg()).intersect(&self.wire.dst),
            Change::Some => self.wire.dst.clone(),
        };
        let src = if self.src_changed { &self.wire.src } else { &seen.src };
        let wire = Traffic { src: src.clone(), dst, service, ..seen.clone() };
        let split = |changed: bool, same: bool| changed && !same;
        let parted = split(self.dst == Change::Some, seen.dst == self.seen.dst)
            || split(self.src_changed, seen.src == self.seen.src)
            || split(self.port_changed, same_dports(&seen.service, &self.seen.service));
        Self { wire, seen, sure: self.sure && !parted, ..self.clone() }
    }

    /// The stream after a translation of its destination, whose number is `number`.
    pub(super) fn to_destination(&self, rule: &NatRule, number: u32) -> Self {
        let mut out = self.clone();
        out.nat.push(number);
        if let Some(to) = &rule.to_dst {
            let shift = shift(&rule.matches.dst, to).filter(|_| self.dst == Change::None);
            let one = is_one(to);
            out.dst = shift.map_or(Change::Some, Change::Shift);
            out.seen.dst = match shift {
                Some(by) => shifted(&self.seen.dst, by),
                None => Family::BOTH
                    .into_iter()
                    .filter(|f| self.seen.dst.has(*f))
                    .map(|f| to.only(f))
                    .collect(),
            };
            out.sure &= one || shift.is_some() || self.dst == Change::None;
        }
        if let Some(to) = &rule.to_service {
            out.port_changed = true;
            out.seen.service = with_ports(&self.seen.service, to);
        }
        out
    }

    /// The stream after a translation of its source.
    pub(super) fn to_source(&self, rule: &NatRule, number: u32) -> Self {
        let mut out = self.clone();
        out.nat.push(number);
        out.src_changed = true;
        out.seen.src = match &rule.to_src {
            Some(to) => to.clone(),
            None => Family::BOTH
                .into_iter()
                .filter(|f| self.seen.src.has(*f))
                .map(AddrSet::all)
                .collect(),
        };
        out
    }

    /// One packet of `wire`, and what becomes of it in `seen`.
    pub(super) fn sample(&self) -> Option<(Packet, Packet)> {
        let sample = |t: &Traffic| Family::BOTH.into_iter().find_map(|f| t.sample(f));
        let (wire, seen) = (sample(&self.wire)?, sample(&self.seen)?);
        let dst = match self.dst {
            Change::None => seen.dst,
            Change::Shift(by) => moved(seen.dst, by.wrapping_neg()),
            Change::Some => wire.dst,
        };
        let src = if self.src_changed { wire.src } else { seen.src };
        let dport = if self.port_changed { wire.dport } else { seen.dport };
        Some((Packet { src, dst, dport, ..seen }, seen))
    }
}

/// Whether a translation changes the destination of packets that it matches.
pub(super) fn changes_destination(rule: &NatRule) -> bool {
    matches!(rule.kind, NatKind::Destination | NatKind::Static)
        && rule.enabled
        && rule.uses != Some(0)
}

/// Services with the destination ports of others in place of their own.
fn with_ports(from: &ServiceSet, to: &ServiceSet) -> ServiceSet {
    let pairs = from.boxes().iter().flat_map(|a| to.boxes().iter().map(move |b| (a, b)));
    let shared = |(a, b): (&ServiceBox, &ServiceBox)| {
        let anything = ServiceBox { dport: (0, u16::MAX), ..*b };
        let own = ServiceBox { dport: (0, u16::MAX), ..*a };
        Some(ServiceBox { dport: b.dport, ..own.intersect(&anything)? })
    };
    pairs.filter_map(shared).collect()
}

/// Services as they were before their ports were changed.
fn before_ports(wire: &ServiceSet, seen: &ServiceSet) -> ServiceSet {
    let open = |b: &ServiceBox| ServiceBox { dport: (0, u16::MAX), ..*b };
    wire.intersect(&seen.boxes().iter().map(open).collect())
}

fn same_dports(a: &ServiceSet, b: &ServiceSet) -> bool {
    let ports = |set: &ServiceSet| set.boxes().iter().map(|x| x.dport).collect::<RangeSet<u16>>();
    ports(a) == ports(b)
}

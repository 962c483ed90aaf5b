//! Blocks of addresses that are moved to other blocks of the same length, as static translation does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portvakt_space::AddrSet;

/// Whether a set is one address.
pub(crate) fn is_one(set: &AddrSet) -> bool {
    matches!(set.ranges()[..], [(lo, hi)] if lo == hi)
}

/// By how much a range of addresses is moved to another of the same length and IP version: a number that
/// wraps.
pub(crate) fn shift(from: &AddrSet, to: &AddrSet) -> Option<u128> {
    let (from, to) = (from.ranges(), to.ranges());
    let ([a], [b]) = (&from[..], &to[..]) else { return None };
    let same = number(a.1).wrapping_sub(number(a.0)) == number(b.1).wrapping_sub(number(b.0));
    (same && a.0.is_ipv4() == b.0.is_ipv4()).then(|| number(b.0).wrapping_sub(number(a.0)))
}

/// An address moved by so much.
pub(crate) fn moved(addr: IpAddr, by: u128) -> IpAddr {
    let number = number(addr).wrapping_add(by);
    match addr {
        IpAddr::V4(_) => Ipv4Addr::from(number as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from(number).into(),
    }
}

/// All addresses of a set moved by so much.
pub(crate) fn shifted(set: &AddrSet, by: u128) -> AddrSet {
    let v4 = set.v4();
    let v4 = v4
        .ranges()
        .iter()
        .map(|&(lo, hi)| (lo.wrapping_add(by as u32), hi.wrapping_add(by as u32)));
    let v6 = set.v6();
    let v6 = v6.ranges().iter().map(|&(lo, hi)| (lo.wrapping_add(by), hi.wrapping_add(by)));
    AddrSet::from_parts(v4.collect(), v6.collect())
}

fn number(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(a) => u32::from(a).into(),
        IpAddr::V6(a) => a.into(),
    }
}

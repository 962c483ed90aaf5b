//! Addresses and masks as configurations write them.

use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::IpNetwork;
use portvakt_model::Prefix;
use portvakt_space::{AddrSet, RangeSet};

/// `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.0/255.255.255.0` or a lone address, host bits kept.
pub(crate) fn prefix(text: &str) -> Option<Prefix> {
    let network: IpNetwork = text.parse().ok()?;
    Some(Prefix { addr: network.ip(), len: network.prefix() })
}

/// The addresses of what [`prefix`] reads.
pub(crate) fn network(text: &str) -> Option<AddrSet> {
    prefix(text).map(|p| p.network())
}

/// `a-b`, both included.
pub(crate) fn range(text: &str) -> Option<AddrSet> {
    let (lo, hi) = text.split_once('-')?;
    between(lo.trim(), hi.trim())
}

/// From `lo` to `hi`, both included.
pub(crate) fn between(lo: &str, hi: &str) -> Option<AddrSet> {
    let (lo, hi): (IpAddr, IpAddr) = (lo.parse().ok()?, hi.parse().ok()?);
    Some(AddrSet::range(lo, hi)).filter(|set| !set.is_empty())
}

/// The prefix length of a contiguous network mask.
pub(crate) fn mask_len(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    (bits.leading_ones() + bits.trailing_zeros().min(32) >= 32).then(|| bits.leading_ones() as u8)
}

/// `address mask` with a network mask.
pub(crate) fn masked(addr: &str, mask: &str) -> Option<Prefix> {
    let addr: Ipv4Addr = addr.parse().ok()?;
    Some(Prefix { addr: addr.into(), len: mask_len(mask.parse().ok()?)? })
}

/// Most separate ranges that a non-contiguous mask may make.
const MAX_RANGES: u32 = 1 << 16;

/// `address wildcard`: one bits of the wildcard are free. `None` when it makes more than 65,536
/// ranges.
pub(crate) fn wildcard(addr: Ipv4Addr, wildcard: Ipv4Addr) -> Option<AddrSet> {
    let free = u32::from(wildcard);
    let base = u32::from(addr) & !free;
    let low = free.trailing_ones();
    let tail = if low == 32 { u32::MAX } else { (1 << low) - 1 };
    let scattered = free & !tail;
    if scattered.count_ones() > MAX_RANGES.ilog2() {
        return None;
    }
    // Every subset of the scattered free bits, in ascending order.
    let mut ranges = Vec::with_capacity(1 << scattered.count_ones());
    let mut pick = 0u32;
    loop {
        ranges.push((base | pick, base | pick | tail));
        pick = pick.wrapping_sub(scattered) & scattered;
        if pick == 0 {
            break;
        }
    }
    Some(AddrSet::from_parts(RangeSet::from_ranges(ranges), RangeSet::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    #[test]
    fn prefixes_in_every_spelling() {
        for text in ["192.0.2.7/24", "192.0.2.7/255.255.255.0"] {
            let p = prefix(text).unwrap();
            assert_eq!((p.addr, p.len), (v4("192.0.2.7").into(), 24));
        }
        assert_eq!(prefix("2001:db8::1").unwrap().len, 128);
        assert_eq!(prefix("192.0.2.0/33"), None);
        assert_eq!(mask_len(v4("255.0.255.0")), None);
        assert_eq!(mask_len(v4("0.0.0.0")), Some(0));
        assert_eq!(mask_len(v4("255.255.255.255")), Some(32));
    }

    #[test]
    fn wildcards_may_have_holes() {
        assert_eq!(wildcard(v4("10.1.2.3"), v4("0.0.0.255")), network("10.1.2.0/24"));
        assert_eq!(wildcard(v4("0.0.0.0"), v4("255.255.255.255")), network("0.0.0.0/0"));
        let holes = wildcard(v4("10.0.7.0"), v4("0.3.0.255")).unwrap();
        let nets = (0..4).map(|n| network(&format!("10.{n}.7.0/24")).unwrap());
        assert_eq!(holes, nets.collect());
        let odd = wildcard(v4("10.0.0.1"), v4("0.0.0.254")).unwrap();
        assert_eq!(odd.ranges().len(), 128);
        assert_eq!(wildcard(v4("0.0.0.0"), v4("255.255.254.0")).map(|s| s.ranges().len()), None);
    }

    #[test]
    fn ranges_need_one_version_and_order() {
        assert!(range("10.0.0.1-10.0.0.9").is_some());
        assert!(range("10.0.0.9-10.0.0.1").is_none());
        assert!(range("10.0.0.1-2001:db8::1").is_none());
    }
}

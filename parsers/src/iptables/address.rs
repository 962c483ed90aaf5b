//! Addresses as iptables writes them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portvakt_space::{AddrSet, Family};

use crate::net;

/// `a`, `a/len`, `a/mask`, or several with commas. `None` for host names and what can't be read.
pub(super) fn list(text: &str, family: Family) -> Option<AddrSet> {
    if let Some(set) = v4(text.as_bytes()) {
        return (family == Family::V4).then_some(set);
    }
    if !text.contains(',') {
        return one(text).filter(|set| set.has(family));
    }
    let sets: Option<Vec<AddrSet>> = text.split(',').map(|t| list(t, family)).collect();
    sets.map(AddrSet::from_iter)
}

fn one(text: &str) -> Option<AddrSet> {
    v4(text.as_bytes()).or_else(|| net::network(text)).or_else(|| with_holes(text))
}

/// An IPv4 mask whose ones are not all on the left.
fn with_holes(text: &str) -> Option<AddrSet> {
    let (addr, mask) = text.split_once('/')?;
    let mask: Ipv4Addr = mask.parse().ok()?;
    net::wildcard(addr.parse().ok()?, !mask)
}

/// The usual form, `192.0.2.0/24` or without a length, without a detour over [`std::net`].
fn v4(bytes: &[u8]) -> Option<AddrSet> {
    let (mut addr, mut part, mut digits, mut dots) = (0u32, 0u32, 0u32, 0u32);
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                part = part * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' => {
                addr = addr << 8 | part;
                (part, dots, digits) = (0, dots + 1, if digits == 0 { 9 } else { 0 });
            }
            _ => break,
        }
        if part > 255 || digits > 3 || dots > 3 {
            return None;
        }
        rest = tail;
    }
    let len = match rest {
        [] => 32,
        [b'/', a @ b'0'..=b'9'] => a - b'0',
        [b'/', a @ b'1'..=b'9', b @ b'0'..=b'9'] => (a - b'0') * 10 + (b - b'0'),
        _ => return None,
    };
    let whole = dots == 3 && digits > 0 && len <= 32;
    whole.then(|| AddrSet::prefix(IpAddr::V4((addr << 8 | part).into()), len))
}

/// `a-b` or a lone address, as `-m iprange` writes it.
pub(super) fn range(text: &str, family: Family) -> Option<AddrSet> {
    let set = if text.contains('-') { net::range(text) } else { one(text) };
    set.filter(|s| s.has(family))
}

/// Multicast addresses (RFC 1112, RFC 4291).
pub(super) fn multicast(family: Family) -> AddrSet {
    match family {
        Family::V4 => AddrSet::prefix(Ipv4Addr::new(224, 0, 0, 0).into(), 4),
        Family::V6 => AddrSet::prefix(Ipv6Addr::from(0xff_u128 << 120).into(), 8),
    }
}

/// The IP version that a rule shows by an address or by a protocol; `None` when it shows none.
pub(super) fn version_shown(rule: &str) -> Option<Family> {
    let mut before = "";
    for word in rule.split_ascii_whitespace() {
        match word {
            "ipv6-icmp" | "icmp6" | "icmpv6" | "--icmpv6-type" | "icmp6-port-unreachable" => {
                return Some(Family::V6);
            }
            "icmp" | "--icmp-type" => return Some(Family::V4),
            _ if before.starts_with('-') => {
                let shown = version_of(word);
                if shown.is_some() {
                    return shown;
                }
            }
            _ => {}
        }
        before = if word == "!" { before } else { word };
    }
    None
}

fn version_of(word: &str) -> Option<Family> {
    let lone = word.split([',', '/', '-']).next()?;
    lone.parse().ok().map(Family::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_what_the_long_one_does() {
        for text in ["10.0.0.0/8", "192.0.2.1", "192.0.2.77/24", "0.0.0.0/0", "255.255.255.255/32"]
        {
            assert_eq!(v4(text.as_bytes()), net::network(text), "{text}");
        }
        for text in
            ["", "1.2.3", "1.2.3.4.5", "1..2.3", "1.2.3.", "256.1.1.1", "1.2.3.4/33", "1.2.3.4/"]
        {
            assert_eq!(v4(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn masks_may_have_holes() {
        let odd = list("10.0.5.0/255.0.255.0", Family::V4).unwrap();
        assert!(odd.contains("10.200.5.0".parse().unwrap()));
        assert!(odd.contains("10.200.5.1".parse().unwrap()));
        assert!(!odd.contains("10.200.6.0".parse().unwrap()));
        assert_eq!(list("192.0.2.0/255.255.255.0", Family::V4), list("192.0.2.0/24", Family::V4));
    }

    #[test]
    fn multicast_is_one_prefix() {
        assert_eq!(multicast(Family::V4), net::network("224.0.0.0/4").unwrap());
        assert_eq!(multicast(Family::V6), net::network("ff00::/8").unwrap());
    }

    #[test]
    fn the_version_shows_in_addresses_and_protocols() {
        assert_eq!(version_shown("-A INPUT ! -s 2001:db8::/32 -j DROP"), Some(Family::V6));
        assert_eq!(version_shown("-A INPUT -p icmp -j DROP"), Some(Family::V4));
        assert_eq!(version_shown("-A INPUT -p tcp --dport 80:90 -j DROP"), None);
        assert_eq!(version_shown("-A INPUT -d 192.0.2.1,192.0.2.3"), Some(Family::V4));
    }
}

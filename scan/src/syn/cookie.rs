//! How an answer shows that it is one: it repeats a number that only who saw our packet can know.

use std::net::IpAddr;

use siphasher::sip::SipHasher24;

/// Makes the sequence number of each probe from its ends and a key that no one else knows
/// (SipHash-2-4; Aumasson and Bernstein, 2012). Nothing has to be remembered, and a forged answer is right once in
/// 2^32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookie(SipHasher24);

impl Cookie {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self(SipHasher24::new_with_key(key))
    }

    /// The number for a probe from `own` to `peer`; a port of 0 stands for ICMP echo.
    pub(crate) fn of(&self, own: (IpAddr, u16), peer: (IpAddr, u16)) -> u32 {
        let mut bytes = [0; 36];
        let length = match (own.0, peer.0) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                bytes[4..8].copy_from_slice(&a.octets());
                bytes[8..12].copy_from_slice(&b.octets());
                12
            }
            (a, b) => {
                bytes[4..20].copy_from_slice(&wide(a));
                bytes[20..36].copy_from_slice(&wide(b));
                36
            }
        };
        bytes[..2].copy_from_slice(&own.1.to_be_bytes());
        bytes[2..4].copy_from_slice(&peer.1.to_be_bytes());
        self.0.hash(&bytes[..length]) as u32
    }
}

fn wide(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_the_key_count() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let cookie = Cookie::new(b"0123456789abcdef");
        let base = cookie.of((ip("10.0.0.1"), 61_440), (ip("10.0.0.2"), 80));
        let others = [
            cookie.of((ip("10.0.0.3"), 61_440), (ip("10.0.0.2"), 80)),
            cookie.of((ip("10.0.0.1"), 61_441), (ip("10.0.0.2"), 80)),
            cookie.of((ip("10.0.0.1"), 61_440), (ip("10.0.0.4"), 80)),
            cookie.of((ip("10.0.0.1"), 61_440), (ip("10.0.0.2"), 81)),
            Cookie::new(b"0123456789abcdeg").of((ip("10.0.0.1"), 61_440), (ip("10.0.0.2"), 80)),
        ];
        assert!(others.iter().all(|other| *other != base));
    }
}

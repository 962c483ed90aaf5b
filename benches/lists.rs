//! Made-up rule lists for the analyser: the same bytes for the same size, every time.
//!
//! Real lists name few networks often and many hosts seldom, nest their networks, and carry rules that
//! earlier ones have made needless. These do so more than real ones, so that the expensive paths run.

use std::fmt::{Display, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What the rules of a list are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nested IPv4 networks, reused.
    V4,
    /// The same with IPv6.
    V6,
    /// Two random ends in each of five fields, in IPv4: as bad as lists get.
    Random,
}

/// A list for `iptables-restore` or `ip6tables-restore` with `rules` rules and a last one that drops.
pub(crate) fn list(kind: Kind, rules: usize) -> String {
    let mut random = Random(0x2545_F491_4F6C_DD1D ^ rules as u64);
    let mut out = String::with_capacity(rules * 96 + 200);
    out.push_str("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    match kind {
        Kind::V4 => nested(&Pool::<u32>::new(&mut random, rules), &mut random, rules, &mut out),
        Kind::V6 => nested(&Pool::<u128>::new(&mut random, rules), &mut random, rules, &mut out),
        Kind::Random => (0..rules).for_each(|_| anything(&mut random, &mut out)),
    }
    out.push_str("-A FORWARD -j DROP\nCOMMIT\n");
    out
}

/// Xorshift with a multiplication (Vigna 2016), 64 bits.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number below `n`, small ones more often: the square of an even one.
    fn skewed(&mut self, n: usize) -> usize {
        let even = self.below(1 << 32);
        ((u128::from(even * even) * n as u128) >> 64) as usize
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// Addresses of one IP version.
trait Address: Copy {
    const WIDTH: u32;
    /// Lengths of networks, outermost first; the last is a host's.
    const LENGTHS: &'static [u32];
    /// A network of the first length that belongs to nobody else.
    fn site(n: u64) -> Self;
    /// The address with `value` as the bits from `from` to `to`.
    fn with(self, value: u64, from: u32, to: u32) -> Self;
    fn shown(self) -> impl Display;
}

impl Address for u32 {
    const WIDTH: u32 = 32;
    const LENGTHS: &'static [u32] = &[12, 16, 20, 24, 28, 32];

    fn site(n: u64) -> Self {
        0x0A00_0000 | (n as u32 & 0xF) << 20
    }

    fn with(self, value: u64, from: u32, to: u32) -> Self {
        self | ((value as u32) & ((1 << (to - from)) - 1)) << (32 - to)
    }

    fn shown(self) -> impl Display {
        Ipv4Addr::from(self)
    }
}

impl Address for u128 {
    const WIDTH: u32 = 128;
    const LENGTHS: &'static [u32] = &[36, 48, 52, 56, 64, 128];

    fn site(n: u64) -> Self {
        0x2001_0DB8 << 96 | u128::from(n & 0xF) << 92
    }

    fn with(self, value: u64, from: u32, to: u32) -> Self {
        let width = to - from;
        let kept = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
        self | u128::from(value & kept) << (128 - to)
    }

    fn shown(self) -> impl Display {
        Ipv6Addr::from(self)
    }
}

/// The networks and hosts that a list draws from, some inside others.
struct Pool<A>(Vec<(A, u32)>);

impl<A: Address> Pool<A> {
    fn new(random: &mut Random, rules: usize) -> Self {
        let size = rules / 8 + 32;
        let mut all: Vec<(A, u32)> = (0..16).map(|n| (A::site(n), A::LENGTHS[0])).collect();
        while all.len() < size {
            let (network, length) = all[random.skewed(all.len())];
            let longer = A::LENGTHS.iter().filter(|l| **l > length);
            let longer: Vec<u32> = longer.copied().collect();
            if let Some(to) = longer.get(random.below(longer.len().max(1) as u64) as usize) {
                all.push((network.with(random.next(), length, *to), *to));
            }
        }
        for at in (1..all.len()).rev() {
            all.swap(at, random.below(at as u64 + 1) as usize);
        }
        Self(all)
    }

    fn draw(&self, random: &mut Random) -> (A, u32) {
        self.0[random.skewed(self.0.len())]
    }
}

const PORTS: [u16; 38] = [
    443, 80, 22, 53, 25, 3389, 445, 1433, 389, 636, 123, 161, 162, 514, 993, 995, 587, 110, 143,
    21, 23, 69, 88, 135, 137, 139, 179, 500, 1521, 1812, 1813, 3306, 4500, 5060, 5432, 5900, 8080,
    8443,
];

fn nested<A: Address>(pool: &Pool<A>, random: &mut Random, rules: usize, out: &mut String) {
    let mut left = rules;
    while left > 0 {
        let at = random.below(100);
        match at {
            0 if left > 4 => left -= parted(pool.draw(random), random, left, out),
            _ => {
                let src = if random.percent(4) { None } else { Some(pool.draw(random)) };
                rule(src, pool.draw(random), random, out);
                left -= 1;
            }
        }
    }
}

/// A network in parts, then the whole of it: only together do the parts cover the last rule.
fn parted<A: Address>(
    (network, length): (A, u32),
    random: &mut Random,
    left: usize,
    out: &mut String,
) -> usize {
    let bits = (A::WIDTH - length).min(1 + random.below(3) as u32);
    let parts = 1usize << bits;
    if bits == 0 || parts + 1 > left {
        rule(None, (network, length), random, out);
        return 1;
    }
    let port = PORTS[random.skewed(PORTS.len())];
    for part in 0..parts as u64 {
        let (half, long) = (network.with(part, length, length + bits), length + bits);
        let _ = writeln!(
            out,
            "-A FORWARD -d {}/{long} -p tcp -m tcp --dport {port} -j ACCEPT",
            half.shown()
        );
    }
    let _ = writeln!(
        out,
        "-A FORWARD -d {}/{length} -p tcp -m tcp --dport {port} -j DROP",
        network.shown()
    );
    parts + 1
}

fn rule<A: Address>(src: Option<(A, u32)>, dst: (A, u32), random: &mut Random, out: &mut String) {
    out.push_str("-A FORWARD");
    if let Some((network, length)) = src {
        let _ = write!(out, " -s {}/{length}", network.shown());
    }
    let _ = write!(out, " -d {}/{}", dst.0.shown(), dst.1);
    let proto = if random.percent(75) { "tcp" } else { "udp" };
    match random.below(20) {
        0 => {}
        1 => {
            let from = random.below(60_000);
            let to = from + random.below(2_000);
            let _ = write!(out, " -p {proto} -m {proto} --dport {from}:{to}");
        }
        _ => {
            let port = PORTS[random.skewed(PORTS.len())];
            let _ = write!(out, " -p {proto} -m {proto} --dport {port}");
        }
    }
    out.push_str(if random.percent(80) { " -j ACCEPT\n" } else { " -j DROP\n" });
}

/// A rule that says anything between two random ends of each field.
fn anything(random: &mut Random, out: &mut String) {
    let mut ends = |n: u64| {
        let (a, b) = (random.below(n), random.below(n));
        (a.min(b), a.max(b))
    };
    let (src, dst) = (ends(1 << 32), ends(1 << 32));
    let (sport, dport, proto) = (ends(1 << 16), ends(1 << 16), ends(2).0);
    let proto = if proto == 0 { "tcp" } else { "udp" };
    let address = |bits: u64| Ipv4Addr::from(bits as u32);
    let action = if random.percent(50) { "ACCEPT" } else { "DROP" };
    let _ = writeln!(
        out,
        "-A FORWARD -p {proto} -m iprange --src-range {}-{} --dst-range {}-{} -m {proto} --sport {}:{} \
         --dport {}:{} -j {action}",
        address(src.0),
        address(src.1),
        address(dst.0),
        address(dst.1),
        sport.0,
        sport.1,
        dport.0,
        dport.1,
    );
}

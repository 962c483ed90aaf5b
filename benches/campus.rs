//! A made-up campus router of iptables: the same bytes for the same size, every time.
//!
//! Like real ones it has a chain for each VLAN that ties hardware addresses to their own address, a
//! drop at its end, sets of services that whole networks may use, and single openings for hosts.

use std::fmt::Write as _;

/// Xorshift (Marsaglia 2003), 64 bits.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Networks behind the router, each on a VLAN of its own.
const VLANS: u64 = 24;

/// `iptables-save` with about `rules` rules.
pub(crate) fn router(rules: usize) -> String {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut chains, mut forward, mut users) = (String::new(), String::new(), String::new());
    let each = (rules as u64).saturating_sub(6 * VLANS) / VLANS / 2;
    forward.push_str(
        "-A FORWARD -m state --state RELATED,ESTABLISHED,UNTRACKED -j ACCEPT\n\
         -A FORWARD -m recent --update --seconds 60 --hitcount 4 --name scan --rsource -j DROP\n",
    );
    for vlan in 0..VLANS {
        let _ = writeln!(chains, ":hosts_{vlan} - [0:0]\n:to_{vlan} - [0:0]");
        // Writing to a string cannot fail.
        let _ = write!(
            forward,
            "-A FORWARD ! -s 10.{vlan}.0.0/22 -i eth1.{vlan} -j DROP\n\
             -A FORWARD -s 10.{vlan}.0.0/22 -i eth1.{vlan} -j hosts_{vlan}\n"
        );
        for _ in 0..each {
            hosts(&mut users, &mut random, vlan);
            opening(&mut users, &mut random, vlan);
        }
        let _ = writeln!(users, "-A hosts_{vlan} -s 10.{vlan}.3.0/24 -j DROP");
    }
    for vlan in 0..VLANS {
        let _ = writeln!(forward, "-A FORWARD -d 10.{vlan}.0.0/22 -o eth1.{vlan} -j to_{vlan}");
        let _ = writeln!(
            forward,
            "-A FORWARD -s 10.{vlan}.0.0/22 -p tcp -m tcp --dport 1:65535 -j ACCEPT"
        );
    }
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
         {chains}{forward}{users}COMMIT\n"
    )
}

/// A hardware address that may use its own address, and no other.
fn hosts(users: &mut String, random: &mut Random, vlan: u64) {
    let (third, last) = (random.below(4), random.below(256));
    let _ = writeln!(
        users,
        "-A hosts_{vlan} -s 10.{vlan}.{third}.{last}/32 -m mac --mac-source 02:00:5E:{vlan:02X}:{third:02X}:{last:02X} -j RETURN"
    );
}

/// A service that a host offers.
fn opening(users: &mut String, random: &mut Random, vlan: u64) {
    let (third, last) = (random.below(4), random.below(256));
    let dst = format!("-d 10.{vlan}.{third}.{last}/32");
    let comment = "-m comment --comment \"beslut\"";
    let _ = match random.below(8) {
        0 | 1 => writeln!(users, "-A to_{vlan} {dst} -p tcp -m tcp --dport 22 -j ACCEPT"),
        2 => writeln!(
            users,
            "-A to_{vlan} -s 198.51.100.0/24 {dst} -p tcp -m multiport --dports 22,80,443 {comment} -j ACCEPT"
        ),
        3 => writeln!(users, "-A to_{vlan} {dst} -p tcp -m limit --limit 5/sec -j RETURN"),
        4 => writeln!(users, "-A to_{vlan} -s 203.0.113.{last}/32 {dst} -j DROP"),
        5 => writeln!(users, "-A to_{vlan} {dst} -p udp -m udp --dport 53 -j ACCEPT"),
        6 => writeln!(
            users,
            "-A to_{vlan} -m iprange --src-range 10.{vlan}.0.9-10.{vlan}.1.{last} {dst} -p tcp -j ACCEPT"
        ),
        _ => writeln!(users, "-A to_{vlan} {dst} -p tcp -m tcp --dport 443 -j ACCEPT"),
    };
}

//! Generated `iptables-save` and `ip6tables-save` texts, with the sets that they name.

use std::fmt::Write as _;

use crate::case::Case;
use crate::dice::Dice;

const V4: [&str; 14] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3",
    "10.1.2.4/30",
    "10.128.0.0/9",
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.0.2.1",
    "198.51.100.0/24",
    "198.51.100.64/26",
    "203.0.113.9",
    "172.16.0.0/12",
    "10.0.5.0/255.0.255.0",
];
const V6: [&str; 10] = [
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:1:2::/64",
    "2001:db8:1:2::3",
    "2001:db8:8000::/33",
    "fd00::/8",
    "fd00:1::/32",
    "fd00:1::5",
    "2001:db8:ffff::/48",
    "2001:db8:1:2::4/126",
];
const RANGES4: [&str; 4] = [
    "10.1.2.3-10.1.2.9",
    "192.0.2.0-192.0.2.200",
    "10.0.0.255-10.2.0.0",
    "198.51.100.7-198.51.100.7",
];
const RANGES6: [&str; 3] =
    ["2001:db8::1-2001:db8::ff", "fd00::-fd00:2::", "2001:db8:1:2::3-2001:db8:1:2::7"];
const INTERFACES: [&str; 6] = ["lan0", "wan0", "dmz+", "eth1.96", "dmz1", "tun+"];
const PORTS: [&str; 10] =
    ["http", "22", "80", "443", "1024:65535", ":1023", "53", "8000:8080", "0", "65535"];
const MULTI: [&str; 4] = ["22,80,443", "53,1000:2000", "21:23,8080,65535", "0:79"];
const STATES: [&str; 8] = [
    "NEW",
    "RELATED,ESTABLISHED",
    "INVALID",
    "UNTRACKED",
    "NEW,UNTRACKED",
    "ESTABLISHED",
    "INVALID,NEW",
    "NEW,RELATED,ESTABLISHED",
];
const ICMP4: [&str; 9] = [
    "8",
    "echo-request",
    "3/4",
    "destination-unreachable",
    "fragmentation-needed",
    "13",
    "port-unreachable",
    "any",
    "time-exceeded",
];
const ICMP6: [&str; 7] =
    ["128", "echo-request", "1/3", "packet-too-big", "neighbour-solicitation", "135", "143"];

/// Sets of each family, in `ipset save` form; the first has members that expire.
const SETS4: &str = "\
create hosts hash:ip family inet hashsize 1024 maxelem 65536 timeout 86400
add hosts 10.1.2.3 timeout 86000
add hosts 192.0.2.1 timeout 86000
add hosts 203.0.113.9 timeout 86000
create nets hash:net family inet hashsize 1024 maxelem 65536
add nets 10.0.0.0/8
add nets 10.1.0.0/16 nomatch
add nets 10.1.2.0/24
add nets 198.51.100.0/25
create void hash:net family inet hashsize 1024 maxelem 65536
create both list:set size 8
add both hosts
add both nets
create wide hash:ip family inet hashsize 1024 maxelem 65536 netmask 24
add wide 192.0.2.0
add wide 10.1.2.0
create box hash:ip,port family inet hashsize 1024 maxelem 65536
add box 10.1.2.3,tcp:80
add box 10.1.2.4,tcp:80
add box 10.1.2.3,udp:53
add box 10.1.2.4,udp:53
create ports bitmap:port range 0-1024
add ports 22
add ports 80
create odd hash:ip,port family inet hashsize 1024 maxelem 65536
add odd 10.1.2.3,tcp:80
add odd 192.0.2.1,udp:53
add odd 203.0.113.9,icmp:8/0
add odd 198.51.100.7,sctp:80
create triple hash:ip,port,net family inet hashsize 1024 maxelem 65536
add triple 10.1.2.3,tcp:443,192.0.2.0/25
add triple 192.0.2.1,tcp:22,10.0.0.0/9
";
const SETS6: &str = "\
create hosts hash:ip family inet6 hashsize 1024 maxelem 65536 timeout 86400
add hosts 2001:db8:1:2::3 timeout 86000
add hosts fd00:1::5 timeout 86000
create nets hash:net family inet6 hashsize 1024 maxelem 65536
add nets 2001:db8::/32
add nets 2001:db8:1::/48 nomatch
add nets 2001:db8:1:2::/64
create void hash:net family inet6 hashsize 1024 maxelem 65536
create both list:set size 8
add both hosts
add both nets
create wide hash:ip family inet6 hashsize 1024 maxelem 65536 netmask 64
add wide 2001:db8:1:2::
create box hash:ip,port family inet6 hashsize 1024 maxelem 65536
add box fd00:1::5,tcp:80
add box fd00:1::6,tcp:80
create ports bitmap:port range 0-1024
add ports 22
add ports 80
create odd hash:ip,port family inet6 hashsize 1024 maxelem 65536
add odd 2001:db8:1:2::3,tcp:80
add odd fd00:1::5,udp:53
add odd fd00:1::5,ipv6-icmp:128/0
create triple hash:ip,port,net family inet6 hashsize 1024 maxelem 65536
add triple 2001:db8:1:2::3,tcp:443,fd00::/8
add triple fd00:1::5,tcp:22,2001:db8::/32
";

/// Each set with the flags that it can be asked with.
const QUESTIONS: [(&str, &str); 17] = [
    ("hosts", "src"),
    ("hosts", "dst"),
    ("nets", "src"),
    ("nets", "dst"),
    ("void", "src"),
    ("both", "src"),
    ("both", "dst"),
    ("wide", "dst"),
    ("box", "src,dst"),
    ("box", "dst,dst"),
    ("box", "dst,src"),
    ("ports", "dst"),
    ("ports", "src"),
    ("odd", "src,dst"),
    ("odd", "dst,dst"),
    ("triple", "src,dst,dst"),
    ("triple", "dst,src,src"),
];

/// Matches that are not modelled, of which the kernel makes something.
const UNKNOWN: [&str; 5] = [
    "-m mark --mark 0x1",
    "-m limit --limit 3/sec",
    "-m length --length 0:40",
    "-m string --algo bm --string portvakt",
    "-m mac --mac-source 02:00:00:00:01:00",
];

/// The case of a number: every third is IPv6.
pub(crate) fn case(number: u64) -> Case {
    let six = number % 3 == 2;
    let unknown = number % 5 == 4;
    let mut make = Make { dice: Dice::new(number), six, unknown };
    let text = make.text();
    let name = format!("{}tables-{number}", if six { "ip6" } else { "ip" });
    let sets = if six { SETS6 } else { SETS4 };
    Case {
        path: format!("{name}.rules"),
        name,
        text,
        script: None,
        sets: Some(sets.into()),
        least_certain: if unknown { 20 } else { 100 },
    }
}

struct Make {
    dice: Dice,
    six: bool,
    /// Whether some rules have matches that are not modelled.
    unknown: bool,
}

/// User chains of the filter table; each calls only those after it.
const CHAINS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

impl Make {
    fn text(&mut self) -> String {
        let header =
            if self.six { "# Generated by ip6tables-save" } else { "# Generated by iptables-save" };
        let mut out = format!("{header} v1.8.9 (nf_tables)\n");
        if self.dice.one_in(2) {
            self.raw(&mut out);
        }
        if self.dice.one_in(3) {
            self.mangle(&mut out);
        }
        if self.dice.one_in(4) {
            let matches = self.some_matches(Place::Forward);
            let _ = writeln!(out, "*security\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]");
            let _ = writeln!(out, ":OUTPUT ACCEPT [0:0]\n-A FORWARD{matches} -j DROP\nCOMMIT");
        }
        self.filter(&mut out);
        out
    }

    fn raw(&mut self, out: &mut String) {
        out.push_str("*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:aside - [0:0]\n");
        for _ in 0..4 + self.dice.below(4) {
            let matches = self.some_matches(Place::Early);
            let target = self.dice.word(&[
                "CT --notrack",
                "CT --notrack",
                "NOTRACK",
                "ACCEPT",
                "aside",
                "RETURN",
                "DROP",
            ]);
            let _ = writeln!(out, "-A PREROUTING{matches} -j {target}");
        }
        let matches = self.matches(Place::Early);
        let _ = writeln!(out, "-A aside{matches} -j RETURN");
        out.push_str("-A aside -j CT --notrack\nCOMMIT\n");
    }

    fn mangle(&mut self, out: &mut String) {
        out.push_str(
            "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n",
        );
        out.push_str(":OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n");
        for _ in 0..4 {
            let (chain, place) = *self.dice.of(&[
                ("PREROUTING", Place::Incoming),
                ("FORWARD", Place::Forward),
                ("INPUT", Place::Incoming),
            ]);
            let matches = self.some_matches(place);
            let target =
                self.dice.word(&["MARK --set-xmark 0x1/0xffffffff", "DROP", "ACCEPT", "RETURN"]);
            let _ = writeln!(out, "-A {chain}{matches} -j {target}");
        }
        out.push_str("COMMIT\n");
    }

    fn filter(&mut self, out: &mut String) {
        out.push_str("*filter\n");
        for chain in ["INPUT", "FORWARD"] {
            let policy = self.dice.word(&["ACCEPT", "DROP", "DROP"]);
            let _ = writeln!(out, ":{chain} {policy} [0:0]");
        }
        out.push_str(":OUTPUT ACCEPT [0:0]\n");
        for chain in CHAINS {
            let _ = writeln!(out, ":{chain} - [0:0]");
        }
        for (chain, place, later) in [("INPUT", Place::Incoming, 0), ("FORWARD", Place::Forward, 0)]
        {
            for _ in 0..8 + self.dice.below(8) {
                self.rule(out, chain, place, later);
            }
        }
        for (index, chain) in CHAINS.iter().enumerate() {
            for _ in 0..2 + self.dice.below(5) {
                self.rule(out, chain, Place::Forward, index + 1);
            }
        }
        out.push_str("COMMIT\n");
    }

    fn rule(&mut self, out: &mut String, chain: &str, place: Place, later: usize) {
        let matches = if later == 0 { self.some_matches(place) } else { self.matches(place) };
        let target = self.target(later);
        let _ = writeln!(out, "-A {chain}{matches}{target}");
    }

    fn target(&mut self, later: usize) -> String {
        let reject = match (self.six, self.dice.below(2)) {
            (false, 0) => " -j REJECT --reject-with icmp-port-unreachable",
            (true, 0) => " -j REJECT --reject-with icmp6-adm-prohibited",
            _ => " -j DROP",
        };
        match self.dice.below(12) {
            0..3 => " -j ACCEPT".into(),
            3 | 4 => " -j DROP".into(),
            5 => reject.into(),
            6 => " -j LOG --log-prefix \"seen: \"".into(),
            7 => " -j NFLOG --nflog-group 5".into(),
            8 => " -j RETURN".into(),
            _ if later >= CHAINS.len() => String::new(),
            9 => format!(" -g {}", CHAINS[later + self.dice.below(CHAINS.len() - later)]),
            _ => format!(" -j {}", CHAINS[later + self.dice.below(CHAINS.len() - later)]),
        }
    }

    /// At least one condition.
    fn some_matches(&mut self, place: Place) -> String {
        loop {
            let found = self.matches(place);
            if !found.is_empty() {
                return found;
            }
        }
    }

    fn matches(&mut self, place: Place) -> String {
        let mut out = String::new();
        if self.dice.one_in(2) {
            self.address(&mut out);
        }
        if self.dice.one_in(3) {
            self.interface(place, &mut out);
        }
        match self.dice.below(5) {
            0 | 1 => self.ports(&mut out),
            2 => self.message(&mut out),
            3 if self.dice.one_in(3) => {
                let other = self
                    .dice
                    .word(&["-p 47", "-p sctp", "! -p udp", "! -p tcp", "-p 89", "-p esp"]);
                let _ =
                    write!(out, " {}", if self.six && other == "-p esp" { "-p 89" } else { other });
            }
            _ => {}
        }
        if self.unknown && self.dice.one_in(8) {
            let module = self.dice.word(&UNKNOWN);
            let _ = write!(out, " {module}");
        }
        if self.dice.one_in(5) && (place != Place::Early || self.unknown) {
            let not = self.not();
            let words = self.dice.word(&STATES);
            let module = self.dice.word(&["-m conntrack{!} --ctstate ", "-m state{!} --state "]);
            let _ = write!(out, " {}{words}", module.replace("{!}", not));
        }
        if self.dice.one_in(6) {
            let (set, flags) = *self.dice.of(&QUESTIONS);
            let single = !flags.contains(',') && set != "both";
            let not = if single || self.dice.one_in(2) { self.not() } else { "" };
            let _ = write!(out, " -m set{not} --match-set {set} {flags}");
        }
        out
    }

    fn not(&mut self) -> &'static str {
        if self.dice.one_in(3) { " !" } else { "" }
    }

    fn address(&mut self, out: &mut String) {
        let all: &[&'static str] = if self.six { &V6 } else { &V4 };
        let ranges: &[&'static str] = if self.six { &RANGES6 } else { &RANGES4 };
        let not = self.not();
        let (side, long) = *self.dice.of(&[("-s", "--src-range"), ("-d", "--dst-range")]);
        if self.dice.one_in(5) {
            let range = self.dice.word(ranges);
            let _ = write!(out, " -m iprange{not} {long} {range}");
        } else {
            let one = self.dice.word(all);
            let _ = write!(out, "{not} {side} {one}");
            if self.dice.one_in(3) {
                let (not, other) = (self.not(), if side == "-s" { "-d" } else { "-s" });
                let one = self.dice.word(all);
                let _ = write!(out, "{not} {other} {one}");
            }
        }
    }

    fn interface(&mut self, place: Place, out: &mut String) {
        let (not, name) = (self.not(), self.dice.word(&INTERFACES));
        let outgoing = place == Place::Forward && self.dice.one_in(2);
        let _ = write!(out, "{not} {} {name}", if outgoing { "-o" } else { "-i" });
    }

    fn ports(&mut self, out: &mut String) {
        let proto = self.dice.word(&["tcp", "tcp", "udp", "sctp", "udplite"]);
        let _ = write!(out, " -p {proto}");
        let not = self.not();
        let named = matches!(proto, "tcp" | "udp");
        let (one, many) = (self.dice.word(&PORTS[usize::from(!named)..]), self.dice.word(&MULTI));
        let _ = match self.dice.below(7) {
            0 | 1 if proto != "udplite" => write!(out, " -m {proto}{not} --dport {one}"),
            2 if proto != "udplite" => write!(out, " -m {proto}{not} --sport {one}"),
            3 => write!(out, " -m multiport{not} --dports {many}"),
            4 => write!(out, " -m multiport{not} --sports {many}"),
            5 => write!(out, " -m multiport{not} --ports {many}"),
            6 if proto == "tcp" => write!(out, " -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
            _ => Ok(()),
        };
    }

    fn message(&mut self, out: &mut String) {
        let not = self.not();
        let _ = if self.six {
            write!(out, " -p ipv6-icmp -m icmp6{not} --icmpv6-type {}", self.dice.word(&ICMP6))
        } else {
            let kind = self.dice.word(&ICMP4);
            let not = if kind == "any" { "" } else { not };
            write!(out, " -p icmp -m icmp{not} --icmp-type {kind}")
        };
    }
}

/// Where a rule stands: what it may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before tracking.
    Early,
    Incoming,
    Forward,
}

//! A made-up site: the same bytes for the same size, every time.
//!
//! Addresses are drawn as real lists draw them: a few networks stand in most rules, many hosts in
//! few. Each device filters between one office network, the servers and the internet.

use std::fmt::Write as _;

/// A file of the site.
pub(crate) struct File {
    /// Its name.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// A configuration of each format in turn, `rules` rules in each.
pub(crate) fn devices(count: usize, rules: usize) -> Vec<File> {
    (0..count).map(|n| device(n, rules)).collect()
}

/// Devices with the site file and the register that go with them.
pub(crate) fn site(count: usize, rules: usize) -> Vec<File> {
    let mut files = devices(count, rules);
    files.push(File { name: "portvakt.toml".into(), text: site_file(count) });
    files.push(File { name: "register.csv".into(), text: register(count, rules) });
    files
}

/// One list of iptables, however long.
pub(crate) fn list(rules: usize) -> File {
    device(3, rules)
}

/// An iptables list and the same with one rule in a hundred gone, come, turned or for another port.
pub(crate) fn versions(rules: usize) -> [File; 2] {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut old, mut new) = (String::from(FILTER), String::from(FILTER));
    for _ in 0..rules {
        let rule = filter_rule(&mut random);
        old.push_str(&rule);
        match random.below(400) {
            0 => {}
            1 => new.push_str(&turned(&rule)),
            2 => new.push_str(&(filter_rule(&mut random) + &rule)),
            3 => new.push_str(&rule.replace("--dport ", "--dport 1")),
            _ => new.push_str(&rule),
        }
    }
    [("old.rules", old), ("new.rules", new)]
        .map(|(name, text)| File { name: name.into(), text: text + "COMMIT\n" })
}

/// One rule in ten stops what it matches.
fn filter_rule(random: &mut Random) -> String {
    let Opening { from, to: (a, b), port } = opening(random);
    let verdict = if random.below(10) == 0 { "DROP" } else { "ACCEPT" };
    format!(
        "-A FORWARD -s 10.16.{from}.0/24 -d 10.{}.{a}.{b}/32 -p tcp -m tcp --dport {port} -j {verdict}\n",
        32 + random.below(64)
    )
}

fn turned(rule: &str) -> String {
    if rule.ends_with("DROP\n") {
        rule.replace("-j DROP", "-j ACCEPT")
    } else {
        rule.replace("-j ACCEPT", "-j DROP")
    }
}

fn device(n: usize, rules: usize) -> File {
    let openings = openings(n, rules);
    let (extension, text) = match n % 4 {
        0 => ("conf", fortios(n, &openings)),
        1 => ("cfg", asa(n, &openings)),
        2 => ("ios", ios(n, &openings)),
        _ => ("rules", iptables(&openings)),
    };
    File { name: format!("fw-{n}.{extension}"), text }
}

/// Xorshift (Marsaglia 2003), 64 bits.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A number below `n`, small ones more often.
    fn skewed(&mut self, n: usize) -> usize {
        self.below(n).min(self.below(n)).min(self.below(n))
    }
}

/// Third and fourth octet of one of the addresses that rules name.
type Host = (usize, usize);

const HOSTS: usize = 2000;
const PORTS: &[u16] = &[443, 80, 22, 25, 53, 1433, 3389, 445, 636, 8443, 5432, 8080, 9100, 161];

fn host(random: &mut Random) -> Host {
    let n = random.skewed(HOSTS);
    (n / 200, n % 200 + 10)
}

fn port(random: &mut Random) -> u16 {
    PORTS[random.skewed(PORTS.len())]
}

/// What a rule says, in no vendor's words: a network of the office, a server, a port.
struct Opening {
    from: usize,
    to: Host,
    port: u16,
}

/// The rules of device `n`.
fn openings(n: usize, rules: usize) -> Vec<Opening> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (n as u64 + 1));
    (0..rules).map(|_| opening(&mut random)).collect()
}

fn opening(random: &mut Random) -> Opening {
    Opening { from: random.skewed(64), to: host(random), port: port(random) }
}

fn fortios(n: usize, openings: &[Opening]) -> String {
    let mut out = format!(
        "#config-version=FGT60F-7.4.4-FW-build2662-240514:opmode=0:vdom=0\n\
         config system global\n    set hostname \"fw-{n}\"\nend\n\
         config system interface\n    edit \"office\"\n        set ip 10.16.{n}.1 255.255.255.0\n    next\n    \
         edit \"servers\"\n        set ip 10.32.{n}.1 255.255.255.0\n    next\nend\n\
         config firewall address\n"
    );
    for net in 0..64 {
        let _ = writeln!(
            out,
            "    edit \"net-{net}\"\n        set subnet 10.16.{net}.0 255.255.255.0\n    next"
        );
    }
    for at in 0..HOSTS {
        let (a, b) = (at / 200, at % 200 + 10);
        let _ = writeln!(
            out,
            "    edit \"host-{a}-{b}\"\n        set subnet 10.32.{a}.{b} 255.255.255.255\n    next"
        );
    }
    out.push_str("end\nconfig firewall service custom\n");
    for port in PORTS {
        let _ = writeln!(out, "    edit \"t{port}\"\n        set tcp-portrange {port}\n    next");
    }
    out.push_str("end\nconfig firewall policy\n");
    for (id, Opening { from, to: (a, b), port }) in (1..=openings.len()).zip(openings) {
        let _ = writeln!(
            out,
            "    edit {id}\n        set name \"rule {id}\"\n        set srcintf \"office\"\n        \
             set dstintf \"servers\"\n        set action accept\n        set srcaddr \"net-{from}\"\n        \
             set dstaddr \"host-{a}-{b}\"\n        set schedule \"always\"\n        \
             set service \"t{port}\"\n        set logtraffic all\n    next"
        );
    }
    out + "end\n"
}

fn asa(n: usize, openings: &[Opening]) -> String {
    let mut out = format!(
        ": Saved\nASA Version 9.16(4)\nhostname fw-{n}\n\
         interface GigabitEthernet0/0\n nameif office\n security-level 50\n ip address 10.16.{n}.1 255.255.255.0\n\
         interface GigabitEthernet0/1\n nameif servers\n security-level 90\n ip address 10.32.{n}.1 255.255.255.0\n"
    );
    for Opening { from, to: (a, b), port } in openings {
        let _ = writeln!(
            out,
            "access-list office_in extended permit tcp 10.16.{from}.0 255.255.255.0 host 10.32.{a}.{b} eq {port}"
        );
    }
    out + "access-list office_in extended deny ip any any log\naccess-group office_in in interface office\n"
}

fn ios(n: usize, openings: &[Opening]) -> String {
    let mut out = format!(
        "version 15.2\nhostname fw-{n}\n\
         interface Vlan16\n ip address 10.16.{n}.1 255.255.255.0\n ip access-group OFFICE in\n\
         interface Vlan32\n ip address 10.32.{n}.1 255.255.255.0\n\
         ip access-list extended OFFICE\n"
    );
    for Opening { from, to: (a, b), port } in openings {
        let _ = writeln!(out, " permit tcp 10.16.{from}.0 0.0.0.255 host 10.32.{a}.{b} eq {port}");
    }
    out + " deny ip any any log\nline vty 0 4\n transport input ssh\nend\n"
}

const FILTER: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                      -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

fn iptables(openings: &[Opening]) -> String {
    let mut out = String::from(FILTER);
    for Opening { from, to: (a, b), port } in openings {
        let _ = writeln!(
            out,
            "-A FORWARD -s 10.16.{from}.0/24 -d 10.32.{a}.{b}/32 -p tcp -m tcp --dport {port} -j ACCEPT"
        );
    }
    out + "COMMIT\n"
}

fn site_file(count: usize) -> String {
    let (mut office, mut servers) = (String::new(), String::new());
    for n in 0..count {
        let (a, b) = match n % 4 {
            0 | 1 => ("office", "servers"),
            2 => ("Vlan16", "Vlan32"),
            _ => continue,
        };
        let _ = write!(office, "\"fw-{n}:{a}\", ");
        let _ = write!(servers, "\"fw-{n}:{b}\", ");
    }
    format!(
        "organisation = \"Made up\"\npacks = [\"base\"]\nown_prefixes = [\"10.0.0.0/8\"]\n\
         registers = [\"register.csv\"]\n\
         [[zone]]\nname = \"Office\"\nkind = \"users\"\nprefixes = [\"10.16.0.0/16\"]\ninterfaces = [{office}]\n\
         [[zone]]\nname = \"Servers\"\nkind = \"server\"\nprefixes = [\"10.32.0.0/16\"]\ninterfaces = [{servers}]\n\
         [[border]]\nfrom = [\"users\"]\nto = [\"server\"]\ndecision = true\n"
    )
}

/// A decision for three of four rules.
fn register(count: usize, rules: usize) -> String {
    let mut out = String::from(
        "beslut_id;syfte;beställare;beslutad_av;kontaktperson;giltig_från;giltig_till;internt_system;\
         extern_adress;intern_adress;riktning;trafiktyp;status\n",
    );
    let all = (0..count).flat_map(|n| openings(n, rules));
    for (id, Opening { from, to: (a, b), port }) in all.enumerate().filter(|(id, _)| id % 4 != 0) {
        let _ = writeln!(
            out,
            "P-{id};Handläggare läser ärenden i system {a}-{b};a@example.org;b@example.org;c@example.org;\
             2026-01-01;2027-12-31;System {a}-{b};10.16.{from}.0/24;10.32.{a}.{b};in;tcp {port};införd"
        );
    }
    out
}

//! A made-up organisation: every department behind a filter of its own, all of them on one core network.
//! The same bytes for the same size, every time.

use std::fmt::Write as _;

/// Xorshift (Marsaglia 2003), 64 bits.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

const PORTS: &[u16] = &[22, 25, 53, 80, 161, 389, 443, 445, 636, 1433, 3389, 5432, 8080, 8443];

/// The site file and a filter for each of at most 200 departments, as name and text. Each filter stands
/// between two zones and a hundred others: every pair of zones has its own answer.
pub(crate) fn site(departments: usize, rules: usize) -> Vec<(String, String)> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut filter =
        |own| (format!("fw-{own}.rules"), filter(own, departments, rules, &mut random));
    let mut files: Vec<(String, String)> = (0..departments).map(&mut filter).collect();
    files.push(("portvakt.toml".to_owned(), site_file(departments)));
    files
}

/// What a department may reach of others, and others of it.
fn filter(own: usize, departments: usize, rules: usize, random: &mut Random) -> String {
    let mut out = String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n");
    for _ in 0..rules {
        let other = random.below(departments);
        let (from, to) = if random.below(2) == 0 { (own, other) } else { (other, own) };
        let (office, a, b) = (random.below(64), random.below(8), random.below(200));
        let port = PORTS[random.below(PORTS.len()).min(random.below(PORTS.len()))];
        let verdict = if random.below(10) == 0 { "DROP" } else { "ACCEPT" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "-A FORWARD -s 10.{from}.{office}.0/24 -d 10.{to}.{a}.{b}/32 -p tcp -m tcp --sport 1024:65535 --dport {port} -j {verdict}"
        );
    }
    out + "COMMIT\n"
}

fn site_file(departments: usize) -> String {
    let mut out = String::from(
        "organisation = \"Made up\"\npacks = [\"base\"]\nown_prefixes = [\"10.0.0.0/8\"]\n\
         [[border]]\nfrom = [\"users\"]\nto = [\"users\"]\ndecision = true\n",
    );
    for zone in 0..departments {
        let _ = write!(
            out,
            "[[zone]]\nname = \"Department {zone}\"\nkind = \"users\"\nowner = \"Department {zone}\"\n\
             prefixes = [\"10.{zone}.0.0/16\"]\ninterfaces = ["
        );
        for device in 0..departments {
            let side = if device == zone { "office" } else { "core" };
            let _ = write!(out, "\"fw-{device}:{side}\", ");
        }
        out.push_str("]\n");
    }
    out
}

//! What a scan would send, and how long that would take.

use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;

use portvakt_scan::connect::{FRAGILE_AT_ONCE, FRAGILE_RATE};
use portvakt_scan::discover;
use portvakt_scan::plan::Plan;
use portvakt_scan::scope::Rate;
use serde::Serialize;

use super::Job;
use super::document::{ends, port_ranges};
use crate::refusals::told;
use crate::text::Lang;

/// What would be sent.
#[derive(Serialize)]
pub(super) struct Dry {
    schema: &'static str,
    scope: String,
    authorised_by: String,
    valid_until: String,
    window: String,
    method: &'static str,
    /// Hosts that may be looked at by any means, and fragile ones.
    hosts: u64,
    gentle_hosts: u64,
    targets: Vec<[IpAddr; 2]>,
    ports: Vec<[u16; 2]>,
    /// Hosts times ports.
    probes: u64,
    /// Whether hosts are looked for first; those that do not answer are not asked for ports.
    hosts_are_looked_for: bool,
    /// When everything answers at once, or nobody is there where hosts are looked for; and when nothing answers.
    packets_at_least: u64,
    packets_at_most: u64,
    /// In total, to a subnet, to a host.
    rates: [u32; 3],
    /// The same in words, each with the reason.
    why_rates: [String; 3],
    #[serde(skip)]
    why_rates_sv: [String; 3],
    seconds_at_least: u64,
    seconds_at_most: u64,
    left_out: Vec<String>,
}

/// SYNs that the kernel sends for one attempt of a connect scan that nobody answers (at 0 and 1 s,
/// and in the second pass at 2 s too), and packets of one that is answered: SYN, ACK, FIN.
const MOST_PACKETS: u64 = 5;
const LEAST_PACKETS: u64 = 1;

/// The name of the form of the answer.
const SCHEMA: &str = "portvakt-scan-plan-1";

/// A connection that nobody answers is waited for this long in both passes together, in tenths of a second.
const PATIENCE: u64 = 34;

impl Dry {
    pub(super) fn new(job: &Job<'_>) -> Self {
        let (scope, row, planned) = (&job.leave.scope, &job.leave.row, &job.wanted.planned);
        let rate = scope.rate;
        let plans = [&planned.full, &planned.gentle];
        let probes = plans.iter().map(|p| p.probes()).fold(0, u64::saturating_add);
        let [full, gentle] = job.looks();
        let all = [work(&planned.full, rate, full), gentle_work(&planned.gentle, gentle)];
        let sum = |of: fn(&Work) -> u64| all.iter().map(of).fold(0, u64::saturating_add);
        Self {
            schema: SCHEMA,
            scope: row.file.clone(),
            authorised_by: row.authorised_by.clone(),
            valid_until: row.valid_until.clone(),
            window: row.window.clone(),
            method: job.method.name(),
            hosts: planned.full.hosts(),
            gentle_hosts: planned.gentle.hosts(),
            targets: ends(&job.ranges()),
            ports: port_ranges(planned.ports()),
            probes,
            hosts_are_looked_for: full || gentle,
            packets_at_least: sum(|work| work.packets[0]),
            packets_at_most: sum(|work| work.packets[1]),
            rates: [rate.total, rate.subnet, rate.host],
            why_rates: job.ceilings.words(Lang::En),
            why_rates_sv: job.ceilings.words(Lang::Sv),
            seconds_at_least: sum(|work| work.seconds[0]),
            seconds_at_most: sum(|work| work.seconds[1]),
            left_out: planned.refused.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    pub(super) fn text(&self, lang: Lang) -> String {
        let mut out = String::new();
        let mut line = |sv: &str, en: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{:<14} {value}", lang.of(sv, en));
        };
        line("Mandat", "Scope", self.leave(lang));
        line("Metod", "Method", self.method.to_owned());
        line("Värdar", "Hosts", self.hosts.to_string());
        if self.gentle_hosts > 0 {
            let gentle = lang.of(
                "känsliga: en förbindelse i taget, 5 per sekund",
                "fragile: one connection at a time, 5 a second",
            );
            line("", "", format!("{} {gentle}", self.gentle_hosts));
        }
        line("Portar", "Ports", ports(&self.ports));
        line("Frågor", "Probes", self.probes.to_string());
        if self.hosts_are_looked_for {
            let looks = lang.of(
                "värdar söks först; de som inte svarar frågas inte om portar (--no-discovery frågar dem också)",
                "hosts are looked for first; those that do not answer are not asked for ports (--no-discovery asks them too)",
            );
            line("", "", looks.to_owned());
        }
        line("Paket", "Packets", span(self.packets_at_least, self.packets_at_most));
        let rates = match lang {
            Lang::Sv => &self.why_rates_sv,
            Lang::En => &self.why_rates,
        };
        for (at, rate) in rates.iter().enumerate() {
            let (sv, en) = if at == 0 { ("Takt, högst", "Rate, at most") } else { ("", "") };
            line(sv, en, rate.clone());
        }
        let (least, most) = (clock(self.seconds_at_least), clock(self.seconds_at_most));
        line("Tid", "Time", format!("{least} – {most}"));
        for left_out in &self.left_out {
            line("Utelämnat", "Left out", told(left_out, lang));
        }
        out.push_str(lang.of("Inget har sänts.\n", "Nothing was sent.\n"));
        out
    }

    fn leave(&self, lang: Lang) -> String {
        let by = lang.of("beslutat av", "authorised by");
        let until = lang.of("till och med", "until");
        let window = lang.of("fönster", "window");
        format!(
            "{}, {by} {}, {until} {}, {window} {}",
            self.scope, self.authorised_by, self.valid_until, self.window
        )
    }
}

/// Most ranges of ports that a line names.
const SHOWN: usize = 12;

fn ports(ranges: &[[u16; 2]]) -> String {
    let count: u32 = ranges.iter().map(|[a, b]| u32::from(*b - *a) + 1).sum();
    let shown = ranges.iter().take(SHOWN);
    let shown: Vec<String> =
        shown.map(|[a, b]| if a == b { a.to_string() } else { format!("{a}-{b}") }).collect();
    let more = if ranges.len() > SHOWN { ",…" } else { "" };
    format!("{count} ({}{more})", shown.join(","))
}

fn span(least: u64, most: u64) -> String {
    format!("{least} – {most}")
}

/// Hours, minutes and seconds.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Packets and seconds of a plan, at least and at most.
struct Work {
    packets: [u64; 2],
    seconds: [u64; 2],
}

/// What a plan takes at the ceilings. What is silent is asked twice, and so is everybody who is looked for.
fn work(plan: &Plan, rate: Rate, looks: bool) -> Work {
    let once = seconds(plan, rate);
    let look = if looks { plan.with_ports(&discover::PORTS) } else { Plan::default() };
    let look_once = seconds(&look, rate);
    let least = if looks { (look.probes(), look_once) } else { (plan.probes(), once) };
    let twice = once.saturating_add(look_once).saturating_mul(2);
    let idle = if plan.is_empty() { 0 } else { 8 };
    Work {
        packets: [
            least.0.saturating_mul(LEAST_PACKETS),
            plan.probes().saturating_add(look.probes()).saturating_mul(MOST_PACKETS),
        ],
        seconds: [least.1, twice.saturating_add(idle)],
    }
}

/// How long one pass takes: whichever of the three ceilings is reached first holds the others up.
fn seconds(plan: &Plan, rate: Rate) -> u64 {
    let ports = plan.ports().len() as u64;
    let probes = plan.probes();
    let in_subnet = probes.min(ports.saturating_mul(256));
    let at = |probes: u64, rate: u32| probes.div_ceil(u64::from(rate.max(1)));
    at(probes, rate.total).max(at(in_subnet, rate.subnet)).max(at(ports.min(probes), rate.host))
}

/// Fragile hosts get few packets each, one at a time, and few hosts are looked at side by side.
fn gentle_work(plan: &Plan, looks: bool) -> Work {
    let rounds = plan.hosts().div_ceil(FRAGILE_AT_ONCE as u64);
    let ports = plan.ports().len() as u64;
    let looked = if looks { discover::PORTS.len() as u64 } else { 0 };
    let answered = |ports: u64| ports.div_ceil(u64::from(FRAGILE_RATE));
    let silent = |ports: u64| ports.saturating_mul(PATIENCE).div_ceil(10);
    let least = if looks { looked } else { ports };
    let most = ports.saturating_add(looked);
    Work {
        packets: [
            plan.hosts().saturating_mul(least).saturating_mul(LEAST_PACKETS),
            plan.hosts().saturating_mul(most).saturating_mul(MOST_PACKETS),
        ],
        seconds: [rounds.saturating_mul(answered(least)), rounds.saturating_mul(silent(most))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(range: (&str, &str), ports: u16) -> Plan {
        let ports: Vec<u16> = (1..=ports).collect();
        Plan::of(vec![(range.0.parse().unwrap(), range.1.parse().unwrap())], &ports)
    }

    #[test]
    fn the_narrowest_ceiling_decides_how_long_it_takes() {
        let standard = Rate { total: 1_000, subnet: 1_000, host: 40 };
        let sweep = plan(("10.77.0.0", "10.77.255.255"), 20);
        assert_eq!(clock(seconds(&sweep, standard)), "0:21:51", "a /16 x 20 at 1,000/s");
        let host = plan(("10.77.0.1", "10.77.0.1"), 65_535);
        assert_eq!(clock(seconds(&host, standard)), "0:27:19", "65,535 ports at 40/s");
        let narrow = Rate { subnet: 100, ..standard };
        let subnet = plan(("10.77.0.0", "10.77.0.255"), 100);
        assert_eq!(seconds(&subnet, narrow), 256);
        let gentle = gentle_work(&plan(("10.77.0.0", "10.77.0.15"), 100), false);
        assert_eq!(gentle.seconds, [40, 680], "two rounds of 100 at 5/s, or of 3.4 s each");
        let looked = work(&sweep, standard, true);
        assert_eq!(looked.seconds[0], 787, "12 ports of a /16 when nobody is there");
    }
}

//! What a scan would send, and how long that would take.

use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;

use portvakt_scan::connect::{FRAGILE_AT_ONCE, FRAGILE_RATE};
use portvakt_scan::plan::{Plan, Planned};
use portvakt_scan::scope::Rate;
use serde::Serialize;

use super::Method;
use super::document::port_ranges;
use super::wanted::Leave;
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
    /// When everything answers at once, and when nothing does.
    packets_at_least: u64,
    packets_at_most: u64,
    /// In total, to a subnet, to a host.
    rates: [u32; 3],
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

impl Dry {
    pub(super) fn new(planned: &Planned, Leave { scope, row }: &Leave, method: Method) -> Self {
        let rate = scope.rate;
        let plans = [&planned.full, &planned.gentle];
        let probes = plans.iter().map(|p| p.probes()).fold(0, u64::saturating_add);
        let seconds = seconds(&planned.full, rate).saturating_add(gentle_seconds(&planned.gentle));
        let ports = plans.iter().find(|p| !p.is_empty()).map(|p| port_ranges(p.ports()));
        Self {
            schema: SCHEMA,
            scope: row.file.clone(),
            authorised_by: row.authorised_by.clone(),
            valid_until: row.valid_until.clone(),
            window: row.window.clone(),
            method: method.name(),
            hosts: planned.full.hosts(),
            gentle_hosts: planned.gentle.hosts(),
            targets: plans.iter().flat_map(|p| p.ranges()).map(|(a, b)| [*a, *b]).collect(),
            ports: ports.unwrap_or_default(),
            probes,
            packets_at_least: probes.saturating_mul(LEAST_PACKETS),
            packets_at_most: probes.saturating_mul(MOST_PACKETS),
            rates: [rate.total, rate.subnet, rate.host],
            seconds_at_least: seconds,
            // Everything silent is asked a second time.
            seconds_at_most: seconds.saturating_mul(2).saturating_add(8),
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
        line("Paket", "Packets", span(self.packets_at_least, self.packets_at_most));
        let [total, subnet, host] = self.rates;
        let rates = match lang {
            Lang::Sv => format!("högst {total}/s, per delnät {subnet}/s, per värd {host}/s"),
            Lang::En => format!("at most {total}/s, to a subnet {subnet}/s, to a host {host}/s"),
        };
        line("Takt", "Rate", rates);
        let (least, most) = (clock(self.seconds_at_least), clock(self.seconds_at_most));
        line("Tid", "Time", format!("{least} – {most}"));
        for left_out in &self.left_out {
            line("Utelämnat", "Left out", left_out.clone());
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

/// How long one pass takes at the ceilings: whichever of the three is reached first holds the others up.
fn seconds(plan: &Plan, rate: Rate) -> u64 {
    let ports = plan.ports().len() as u64;
    let probes = plan.probes();
    let in_subnet = probes.min(ports.saturating_mul(256));
    let at = |probes: u64, rate: u32| probes.div_ceil(u64::from(rate.max(1)));
    at(probes, rate.total).max(at(in_subnet, rate.subnet)).max(at(ports.min(probes), rate.host))
}

/// Fragile hosts get few packets each, and few hosts are looked at side by side.
fn gentle_seconds(plan: &Plan) -> u64 {
    let rounds = plan.hosts().div_ceil(FRAGILE_AT_ONCE as u64);
    rounds.saturating_mul((plan.ports().len() as u64).div_ceil(u64::from(FRAGILE_RATE)))
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
        assert_eq!(gentle_seconds(&plan(("10.77.0.0", "10.77.0.15"), 100)), 40);
    }
}

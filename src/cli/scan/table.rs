//! What a scan found, for people and for spreadsheets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;

use portvakt_model::{HostSeen, PortSeen, PortState};

use super::document::{Facts, moment};
use super::told::count;
use crate::report::csv::harmless;
use crate::text::Lang;

/// A list of hosts with their open ports, and what else was found as counts.
pub(super) fn text(
    facts: &Facts,
    hosts: &[HostSeen],
    names: &BTreeMap<IpAddr, Vec<String>>,
    lang: Lang,
) -> String {
    let mut out = String::new();
    let mut bare = 0;
    for host in hosts {
        if host.ports.iter().any(|p| p.state == PortState::Open) {
            of_host(&mut out, host, names.get(&host.address), lang);
        } else {
            bare += u64::from(host.up);
        }
    }
    if bare > 0 {
        let what = lang.of(
            ["värd svarade, utan öppen port", "värdar svarade, utan öppen port"],
            ["host answered without an open port", "hosts answered without an open port"],
        );
        let _ = writeln!(out, "{}", counted(bare, what));
    }
    sums(&mut out, facts, hosts, lang);
    out
}

fn of_host(out: &mut String, host: &HostSeen, names: Option<&Vec<String>>, lang: Lang) {
    let names = names.map(|n| format!(" ({})", n.join(", "))).unwrap_or_default();
    let _ = writeln!(out, "{}{names}", host.address);
    for port in host.ports.iter().filter(|p| p.state == PortState::Open) {
        let number = format!("{}/{}", port.port, port.protocol.name());
        let line = format!("  {number:>9}  {}  {}", lang.of("öppen", "open"), service(port, lang));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let counts: Vec<String> = OTHERS
        .iter()
        .map(|(state, sv, en)| (count(host, *state), lang.of(sv, en)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{word} {count}"))
        .collect();
    if !counts.is_empty() {
        let _ = writeln!(out, "             {}", counts.join(" · "));
    }
    out.push('\n');
}

/// The other states, with their plural in Swedish and English.
const OTHERS: [(PortState, &str, &str); 5] = [
    (PortState::Closed, "stängda", "closed"),
    (PortState::Filtered, "filtrerade", "filtered"),
    (PortState::Unreachable, "onåbara", "unreachable"),
    (PortState::OpenOrFiltered, "öppna eller filtrerade", "open or filtered"),
    (PortState::Incomplete, "ej klarlagda", "incomplete"),
];

/// What speaks on a port, in a few words.
fn service(port: &PortSeen, lang: Lang) -> String {
    let Some(s) = &port.service else { return String::new() };
    let guess = if s.asked { "" } else { lang.of(" (gissning)", " (guess)") };
    let tls = match (s.tls, s.starttls) {
        (true, _) => " TLS",
        (_, true) => " STARTTLS",
        _ => "",
    };
    let product = s.product.as_ref().map(|p| format!("  {p}")).unwrap_or_default();
    let title = s.title.as_ref().map(|t| format!("  \"{t}\"")).unwrap_or_default();
    format!("{}{tls}{guess}{product}{title}", s.name)
}

fn sums(out: &mut String, facts: &Facts, hosts: &[HostSeen], lang: Lang) {
    let up = hosts.iter().filter(|h| h.up).count() as u64;
    let counts = [
        counted(
            up,
            lang.of(["värd svarade", "värdar svarade"], ["host answered", "hosts answered"]),
        ),
        counted(facts.open, lang.of(["öppen port", "öppna portar"], ["open port", "open ports"])),
        counted(facts.sent, lang.of(["fråga sänd", "frågor sända"], ["probe sent", "probes sent"])),
        counted(facts.answered, lang.of(["besvarad", "besvarade"], ["answered", "answered"])),
        counted(
            facts.incomplete,
            lang.of(
                ["port ej klarlagd", "portar ej klarlagda"],
                ["port incomplete", "ports incomplete"],
            ),
        ),
        format!("{} {}", lang.of("metod", "method"), facts.method),
    ];
    let _ = writeln!(out, "{}", counts.join(" · "));
    if facts.dropped > 0 {
        let what = lang.of(
            "paket tappades av den egna kärnan innan de lästes",
            "packets were dropped by this machine's kernel before they were read",
        );
        let _ = writeln!(out, "{} {what}", facts.dropped);
    }
}

/// A number with its noun.
fn counted(count: u64, [one, many]: [&str; 2]) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A row for each port that is told one by one.
pub(super) fn csv(out: &mut dyn io::Write, hosts: &[HostSeen]) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for (host, port) in hosts.iter().flat_map(|h| h.ports.iter().map(move |p| (h, p))) {
        let s = port.service.as_ref();
        let flag = |f: bool| if f { "yes" } else { "no" }.to_owned();
        table.write_record([
            host.address.to_string(),
            port.port.to_string(),
            port.protocol.name().to_owned(),
            port.state.name().to_owned(),
            port.reason.clone(),
            port.at.map(moment).unwrap_or_default(),
            port.rtt_us.map(|us| us.to_string()).unwrap_or_default(),
            s.map(|s| harmless(s.name.clone())).unwrap_or_default(),
            s.map(|s| flag(s.tls)).unwrap_or_default(),
            s.and_then(|s| s.product.clone()).map(harmless).unwrap_or_default(),
            s.and_then(|s| s.title.clone()).map(harmless).unwrap_or_default(),
        ])?;
    }
    table.flush()
}

const COLUMNS: [&str; 11] = [
    "address", "port", "protocol", "state", "reason", "at", "rtt_us", "service", "tls", "product",
    "title",
];

//! What a scan found in the form of nmap's XML (`nmap.dtd`), which other tools read: ndiff, and whatever
//! imports scans.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;

use jiff::Timestamp;
use portvakt_model::{HostSeen, PortSeen, PortState, ServiceSeen};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::document::{Facts, mac};

/// Version of the form, as nmap 7 writes it.
const FORM: &str = "1.05";

/// Writes the whole document.
pub(super) fn write(
    out: &mut dyn Write,
    facts: &Facts,
    hosts: &[HostSeen],
    names: &BTreeMap<IpAddr, Vec<String>>,
) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.write_event(Event::DocType(BytesText::new("nmaprun")))?;
    let started = seconds(Some(&facts.started));
    let version = facts.tool.split(' ').next_back().unwrap_or_default();
    let run = BytesStart::new("nmaprun").with_attributes([
        ("scanner", "portvakt"),
        ("args", facts.tool.as_str()),
        ("start", started.as_str()),
        ("startstr", facts.started.as_str()),
        ("version", version),
        ("xmloutputversion", FORM),
    ]);
    xml.write_event(Event::Start(run))?;
    info(&mut xml, facts)?;
    for host in hosts {
        of_host(&mut xml, host, names.get(&host.address), facts)?;
    }
    finished(&mut xml, facts, hosts)?;
    xml.write_event(Event::End(BytesEnd::new("nmaprun")))?;
    writeln!(xml.get_mut())
}

type Xml<'w> = Writer<&'w mut dyn Write>;

fn empty(xml: &mut Xml<'_>, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    let element = BytesStart::new(name).with_attributes(attributes.iter().copied());
    xml.write_event(Event::Empty(element))
}

/// Seconds since 1970, as nmap tells times; empty when there is none.
fn seconds(at: Option<&str>) -> String {
    let at = at.and_then(|text| text.parse::<Timestamp>().ok());
    at.map(|t| t.as_second().to_string()).unwrap_or_default()
}

fn info(xml: &mut Xml<'_>, facts: &Facts) -> io::Result<()> {
    let count: u32 = facts.asked_ports.iter().map(|[a, b]| u32::from(b - a) + 1).sum();
    let services: Vec<String> = facts
        .asked_ports
        .iter()
        .map(|[a, b]| if a == b { a.to_string() } else { format!("{a}-{b}") })
        .collect();
    let attributes = [
        ("type", facts.method.as_str()),
        ("protocol", "tcp"),
        ("numservices", &count.to_string()),
        ("services", &services.join(",")),
    ];
    empty(xml, "scaninfo", &attributes)
}

fn of_host(
    xml: &mut Xml<'_>,
    host: &HostSeen,
    names: Option<&Vec<String>>,
    facts: &Facts,
) -> io::Result<()> {
    let (start, end) = (seconds(Some(&facts.started)), seconds(facts.ended.as_deref()));
    let times = [("starttime", start.as_str()), ("endtime", end.as_str())];
    xml.write_event(Event::Start(BytesStart::new("host").with_attributes(times)))?;
    let (state, reason) = if host.up { ("up", "syn-ack") } else { ("unknown", "no-response") };
    empty(xml, "status", &[("state", state), ("reason", reason), ("reason_ttl", "0")])?;
    let kind = if host.address.is_ipv4() { "ipv4" } else { "ipv6" };
    empty(xml, "address", &[("addr", &host.address.to_string()), ("addrtype", kind)])?;
    if let Some(hardware) = host.mac {
        empty(xml, "address", &[("addr", &mac(hardware).to_uppercase()), ("addrtype", "mac")])?;
    }
    xml.write_event(Event::Start(BytesStart::new("hostnames")))?;
    for name in names.into_iter().flatten() {
        empty(xml, "hostname", &[("name", name), ("type", "user")])?;
    }
    xml.write_event(Event::End(BytesEnd::new("hostnames")))?;
    xml.write_event(Event::Start(BytesStart::new("ports")))?;
    rest(xml, host)?;
    host.ports.iter().try_for_each(|p| port(xml, p))?;
    xml.write_event(Event::End(BytesEnd::new("ports")))?;
    xml.write_event(Event::End(BytesEnd::new("host")))
}

/// The states of nmap. What is incomplete it has no word for; `unknown` is what its DTD allows.
fn state(state: PortState) -> &'static str {
    match state {
        PortState::Incomplete => "unknown",
        PortState::Unreachable => "filtered",
        _ => state.name(),
    }
}

/// What nmap calls extra ports: those that are told as ranges.
fn rest(xml: &mut Xml<'_>, host: &HostSeen) -> io::Result<()> {
    for part in &host.rest {
        let count: u32 = part.ranges.iter().map(|(a, b)| u32::from(b - a) + 1).sum();
        let ports: Vec<String> = part
            .ranges
            .iter()
            .map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") })
            .collect();
        let count = count.to_string();
        let attributes = [("state", state(part.state)), ("count", count.as_str())];
        let extra = BytesStart::new("extraports").with_attributes(attributes);
        xml.write_event(Event::Start(extra))?;
        let reason = match part.state {
            PortState::Closed => "conn-refused",
            _ => "no-response",
        };
        let attributes = [
            ("reason", reason),
            ("count", &count),
            ("proto", part.protocol.name()),
            ("ports", &ports.join(",")),
        ];
        empty(xml, "extrareasons", &attributes)?;
        xml.write_event(Event::End(BytesEnd::new("extraports")))?;
    }
    Ok(())
}

fn port(xml: &mut Xml<'_>, port: &PortSeen) -> io::Result<()> {
    let number = port.port.to_string();
    let attributes = [("protocol", port.protocol.name()), ("portid", number.as_str())];
    xml.write_event(Event::Start(BytesStart::new("port").with_attributes(attributes)))?;
    let attributes = [("state", state(port.state)), ("reason", &port.reason), ("reason_ttl", "0")];
    empty(xml, "state", &attributes)?;
    if let Some(seen) = &port.service {
        service(xml, seen)?;
    }
    xml.write_event(Event::End(BytesEnd::new("port")))
}

fn service(xml: &mut Xml<'_>, seen: &ServiceSeen) -> io::Result<()> {
    let (method, confidence) = if seen.asked { ("probed", "10") } else { ("table", "3") };
    let mut attributes = vec![("name", xml_text(&seen.name))];
    attributes.extend(seen.product.iter().map(|p| ("product", xml_text(p))));
    attributes.extend(seen.title.iter().map(|t| ("extrainfo", xml_text(t))));
    attributes.extend(seen.tls.then(|| ("tunnel", "ssl".to_owned())));
    attributes.push(("method", method.to_owned()));
    attributes.push(("conf", confidence.to_owned()));
    let element = BytesStart::new("service")
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())));
    xml.write_event(Event::Empty(element))
}

/// A stranger's text without what no XML may hold (XML 1.0, 2.2), not even escaped.
fn xml_text(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(allowed).collect()
}

fn finished(xml: &mut Xml<'_>, facts: &Facts, hosts: &[HostSeen]) -> io::Result<()> {
    xml.write_event(Event::Start(BytesStart::new("runstats")))?;
    let ended = facts.ended.clone().unwrap_or_default();
    let elapsed = match (facts.started.parse::<Timestamp>(), ended.parse::<Timestamp>()) {
        (Ok(from), Ok(to)) => (to.as_millisecond() - from.as_millisecond()).max(0),
        _ => 0,
    };
    let summary = facts.why_incomplete.clone().unwrap_or_else(|| "complete".to_owned());
    let attributes = [
        ("time", seconds(facts.ended.as_deref())),
        ("timestr", ended),
        ("elapsed", format!("{}.{:03}", elapsed / 1_000, elapsed % 1_000)),
        ("summary", xml_text(&summary)),
        ("exit", if facts.complete { "success" } else { "error" }.to_owned()),
    ];
    let attributes: Vec<(&str, &str)> = attributes.iter().map(|(n, v)| (*n, v.as_str())).collect();
    empty(xml, "finished", &attributes)?;
    let asked: u128 = facts.targets.iter().map(|[a, b]| width(*a, *b)).sum();
    let counts = [
        hosts.len().to_string(),
        asked.saturating_sub(hosts.len() as u128).to_string(),
        asked.to_string(),
    ];
    empty(xml, "hosts", &[("up", &counts[0]), ("down", &counts[1]), ("total", &counts[2])])?;
    xml.write_event(Event::End(BytesEnd::new("runstats")))
}

/// How many addresses a range has.
fn width(first: IpAddr, last: IpAddr) -> u128 {
    match (first, last) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(b.to_bits() - a.to_bits()) + 1,
        (IpAddr::V6(a), IpAddr::V6(b)) => (b.to_bits() - a.to_bits()).saturating_add(1),
        _ => 0,
    }
}

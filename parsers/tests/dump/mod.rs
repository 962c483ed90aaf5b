//! The model of one file as compact text, to be compared with what a person has checked.

mod management;
mod rules;
mod sets;
mod tables;

use std::fmt::Write;

use portvakt_model::{Device, Interface, LineState, Location, ObjectKind, Ssid, VlanRef};
use portvakt_parsers::Parsed;
use portvakt_space::RangeSet;

/// Everything that is said of a file: devices, tables, states of the lines.
pub(crate) fn dump(parsed: &Parsed) -> String {
    let mut out = format!("format {}\n", parsed.format);
    for device in &parsed.devices {
        self::device(&mut out, device);
    }
    tables::dump(&mut out, &parsed.tables);
    coverage(&mut out, parsed);
    out
}

/// Appends a line.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {
        writeln!($out, $($arg)*).expect("a String takes any text")
    };
}
pub(crate) use line;

fn device(out: &mut String, d: &Device) {
    let version = d.version.as_ref().map_or(String::new(), |v| format!(" version {v}"));
    let stateless = if d.stateful { "" } else { " stateless" };
    line!(out, "\ndevice {}{version}{stateless}", d.name);
    for i in d.interfaces.all() {
        interface(out, d, i);
    }
    for z in &d.zones {
        let names: Vec<&str> = z.interfaces.iter().map(|a| sets::interface_name(d, *a)).collect();
        let intrazone = z.intrazone.map_or(String::new(), |on| format!(" intrazone {on}"));
        line!(out, "zone {} [{}]{intrazone} L{}", z.name, names.join(" "), z.line);
    }
    for o in &d.objects {
        let predefined = if o.predefined { " predefined" } else { "" };
        let elsewhere = if o.source.is_some() { " elsewhere" } else { "" };
        let (kind, uses, line) = (object(&o.kind), o.uses, o.line);
        line!(out, "object {} {kind} uses {uses}{predefined}{elsewhere} L{line}", o.name);
    }
    for u in &d.undefined {
        line!(out, "undefined {} {} by {} L{}", u.kind, u.name, u.used_by, u.line);
    }
    for s in &d.schedules {
        let (start, end) = (tables::day(s.start), tables::day(s.end));
        let recurring = if s.recurring { " recurring" } else { "" };
        line!(out, "schedule {} {start}..{end}{recurring} L{}", s.name, s.line);
    }
    rules::dump(out, d);
    for w in &d.wlans {
        wlan(out, d, w);
    }
    if let Some(m) = &d.management {
        management::dump(out, d, m);
    }
    management::tls_servers(out, d);
    for s in &d.secrets {
        let known = if s.secret.is_well_known() { " well known" } else { "" };
        line!(out, "secret {:?} of {} {:?}{known} L{}", s.kind, s.owner, s.secret.form(), s.line);
    }
}

fn interface(out: &mut String, d: &Device, i: &Interface) {
    let mut text = format!("interface {}", i.name);
    let mut add = |part: String| {
        text.push(' ');
        text.push_str(&part);
    };
    if !i.declared {
        add("mentioned".into());
    }
    if !i.enabled {
        add("down".into());
    }
    if i.declared {
        add(format!("{:?}", i.kind).to_lowercase());
    }
    i.hardware.iter().for_each(|h| add(format!("hardware {h}")));
    i.addresses.iter().for_each(|p| add(format!("{}/{}", p.addr, p.len)));
    i.vlan.iter().for_each(|v| add(format!("vlan {v}")));
    let range =
        |(lo, hi): &(u16, u16)| if lo == hi { format!("{lo}") } else { format!("{lo}-{hi}") };
    let carried = |t: &RangeSet<u16>| t.ranges().iter().map(range).collect::<Vec<_>>().join(",");
    i.trunk.iter().for_each(|t| add(format!("trunk {}", carried(t))));
    i.vrf.iter().for_each(|v| add(format!("vrf {v}")));
    i.security_level.iter().for_each(|l| add(format!("level {l}")));
    i.zone.iter().for_each(|z| add(format!("zone {}", d.zones[*z as usize].name)));
    i.role.iter().for_each(|r| add(format!("role {r}")));
    i.description.iter().for_each(|t| add(format!("\"{t}\"")));
    if i.line > 0 {
        add(format!("L{}", i.line));
    }
    line!(out, "{text}");
}

fn object(kind: &ObjectKind) -> String {
    let addresses = |set: &Option<_>| set.as_ref().map_or("not known".into(), sets::addresses);
    let services = |set: &Option<_>| set.as_ref().map_or("not known".into(), sets::services);
    match kind {
        ObjectKind::Address(set) => format!("address {}", addresses(set)),
        ObjectKind::AddressGroup(set) => format!("address-group {}", addresses(set)),
        ObjectKind::Service(set) => format!("service {}", services(set)),
        ObjectKind::ServiceGroup(set) => format!("service-group {}", services(set)),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn wlan(out: &mut String, d: &Device, w: &Ssid) {
    let vlan = match &w.vlan {
        VlanRef::Id(id) => format!("vlan {id}"),
        VlanRef::Name(name) => format!("vlan {name:?}"),
        other => format!("vlan {other:?}").to_lowercase(),
    };
    let s = &w.security;
    let interface =
        w.interface.map_or(String::new(), |a| format!(" interface {}", sets::interface_name(d, a)));
    let lines = |name: &str, at: Option<u32>| at.map_or(String::new(), |n| format!(" {name} L{n}"));
    line!(
        out,
        "wlan {} ssid {:?}{}{} auth {:?} ciphers {:?} pmf {:?}{} forwarding {:?} {vlan}{interface} isolation {:?}{} portal {:?} L{}{}",
        w.profile,
        w.ssid,
        if w.enabled { "" } else { " off" },
        if w.hidden { " hidden" } else { "" },
        s.auth,
        s.ciphers,
        s.pmf,
        if s.passphrase.is_some() { " passphrase" } else { "" },
        w.forwarding,
        w.isolation,
        lines("at", w.isolation_line),
        w.portal,
        w.line,
        lines("security", w.security_line),
    );
}

fn coverage(out: &mut String, parsed: &Parsed) {
    let c = &parsed.coverage;
    let used = c.count(|s| s == LineState::Used);
    let neutral = c.count(|s| s == LineState::Neutral);
    let unknown = c.count(|s| s == LineState::Unknown);
    let unsupported = c.len() as u32 - used - neutral - unknown;
    line!(out, "\nlines used {used} neutral {neutral} unsupported {unsupported} unknown {unknown}");
    for (n, state) in c.not_understood() {
        let shown = parsed.source.line(n);
        match state {
            LineState::Unsupported(why) => {
                line!(out, "L{n} unsupported ({}): {}", why.en, shown.trim());
            }
            _ => line!(out, "L{n} unknown: {}", shown.trim()),
        }
    }
}

/// A place without its source, which is the one file.
pub(crate) fn place(at: &Location) -> String {
    match at {
        Location::Line { line, column, .. } => format!("L{line}:{column}"),
        Location::Cell { sheet, row, column, .. } => {
            let sheet = sheet.as_ref().map_or(String::new(), |s| format!("{s}!"));
            format!("{sheet}R{row}C{column}")
        }
        Location::Whole(_) => "whole".into(),
        Location::Site => "site".into(),
    }
}

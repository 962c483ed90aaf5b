//! The municipality's own tables.

use std::fmt::Write;

use portvakt_model::{Decision, Device, EndDate, Exception, Field, SourceId, SsidStandard, System};
use portvakt_parsers::{IpsetContent, IpsetFile, Tables};

use super::{line, place, sets};

pub(crate) fn dump(out: &mut String, t: &Tables) {
    t.register.decisions.iter().for_each(|d| decision(out, d));
    for p in &t.register.problems {
        line!(out, "problem {} {} {}: {:?} ({})", place(&p.at), p.row, p.column, p.text, p.why_en);
    }
    t.systems.iter().for_each(|s| system(out, s));
    t.ssids.iter().for_each(|s| ssid(out, s));
    t.exceptions.iter().for_each(|e| exception(out, e));
    t.ipsets.iter().for_each(|f| ipsets(out, f));
}

pub(crate) fn day(day: Option<jiff::civil::Date>) -> String {
    day.map_or(String::new(), |d| d.to_string())
}

fn end(date: &EndDate) -> String {
    match date {
        EndDate::On(day, at) => format!("{day} {}", place(at)),
        EndDate::Open(at) => format!("open {}", place(at)),
        EndDate::Missing => "missing".into(),
        EndDate::Unreadable(at) => format!("unreadable {}", place(at)),
    }
}

fn field(out: &mut String, name: &str, field: Option<&Field>) {
    if let Some(f) = field {
        line!(out, "  {name} {:?} {}", f.text, place(&f.at));
    }
}

fn decision(out: &mut String, d: &Decision) {
    let incomplete = if d.incomplete { " incomplete" } else { "" };
    line!(out, "\ndecision {} {:?}{incomplete} {}", d.id, d.status, place(&d.at));
    let (decided, from) = (day(d.decided_on), day(d.valid_from));
    line!(out, "  decided {decided} valid {from}..{}", end(&d.valid_to));
    for (name, f) in [
        ("diary", &d.diary),
        ("purpose", &d.purpose),
        ("orderer", &d.orderer),
        ("decided by", &d.decided_by),
        ("contact", &d.contact),
        ("internal", &d.internal_system),
        ("external", &d.external_system),
        ("traffic", &d.traffic_text),
        ("firewall", &d.firewall),
        ("rule", &d.rule),
    ] {
        field(out, name, f.as_ref());
    }
    let service = d.service.as_ref().map_or("not known".into(), sets::services);
    line!(out, "  service {service}");
    // Decisions name addresses only, so any device can lend its names.
    let nobody = Device::new("", "", SourceId(0));
    for t in &d.permits {
        line!(out, "  permits {}", sets::traffic(&nobody, t));
    }
}

fn system(out: &mut String, s: &System) {
    let addresses = s.addresses.as_ref().map_or("not known".into(), sets::addresses);
    let (gone, on) = (s.decommissioned, day(s.decommissioned_on));
    line!(
        out,
        "system {} {addresses} decommissioned {gone:?} {on} class {:?} {}",
        s.name,
        s.class,
        place(&s.at)
    );
    field(out, "owner", s.owner.as_ref());
}

fn ssid(out: &mut String, s: &SsidStandard) {
    let prefixes = s.prefixes.as_ref().map_or("not known".into(), sets::addresses);
    line!(
        out,
        "ssid {:?} vlan {:?} {prefixes} auth {:?} isolation {:?} {}",
        s.ssid,
        s.vlan,
        s.auth,
        s.isolation,
        place(&s.at)
    );
    field(out, "zone", s.zone.as_ref());
}

fn exception(out: &mut String, e: &Exception) {
    line!(out, "exception {} for {:?} to {} {}", e.id, e.object, end(&e.valid_to), place(&e.at));
    e.rules.iter().for_each(|r| field(out, "rule", Some(r)));
    field(out, "device", e.device.as_ref());
    field(out, "why", e.justification.as_ref());
    field(out, "approver", e.approver.as_ref());
    field(out, "evidence", e.evidence.as_ref());
}

fn ipsets(out: &mut String, file: &IpsetFile) {
    let mut names: Vec<&String> = file.sets.keys().collect();
    names.sort();
    let nobody = Device::new("", "", SourceId(0));
    for name in names {
        match &file.sets[name] {
            None => line!(out, "set {name} not modelled"),
            Some(IpsetContent::Addresses(a)) => line!(out, "set {name} {}", sets::addresses(a)),
            Some(IpsetContent::Tuples { dimensions, members }) => {
                line!(out, "set {name} {dimensions:?}");
                for t in members {
                    line!(out, "  {}", sets::traffic(&nobody, t));
                }
            }
        }
    }
}

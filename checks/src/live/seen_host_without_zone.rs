//! Host that answered and is in no zone: it can't be compared with anything.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portvakt_analysis::Audit;
use portvakt_analysis::observed::{OpenPort, UpHost};
use portvakt_model::{Location, Message, Role, Severity, ZoneId, ZoneKind};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8004",
    name: "seen-host-without-zone",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-6.5-1", "BASE-8.5", "BASE-0.1"],
    needs: &[Need::Observations, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Svarande värd som inte hör till någon zon",
        en: "Host that answers and is in no zone",
    },
    why: Message {
        sv: "Gränser, beslut och brandväggar gäller mellan zoner. En värd utanför alla zoner prövas inte mot något av dem, så att den inte nämns i övrigt betyder ingenting.",
        en: "Borders, decisions and firewalls are about zones. A host outside all of them is compared with none of that, so that nothing else is said of it means nothing.",
    },
    fix: Message {
        sv: "För in adresserna under en zon i portvakt.toml, egna publika adresser också.",
        en: "Enter the addresses under a zone in portvakt.toml, public ones of your own too.",
    },
    messages: &[&OUTSIDE, &TRANSLATED, &OUTER],
    run,
};

static OUTSIDE: Message = Message {
    sv: "Värdar med öppna portar hör inte till någon zon och går inte att jämföra med gränser, beslut och brandväggar. Antal: {count} ({hosts}).",
    en: "Hosts with open ports are in no zone and cannot be compared with borders, decisions and firewalls. Number: {count} ({hosts}).",
};

static TRANSLATED: Message = Message {
    sv: "Vart paket till svarande adresser översätts är inte entydigt, eller i ingen zon, så det går inte att jämföra med gränser, beslut och brandväggar. Antal: {count} ({hosts}).",
    en: "What packets to answering addresses are translated to is not one thing, or in no zone, so that it cannot be compared with borders, decisions and firewalls. Number: {count} ({hosts}).",
};

static OUTER: Message = Message {
    sv: "Utrustningens egna adresser svarar, och räknas till internet eftersom ingen zon har dem. Det som är öppet på dem går inte att jämföra med gränser och beslut. Antal: {count} ({hosts}).",
    en: "Addresses of devices themselves answer, and count as internet since no zone has them. What is open on them cannot be compared with borders and decisions. Number: {count} ({hosts}).",
};

/// Hosts that a finding names.
const NAMED: usize = 5;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let observed = audit.observed();
    if !observed.up.is_empty() {
        findings.judge_site();
    }
    let ports = || observed.open.iter().filter(|p| !p.host.address.is_loopback());
    let addresses = |of: &dyn Fn(&OpenPort<'_>) -> bool| -> BTreeSet<IpAddr> {
        ports().filter(|p| of(p)).map(|p| p.host.address).collect()
    };
    let in_zone = |p: &OpenPort<'_>| audit.zone_of(p.host.address).is_some();
    let outside = addresses(&|p| p.to.is_none() && !in_zone(p));
    let translated = addresses(&|p| p.to.is_none() && in_zone(p));
    let internet = |id: ZoneId| audit.site.zone(id).kind == ZoneKind::Internet;
    let is_outer = |host: &UpHost<'_>| host.is_device && host.zone.is_some_and(internet);
    let devices: BTreeSet<IpAddr> =
        observed.up.iter().filter(|h| is_outer(h)).map(|h| h.host.address).collect();
    let outer = addresses(&|p| p.to.is_some_and(internet) && devices.contains(&p.host.address));
    report(audit, ("zone", &OUTSIDE), &outside, findings);
    report(audit, ("outer", &OUTER), &outer, findings);
    report(audit, ("translation", &TRANSLATED), &translated, findings);
}

fn report(
    audit: &Audit<'_>,
    (key, message): (&str, &'static Message),
    hosts: &BTreeSet<IpAddr>,
    findings: &mut Findings<'_>,
) {
    let Some(first) = hosts.first() else { return };
    let mut names: Vec<String> = hosts.iter().take(NAMED).map(ToString::to_string).collect();
    if hosts.len() > NAMED {
        names.push("…".to_owned());
    }
    let draft = findings
        .cannot_tell(message, place(audit, *first))
        .number("count", hosts.len() as u32)
        .text("hosts", names.join(", "))
        .key(key);
    let told = hosts.iter().take(NAMED);
    told.fold(draft, |draft, host| {
        draft.related(Role::Observation, place(audit, *host), host.to_string())
    })
    .push();
}

/// Where a host stands in the result that saw it last.
fn place(audit: &Audit<'_>, address: IpAddr) -> Location {
    let observed = audit.observed();
    let up = observed.up.binary_search_by_key(&address, |h| h.host.address);
    up.map_or(Location::Site, |index| {
        observed.place(observed.run(observed.up[index].run).source, address, None)
    })
}

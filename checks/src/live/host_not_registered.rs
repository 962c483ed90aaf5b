//! Host that answers and stands in no row of the system register.

use std::collections::BTreeMap;

use portvakt_analysis::Audit;
use portvakt_analysis::observed::UpHost;
use portvakt_model::{Location, Message, Role, Severity, ZoneId, ZoneKind};

use super::sight;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8021",
    name: "host-not-registered",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-8.1-2", "MALMO-11.1-3", "MALMO21-FÖR-1", "BASE-8.3"],
    needs: &[Need::Observations, Need::Systems, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Värd som inte står i systemförteckningen",
        en: "Host that is not in the system register",
    },
    why: Message {
        sv: "En värd som ingen har fört in har ingen som svarar för den: ingen rättar den, och ingen saknar den.",
        en: "A host that nobody entered has nobody who answers for it: nobody patches it, and nobody misses it.",
    },
    fix: Message {
        sv: "För in värden med ägare i systemförteckningen, eller ta bort den från nätet.",
        en: "Enter the host with its owner in the system register, or take it off the network.",
    },
    messages: &[&MESSAGE, &SEVERAL],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} i {zone} svarar ({time}), men ingen rad i systemförteckningen har adressen.",
    en: "{host} in {zone} answers ({time}), but no row of the system register has its address.",
};

static SEVERAL: Message = Message {
    sv: "{count} värdar i {zone} svarar, men ingen rad i systemförteckningen har deras adresser: {hosts}.",
    en: "{count} hosts in {zone} answer, but no row of the system register has their addresses: {hosts}.",
};

/// Hosts of one zone that are told one by one; more of them are a finding together.
const ONE_BY_ONE: usize = 20;
/// Hosts that such a finding names.
const NAMED: usize = 5;

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let mut by_zone: BTreeMap<ZoneId, Vec<&UpHost<'_>>> = BTreeMap::new();
    for host in &audit.observed().up {
        findings.judge_site();
        let Some(zone) = host.zone.filter(|zone| is_ours(audit.site.zone(*zone).kind)) else {
            continue;
        };
        if host.system.is_none() && !host.is_device && !is_named(audit, host) {
            by_zone.entry(zone).or_default().push(host);
        }
    }
    for (zone, hosts) in by_zone {
        // Clients come and go: of them the sum tells more than each.
        let clients = audit.site.zone(zone).kind.is_client();
        if clients && hosts.len() > 1 || hosts.len() > ONE_BY_ONE {
            together(audit, zone, &hosts, findings);
        } else {
            for host in hosts {
                one(audit, zone, host, findings);
            }
        }
    }
}

/// Whether the machines of a zone are the municipality's.
fn is_ours(kind: ZoneKind) -> bool {
    !kind.is_untrusted() && kind != ZoneKind::Other
}

/// Whether a system is called as the host is.
fn is_named(audit: &Audit<'_>, host: &UpHost<'_>) -> bool {
    let same = |name: &String| {
        let first = name.split('.').next().unwrap_or_default();
        let mut systems = audit.tables.systems.iter().flatten();
        systems.any(|s| s.name.eq_ignore_ascii_case(name) || s.name.eq_ignore_ascii_case(first))
    };
    host.host.names.iter().any(same)
}

fn at(audit: &Audit<'_>, host: &UpHost<'_>) -> Location {
    let source = audit.observed().run(host.run).source;
    audit.observed().place(source, host.host.address, None)
}

fn one(audit: &Audit<'_>, zone: ZoneId, host: &UpHost<'_>, findings: &mut Findings<'_>) {
    let address = host.host.address.to_string();
    let named = host.host.names.first().map(|name| format!("{address} ({name})"));
    findings
        .violation(&MESSAGE, at(audit, host))
        .text("host", named.unwrap_or_else(|| address.clone()))
        .text("zone", &audit.site.zone(zone).name)
        .text("time", sight::made(audit.observed().run(host.run)))
        .related(Role::Observation, at(audit, host), sight::up(audit, host))
        .owner(audit.site.zone(zone).owner.clone())
        .key(address)
        .push();
}

fn together(audit: &Audit<'_>, zone: ZoneId, hosts: &[&UpHost<'_>], findings: &mut Findings<'_>) {
    let Some(first) = hosts.first() else { return };
    let mut names: Vec<String> =
        hosts.iter().take(NAMED).map(|h| h.host.address.to_string()).collect();
    if hosts.len() > NAMED {
        names.push("…".to_owned());
    }
    let draft = findings
        .violation(&SEVERAL, at(audit, first))
        .number("count", hosts.len() as u32)
        .text("zone", &audit.site.zone(zone).name)
        .text("hosts", names.join(", "))
        .owner(audit.site.zone(zone).owner.clone())
        .key(&audit.site.zone(zone).name);
    let seen = hosts.iter().take(NAMED);
    seen.fold(draft, |draft, host| {
        draft.related(Role::Observation, at(audit, host), sight::up(audit, host))
    })
    .push();
}

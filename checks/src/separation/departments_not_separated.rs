//! Networks of different departments reach each other without a decision.

use std::collections::BTreeSet;

use portvakt_analysis::flows::zones_at;
use portvakt_analysis::{Audit, Flow};
use portvakt_model::{Arg, DeviceZone, Message, Severity, ZoneId, ZoneKind};
use portvakt_space::Traffic;

use super::support::{self, Breach};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV4004",
    name: "departments-not-separated",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-4", "MALMO-11.6-2d", "MALMO-11.6-5", "BASE-4.2"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Förvaltningars nät är inte åtskilda",
        en: "Departments' networks are not separated",
    },
    why: Message {
        sv: "Förvaltningar och bolag ska kunna skiljas åt, så att ett intrång eller ett misstag hos en inte når de andra. Det som ändå behövs ska ha beslutats.",
        en: "Departments and companies are to be kept apart, so that an intrusion or a mistake at one does not reach the others. What is needed all the same is to be decided.",
    },
    fix: Message {
        sv: "Ta bort regeln eller begränsa den till det som behövs, och låt båda förvaltningarna besluta om det. FortiOS-zon: set intrazone deny.",
        en: "Remove the rule or limit it to what is needed, and let both departments decide on it. FortiOS zone: set intrazone deny.",
    },
    messages: &[&MESSAGE, &UNSURE, &NO_REGISTER, &ONE_ZONE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} släpper igenom {traffic} från {from} till {to}, som hör till olika förvaltningar, utan ett gällande beslut som täcker allt.",
    en: "{rule} on {device} lets {traffic} through from {from} to {to}, which belong to different departments, with no decision in force that covers all of it.",
};

static UNSURE: Message = Message {
    sv: "Om {rule} i {device} skiljer {from} från {to} går inte att avgöra: regeln är inte helt förstådd.",
    en: "Whether {rule} on {device} keeps {from} apart from {to} cannot be told: the rule is not wholly understood.",
};

static NO_REGISTER: Message = Message {
    sv: "{rule} i {device} släpper igenom {traffic} från {from} till {to}, som hör till olika förvaltningar. Om det är beslutat går inte att avgöra: inget register är inläst.",
    en: "{rule} on {device} lets {traffic} through from {from} to {to}, which belong to different departments. Whether that is decided cannot be told: no register was read.",
};

static ONE_ZONE: Message = Message {
    sv: "Zonen {zone} i {device} släpper fritt igenom trafik mellan sina gränssnitt {interfaces}, som leder till {names}: olika förvaltningar utan kontrollpunkt.",
    en: "Zone {zone} on {device} freely lets traffic through between its interfaces {interfaces}, which lead to {names}: different departments with no control point.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    support::judge_all(audit, findings);
    let between = |f: &Flow| {
        let users = |id| audit.site.zone(id).kind == ZoneKind::Users;
        // What nothing filters at all is said of the interface, once for all zones.
        let filtered = f.rule().is_some_and(|r| r.rule.is_some());
        let free = audit.site.border(f.from, f.to).is_some_and(|b| !b.decision);
        filtered
            && !free
            && users(f.from)
            && users(f.to)
            && support::owners(audit, f.from, f.to).is_some()
    };
    for breach in support::breaches(audit, between, &decided(audit)) {
        report(audit, &breach, findings);
    }
    for (device, model) in audit.devices() {
        for zone in model.zones.iter().filter(|z| z.intrazone == Some(true)) {
            within(audit, device, zone, findings);
        }
    }
}

/// What decisions in force permit.
fn decided(audit: &Audit<'_>) -> Vec<Traffic> {
    let all = audit.tables.decisions.iter().flatten();
    all.filter(|d| d.valid_on(audit.today)).flat_map(|d| d.permits.clone()).collect()
}

fn report(audit: &Audit<'_>, breach: &Breach, findings: &mut Findings<'_>) {
    if audit.tables.decisions.is_some() || !breach.certain {
        support::report(audit, findings, (&MESSAGE, &UNSURE), breach).push();
        return;
    }
    let undecided = Breach {
        certain: false,
        zones: breach.zones.clone(),
        traffic: breach.traffic.clone(),
        ..*breach
    };
    support::report(audit, findings, (&MESSAGE, &NO_REGISTER), &undecided).push();
}

/// A zone of the device itself whose members talk freely and belong to different owners.
fn within(audit: &Audit<'_>, device: u32, zone: &DeviceZone, findings: &mut Findings<'_>) {
    findings.judge(device);
    let is_owned = |id: &ZoneId| {
        let zone = audit.site.zone(*id);
        zone.kind != ZoneKind::Internet && zone.owner.is_some()
    };
    let led = zone.interfaces.iter().flat_map(|atom| zones_at(audit, device, *atom));
    let led: BTreeSet<ZoneId> = led.filter(is_owned).collect();
    let Some(first) = led.first().copied() else { return };
    if !led.iter().any(|id| support::owners(audit, first, *id).is_some()) {
        return;
    }
    let interfaces = &audit.devices[device as usize].interfaces;
    let names = zone.interfaces.iter().filter_map(|a| interfaces.get(*a)).map(|i| i.name.clone());
    findings
        .violation(&ONE_ZONE, audit.at(device, zone.line))
        .device(device)
        .text("zone", &zone.name)
        .arg("interfaces", Arg::Names(names.collect()))
        .arg("names", Arg::Names(audit.zone_names(led.iter().copied())))
        .owner(audit.site.zone(first).owner.clone())
        .key(format!("zone {}", zone.name))
        .push();
}

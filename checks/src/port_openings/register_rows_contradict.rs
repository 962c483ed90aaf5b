//! Rows that contradict each other, or themselves, about what is decommissioned.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_model::{Arg, Decision, EndDate, Message, Role, Severity, Status, System};
use portvakt_space::{AddrSet, Traffic};

use crate::{Check, Findings};

pub(crate) static CHECK: Check = Check {
    id: "PV1019",
    name: "register-rows-contradict",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-5", "BASE-1.4"],
    needs: &[],
    parameters: &[],
    title: Message {
        sv: "Rader i registret motsäger varandra om avveckling",
        en: "Register rows that contradict each other about decommissioning",
    },
    why: Message {
        sv: "Om samma öppning eller system är både avvecklat och i bruk går det inte att lita på registret: antingen står en öppning kvar i onödan, eller så stängs en som behövs.",
        en: "Where the same opening or system is both decommissioned and in use, the register cannot be relied on: either an opening remains for nothing, or one that is needed gets closed.",
    },
    fix: Message {
        sv: "Ta reda på vilken rad som stämmer och rätta den andra.",
        en: "Find out which row is right and mend the other.",
    },
    messages: &[&OPENINGS, &OPENING_ENDS, &SYSTEMS, &SYSTEM_ENDS],
    run,
};

static OPENINGS: Message = Message {
    sv: "Beslut {decision} står som avvecklat, men beslut {other}, som öppnar samma sak, gäller.",
    en: "Decision {decision} stands as decommissioned, but decision {other}, which opens the same, is in force.",
};

static OPENING_ENDS: Message = Message {
    sv: "Beslut {decision} står som avvecklat, men gäller till {date} enligt sitt slutdatum.",
    en: "Decision {decision} stands as decommissioned, but is valid until {date} by its end date.",
};

static SYSTEMS: Message = Message {
    sv: "Systemet {system} står som avvecklat på en rad och som i bruk på en annan.",
    en: "The system {system} stands as decommissioned in one row and as in use in another.",
};

static SYSTEM_ENDS: Message = Message {
    sv: "Systemet {system} står som avvecklat, men avvecklas först {date} enligt sitt datum.",
    en: "The system {system} stands as decommissioned, but is so only on {date} by its date.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let (decisions, systems) = (&audit.tables.decisions, &audit.tables.systems);
    if decisions.is_some() || systems.is_some() {
        findings.judge_site();
    }
    let all: Vec<&Decision> = decisions.iter().flatten().copied().collect();
    let mut in_force: HashMap<_, Vec<&Decision>> = HashMap::new();
    for decision in all.iter().filter(|d| d.valid_on(audit.today)) {
        in_force.entry(corner(decision)).or_default().push(decision);
    }
    for gone in all.iter().filter(|d| d.status == Status::Decommissioned) {
        let alike = in_force.get(&corner(gone)).map_or(&[][..], Vec::as_slice);
        decision(audit, findings, gone, alike);
    }
    let all: Vec<&System> = systems.iter().flatten().copied().collect();
    let mut in_use: HashMap<String, Vec<&System>> = HashMap::new();
    for system in all.iter().filter(|s| s.decommissioned == Some(false)) {
        in_use.entry(system.name.to_ascii_lowercase()).or_default().push(system);
    }
    for gone in all.iter().filter(|s| s.decommissioned == Some(true)) {
        let named = in_use.get(&gone.name.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        system(audit, findings, gone, named);
    }
}

/// The lowest addresses of what a decision opens: the same for all that open the same.
fn corner(decision: &Decision) -> Option<(IpAddr, IpAddr)> {
    let lowest = |side: fn(&Traffic) -> &AddrSet| {
        decision.permits.iter().filter_map(|t| Some(side(t).ranges().first()?.0)).min()
    };
    Some((lowest(|t| &t.dst)?, lowest(|t| &t.src)?))
}

/// `alike` are decisions in force that may open the same.
fn decision(audit: &Audit<'_>, findings: &mut Findings<'_>, gone: &Decision, alike: &[&Decision]) {
    if let Some(other) = alike.iter().find(|other| is_same(gone, other, audit.today)) {
        findings
            .violation(&OPENINGS, gone.at.clone())
            .text("decision", &gone.id)
            .text("other", &other.id)
            .related(Role::Decision, other.at.clone(), &other.id)
            .key(format!("{} {}", gone.id, other.id))
            .push();
    } else if let EndDate::On(end, at) = &gone.valid_to
        && *end >= audit.today
    {
        findings
            .violation(&OPENING_ENDS, at.clone())
            .text("decision", &gone.id)
            .arg("date", Arg::Date(*end))
            .key(&gone.id)
            .push();
    }
}

/// Whether two decisions open the same. One that began after the other had ended is a new one.
fn is_same(gone: &Decision, other: &Decision, today: Date) -> bool {
    let began = other.valid_from.or(other.decided_on);
    let follows = matches!(
        (&gone.valid_to, began),
        (EndDate::On(end, _), Some(from)) if *end < from && *end < today
    );
    let within = |a: &[Traffic], b: &[Traffic]| a.iter().all(|t| b.iter().any(|u| t.is_subset(u)));
    !follows
        && !gone.permits.is_empty()
        && within(&gone.permits, &other.permits)
        && within(&other.permits, &gone.permits)
}

/// `in_use` are systems of its name.
fn system(audit: &Audit<'_>, findings: &mut Findings<'_>, gone: &System, in_use: &[&System]) {
    let later = gone.decommissioned_on.filter(|on| *on > audit.today);
    if let Some(on) = later.filter(|_| gone.stated_gone) {
        let draft = findings.violation(&SYSTEM_ENDS, gone.at.clone());
        draft
            .text("system", &gone.name)
            .arg("date", Arg::Date(on))
            .owner(gone.owner.as_ref().map(|owner| owner.text.clone()))
            .key(format!("{} date", gone.name))
            .push();
    }
    if later.is_some() && !gone.stated_gone {
        return;
    }
    if let Some(other) = in_use.iter().find(|other| !are_apart(gone, other)) {
        findings
            .violation(&SYSTEMS, gone.at.clone())
            .text("system", &gone.name)
            .related(Role::Definition, other.at.clone(), &other.name)
            .owner(gone.owner.as_ref().map(|owner| owner.text.clone()))
            .key(&gone.name)
            .push();
    }
}

/// Whether two systems of one name share no address, and so are two.
fn are_apart(one: &System, other: &System) -> bool {
    match (&one.addresses, &other.addresses) {
        (Some(own), Some(others)) => !own.overlaps(others),
        _ => false,
    }
}

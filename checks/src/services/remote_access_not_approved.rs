//! Remote access from outside that is not an approved solution, or of which that cannot be told.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Severity, ZoneKind};
use portvakt_space::{Budget, TCP, Traffic, UDP, difference};

use super::support::{self, Hit, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5007",
    name: "remote-access-not-approved",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.5-2", "BASE-7.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Fjärråtkomst utifrån är inte en godkänd åtkomstlösning",
        en: "Remote access from outside is not an approved access solution",
    },
    why: Message {
        sv: "Den som kommer utifrån ska komma genom en godkänd åtkomstlösning. Varje annan väg in är en som ingen har prövat.",
        en: "Whoever comes from outside must come by an approved access solution. Every other way in is one that nobody has examined.",
    },
    fix: Message {
        sv: "Stäng vägen, eller få den godkänd och skriv in den under approved_access i portvakt.toml.",
        en: "Close the way in, or have it approved and enter it under approved_access in portvakt.toml.",
    },
    messages: &[&MESSAGE, &UNSURE, &NO_LIST],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) släpper in {service} från {from} till {to}: {traffic}. Det är ingen godkänd åtkomstlösning.",
    en: "{rule} on {device} ({list}) lets {service} in from {from} to {to}: {traffic}. That is no approved access solution.",
};

static UNSURE: Message = Message {
    sv: "{rule} i {device} ({list}) kan släppa in {service} från {from} till {to} utöver de godkända åtkomstlösningarna; allt i regeln kan inte avgöras.",
    en: "{rule} on {device} ({list}) may let {service} in from {from} to {to} beyond the approved access solutions; not all of the rule can be told.",
};

static NO_LIST: Message = Message {
    sv: "{rule} i {device} ({list}) släpper in {service} från {from} till {to}. Om det är en godkänd åtkomstlösning går inte att avgöra: ingen förteckning över sådana är inläst.",
    en: "{rule} on {device} ({list}) lets {service} in from {from} to {to}. Whether that is an approved access solution cannot be told: no list of those was read.",
};

/// Ways to a desktop, a command line or into the network (IANA service names and vendors' defaults).
const SERVICES: &[Named] = &[
    Named { name: "SSH", proto: TCP, ports: (22, 22) },
    Named { name: "Telnet", proto: TCP, ports: (23, 23) },
    Named { name: "IKE", proto: UDP, ports: (500, 500) },
    Named { name: "OpenVPN", proto: UDP, ports: (1194, 1194) },
    Named { name: "Citrix", proto: TCP, ports: (1494, 1494) },
    Named { name: "L2TP", proto: UDP, ports: (1701, 1701) },
    Named { name: "PPTP", proto: TCP, ports: (1723, 1723) },
    Named { name: "Citrix", proto: TCP, ports: (2598, 2598) },
    Named { name: "RDP", proto: TCP, ports: (3389, 3389) },
    Named { name: "IPsec NAT-T", proto: UDP, ports: (4500, 4500) },
    Named { name: "VNC", proto: TCP, ports: (5900, 5909) },
    Named { name: "WireGuard", proto: UDP, ports: (51820, 51820) },
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let outside = |kind: ZoneKind| matches!(kind, ZoneKind::Internet | ZoneKind::Other);
    for mut hit in support::hits(audit, findings, SERVICES, outside) {
        hit.flows.retain(|f| !outside(audit.site.zone(f.to).kind));
        if !hit.flows.is_empty() {
            report(audit, &hit, findings);
        }
    }
}

fn report(audit: &Audit<'_>, hit: &Hit<'_>, findings: &mut Findings<'_>) {
    let place = support::place(audit, hit);
    let Some(approved) = &audit.site.approved_access else {
        let draft = findings.cannot_tell(&NO_LIST, place);
        return support::describe(audit, draft, hit).push();
    };
    let beyond = |certain: bool| {
        let flows = hit.flows.iter().filter(|f| f.certain == certain);
        let passing: Vec<Traffic> = flows.map(|f| f.traffic.clone()).collect();
        difference(&passing, approved, Budget::default())
    };
    let (sure, unsure) = (beyond(true), beyond(false));
    if let Some(first) = sure.parts.first() {
        let witness = audit.witness(hit.device, first, Some(hit.rule), true);
        let draft = support::describe(audit, findings.violation(&MESSAGE, place), hit);
        draft.arg("traffic", Arg::Traffic(audit.shown(&sure.parts))).witness(witness).push();
    } else if !sure.is_empty() || !unsure.is_empty() {
        support::describe(audit, findings.cannot_tell(&UNSURE, place), hit).push();
    }
}

//! Remote access from outside, which nothing that was read says is an approved solution.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, ZoneKind};
use portvakt_space::{TCP, UDP};

use super::support::{self, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5007",
    name: "remote-access-without-register",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.5-2", "BASE-7.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Fjärråtkomst utifrån: om den är godkänd syns inte",
        en: "Remote access from outside: whether it is approved cannot be seen",
    },
    why: Message {
        sv: "Den som kommer utifrån ska komma genom en godkänd åtkomstlösning. Vilka de är står i en förteckning som portvakt inte läser.",
        en: "Whoever comes from outside must come by an approved access solution. Which those are stands in a list that portvakt does not read.",
    },
    fix: Message {
        sv: "Jämför med förteckningen över godkända åtkomstlösningar. Stäng det som inte står där.",
        en: "Compare it with the list of approved access solutions. Close what is not there.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
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
            let draft = findings.cannot_tell(&MESSAGE, support::place(audit, &hit));
            support::describe(audit, draft, &hit).push();
        }
    }
}

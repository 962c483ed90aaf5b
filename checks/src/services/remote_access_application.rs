//! Remote-access application is open.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};
use portvakt_space::TCP;

use super::support::{self, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5003",
    name: "remote-access-application",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.8-2", "MALMO-12.5-2", "MALMO-12.8-1", "BASE-7.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Program för fjärrstyrning är öppet",
        en: "Remote-access application is open",
    },
    why: Message {
        sv: "Fjärrstyrningsprogram går förbi den fjärråtkomst som kommunen har beslutat, och lämnar över datorn till den som har koden.",
        en: "Remote-control programs bypass the remote access that the municipality has decided on, and hand the machine to whoever has the code.",
    },
    fix: Message {
        sv: "Stäng tjänsten, och använd den beslutade lösningen för fjärråtkomst.",
        en: "Close the service, and use the decided solution for remote access.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) öppnar {service} från {from} till {to}.",
    en: "{rule} on {device} ({list}) opens {service} from {from} to {to}.",
};

/// Ports that remote-control programs use by themselves (vendors' firewall guides).
const SERVICES: &[Named] = &[
    Named { name: "TeamViewer", proto: TCP, ports: (5938, 5938) },
    Named { name: "AnyDesk", proto: TCP, ports: (7070, 7070) },
    Named { name: "Splashtop", proto: TCP, ports: (6783, 6785) },
    Named { name: "RustDesk", proto: TCP, ports: (21115, 21119) },
    Named { name: "ScreenConnect", proto: TCP, ports: (8040, 8041) },
    Named { name: "Radmin", proto: TCP, ports: (4899, 4899) },
    Named { name: "pcAnywhere", proto: TCP, ports: (5631, 5631) },
    Named { name: "X11", proto: TCP, ports: (6000, 6009) },
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for hit in support::hits(audit, findings, SERVICES, |_| true).into_iter().filter(|h| h.certain)
    {
        let draft = findings.violation(&MESSAGE, support::place(audit, &hit));
        support::describe(audit, draft, &hit).push();
    }
}

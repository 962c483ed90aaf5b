//! Management protocol open from client networks.

use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, Severity, ZoneKind};
use portvakt_space::{TCP, UDP};

use super::support::{self, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5004",
    name: "management-protocol-from-clients",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.6-1", "MALMO-12.6-5", "MALMO-12.5-2", "MALMO-13.1-7", "BASE-5.2"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Administrationsprotokoll öppet från klientnät",
        en: "Management protocol open from client networks",
    },
    why: Message {
        sv: "Administration ska ske från ett eget nät. Från användares, besökares och internets nät är varje sådan tjänst ett mål.",
        en: "Administration is done from a network of its own. From the networks of users, visitors and the internet every such service is a target.",
    },
    fix: Message {
        sv: "Begränsa källan till administratörernas nät, eller besluta om öppningen.",
        en: "Limit the source to the network of the administrators, or decide on the opening.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) öppnar {service} från {from} till {to}, utan beslut.",
    en: "{rule} on {device} ({list}) opens {service} from {from} to {to}, with no decision.",
};

/// Protocols that machines are administered by (IANA service names).
const SERVICES: &[Named] = &[
    Named { name: "SSH", proto: TCP, ports: (22, 22) },
    Named { name: "SNMP", proto: UDP, ports: (161, 161) },
    Named { name: "IPMI", proto: UDP, ports: (623, 623) },
    Named { name: "RDP", proto: TCP, ports: (3389, 3389) },
    Named { name: "WinRM", proto: TCP, ports: (5985, 5986) },
    Named { name: "Proxmox", proto: TCP, ports: (8006, 8006) },
    Named { name: "Webmin", proto: TCP, ports: (10000, 10000) },
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let client = |kind: ZoneKind| kind.is_client() || kind.is_untrusted();
    let decided = |hit: &support::Hit<'_>| {
        let own = audit.openings().of(hit.device, hit.rule);
        own.iter().any(|o| o.standing == OpeningStanding::Documented)
    };
    let hits = support::hits(audit, findings, SERVICES, client);
    for hit in hits.into_iter().filter(|h| h.certain && !decided(h)) {
        let outside = hit.flows.iter().any(|f| audit.site.zone(f.from).kind.is_untrusted());
        let draft = findings.violation(&MESSAGE, support::place(audit, &hit));
        let severity = if outside { Severity::High } else { Severity::Medium };
        support::describe(audit, draft, &hit).severity(severity).push();
    }
}

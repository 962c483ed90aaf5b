//! File sharing open towards the internet or visitors.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};
use portvakt_space::{TCP, UDP};

use super::support::{self, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5005",
    name: "file-sharing-across-the-edge",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-11.6-2b", "MALMO-13.1-7", "BASE-7.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Fildelning öppen mot internet eller besökare",
        en: "File sharing open towards the internet or visitors",
    },
    why: Message {
        sv: "Fildelning är gjord för det egna nätet. Mot internet läcker den inloggningar och sprider utpressningsprogram.",
        en: "File sharing is made for the inner network. Towards the internet it leaks logins and spreads ransomware.",
    },
    fix: Message {
        sv: "Stäng tjänsten mot internet och besökare.",
        en: "Close the service towards the internet and visitors.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) öppnar {service} från {from} till {to}.",
    en: "{rule} on {device} ({list}) opens {service} from {from} to {to}.",
};

/// File sharing and what belongs to it (IANA service names).
const SERVICES: &[Named] = &[
    Named { name: "RPC", proto: TCP, ports: (135, 135) },
    Named { name: "NetBIOS", proto: UDP, ports: (137, 138) },
    Named { name: "NetBIOS", proto: TCP, ports: (139, 139) },
    Named { name: "SMB", proto: TCP, ports: (445, 445) },
    Named { name: "NFS", proto: TCP, ports: (2049, 2049) },
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let hits = support::hits(audit, findings, SERVICES, |_| true);
    for mut hit in hits.into_iter().filter(|h| h.certain) {
        hit.flows.retain(|f| {
            audit.site.zone(f.from).kind.is_untrusted() || audit.site.zone(f.to).kind.is_untrusted()
        });
        if !hit.flows.is_empty() {
            let draft = findings.violation(&MESSAGE, support::place(audit, &hit));
            support::describe(audit, draft, &hit).push();
        }
    }
}

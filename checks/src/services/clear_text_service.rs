//! Clear-text service with login is open.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, ZoneKind};
use portvakt_space::{TCP, UDP};

use super::support::{self, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5001",
    name: "clear-text-service",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.1-5", "MALMO-8.3-1", "MALMO-11.10-1", "STHLM-ÄGA-3", "BASE-5.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Klartexttjänst med inloggning är öppen",
        en: "Clear-text service with login is open",
    },
    why: Message {
        sv: "Användarnamn och lösenord går läsbara över nätet.",
        en: "User names and passwords cross the network readable.",
    },
    fix: Message {
        sv: "Byt till en krypterad tjänst (SFTP, SSH, LDAPS, SNMPv3) och stäng den här.",
        en: "Change to an encrypted service (SFTP, SSH, LDAPS, SNMPv3) and close this one.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) öppnar {service} i klartext från {from} till {to}.",
    en: "{rule} on {device} ({list}) opens {service} in clear text from {from} to {to}.",
};

/// Services that ask for a login and cannot encrypt it (IANA service names).
const SERVICES: &[Named] = &[
    Named { name: "FTP", proto: TCP, ports: (21, 21) },
    Named { name: "Telnet", proto: TCP, ports: (23, 23) },
    Named { name: "TFTP", proto: UDP, ports: (69, 69) },
    Named { name: "rexec, rlogin, rsh", proto: TCP, ports: (512, 514) },
    Named { name: "VNC", proto: TCP, ports: (5900, 5909) },
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for hit in support::hits(audit, findings, SERVICES, |_| true) {
        let outside = hit.flows.iter().any(|f| {
            matches!(audit.site.zone(f.from).kind, k if k.is_untrusted() || k == ZoneKind::Other)
        });
        let draft = support::describe(
            audit,
            findings.violation(&MESSAGE, support::place(audit, &hit)),
            &hit,
        );
        draft.severity(if outside { Severity::Critical } else { Severity::High }).push();
    }
}

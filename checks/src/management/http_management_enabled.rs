//! A device can be administered by HTTP in clear text.

use portvakt_analysis::Audit;
use portvakt_model::{Message, MgmtProtocol, Severity};

use super::support::offered;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6002",
    name: "http-management-enabled",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.1-5", "MALMO-11.6-1", "BASE-5.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Administration över okrypterad HTTP",
        en: "Administration over unencrypted HTTP",
    },
    why: Message {
        sv: "HTTP skickar inloggningen och hela sessionen i klartext. Den som kan avlyssna nätet \
             kan läsa lösenordet eller ta över sessionen.",
        en: "HTTP sends the login and the whole session in clear text. Whoever can listen on the \
             network can read the password or take over the session.",
    },
    fix: Message {
        sv: "Slå av HTTP och administrera över HTTPS eller SSH. Cisco IOS: \
             no ip http server. FortiOS: ta bort http ur allowaccess.",
        en: "Turn HTTP off and administer over HTTPS or SSH. Cisco IOS: no ip http server. FortiOS: \
             take http out of allowaccess.",
    },
    messages: &[&ON_INTERFACE, &EVERYWHERE],
    run,
};

static ON_INTERFACE: Message = Message {
    sv: "{device} kan administreras över HTTP på gränssnittet {interface}; lösenord går i klartext.",
    en: "{device} can be administered over HTTP on interface {interface}; passwords cross the \
         network in clear text.",
};

static EVERYWHERE: Message = Message {
    sv: "{device} kan administreras över HTTP på alla gränssnitt; lösenord går i klartext.",
    en: "{device} can be administered over HTTP on every interface; passwords cross the network \
         in clear text.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices().filter(|(_, d)| d.management.is_some()) {
        findings.judge(index);
        for (interface, line) in offered(device, MgmtProtocol::Http) {
            let message = if interface.is_some() { &ON_INTERFACE } else { &EVERYWHERE };
            let name = interface.unwrap_or("*");
            findings
                .violation(message, audit.at(index, line))
                .device(index)
                .text("interface", name)
                .key(name)
                .push();
        }
    }
}

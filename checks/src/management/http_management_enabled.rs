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
    messages: &[&ON_INTERFACE, &EVERYWHERE, &REDIRECTED],
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

static REDIRECTED: Message = Message {
    sv: "{device} svarar på HTTP på gränssnittet {interface} och skickar vidare till HTTPS; den som \
         sitter på vägen kan skicka någon annanstans.",
    en: "{device} answers to HTTP on interface {interface} and sends on to HTTPS; whoever sits on the \
         way can send elsewhere.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        let Some(management) = &device.management else { continue };
        findings.judge(index);
        let redirected = management.http_redirect.as_ref().is_some_and(|fact| fact.value);
        for (interface, line) in offered(device, MgmtProtocol::Http) {
            let message = match interface {
                _ if redirected => &REDIRECTED,
                Some(_) => &ON_INTERFACE,
                None => &EVERYWHERE,
            };
            let name = interface.unwrap_or("*");
            findings
                .violation(message, audit.at(index, line))
                .device(index)
                .text("interface", name)
                .severity(if redirected { Severity::Low } else { CHECK.severity })
                .key(name)
                .push();
        }
    }
}

//! A device can be administered by Telnet.

use portvakt_analysis::Audit;
use portvakt_model::{LineKind, Management, Message, MgmtProtocol, Severity, Transport};

use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6001",
    name: "telnet-enabled",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.1-5", "MALMO-11.6-1", "BASE-5.1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Telnet är påslaget", en: "Telnet is enabled" },
    why: Message {
        sv: "Telnet skickar användarnamn, lösenord och allt som skrivs i klartext. Den som kan \
             avlyssna nätet kan ta över utrustningen.",
        en: "Telnet sends user names, passwords and everything typed in clear text. Whoever can \
             listen on the network can take over the device.",
    },
    fix: Message {
        sv: "Slå av Telnet och använd SSH version 2.",
        en: "Turn Telnet off and use SSH version 2.",
    },
    messages: &[&ON_LINE, &ON_SERVICE],
    run,
};

static ON_LINE: Message = Message {
    sv: "{device} tar emot Telnet på {line}; lösenord går i klartext.",
    en: "{device} accepts Telnet on {line}; passwords cross the network in clear text.",
};

static ON_SERVICE: Message = Message {
    sv: "{device} svarar på Telnet på gränssnittet {interface}; lösenord går i klartext.",
    en: "{device} answers to Telnet on interface {interface}; passwords cross the network in clear text.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        if let Some(management) = &device.management {
            findings.judge(index);
            lines(audit, index, management, findings);
            services(audit, index, management, findings);
        }
    }
}

fn lines(audit: &Audit<'_>, device: u32, management: &Management, findings: &mut Findings<'_>) {
    let telnet = |t: &Transport| *t == Transport::Telnet;
    for line in &management.lines {
        if line.kind == LineKind::Remote && line.transports.iter().any(telnet) {
            findings
                .violation(&ON_LINE, audit.at(device, line.line))
                .device(device)
                .text("line", &line.name)
                .key(&line.name)
                .push();
        }
    }
}

fn services(audit: &Audit<'_>, device: u32, management: &Management, findings: &mut Findings<'_>) {
    let interfaces = &audit.devices[device as usize].interfaces;
    for service in management.services.iter().filter(|s| s.protocol == MgmtProtocol::Telnet) {
        let name = service.interface.and_then(|atom| interfaces.get(atom));
        let name = name.map_or("*", |i| i.name.as_str());
        findings
            .violation(&ON_SERVICE, audit.at(device, service.line))
            .device(device)
            .text("interface", name)
            .key(name)
            .push();
    }
}

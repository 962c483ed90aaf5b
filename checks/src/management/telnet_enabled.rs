//! A device can be administered by Telnet.

use std::collections::BTreeSet;

use portvakt_analysis::Audit;
use portvakt_model::{
    AccessLine, LineKind, Management, Message, MgmtProtocol, Severity, Transport,
};

use super::support::offered;
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
    messages: &[&ON_LINE, &ON_SERVICE, &EVERYWHERE],
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

static EVERYWHERE: Message = Message {
    sv: "{device} svarar på Telnet på alla gränssnitt; lösenord går i klartext.",
    en: "{device} answers to Telnet on every interface; passwords cross the network in clear text.",
};

/// Where the export names interfaces they tell most; otherwise its lines do.
fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (index, device) in audit.devices() {
        let Some(management) = &device.management else { continue };
        findings.judge(index);
        let services = offered(device, MgmtProtocol::Telnet);
        let lines = lines(management);
        if services.keys().any(Option::is_some) || lines.is_empty() {
            for (interface, line) in services {
                on_service(audit, index, interface, line, findings);
            }
        } else {
            let blocks = Blocks::new(management);
            for line in lines {
                on_line(audit, index, line, blocks.setting(line), findings);
            }
        }
    }
}

fn lines(management: &Management) -> Vec<&AccessLine> {
    let takes =
        |l: &&AccessLine| l.kind == LineKind::Remote && l.transports.contains(&Transport::Telnet);
    management.lines.iter().filter(takes).collect()
}

fn on_line(
    audit: &Audit<'_>,
    device: u32,
    line: &AccessLine,
    at: u32,
    findings: &mut Findings<'_>,
) {
    findings
        .violation(&ON_LINE, audit.at(device, at))
        .device(device)
        .text("line", &line.name)
        .key(&line.name)
        .push();
}

/// Where the blocks of lines begin, and where Telnet is let in.
struct Blocks {
    starts: BTreeSet<u32>,
    telnet: BTreeSet<u32>,
}

impl Blocks {
    fn new(management: &Management) -> Self {
        let telnet = management.services.iter().filter(|s| s.protocol == MgmtProtocol::Telnet);
        Self {
            starts: management.lines.iter().map(|l| l.line).collect(),
            telnet: telnet.map(|s| s.line).collect(),
        }
    }

    /// The setting that lets Telnet in, within the block of the line; the block where none does.
    fn setting(&self, line: &AccessLine) -> u32 {
        let next =
            self.starts.range(line.line.saturating_add(1)..).next().copied().unwrap_or(u32::MAX);
        self.telnet.range(line.line..next).next().copied().unwrap_or(line.line)
    }
}

fn on_service(
    audit: &Audit<'_>,
    device: u32,
    interface: Option<&str>,
    line: u32,
    findings: &mut Findings<'_>,
) {
    let message = if interface.is_some() { &ON_SERVICE } else { &EVERYWHERE };
    let name = interface.unwrap_or("*");
    findings
        .violation(message, audit.at(device, line))
        .device(device)
        .text("interface", name)
        .key(name)
        .push();
}

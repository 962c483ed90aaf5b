//! SSH version 1.

use portvakt_analysis::Audit;
use portvakt_model::{Management, Message, MgmtProtocol, Severity, Transport};

use super::support::{self, basis, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6017",
    name: "ssh-version-1",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "SSH version 1 är tillåten", en: "SSH version 1 is allowed" },
    why: Message {
        sv: "SSH version 1 har kända fel i protokollet: sessioner kan läsas och ändras på vägen. \
             Version 2 (RFC 4251) har ersatt den sedan 2006.",
        en: "SSH version 1 has known faults in the protocol: sessions can be read and changed on \
             the way. Version 2 (RFC 4251) replaced it in 2006.",
    },
    fix: Message {
        sv: "Tillåt bara version 2. Cisco: ip ssh version 2 (IOS), ssh version 2 (ASA).",
        en: "Allow only version 2. Cisco: ip ssh version 2 (IOS), ssh version 2 (ASA).",
    },
    messages: &[&MESSAGE, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tar emot SSH version 1{basis}.",
    en: "{device} accepts SSH version 1{basis}.",
};

static WHAT: Message =
    Message { sv: "vilka versioner av SSH som tas emot", en: "which versions of SSH are accepted" };

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit).filter(|(_, m)| offers_ssh(m)) {
        findings.judge(device);
        match &management.ssh_versions {
            None => support::not_told(audit, findings, device, &WHAT),
            Some(versions) if versions.value.contains(&1) => findings
                .violation(&MESSAGE, place(audit, device, versions))
                .device(device)
                .arg("basis", basis(versions))
                .push(),
            Some(_) => {}
        }
    }
}

fn offers_ssh(management: &Management) -> bool {
    management.services.iter().any(|s| s.protocol == MgmtProtocol::Ssh)
        || management.lines.iter().any(|l| l.transports.contains(&Transport::Ssh))
}

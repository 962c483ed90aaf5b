//! Logs cross zones as unencrypted datagrams.

use std::net::IpAddr;

use portvakt_analysis::Audit;
use portvakt_model::{LogTarget, Message, Prefix, Severity};

use super::support::{Named, first_line, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6033",
    name: "log-in-clear",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.12-5", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Loggar skickas i klartext över UDP",
        en: "Logs are sent in clear over UDP",
    },
    why: Message {
        sv: "Syslog över UDP (RFC 5426) kan läsas, förfalskas och tappas bort utan att någon \
             märker det.",
        en: "Syslog over UDP (RFC 5426) can be read, forged and lost without anyone noticing.",
    },
    fix: Message {
        sv: "Skicka loggarna över TLS (RFC 5425), eller åtminstone TCP.",
        en: "Send the logs over TLS (RFC 5425), or at least TCP.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} skickar loggar till {servers} i klartext över UDP, ut ur sitt eget nät.",
    en: "{device} sends logs to {servers} in clear over UDP, out of its own network.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit).filter(|(_, m)| !m.log_targets.is_empty()) {
        findings.judge(device);
        let open = management.log_targets.iter().filter(|t| is_open(audit, device, t));
        let open: Vec<Named> = open.map(|t| (t.line, t.target.clone())).collect();
        if !open.is_empty() {
            let at = audit.at(device, first_line(&open));
            let draft = findings.violation(&MESSAGE, at).device(device);
            name_all(draft, audit, device, "servers", &open).push();
        }
    }
}

fn is_open(audit: &Audit<'_>, device: u32, target: &LogTarget) -> bool {
    target.datagrams == Some(true)
        && target.encrypted != Some(true)
        && !is_in_own_zone(audit, device, &target.target)
}

/// Whether the receiver stands in a zone that the device has an address in, or on a network of its own.
fn is_in_own_zone(audit: &Audit<'_>, device: u32, server: &str) -> bool {
    let Ok(address) = server.parse::<IpAddr>() else { return false };
    let model = &audit.devices[device as usize];
    let own = audit.own_addresses(device);
    let networks = model.interfaces.all().iter().flat_map(|i| &i.addresses);
    audit.zone_addresses().iter().any(|zone| zone.contains(address) && zone.overlaps(own))
        || networks.map(Prefix::network).any(|network| network.contains(address))
}

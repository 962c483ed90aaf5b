//! Time from outside the municipality's network, without authentication.

use std::net::IpAddr;

use portvakt_analysis::Audit;
use portvakt_model::{Management, Message, NtpServer, Severity};
use portvakt_space::AddrSet;

use super::support::{Named, first_line, is_listed, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6007",
    name: "ntp-unauthenticated",
    aliases: &[],
    severity: Severity::Low,
    serves: &["MALMO-11.6-1", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Tid utifrån utan autentisering",
        en: "Time from outside without authentication",
    },
    why: Message {
        sv: "NTP utan autentisering (RFC 5905, RFC 8915) kan förfalskas av vem som helst på \
             vägen. Inom kommunens eget nät är det godtagbart, över andras nät inte.",
        en: "NTP without authentication (RFC 5905, RFC 8915) can be forged by anyone on the way. \
             Within the municipality's own network that is acceptable, across others' it is not.",
    },
    fix: Message {
        sv: "Använd en tidsserver i det egna nätet, eller slå på autentisering (nyckel eller NTS).",
        en: "Use a time server in the own network, or turn on authentication (key or NTS).",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} hämtar tid från {servers} utanför kommunens nät, utan autentisering.",
    en: "{device} takes its time from {servers} outside the municipality's network, without \
         authentication.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit).filter(|(_, m)| !m.ntp.is_empty()) {
        findings.judge(device);
        let open = unauthenticated(audit, management);
        if !open.is_empty() {
            let at = audit.at(device, first_line(&open));
            let draft = findings.violation(&MESSAGE, at).device(device);
            name_all(draft, audit, device, "servers", &open).key("outside").push();
        }
    }
}

/// Servers that are not the municipality's at all are left to the check on foreign time servers.
fn unauthenticated(audit: &Audit<'_>, management: &Management) -> Vec<Named> {
    let allowed = |n: &&NtpServer| {
        audit.site.ntp_servers.as_ref().is_none_or(|own| is_listed(&n.server, own))
    };
    let outside = |n: &&NtpServer| !n.authenticated && !is_inside(audit, &n.server);
    let open = management.ntp.iter().filter(allowed).filter(outside);
    open.map(|n| (n.line, n.server.clone())).collect()
}

/// Whether a server is in the municipality's network. What a name leads to is not known; it then
/// counts as outside.
fn is_inside(audit: &Audit<'_>, server: &str) -> bool {
    let Ok(address) = server.parse::<IpAddr>() else { return false };
    audit.site.own_prefixes.contains(address) || private().contains(address)
}

/// Addresses that no other network routes (RFC 1918, RFC 4193).
fn private() -> AddrSet {
    let prefixes: [(IpAddr, u8); 4] = [
        ([10, 0, 0, 0].into(), 8),
        ([172, 16, 0, 0].into(), 12),
        ([192, 168, 0, 0].into(), 16),
        ([0xfc00, 0, 0, 0, 0, 0, 0, 0].into(), 7),
    ];
    prefixes.into_iter().map(|(addr, len)| AddrSet::prefix(addr, len)).collect()
}

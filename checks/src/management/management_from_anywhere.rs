//! The device can be administered from any address, or from zones that have no business there.

use portvakt_analysis::Audit;
use portvakt_model::{
    AccessLine, Account, Arg, LineKind, Management, Message, MgmtProtocol, MgmtService, Severity,
};
use portvakt_space::{AddrSet, Family};

use super::support::{Named, first_line, is_for_administration, managed, name_all};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6027",
    name: "management-from-anywhere",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.6-1", "BASE-5.2"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Administration från vilken adress som helst",
        en: "Administration from any address",
    },
    why: Message {
        sv: "Om inloggningen bara svarar på förvaltningsnätet för utrustning räcker det inte att \
             ha ett stulet lösenord.",
        en: "If the login answers only to the management network, a stolen password alone is not \
             enough.",
    },
    fix: Message {
        sv: "Begränsa till de adresser som administrerar. Cisco IOS: access-class in, för IPv4 och \
             IPv6. FortiOS: trusthost på varje konto. ASA: ssh och http med snäva nät.",
        en: "Limit it to the addresses that administer. Cisco IOS: access-class in, for IPv4 and \
             IPv6. FortiOS: trusthost on every account. ASA: ssh and http with narrow networks.",
    },
    messages: &[&ON_LINES, &ON_SERVICES, &BY_ACCOUNTS, &FROM_ZONES, &ACCOUNT_FROM_ZONES],
    run,
};

static ON_LINES: Message = Message {
    sv: "{device} begränsar inte varifrån man loggar in på {lines}: {family} släpps fram.",
    en: "{device} does not limit where logins to {lines} come from: {family} may connect.",
};

static ON_SERVICES: Message = Message {
    sv: "{device} begränsar inte varifrån {services} används: {family} släpps fram.",
    en: "{device} does not limit where {services} is used from: {family} may connect.",
};

static BY_ACCOUNTS: Message = Message {
    sv: "{device} begränsar inte varifrån {accounts} får logga in; andra konton har betrodda \
         adresser.",
    en: "{device} does not limit where {accounts} may log in from; other accounts have trusted \
         hosts.",
};

static FROM_ZONES: Message = Message {
    sv: "{device} tar emot {services} från {zones}, som inte hör till administrationen.",
    en: "{device} accepts {services} from {zones}, which does not belong to administration.",
};

static ACCOUNT_FROM_ZONES: Message = Message {
    sv: "{device} låter {account} logga in från {zones}, som inte hör till administrationen.",
    en: "{device} lets {account} log in from {zones}, which does not belong to administration.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit) {
        let services = services(management);
        let lines = lines(management);
        let nothing = services.is_empty() && lines.is_empty() && management.accounts.is_empty();
        if nothing || is_by_account(audit, device) && management.accounts.is_empty() {
            continue;
        }
        findings.judge(device);
        if management.accounts.iter().any(|a| a.trusted_hosts.is_some()) {
            by_accounts(audit, device, management, findings);
            continue;
        }
        if lines.is_empty() {
            on_services(audit, device, &services, findings);
        } else {
            on_lines(audit, device, &lines, findings);
        }
        from_zones(audit, device, &services, findings);
    }
}

/// Whether it is the accounts that limit where logins come from (FortiOS `trusthost`): an export without
/// them does not tell.
fn is_by_account(audit: &Audit<'_>, device: u32) -> bool {
    audit.devices[device as usize].format == "fortios"
}

/// Ways to log in over the network.
fn lines(management: &Management) -> Vec<&AccessLine> {
    let is_used = |l: &&AccessLine| match l.kind {
        LineKind::Remote => !l.transports.is_empty(),
        LineKind::Web => true,
        LineKind::Console | LineKind::Auxiliary => false,
    };
    management.lines.iter().filter(is_used).collect()
}

fn services(management: &Management) -> Vec<&MgmtService> {
    let is_login = |s: &&MgmtService| {
        matches!(
            s.protocol,
            MgmtProtocol::Telnet | MgmtProtocol::Ssh | MgmtProtocol::Http | MgmtProtocol::Https
        )
    };
    management.services.iter().filter(is_login).collect()
}

/// What is wholly open: every address, or every one of an IP version.
fn open_family(sources: Option<&AddrSet>) -> Option<&'static Message> {
    let Some(set) = sources else { return Some(&ANY) };
    match (set.is_all(Family::V4), set.is_all(Family::V6)) {
        (true, true) => Some(&ANY),
        (true, false) => Some(&ANY_V4),
        (false, true) => Some(&ANY_V6),
        (false, false) => None,
    }
}

static ANY: Message = Message { sv: "alla adresser", en: "any address" };
static ANY_V4: Message = Message { sv: "alla IPv4-adresser", en: "any IPv4 address" };
static ANY_V6: Message = Message { sv: "alla IPv6-adresser", en: "any IPv6 address" };

fn by_accounts(audit: &Audit<'_>, device: u32, m: &Management, findings: &mut Findings<'_>) {
    let open = |a: &&Account| open_family(a.trusted_hosts.as_ref()).is_some();
    let open: Vec<Named> =
        m.accounts.iter().filter(open).map(|a| (a.line, a.name.clone())).collect();
    if !open.is_empty() {
        let at = audit.at(device, first_line(&open));
        let draft = findings.violation(&BY_ACCOUNTS, at).device(device).key("accounts");
        name_all(draft, audit, device, "accounts", &open).push();
    }
    for account in &m.accounts {
        account_from_zones(audit, device, account, findings);
    }
}

fn account_from_zones(
    audit: &Audit<'_>,
    device: u32,
    account: &Account,
    findings: &mut Findings<'_>,
) {
    let hosts = account.trusted_hosts.as_ref().filter(|h| open_family(Some(h)).is_none());
    let zones = hosts.map_or_else(Vec::new, |hosts| foreign_zones(audit, hosts));
    if !zones.is_empty() {
        findings
            .violation(&ACCOUNT_FROM_ZONES, audit.at(device, account.line))
            .device(device)
            .text("account", &account.name)
            .key(format!("{} {}", account.name, zones.join(",")))
            .arg("zones", Arg::Names(zones))
            .push();
    }
}

fn on_lines(audit: &Audit<'_>, device: u32, lines: &[&AccessLine], findings: &mut Findings<'_>) {
    for family in [&ANY, &ANY_V4, &ANY_V6] {
        let open = lines.iter().filter(|l| open_family(l.sources.as_ref()) == Some(family));
        let open: Vec<Named> = open.map(|l| (l.line, l.name.clone())).collect();
        report_open(audit, device, (&ON_LINES, "lines"), family, &open, findings);
    }
}

fn on_services(
    audit: &Audit<'_>,
    device: u32,
    services: &[&MgmtService],
    findings: &mut Findings<'_>,
) {
    for family in [&ANY, &ANY_V4, &ANY_V6] {
        let open = services.iter().filter(|s| open_family(Some(&s.sources)) == Some(family));
        let open: Vec<Named> = open.map(|s| (s.line, s.protocol.name().to_owned())).collect();
        report_open(audit, device, (&ON_SERVICES, "services"), family, &open, findings);
    }
}

fn report_open(
    audit: &Audit<'_>,
    device: u32,
    (message, what): (&'static Message, &'static str),
    family: &'static Message,
    open: &[Named],
    findings: &mut Findings<'_>,
) {
    if open.is_empty() {
        return;
    }
    let draft = findings
        .violation(message, audit.at(device, first_line(open)))
        .device(device)
        .arg("family", Arg::Phrase(family))
        .key(format!("{what}, {}", family.en));
    name_all(draft, audit, device, what, open).push();
}

/// Limited sources that reach into zones of clients, outsiders or machines.
fn from_zones(
    audit: &Audit<'_>,
    device: u32,
    services: &[&MgmtService],
    findings: &mut Findings<'_>,
) {
    for service in services.iter().filter(|s| open_family(Some(&s.sources)).is_none()) {
        let zones = foreign_zones(audit, &service.sources);
        if !zones.is_empty() {
            let name = service.protocol.name();
            findings
                .violation(&FROM_ZONES, audit.at(device, service.line))
                .device(device)
                .text("services", name)
                .key(format!("{name} {}", zones.join(",")))
                .arg("zones", Arg::Names(zones))
                .push();
        }
    }
}

fn foreign_zones(audit: &Audit<'_>, sources: &AddrSet) -> Vec<String> {
    let addresses = audit.zone_addresses();
    let hit = audit.site.zone_ids().filter(|(id, zone)| {
        !is_for_administration(zone.kind) && sources.overlaps(&addresses[id.0 as usize])
    });
    audit.zone_names(hit.map(|(id, _)| id))
}

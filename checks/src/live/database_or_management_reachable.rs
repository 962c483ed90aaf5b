//! Database or management service that answers a client network.

use portvakt_analysis::observed::OpenPort;
use portvakt_analysis::{Audit, OpeningStanding};
use portvakt_model::{Message, PortProtocol, Severity, ZoneKind};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8016",
    name: "database-or-management-reachable",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.4-3", "MALMO-12.6-5", "MALMO-13.1-7", "BASE-7.1", "BASE-5.2"],
    needs: &[Need::Observations, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Databas eller administration svarar ett klientnät",
        en: "Database or management that answers a client network",
    },
    why: Message {
        sv: "Databaser ska nås genom sitt system, och administration från ett eget nät. Skanningen visar att tjänsten svarar användares, besökares eller andras datorer.",
        en: "Databases are to be reached through their system, and management from a network of its own. The scan shows that the service answers the machines of users, visitors or others.",
    },
    fix: Message {
        sv: "Begränsa vem som når tjänsten, i brandväggen och i värden.",
        en: "Limit who reaches the service, in the firewall and on the host.",
    },
    messages: &[&MESSAGE, &GUESSED],
    run,
};

static MESSAGE: Message = Message {
    sv: "{host} svarar med {kind} på {number} när {from} frågar ({time}).",
    en: "{host} answers with {kind} on {number} when {from} asks ({time}).",
};

static GUESSED: Message = Message {
    sv: "{host} svarar på {number} när {from} frågar ({time}). Det brukar vara {kind}, men vad som talas där är inte känt.",
    en: "{host} answers on {number} when {from} asks ({time}). That is usually {kind}, but what speaks there is not known.",
};

/// A service that is no client's to reach.
struct Inner {
    /// As people call it.
    name: &'static str,
    /// Its ids (IANA service names, and nmap's).
    ids: &'static [&'static str],
    protocol: PortProtocol,
    /// The ports that it usually has.
    ports: (u16, u16),
    database: bool,
}

impl Inner {
    /// What is said of databases is not said of management, and the other way round.
    fn falls_under(&self) -> &'static [&'static str] {
        match self.name {
            _ if self.database => &["MALMO-12.4-3", "MALMO-13.1-7", "BASE-7.1"],
            "RDP" | "VNC" => &["MALMO-12.6-5", "MALMO-13.1-7", "BASE-7.1", "BASE-5.2"],
            _ => &["MALMO-12.6-5", "MALMO-13.1-7", "BASE-5.2"],
        }
    }
}

const fn database(name: &'static str, ids: &'static [&'static str], ports: (u16, u16)) -> Inner {
    Inner { name, ids, protocol: PortProtocol::Tcp, ports, database: true }
}

const fn management(
    name: &'static str,
    ids: &'static [&'static str],
    protocol: PortProtocol,
    ports: (u16, u16),
) -> Inner {
    Inner { name, ids, protocol, ports, database: false }
}

const SERVICES: &[Inner] = &[
    database("SQL Server", &["ms-sql-s", "mssql"], (1433, 1433)),
    database("Oracle", &["oracle-tns", "oracle"], (1521, 1529)),
    database("MySQL", &["mysql", "mariadb"], (3306, 3306)),
    database("PostgreSQL", &["postgresql"], (5432, 5432)),
    database("CouchDB", &["couchdb"], (5984, 5984)),
    database("Redis", &["redis"], (6379, 6379)),
    database("Cassandra", &["cassandra"], (9042, 9042)),
    database("Elasticsearch", &["elasticsearch"], (9200, 9200)),
    database("memcached", &["memcached", "memcache"], (11211, 11211)),
    database("MongoDB", &["mongodb", "mongod"], (27017, 27019)),
    database("DB2", &["ibm-db2", "drda"], (50000, 50000)),
    management("SSH", &["ssh"], PortProtocol::Tcp, (22, 22)),
    management("Telnet", &["telnet"], PortProtocol::Tcp, (23, 23)),
    management("SNMP", &["snmp"], PortProtocol::Udp, (161, 161)),
    management("IPMI", &["asf-rmcp", "ipmi"], PortProtocol::Udp, (623, 623)),
    management("RDP", &["ms-wbt-server", "rdp"], PortProtocol::Tcp, (3389, 3389)),
    management("VNC", &["vnc"], PortProtocol::Tcp, (5900, 5909)),
    management("WinRM", &["wsman", "wsmans", "winrm"], PortProtocol::Tcp, (5985, 5986)),
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for port in support::open(audit, findings) {
        let Some(kind) = port.from.map(|zone| audit.site.zone(zone).kind) else { continue };
        let Some((service, asked)) = inner(port) else { continue };
        if !is_foreign(kind, service)
            || is_decided(port, service)
            || support::is_sensor(audit, port)
        {
            continue;
        }
        let at = support::place(audit, port);
        let draft = if asked {
            findings.violation(&MESSAGE, at)
        } else {
            findings.cannot_tell(&GUESSED, at)
        };
        let severity = if kind.is_untrusted() { Severity::Critical } else { Severity::High };
        let draft = draft.severity(severity).under(service.falls_under());
        support::describe(audit, draft, port).text("kind", service.name).push();
    }
}

/// The service that answers, and whether it said so or is what its port usually means.
fn inner(port: &OpenPort<'_>) -> Option<(&'static Inner, bool)> {
    if let Some(service) = port.service.filter(|s| !s.is_bare_tls()) {
        return SERVICES.iter().find(|s| s.ids.contains(&service.name.as_str())).map(|s| (s, true));
    }
    let (protocol, number) = (port.port.protocol, port.port.port);
    let usual = |s: &&Inner| s.protocol == protocol && (s.ports.0..=s.ports.1).contains(&number);
    SERVICES.iter().find(usual).map(|s| (s, false))
}

fn is_foreign(kind: ZoneKind, service: &Inner) -> bool {
    kind.is_client() || kind.is_untrusted() || service.database && kind == ZoneKind::Other
}

/// Management that somebody decided to open is decided; a database is reached through its system.
fn is_decided(port: &OpenPort<'_>, service: &Inner) -> bool {
    !service.database && port.standing == Some(OpeningStanding::Documented)
}

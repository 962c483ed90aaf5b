//! Database open to clients.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, ZoneKind};
use portvakt_space::{TCP, UDP};

use super::support::{self, Named};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV5002",
    name: "database-open-to-clients",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-12.4-3", "BASE-7.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message { sv: "Databas öppen för klienter", en: "Database open to clients" },
    why: Message {
        sv: "En databas ska nås genom sitt system, inte direkt från användares, besökares eller andras datorer.",
        en: "A database is reached through its system, not directly from the machines of users, visitors or others.",
    },
    fix: Message {
        sv: "Låt bara systemets servrar nå databasen.",
        en: "Let only the servers of the system reach the database.",
    },
    messages: &[&MESSAGE, &UNSURE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{rule} i {device} ({list}) öppnar databasen {service} från {from} till {to}.",
    en: "{rule} on {device} ({list}) opens the database {service} from {from} to {to}.",
};

static UNSURE: Message = Message {
    sv: "{rule} i {device} ({list}) kan öppna databasen {service} från {from} till {to}: regeln innehåller något som inte går att avgöra.",
    en: "{rule} on {device} ({list}) may open the database {service} from {from} to {to}: the rule holds something that cannot be told.",
};

/// Database protocols (IANA service names and vendors' defaults).
const SERVICES: &[Named] = &[
    Named { name: "SQL Server", proto: TCP, ports: (1433, 1433) },
    Named { name: "SQL Server Browser", proto: UDP, ports: (1434, 1434) },
    Named { name: "Oracle", proto: TCP, ports: (1521, 1529) },
    Named { name: "MySQL", proto: TCP, ports: (3306, 3306) },
    Named { name: "PostgreSQL", proto: TCP, ports: (5432, 5432) },
    Named { name: "DB2", proto: TCP, ports: (50000, 50000) },
    Named { name: "MongoDB", proto: TCP, ports: (27017, 27019) },
    Named { name: "Redis", proto: TCP, ports: (6379, 6379) },
    Named { name: "Elasticsearch", proto: TCP, ports: (9200, 9200) },
    Named { name: "CouchDB", proto: TCP, ports: (5984, 5984) },
    Named { name: "Cassandra", proto: TCP, ports: (7000, 7001) },
    Named { name: "memcached", proto: TCP, ports: (11211, 11211) },
];

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let client =
        |kind: ZoneKind| kind.is_client() || kind.is_untrusted() || kind == ZoneKind::Other;
    for hit in support::hits(audit, findings, SERVICES, client) {
        let outside = hit.flows.iter().any(|f| audit.site.zone(f.from).kind.is_untrusted());
        let at = support::place(audit, &hit);
        let draft = if hit.certain {
            findings.violation(&MESSAGE, at)
        } else {
            findings.cannot_tell(&UNSURE, at)
        };
        let severity = if outside { Severity::Critical } else { Severity::High };
        support::describe(audit, draft, &hit).severity(severity).push();
    }
}

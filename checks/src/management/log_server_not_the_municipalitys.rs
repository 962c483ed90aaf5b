//! Logs are sent to somebody else.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::Servers;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6009",
    name: "log-server-not-the-municipalitys",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.12-5", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Loggserver som inte är kommunens",
        en: "Log server that is not the municipality's",
    },
    why: Message {
        sv: "Loggar visar adresser, användare och hur nätet är byggt. Hos en okänd mottagare är \
             de varken skyddade mot obehöriga eller mot radering.",
        en: "Logs show addresses, users and how the network is built. With an unknown receiver \
             they are protected neither from strangers nor from erasure.",
    },
    fix: Message {
        sv: "Ta bort mottagaren. Är den kommunens, för in den under log_servers i portvakt.toml.",
        en: "Remove the receiver. If it is the municipality's, add it under log_servers in \
             portvakt.toml.",
    },
    messages: &[&MESSAGE, &LIST_UNKNOWN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} skickar loggar till {servers}, som inte står bland kommunens loggservrar.",
    en: "{device} sends logs to {servers}, not listed among the municipality's log servers.",
};

static LIST_UNKNOWN: Message = Message {
    sv: "Kommunens loggservrar är inte angivna (log_servers i portvakt.toml); enheternas \
         loggmottagare går inte att jämföra med dem.",
    en: "The municipality's log servers are not stated (log_servers in portvakt.toml); the \
         receivers of the devices cannot be compared with them.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let servers = Servers {
        of: |m| m.log_targets.iter().map(|s| (s.line, s.target.clone())).collect(),
        own: |site| site.log_servers.as_deref(),
        key: "log_servers",
        messages: (&MESSAGE, &LIST_UNKNOWN),
    };
    servers.judge(audit, findings);
}

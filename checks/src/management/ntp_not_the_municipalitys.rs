//! A time server that is not the municipality's.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::Servers;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6006",
    name: "ntp-not-the-municipalitys",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.6-8a", "BASE-5.4"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Tidsserver som inte är kommunens",
        en: "Time server that is not the municipality's",
    },
    why: Message {
        sv: "Kommunens klockor ska gå lika. En främmande tidsserver kan ge annan tid, och den som \
             styr den styr klockan i loggarna.",
        en: "The municipality's clocks must agree. A foreign time server may give another time, \
             and whoever controls it controls the clock of the logs.",
    },
    fix: Message {
        sv: "Ta bort den främmande tidsservern. Är den kommunens, för in den under ntp i \
             portvakt.toml.",
        en: "Remove the foreign time server. If it is the municipality's, add it under ntp in \
             portvakt.toml.",
    },
    messages: &[&MESSAGE, &LIST_UNKNOWN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} hämtar tid från {servers}, som inte står bland kommunens tidsservrar.",
    en: "{device} takes its time from {servers}, not listed among the municipality's time servers.",
};

static LIST_UNKNOWN: Message = Message {
    sv: "Kommunens tidsservrar är inte angivna (ntp i portvakt.toml); enheternas tidsservrar går \
         inte att jämföra med dem.",
    en: "The municipality's time servers are not stated (ntp in portvakt.toml); those of the \
         devices cannot be compared with them.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let servers = Servers {
        of: |m| m.ntp.iter().map(|s| (s.line, s.server.clone())).collect(),
        own: |site| site.ntp_servers.as_deref(),
        key: "ntp",
        messages: (&MESSAGE, &LIST_UNKNOWN),
    };
    servers.judge(audit, findings);
}

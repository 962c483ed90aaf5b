//! Logs are sent to somebody else.

use portvakt_analysis::Audit;
use portvakt_model::{Location, Management, Message, Severity};

use super::support::{Named, first_line, is_listed, managed, name_all};
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
    let Some(own) = &audit.site.log_servers else {
        if managed(audit).any(|(_, m)| !m.log_targets.is_empty()) {
            findings.judge_site();
            findings.cannot_tell(&LIST_UNKNOWN, Location::Site).key("log_servers").push();
        }
        return;
    };
    for (device, management) in managed(audit).filter(|(_, m)| !m.log_targets.is_empty()) {
        findings.judge(device);
        let foreign = foreign(management, own);
        if !foreign.is_empty() {
            let at = audit.at(device, first_line(&foreign));
            let draft = findings.violation(&MESSAGE, at).device(device);
            name_all(draft, audit, device, "servers", &foreign).key("foreign").push();
        }
    }
}

fn foreign(management: &Management, own: &[String]) -> Vec<Named> {
    let foreign = management.log_targets.iter().filter(|t| !is_listed(&t.target, own));
    foreign.map(|t| (t.line, t.target.clone())).collect()
}

//! A time server that is not the municipality's.

use portvakt_analysis::Audit;
use portvakt_model::{Location, Management, Message, Severity};

use super::support::{Named, first_line, is_listed, managed, name_all};
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
    let Some(own) = &audit.site.ntp_servers else {
        if managed(audit).any(|(_, m)| !m.ntp.is_empty()) {
            findings.judge_site();
            findings.cannot_tell(&LIST_UNKNOWN, Location::Site).key("ntp").push();
        }
        return;
    };
    for (device, management) in managed(audit).filter(|(_, m)| !m.ntp.is_empty()) {
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
    let foreign = management.ntp.iter().filter(|n| !is_listed(&n.server, own));
    foreign.map(|n| (n.line, n.server.clone())).collect()
}

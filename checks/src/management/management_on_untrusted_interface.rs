//! The device's own management answers to the internet, a public wireless network or guests.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, ZoneKind};

use super::exposure::{ANSWERS, Exposures, MAY_ANSWER};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6031",
    name: "management-on-untrusted-interface",
    aliases: &[],
    severity: Severity::Critical,
    serves: &["MALMO-12.6-1", "MALMO-11.6-W2a", "MALMO-10.4-2", "BASE-5.2", "BASE-4.1"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Administration nås från internet, publikt nät eller gäster",
        en: "Management is reachable from the internet, a public network or guests",
    },
    why: Message {
        sv: "Inloggningssidor och SSH som svarar utåt prövas dygnet runt, och ett enda fel i dem \
             ger hela brandväggen. Administration ska bara svara i förvaltningsnätet för \
             utrustning.",
        en: "Login pages and SSH that answer to the outside are tried day and night, and a single \
             fault in them gives away the whole firewall. Management must answer only in the \
             management network.",
    },
    fix: Message {
        sv: "Slå av tjänsterna på gränssnittet, eller spärra dem med en regel för trafik till \
             enheten själv. FortiOS: allowaccess, local-in-policy.",
        en: "Turn the services off on the interface, or block them with a rule for traffic to the \
             device itself. FortiOS: allowaccess, local-in-policy.",
    },
    messages: &[&ANSWERS, &MAY_ANSWER],
    run,
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    Exposures { is_foreign, severity }.judge(audit, findings);
}

const fn is_foreign(kind: ZoneKind, _bound: bool) -> bool {
    kind.is_untrusted()
}

/// Guests are known to the municipality in some way; the others are anybody.
const fn severity(kind: ZoneKind) -> Severity {
    match kind {
        ZoneKind::Guest => Severity::High,
        _ => Severity::Critical,
    }
}

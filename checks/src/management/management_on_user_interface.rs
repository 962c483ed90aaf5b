//! The device's own management answers on an interface to a network that does not administer.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity, ZoneKind};

use super::exposure::{ANSWERS, Exposures, MAY_ANSWER};
use super::support::is_for_administration;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6036",
    name: "management-on-user-interface",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-12.6-1", "BASE-5.2"],
    needs: &[Need::Device, Need::Zones],
    parameters: &[],
    title: Message {
        sv: "Administration nås från nät som inte administrerar",
        en: "Management is reachable from networks that do not administer",
    },
    why: Message {
        sv: "Inloggningen ska bara svara i det administrativa nätet och i förvaltningsnätet för \
             utrustning. I andra nät räcker ett stulet lösenord eller ett fel i inloggningssidan.",
        en: "The login must answer only in the administrative and the management network. In others a \
             stolen password or a fault in the login page is enough.",
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

/// A service on every interface is not held against each network: that it answers to all of them is
/// one fault, and another check's.
const fn is_foreign(kind: ZoneKind, bound: bool) -> bool {
    bound && !kind.is_untrusted() && !is_for_administration(kind)
}

/// Outsiders are worse than the municipality's own people and machines.
const fn severity(kind: ZoneKind) -> Severity {
    match kind {
        ZoneKind::Dmz | ZoneKind::Other => Severity::High,
        _ => Severity::Medium,
    }
}

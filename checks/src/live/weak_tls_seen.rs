//! TLS endpoint that still offers a version that must not be used.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Message, Offered, Severity, TlsEndpoint, TlsVersion};

use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8018",
    name: "weak-tls-seen",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "MALMO-13.4-3", "MALMO-11.11-3", "BASE-8.4", "BASE-5.6"],
    needs: &[Need::Observations],
    parameters: &[],
    title: Message {
        sv: "TLS-tjänst erbjuder en utdömd version",
        en: "TLS endpoint that offers a prohibited version",
    },
    why: Message {
        sv: "SSL 2.0, SSL 3.0, TLS 1.0 och TLS 1.1 får inte användas (RFC 6176, RFC 7568, RFC 8996). Ett beslut om port 443 är ett beslut om kryptering som skyddar.",
        en: "SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 must not be used (RFC 6176, RFC 7568, RFC 8996). A decision for port 443 is a decision for encryption that protects.",
    },
    fix: Message {
        sv: "Tillåt bara TLS 1.2 och 1.3 i tjänsten.",
        en: "Allow only TLS 1.2 and 1.3 in the service.",
    },
    messages: &[&DECIDED, &MESSAGE],
    run,
};

static DECIDED: Message = Message {
    sv: "{target}, som {decisions} öppnar, erbjuder {versions} ({time}).",
    en: "{target}, which {decisions} opens, offers {versions} ({time}).",
};

static MESSAGE: Message = Message {
    sv: "{target} erbjuder {versions} ({time}).",
    en: "{target} offers {versions} ({time}).",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for endpoint in support::tls(audit, findings) {
        let versions = prohibited(endpoint.seen);
        if versions.is_empty() {
            continue;
        }
        let message = if endpoint.decisions.is_empty() { &MESSAGE } else { &DECIDED };
        let shown = format!("offers {}", versions.join(", "));
        let draft = findings.violation(message, support::place_tls(audit, endpoint));
        support::describe_tls(audit, draft, endpoint, &shown)
            .arg("versions", Arg::Names(versions))
            .push();
    }
}

/// Versions below TLS 1.2 that were answered, oldest first.
fn prohibited(endpoint: &TlsEndpoint) -> Vec<String> {
    let offered = endpoint.protocols.iter().filter(|p| p.offered == Offered::Yes);
    let old = offered.filter(|p| p.version < TlsVersion::Tls12);
    old.map(|p| p.version.name().to_owned()).collect()
}

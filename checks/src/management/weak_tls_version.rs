//! The web interface takes an old version of TLS.

use portvakt_analysis::Audit;
use portvakt_model::{Arg, Fact, Management, Message, MgmtProtocol, Severity};

use super::algorithms::tls_is_old;
use super::support::{self, basis, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6019",
    name: "weak-tls-version",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Gammal TLS-version i webbgränssnittet",
        en: "Old TLS version in the web interface",
    },
    why: Message {
        sv: "SSL 3.0, TLS 1.0 och TLS 1.1 får inte användas (RFC 7568, RFC 8996): de vilar på MD5 \
             och SHA-1 och har kända angrepp.",
        en: "SSL 3.0, TLS 1.0 and TLS 1.1 must not be used (RFC 7568, RFC 8996): they rest on MD5 \
             and SHA-1 and have known attacks.",
    },
    fix: Message {
        sv: "Tillåt bara TLS 1.2 och 1.3. FortiOS: set admin-https-ssl-versions tlsv1-2 tlsv1-3. \
             ASA: ssl server-version tlsv1.2.",
        en: "Allow only TLS 1.2 and 1.3. FortiOS: set admin-https-ssl-versions tlsv1-2 tlsv1-3. \
             ASA: ssl server-version tlsv1.2.",
    },
    messages: &[&MESSAGE, &NOT_UNDERSTOOD, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tar emot {versions} i sitt webbgränssnitt{basis}.",
    en: "{device} accepts {versions} in its web interface{basis}.",
};

static NOT_UNDERSTOOD: Message = Message {
    sv: "{device}: det går inte att tolka TLS-versionen {versions}.",
    en: "{device}: the TLS version {versions} cannot be understood.",
};

static WHAT: Message = Message {
    sv: "vilka TLS-versioner som webbgränssnittet tar emot (förvalet beror på programversionen)",
    en: "which TLS versions the web interface accepts (the default depends on the release)",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for (device, management) in managed(audit).filter(|(_, m)| offers_https(m)) {
        findings.judge(device);
        match &management.tls_versions {
            None => support::not_told(audit, findings, device, &WHAT),
            Some(fact) => judge(audit, device, fact, findings),
        }
    }
}

fn offers_https(management: &Management) -> bool {
    management.services.iter().any(|s| s.protocol == MgmtProtocol::Https)
        || management.tls_versions.as_ref().is_some_and(|t| t.line().is_some())
}

fn judge(audit: &Audit<'_>, device: u32, fact: &Fact<Vec<String>>, findings: &mut Findings<'_>) {
    let named = |old: Option<bool>| -> Vec<String> {
        fact.value.iter().filter(|v| tls_is_old(v, audit.today) == old).cloned().collect()
    };
    let (old, strange) = (named(Some(true)), named(None));
    let at = place(audit, device, fact);
    if !old.is_empty() {
        let draft = findings.violation(&MESSAGE, at).device(device);
        draft.arg("versions", Arg::Names(old)).arg("basis", basis(fact)).push();
    } else if !strange.is_empty() {
        let draft = findings.cannot_tell(&NOT_UNDERSTOOD, at).device(device);
        draft.arg("versions", Arg::Names(strange)).key("not understood").push();
    }
}

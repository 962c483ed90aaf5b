//! An outdated TLS cipher in the web interface.

use portvakt_analysis::Audit;
use portvakt_model::{Message, MgmtProtocol, Severity};

use super::algorithms::{self, Doubt, Rule};
use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6038",
    name: "weak-tls-cipher",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Utdömt TLS-chiffer i webbgränssnittet",
        en: "Outdated TLS cipher in the web interface",
    },
    why: Message {
        sv: "RC4, 3DES, DES och sviter utan framåtsekretess är utdömda (RFC 7465, RFC 9325): den som \
             spelat in trafiken kan läsa lösenord i den. Sviterna bedöms efter samma policy som portvakt \
             tls bedömer servrar efter (portvakt-2026).",
        en: "RC4, 3DES, DES and suites without forward secrecy are deprecated (RFC 7465, RFC 9325): who has \
             recorded the traffic may read passwords in it. The suites are judged by the policy that portvakt \
             tls judges servers by (portvakt-2026).",
    },
    fix: Message {
        sv: "Tillåt bara ECDHE med AES-GCM. IOS: ip http secure-ciphersuite ecdhe-rsa-aes-gcm-sha2. ASA: ssl \
             cipher tlsv1.2 custom \"ECDHE+AESGCM\". FortiOS: set ssl-static-key-ciphers disable.",
        en: "Allow only ECDHE with AES-GCM. IOS: ip http secure-ciphersuite ecdhe-rsa-aes-gcm-sha2. ASA: ssl \
             cipher tlsv1.2 custom \"ECDHE+AESGCM\". FortiOS: set ssl-static-key-ciphers disable.",
    },
    messages: &[&MESSAGE, &UNKNOWN, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tillåter utdömda TLS-chiffer i webbgränssnittet: {algorithms}{basis}.",
    en: "{device} allows outdated TLS ciphers in its web interface: {algorithms}{basis}.",
};

static UNKNOWN: Message = Message {
    sv: "{device}: det går inte att bedöma TLS-chiffren {algorithms} i webbgränssnittet: policyn nämner dem inte, eller så beror vad de står för på programversionen.",
    en: "{device}: the TLS ciphers {algorithms} of the web interface cannot be judged: the policy does not name them, or what they stand for depends on the release.",
};

static WHAT: Message = Message {
    sv: "vilka TLS-chiffer som webbgränssnittet tar emot (förvalet beror på programversionen)",
    en: "which TLS ciphers the web interface accepts (the default depends on the release)",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let rule = Rule {
        message: &MESSAGE,
        set: |m| m.tls_ciphers.as_deref(),
        outdated: algorithms::tls,
        doubt: Some(Doubt {
            service: MgmtProtocol::Https,
            what: &WHAT,
            known: algorithms::tls_is_known,
            unknown: &UNKNOWN,
        }),
    };
    rule.report(audit, findings);
}

//! An outdated algorithm of SNMP version 3.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::algorithms::{self, Rule};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6035",
    name: "weak-snmp-algorithm",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Utdömd SNMP-algoritm", en: "Outdated SNMP algorithm" },
    why: Message {
        sv: "MD5 och DES i SNMP version 3 är utdömda (RFC 6151, NIST SP 800-131A); SHA-2 och AES finns \
             sedan RFC 7860 och RFC 3826.",
        en: "MD5 and DES in SNMP version 3 are deprecated (RFC 6151, NIST SP 800-131A); SHA-2 and AES \
             exist since RFC 7860 and RFC 3826.",
    },
    fix: Message {
        sv: "Använd SHA-256 och AES för varje SNMP-användare.",
        en: "Use SHA-256 and AES for each SNMP user.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} använder utdömda algoritmer för SNMP version 3: {algorithms}{basis}.",
    en: "{device} uses outdated algorithms for SNMP version 3: {algorithms}{basis}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let rule = Rule {
        message: &MESSAGE,
        set: |m| (!m.snmp_algorithms.is_empty()).then_some(&m.snmp_algorithms),
        outdated: algorithms::snmp,
        doubt: None,
    };
    rule.report(audit, findings);
}

//! An outdated algorithm of VPN.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::algorithms::{self, Rule};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6034",
    name: "weak-vpn-algorithm",
    aliases: &[],
    severity: Severity::High,
    serves: &["MALMO-13.4-1", "MALMO-11.6-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Utdömd VPN-algoritm", en: "Outdated VPN algorithm" },
    why: Message {
        sv: "DES, 3DES, MD5 och Diffie-Hellman-grupperna 1, 2 och 5 är utdömda för IKE och IPsec (RFC \
             8247, RFC 9395, NIST SP 800-131A). Trafik som spelats in i dag kan dekrypteras senare.",
        en: "DES, 3DES, MD5 and the Diffie-Hellman groups 1, 2 and 5 are deprecated for IKE and IPsec \
             (RFC 8247, RFC 9395, NIST SP 800-131A). Traffic recorded today may be decrypted later.",
    },
    fix: Message {
        sv: "Använd IKEv2 med AES-256-GCM eller AES-256 med SHA-256, och grupp 14, 19, 20 eller \
             21, efter överenskommelse med motparten.",
        en: "Use IKEv2 with AES-256-GCM or AES-256 with SHA-256, and group 14, 19, 20 or 21, by agreement \
             with the other end.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} använder utdömda algoritmer för VPN: {algorithms}{basis}.",
    en: "{device} uses outdated algorithms for VPN: {algorithms}{basis}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let rule = Rule {
        message: &MESSAGE,
        set: |m| (!m.vpn_algorithms.is_empty()).then_some(&m.vpn_algorithms),
        outdated: algorithms::vpn,
        doubt: None,
    };
    rule.report(audit, findings);
}

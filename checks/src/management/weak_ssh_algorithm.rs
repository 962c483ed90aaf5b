//! An outdated SSH algorithm.

use portvakt_analysis::Audit;
use portvakt_model::{Message, MgmtProtocol, Severity};

use super::algorithms::{self, Doubt, Rule};
use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6018",
    name: "weak-ssh-algorithm",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Utdömd SSH-algoritm", en: "Outdated SSH algorithm" },
    why: Message {
        sv: "RC4, 3DES, CBC, MD5, SHA-1-signaturer och Diffie-Hellman under 2048 bitar är utdömda \
             (RFC 8758, RFC 9142, RFC 6151, NIST SP 800-131A). En angripare kan tvinga fram den \
             svagaste som båda sidor tillåter.",
        en: "RC4, 3DES, CBC, MD5, SHA-1 signatures and Diffie-Hellman below 2048 bits are \
             deprecated (RFC 8758, RFC 9142, RFC 6151, NIST SP 800-131A). An attacker can force \
             the weakest that both sides allow.",
    },
    fix: Message {
        sv: "Tillåt bara moderna algoritmer, till exempel aes256-gcm eller aes256-ctr, \
             hmac-sha2-256, curve25519-sha256 eller diffie-hellman-group14-sha256.",
        en: "Allow only modern algorithms, such as aes256-gcm or aes256-ctr, hmac-sha2-256, \
             curve25519-sha256 or diffie-hellman-group14-sha256.",
    },
    messages: &[&MESSAGE, &UNKNOWN, &support::NOT_TOLD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tillåter utdömda algoritmer för SSH: {algorithms}{basis}.",
    en: "{device} allows outdated algorithms for SSH: {algorithms}{basis}.",
};

static UNKNOWN: Message = Message {
    sv: "{device}: det går inte att bedöma algoritmerna {algorithms} för SSH: policyn nämner dem inte, eller så beror vad de står för på programversionen.",
    en: "{device}: the algorithms {algorithms} for SSH cannot be judged: the policy does not name them, or what they stand for depends on the release.",
};

static WHAT: Message = Message {
    sv: "vilka algoritmer som SSH-servern tar emot (förvalet beror på programversionen)",
    en: "which algorithms the SSH server accepts (the default depends on the release)",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let rule = Rule {
        message: &MESSAGE,
        set: |m| m.ssh_algorithms.as_deref(),
        outdated: algorithms::ssh,
        doubt: Some(Doubt {
            service: MgmtProtocol::Ssh,
            what: &WHAT,
            known: algorithms::ssh_is_known,
            unknown: &UNKNOWN,
        }),
    };
    rule.report(audit, findings);
}

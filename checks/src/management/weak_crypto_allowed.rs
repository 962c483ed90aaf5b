//! The device accepts weak algorithms everywhere.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::algorithms::tls_is_old;
use super::support::{Switch, managed, place};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6032",
    name: "weak-crypto-allowed",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "BASE-5.6"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message {
        sv: "Svag kryptering är tillåten på enheten",
        en: "Weak encryption is allowed on the device",
    },
    why: Message {
        sv: "Utan strong-crypto godtar enheten gamla algoritmer i HTTPS, SSH och VPN, och en angripare \
             kan tvinga fram dem. Detsamma gäller om den själv ansluter med gamla TLS-versioner (RFC 8996).",
        en: "Without strong-crypto the device accepts old algorithms in HTTPS, SSH and VPN, and an \
             attacker can force them. The same goes where it connects by old versions of TLS itself (RFC 8996).",
    },
    fix: Message {
        sv: "FortiOS: config system global / set strong-crypto enable, \
             set ssl-min-proto-version TLSv1-2.",
        en: "FortiOS: config system global / set strong-crypto enable, set ssl-min-proto-version \
             TLSv1-2.",
    },
    messages: &[&MESSAGE, &OWN, &NOT_UNDERSTOOD],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tillåter svaga algoritmer för administration{basis}.",
    en: "{device} allows weak algorithms for administration{basis}.",
};

static OWN: Message = Message {
    sv: "{device} godtar {version} när den själv ansluter till loggserver, katalog och andra tjänster.",
    en: "{device} accepts {version} when it connects to a log server, directory or other service itself.",
};

static NOT_UNDERSTOOD: Message = Message {
    sv: "{device}: det går inte att tolka den äldsta TLS-versionen {version} för egna anslutningar.",
    en: "{device}: the oldest TLS version {version} of its own connections cannot be understood.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let switch = Switch { faulty: false, fault: &MESSAGE, what: None };
    for (device, management) in managed(audit) {
        switch.judge(audit, findings, device, management.strong_crypto.as_ref());
        let Some(least) = &management.own_tls_least else { continue };
        let at = place(audit, device, least);
        let draft = match tls_is_old(&least.value, audit.today) {
            Some(false) => continue,
            Some(true) => findings.violation(&OWN, at),
            None => findings.cannot_tell(&NOT_UNDERSTOOD, at),
        };
        draft.device(device).text("version", &least.value).key("own connections").push();
    }
}

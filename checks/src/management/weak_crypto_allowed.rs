//! The device accepts weak algorithms everywhere.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::{Switch, managed};
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
             kan tvinga fram dem.",
        en: "Without strong-crypto the device accepts old algorithms in HTTPS, SSH and VPN, and an \
             attacker can force them.",
    },
    fix: Message {
        sv: "FortiOS: config system global / set strong-crypto enable.",
        en: "FortiOS: config system global / set strong-crypto enable.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} tillåter svaga algoritmer för administration{basis}.",
    en: "{device} allows weak algorithms for administration{basis}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let switch = Switch { faulty: false, fault: &MESSAGE, what: None };
    for (device, management) in managed(audit) {
        switch.judge(audit, findings, device, management.strong_crypto.as_ref());
    }
}

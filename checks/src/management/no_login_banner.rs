//! Nothing is said before login.

use portvakt_analysis::Audit;
use portvakt_model::{Message, Severity};

use super::support::{Switch, managed};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV6022",
    name: "no-login-banner",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-9.3-1"],
    needs: &[Need::Device],
    parameters: &[],
    title: Message { sv: "Ingen text före inloggning", en: "No text before login" },
    why: Message {
        sv: "Den som loggar in ska veta att nätet är kommunens och att trafik och användning \
             loggas.",
        en: "Whoever logs in must know that the network is the municipality's and that traffic and use \
             are logged.",
    },
    fix: Message {
        sv: "Lägg in en text före inloggning som säger vems utrustningen är och att användningen \
             loggas, men inte vilken modell eller version den har.",
        en: "Set a text before login that says whose device it is and that its use is logged, but not \
             its model or version.",
    },
    messages: &[&MESSAGE],
    run,
};

static MESSAGE: Message = Message {
    sv: "{device} visar ingen text före inloggning{basis}.",
    en: "{device} shows no text before login{basis}.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let switch = Switch { faulty: false, fault: &MESSAGE, what: None };
    for (device, management) in managed(audit) {
        switch.judge(audit, findings, device, management.banner.as_ref());
    }
}

//! Certificate that runs out soon.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::day;
use portvakt_model::{Arg, Location, Message, Severity};

use super::sight::{Sight, subject};
use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8020",
    name: "certificate-ends-soon",
    aliases: &[],
    severity: Severity::Info,
    serves: &["MALMO-11.11-3", "BASE-8.4"],
    needs: &[Need::Observations],
    parameters: &["soon_days"],
    title: Message { sv: "Certifikat går snart ut", en: "Certificate that ends soon" },
    why: Message {
        sv: "Den som vet i tid hinner byta certifikatet innan tjänsten slutar fungera.",
        en: "Whoever knows in time can replace the certificate before the service stops working.",
    },
    fix: Message {
        sv: "Byt certifikatet före slutdatum, helst automatiskt.",
        en: "Replace the certificate before its end date, preferably by machine.",
    },
    messages: &[&MESSAGE, &UNSET],
    run,
};

static MESSAGE: Message = Message {
    sv: "{target} visar ett certifikat för {subject} som går ut {date}, om {days} dagar.",
    en: "{target} shows a certificate for {subject} that ends {date}, in {days} days.",
};

static UNSET: Message = Message {
    sv: "Parametern soon_days är inte satt; det går inte att säga vilka certifikat som snart går ut.",
    en: "The parameter soon_days is not set; cannot tell which certificates end soon.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let endpoints = support::tls(audit, findings);
    let Some(soon) = audit.parameters.number("soon_days") else {
        if !endpoints.is_empty() {
            findings.cannot_tell(&UNSET, Location::Site).key("soon_days").push();
        }
        return;
    };
    for endpoint in endpoints {
        let endpoint = &support::showing(endpoint);
        let leaves = endpoint.seen.chains.iter().filter_map(|chain| chain.certificates.first());
        for leaf in leaves {
            let end = day(leaf.not_after);
            let days = i64::from((end - audit.today).get_days());
            // One that had ended when it was seen is told as such.
            if leaf.not_after >= endpoint.seen.at && (0..=soon).contains(&days) {
                let draft = findings.violation(&MESSAGE, support::place_of(audit, endpoint));
                support::describe_endpoint(audit, draft, endpoint, Sight::shows(leaf))
                    .text("subject", subject(leaf))
                    .arg("date", Arg::Date(end))
                    .number("days", days)
                    .push();
            }
        }
    }
}

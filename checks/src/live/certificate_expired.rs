//! Certificate that had run out, seen on the network.

use portvakt_analysis::Audit;
use portvakt_analysis::observed::day;
use portvakt_model::{Arg, Certificate, Message, Offered, Severity, TlsEndpoint};

use super::sight::{Sight, subject};
use super::support;
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8019",
    name: "certificate-expired",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-11.11-3", "MALMO-13.4-1", "BASE-8.4"],
    needs: &[Need::Observations],
    parameters: &[],
    title: Message { sv: "Certifikat har gått ut", en: "Certificate that has expired" },
    why: Message {
        sv: "Ett utgånget certifikat lär användare att klicka förbi varningar, och integrationer slutar fungera.",
        en: "An expired certificate teaches users to click past warnings, and integrations stop working.",
    },
    fix: Message {
        sv: "Byt certifikat, och bevaka slutdatum (portvakt certs).",
        en: "Replace the certificate, and watch for end dates (portvakt certs).",
    },
    messages: &[&MESSAGE, &PERHAPS, &NOT_SEEN],
    run,
};

static MESSAGE: Message = Message {
    sv: "{target} visar ett certifikat för {subject} som gick ut {date} ({time}).",
    en: "{target} shows a certificate for {subject} that expired {date} ({time}).",
};

static PERHAPS: Message = Message {
    sv: "{target} visade ett certifikat för {subject} ({time}) som sedan gick ut, {date}. Om det är bytt går inte att avgöra.",
    en: "{target} showed a certificate for {subject} ({time}) that has expired since, {date}. Whether it was replaced cannot be told.",
};

static NOT_SEEN: Message = Message {
    sv: "{target} talar TLS, men vilket certifikat den visar är inte känt ({time}). Om det har gått ut går inte att avgöra.",
    en: "{target} speaks TLS, but which certificate it shows is not known ({time}). Whether it has expired cannot be told.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    for endpoint in support::tls(audit, findings) {
        let endpoint = &support::showing(endpoint);
        if is_unseen(endpoint.seen) {
            let draft = findings.cannot_tell(&NOT_SEEN, support::place_of(audit, endpoint));
            let draft = support::describe_endpoint(audit, draft, endpoint, Sight::in_part());
            draft.push();
            continue;
        }
        let leaves = endpoint.seen.chains.iter().filter_map(|chain| chain.certificates.first());
        let has_ended = |leaf: &&Certificate| {
            leaf.not_after < endpoint.seen.at || day(leaf.not_after) < audit.today
        };
        for leaf in leaves.filter(has_ended) {
            let at = support::place_of(audit, endpoint);
            let draft = if leaf.not_after < endpoint.seen.at {
                findings.violation(&MESSAGE, at)
            } else {
                findings.cannot_tell(&PERHAPS, at)
            };
            support::describe_endpoint(audit, draft, endpoint, Sight::shows(leaf))
                .text("subject", subject(leaf))
                .arg("date", Arg::Date(day(leaf.not_after)))
                .push();
        }
    }
}

/// Whether it spoke TLS and its certificate is not known: none came though not all was asked, or what came
/// could not be read.
fn is_unseen(seen: &TlsEndpoint) -> bool {
    let leaves = seen.chains.iter().filter_map(|chain| chain.certificates.first());
    let unread = seen.chains.iter().any(|chain| !chain.unread.is_empty());
    let met = seen.protocols.iter().any(|p| p.offered == Offered::Yes);
    leaves.count() == 0 && (unread || met && !seen.complete)
}

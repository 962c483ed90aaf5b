//! TLS endpoint that offers what must not be used: old versions, and what the policy holds insufficient.

use jiff::civil::Date;
use portvakt_analysis::Audit;
use portvakt_analysis::observed::Endpointed;
use portvakt_model::{Evidence, Message, Offered, Severity, TlsEndpoint, TlsVersion};

use super::sight::{Sight, recorded};
use super::support;
use crate::crypto::{Level, Policy, Profile, judge_tls, standard, unknown_offer};
use crate::{Check, Findings, Need};

pub(crate) static CHECK: Check = Check {
    id: "PV8018",
    name: "weak-tls-seen",
    aliases: &[],
    severity: Severity::Medium,
    serves: &["MALMO-13.4-1", "MALMO-13.4-3", "MALMO-11.11-3", "BASE-8.4", "BASE-5.6"],
    needs: &[Need::Observations],
    parameters: &[],
    title: Message {
        sv: "TLS-tjänst erbjuder något utdömt",
        en: "TLS endpoint that offers what is prohibited",
    },
    why: Message {
        sv: "SSL 2.0, SSL 3.0, TLS 1.0 och TLS 1.1 får inte användas (RFC 6176, RFC 7568, RFC 8996). Sviter, grupper och annat som tjänsten visade bedöms efter policyn portvakt-2026. Ett beslut om port 443 är ett beslut om kryptering som skyddar.",
        en: "SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 must not be used (RFC 6176, RFC 7568, RFC 8996). Suites, groups and whatever else the service showed are judged by the policy portvakt-2026. A decision for port 443 is a decision for encryption that protects.",
    },
    fix: Message {
        sv: "Tillåt bara TLS 1.2 och 1.3 med säkra sviter i tjänsten; `portvakt tls` säger vilka.",
        en: "Allow only TLS 1.2 and 1.3 with sound suites in the service; `portvakt tls` says which.",
    },
    messages: &[&DECIDED, &MESSAGE, &NOT_WHOLE],
    run,
};

static DECIDED: Message = Message {
    sv: "{target}, som {decisions} öppnar, erbjuder {versions} ({time}).",
    en: "{target}, which {decisions} opens, offers {versions} ({time}).",
};

static MESSAGE: Message = Message {
    sv: "{target} erbjuder {versions} ({time}).",
    en: "{target} offers {versions} ({time}).",
};

static NOT_WHOLE: Message = Message {
    sv: "{target} är inte känd i sin helhet ({time}): {doubts}. Inget utdömt sågs, men det kan finnas.",
    en: "{target} is not known whole ({time}): {doubts}. Nothing prohibited was seen, but it may be there.",
};

fn run(audit: &Audit<'_>, findings: &mut Findings<'_>) {
    let policy = standard();
    for endpoint in support::tls(audit, findings) {
        let Some((endpoint, offered)) = &weak(endpoint, policy, audit.today) else {
            not_whole(audit, findings, endpoint);
            continue;
        };
        let message = if endpoint.decisions.is_empty() { &MESSAGE } else { &DECIDED };
        let shown = Sight::offers(offered);
        let draft = findings.violation(message, support::place_of(audit, endpoint));
        support::describe_endpoint(audit, draft, endpoint, shown)
            .arg("versions", recorded(offered.clone()))
            .push();
    }
}

/// The last look at an endpoint that saw something weak, with what that is, unless a later one was told
/// that it is gone.
fn weak<'a>(
    endpoint: &Endpointed<'a, TlsEndpoint>,
    policy: Option<&Policy>,
    today: Date,
) -> Option<(Endpointed<'a, TlsEndpoint>, Vec<String>)> {
    let mut told: Vec<TlsVersion> = Vec::new();
    for view in endpoint.views() {
        let mut offered = prohibited(view.seen, &told);
        offered.extend(policy.into_iter().flat_map(|p| insufficient(view.seen, p, today)));
        if !offered.is_empty() {
            return Some((view, offered));
        }
        if view.seen.complete {
            return None;
        }
        let answered = view.seen.protocols.iter().filter(|p| p.offered != Offered::Unknown);
        told.extend(answered.map(|p| p.version));
    }
    None
}

/// Versions below TLS 1.2 that were answered, oldest first, but for those that were `told` of later.
fn prohibited(endpoint: &TlsEndpoint, told: &[TlsVersion]) -> Vec<String> {
    let offered = endpoint.protocols.iter().filter(|p| p.offered == Offered::Yes);
    let old = offered.filter(|p| p.version < TlsVersion::Tls12 && !told.contains(&p.version));
    old.map(|p| p.version.name().to_owned()).collect()
}

/// What the policy holds insufficient of what the peer did before our eyes: not versions, which are named
/// already, nor certificates, which are judged elsewhere, nor what is missing.
fn insufficient(endpoint: &TlsEndpoint, policy: &Policy, today: Date) -> Vec<String> {
    let bare = TlsEndpoint { chains: Vec::new(), ..endpoint.clone() };
    let is_version = |check: &str| check.starts_with("ssl-") || check.starts_with("tls-");
    let judged = judge_tls(&bare, policy, Profile::Internal, today).into_iter();
    let worst = judged.filter(|j| j.level == Level::Insufficient && j.evidence == Evidence::Tested);
    let named = worst.filter(|j| !is_version(j.check()) && j.check() != "protocol-offered");
    let mut once: Vec<String> = Vec::new();
    // A suite may be offered in several versions.
    for name in named.flat_map(|j| j.observed) {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    support::few(once)
}

/// An endpoint that showed TLS, and of which not all is known, is not passed.
fn not_whole(
    audit: &Audit<'_>,
    findings: &mut Findings<'_>,
    endpoint: &Endpointed<'_, TlsEndpoint>,
) {
    let doubts = unseen(endpoint);
    if doubts.is_empty() {
        return;
    }
    let draft = findings.cannot_tell(&NOT_WHOLE, support::place_of(audit, endpoint));
    support::describe_endpoint(audit, draft, endpoint, Sight::in_part())
        .arg("doubts", recorded(support::few(doubts)))
        .push();
}

/// What no look at an endpoint was told of what it offers. Where no look met TLS there is nothing that
/// could be weak.
fn unseen(endpoint: &Endpointed<'_, TlsEndpoint>) -> Vec<String> {
    let mut whole = endpoint.seen.clone();
    for (_, earlier) in &endpoint.earlier {
        if whole.complete {
            break;
        }
        whole.protocols.retain(|p| p.offered != Offered::Unknown);
        let known: Vec<TlsVersion> = whole.protocols.iter().map(|p| p.version).collect();
        let more = earlier.protocols.iter().filter(|p| !known.contains(&p.version));
        whole.protocols.extend(more.cloned());
        whole.chains.extend(earlier.chains.iter().cloned());
        if earlier.complete {
            whole.complete = true;
            whole.doubts.clear();
        }
    }
    let met = whole.protocols.iter().any(|p| p.offered == Offered::Yes);
    match unknown_offer(&whole) {
        _ if !met && whole.chains.is_empty() => Vec::new(),
        doubts if doubts.is_empty() && !whole.complete => {
            vec!["not every question was answered".to_owned()]
        }
        doubts => doubts,
    }
}

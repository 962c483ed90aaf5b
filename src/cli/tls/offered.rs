//! What an endpoint offers, in lines for a person.

use super::super::trust::{TrustRow, said};
use super::document::{CertificateRow, EndpointRow, ProtocolRow, RevocationRow};
use crate::text::{Lang, recorded};

pub(super) fn lines(endpoint: &EndpointRow, lang: Lang) -> Vec<String> {
    let mut lines = protocols(endpoint, lang);
    let list = |name: &str, values: &[String]| {
        (!values.is_empty()).then(|| format!("{name}: {}", values.join(", ")))
    };
    lines.extend(list(lang.of("grupper", "groups"), &endpoint.groups));
    lines.extend(
        list(lang.of("signaturer", "signatures"), &endpoint.signature_schemes)
            .map(|line| if endpoint.signatures_complete { line } else { format!("{line}, …") }),
    );
    lines.extend(list("ALPN", &endpoint.traits.alpn));
    lines.extend(endpoint.hsts.as_ref().map(|hsts| format!("HSTS: {hsts}")));
    for row in &endpoint.certificates {
        lines.extend(certificate(row, lang));
    }
    let whole = match (endpoint.complete, endpoint.enumerated) {
        (true, true) => lang.of("allt är känt", "all is known"),
        (true, false) => lang.of(
            "det som policyn förbjuder är prövat; --full räknar upp allt",
            "what the policy forbids was tried; --full lists everything",
        ),
        (false, _) => lang.of("ofullständigt", "incomplete"),
    };
    let connections = lang.of("förbindelser", "connections");
    lines.push(format!("{} {connections}, {whole}", endpoint.connections));
    lines
}

/// A line for each version that is offered, then those that are refused and those that are not known.
fn protocols(endpoint: &EndpointRow, lang: Lang) -> Vec<String> {
    let named = |offered: Option<bool>| -> Vec<&str> {
        let rows = endpoint.protocols.iter().filter(|(_, row)| row.offered == offered);
        rows.map(|(name, _)| name.as_str()).collect()
    };
    let offered = endpoint.protocols.iter().filter(|(_, row)| row.offered == Some(true));
    let mut lines: Vec<String> = offered.map(|(name, row)| suites(name, row, lang)).collect();
    for (names, word) in [
        (named(Some(false)), lang.of("erbjuds inte", "not offered")),
        (named(None), lang.of("okänt", "not known")),
    ] {
        if !names.is_empty() {
            lines.push(format!("{word}: {}", names.join(", ")));
        }
    }
    lines
}

fn suites(name: &str, row: &ProtocolRow, lang: Lang) -> String {
    let order = match row.order.as_str() {
        "server" => lang.of(" (serverns ordning)", " (server's order)"),
        "client" => lang.of(" (klientens ordning)", " (client's order)"),
        _ => "",
    };
    let more = if row.complete { "" } else { ", …" };
    format!("{name}{order}: {}{more}", row.suites.join(", "))
}

fn certificate(row: &CertificateRow, lang: Lang) -> Vec<String> {
    let key = match &row.key.curve {
        Some(curve) => format!("{} {curve}", row.key.algorithm),
        None => format!("{} {}", row.key.algorithm, row.key.bits),
    };
    let day = |moment: &str| moment.split('T').next().unwrap_or_default().to_owned();
    let mut lines = vec![
        format!(
            "{}: {} · {key} · {} · {} – {}",
            lang.of("certifikat", "certificate"),
            row.subject,
            row.signature,
            day(&row.not_before),
            day(&row.not_after)
        ),
        format!("  {}: {}", lang.of("utfärdare", "issuer"), row.issuer),
    ];
    if !row.names.is_empty() {
        lines.push(format!("  {}: {}", lang.of("namn", "names"), row.names.join(", ")));
    }
    lines.extend(row.trust.as_ref().map(|trust| self::trust(trust, lang)));
    lines.push(revocation(row.revocation.as_ref(), lang));
    if row.timestamps > 0 {
        let said = lang.of(
            "CT-stämplar inbäddade; deras signaturer är inte prövade",
            "CT timestamps embedded; their signatures are not verified",
        );
        lines.push(format!("  {} {said}", row.timestamps));
    }
    lines.push(format!("  SHA-256 {}", row.fingerprint));
    lines
}

fn trust(trust: &TrustRow, lang: Lang) -> String {
    let of = |name: &str, state: &Option<String>| {
        let state = state.as_deref();
        let state =
            state.map_or_else(|| lang.of("ej prövat", "not asked").to_owned(), |s| said(s, lang));
        format!("{name} {state}")
    };
    [
        of(lang.of("  betrott: publikt", "  trusted: public"), &trust.public),
        of(lang.of("systemet", "system"), &trust.system),
        of(lang.of("egen CA", "own CA"), &trust.own),
    ]
    .join(" · ")
}

/// What is known of revocation, and what is not: lists and responders are not asked.
fn revocation(row: Option<&RevocationRow>, lang: Lang) -> String {
    let word = lang.of("  spärr", "  revocation");
    let Some(row) = row else {
        let said = lang.of(
            "ej bedömd (servern häftar inte vid något OCSP-svar, och spärrlistor hämtas inte)",
            "not assessed (the server staples no OCSP answer, and revocation lists are not fetched)",
        );
        return format!("{word}: {said}");
    };
    let status = match row.status.as_str() {
        "good" => lang.of("inte spärrat", "not revoked"),
        "revoked" => lang.of("SPÄRRAT", "REVOKED"),
        "unknown" => lang.of("okänt för den som svarade", "unknown to the responder"),
        _ => lang.of("OCSP-svaret är oanvändbart", "the OCSP answer is unusable"),
    };
    let signed = match row.signed {
        Some(true) => lang.of("signaturen är rätt", "the signature is right"),
        Some(false) => lang.of("signaturen är FEL", "the signature is WRONG"),
        None => lang.of("signaturen är inte prövad", "the signature is not verified"),
    };
    let Some(from) = &row.this_update else {
        let why = recorded(row.why.as_deref().unwrap_or_default(), lang);
        return format!("{word}: {status}: {why}");
    };
    let until = row.next_update.as_deref().unwrap_or("…");
    let stapled = lang.of("häftat OCSP-svar", "stapled OCSP answer");
    format!("{word}: {status} ({stapled} {from} – {until}; {signed})")
}

//! The one whole handshake, and what it adds to the facts.

use portvakt_model::{Offered, TlsVersion};
use tokio::time::Instant;

use super::facts::{Facts, or};
use super::handshake::{Ask, Client, Handshake, Http, is_http_port};
use super::line::Line;

/// Whether a second connection tries to resume the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// It does.
    Try,
    /// It is not made.
    No,
}

/// Shakes hands, and writes down what that shows. An endpoint with which it cannot be done is none the
/// worse for it: the hellos say what it speaks.
pub(crate) async fn shake(line: &Line<'_>, resume: Resume) {
    let in_clear = line.target.starttls.is_some();
    let http = match (in_clear, is_http_port(line.target.port)) {
        (true, _) => Http::Never,
        (false, true) => Http::Always,
        (false, false) => Http::IfAgreed,
    };
    let ask = Ask {
        server_name: line.target.server_name().map(str::to_owned),
        alpn: if in_clear { Vec::new() } else { vec!["http/1.1".to_owned()] },
        http,
        tickets: resume == Resume::Try,
        schemes_13: None,
    };
    let Ok(client) = Client::new(&ask) else { return };
    let Ok(open) = line.open().await else { return };
    let seen = client.shake(open.stream, open.deadline).await;
    drop(open.pass);
    let Ok(seen) = seen else { return };
    note(&mut line.facts(), &seen);
    if resume == Resume::Try && seen.session == Offered::Yes {
        resumed(line, &client).await;
    }
}

async fn resumed(line: &Line<'_>, client: &Client) {
    let Ok(open) = line.open().await else { return };
    let seen = client.resume(open.stream, open.deadline.max(Instant::now())).await;
    drop(open.pass);
    if let Ok(seen) = seen {
        let mut facts = line.facts();
        facts.traits.resumption = seen.resumption;
        facts.traits.early_data = seen.early_data;
    }
}

fn note(facts: &mut Facts, seen: &Handshake) {
    let protocol = facts.protocol(seen.version);
    protocol.offered = Offered::Yes;
    if !protocol.suites.contains(&seen.suite.into()) {
        protocol.suites.push(seen.suite.into());
    }
    if let Some(group) = seen.group {
        facts.group(group, seen.version);
    }
    facts.signatures.extend(seen.signature_scheme.filter(|s| !facts.signatures.contains(s)));
    facts.signed_13 |= seen.version == TlsVersion::Tls13 && seen.signature_scheme.is_some();
    facts.chain(&seen.chain);
    facts.staple = seen.chain.first().cloned().zip(seen.ocsp.clone());
    let traits = &mut facts.traits;
    traits.alpn.clone_from(&seen.alpn);
    traits.ocsp_staple = or(traits.ocsp_staple, seen.ocsp.is_some());
    traits.client_certificate = or(traits.client_certificate, seen.client_certificate.is_some());
    // In TLS 1.2 a session may be kept by the server, without a ticket.
    if seen.version == TlsVersion::Tls13 && traits.tickets != Offered::Yes {
        traits.tickets = seen.session;
    }
    facts.http.clone_from(&seen.http);
}

//! The one whole handshake, and what it adds to the facts.

use portvakt_model::{Offered, TlsVersion};
use tokio::time::Instant;

use super::facts::{Facts, note_alpn, or};
use super::handshake::{Ask, Client, Handshake, HandshakeError, Http, is_http_port};
use super::hello::HTTP;
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
    let http_1 = vec![HTTP[1].to_owned()];
    // Who speaks none of what is offered may refuse; then none is.
    let offers = if is_in_clear(line) { vec![Vec::new()] } else { vec![http_1, Vec::new()] };
    for alpn in offers {
        let Ok(client) = Client::new(&ask(line, alpn, resume)) else { return };
        match shake_with(line, &client).await {
            Some(Err(HandshakeError::NoApplicationProtocol)) => {}
            Some(Ok(seen)) => {
                note(&mut line.facts(), &seen);
                if resume == Resume::Try && seen.session == Offered::Yes {
                    resumed(line, &client).await;
                }
                return;
            }
            _ => return,
        }
    }
}

/// Whether TLS begins after talk in the clear: then no web server is behind it.
const fn is_in_clear(line: &Line<'_>) -> bool {
    line.target.starttls.is_some()
}

fn ask(line: &Line<'_>, alpn: Vec<String>, resume: Resume) -> Ask {
    let http = match (is_in_clear(line), is_http_port(line.target.port)) {
        (true, _) => Http::Never,
        (false, true) => Http::Always,
        (false, false) => Http::IfAgreed,
    };
    Ask {
        server_name: line.target.server_name().map(str::to_owned),
        alpn,
        http,
        tickets: resume == Resume::Try,
        schemes_13: None,
    }
}

/// `None` where no connection was to be had.
async fn shake_with(line: &Line<'_>, client: &Client) -> Option<Result<Handshake, HandshakeError>> {
    let open = line.open().await.ok()?;
    let seen = client.shake(open.stream, open.deadline).await;
    drop(open.pass);
    Some(seen)
}

/// Asks a server of TLS 1.3 alone for HTTP/2. Of others a hello of TLS 1.2 has told.
pub(crate) async fn other_alpn(line: &Line<'_>) {
    let is_alone = {
        let facts = line.facts();
        facts.signed_13 && facts.offered(TlsVersion::Tls12) == Offered::No
    };
    if !is_alone || is_in_clear(line) {
        return;
    }
    let asked = Ask { http: Http::Never, ..ask(line, vec![HTTP[0].to_owned()], Resume::No) };
    let Ok(client) = Client::new(&asked) else { return };
    if let Some(Ok(seen)) = shake_with(line, &client).await {
        note_alpn(&mut line.facts().traits, seen.alpn.as_ref());
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
    note_alpn(traits, seen.alpn.as_ref());
    traits.ocsp_staple = or(traits.ocsp_staple, seen.ocsp.is_some());
    traits.client_certificate = or(traits.client_certificate, seen.client_certificate.is_some());
    // In TLS 1.2 a session may be kept by the server, without a ticket.
    if seen.version == TlsVersion::Tls13 && traits.tickets != Offered::Yes {
        traits.tickets = seen.session;
    }
    facts.http.clone_from(&seen.http);
}

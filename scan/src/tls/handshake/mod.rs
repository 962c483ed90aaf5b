//! One real handshake with rustls, to its end: what only the end shows.
//!
//! The probes of this crate stop after the server's first flight. The chain of TLS 1.3, the request for a
//! client certificate, tickets, resumption, early data and what HTTP says are inside the encryption, so a
//! whole client is needed. This module is the only one that knows rustls. It judges nothing: any
//! certificate will do, and what was wrong is told.

mod collect;
mod drive;
mod http;
mod inside;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use portvakt_model::{Offered, TlsVersion};
use rustls::client::{ClientConfig, ClientConnection, Resumption as RustlsResumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::version::TLS13;
use rustls::{ALL_VERSIONS, HandshakeKind, ProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::Instant;

use collect::{NoIdentity, Seen, Sessions, Witness};
use drive::Drive;
pub use http::{HttpAnswer, is_http_port};
pub use inside::Inside;

/// What is asked beside the handshake itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The name for SNI (RFC 6066 §3) and `Host`. An address is never sent as SNI, but stands in `Host`
    /// where there is no name: many servers refuse a request without one.
    pub server_name: Option<String>,
    /// Protocols for ALPN (RFC 7301), the most wanted first; empty for no extension.
    pub alpn: Vec<String>,
    /// Whether to ask `HEAD /`.
    pub http: Http,
    /// Whether to wait a moment for a ticket when nothing else has to be waited for.
    pub tickets: bool,
    /// Offers TLS 1.3 alone, with these signature schemes; otherwise both versions and all that is known.
    pub schemes_13: Option<Vec<u16>>,
}

/// When `HEAD /` is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http {
    /// Never.
    #[default]
    Never,
    /// When `http/1.1` was agreed on.
    IfAgreed,
    /// Unless another protocol was agreed on.
    Always,
}

/// What a whole handshake showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The version that was taken.
    pub version: TlsVersion,
    /// The suite (IANA TLS Cipher Suites).
    pub suite: u16,
    /// The group (IANA TLS Supported Groups); `None` when it was not told.
    pub group: Option<u16>,
    /// The scheme of the server's signature (IANA TLS SignatureScheme).
    pub signature_scheme: Option<u16>,
    /// Whether that signature is the certificate's key's. `Unknown` where the key or scheme is none that
    /// can be verified here, or the certificate cannot be read.
    pub signature_valid: Offered,
    /// What ALPN chose.
    pub alpn: Option<String>,
    /// The certificates as they came, DER, the leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response, DER (RFC 6066 §8).
    pub ocsp: Option<Vec<u8>>,
    /// The request for a client certificate, if there was one.
    pub client_certificate: Option<ClientCertificateRequest>,
    /// Whether a session was given that can be resumed. `No` only when HTTP was answered and none had come.
    pub session: Offered,
    /// What `HEAD /` was answered; `None` when it was not asked or the answer is no HTTP.
    pub http: Option<HttpAnswer>,
    /// Why it broke off after the server had shown its certificate, if it did. With a request for a client
    /// certificate it means that one is required.
    pub broken_off: Option<String>,
}

/// A request for a client certificate (RFC 8446 §4.3.2, RFC 5246 §7.4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCertificateRequest {
    /// How many authorities it names.
    pub authorities: usize,
    /// Schemes that it accepts (IANA TLS SignatureScheme).
    pub schemes: Vec<u16>,
}

/// What a second connection with the first one's session showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Whether the session was taken up.
    pub resumption: Offered,
    /// Whether early data was allowed by the ticket, and accepted. None was sent.
    pub early_data: Offered,
}

/// Why there was no handshake. The words are for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// It refuses what rustls can do: TLS 1.2 with ECDHE and AEAD suites, and TLS 1.3. Not a fault: servers
    /// of TLS 1.1 and older, of static RSA or finite-field keys only, of CBC only, are all like that.
    #[error("it takes nothing that this client has: {0}")]
    Incompatible(String),
    /// It does not want the name that it was asked for (alert unrecognized_name).
    #[error("it does not know the name")]
    UnknownName,
    /// It speaks none of the protocols that ALPN offered (alert no_application_protocol, RFC 7301 §3.2).
    #[error("it speaks none of the protocols that it was offered")]
    NoApplicationProtocol,
    /// What it said is not TLS.
    #[error("this is not TLS: {0}")]
    NotTls(String),
    /// It broke the protocol, or ended the handshake with another alert.
    #[error("the handshake failed: {0}")]
    Failed(String),
    /// It closed the connection.
    #[error("the connection was closed during the handshake")]
    Closed,
    /// Nothing came before the deadline.
    #[error("no answer in time")]
    Silent,
}

/// A client for one endpoint, which remembers the session between two connections.
pub struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    host: String,
    http: Http,
    tickets: bool,
    seen: Arc<Seen>,
    sessions: Arc<Sessions>,
}

/// The algorithms are the same for every endpoint.
static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));

impl Client {
    /// Prepares a client. Nothing is sent.
    pub fn new(ask: &Ask) -> Result<Self, HandshakeError> {
        let seen = Arc::new(Seen::default());
        let sessions = Arc::new(Sessions::default());
        let versions = if ask.schemes_13.is_some() { &[&TLS13][..] } else { ALL_VERSIONS };
        let witness = Witness::new(&PROVIDER, Arc::clone(&seen), ask.schemes_13.clone());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
            .with_protocol_versions(versions)
            .map_err(|error| HandshakeError::Failed(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(witness))
            .with_client_cert_resolver(Arc::new(NoIdentity(Arc::clone(&seen))));
        config.alpn_protocols = ask.alpn.iter().map(|name| name.clone().into_bytes()).collect();
        config.resumption = RustlsResumption::store(Arc::clone(&sessions) as Arc<_>);
        config.enable_early_data = true;
        let name = ask.server_name.as_ref().and_then(|n| ServerName::try_from(n.clone()).ok());
        config.enable_sni = name.is_some();
        Ok(Self {
            config: Arc::new(config),
            // Stands for no name: an address is not sent.
            name: name.unwrap_or(ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into())),
            host: ask.server_name.clone().unwrap_or_default(),
            http: ask.http,
            tickets: ask.tickets,
            seen,
            sessions,
        })
    }

    /// Shakes hands on a fresh connection, asks what is to be asked, and hangs up.
    pub async fn shake(
        &self,
        stream: TcpStream,
        deadline: Instant,
    ) -> Result<Handshake, HandshakeError> {
        let peer = stream.peer_addr().map_or_else(|_| String::new(), |peer| peer.to_string());
        let host = if self.host.is_empty() { &peer } else { &self.host };
        let mut drive = Drive::new(self.connection()?, stream, deadline);
        let mut broken_off = drive.handshake().await.err();
        if let Some(error) = broken_off.take_if(|_| self.seen.chain_is_empty()) {
            return Err(error);
        }
        let mut http = None;
        if broken_off.is_none() && self.asks_http(&drive.tls) {
            http = http::head(&mut drive, host).await;
        }
        if self.tickets && broken_off.is_none() && self.sessions.is_empty() {
            drive.wait_for_more().await;
        }
        // In TLS 1.3 a refusal of our empty certificate comes when we have finished already.
        let broken_off = broken_off.or_else(|| drive.refusal());
        let found = self.found(&drive.tls, http, broken_off.map(|error| error.to_string()));
        drive.leave().await;
        found
    }

    /// Connects again with the session of [`Client::shake`]; nothing is sent in it, early or late.
    pub async fn resume(
        &self,
        stream: TcpStream,
        deadline: Instant,
    ) -> Result<Resumed, HandshakeError> {
        if self.sessions.is_empty() {
            return Ok(Resumed { resumption: Offered::Unknown, early_data: Offered::Unknown });
        }
        let mut tls = self.connection()?;
        let allowed = tls.early_data().is_some();
        let mut drive = Drive::new(tls, stream, deadline);
        drive.handshake().await?;
        let resumed = drive.tls.handshake_kind() == Some(HandshakeKind::Resumed);
        let early_data = match (allowed, drive.tls.is_early_data_accepted()) {
            (true, true) => Offered::Yes,
            // The ticket allows it, and it was not taken this time.
            (true, false) => Offered::Unknown,
            (false, _) => Offered::No,
        };
        drive.leave().await;
        let resumption = if resumed { Offered::Yes } else { Offered::No };
        Ok(Resumed { resumption, early_data })
    }

    fn connection(&self) -> Result<ClientConnection, HandshakeError> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
            .map_err(|error| HandshakeError::Failed(error.to_string()))
    }

    fn asks_http(&self, tls: &ClientConnection) -> bool {
        match (self.http, tls.alpn_protocol()) {
            (Http::Never, _) | (Http::IfAgreed, None) => false,
            (Http::Always, None) => true,
            (_, Some(agreed)) => agreed == b"http/1.1",
        }
    }

    fn found(
        &self,
        tls: &ClientConnection,
        http: Option<HttpAnswer>,
        broken_off: Option<String>,
    ) -> Result<Handshake, HandshakeError> {
        let unknown = || HandshakeError::Failed(broken_off.clone().unwrap_or_default());
        let version = match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
            Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
            _ => return Err(unknown()),
        };
        let suite = tls.negotiated_cipher_suite().ok_or_else(unknown)?;
        let seen = self.seen.take();
        let session = match (self.sessions.is_empty(), &http) {
            (false, _) => Offered::Yes,
            (true, Some(_)) => Offered::No,
            (true, None) => Offered::Unknown,
        };
        let agreed = tls.alpn_protocol().map(|name| name.escape_ascii().to_string());
        Ok(Handshake {
            version,
            suite: suite.suite().into(),
            group: tls.negotiated_key_exchange_group().map(|group| group.name().into()),
            signature_scheme: seen.scheme,
            signature_valid: seen.signature,
            alpn: agreed,
            chain: seen.chain,
            ocsp: seen.ocsp,
            client_certificate: seen.request,
            session,
            http,
            broken_off,
        })
    }
}

//! What rustls calls back with, kept: chain, staple, signature, certificate request, sessions.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portvakt_model::Offered;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, NamedGroup, SignatureScheme};

use super::ClientCertificateRequest;

/// What was seen of one connection.
#[derive(Debug, Default)]
pub(super) struct Sight {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) ocsp: Option<Vec<u8>>,
    pub(super) scheme: Option<u16>,
    pub(super) signature: Offered,
    pub(super) request: Option<ClientCertificateRequest>,
}

/// The same, shared with rustls.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Sight>);

impl Seen {
    pub(super) fn take(&self) -> Sight {
        std::mem::take(&mut *self.lock())
    }

    pub(super) fn chain_is_empty(&self) -> bool {
        self.lock().chain.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Sight> {
        // Each writer sets whole fields, so what a panicking one left is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A verifier that takes any certificate and notes it.
#[derive(Debug)]
pub(super) struct Witness {
    algorithms: WebPkiSupportedAlgorithms,
    seen: Arc<Seen>,
    /// What to offer instead of what is known.
    schemes: Option<Vec<u16>>,
}

impl Witness {
    pub(super) fn new(
        provider: &CryptoProvider,
        seen: Arc<Seen>,
        schemes: Option<Vec<u16>>,
    ) -> Self {
        Self { algorithms: provider.signature_verification_algorithms, seen, schemes }
    }

    fn note(
        &self,
        signed: &DigitallySignedStruct,
        verified: &Result<HandshakeSignatureValid, Error>,
    ) -> HandshakeSignatureValid {
        let mut seen = self.seen.lock();
        seen.scheme = Some(signed.scheme.into());
        seen.signature = match verified {
            Ok(_) => Offered::Yes,
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => Offered::No,
            Err(_) => Offered::Unknown,
        };
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut seen = self.seen.lock();
        seen.chain = [end_entity].into_iter().chain(intermediates).map(|c| c.to_vec()).collect();
        seen.ocsp = (!ocsp_response.is_empty()).then(|| ocsp_response.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = verify_tls12_signature(message, certificate, signed, &self.algorithms);
        Ok(self.note(signed, &verified))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = verify_tls13_signature(message, certificate, signed, &self.algorithms);
        Ok(self.note(signed, &verified))
    }

    /// Those that can be verified, and after them those that servers with old keys need. What cannot be
    /// verified is told as unknown.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        if let Some(schemes) = &self.schemes {
            return schemes.iter().map(|scheme| SignatureScheme::from(*scheme)).collect();
        }
        let mut schemes = self.algorithms.supported_schemes();
        schemes.extend([
            SignatureScheme::ED448,
            SignatureScheme::ECDSA_SHA1_Legacy,
            SignatureScheme::RSA_PKCS1_SHA1,
        ]);
        schemes
    }
}

/// A client without a certificate that notes when it is asked for one.
#[derive(Debug)]
pub(super) struct NoIdentity(pub(super) Arc<Seen>);

impl ResolvesClientCert for NoIdentity {
    fn resolve(&self, roots: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let schemes = schemes.iter().map(|scheme| (*scheme).into()).collect();
        self.0.lock().request =
            Some(ClientCertificateRequest { authorities: roots.len(), schemes });
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The sessions of one endpoint.
pub(super) struct Sessions {
    cache: ClientSessionMemoryCache,
    empty: AtomicBool,
}

impl Sessions {
    pub(super) fn is_empty(&self) -> bool {
        self.empty.load(Ordering::Relaxed)
    }

    fn filled(&self) {
        self.empty.store(false, Ordering::Relaxed);
    }
}

impl Default for Sessions {
    fn default() -> Self {
        // One server with its tickets, of which rustls keeps eight.
        Self { cache: ClientSessionMemoryCache::new(1), empty: AtomicBool::new(true) }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Sessions are secrets.
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.cache.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.filled();
        self.cache.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.cache.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.filled();
        self.cache.insert_tls13_ticket(name, value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.cache.take_tls13_ticket(name)
    }
}

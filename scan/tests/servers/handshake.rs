//! Whole handshakes with real servers, whose configuration says what must be seen.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use portvakt_model::{Offered, TlsVersion};
use portvakt_scan::tls::handshake::{
    Ask, Client, Handshake, HandshakeError, Http, HttpAnswer, Resumed,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, ServerConnection};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::lab::keys::{Keys, ec, rsa};
use crate::lab::mail::{Mailbox, dovecot};
use crate::lab::tls::{gnutls, jsse, nginx, openssl, tlslite};
use crate::lab::wait;

const TIME: Duration = Duration::from_secs(30);
const RSA_PSS_SHA256: u16 = 0x0804;
/// The first that rustls offers for an RSA key, and so what OpenSSL takes.
const RSA_PSS_SHA512: u16 = 0x0806;
/// The first that it offers for a key on a curve.
const ECDSA_SHA384: u16 = 0x0503;
const X25519: u16 = 0x001d;
const SECP384R1: u16 = 0x0018;
const X25519MLKEM768: u16 = 0x11ec;

fn web() -> Ask {
    Ask {
        server_name: Some("post.example".to_owned()),
        alpn: vec!["http/1.1".to_owned()],
        http: Http::Always,
        tickets: true,
        ..Ask::default()
    }
}

/// Without HTTP.
fn plain() -> Ask {
    Ask { server_name: Some("post.example".to_owned()), tickets: true, ..Ask::default() }
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

fn shake(address: SocketAddr, ask: &Ask) -> Result<Handshake, HandshakeError> {
    wait(async {
        let client = Client::new(ask).unwrap();
        client.shake(connect(address).await, Instant::now() + TIME).await
    })
}

fn shake_twice(address: SocketAddr, ask: &Ask) -> (Handshake, Resumed) {
    wait(async {
        let client = Client::new(ask).unwrap();
        let first = client.shake(connect(address).await, Instant::now() + TIME).await.unwrap();
        let second = client.resume(connect(address).await, Instant::now() + TIME).await.unwrap();
        (first, second)
    })
}

#[test]
fn nginx_with_the_newest_version() {
    let keys = rsa();
    let block = "ssl_protocols TLSv1.2 TLSv1.3;\n\
                 add_header Strict-Transport-Security \"max-age=63072000\" always;";
    let Some(server) = nginx(&keys, block) else { return };
    let (mut found, again) = shake_twice(server.address, &web());
    assert!(found.chain == [keys.der(0), keys.der(1)]);
    found.chain.clear();
    let hsts = Some("max-age=63072000".to_owned());
    let expected = Handshake {
        version: TlsVersion::Tls13,
        suite: 0x1302,
        group: Some(X25519),
        signature_scheme: Some(RSA_PSS_SHA512),
        signature_valid: Offered::Yes,
        alpn: Some("http/1.1".to_owned()),
        chain: Vec::new(),
        ocsp: None,
        client_certificate: None,
        session: Offered::Yes,
        http: Some(HttpAnswer { status: 204, hsts }),
        broken_off: None,
    };
    assert_eq!(found, expected);
    assert_eq!(again, Resumed { resumption: Offered::Yes, early_data: Offered::No });
}

/// nginx refuses a request with an empty `Host`, and then leaves the header out.
#[test]
fn nginx_asked_by_address() {
    let keys = rsa();
    let block = "ssl_protocols TLSv1.3; add_header Strict-Transport-Security \"max-age=1\";";
    let Some(server) = nginx(&keys, block) else { return };
    let found = shake(server.address, &Ask { server_name: None, ..web() }).unwrap();
    let hsts = Some("max-age=1".to_owned());
    assert_eq!(found.http, Some(HttpAnswer { status: 204, hsts }));
}

#[test]
fn nginx_with_tls_1_2_and_no_sessions() {
    let keys = ec();
    let block = "ssl_protocols TLSv1.2; ssl_session_cache off; ssl_session_tickets off;";
    let Some(server) = nginx(&keys, block) else { return };
    let (found, again) = shake_twice(server.address, &web());
    assert_eq!(found.version, TlsVersion::Tls12);
    assert_eq!(found.signature_scheme, Some(ECDSA_SHA384));
    assert_eq!(found.http, Some(HttpAnswer { status: 204, hsts: None }));
    assert_eq!(found.session, Offered::No);
    assert_eq!(again.resumption, Offered::Unknown);
}

#[test]
fn nginx_with_tls_1_2_and_sessions() {
    let keys = ec();
    let Some(server) = nginx(&keys, "ssl_protocols TLSv1.2;") else { return };
    let (found, again) = shake_twice(server.address, &web());
    assert_eq!((found.version, found.session), (TlsVersion::Tls12, Offered::Yes));
    assert_eq!(again, Resumed { resumption: Offered::Yes, early_data: Offered::No });
}

#[test]
fn nginx_with_early_data() {
    let keys = rsa();
    let block = "ssl_protocols TLSv1.3; ssl_early_data on; ssl_session_cache shared:s:1m;";
    let Some(server) = nginx(&keys, block) else { return };
    let (_, again) = shake_twice(server.address, &web());
    assert_eq!(again, Resumed { resumption: Offered::Yes, early_data: Offered::Yes });
}

#[test]
fn a_client_certificate_that_is_wanted() {
    let keys = rsa();
    let block = format!("ssl_verify_client optional; ssl_client_certificate {};", keys.authority());
    let Some(server) = nginx(&keys, &block) else { return };
    let found = shake(server.address, &web()).unwrap();
    assert_eq!(found.client_certificate.as_ref().map(|asked| asked.authorities), Some(1));
    assert_eq!(found.broken_off, None);
}

#[test]
fn a_client_certificate_that_is_required() {
    let keys = rsa();
    for version in ["-tls1_2", "-tls1_3"] {
        let options = [version, "-Verify", "1", "-CAfile", &keys.authority()];
        let Some(server) = openssl(&keys, &options) else { return };
        let found = shake(server.address, &plain()).unwrap();
        let asked = found.client_certificate.unwrap();
        assert_eq!(asked.authorities, 1, "{version}");
        assert!(asked.schemes.contains(&RSA_PSS_SHA256), "{version}: {asked:?}");
        assert!(found.broken_off.is_some(), "{version}");
        assert_eq!(found.chain.len(), 2, "{version}");
    }
}

#[test]
fn a_staple() {
    let keys = rsa();
    let staple = keys.ocsp();
    let Some(server) = openssl(&keys, &["-status_file", &staple]) else { return };
    let found = shake(server.address, &plain()).unwrap();
    assert_eq!(found.ocsp, Some(std::fs::read(staple).unwrap()));
    assert_eq!(found.session, Offered::Yes);
}

#[test]
fn servers_of_what_this_client_lacks_are_told_apart() {
    let keys = rsa();
    let weak = |version, suites| [version, "-cipher", suites];
    for options in [
        weak("-tls1", "ALL:@SECLEVEL=0"),
        weak("-tls1_1", "ALL:@SECLEVEL=0"),
        weak("-tls1_2", "AES128-GCM-SHA256"),
        weak("-tls1_2", "DHE-RSA-AES128-GCM-SHA256"),
        weak("-tls1_2", "ECDHE-RSA-AES128-SHA"),
    ] {
        let Some(server) = openssl(&keys, &options) else { return };
        let found = shake(server.address, &plain());
        assert!(matches!(found, Err(HandshakeError::Incompatible(_))), "{options:?}: {found:?}");
    }
}

#[test]
fn gnutls_jsse_and_dovecot() {
    let keys = rsa();
    let servers = [gnutls(&keys, "NORMAL"), jsse(&keys), dovecot(&keys, Mailbox::Imaps, "")];
    for server in servers.into_iter().flatten() {
        let found = shake(server.address, &plain()).unwrap();
        assert_eq!(found.version, TlsVersion::Tls13, "{}", server.log());
        assert!(found.chain.first() == Some(&keys.der(0)), "{}", server.log());
        assert_eq!(found.signature_valid, Offered::Yes, "{}", server.log());
    }
}

#[test]
fn tlslite_with_each_group() {
    let keys = rsa();
    let groups = [("x25519mlkem768", X25519MLKEM768), ("secp384r1", SECP384R1)];
    for (name, group) in groups {
        let Some(server) = tlslite(&keys, &["--groups", name]) else { return };
        let found = shake(server.address, &plain());
        let found = found.unwrap_or_else(|why| panic!("{name}: {why}\n{}", server.log()));
        assert_eq!((found.version, found.group), (TlsVersion::Tls13, Some(group)), "{name}");
    }
}

/// Always the same certificate, with a key that may be another's.
#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// One connection to a server in this process that shows one's certificate and signs with another's key.
fn server(shown: &Keys, signer: &Keys) -> (SocketAddr, JoinHandle<()>) {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signer.key_der()));
    let key = provider.key_provider.load_private_key(key).unwrap();
    let chain = vec![CertificateDer::from(shown.der(0))];
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Fixed(Arc::new(CertifiedKey::new(chain, key)))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let task = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        // It says nothing that begins like HTTP.
        let _ = stream.write_all(b"* OK hello\r\n");
        let _ = stream.read(&mut [0; 64]);
    });
    (address, task)
}

#[test]
fn a_hybrid_group_is_taken() {
    let keys = ec();
    let (address, task) = server(&keys, &keys);
    let found = shake(address, &web()).unwrap();
    task.join().unwrap();
    assert_eq!(found.group, Some(X25519MLKEM768));
    assert_eq!(found.signature_valid, Offered::Yes);
    assert_eq!(found.http, None);
}

#[test]
fn a_signature_of_another_key_is_seen() {
    let (shown, signer) = (ec(), Keys::another_ec());
    let (address, task) = server(&shown, &signer);
    let found = shake(address, &plain()).unwrap();
    task.join().unwrap();
    assert_eq!(found.signature_valid, Offered::No);
    assert!(found.chain == [shown.der(0)]);
}

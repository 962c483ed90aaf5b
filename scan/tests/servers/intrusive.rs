//! Active probes against real servers in order, and against servers in this process with a fault.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use portvakt_model::{
    Chain, Evidence, Offered, ProtocolSeen, SuiteOrder, TlsEndpoint, TlsVersion, VulnerabilityProbe,
};
use portvakt_scan::tls::{Depth, How, Limits, Split, Target, intrusive, look};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ServerConfig, ServerConnection};

use crate::lab::keys::{Keys, rsa};
use crate::lab::tls::{jsse, nginx, openssl};
use crate::lab::wait;

const RSA_AES_128_CBC_SHA: u16 = 0x002F;
const ECDHE_RSA_GCM: u16 = 0xC02F;

pub(crate) fn target(address: SocketAddr) -> Target {
    Target {
        host: "post.example".to_owned(),
        port: address.port(),
        address: Some(address),
        starttls: None,
    }
}

pub(crate) fn how() -> How {
    How {
        depth: Depth::Verdict,
        split: Split::default(),
        // A machine that is busy takes long over a handshake.
        limits: Limits { answer: Duration::from_secs(30), ..Limits::default() },
        chain: Arc::new(|_, _| Chain::default()),
    }
}

/// The probes alone, of an endpoint that is known to have these suites of TLS 1.2.
fn probed(address: SocketAddr, suites: &[u16]) -> TlsEndpoint {
    let protocol = |version| ProtocolSeen {
        version,
        offered: if version == TlsVersion::Tls12 { Offered::Yes } else { Offered::No },
        suites: if version == TlsVersion::Tls12 {
            suites.iter().map(|suite| (*suite).into()).collect()
        } else {
            Vec::new()
        },
        complete: true,
        order: SuiteOrder::Unknown,
    };
    wait(async {
        // Nobody is asked without an address; what comes back is an endpoint of which nothing is known.
        let mut endpoint = look(&Target { address: None, ..target(address) }, &how()).await;
        endpoint.protocols = TlsVersion::ALL.map(protocol).to_vec();
        intrusive::probe(&target(address), &how(), &mut endpoint).await;
        endpoint
    })
}

fn row<'a>(endpoint: &'a TlsEndpoint, name: &str) -> &'a VulnerabilityProbe {
    endpoint.probes.iter().find(|row| row.name == name).unwrap()
}

fn assert_row(endpoint: &TlsEndpoint, name: &str, vulnerable: Offered) {
    let row = row(endpoint, name);
    assert_eq!((row.vulnerable, row.evidence), (vulnerable, Evidence::Tested), "{row:?}");
}

#[test]
fn servers_in_order_are_acquitted() {
    let keys = rsa();
    let block = "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256;";
    let servers = [
        nginx(&keys, block),
        openssl(&keys, &["-www", "-tls1_2", "-cipher", "AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256"]),
    ];
    for server in servers.into_iter().flatten() {
        let seen = probed(server.address, &[RSA_AES_128_CBC_SHA, ECDHE_RSA_GCM]);
        for name in ["heartbleed", "ccs-injection", "robot", "ticketbleed"] {
            assert_row(&seen, name, Offered::No);
        }
        assert_row(&seen, "renegotiation-dos", Offered::No);
        assert_row(&seen, "insecure-renegotiation", Offered::No);
        assert_eq!(seen.traits.client_renegotiation, Offered::No);
    }
}

#[test]
fn openssl_that_was_told_to_renegotiate() {
    let keys = rsa();
    let Some(server) = openssl(&keys, &["-www", "-tls1_2", "-client_renegotiation"]) else {
        return;
    };
    let seen = probed(server.address, &[RSA_AES_128_CBC_SHA, ECDHE_RSA_GCM]);
    assert_row(&seen, "renegotiation-dos", Offered::Yes);
    assert_row(&seen, "insecure-renegotiation", Offered::No);
    assert_eq!(seen.traits.client_renegotiation, Offered::Yes);
}

#[test]
fn openssl_that_was_told_to_renegotiate_without_protection() {
    let keys = rsa();
    let options = ["-www", "-tls1_2", "-client_renegotiation", "-legacy_renegotiation"];
    let Some(server) = openssl(&keys, &options) else { return };
    assert_row(
        &probed(server.address, &[RSA_AES_128_CBC_SHA, ECDHE_RSA_GCM]),
        "insecure-renegotiation",
        Offered::Yes,
    );
}

#[test]
fn java_renegotiates_with_clients_by_default() {
    let keys = rsa();
    let Some(server) = jsse(&keys) else { return };
    let seen = probed(server.address, &[RSA_AES_128_CBC_SHA, ECDHE_RSA_GCM]);
    for name in ["heartbleed", "ccs-injection", "robot", "ticketbleed"] {
        assert_ne!(row(&seen, name).vulnerable, Offered::Yes, "{:?}", row(&seen, name));
    }
    assert_eq!(seen.traits.client_renegotiation, Offered::Yes, "{:?}", seen.probes);
}

/// Reads one record.
fn record(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn handshake(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut flight = Vec::new();
    for (kind, body) in messages {
        flight.push(*kind);
        flight.extend(&(body.len() as u32).to_be_bytes()[1..]);
        flight.extend(body);
    }
    [&[22, 3, 3][..], &(flight.len() as u16).to_be_bytes(), &flight].concat()
}

/// ServerHello of TLS 1.2 with a session id and a suite.
fn server_hello(id: &[u8], suite: u16) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(id.len() as u8);
    body.extend(id);
    body.extend(suite.to_be_bytes());
    body.push(0);
    body
}

fn certificate(der: &[u8]) -> Vec<u8> {
    let length = |n: usize| (n as u32).to_be_bytes()[1..].to_vec();
    [length(der.len() + 3), length(der.len()), der.to_vec()].concat()
}

/// How a server with RSA key transport answers a padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Oracle {
    /// Alike, as it should.
    Dumb,
    /// With another alert when the padding is wrong.
    Padding,
    /// With another alert each time, whatever the padding.
    Dice,
}

/// A server of TLS 1.2 with one suite, for as many connections as come.
fn rsa_server(keys: &Keys, oracle: Oracle) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let private = PrivateDecryptingKey::from_pkcs8(&keys.key_der()).unwrap();
    let key = Pkcs1PrivateDecryptingKey::new(private).unwrap();
    let flight = handshake(&[
        (2, server_hello(&[], RSA_AES_128_CBC_SHA)),
        (11, certificate(&keys.der(0))),
        (14, Vec::new()),
    ]);
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let _ = rsa_answer(stream.unwrap(), &flight, &key, oracle, count as u8);
        }
    });
    address
}

fn rsa_answer(
    mut stream: TcpStream,
    flight: &[u8],
    key: &Pkcs1PrivateDecryptingKey,
    oracle: Oracle,
    count: u8,
) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let hello = record(&mut stream)?;
    let offers = hello.windows(2).any(|w| w == RSA_AES_128_CBC_SHA.to_be_bytes());
    if !offers {
        return stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).ok();
    }
    stream.write_all(flight).ok()?;
    // Header and length of the message go before what is encrypted.
    let exchange = record(&mut stream)?;
    let mut clear = vec![0; key.min_output_size()];
    let is_right = key.decrypt(exchange.get(6..)?, &mut clear).is_ok();
    let alert = match oracle {
        Oracle::Padding if !is_right => 51,
        Oracle::Dice => 40 + count % 7,
        _ => 20,
    };
    stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).ok()?;
    // What the client still sends is read, so that its end is no reset.
    while record(&mut stream).is_some() {}
    Some(())
}

fn robot(oracle: Oracle) -> VulnerabilityProbe {
    let keys = rsa();
    let address = rsa_server(&keys, oracle);
    let seen = probed(address, &[RSA_AES_128_CBC_SHA]);
    row(&seen, "robot").clone()
}

#[test]
fn an_oracle_is_believed_when_it_says_the_same_again() {
    let found = robot(Oracle::Padding);
    assert_eq!((found.vulnerable, found.evidence), (Offered::Yes, Evidence::Tested), "{found:?}");
    // A right padding with a wrong version, or with a secret too short, still is a right padding.
    assert_eq!(
        found.detail,
        "Correct: alert 20, WrongStart: alert 51, ZeroTooLate: alert 20, WithoutZero: alert 51, \
         WrongVersion: alert 20"
    );
}

#[test]
fn a_server_that_answers_alike_is_acquitted_and_dice_are_not_believed() {
    let found = robot(Oracle::Dumb);
    assert_eq!((found.vulnerable, found.evidence), (Offered::No, Evidence::Tested), "{found:?}");
    let found = robot(Oracle::Dice);
    let expected = (Offered::Unknown, Evidence::Incomplete);
    assert_eq!((found.vulnerable, found.evidence), expected, "{found:?}");
}

/// A server that gives tickets, and answers a session id with this one when a ticket comes back.
fn ticket_server(keys: &Keys, answer: Vec<u8>) -> SocketAddr {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(keys.key_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(keys.der(0))], key)
        .unwrap();
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, answer, stream) = (Arc::clone(&config), answer.clone(), stream.unwrap());
            std::thread::spawn(move || ticket_answer(stream, config, &answer));
        }
    });
    address
}

fn ticket_answer(mut stream: TcpStream, config: Arc<ServerConfig>, answer: &[u8]) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut head = [0; 44];
    while stream.peek(&mut head).ok()? < head.len() {}
    // Behind two headers, a version and a random stands the length of the session id.
    if head[43] == 31 {
        record(&mut stream)?;
        stream.write_all(&handshake(&[(2, server_hello(answer, ECDHE_RSA_GCM))])).ok()?;
        return stream.read(&mut [0; 64]).ok().map(drop);
    }
    let mut tls = ServerConnection::new(config).unwrap();
    let mut stream = rustls::Stream::new(&mut tls, &mut stream);
    stream.read(&mut [0; 64]).ok().map(drop)
}

#[test]
fn a_session_id_that_grows_is_seen() {
    let keys = rsa();
    let seen =
        probed(ticket_server(&keys, [vec![0x70; 31], vec![0xaa]].concat()), &[ECDHE_RSA_GCM]);
    assert_row(&seen, "ticketbleed", Offered::Yes);
    assert_eq!(row(&seen, "ticketbleed").detail, "31 bytes of session id came back as 32");
    let seen = probed(ticket_server(&keys, vec![0x70; 31]), &[ECDHE_RSA_GCM]);
    assert_row(&seen, "ticketbleed", Offered::No);
    // Another id: the ticket was not taken.
    let seen = probed(ticket_server(&keys, vec![0x11; 32]), &[ECDHE_RSA_GCM]);
    assert_eq!(row(&seen, "ticketbleed").vulnerable, Offered::Unknown);
}

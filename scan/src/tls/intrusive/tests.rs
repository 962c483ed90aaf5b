//! Scripted servers, for faults that no server has that can still be had. Servers in order, keys, and one old
//! server with Heartbleed, are in `scan/tests/servers`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use portvakt_model::{Chain, ProtocolSeen, SuiteOrder, TlsTraits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::limits::Limits;
use super::super::target::{Depth, Split};
use super::*;

/// TLS_RSA_WITH_AES_128_CBC_SHA.
const SUITE: u16 = 0x002F;

/// What a server does with each record after its first flight.
#[derive(Clone, Copy)]
enum Then {
    Say(&'static [u8]),
    Close,
    Nothing,
    /// It does nothing more and stays.
    Stay,
}
use Then::{Close, Nothing, Say, Stay};

/// A server whose hello has these extensions, and which then answers record by record.
async fn serve(extensions: &'static [u8], then: &'static [Then]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(play(stream, extensions, then));
        }
    });
    address
}

async fn play(mut stream: TcpStream, extensions: &[u8], then: &[Then]) -> Option<()> {
    heard(&mut stream).await?;
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend(SUITE.to_be_bytes());
    hello.push(0);
    hello.extend((extensions.len() as u16).to_be_bytes());
    hello.extend(extensions);
    // ServerHello, an empty Certificate, ServerHelloDone (RFC 5246 §7.4).
    let flight =
        [&[2, 0, 0, hello.len() as u8], &hello[..], &[11, 0, 0, 3, 0, 0, 0], &[14, 0, 0, 0]];
    let flight = flight.concat();
    stream.write_all(&[&[22, 3, 3, 0, flight.len() as u8], &flight[..]].concat()).await.ok()?;
    for step in then {
        heard(&mut stream).await?;
        match step {
            Say(words) => stream.write_all(words).await.ok()?,
            Close => return Some(()),
            Nothing => {}
            Stay => tokio::time::sleep(Duration::from_mins(1)).await,
        }
    }
    stream.read_to_end(&mut Vec::new()).await.ok()?;
    Some(())
}

/// One record, passed over.
async fn heard(stream: &mut TcpStream) -> Option<()> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.ok()?;
    let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(())
}

fn how() -> How {
    How {
        depth: Depth::Verdict,
        split: Split::default(),
        limits: Limits { answer: Duration::from_millis(1500), ..Limits::default() },
        chain: Arc::new(|_, _| Chain::default()),
    }
}

/// An endpoint that offers one suite in one version.
fn endpoint(version: TlsVersion, suite: u16) -> TlsEndpoint {
    let protocol = |of| ProtocolSeen {
        version: of,
        offered: if of == version { Offered::Yes } else { Offered::No },
        suites: if of == version { vec![suite.into()] } else { Vec::new() },
        complete: true,
        order: SuiteOrder::Unknown,
    };
    TlsEndpoint {
        target: "www.example:443".to_owned(),
        address: None,
        server_name: None,
        starttls: None,
        at: Timestamp::UNIX_EPOCH,
        connections: 0,
        complete: true,
        enumerated: true,
        doubts: Vec::new(),
        protocols: TlsVersion::ALL.map(protocol).to_vec(),
        groups: Vec::new(),
        signature_schemes: Vec::new(),
        signatures_complete: true,
        dh_bits: None,
        traits: TlsTraits::default(),
        chains: Vec::new(),
        probes: Vec::new(),
        hsts: None,
    }
}

/// What the early probes say of a server.
async fn early(extensions: &'static [u8], then: &'static [Then]) -> [VulnerabilityProbe; 2] {
    let address = serve(extensions, then).await;
    let target = Target {
        host: "www.example".to_owned(),
        port: address.port(),
        address: Some(address),
        starttls: None,
    };
    let how = how();
    let gate = Gate::new(&how.limits);
    let line = Line::new(&target, address, &how, &gate);
    let known = Known::of(&endpoint(TlsVersion::Tls12, SUITE));
    [heartbleed::heartbleed(&line, &known).await, ccs::ccs_injection(&line, &known).await]
}

fn outcome(row: &VulnerabilityProbe) -> (Offered, Evidence) {
    (row.vulnerable, row.evidence)
}

const YES: (Offered, Evidence) = (Offered::Yes, Evidence::Tested);
const NO: (Offered, Evidence) = (Offered::No, Evidence::Tested);
const UNKNOWN: (Offered, Evidence) = (Offered::Unknown, Evidence::Incomplete);
/// `heartbeat` (RFC 6520 §2): peer_allowed_to_send.
const HEARTBEAT: &[u8] = &[0, 15, 0, 1, 1];

#[tokio::test]
async fn heartbleed_is_seen_by_what_comes_back() {
    // A response of 8,194 bytes, two of which were never sent, with 16 of padding; and one in order.
    let response = |payload: u16| {
        let length = (3 + payload + 16).to_be_bytes();
        let head = [&[24, 3, 3][..], &length, &[2], &payload.to_be_bytes()].concat();
        Say(Vec::leak([head, vec![b'p'; usize::from(payload) + 16]].concat()))
    };
    let [found, _] = early(HEARTBEAT, Vec::leak(vec![response(8194)])).await;
    assert_eq!(outcome(&found), YES);
    assert_eq!(found.detail, "8192 bytes were sent, 8194 came back");
    let [found, _] = early(HEARTBEAT, Vec::leak(vec![response(8190)])).await;
    assert_eq!(outcome(&found), NO);
}

#[tokio::test]
async fn heartbleed_is_not_seen_in_servers_in_order() {
    // It passes the request over and closes at the close; it complains; it answers with one byte.
    const HONEST: Then =
        Say(&[24, 3, 3, 0, 20, 2, 0, 1, b'p', 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    for then in [&[Nothing, Close][..], &[Say(&[21, 3, 3, 0, 2, 2, 50])], &[HONEST]] {
        let [found, _] = early(HEARTBEAT, then).await;
        assert_eq!(outcome(&found), NO, "{}", found.detail);
    }
    let [found, _] = early(&[], &[]).await;
    assert_eq!((outcome(&found), found.detail.as_str()), (NO, "the server has no heartbeat"));
    let [found, _] = early(HEARTBEAT, &[Stay]).await;
    assert_eq!(outcome(&found), UNKNOWN, "silence is no answer");
}

#[tokio::test]
async fn an_early_change_of_cipher_is_taken_or_refused() {
    let bad_record_mac = Say(&[21, 3, 3, 0, 2, 2, 20]);
    let unexpected = Say(&[21, 3, 3, 0, 2, 2, 10]);
    let cases: [(&'static [Then], _); 6] = [
        (Vec::leak(vec![Nothing, bad_record_mac]), YES),
        (Vec::leak(vec![unexpected]), NO),
        // What comes at once is about the first.
        (Vec::leak(vec![bad_record_mac]), NO),
        (Vec::leak(vec![Close]), NO),
        (Vec::leak(vec![Nothing, Nothing]), UNKNOWN),
        // It may be one that closes whatever it does not like.
        (Vec::leak(vec![Nothing, Close]), UNKNOWN),
    ];
    for (number, (then, expected)) in cases.into_iter().enumerate() {
        let [_, found] = early(&[], then).await;
        assert_eq!(outcome(&found), expected, "{number}: {}", found.detail);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_whom_it_does_not_concern() {
    let target = Target {
        host: "www.example".to_owned(),
        port: 1,
        // Nobody listens there: a connection would be an error in a row.
        address: Some(([127, 0, 0, 1], 1).into()),
        starttls: None,
    };
    let mut modern = endpoint(TlsVersion::Tls13, 0x1301);
    probe(&target, &how(), &mut modern).await;
    assert_eq!((modern.connections, modern.probes.len()), (0, 6));
    for row in &modern.probes {
        // Other suites than those tried may give a byte away.
        let told = match row.name {
            "ticketbleed" => (Offered::Unknown, Evidence::Incomplete),
            _ => (Offered::No, Evidence::Inferred),
        };
        assert_eq!((row.vulnerable, row.evidence), told, "{row:?}");
    }
    assert_eq!(modern.traits.client_renegotiation, Offered::No);
    let mut unknown = endpoint(TlsVersion::Tls13, 0x1301);
    unknown.protocols.clear();
    probe(&target, &how(), &mut unknown).await;
    for row in &unknown.probes {
        assert_eq!(outcome(row), UNKNOWN, "{row:?}");
    }
}

#[tokio::test]
async fn a_server_that_shuts_out_is_spared() {
    let target = Target {
        host: "www.example".to_owned(),
        port: 1,
        address: Some(([127, 0, 0, 1], 1).into()),
        starttls: Some(StartTls::Mysql),
    };
    let mut seen = endpoint(TlsVersion::Tls12, SUITE);
    seen.connections = 25;
    probe(&target, &how(), &mut seen).await;
    assert_eq!((seen.connections, seen.probes.len()), (25, NAMES.len()));
    assert!(seen.probes.iter().all(|row| outcome(row) == UNKNOWN), "{:?}", seen.probes);
}

#[tokio::test]
async fn hostile_servers_are_left_and_told() {
    let flood: &'static [u8] = Vec::leak(vec![22; 300_000]);
    for then in [
        Vec::leak(vec![Say(flood)]) as &[Then],
        Vec::leak(vec![Say(b"HTTP/1.1 400\r\n")]),
        Vec::leak(vec![Say(&[22, 3, 3, 0xff, 0xff])]),
        Vec::leak(vec![Say(&[22, 3, 3, 0, 4, 1, 0xff, 0xff, 0xff])]),
    ] {
        for found in early(HEARTBEAT, then).await {
            assert_ne!(found.vulnerable, Offered::Yes, "{found:?}");
        }
    }
}

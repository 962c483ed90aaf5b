//! Peers that mean harm, or do it.

use std::time::{Duration, Instant};

use portvakt_model::Offered;
use portvakt_scan::tls::{Depth, How, Limits, look};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{how, run, target};

/// What a hostile peer does with a connection.
#[derive(Clone, Copy, Debug)]
enum Evil {
    /// Accepts, and says nothing.
    Tarpit,
    /// A byte of a hello now and then.
    Drip,
    /// A record header that announces the largest length there is.
    LongRecord,
    /// A handshake message that announces 2^24 bytes, and as many records as will be read.
    LongMessage,
    /// A whole ServerHello, and then a chain of 10 MB.
    LongChain,
    /// Bytes that are not TLS.
    Garbage,
    /// Warnings without end.
    Warnings,
    /// Empty records without end.
    EmptyRecords,
    /// Half a ServerHello, and the end.
    HalfHello,
    /// A ServerHello with a suite that was not offered.
    Unasked,
    /// A reset at once.
    Reset,
}

const ALL: [Evil; 11] = [
    Evil::Tarpit,
    Evil::Drip,
    Evil::LongRecord,
    Evil::LongMessage,
    Evil::LongChain,
    Evil::Garbage,
    Evil::Warnings,
    Evil::EmptyRecords,
    Evil::HalfHello,
    Evil::Unasked,
    Evil::Reset,
];

const HELLO: [u8; 47] = {
    let mut hello = [0; 47];
    let head = [22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
    let mut at = 0;
    while at < head.len() {
        hello[at] = head[at];
        at += 1;
    }
    hello[44] = 0x42;
    hello[45] = 0x42;
    hello
};

impl Evil {
    async fn act(self, mut stream: TcpStream) {
        let mut hello = [0; 2048];
        let _ = stream.read(&mut hello).await;
        let forever = match self {
            Self::Tarpit => return tokio::time::sleep(Duration::from_mins(1)).await,
            Self::Reset => return drop(stream.set_zero_linger()),
            Self::HalfHello => return drop(stream.write_all(&HELLO[..30]).await),
            Self::Unasked => return drop(stream.write_all(&HELLO).await),
            Self::Drip => {
                for byte in HELLO.iter().cycle() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                }
                return;
            }
            Self::LongRecord => {
                let _ = stream.write_all(&[22, 3, 3, 0xFF, 0xFF]).await;
                vec![0; 4096]
            }
            Self::LongMessage => {
                let _ = stream.write_all(&[22, 3, 3, 0, 4, 2, 0xFF, 0xFF, 0xFF]).await;
                record(22, 16000)
            }
            Self::LongChain => {
                let mut good = HELLO;
                good[44..46].copy_from_slice(&[0xC0, 0x2F]);
                let _ = stream.write_all(&good).await;
                let _ = stream.write_all(&[22, 3, 3, 0, 4, 11, 0x98, 0x96, 0x80]).await;
                record(22, 16000)
            }
            Self::Garbage => b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(100),
            Self::Warnings => [21, 3, 1, 0, 2, 1, 90].repeat(100),
            Self::EmptyRecords => record(22, 0).repeat(1000),
        };
        while stream.write_all(&forever).await.is_ok() {}
    }
}

fn record(kind: u8, length: u16) -> Vec<u8> {
    let mut bytes = vec![kind, 3, 3];
    bytes.extend(length.to_be_bytes());
    bytes.resize(5 + usize::from(length), 0);
    bytes
}

fn impatient(depth: Depth) -> How {
    let limits = Limits {
        connect: Duration::from_millis(500),
        answer: Duration::from_millis(300),
        endpoint: Duration::from_secs(5),
        ..Limits::default()
    };
    How { limits, ..how(depth) }
}

#[test]
fn hostile_peers_end_in_time_and_are_claimed_nothing_of() {
    run(async {
        for evil in ALL {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(evil.act(stream));
                }
            });
            for depth in [Depth::Verdict, Depth::Full] {
                let began = Instant::now();
                let endpoint = look(&target(address), &impatient(depth)).await;
                // Twice the limit of an endpoint: not a measure of speed, but of an end at all.
                assert!(began.elapsed() < Duration::from_secs(12), "{evil:?}");
                assert!(!endpoint.complete, "{evil:?} {depth:?}");
                assert!(endpoint.connections <= 60, "{evil:?} took {}", endpoint.connections);
                let suites: usize = endpoint.protocols.iter().map(|p| p.suites.len()).sum();
                assert_eq!(suites, 0, "{evil:?} {depth:?}");
                let claimed = |p: &&portvakt_model::ProtocolSeen| p.offered == Offered::No;
                let old = endpoint.protocols.iter().filter(claimed).count();
                assert!(old <= 1, "{evil:?} {depth:?}: only SSL 2.0 is refused by such words");
            }
            server.abort();
        }
    });
}

//! Peers that are no TLS server, or a bad one. Good ones are asked in `scan/tests/servers`.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// What a peer does once it has heard something and said this.
#[derive(Clone)]
enum Peer {
    Closes(Vec<u8>),
    Waits(Vec<u8>),
    Floods(Vec<u8>),
}
use Peer::{Closes, Floods, Waits};

async fn error(peer: Peer) -> HandshakeError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let time =
        if matches!(peer, Waits(_)) { Duration::from_millis(50) } else { Duration::from_secs(20) };
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = [0; 4096];
        let _ = stream.read(&mut heard).await;
        match peer {
            Closes(words) => stream.write_all(&words).await.unwrap(),
            Waits(words) => {
                stream.write_all(&words).await.unwrap();
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
            Floods(words) => while stream.write_all(&words).await.is_ok() {},
        }
    });
    let client = Client::new(&Ask::default()).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let found = client.shake(stream, Instant::now() + time).await;
    task.await.unwrap();
    found.unwrap_err()
}

/// A fatal alert of TLS 1.2 (RFC 5246 §7.2).
fn alert(code: u8) -> Vec<u8> {
    vec![0x15, 3, 3, 0, 2, 2, code]
}

#[tokio::test]
async fn refusals_are_told_apart_from_failures() {
    for refused in [40, 70, 71] {
        let found = error(Closes(alert(refused))).await;
        assert!(matches!(found, HandshakeError::Incompatible(_)), "{refused}: {found}");
    }
    assert_eq!(error(Closes(alert(112))).await, HandshakeError::UnknownName);
    let internal = error(Closes(alert(80))).await;
    assert!(matches!(internal, HandshakeError::Failed(_)), "{internal}");
}

#[tokio::test]
async fn an_old_server_is_no_failure() {
    // ServerHello of TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA, without extensions (RFC 2246 §7.4.1.3).
    let mut hello = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x2f, 0]);
    let found = error(Closes(hello)).await;
    assert!(matches!(found, HandshakeError::Incompatible(_)), "{found}");
}

#[tokio::test]
async fn other_protocols_are_shown() {
    let found = error(Closes(b"220 mx.example\r\n".to_vec())).await;
    assert_eq!(found, HandshakeError::NotTls("220 mx.example".to_owned()));
}

#[tokio::test]
async fn silence_and_a_closed_door_are_no_answer() {
    assert_eq!(error(Waits(Vec::new())).await, HandshakeError::Silent);
    // Half a record.
    assert_eq!(error(Waits(vec![0x16, 3, 3])).await, HandshakeError::Silent);
    assert_eq!(error(Closes(Vec::new())).await, HandshakeError::Closed);
}

#[tokio::test]
async fn endless_talk_is_ended() {
    let records = [
        // Empty handshake records, warnings, changes of cipher, and the longest length that a record can state.
        vec![0x16, 3, 3, 0, 0],
        vec![0x15, 3, 3, 0, 2, 1, 90],
        vec![0x14, 3, 3, 0, 1, 1],
        [vec![0x16, 3, 3, 0xff, 0xff], vec![2; 0xffff]].concat(),
        // A message of 2^24 - 1 bytes, in records of 2^14.
        [vec![0x16, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff], vec![0; 16380]].concat(),
        vec![b'x'; 1000],
    ];
    for record in records {
        let head = record[..5].to_vec();
        let found = error(Floods(record)).await;
        let ended = matches!(found, HandshakeError::Failed(_) | HandshakeError::NotTls(_));
        assert!(ended, "{head:?}: {found}");
    }
}

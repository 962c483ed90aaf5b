//! Scripted peers: what each protocol's document says that a server answers, and what hostile ones do.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

/// One thing that a peer does.
enum Step {
    Say(&'static [u8]),
    /// Exactly these bytes must come.
    Hear(&'static [u8]),
    /// A line must come that begins so.
    HearLine(&'static str),
    /// It keeps the connection open until we close it, and counts what came.
    Rest,
    /// It talks without end.
    Flood(&'static [u8]),
}
use Step::{Flood, Hear, HearLine, Rest, Say};

async fn peer(steps: Vec<Step>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut rest = Vec::new();
        for step in steps {
            match step {
                Say(words) => stream.write_all(words).await.unwrap(),
                Hear(words) => {
                    let mut heard = vec![0; words.len()];
                    stream.read_exact(&mut heard).await.unwrap();
                    assert_eq!(heard, words);
                }
                HearLine(start) => {
                    let mut line = Vec::new();
                    while !line.ends_with(b"\n") {
                        line.push(stream.read_u8().await.unwrap());
                    }
                    assert!(line.starts_with(start.as_bytes()), "{}", line.escape_ascii());
                }
                Rest => drop(stream.read_to_end(&mut rest).await),
                Flood(words) => while stream.write_all(words).await.is_ok() {},
            }
        }
        rest
    });
    (address, task)
}

/// Whether TLS may begin, and what we said after the last that the peer waited for.
async fn ask(kind: StartTls, steps: Vec<Step>) -> (Result<(), StartTlsError>, Vec<u8>) {
    ask_within(kind, steps, Duration::from_secs(20)).await
}

async fn ask_within(
    kind: StartTls,
    steps: Vec<Step>,
    time: Duration,
) -> (Result<(), StartTlsError>, Vec<u8>) {
    let (address, task) = peer(steps).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let result = start(stream, kind, "post.example", Instant::now() + time).await.map(drop);
    (result, task.await.unwrap())
}

async fn begins(kind: StartTls, steps: Vec<Step>) {
    let (result, left) = ask(kind, steps).await;
    assert_eq!(result, Ok(()), "{}", kind.name());
    assert!(left.is_empty(), "{}: said {} before TLS", kind.name(), left.escape_ascii());
}

/// The peer has no TLS; we take leave with these words.
async fn has_none(kind: StartTls, mut steps: Vec<Step>, farewell: &[u8]) {
    steps.push(Rest);
    let (result, left) = ask(kind, steps).await;
    assert!(matches!(result, Err(StartTlsError::NotOffered(_))), "{}: {result:?}", kind.name());
    assert_eq!(left, farewell, "{}", kind.name());
}

async fn error(kind: StartTls, mut steps: Vec<Step>) -> StartTlsError {
    steps.push(Rest);
    ask(kind, steps).await.0.unwrap_err()
}

#[test]
fn names_are_read_back_and_ports_have_one_protocol() {
    for kind in StartTls::ALL {
        assert_eq!(StartTls::parse(kind.name()), Some(kind));
    }
    assert_eq!(StartTls::parse("SMTP"), None);
    assert_eq!(StartTls::of_port(587), Some(StartTls::Smtp));
    assert_eq!(StartTls::of_port(3268), Some(StartTls::Ldap));
    // TLS from the first byte.
    assert_eq!(StartTls::of_port(465), None);
    assert_eq!(StartTls::of_port(636), None);
}

#[tokio::test]
async fn smtp_by_rfc_3207() {
    let hello = || HearLine("EHLO [127.0.0.1]\r\n");
    let listed = b"250-mx.example greets\r\n250-SIZE 1000\r\n250-starttls\r\n250 DSN\r\n";
    begins(
        StartTls::Smtp,
        vec![
            Say(b"220-mx.example\r\n220 ESMTP\r\n"),
            hello(),
            Say(listed),
            Hear(b"STARTTLS\r\n"),
            Say(b"220 Ready\r\n"),
            Rest,
        ],
    )
    .await;
    let greeting = || Say(b"220 mx.example ESMTP\r\n");
    // The word must be the keyword, not part of another line.
    let without = b"250-mx.example\r\n250 AUTH STARTTLS\r\n";
    has_none(StartTls::Smtp, vec![greeting(), hello(), Say(without)], b"QUIT\r\n").await;
    let old = vec![greeting(), hello(), Say(b"502 what\r\n")];
    has_none(StartTls::Smtp, old, b"QUIT\r\n").await;
    let later = vec![
        greeting(),
        hello(),
        Say(b"250-a\r\n250 STARTTLS\r\n"),
        Hear(b"STARTTLS\r\n"),
        Say(b"454 TLS not available due to temporary reason\r\n"),
    ];
    assert!(matches!(error(StartTls::Smtp, later).await, StartTlsError::Refused(_)));
    let busy = vec![Say(b"421 too many connections\r\n")];
    let busy = error(StartTls::Smtp, busy).await;
    assert_eq!(busy, StartTlsError::Refused("421 too many connections".to_owned()));
}

#[tokio::test]
async fn lmtp_greets_with_its_own_word() {
    let steps = vec![
        Say(b"220 lda LMTP\r\n"),
        HearLine("LHLO [127.0.0.1]\r\n"),
        Say(b"250-lda\r\n250 STARTTLS\r\n"),
        Hear(b"STARTTLS\r\n"),
        Say(b"220 go\r\n"),
        Rest,
    ];
    begins(StartTls::Lmtp, steps).await;
}

#[tokio::test]
async fn imap_by_rfc_9051() {
    let ask = || Hear(b"a CAPABILITY\r\n");
    let steps = vec![
        Say(b"* OK [CAPABILITY IMAP4rev1] hello\r\n"),
        ask(),
        Say(b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n"),
        Hear(b"b STARTTLS\r\n"),
        Say(b"b OK begin\r\n"),
        Rest,
    ];
    begins(StartTls::Imap, steps).await;
    let none = vec![Say(b"* OK\r\n"), ask(), Say(b"* CAPABILITY IMAP4rev1\r\na OK\r\n")];
    has_none(StartTls::Imap, none, b"z LOGOUT\r\n").await;
    has_none(StartTls::Imap, vec![Say(b"* PREAUTH hello\r\n")], b"z LOGOUT\r\n").await;
    let bye = error(StartTls::Imap, vec![Say(b"* BYE overloaded\r\n")]).await;
    assert!(matches!(bye, StartTlsError::Refused(_)), "{bye}");
}

#[tokio::test]
async fn pop3_by_rfc_2595_with_and_without_a_list() {
    let listed = vec![
        Say(b"+OK hello\r\n"),
        Hear(b"CAPA\r\n"),
        Say(b"+OK\r\nUIDL\r\nSTLS\r\n.\r\n"),
        Hear(b"STLS\r\n"),
        Say(b"+OK begin\r\n"),
        Rest,
    ];
    begins(StartTls::Pop3, listed).await;
    let unlisted = || vec![Say(b"+OK\r\n"), Hear(b"CAPA\r\n"), Say(b"-ERR\r\n"), Hear(b"STLS\r\n")];
    let mut steps = unlisted();
    steps.extend([Say(b"+OK\r\n"), Rest]);
    begins(StartTls::Pop3, steps).await;
    let mut steps = unlisted();
    steps.push(Say(b"-ERR unknown\r\n"));
    has_none(StartTls::Pop3, steps, b"QUIT\r\n").await;
    let without = vec![Say(b"+OK\r\n"), Hear(b"CAPA\r\n"), Say(b"+OK\r\nUIDL\r\n.\r\n")];
    has_none(StartTls::Pop3, without, b"QUIT\r\n").await;
}

#[tokio::test]
async fn ftp_by_rfc_4217() {
    // RFC 959 §4.2: lines within may begin with anything but the code and a space.
    let greeting = || Say(b"220-Welcome\r\n  230 files\r\n220 ready\r\n");
    let asked = || Hear(b"AUTH TLS\r\n");
    begins(StartTls::Ftp, vec![greeting(), asked(), Say(b"234 go\r\n"), Rest]).await;
    let first_login = vec![greeting(), asked(), Say(b"530 Please login with USER and PASS.\r\n")];
    has_none(StartTls::Ftp, first_login, b"QUIT\r\n").await;
    let later = error(StartTls::Ftp, vec![greeting(), asked(), Say(b"431 no key\r\n")]).await;
    assert!(matches!(later, StartTlsError::Refused(_)), "{later}");
}

#[tokio::test]
async fn sieve_by_rfc_5804() {
    let with = b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK \"hi\"\r\n";
    let steps = vec![Say(with), Hear(b"STARTTLS\r\n"), Say(b"OK\r\n"), Rest];
    begins(StartTls::Sieve, steps).await;
    has_none(StartTls::Sieve, vec![Say(b"\"SASL\" \"\"\r\nOK\r\n")], b"LOGOUT\r\n").await;
}

#[tokio::test]
async fn nntp_by_rfc_4642() {
    let ask = || Hear(b"CAPABILITIES\r\n");
    let steps = vec![
        Say(b"201 no posting\r\n"),
        ask(),
        Say(b"101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"),
        Hear(b"STARTTLS\r\n"),
        Say(b"382 continue\r\n"),
        Rest,
    ];
    begins(StartTls::Nntp, steps).await;
    let none = vec![Say(b"200 hi\r\n"), ask(), Say(b"101 list\r\nVERSION 2\r\n.\r\n")];
    has_none(StartTls::Nntp, none, b"QUIT\r\n").await;
}

/// ExtendedRequest: messageID 1, requestName [0] (RFC 4511 §4.12).
const LDAP_ASKED: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

#[tokio::test]
async fn ldap_by_rfc_4511() {
    let asked = || Hear(LDAP_ASKED);
    let short = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
    begins(StartTls::Ldap, vec![asked(), Say(short), Rest]).await;
    // Active Directory writes each length in four bytes.
    let long = b"\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\
                 \x0a\x01\x00\x04\x00\x04\x00";
    begins(StartTls::Ldap, vec![asked(), Say(long), Rest]).await;
    let protocol_error = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00";
    has_none(StartTls::Ldap, vec![asked(), Say(protocol_error)], binary::LDAP_UNBIND).await;
    let unavailable = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00";
    let later = error(StartTls::Ldap, vec![asked(), Say(unavailable)]).await;
    assert!(matches!(later, StartTlsError::Refused(_)), "{later}");
    for strange in
        [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"\x30\x89\0\0\0\0", b"\x30\x84\xff\xff\xff\xff"]
    {
        let found = error(StartTls::Ldap, vec![asked(), Say(strange)]).await;
        assert!(matches!(found, StartTlsError::Unexpected(_)), "{found}");
    }
}

#[tokio::test]
async fn postgres_by_its_manual() {
    let asked = || Hear(b"\x00\x00\x00\x08\x04\xd2\x16\x2f");
    begins(StartTls::Postgres, vec![asked(), Say(b"S"), Rest]).await;
    has_none(StartTls::Postgres, vec![asked(), Say(b"N")], b"").await;
    let full = error(StartTls::Postgres, vec![asked(), Say(b"E\0\0\0\x05\0")]).await;
    assert!(matches!(full, StartTlsError::Refused(_)), "{full}");
}

/// Version 10, "5.7.1", thread 7, 8 bytes of scramble, a filler, capabilities.
macro_rules! mysql_greeting {
    ($capabilities:literal) => {
        concat!("\x1a\0\0\0\x0a5.7.1\0\x07\0\0\0abcdefgh\0", $capabilities, "\x21\x02\0\0")
            .as_bytes()
    };
}

#[tokio::test]
async fn mysql_by_its_manual() {
    // Byte 5 holds the flags of protocol 4.1 (02) and TLS (08) and of the long scramble (80).
    let mut asked = b"\x20\0\0\x01\x00\x8a\0\0\0\0\0\x01\x2d".to_vec();
    asked.resize(36, 0);
    let asked = asked.leak();
    begins(StartTls::Mysql, vec![Say(mysql_greeting!("\x00\x0a")), Hear(asked), Rest]).await;
    has_none(StartTls::Mysql, vec![Say(mysql_greeting!("\x00\x02"))], b"").await;
    let barred = b"\x10\0\0\0\xff\x6a\x04Host is barred";
    let barred = error(StartTls::Mysql, vec![Say(barred)]).await;
    assert!(matches!(barred, StartTlsError::Refused(_)), "{barred}");
    let long = error(StartTls::Mysql, vec![Say(b"\xff\xff\xff\0\x0a")]).await;
    assert!(matches!(long, StartTlsError::Unexpected(_)), "{long}");
}

#[tokio::test]
async fn rdp_by_ms_rdpbcgr() {
    // Protocols 1 (TLS) and 2 (CredSSP) are asked for.
    let asked = || Hear(b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0");
    let confirm = |tail: &'static [u8]| vec![asked(), Say(tail)];
    for selected in [
        &b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0"[..],
        b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x01\0\0\0",
    ] {
        let mut steps = confirm(selected);
        steps.push(Rest);
        begins(StartTls::Rdp, steps).await;
    }
    // Without a negotiation, with protocol 0, and with SSL_NOT_ALLOWED_BY_SERVER.
    for none in [
        &b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0"[..],
        b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\0\0\0\0",
        b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x03\0\x08\0\x02\0\0\0",
    ] {
        has_none(StartTls::Rdp, confirm(none), b"").await;
    }
    let strange = error(StartTls::Rdp, confirm(b"SSH-2.0-x\r\n")).await;
    assert!(matches!(strange, StartTlsError::Unexpected(_)), "{strange}");
}

const XMPP_HEAD: &[u8] = b"<?xml version='1.0'?><stream:stream id='1' version='1.0'>";

#[tokio::test]
async fn xmpp_by_rfc_6120() {
    let opening = b"<?xml version='1.0'?><stream:stream to='post.example' version='1.0' \
        xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    let asked = || Hear(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    let features = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>\
        <required/></starttls></stream:features>";
    for proceed in [
        &b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"[..],
        b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>",
    ] {
        let steps = vec![Hear(opening), Say(XMPP_HEAD), Say(features), asked(), Say(proceed), Rest];
        begins(StartTls::Xmpp, steps).await;
    }
    let none = vec![Hear(opening), Say(XMPP_HEAD), Say(b"<stream:features/>")];
    has_none(StartTls::Xmpp, none, b"</stream:stream>").await;
    let unknown = b"<stream:error><host-unknown/></stream:error></stream:stream>";
    let unknown = error(StartTls::Xmpp, vec![Hear(opening), Say(XMPP_HEAD), Say(unknown)]).await;
    assert!(matches!(unknown, StartTlsError::Refused(_)), "{unknown}");
}

#[tokio::test]
async fn what_is_said_before_tls_is_not_taken_for_tls() {
    let steps = vec![Say(b"220 x\r\n"), Hear(b"AUTH TLS\r\n"), Say(b"234 go\r\n230 in\r\n")];
    let found = error(StartTls::Ftp, steps).await;
    assert!(matches!(found, StartTlsError::Unexpected(_)), "{found}");
}

#[tokio::test]
async fn silence_and_a_closed_door_are_no_answer() {
    for kind in StartTls::ALL {
        let (silent, _) = ask_within(kind, vec![Rest], Duration::from_millis(50)).await;
        assert_eq!(silent, Err(StartTlsError::Silent(None)), "{}", kind.name());
        let (closed, _) = ask(kind, vec![]).await;
        assert_eq!(closed, Err(StartTlsError::Closed(None)), "{}", kind.name());
    }
}

#[tokio::test]
async fn endless_talk_is_ended() {
    for kind in StartTls::ALL {
        for words in
            [&b"220-and on\r\n"[..], b"x", b"* OK\r\n", b"\"A\"\r\n", b"0\x84\0\x10", b"<a>"]
        {
            let (result, _) = ask(kind, vec![Flood(words)]).await;
            assert!(
                result.is_err() && !result.clone().unwrap_err().is_no(),
                "{}: {result:?}",
                kind.name()
            );
        }
    }
}

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::*;
use crate::scope::Rate;

/// A rate that holds nobody back.
const FAST: Rate = Rate { total: 1_000_000, subnet: 1_000_000, host: 1_000_000 };

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Limits that a test can wait for.
fn limits() -> Limits {
    let quick = Duration::from_millis(300);
    Limits {
        banner: quick,
        quiet: quick,
        answer: Duration::from_millis(600),
        port: Duration::from_secs(4),
        ..Limits::default()
    }
}

/// What a scripted server says: first, and to what it hears.
struct Script {
    greeting: Vec<u8>,
    /// A part of what is heard, and the reply to it.
    answers: Vec<(Vec<u8>, Vec<u8>)>,
}

fn script(greeting: &[u8], answers: &[(&[u8], &[u8])]) -> Script {
    let answers = answers.iter().map(|(heard, said)| (heard.to_vec(), said.to_vec())).collect();
    Script { greeting: greeting.to_vec(), answers }
}

/// A server that follows a script, and its count of connections. What is not in the script ends a
/// connection.
async fn serve(script: Script) -> (SocketAddr, Arc<AtomicUsize>) {
    let script = Arc::new(script);
    serve_with(move |mut stream| {
        let script = Arc::clone(&script);
        async move {
            let _ = stream.write_all(&script.greeting).await;
            let mut bytes = vec![0; 4096];
            while let Ok(count) = stream.read(&mut bytes).await {
                let heard = &bytes[..count];
                let fits = |part: &Vec<u8>| heard.windows(part.len()).any(|w| w == part.as_slice());
                let Some((_, said)) = script.answers.iter().find(|(part, _)| fits(part)) else {
                    break;
                };
                let _ = stream.write_all(said).await;
            }
        }
    })
    .await
}

async fn serve_with<F: Future<Output = ()> + Send + 'static>(
    each: impl Fn(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let peer = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(each(stream));
        }
    });
    (peer, count)
}

/// Asks a scripted server as on a port of the given kind.
async fn asked(way: Way, script: Script) -> ServiceSeen {
    let (peer, count) = serve(script).await;
    let seen = ask(peer, peer.port(), way, &limits()).await;
    assert!(count.load(Ordering::Relaxed) <= MAX_CONNECTIONS);
    seen
}

async fn greeted(greeting: &[u8], answers: &[(&[u8], &[u8])]) -> ServiceSeen {
    asked(Way::Banner(Probe::Http), script(greeting, answers)).await
}

async fn answered(probe: Probe, heard: &[u8], said: &[u8]) -> ServiceSeen {
    asked(Way::Ask(probe), script(b"", &[(heard, said)])).await
}

#[tokio::test]
async fn ssh_is_known_by_its_banner_on_any_port() {
    for way in [Way::Banner(Probe::Http), Way::Unknown, Way::Ask(Probe::Postgres)] {
        let seen = asked(way, script(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", &[])).await;
        assert_eq!((seen.name.as_str(), seen.asked), ("ssh", true), "{way:?}");
        assert_eq!(seen.product.as_deref(), Some("OpenSSH_9.2p1 Debian-2"));
        assert!(seen.evidence.starts_with("SSH-2.0-OpenSSH_9.2p1 Debian-2\\r\\n"));
    }
}

#[tokio::test]
async fn ssh_on_a_port_of_tls_is_known() {
    let way = Way::Tls { inner: Probe::Http, patience: false };
    let seen = asked(way, script(b"SSH-2.0-dropbear_2022.83\r\n", &[])).await;
    assert_eq!((seen.name.as_str(), seen.tls), ("ssh", false));
}

#[tokio::test]
async fn mail_tells_whether_tls_can_be_asked_for() {
    let ehlo: &[u8] = b"250-mail.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n";
    let seen = greeted(b"220 mail.example ESMTP Postfix\r\n", &[(b"EHLO", ehlo)]).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("smtp", true));
    assert_eq!(seen.product.as_deref(), Some("ESMTP Postfix"));
    assert_eq!(seen.title.as_deref(), Some("mail.example"));
    let plain: &[u8] = b"250-mail.example\r\n250 PIPELINING\r\n";
    assert!(!greeted(b"220 mail.example ESMTP\r\n", &[(b"EHLO", plain)]).await.starttls);

    let seen = greeted(
        b"* OK [CAPABILITY IMAP4rev1 ID] Dovecot ready.\r\n",
        &[(b"a CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n")],
    )
    .await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("imap", true));
    assert_eq!(seen.product.as_deref(), Some("Dovecot ready."));

    let capa: &[(&[u8], &[u8])] = &[(b"CAPA", b"+OK\r\nUSER\r\nSTLS\r\n.\r\n")];
    let seen = greeted(b"+OK Dovecot ready. <1.2@host>\r\n", capa).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("pop3", true));
    assert_eq!(seen.product.as_deref(), Some("Dovecot ready."));
}

#[tokio::test]
async fn ftp_is_told_from_mail() {
    let feat: &[(&[u8], &[u8])] =
        &[(b"FEAT", b"211-Features:\r\n AUTH TLS\r\n UTF8\r\n211 End\r\n")];
    let seen = greeted(b"220 (vsFTPd 3.0.3)\r\n", feat).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("ftp", true));
    assert_eq!(seen.product.as_deref(), Some("vsFTPd 3.0.3"));
    let plain: &[(&[u8], &[u8])] = &[(b"FEAT", b"500 Unknown command.\r\n")];
    assert!(!greeted(b"220 ProFTPD Server\r\n", plain).await.starttls);
    let bare: &[(&[u8], &[u8])] = &[(b"EHLO", b"530 Please login with USER and PASS.\r\n")];
    assert_eq!(greeted(b"220 Welcome\r\n", bare).await.name, "ftp");
    let local: &[u8] = b"500 Unknown command\r\n250-post.example\r\n250 STARTTLS\r\n";
    let seen = greeted(b"220 post.example Dovecot ready.\r\n", &[(b"LHLO", local)]).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("lmtp", true));
    let mail: &[u8] = b"250 post.example\r\n500 Unknown command\r\n";
    let seen = greeted(b"220 post.example ready\r\n", &[(b"LHLO", mail)]).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("smtp", false));
}

#[tokio::test]
async fn others_that_speak_first_are_known() {
    assert_eq!(greeted(b"\xff\xfb\x01\xff\xfd\x18", &[]).await.name, "telnet");
    assert_eq!(
        greeted(b"\r\nUser Access Verification\r\n\r\nPassword: ", &[]).await.name,
        "telnet"
    );
    assert_eq!(greeted(b"@RSYNCD: 31.0\n", &[]).await.product.as_deref(), Some("protocol 31.0"));
    let vnc = greeted(b"RFB 003.008\n", &[(b"RFB", &[2, 1, 19])]).await;
    assert_eq!((vnc.name.as_str(), vnc.starttls), ("vnc", true));
    assert_eq!(vnc.product.as_deref(), Some("RFB 003.008, security types 1 19"));
    let mut mysql = b"\x2a\0\0\0\x0a8.0.36\0\x01\0\0\0".to_vec();
    mysql.extend(b"12345678\0\xff\xff\x08\x02\0\xff\xc1\x15");
    mysql.resize(46, 0);
    let seen = greeted(&mysql, &[]).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("mysql", true));
    let sieve = b"\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n";
    let seen = greeted(sieve, &[]).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("sieve", true));
}

#[tokio::test]
async fn http_is_asked_for_its_title() {
    let page: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 29\r\n\r\n<title>Logga in</title> xxxxx";
    let seen = asked(Way::Unknown, script(b"", &[(b"GET / HTTP/1.1", page)])).await;
    assert_eq!((seen.name.as_str(), seen.asked, seen.tls), ("http", true, false));
    assert_eq!(seen.title.as_deref(), Some("Logga in"));
    let windows: &[u8] =
        b"HTTP/1.1 405 \r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(answered(Probe::Wsman, b"GET /wsman", windows).await.name, "wsman");
}

#[tokio::test]
async fn those_who_are_asked_in_their_own_protocol_are_known() {
    let rdp = answered(
        Probe::Rdp,
        b"\x03\0",
        b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0",
    )
    .await;
    assert_eq!((rdp.name.as_str(), rdp.starttls), ("ms-wbt-server", true));
    assert_eq!(rdp.product.as_deref(), Some("network level authentication"));
    let old = answered(Probe::Rdp, b"\x03\0", b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0").await;
    assert_eq!((old.name.as_str(), old.starttls), ("ms-wbt-server", false));

    let seen = answered(Probe::Postgres, &[4, 210, 22, 47], b"S").await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("postgresql", true));
    assert!(!answered(Probe::Postgres, &[4, 210, 22, 47], b"N").await.starttls);
    assert_eq!(
        answered(Probe::Redis, b"PING", b"-NOAUTH Authentication required.\r\n").await.name,
        "redis"
    );
    let memcached = answered(Probe::Memcached, b"version", b"VERSION 1.6.18\r\n").await;
    assert_eq!(memcached.product.as_deref(), Some("memcached 1.6.18"));
    assert_eq!(answered(Probe::Mqtt, b"MQTT", &[0x20, 2, 0, 5]).await.name, "mqtt");
    assert_eq!(answered(Probe::Socks, &[5, 1, 0], &[5, 0xff]).await.name, "socks5");
    let reply = [0x80, 0, 0, 24, 0x70, 0x76, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    assert_eq!(answered(Probe::Rpcbind, &[0, 1, 0x86, 0xa0], &reply).await.name, "rpcbind");
    assert_eq!(answered(Probe::Netbios, &[0x81], &[0x82, 0, 0, 0]).await.name, "netbios-ssn");
    assert_eq!(
        answered(Probe::Msrpc, &[5, 0, 11], &[5, 0, 12, 3, 16, 0, 0, 0]).await.name,
        "msrpc"
    );
    let sip: &[u8] = b"SIP/2.0 200 OK\r\nServer: Asterisk\r\n\r\n";
    assert_eq!(
        answered(Probe::Sip, b"OPTIONS sip:", sip).await.product.as_deref(),
        Some("Asterisk")
    );
    let rtsp: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n";
    assert_eq!(answered(Probe::Rtsp, b"OPTIONS * RTSP", rtsp).await.name, "rtsp");
}

#[tokio::test]
async fn ldap_tells_what_everybody_may_read() {
    // SearchResultEntry with vendorName and supportedExtension, then SearchResultDone; by hand.
    let vendor = b"\x30\x17\x04\x0avendorName\x31\x09\x04\x07Example";
    let extension = b"\x30\x2e\x04\x12supportedExtension\x31\x18\x04\x161.3.6.1.4.1.1466.20037";
    let list = [&vendor[..], extension].concat();
    let entry = [&[4, 0, 0x30, list.len() as u8][..], &list].concat();
    let entry = [&[2, 1, 1, 0x64, entry.len() as u8][..], &entry].concat();
    let mut answer = [&[0x30, entry.len() as u8][..], &entry].concat();
    answer.extend(b"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\0\x04\0\x04\0");
    let seen = answered(Probe::Ldap, b"objectClass", &answer).await;
    assert_eq!((seen.name.as_str(), seen.starttls), ("ldap", true));
    assert_eq!(seen.product.as_deref(), Some("Example"));
}

#[tokio::test]
async fn smb_tells_its_dialect_and_whether_the_first_version_is_there() {
    let mut new = b"\0\0\0\x80\xfeSMB".to_vec();
    new.resize(4 + 64, 0);
    new.extend([65, 0, 3, 0, 0x02, 0x03, 0, 0]);
    new.resize(4 + 128, 0);
    let mut old = b"\0\0\0\x40\xffSMB\x72".to_vec();
    old.resize(4 + 32, 0);
    old.extend([17, 0, 0]);
    old.resize(4 + 64, 0);
    let way = Way::Ask(Probe::Smb);
    let seen = asked(way, script(b"", &[(b"\xfeSMB", &new), (b"\xffSMB", &old)])).await;
    let words = "SMB 3.0.2 or later, signing required, SMB 1 offered";
    assert_eq!((seen.name.as_str(), seen.product.as_deref()), ("microsoft-ds", Some(words)));
    let seen = asked(way, script(b"", &[(b"\xfeSMB", &new)])).await;
    assert_eq!(seen.product.as_deref(), Some("SMB 3.0.2 or later, signing required"));
}

#[tokio::test]
async fn an_alert_shows_tls() {
    let alert: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
    let way = Way::Tls { inner: Probe::Http, patience: false };
    let seen = asked(way, script(b"", &[(&[0x16, 3], alert)])).await;
    assert_eq!((seen.name.as_str(), seen.tls, seen.asked), ("ssl", true, true));
    // A port of which nothing is known gets there too.
    let refusal: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let both = script(b"", &[(b"GET /", refusal), (&[0x16, 3], alert)]);
    assert!(asked(Way::Unknown, both).await.tls, "clear HTTP was refused, TLS was answered");
}

#[tokio::test]
async fn what_is_not_recognised_is_only_guessed() {
    let seen = asked(Way::Unknown, script(b"\x01\x02\x03\xff", &[])).await;
    assert!(!seen.asked);
    assert_eq!(seen.evidence, "\\x01\\x02\\x03\\xff");
}

#[tokio::test]
async fn printers_are_never_connected_to_and_controllers_hear_nothing() {
    let (peer, count) = serve(script(b"", &[])).await;
    let seen = ask(peer, peer.port(), Way::LeaveAlone, &limits()).await;
    assert_eq!((count.load(Ordering::Relaxed), seen.asked), (0, false));
    let heard = Arc::new(AtomicUsize::new(0));
    let sum = Arc::clone(&heard);
    let (peer, count) = serve_with(move |mut stream| {
        let sum = Arc::clone(&sum);
        async move {
            let mut bytes = [0; 64];
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                sum.fetch_add(count, Ordering::Relaxed);
            }
        }
    })
    .await;
    ask(peer, peer.port(), Way::Listen, &limits()).await;
    ask(peer, peer.port(), Way::Ask(Probe::Http), &Limits { manner: Manner::Listen, ..limits() })
        .await;
    assert_eq!((count.load(Ordering::Relaxed), heard.load(Ordering::Relaxed)), (2, 0));
}

/// Asks a hostile server as on every kind of port; the end must come.
async fn survives<F: Future<Output = ()> + Send + 'static>(
    each: impl Fn(TcpStream) -> F + Send + 'static,
) {
    let (peer, count) = serve_with(each).await;
    let ways = [
        Way::Unknown,
        Way::Banner(Probe::Http),
        Way::Ask(Probe::Ldap),
        Way::Ask(Probe::Smb),
        Way::Tls { inner: Probe::Http, patience: true },
    ];
    for (at, way) in ways.into_iter().enumerate() {
        let seen = timeout(Duration::from_mins(1), ask(peer, peer.port(), way, &limits())).await;
        let seen = seen.expect("the end comes");
        assert!(seen.evidence.len() <= 4 * evidence::MOST);
        assert!(count.load(Ordering::Relaxed) <= (at + 1) * MAX_CONNECTIONS);
    }
}

#[tokio::test]
async fn a_tarpit_is_left() {
    survives(|stream| async move {
        sleep(Duration::from_mins(2)).await;
        drop(stream);
    })
    .await;
}

#[tokio::test]
async fn an_endless_banner_is_left() {
    survives(|mut stream| async move { while stream.write_all(&[b'A'; 4096]).await.is_ok() {} })
        .await;
}

#[tokio::test]
async fn an_endless_greeting_of_lines_is_left() {
    survives(|mut stream| async move {
        while stream.write_all(b"220-mail.example ESMTP\r\n").await.is_ok() {}
    })
    .await;
}

#[tokio::test]
async fn one_byte_at_a_time_is_left() {
    survives(|mut stream| async move {
        for byte in b"HTTP/1.1 200 OK\r\nServer: slow\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn garbage_and_resets_are_borne() {
    survives(|mut stream| async move {
        let garbage: Vec<u8> =
            (0..9000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let _ = stream.write_all(&garbage).await;
    })
    .await;
    survives(|stream| async move {
        let _ = stream.set_zero_linger();
    })
    .await;
}

#[tokio::test]
async fn many_are_asked_at_once_and_each_is_told() {
    let mut targets = Vec::new();
    for _ in 0..20 {
        let (peer, _) = serve(script(b"SSH-2.0-x\r\n", &[])).await;
        targets.push((peer.ip(), peer.port()));
    }
    let stop = AtomicBool::new(false);
    let mut told = Vec::new();
    let limits = Limits { per_host: 5, ..limits() };
    identify_all(targets.clone(), &limits, FAST, &stop, |a, p, s| told.push((a, p, s.name))).await;
    told.sort();
    let mut wanted: Vec<_> = targets.iter().map(|(a, p)| (*a, *p, "ssh".to_owned())).collect();
    wanted.sort();
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn what_is_not_asked_any_more_is_named_by_its_number() {
    let (peer, _) = serve(script(b"SSH-2.0-x\r\n", &[])).await;
    let targets = [(peer.ip(), peer.port()), (LOCAL, 9)];
    let stop = AtomicBool::new(true);
    let mut told = Vec::new();
    identify_all(targets, &limits(), FAST, &stop, |_, _, s| told.push(s.asked)).await;
    assert_eq!(told, [false, false]);
    let mut told = Vec::new();
    let over = Limits { host: Duration::ZERO, per_host: 1, ..limits() };
    let go = AtomicBool::new(false);
    identify_all(targets, &over, FAST, &go, |_, _, s| told.push(s.asked)).await;
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn services_are_asked_no_faster_than_the_scope_allows() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = tokio::spawn(async move {
        let mut at = Vec::new();
        while at.len() < 4 {
            let (mut stream, _) = listener.accept().await.unwrap();
            at.push(Instant::now());
            let _ = stream.write_all(b"SSH-2.0-x\r\n").await;
        }
        at
    });
    // Three connections count for each port: at 30 a second a port's turn comes every 100 ms.
    let rate = Rate { host: 30, ..FAST };
    let targets = vec![(address.ip(), address.port()); 4];
    let go = AtomicBool::new(false);
    identify_all(targets, &limits(), rate, &go, |_, _, _| {}).await;
    let at = serve.await.unwrap();
    assert!(at[3] - at[0] >= Duration::from_millis(280), "{:?}", at[3] - at[0]);
}

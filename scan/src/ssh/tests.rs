//! Scripted servers, the hostile ones above all. Real ones are asked in `scan/tests/servers`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What a server does on its connections, one after another; the last for all that follow.
#[derive(Clone)]
enum Server {
    /// It says this and closes.
    Closes(Vec<u8>),
    /// It says this and waits.
    Waits(Vec<u8>),
    /// It says this without end.
    Floods(Vec<u8>),
    /// It says this and, whenever it hears something, the next of these; then it waits.
    Answers(Vec<u8>, Vec<Vec<u8>>),
}
use Server::{Answers, Closes, Floods, Waits};

async fn serve(servers: Vec<Server>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for server in servers.iter().chain(std::iter::repeat(servers.last().unwrap())) {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(play(stream, server.clone()));
        }
    });
    address
}

/// What the client does when it is done with us is no fault.
async fn play(mut stream: TcpStream, server: Server) -> Option<()> {
    match server {
        Closes(words) => {
            stream.write_all(&words).await.ok()?;
            stream.shutdown().await.ok()?;
            stream.read_to_end(&mut Vec::new()).await.ok()?;
        }
        Waits(words) => {
            stream.write_all(&words).await.ok()?;
            stream.read_to_end(&mut Vec::new()).await.ok()?;
        }
        Floods(words) => loop {
            stream.write_all(&words).await.ok()?;
        },
        Answers(first, answers) => {
            stream.write_all(&first).await.ok()?;
            // Our name, our lists and our first message come as three; a line and two packets are told apart.
            heard_line(&mut stream).await?;
            heard_packet(&mut stream).await?;
            for answer in answers {
                heard_packet(&mut stream).await?;
                stream.write_all(&answer).await.ok()?;
            }
            stream.read_to_end(&mut Vec::new()).await.ok()?;
        }
    }
    Some(())
}

async fn heard_line(stream: &mut TcpStream) -> Option<()> {
    while stream.read_u8().await.ok()? != b'\n' {}
    Some(())
}

async fn heard_packet(stream: &mut TcpStream) -> Option<()> {
    let length = stream.read_u32().await.ok()?;
    stream.read_exact(&mut vec![0; length as usize]).await.ok()?;
    Some(())
}

async fn look_at(servers: Vec<Server>, limits: &Limits) -> SshEndpoint {
    let address = serve(servers).await;
    look(&Target { name: "prov.example:22".to_owned(), address: Some(address) }, limits).await
}

fn quick() -> Limits {
    Limits { answer: Duration::from_millis(300), ..Limits::default() }
}

const BANNER: &[u8] = b"SSH-2.0-Prov_1\r\n";

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn offer(kex: &[&str], host_keys: &[&str]) -> KexInit {
    let ciphers = || names(&["aes128-ctr"]);
    KexInit {
        kex: names(kex),
        host_keys: names(host_keys),
        ciphers: [ciphers(), names(&["3des-cbc", "aes128-ctr"])],
        macs: [names(&["hmac-sha2-256"]), names(&["hmac-sha1"])],
        compression: [names(&["none"]), names(&["none", "zlib@openssh.com"])],
    }
}

fn hello(offer: &KexInit) -> Vec<u8> {
    [BANNER, &wire::framed(&offer.written([3; 16]))].concat()
}

/// A host key of that kind, behind the number of a reply.
fn reply(number: u8, kind: &str) -> Vec<u8> {
    let mut blob = Vec::new();
    wire::put_string(&mut blob, kind.as_bytes());
    if kind == "ssh-rsa" {
        wire::put_string(&mut blob, &[3]);
        wire::put_mpint(&mut blob, &[0xff; 128]);
    } else {
        wire::put_string(&mut blob, &[7; 32]);
    }
    let mut payload = vec![number];
    for part in [&blob[..], &[4; 32], b"signature"] {
        wire::put_string(&mut payload, part);
    }
    wire::framed(&payload)
}

#[tokio::test]
async fn lists_are_kept_as_they_are_and_one_connection_is_enough() {
    let offer = offer(
        &["curve25519-sha256", "kex-strict-s-v00@openssh.com"],
        &["ssh-ed25519", "rsa-sha2-512", "ssh-rsa", "rsa-sha2-512-cert-v01@openssh.com"],
    );
    let server = Answers(hello(&offer), vec![reply(31, "ssh-rsa")]);
    let seen = look_at(vec![server], &Limits::default()).await;
    assert_eq!((seen.connections, seen.complete, &seen.doubts[..]), (1, true, &[][..]));
    assert_eq!(seen.banner, "SSH-2.0-Prov_1");
    assert_eq!((seen.kex, seen.host_key_algorithms), (offer.kex, offer.host_keys));
    assert_eq!((seen.ciphers, seen.macs), (offer.ciphers, offer.macs));
    assert_eq!(seen.compression, offer.compression);
    let keys: Vec<_> = seen.host_keys.iter().map(|key| (key.kind.as_str(), key.bits)).collect();
    assert_eq!(keys, [("ssh-rsa", 1024)]);
}

#[tokio::test]
async fn every_kind_of_key_when_all_are_wanted() {
    let offer = offer(&["diffie-hellman-group1-sha1"], &["ssh-ed25519", "ssh-rsa"]);
    let server = |kind| Answers(hello(&offer), vec![reply(31, kind)]);
    let limits = Limits { host_keys: HostKeys::All, ..Limits::default() };
    let seen = look_at(vec![server("ssh-rsa"), server("ssh-ed25519")], &limits).await;
    assert_eq!((seen.connections, seen.complete), (2, true), "{:?}", seen.doubts);
    let kinds: Vec<_> = seen.host_keys.iter().map(|key| key.kind.as_str()).collect();
    assert_eq!(kinds, ["ssh-rsa", "ssh-ed25519"]);
}

#[tokio::test]
async fn a_group_and_a_key_in_one_connection() {
    let offer = offer(&["curve25519-sha256", "diffie-hellman-group-exchange-sha1"], &["ssh-rsa"]);
    let mut group = vec![31];
    wire::put_mpint(&mut group, &[0xff; 96]);
    wire::put_mpint(&mut group, &[2]);
    let answers = vec![wire::framed(&group), reply(33, "ssh-rsa")];
    let limits = Limits { groups: Groups::Asked, ..Limits::default() };
    let seen = look_at(vec![Answers(hello(&offer), answers)], &limits).await;
    assert_eq!((seen.connections, seen.complete), (1, true), "{:?}", seen.doubts);
    assert_eq!((seen.gex_bits, seen.host_keys.len()), (Some(768), 1));
}

#[tokio::test]
async fn a_refused_group_costs_no_key() {
    let offer = offer(&["curve25519-sha256", "diffie-hellman-group-exchange-sha256"], &["ssh-rsa"]);
    let mut refusal = vec![1, 0, 0, 0, 3];
    wire::put_string(&mut refusal, b"no group");
    wire::put_string(&mut refusal, b"");
    let servers = vec![
        Answers(hello(&offer), vec![wire::framed(&refusal)]),
        Answers(hello(&offer), vec![reply(31, "ssh-rsa")]),
    ];
    let limits = Limits { groups: Groups::Asked, ..Limits::default() };
    let seen = look_at(servers, &limits).await;
    assert_eq!((seen.connections, seen.complete, seen.gex_bits), (2, false, None));
    assert_eq!(seen.host_keys.len(), 1);
    assert_eq!(seen.doubts, ["group exchange: it ended the connection: reason 3: no group"]);
}

#[tokio::test]
async fn who_drops_us_before_the_lists_is_asked_again() {
    let offer = offer(&["curve25519-sha256"], &["ssh-ed25519"]);
    let full = Closes(b"Exceeded MaxStartups\r\n".to_vec());
    let server = Answers(hello(&offer), vec![reply(31, "ssh-ed25519")]);
    let seen = look_at(vec![full.clone(), server], &Limits::default()).await;
    assert_eq!((seen.connections, seen.complete), (2, true), "{:?}", seen.doubts);
    let seen = look_at(vec![full], &Limits::default()).await;
    assert_eq!((seen.connections, seen.complete), (2, false));
    assert_eq!(seen.doubts, ["the connection was closed after: Exceeded MaxStartups"]);
}

#[tokio::test]
async fn what_is_not_known_is_said() {
    let offer = offer(&["new-exchange"], &["ssh-rsa"]);
    let seen = look_at(vec![Waits(hello(&offer))], &quick()).await;
    assert_eq!(seen.kex, ["new-exchange"]);
    assert_eq!(seen.doubts, ["no key exchange that this client knows; no host key was seen"]);
    let seen = look_at(vec![Waits(b"SSH-1.5-Old\n".to_vec())], &quick()).await;
    assert_eq!((seen.banner.as_str(), seen.connections, seen.complete), ("SSH-1.5-Old", 1, false));
    let unresolved = Target { name: "prov.example:22".to_owned(), address: None };
    let seen = look(&unresolved, &quick()).await;
    assert_eq!((seen.connections, seen.complete, seen.doubts.len()), (0, false, 1));
}

#[tokio::test]
async fn hostile_servers_are_left_and_told() {
    let long_list = hello(&offer(&vec!["x"; 15_000], &["ssh-rsa"]));
    let servers = [
        Waits(Vec::new()),
        Floods(b"welcome, welcome\r\n".to_vec()),
        Floods(vec![b'x'; 4096]),
        Closes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Closes(b"SSH-2.0-\xff\x1b[2J\r\n".to_vec()),
        // A packet of 2^32 - 1 bytes, one without a payload, and one whose padding is longer than it.
        Waits([BANNER, &[0xff; 16]].concat()),
        Waits([BANNER, &[0, 0, 0, 12, 11], &[0; 11]].concat()),
        Waits([BANNER, &[0, 0, 0, 12, 255], &[0; 11]].concat()),
        // Lists that end too early, and messages that say nothing.
        Waits([BANNER, &wire::framed(&[20; 40])].concat()),
        Floods([BANNER, &wire::framed(&[2, 0, 0, 0, 0]).repeat(100)].concat()),
        Waits([BANNER, &wire::framed(&[99])].concat()),
        Waits(long_list[..20_000].to_vec()),
        Closes(hello(&offer(&["curve25519-sha256"], &["ssh-rsa"]))),
        Answers(hello(&offer(&["curve25519-sha256"], &["ssh-rsa"])), vec![wire::framed(&[31])]),
    ];
    for (number, server) in servers.into_iter().enumerate() {
        let seen = look_at(vec![server], &quick()).await;
        assert!(!seen.complete && !seen.doubts.is_empty(), "{number}: {seen:?}");
        assert!(seen.connections <= 2 && seen.host_keys.is_empty(), "{number}: {seen:?}");
        assert!(seen.banner.chars().all(|c| !c.is_control()), "{number}: {}", seen.banner);
    }
}

#[tokio::test]
async fn many_are_told_one_by_one() {
    let offer = offer(&["curve25519-sha256"], &["ssh-ed25519"]);
    let address = serve(vec![Answers(hello(&offer), vec![reply(31, "ssh-ed25519")])]).await;
    let target = |n| Target { name: format!("{n}"), address: Some(address) };
    let mut told = Vec::new();
    let limits = Limits { in_flight: 3, ..Limits::default() };
    look_all((0..20).map(target).collect(), &limits, |_, seen| {
        assert!(seen.complete, "{:?}", seen.doubts);
        told.push(seen.target);
    })
    .await;
    told.sort_by_key(|name| name.parse::<u32>().unwrap());
    assert_eq!(told, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

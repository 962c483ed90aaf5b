//! A TLS server that does what it is told, as far as the end of its first flight. It computes nothing:
//! keys and signatures are bytes that look like some.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use portvakt_model::registry::{KeyExchange, Suite};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does. Versions by their code on the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// Suites of each version, the best liked first.
    pub(crate) suites: BTreeMap<u16, Vec<u16>>,
    /// Groups until TLS 1.2 and in TLS 1.3, the best liked first.
    pub(crate) groups: [Vec<u16>; 2],
    pub(crate) order: Order,
    /// Suites that it chooses and cannot run.
    pub(crate) dying: Vec<u16>,
    /// How it breaks off with them, and how it refuses.
    pub(crate) death: No,
    pub(crate) refusal: No,
    /// It drops hellos with more suites than this.
    pub(crate) most_suites: Option<usize>,
    /// It drops hellos with a newer version than this, instead of taking an older one.
    pub(crate) intolerant: Option<u16>,
    /// It sends records of at most so many bytes.
    pub(crate) record: Option<usize>,
    /// It closes connections above so many at a time.
    pub(crate) most_connections: Option<usize>,
    /// It answers no more after so many connections.
    pub(crate) patience: Option<u32>,
    /// Schemes with which each kind of key signs in TLS 1.2, the best liked first. A kind without any signs with one
    /// of its own, whatever is offered.
    pub(crate) schemes: [Vec<u16>; 3],
    /// The curve of its ECDSA key, which must be offered for suites with that key (RFC 8422 §5.1).
    pub(crate) curve: Option<u16>,
    /// It wants key shares in TLS 1.3.
    pub(crate) needs_shares: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum No {
    #[default]
    Alert40,
    Alert80,
    Alert109,
    Close,
    Reset,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicU32::new(0));
        let count = connections.clone();
        let script = Arc::new(script);
        let open = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, script.clone(), number, open.clone()));
            }
        });
        Self { address, connections, task }
    }

    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, number: u32, open: Arc<AtomicUsize>) {
    let others = open.fetch_add(1, Ordering::SeqCst);
    let crowded = script.most_connections.is_some_and(|most| others >= most);
    let tired = script.patience.is_some_and(|patience| number >= patience);
    if let Some(hello) = read_hello(&mut stream).await {
        if crowded || tired || script.drops(&hello) {
            // Closed without a word.
        } else {
            answer(&mut stream, &script, &hello).await;
        }
    }
    open.fetch_sub(1, Ordering::SeqCst);
}

async fn answer(stream: &mut TcpStream, script: &Script, hello: &Hello) {
    match script.choose(hello) {
        Some(flight) => {
            let _ = stream.write_all(&records(&flight, script.record.unwrap_or(1 << 14))).await;
            // The client hangs up first; what it still says is of no interest.
            let mut rest = [0; 1024];
            while let Ok(1..) = stream.read(&mut rest).await {}
        }
        None => say_no(stream, script.refuses(hello)).await,
    }
}

async fn say_no(stream: &mut TcpStream, no: No) {
    let alert = |number| [21, 3, 1, 0, 2, 2, number];
    match no {
        No::Alert40 => drop(stream.write_all(&alert(40)).await),
        No::Alert80 => drop(stream.write_all(&alert(80)).await),
        No::Alert109 => drop(stream.write_all(&alert(109)).await),
        No::Close => {}
        No::Reset => drop(stream.set_zero_linger()),
    }
}

/// What a client offers.
#[derive(Debug, Default)]
pub(crate) struct Hello {
    version: u16,
    is_13: bool,
    suites: Vec<u16>,
    groups: Vec<u16>,
    schemes: Vec<u16>,
    shares: Vec<u16>,
}

async fn read_hello(stream: &mut TcpStream) -> Option<Hello> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.ok()?;
    if head[0] != 22 {
        return None;
    }
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).await.ok()?;
    Some(Hello::read(&mut Bytes(&body[4..])))
}

impl Hello {
    fn read(bytes: &mut Bytes<'_>) -> Self {
        let mut hello = Self { version: bytes.u16(), ..Self::default() };
        bytes.take(32);
        bytes.sized8();
        hello.suites = Bytes(bytes.sized16()).all16();
        bytes.sized8();
        let mut extensions = Bytes(if bytes.0.is_empty() { &[] } else { bytes.sized16() });
        while !extensions.0.is_empty() {
            let (kind, mut data) = (extensions.u16(), Bytes(extensions.sized16()));
            match kind {
                10 => hello.groups = Bytes(data.sized16()).all16(),
                13 => hello.schemes = Bytes(data.sized16()).all16(),
                43 => hello.is_13 = true,
                51 => {
                    let mut shares = Bytes(data.sized16());
                    while !shares.0.is_empty() {
                        hello.shares.push(shares.u16());
                        shares.sized16();
                    }
                }
                _ => {}
            }
        }
        hello
    }
}

/// A cursor. The client is ours: what it writes can be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        head
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    fn sized8(&mut self) -> &'a [u8] {
        let count = self.take(1)[0];
        self.take(count.into())
    }

    fn sized16(&mut self) -> &'a [u8] {
        let count = self.u16();
        self.take(count.into())
    }

    fn all16(mut self) -> Vec<u16> {
        std::iter::from_fn(|| (!self.0.is_empty()).then(|| self.u16())).collect()
    }
}

impl Script {
    fn drops(&self, hello: &Hello) -> bool {
        self.most_suites.is_some_and(|most| hello.suites.len() > most)
            || self.intolerant.is_some_and(|newest| hello.version > newest)
    }

    /// The version for a hello: TLS 1.3 when it asks for that, otherwise the newest that is not newer.
    fn version(&self, hello: &Hello) -> Option<u16> {
        let offered = if hello.is_13 { 0x0304 } else { hello.version };
        let fits = |v: &&u16| **v <= offered && (**v == 0x0304) == hello.is_13;
        self.suites.keys().rev().find(fits).copied()
    }

    fn suite(&self, hello: &Hello) -> Option<(u16, u16, Option<u16>)> {
        let version = self.version(hello)?;
        let ours = &self.suites[&version];
        let groups = &self.groups[usize::from(version == 0x0304)];
        let group = pick(groups, &hello.groups, self.order);
        let able = |s: &&u16| {
            !needs_group(**s) || group.is_some() || (version == 0x0300 && !groups.is_empty())
        };
        let able = |s: &&u16| able(s) && self.signs(version, **s, hello);
        let able: Vec<u16> = ours.iter().filter(able).copied().collect();
        let suite = pick(&able, &hello.suites, self.order)?;
        // Without the extension the server is free (RFC 8422 §4).
        let group = group.or_else(|| groups.first().copied());
        Some((version, suite, group.filter(|_| needs_group(suite))))
    }

    /// Whether its key can be used for a suite.
    fn signs(&self, version: u16, suite: u16, hello: &Hello) -> bool {
        let Some(kind) = signer(suite) else { return true };
        let is_bound = kind == ECDSA && needs_group(suite);
        let offers_curve = self.curve.is_none_or(|curve| hello.groups.contains(&curve));
        (!is_bound || version == 0x0300 || offers_curve)
            && (version != 0x0303 || self.scheme(kind, hello).is_some())
    }

    fn scheme(&self, kind: usize, hello: &Hello) -> Option<u16> {
        match self.schemes[kind].as_slice() {
            [] => Some(0x0804),
            ours => pick(ours, &hello.schemes, self.order),
        }
    }

    fn lacks_shares(&self, hello: &Hello) -> bool {
        self.needs_shares && hello.is_13 && hello.shares.is_empty()
    }

    /// How it says no to this hello.
    fn refuses(&self, hello: &Hello) -> No {
        match self.suite(hello) {
            Some((_, suite, _)) if self.dying.contains(&suite) => self.death,
            _ if self.lacks_shares(hello) => No::Alert109,
            _ => self.refusal,
        }
    }

    /// The messages of its answer.
    fn choose(&self, hello: &Hello) -> Option<Vec<u8>> {
        let (version, suite, group) = self.suite(hello)?;
        if self.dying.contains(&suite) || self.lacks_shares(hello) {
            return None;
        }
        if version == 0x0304 {
            return Some(retry(suite, group?));
        }
        let mut flight = message(2, &server_hello(version, suite));
        flight.extend(message(11, &[0, 0, 6, 0, 0, 3, 0x30, 1, 0]));
        let scheme = signer(suite).filter(|_| version == 0x0303);
        let scheme = scheme.and_then(|kind| self.scheme(kind, hello));
        flight.extend(key_exchange(suite, group, scheme));
        flight.extend(message(14, &[]));
        Some(flight)
    }
}

fn pick(ours: &[u16], theirs: &[u16], order: Order) -> Option<u16> {
    let (first, second) = if order == Order::Server { (ours, theirs) } else { (theirs, ours) };
    first.iter().copied().find(|code| second.contains(code))
}

const ECDSA: usize = 1;

/// Which kind of key signs the key exchange of a suite: RSA, ECDSA, DSA.
pub(crate) fn signer(suite: u16) -> Option<usize> {
    let suite = Suite::of(suite).unwrap();
    let is_signed = matches!(suite.exchange(), KeyExchange::Ecdhe | KeyExchange::Dhe);
    ["_RSA_", "_ECDSA_", "_DSS_"].iter().position(|kind| is_signed && suite.name.contains(kind))
}

/// Whether a suite needs a common group.
pub(crate) fn needs_group(suite: u16) -> bool {
    use KeyExchange::{EcdhAnonymous, Ecdhe, Open, Psk};
    let suite = Suite::of(suite).unwrap();
    matches!(suite.exchange(), Ecdhe | EcdhAnonymous | Open)
        || suite.exchange() == Psk && suite.name.contains("ECDHE")
}

fn server_hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([0xAB; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if version > 0x0300 {
        // renegotiation_info and extended_master_secret.
        body.extend([0, 9, 0xFF, 0x01, 0, 1, 0, 0, 23, 0, 0]);
    }
    body
}

/// A HelloRetryRequest (RFC 8446 §4.1.4).
fn retry(suite: u16, group: u16) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([0xCF; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.extend([0, 0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2]);
    body.extend(group.to_be_bytes());
    message(2, &body)
}

fn key_exchange(suite: u16, group: Option<u16>, scheme: Option<u16>) -> Vec<u8> {
    use KeyExchange::{DhAnonymous, Dhe, EcdhAnonymous, Ecdhe, Psk};
    let exchange = Suite::of(suite).unwrap().exchange();
    let mut body = if exchange == Psk { vec![0, 4, b'h', b'i', b'n', b't'] } else { Vec::new() };
    match (exchange, group) {
        (Ecdhe | EcdhAnonymous | Psk, Some(group)) => {
            body.push(3);
            body.extend(group.to_be_bytes());
            body.extend([4, 4, 1, 2, 3]);
        }
        (Dhe | DhAnonymous, _) => {
            let mut modulus = vec![0, 128];
            modulus.extend([0xC5; 128]);
            body.extend(modulus);
            body.extend([0, 1, 2, 0, 1, 3]);
        }
        _ => return Vec::new(),
    }
    if let Some(scheme) = scheme {
        body.extend(scheme.to_be_bytes());
        body.extend([0, 2, 9, 9]);
    }
    message(12, &body)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(&(body.len() as u32).to_be_bytes()[1..]);
    bytes.extend(body);
    bytes
}

fn records(messages: &[u8], size: usize) -> Vec<u8> {
    let record = |part: &[u8]| {
        let mut bytes = vec![22, 3, 3];
        bytes.extend((part.len() as u16).to_be_bytes());
        bytes.extend(part);
        bytes
    };
    messages.chunks(size).flat_map(record).collect()
}

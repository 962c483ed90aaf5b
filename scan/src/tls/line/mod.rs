//! One endpoint, and the connections that are made to it.

mod refusals;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portvakt_model::TlsVersion;
use portvakt_model::registry::KeyExchange;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use refusals::Fingerprints;

use crate::tls::answer::Chosen;
use crate::tls::facts::Facts;
use crate::tls::hello::{HTTP, Offer, Randomness, Shares, client_hello};
use crate::tls::hunt::Exotic;
use crate::tls::limits::{Gate, Pass};
use crate::tls::offers;
use crate::tls::order::Pick;
use crate::tls::refusal::Refusal;
use crate::tls::ssl2::{self, Ssl2Hello};
use crate::tls::starttls;
use crate::tls::target::{How, Target};
use crate::tls::wire::{Answer, Flight};

/// One endpoint under examination.
pub(crate) struct Line<'a> {
    pub(crate) target: &'a Target,
    pub(crate) how: &'a How,
    address: SocketAddr,
    gate: &'a Gate,
    own: Arc<Semaphore>,
    at_once: u32,
    crowd: tokio::sync::Mutex<Crowd>,
    used: AtomicU32,
    /// Connections before a search began.
    before: AtomicU32,
    cap: u32,
    end: Instant,
    facts: Mutex<Facts>,
    /// Whether any connection was ever made: then the endpoint exists, and one that fails is tried again.
    reached: AtomicBool,
    /// Whether a hello with more than [`offers::SMALL`] suites was ever understood.
    large_ok: AtomicBool,
    /// Whether TLS 1.3 wants key shares.
    shares: AtomicBool,
    /// Whether it ever refused otherwise than plainly.
    refused_otherwise: AtomicBool,
    /// Whether application protocols were asked for.
    alpn_asked: AtomicBool,
    /// The first offer that was taken, to see later whether the endpoint still answers.
    good: Mutex<Option<Offer>>,
    /// How it refuses what nobody has, in TLS 1.3 or before.
    fingerprints: Fingerprints,
    /// Whether something was concluded from such a refusal.
    relied: AtomicBool,
    /// Whether suites with finite fields are to be asked for apart.
    field_apart: AtomicBool,
    /// What becomes of suites that servers rarely have, once that is known.
    exotic: Mutex<Option<Exotic>>,
    /// The first choice of each version below TLS 1.2.
    openings: Mutex<HashMap<TlsVersion, Opening>>,
    /// How often it said that it does not know the name that was sent, or wants one.
    unknown_name: AtomicU32,
    /// Whether it was seen to take suites in an order of its own.
    decides: AtomicBool,
    /// Key exchanges that the server chose and could not run.
    dying: Mutex<Vec<KeyExchange>>,
}

/// Whether the endpoint bears several connections at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crowd {
    /// It never mattered.
    Unknown,
    /// It closes connections that are alone too: it is a refusal.
    Borne,
    /// It closed one, and answered the same question when it came alone.
    NotBorne,
}

/// The first choice of a version.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) pick: Pick,
    pub(crate) group: Option<u16>,
}

/// A connection on which TLS may begin, and the leave to have it.
pub(crate) struct Open {
    pub(crate) stream: TcpStream,
    pub(crate) deadline: Instant,
    pub(crate) pass: Pass,
}

/// Pauses before a connection is tried again. A server that limits connections recovers within them, or
/// is left alone.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1500)];
/// How long a server may take to close after we did, and how much it may still send.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 64 * 1024;
/// Bytes that an answer in SSL 2.0 may have: its header counts no more.
const SSL2_MOST: usize = 0x8000;
/// A server that does not know SSL 2.0 may wait for more bytes; this long is waited with it.
const SSL2_ANSWER: Duration = Duration::from_secs(2);

/// RFC 6066 §3.
const UNRECOGNIZED_NAME: Refusal = Refusal::Alert(112);
/// After so many of those and no other answer, nothing more is asked.
const NAME_TRIED: u32 = 4;

impl<'a> Line<'a> {
    pub(crate) fn new(
        target: &'a Target,
        address: SocketAddr,
        how: &'a How,
        gate: &'a Gate,
    ) -> Self {
        let limits = &how.limits;
        // Mail servers and their like count clients: two at a time are what a mail program has.
        let at_once = if target.starttls.is_some() { 2 } else { limits.endpoint_in_flight.max(1) };
        let broken = target.starttls.and_then(starttls::StartTls::broken_handshakes);
        Self {
            target,
            how,
            address,
            gate,
            own: Arc::new(Semaphore::new(at_once)),
            at_once: at_once as u32,
            crowd: tokio::sync::Mutex::new(Crowd::Unknown),
            used: AtomicU32::new(0),
            before: AtomicU32::new(0),
            cap: broken.map_or(limits.connections, |most| most.min(limits.connections)),
            end: Instant::now() + limits.endpoint,
            facts: Mutex::new(Facts::new()),
            reached: AtomicBool::new(false),
            large_ok: AtomicBool::new(false),
            shares: AtomicBool::new(false),
            refused_otherwise: AtomicBool::new(false),
            alpn_asked: AtomicBool::new(false),
            good: Mutex::default(),
            fingerprints: Fingerprints::default(),
            relied: AtomicBool::new(false),
            field_apart: AtomicBool::new(false),
            exotic: Mutex::default(),
            openings: Mutex::default(),
            unknown_name: AtomicU32::new(0),
            decides: AtomicBool::new(false),
            dying: Mutex::default(),
        }
    }

    /// Connections so far.
    pub(crate) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed).min(self.cap)
    }

    /// From now on it is searched.
    pub(crate) fn begin_search(&self) {
        self.before.store(self.used(), Ordering::Relaxed);
    }

    /// Connections that the search took so far.
    pub(crate) fn searched(&self) -> u32 {
        self.used() - self.before.load(Ordering::Relaxed)
    }

    /// What is known. Never held over an await.
    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The facts, when all was asked.
    pub(crate) fn into_facts(self) -> Facts {
        self.facts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// An offer of `suites` and `groups` in a version.
    pub(crate) fn offer(&self, version: TlsVersion, suites: &[u16], groups: &[u16]) -> Offer {
        let shares = self.shares.load(Ordering::Relaxed);
        Offer {
            version,
            suites: suites.to_vec(),
            groups: groups.to_vec(),
            // Schemes that were seen go last, so that another is seen where the client decides.
            signatures: offers::signatures(&self.facts().signatures),
            name: self.target.server_name().map(str::to_owned),
            shares: if shares { Shares::Classical } else { Shares::Empty },
            alpn: &[],
        }
    }

    /// Asks, and takes up what the answer shows.
    pub(crate) async fn ask(&self, offer: &Offer) -> Answer {
        let answer = self.ask_with_alpn(offer).await;
        if let Some(chosen) = answer.chosen() {
            self.facts().note(chosen);
        }
        answer
    }

    /// Asks with something left out. Where the server chooses and breaks off, it may be for want of that: it is
    /// a refusal.
    pub(crate) async fn ask_less(&self, offer: &Offer) -> Answer {
        match self.ask_with_alpn(offer).await {
            Answer::Chosen(chosen) if !chosen.whole => Answer::Refused(Refusal::BrokeOff),
            answer => {
                if let Some(chosen) = answer.chosen() {
                    self.facts().note(chosen);
                }
                answer
            }
        }
    }

    /// Asks, and once for application protocols too, with an offer of TLS 1.2 that should be taken. A server that
    /// speaks none of them may refuse (RFC 7301 §3.2); it is then asked without.
    async fn ask_with_alpn(&self, offer: &Offer) -> Answer {
        if self.target.starttls.is_some()
            || !self.should_be_taken(offer)
            || self.alpn_asked.swap(true, Ordering::Relaxed)
        {
            return self.ask_unnoted(offer).await;
        }
        let answer = self.ask_unnoted(&Offer { alpn: &HTTP, ..offer.clone() }).await;
        match answer {
            Answer::Refused(refusal) if !matches!(refusal, Refusal::Alert(70) | Refusal::Older) => {
                self.ask_unnoted(offer).await
            }
            _ => answer,
        }
    }

    /// Whether TLS 1.2 would be taken with this: a suite that it is known to have is there, or many are and some were
    /// taken before. A verdict has one question that a server in order takes; how one that does not refuse plainly is
    /// in order is not known.
    fn should_be_taken(&self, offer: &Offer) -> bool {
        let has = |suite: &u32| u16::try_from(*suite).is_ok_and(|s| offer.suites.contains(&s));
        let found = &self.facts().protocols[TlsVersion::Tls12 as usize].suites;
        let is_known = found.iter().any(has);
        let is_likely = !found.is_empty() && offer.suites.len() > offers::SMALL;
        let is_allowed = offer.suites == self.how.split.allowed_suites
            && !self.refused_otherwise.load(Ordering::Relaxed);
        let has_all_groups = offer.groups.len() == offers::groups(TlsVersion::Tls12).len();
        offer.version == TlsVersion::Tls12
            && (is_likely || has_all_groups && (is_known || is_allowed))
    }

    /// Asks. The answer does not count as something that is offered.
    pub(crate) async fn ask_unnoted(&self, offer: &Offer) -> Answer {
        let answer = self.ask_once(offer).await;
        match answer {
            Answer::Refused(Refusal::Closed | Refusal::Reset | Refusal::Silent) => {
                self.ask_alone(offer, answer).await
            }
            _ => answer,
        }
    }

    /// Asks again with no other connection open, because a server that limits how many there are closes
    /// what is too much without a word. Once it has done so alone too, that is its way of refusing.
    async fn ask_alone(&self, offer: &Offer, first: Answer) -> Answer {
        let mut crowd = self.crowd.lock().await;
        if *crowd == Crowd::Borne {
            return first;
        }
        let others = if *crowd == Crowd::Unknown { self.at_once.saturating_sub(1) } else { 0 };
        let Ok(alone) = self.own.acquire_many(others).await else { return first };
        let second = self.ask_once(offer).await;
        let again =
            matches!(second, Answer::Refused(Refusal::Closed | Refusal::Reset | Refusal::Silent));
        if again {
            *crowd = Crowd::Borne;
        } else {
            *crowd = Crowd::NotBorne;
            // From now on there is only one connection at a time.
            alone.forget();
        }
        second
    }

    async fn ask_once(&self, offer: &Offer) -> Answer {
        let mut flight = Flight::default();
        let answer = match self.open().await {
            Ok(open) => {
                let hello = client_hello(offer, &Randomness::new());
                let mut answer = None;
                let ended = converse(open, &hello, |bytes| {
                    answer = flight.read(bytes);
                    answer.is_some()
                });
                let ended = ended.await;
                answer.unwrap_or_else(|| flight.ended(ended.unwrap_or(Refusal::Closed)))
            }
            Err(refusal) => Answer::Refused(refusal),
        };
        self.remember(offer, &answer);
        answer
    }

    fn remember(&self, offer: &Offer, answer: &Answer) {
        if *answer == Answer::Refused(UNRECOGNIZED_NAME) {
            self.unknown_name.fetch_add(1, Ordering::Relaxed);
        }
        let understood = match answer {
            Answer::Chosen(_) => true,
            Answer::Refused(refusal) => refusal.is_clean(),
        };
        if !understood {
            self.refused_otherwise.store(true, Ordering::Relaxed);
        }
        if understood && offer.suites.len() > offers::SMALL {
            self.large_ok.store(true, Ordering::Relaxed);
        }
        if let Some(chosen) = answer.chosen().filter(|c| c.whole) {
            self.remember_opening(offer, chosen);
            self.relied.store(false, Ordering::Relaxed);
            let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
            good.get_or_insert_with(|| offer.clone());
        }
    }

    fn remember_opening(&self, offer: &Offer, chosen: &Chosen) {
        let Some(version) = chosen.version.filter(|v| *v < TlsVersion::Tls12) else { return };
        let pick = Pick { offered: offer.suites.clone(), chosen: chosen.suite };
        let mut openings = self.openings.lock().unwrap_or_else(PoisonError::into_inner);
        // The one that was asked with most tells most.
        if openings.get(&version).is_none_or(|known| known.pick.offered.len() < offer.suites.len())
        {
            openings.insert(version, Opening { pick, group: chosen.group });
        }
    }

    /// Asks in SSL 2.0.
    pub(crate) async fn ask_ssl2(&self) -> Result<Ssl2Hello, Refusal> {
        let mut open = self.open().await?;
        open.deadline = open.deadline.min(Instant::now() + SSL2_ANSWER);
        let mut challenge = [0; 16];
        challenge.copy_from_slice(&Randomness::new().random[..16]);
        let mut seen = Vec::new();
        let mut answer = None;
        let hello = ssl2::client_hello(challenge);
        let ended = converse(open, &hello, |bytes| {
            seen.extend_from_slice(bytes);
            answer = ssl2::server_hello(&seen);
            answer.is_some() || seen.len() > SSL2_MOST
        });
        let ended = ended.await.unwrap_or(Refusal::Garbage("more bytes than any answer has"));
        answer.unwrap_or(Err(ended))
    }

    /// Whether it answers nothing but that it does not know the name, whatever it is offered.
    pub(crate) fn knows_no_name(&self) -> bool {
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.is_none() && self.unknown_name.load(Ordering::Relaxed) >= NAME_TRIED
    }

    /// A connection on which the next byte is that of TLS.
    pub(crate) async fn open(&self) -> Result<Open, Refusal> {
        if self.knows_no_name() {
            return Err(Refusal::Limit("it does not know the name"));
        }
        let pass = self.gate.pass(self.address.ip(), &self.own).await;
        let pass = pass.map_err(|_| Refusal::Limit("the run has ended"))?;
        let stream = self.connect().await?;
        // The answer is timed from here; what was waited for leave does not count.
        let deadline = (Instant::now() + self.how.limits.answer).min(self.end);
        let Some(kind) = self.target.starttls else { return Ok(Open { stream, deadline, pass }) };
        match starttls::start(stream, kind, &self.target.host, deadline).await {
            Ok(stream) => Ok(Open { stream, deadline, pass }),
            Err(error) => {
                self.facts().doubt(format!("{}: {error}", kind.name()));
                Err(Refusal::NoTls)
            }
        }
    }

    async fn connect(&self) -> Result<TcpStream, Refusal> {
        let mut pauses = BACK_OFF.iter();
        loop {
            if Instant::now() >= self.end {
                return Err(Refusal::Limit("the time for one endpoint has run out"));
            }
            if self.used.fetch_add(1, Ordering::Relaxed) >= self.cap {
                return Err(Refusal::Limit("the number of connections to one endpoint is reached"));
            }
            if let Ok(Ok(stream)) =
                timeout(self.how.limits.connect, TcpStream::connect(self.address)).await
            {
                self.reached.store(true, Ordering::Relaxed);
                // A hello is one segment or two; it should not wait for a third.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            let again = self.reached.load(Ordering::Relaxed);
            match pauses.next() {
                Some(pause) if again => sleep(*pause).await,
                _ => return Err(Refusal::Unreachable),
            }
        }
    }

    /// Whether a hello with many suites was ever understood.
    pub(crate) fn takes_large(&self) -> bool {
        self.large_ok.load(Ordering::Relaxed)
    }

    /// From now on hellos of TLS 1.3 bring key shares.
    pub(crate) fn bring_shares(&self) {
        self.shares.store(true, Ordering::Relaxed);
    }

    /// Whether they do.
    pub(crate) fn brings_shares(&self) -> bool {
        self.shares.load(Ordering::Relaxed)
    }

    /// Whether it once refused otherwise than plainly, so that finite fields are asked for apart.
    pub(crate) fn wants_field_apart(&self) -> bool {
        self.field_apart.load(Ordering::Relaxed)
    }

    /// What becomes of suites that servers rarely have, if that is known.
    pub(crate) fn exotic(&self) -> Option<Exotic> {
        *self.exotic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says so.
    pub(crate) fn note_exotic(&self, exotic: Exotic) {
        *self.exotic.lock().unwrap_or_else(PoisonError::into_inner) = Some(exotic);
    }

    /// The first choice of a version below TLS 1.2.
    pub(crate) fn opening(&self, version: TlsVersion) -> Option<Opening> {
        self.openings.lock().unwrap_or_else(PoisonError::into_inner).get(&version).cloned()
    }

    /// From now on they are.
    pub(crate) fn ask_field_apart(&self) {
        self.field_apart.store(true, Ordering::Relaxed);
    }

    /// Says that it takes suites in an order of its own.
    pub(crate) fn note_that_it_decides(&self) {
        self.decides.store(true, Ordering::Relaxed);
    }

    /// Whether it was seen to.
    pub(crate) fn decides(&self) -> bool {
        self.decides.load(Ordering::Relaxed)
    }

    /// Key exchanges that the server was seen to choose and break off with.
    pub(crate) fn dying(&self) -> Vec<KeyExchange> {
        self.dying.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers one.
    pub(crate) fn dies_with(&self, exchange: KeyExchange) {
        let mut dying = self.dying.lock().unwrap_or_else(PoisonError::into_inner);
        if !dying.contains(&exchange) {
            dying.push(exchange);
        }
    }
}

/// Sends `hello` and gives what comes to `read` until that has enough. Otherwise the reason why no more
/// came. The connection is then closed in the background.
async fn converse(
    mut open: Open,
    hello: &[u8],
    read: impl FnMut(&[u8]) -> bool,
) -> Option<Refusal> {
    let deadline = open.deadline;
    let exchange = async {
        open.stream.write_all(hello).await?;
        listen(&mut open.stream, read).await
    };
    let ended = match timeout_at(deadline, exchange).await {
        Err(_) => Some(Refusal::Silent),
        Ok(Err(_)) => Some(Refusal::Reset),
        Ok(Ok(true)) => None,
        Ok(Ok(false)) => Some(Refusal::Closed),
    };
    let hung_up = matches!(ended, Some(Refusal::Reset | Refusal::Closed));
    if !hung_up {
        tokio::spawn(leave(open));
    }
    ended
}

/// Whether `read` had enough before the end.
async fn listen(stream: &mut TcpStream, mut read: impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    let mut buffer = vec![0; 4096];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(false);
        }
        if read(&buffer[..count]) {
            return Ok(true);
        }
    }
}

/// Closes as one should: we end our side, and read what is still on its way, so that the server gets a
/// FIN and no reset.
async fn leave(open: Open) {
    let Open { mut stream, pass, .. } = open;
    let rest = async {
        let _ = stream.shutdown().await;
        let mut buffer = vec![0; 4096];
        let mut total = 0;
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            total += count;
            if total > LINGER_BYTES {
                break;
            }
        }
    };
    let _ = timeout(LINGER, rest).await;
    drop(pass);
}

//! What speaks on a TCP port: by what it says, and by its answers to short questions.
//!
//! No name, password, community or key is ever tried, and nothing is asked that changes the peer.
//! At most [`MAX_CONNECTIONS`] connections go to a port, each bounded in time and bytes. Printers'
//! raw ports are never connected to, since they print whatever comes; industrial protocols are only
//! listened to. A name that rests on the port number alone is marked so.

mod all;
pub(crate) mod ber;
pub(crate) mod binary;
mod databases;
mod http;
mod line;
mod ports;
pub(crate) mod probe;
mod smb;
mod spoken;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use portvakt_model::{PortProtocol, ServiceSeen};
use tokio::time::Instant;

pub use all::identify_all;
pub use ports::{LEFT_ALONE, usual};

use crate::evidence;
use line::{Line, OpenError};
use ports::Way;
use probe::Probe;

/// Connections to one port at most.
pub const MAX_CONNECTIONS: usize = 3;

/// How long and how much is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection to come about.
    pub connect: Duration,
    /// For the first words of a peer whose protocol begins with the server's: mail servers make strangers wait.
    pub banner: Duration,
    /// For the first words of a peer of which nothing is known.
    pub quiet: Duration,
    /// For an answer to a question.
    pub answer: Duration,
    /// For one port in all.
    pub port: Duration,
    /// For all ports of one host. What is left then is named by its number.
    pub host: Duration,
    /// Bytes that are kept of one connection.
    pub bytes: usize,
    /// Ports that are asked at once.
    pub at_once: usize,
    /// Ports of one host that are asked at once.
    pub per_host: usize,
    /// What may be said.
    pub manner: Manner,
}

/// What may be said to a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Short questions in its own protocol.
    #[default]
    Ask,
    /// Nothing: only what it says by itself is taken. For hosts that bear no more.
    Listen,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(1500),
            banner: Duration::from_secs(5),
            quiet: Duration::from_millis(800),
            answer: Duration::from_secs(3),
            port: Duration::from_secs(12),
            host: Duration::from_mins(2),
            bytes: 16 * 1024,
            at_once: 64,
            per_host: 2,
            manner: Manner::Ask,
        }
    }
}

/// What was recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The service, in the words of IANA and nmap.
    pub name: &'static str,
    /// Whether TLS can be asked for inside the protocol.
    pub starttls: bool,
    /// Product and version.
    pub product: Option<String>,
    /// Page title or server name.
    pub title: Option<String>,
    /// Whether the peer may have meant something else: it refused what it was asked.
    pub(crate) doubtful: bool,
}

impl Known {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(crate) fn product(mut self, product: impl Into<String>) -> Self {
        self.product = Some(product.into()).filter(|text| !text.is_empty());
        self
    }
}

/// What a peer said, without asking it: the words of a banner. For bytes that were had elsewhere.
pub fn recognise(bytes: &[u8], port: u16) -> Option<Known> {
    spoken::recognise(bytes, port, spoken::Rest::Ended).or_else(|| probe::any_answer(bytes))
}

/// Finds out what speaks on a TCP port.
pub async fn identify(address: IpAddr, port: u16, limits: &Limits) -> ServiceSeen {
    ask(SocketAddr::new(address, port), port, ports::way(port), limits).await
}

/// The same, as if the port had the number `like`: for a service that is known to have been moved.
pub async fn identify_as(peer: SocketAddr, like: u16, limits: &Limits) -> ServiceSeen {
    ask(peer, like, ports::way(like), limits).await
}

async fn ask(peer: SocketAddr, like: u16, way: Way, limits: &Limits) -> ServiceSeen {
    if way == Way::LeaveAlone {
        return guess(like, PortProtocol::Tcp);
    }
    let deadline = Instant::now() + limits.port;
    let mut asking = Asking { peer, like, limits, deadline, connections: 0, evidence: Vec::new() };
    let found = asking.find(way).await;
    asking.tell(found)
}

/// The service that a port number usually means, marked as not asked.
pub fn guess(port: u16, protocol: PortProtocol) -> ServiceSeen {
    let name = usual(port, protocol).unwrap_or("unknown").to_owned();
    ServiceSeen { name, ..ServiceSeen::default() }
}

/// One port while it is asked.
struct Asking<'a> {
    peer: SocketAddr,
    /// The number by which it is judged what it may be.
    like: u16,
    limits: &'a Limits,
    deadline: Instant,
    connections: usize,
    /// What the peer said on the connection that told most.
    evidence: Vec<u8>,
}

/// A service, inside TLS or not. Inside TLS it may stay unknown.
struct Found {
    known: Option<Known>,
    tls: bool,
}

impl Found {
    const fn clear(known: Known) -> Self {
        Self { known: Some(known), tls: false }
    }
}

impl Asking<'_> {
    async fn find(&mut self, way: Way) -> Option<Found> {
        if self.limits.manner == Manner::Listen || way == Way::Listen {
            return self.clear(self.limits.banner.min(self.limits.quiet * 2), None).await;
        }
        match way {
            Way::LeaveAlone | Way::Listen => None,
            Way::Banner(probe) => {
                self.clear_then_tls(self.limits.banner, probe, self.limits.banner).await
            }
            Way::Ask(probe) => self.clear_then_tls(Duration::ZERO, probe, Duration::ZERO).await,
            Way::Unknown => {
                let quiet = self.limits.quiet;
                let found = self.clear_then_tls(quiet, Probe::Http, quiet).await;
                match ports::moved(self.like) {
                    Some(probe) if found.is_none() => self.clear(Duration::ZERO, Some(probe)).await,
                    _ => found,
                }
            }
            Way::Tls { inner, patience } => {
                let patience = if patience { self.limits.banner } else { Duration::ZERO };
                match self.tls(patience, inner).await {
                    Some(found) => Some(found),
                    None => self.clear(patience, Some(inner)).await,
                }
            }
        }
    }

    /// In clear text first, then inside TLS, then with the question that most servers answer.
    async fn clear_then_tls(
        &mut self,
        patience: Duration,
        probe: Probe,
        inside: Duration,
    ) -> Option<Found> {
        let clear = self.clear(patience, Some(probe)).await;
        if clear.as_ref().is_some_and(|f| f.known.as_ref().is_some_and(|k| !k.doubtful)) {
            return self.more(clear, probe).await;
        }
        match self.tls(inside, probe).await {
            Some(found) => Some(found),
            None if clear.is_none() && probe != Probe::Http => {
                self.clear(Duration::ZERO, Some(Probe::Http)).await
            }
            None => clear,
        }
    }

    /// SMB: whether its first version is spoken, too. It takes a connection of its own.
    async fn more(&mut self, found: Option<Found>, probe: Probe) -> Option<Found> {
        let mut found = found?;
        let is_smb = probe == Probe::Smb;
        if let Some(known) = found.known.as_mut().filter(|k| is_smb && k.name == "microsoft-ds") {
            let kept = std::mem::take(&mut self.evidence);
            let old = self.clear(Duration::ZERO, Some(Probe::Smb1)).await;
            self.evidence = kept;
            if old.is_some() {
                let product = known.product.take().unwrap_or_default();
                known.product = Some(format!("{product}, SMB 1 offered"));
            }
        }
        Some(found)
    }

    /// One connection in clear text.
    async fn clear(&mut self, patience: Duration, probe: Option<Probe>) -> Option<Found> {
        let mut line = self.open().await?;
        let known = self.dialogue(&mut line, patience, probe).await;
        self.keep(&line);
        line.leave().await;
        known.map(Found::clear)
    }

    /// One connection inside TLS; `None` when it is not spoken.
    async fn tls(&mut self, patience: Duration, probe: Probe) -> Option<Found> {
        let line = self.open().await?;
        let until = self.by(self.limits.answer);
        let mut line = match line.into_tls(until).await {
            Ok(line) => line,
            Err(OpenError::NotTls) => return None,
            // It answered as only TLS does, and would not go on with us.
            Err(OpenError::Refused) => return Some(Found { known: None, tls: true }),
        };
        let known = self.dialogue(&mut line, patience, Some(probe)).await;
        self.keep(&line);
        line.leave().await;
        Some(Found { known, tls: true })
    }

    async fn open(&mut self) -> Option<Line> {
        if self.connections == MAX_CONNECTIONS || Instant::now() >= self.deadline {
            return None;
        }
        self.connections += 1;
        Line::open(self.peer, self.by(self.limits.connect), self.limits.bytes).await
    }

    /// Listens, then asks, then asks for what the first answer leaves open.
    async fn dialogue(
        &self,
        line: &mut Line,
        patience: Duration,
        probe: Option<Probe>,
    ) -> Option<Known> {
        let port = self.like;
        let said = |bytes: &[u8], rest| spoken::recognise(bytes, port, rest);
        if !patience.is_zero()
            && let Some(known) = line.listen(self.by(patience), said).await
        {
            return Some(self.follow(line, known).await);
        }
        let probe = probe?;
        line.say(&probe.question(self.peer), self.by(self.limits.answer)).await?;
        let start = line.heard().len();
        let answer = |bytes: &[u8], rest| {
            let answer = bytes.get(start..).unwrap_or_default();
            probe.answer(answer, rest).or_else(|| spoken::recognise(bytes, port, rest))
        };
        let known = line.listen(self.by(self.limits.answer), answer).await?;
        if let Some(words) = probe.farewell() {
            line.say(words, self.by(self.limits.answer)).await;
        }
        Some(known)
    }

    /// Mail and its like: whether TLS can be asked for, and what a bare greeting leaves open.
    async fn follow(&self, line: &mut Line, known: Known) -> Known {
        let Some(step) = spoken::follow_up(&known).filter(|_| self.limits.manner == Manner::Ask)
        else {
            return known;
        };
        let start = line.heard().len();
        if line.say(step.question, self.by(self.limits.answer)).await.is_none() {
            return known;
        }
        let answer = |bytes: &[u8], rest| (step.answer)(bytes.get(start..)?, rest, &known);
        let told = line.listen(self.by(self.limits.answer), answer).await;
        line.say(step.farewell, self.by(self.limits.answer)).await;
        told.unwrap_or(known)
    }

    fn keep(&mut self, line: &Line) {
        if self.evidence.is_empty() {
            self.evidence = line.heard().get(..evidence::MOST).unwrap_or(line.heard()).to_vec();
        }
    }

    fn by(&self, wait: Duration) -> Instant {
        (Instant::now() + wait).min(self.deadline)
    }

    fn tell(&self, found: Option<Found>) -> ServiceSeen {
        let evidence = evidence::escape(&self.evidence);
        let port = self.like;
        match found {
            Some(Found { known: Some(known), tls }) => ServiceSeen {
                name: known.name.to_owned(),
                tls,
                starttls: known.starttls && !tls,
                starttls_unasked: false,
                product: known.product.map(|text| evidence::text(&text)),
                title: known.title.map(|text| evidence::text(&text)),
                evidence,
                asked: true,
            },
            Some(Found { known: None, .. }) => {
                let name = "ssl".to_owned();
                ServiceSeen { name, tls: true, evidence, asked: true, ..ServiceSeen::default() }
            }
            None => ServiceSeen { evidence, ..guess(port, PortProtocol::Tcp) },
        }
    }
}

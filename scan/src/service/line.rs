//! One connection, in clear text or inside TLS, with a bound on what is kept and how long is waited.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::Known;
use super::spoken::Rest;
use crate::tls::handshake::{Ask, Client, HandshakeError, Inside};

/// One read.
const CHUNK: usize = 4 * 1024;
/// Hanging up may take this long; it is a courtesy.
const FAREWELL: Duration = Duration::from_millis(300);
/// How long to wait for more of an answer that is recognised already, but perhaps not told in full.
const MORE: Duration = Duration::from_millis(400);

/// Why there is no TLS to speak in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenError {
    /// It was not answered as only TLS answers.
    NotTls,
    /// It was answered by TLS, and broke off: too old a version, a name that is wanted, a certificate.
    Refused,
}

/// A connection and what came on it.
pub(super) struct Line {
    stream: Stream,
    heard: Vec<u8>,
    most: usize,
}

enum Stream {
    Clear(TcpStream),
    Inside(Box<Inside>),
}

/// How one wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    More,
    Silence,
    /// The peer ended its side, or enough has come.
    End,
}

impl Line {
    /// Connects; `None` when that does not come about in time.
    pub(super) async fn open(peer: SocketAddr, until: Instant, most: usize) -> Option<Self> {
        let stream = timeout_at(until, TcpStream::connect(peer)).await.ok()?.ok()?;
        Some(Self { stream: Stream::Clear(stream), heard: Vec::new(), most })
    }

    /// Begins TLS on a fresh connection. Any certificate will do: it is judged elsewhere.
    pub(super) async fn into_tls(self, until: Instant) -> Result<Self, OpenError> {
        let Stream::Clear(stream) = self.stream else { return Err(OpenError::Refused) };
        let client = Client::new(&Ask::default()).map_err(|_| OpenError::NotTls)?;
        match client.open(stream, until).await {
            Ok(inside) => Ok(Self { stream: Stream::Inside(Box::new(inside)), ..self }),
            Err(
                HandshakeError::Incompatible(_)
                | HandshakeError::UnknownName
                | HandshakeError::NoApplicationProtocol
                | HandshakeError::Failed(_),
            ) => Err(OpenError::Refused),
            Err(HandshakeError::NotTls(_) | HandshakeError::Closed | HandshakeError::Silent) => {
                Err(OpenError::NotTls)
            }
        }
    }

    /// All that came so far.
    pub(super) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Sends bytes; `None` when they cannot be sent.
    pub(super) async fn say(&mut self, words: &[u8], until: Instant) -> Option<()> {
        if words.is_empty() {
            return Some(());
        }
        match &mut self.stream {
            Stream::Clear(stream) => timeout_at(until, stream.write_all(words)).await.ok()?.ok(),
            Stream::Inside(inside) => inside.say(words, until).await.ok(),
        }
    }

    /// Reads until `read` knows what it is, the peer ends, or the time is over. `read` is given all that
    /// came, and whether more may come.
    pub(super) async fn listen(
        &mut self,
        until: Instant,
        read: impl Fn(&[u8], Rest) -> Option<Known>,
    ) -> Option<Known> {
        let mut known_at_end = false;
        loop {
            if let Some(known) = read(&self.heard, Rest::MayCome) {
                return Some(known);
            }
            // Something that only the end can settle: an answer without one is waited for shortly.
            if !known_at_end {
                known_at_end = read(&self.heard, Rest::Ended).is_some();
            }
            let wait = if known_at_end { until.min(Instant::now() + MORE) } else { until };
            match self.hear(wait).await {
                Heard::More => {}
                Heard::Silence | Heard::End => return read(&self.heard, Rest::Ended),
            }
        }
    }

    async fn hear(&mut self, until: Instant) -> Heard {
        let room = self.most.saturating_sub(self.heard.len());
        if room == 0 {
            return Heard::End;
        }
        let bytes = match &mut self.stream {
            Stream::Clear(stream) => read_once(stream, until).await,
            Stream::Inside(inside) => match inside.hear(until).await {
                Ok(bytes) => Some(bytes),
                Err(HandshakeError::Silent) => None,
                Err(_) => Some(Vec::new()),
            },
        };
        match bytes {
            None => Heard::Silence,
            Some(bytes) if bytes.is_empty() => Heard::End,
            Some(bytes) => {
                self.heard.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
                Heard::More
            }
        }
    }

    /// Hangs up.
    pub(super) async fn leave(self) {
        match self.stream {
            // The peer may be gone already, which is what is wanted.
            Stream::Clear(mut stream) => drop(timeout(FAREWELL, stream.shutdown()).await),
            Stream::Inside(inside) => inside.leave().await,
        }
    }
}

/// The next bytes; none at the end, `None` when the time is over.
async fn read_once(stream: &mut TcpStream, until: Instant) -> Option<Vec<u8>> {
    let mut bytes = vec![0; CHUNK];
    let count = timeout_at(until, stream.read(&mut bytes)).await.ok()?.unwrap_or(0);
    bytes.truncate(count);
    Some(bytes)
}

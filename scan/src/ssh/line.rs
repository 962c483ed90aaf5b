//! One connection to an SSH server: lines, then packets, within limits.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::wire::{self, DEBUG, DISCONNECT, IGNORE, UNIMPLEMENTED};
use crate::evidence::shown;

/// All that a connection may send us: an identification, lists, a reply, and much else.
const MOST_BYTES: usize = 256 * 1024;
/// Before its identification a server may say other things (RFC 4253 §4.2); this much is read.
const LONGEST_PREFACE: usize = 16 * 1024;
/// Packets that say nothing, between those that do.
const MOST_IDLE_PACKETS: usize = 64;
/// Hanging up may take this long; it is a courtesy.
const FAREWELL: Duration = Duration::from_millis(500);
/// How we name ourselves (RFC 4253 §4.2).
const OURS: &str = concat!("SSH-2.0-portvakt_", env!("CARGO_PKG_VERSION"), "\r\n");

/// Why a connection showed no more. The words are for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection: {0}")]
    NoConnection(String),
    #[error("no answer in time")]
    Silent,
    #[error("the connection was closed{}", .0.as_ref().map_or_else(String::new, |said| format!(" after: {said}")))]
    Closed(Option<String>),
    #[error("this is not SSH: {0}")]
    NotSsh(String),
    #[error("it breaks the protocol: {0}")]
    Broken(&'static str),
    #[error("it ended the connection: {0}")]
    Disconnected(String),
    #[error("this machine has {0}")]
    Own(&'static str),
}

pub(super) struct Line {
    stream: TcpStream,
    deadline: Instant,
    waiting: Vec<u8>,
    total: usize,
}

impl Line {
    pub(super) async fn connect(
        address: SocketAddr,
        within: Duration,
        answers_within: Duration,
    ) -> Result<Self, Fault> {
        let stream = match timeout(within, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Fault::NoConnection(error.to_string())),
            Err(_) => return Err(Fault::NoConnection("no answer in time".to_owned())),
        };
        let deadline = Instant::now() + answers_within;
        Ok(Self { stream, deadline, waiting: Vec::new(), total: 0 })
    }

    /// Names us, and reads the peer's name. Both may speak first.
    pub(super) async fn identification(&mut self) -> Result<String, Fault> {
        self.send(OURS.as_bytes()).await?;
        let (mut preface, mut last) = (0, None);
        while preface < LONGEST_PREFACE {
            let line = match self.line(LONGEST_PREFACE - preface).await {
                // What it said instead is the reason, if it gave one.
                Err(Fault::Closed(None)) => return Err(Fault::Closed(last)),
                read => read?,
            };
            if line.starts_with(b"SSH-") {
                return Ok(shown(&line));
            }
            preface += line.len();
            last = Some(shown(&line));
        }
        Err(Fault::NotSsh(last.unwrap_or_default()))
    }

    async fn line(&mut self, limit: usize) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(end) = self.waiting.iter().position(|b| *b == b'\n') {
                let rest = self.waiting.split_off(end + 1);
                return Ok(std::mem::replace(&mut self.waiting, rest));
            }
            if self.waiting.len() >= limit {
                return Err(Fault::NotSsh(shown(&self.waiting)));
            }
            self.fill().await?;
        }
    }

    /// Sends a payload.
    pub(super) async fn say(&mut self, payload: &[u8]) -> Result<(), Fault> {
        self.send(&wire::framed(payload)).await
    }

    /// The payload of the next packet, which must be of that kind. What says nothing is skipped.
    pub(super) async fn hear(&mut self, kind: u8) -> Result<Vec<u8>, Fault> {
        for _ in 0..MOST_IDLE_PACKETS {
            let payload = self.packet().await?;
            match payload.first() {
                Some(found) if *found == kind => return Ok(payload),
                Some(&DISCONNECT) => return Err(reason(&payload)),
                Some(&UNIMPLEMENTED) => {
                    return Err(Fault::Disconnected("it does not know the message".to_owned()));
                }
                Some(&IGNORE | &DEBUG) => {}
                _ => return Err(Fault::Broken("another message than its turn")),
            }
        }
        Err(Fault::Broken("messages without end"))
    }

    async fn packet(&mut self) -> Result<Vec<u8>, Fault> {
        loop {
            match wire::packet(&self.waiting) {
                Ok((rest, payload)) => {
                    let (payload, rest) = (payload.to_vec(), rest.len());
                    self.waiting.drain(..self.waiting.len() - rest);
                    return Ok(payload);
                }
                Err(nom::Err::Incomplete(_)) => self.fill().await?,
                Err(_) => return Err(Fault::Broken("a packet of an impossible length")),
            }
        }
    }

    /// Says goodbye, and closes our side.
    pub(super) async fn leave(mut self) {
        let goodbye = async {
            self.stream.write_all(&wire::framed(&wire::farewell())).await?;
            self.stream.shutdown().await
        };
        // The peer may be gone already, which is what was wanted.
        let _ = timeout(FAREWELL, goodbye).await;
    }

    async fn fill(&mut self) -> Result<(), Fault> {
        let room = MOST_BYTES - self.total;
        if room == 0 {
            return Err(Fault::Broken("more bytes than a key exchange needs"));
        }
        let mut reader = (&mut self.stream).take(room as u64);
        match timeout_at(self.deadline, reader.read_buf(&mut self.waiting)).await {
            Err(_) => Err(Fault::Silent),
            Ok(Ok(0) | Err(_)) => {
                Err(Fault::Closed((!self.waiting.is_empty()).then(|| shown(&self.waiting))))
            }
            Ok(Ok(count)) => {
                self.total += count;
                Ok(())
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match timeout_at(self.deadline, self.stream.write_all(bytes)).await {
            Err(_) => Err(Fault::Silent),
            Ok(Err(_)) => Err(Fault::Closed(None)),
            Ok(Ok(())) => Ok(()),
        }
    }
}

fn reason(payload: &[u8]) -> Fault {
    let words = wire::disconnect(payload).map_or_else(
        |_| "without a reason".to_owned(),
        |(_, (code, words))| format!("reason {code}: {}", shown(words)),
    );
    Fault::Disconnected(words)
}

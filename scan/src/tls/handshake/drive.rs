//! Moves bytes between a rustls connection and a socket, within limits.

use std::io::Read as _;
use std::time::Duration;

use rustls::client::ClientConnection;
use rustls::{AlertDescription, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::HandshakeError;
use crate::evidence::shown;

/// All that one connection may send us. A handshake message has at most 64 KiB in rustls; this bounds
/// those who send many of them, or records without content.
const MOST_BYTES: usize = 256 * 1024;
/// One read.
const CHUNK: usize = 16 * 1024;
/// How long to wait for a ticket that nothing else tells of. Servers send them right after their last
/// message of the handshake, so this is for the round trip.
const TICKET_WAIT: Duration = Duration::from_millis(300);
/// Hanging up may take this long; it is a courtesy.
const FAREWELL: Duration = Duration::from_millis(500);

pub(super) struct Drive {
    pub(super) tls: ClientConnection,
    stream: TcpStream,
    deadline: Instant,
    total: usize,
    /// The first bytes that came, to show when they are no TLS.
    first: Vec<u8>,
    failed: Option<HandshakeError>,
}

impl Drive {
    pub(super) const fn new(tls: ClientConnection, stream: TcpStream, deadline: Instant) -> Self {
        Self { tls, stream, deadline, total: 0, first: Vec::new(), failed: None }
    }

    /// Sets until when to wait from now on.
    pub(super) const fn until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Goes on until the handshake is done.
    pub(super) async fn handshake(&mut self) -> Result<(), HandshakeError> {
        self.flush().await?;
        while self.tls.is_handshaking() {
            self.step().await?;
        }
        Ok(())
    }

    /// Sends bytes inside TLS.
    pub(super) async fn say(&mut self, words: &[u8]) -> Result<(), HandshakeError> {
        use std::io::Write as _;
        // What is written is less than rustls' buffer, which is all that could refuse it.
        self.tls.writer().write_all(words).map_err(|_| HandshakeError::Closed)?;
        self.flush().await
    }

    /// The next bytes inside TLS; none when the peer has ended its side.
    pub(super) async fn hear(&mut self) -> Result<Vec<u8>, HandshakeError> {
        let mut heard = vec![0; CHUNK];
        loop {
            match self.tls.reader().read(&mut heard) {
                Ok(count) => {
                    heard.truncate(count);
                    return Ok(heard);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => self.step().await?,
                Err(_) => return Err(HandshakeError::Closed),
            }
        }
    }

    /// Reads on for a moment, or until something came.
    pub(super) async fn wait_for_more(&mut self) {
        let usual = self.deadline;
        self.deadline = usual.min(Instant::now() + TICKET_WAIT);
        // Silence is the usual answer; a refusal is kept.
        let _ = self.step().await;
        self.deadline = usual;
    }

    /// The alert that ended the connection after our side had finished, if one did.
    pub(super) fn refusal(&mut self) -> Option<HandshakeError> {
        self.failed.take().filter(|error| matches!(error, HandshakeError::Failed(_)))
    }

    /// Hangs up as the protocol wants it.
    pub(super) async fn leave(mut self) {
        self.tls.send_close_notify();
        self.deadline = Instant::now() + FAREWELL;
        // The peer may be gone already, which is what was wanted.
        let _ = self.flush().await;
        let _ = timeout_at(self.deadline, self.stream.shutdown()).await;
    }

    /// Reads once, and answers.
    async fn step(&mut self) -> Result<(), HandshakeError> {
        let moved = self.read_once().await;
        // An alert of ours says why we leave.
        let flushed = self.flush().await;
        if let Err(error) = &moved {
            self.failed = Some(error.clone());
        }
        moved.and(flushed)
    }

    async fn read_once(&mut self) -> Result<(), HandshakeError> {
        if self.total >= MOST_BYTES {
            return Err(HandshakeError::Failed("it sends more than a handshake needs".to_owned()));
        }
        let mut bytes = vec![0; CHUNK];
        let count = match timeout_at(self.deadline, self.stream.read(&mut bytes)).await {
            Err(_) => return Err(HandshakeError::Silent),
            Ok(Ok(0) | Err(_)) => return Err(HandshakeError::Closed),
            Ok(Ok(count)) => count,
        };
        bytes.truncate(count);
        self.total += count;
        if self.first.is_empty() {
            self.first = bytes.get(..64).unwrap_or(&bytes).to_vec();
        }
        self.take_in(&bytes)
    }

    fn take_in(&mut self, mut bytes: &[u8]) -> Result<(), HandshakeError> {
        while !bytes.is_empty() {
            // It takes less than all when its buffer is full; the rest is given after what it holds is read.
            let taken = self.tls.read_tls(&mut bytes);
            self.tls.process_new_packets().map_err(|error| self.explain(&error))?;
            if !taken.is_ok_and(|count| count > 0) {
                return Err(HandshakeError::Failed("it sends more than is read".to_owned()));
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), HandshakeError> {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut bytes).map_err(|_| HandshakeError::Closed)?;
        }
        match timeout_at(self.deadline, self.stream.write_all(&bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(HandshakeError::Closed),
            Err(_) => Err(HandshakeError::Silent),
        }
    }

    fn explain(&self, error: &Error) -> HandshakeError {
        match error {
            Error::AlertReceived(AlertDescription::UnrecognisedName) => HandshakeError::UnknownName,
            Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
                HandshakeError::NoApplicationProtocol
            }
            Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity,
            )
            | Error::PeerIncompatible(_) => HandshakeError::Incompatible(error.to_string()),
            _ if !self.looks_like_tls() => HandshakeError::NotTls(shown(&self.first)),
            _ => HandshakeError::Failed(error.to_string()),
        }
    }

    /// A record of an alert or a handshake, of a version that there is (RFC 8446 §5.1).
    fn looks_like_tls(&self) -> bool {
        matches!(self.first[..], [0x15 | 0x16, 3, ..] | [0x15 | 0x16])
    }
}

//! A bounded conversation: what is read has a limit, and nothing is waited for past the deadline.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::StartTlsError;
use crate::evidence::shown;

/// The longest line. SMTP's are 512 bytes (RFC 5321 §4.5.3.1.5), capability lines of IMAP are longer.
const LONGEST_LINE: usize = 4096;
/// All that one dialogue may say. The longest that is known to be asked for is a FEAT or CAPA list.
const MOST_BYTES: usize = 64 * 1024;
/// A farewell may take this long; it is a courtesy.
const FAREWELL: Duration = Duration::from_millis(500);

pub(super) struct Talk {
    stream: TcpStream,
    deadline: Instant,
    /// Read, and not yet taken.
    waiting: Vec<u8>,
    /// Bytes read in all.
    total: usize,
    /// The last that was taken.
    last: Option<String>,
}

impl Talk {
    pub(super) const fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self { stream, deadline, waiting: Vec::new(), total: 0, last: None }
    }

    /// The connection, for TLS. What the peer said beyond its last answer would be read as TLS, and
    /// was not said inside it (the injection of CVE-2011-0411, seen from the client): it is refused.
    pub(super) fn finish(self) -> Result<TcpStream, StartTlsError> {
        if self.waiting.is_empty() {
            return Ok(self.stream);
        }
        let more = shown(&self.waiting);
        Err(StartTlsError::Unexpected(format!("more than the answer came before TLS: {more}")))
    }

    /// Says goodbye, and closes our side.
    pub(super) async fn leave(mut self, words: &[u8]) {
        let goodbye = async {
            self.stream.write_all(words).await?;
            self.stream.shutdown().await
        };
        // The peer may be gone already, which is what was wanted.
        let _ = timeout(FAREWELL, goodbye).await;
    }

    pub(super) async fn say(&mut self, words: &[u8]) -> Result<(), StartTlsError> {
        match timeout_at(self.deadline, self.stream.write_all(words)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StartTlsError::Closed(self.last.clone())),
            Err(_) => Err(StartTlsError::Silent(self.last.clone())),
        }
    }

    /// The next line, without its end. Bytes that are no UTF-8 are replaced.
    pub(super) async fn line(&mut self) -> Result<String, StartTlsError> {
        let end = |bytes: &[u8]| bytes.iter().position(|b| *b == b'\n').map(|at| at + 1);
        let line = self.until(LONGEST_LINE, end).await?;
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Exactly so many bytes.
    pub(super) async fn exactly(&mut self, count: usize) -> Result<Vec<u8>, StartTlsError> {
        self.until(count, |_| Some(count)).await
    }

    /// Reads on until `end` knows from the bytes so far how many of them are wanted, and as many are
    /// there; at most `limit`.
    pub(super) async fn until(
        &mut self,
        limit: usize,
        end: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Vec<u8>, StartTlsError> {
        loop {
            let wanted = end(&self.waiting);
            if let Some(count) = wanted.filter(|n| *n <= self.waiting.len().min(limit)) {
                return Ok(self.taken(count));
            }
            let too_long = wanted.is_some_and(|n| n > limit) || self.waiting.len() >= limit;
            if too_long || self.total >= MOST_BYTES {
                return Err(StartTlsError::Unexpected(shown(&self.waiting)));
            }
            self.fill().await?;
        }
    }

    fn taken(&mut self, count: usize) -> Vec<u8> {
        let rest = self.waiting.split_off(count);
        let taken = std::mem::replace(&mut self.waiting, rest);
        self.last = Some(shown(&taken));
        taken
    }

    async fn fill(&mut self) -> Result<(), StartTlsError> {
        let room = MOST_BYTES - self.total;
        let mut reader = (&mut self.stream).take(room as u64);
        let read = timeout_at(self.deadline, reader.read_buf(&mut self.waiting)).await;
        let said = || if self.waiting.is_empty() { None } else { Some(shown(&self.waiting)) };
        match read {
            Err(_) => Err(StartTlsError::Silent(said().or_else(|| self.last.clone()))),
            Ok(Ok(0) | Err(_)) => Err(StartTlsError::Closed(said().or_else(|| self.last.clone()))),
            Ok(Ok(count)) => {
                self.total += count;
                Ok(())
            }
        }
    }

    /// Our own address, as SMTP names a client that has no name (RFC 5321 §4.1.3).
    pub(super) fn address_literal(&self) -> String {
        match self.stream.local_addr().map(|a| a.ip().to_canonical()) {
            Ok(IpAddr::V4(v4)) => format!("[{v4}]"),
            Ok(IpAddr::V6(v6)) => format!("[IPv6:{v6}]"),
            Err(_) => "[127.0.0.1]".to_owned(),
        }
    }
}

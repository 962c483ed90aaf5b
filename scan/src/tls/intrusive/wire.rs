//! One connection with its records, clear or encrypted with AES-GCM (RFC 5246 §6.2, RFC 5288).

use std::time::Duration;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use portvakt_model::TlsVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::super::answer::{self, Chosen};
use super::super::hello::{Offer, Randomness, client_hello, wire_version};
use super::super::line::{Line, Open};
use super::super::refusal::Refusal;
use super::super::wire::FLIGHT_MOST;

/// Kinds of records (RFC 5246 §6.2.1, RFC 6520 §3).
pub(super) const CHANGE_CIPHER: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const HEARTBEAT: u8 = 24;
/// The largest record there is (RFC 5246 §6.2.3).
const RECORD_MOST: usize = (1 << 14) + 2048;
/// An explicit nonce and a tag (RFC 5288 §3).
const EXPLICIT: usize = 8;
const TAG: usize = 16;
/// Handshake messages (RFC 5246 §7.4).
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const DONE: u8 = 14;

/// What a peer said next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A handshake message with its header.
    Message(Vec<u8>),
    ChangeCipher,
    Alert(u8),
    /// A heartbeat's length, and its first byte. The rest may be somebody's secret.
    Heartbeat(usize, Option<u8>),
    /// Data of the application, passed over.
    Data,
}

pub(super) struct Wire {
    open: Open,
    /// The version in our records.
    pub(super) version: u16,
    pub(super) sealing: Option<Cipher>,
    pub(super) opening: Option<Cipher>,
    waiting: Vec<u8>,
    messages: Vec<u8>,
    total: usize,
}

/// A server's first flight.
pub(super) struct Flight {
    pub(super) chosen: Chosen,
    /// All its messages with their headers, as they came.
    pub(super) messages: Vec<Vec<u8>>,
}

impl Flight {
    /// The body of the message of that kind.
    pub(super) fn body(&self, kind: u8) -> Option<&[u8]> {
        self.messages.iter().find(|m| m.first() == Some(&kind)).and_then(|m| m.get(4..))
    }
}

impl Wire {
    pub(super) async fn connect(line: &Line<'_>) -> Result<Self, Refusal> {
        let open = line.open().await?;
        Ok(Self {
            open,
            version: 0x0301,
            sealing: None,
            opening: None,
            waiting: Vec::new(),
            messages: Vec::new(),
            total: 0,
        })
    }

    /// Connects, offers, and reads until the server has said all that it says before us.
    pub(super) async fn begin(line: &Line<'_>, offer: &Offer) -> Result<(Self, Flight), Refusal> {
        Self::begin_as(line, offer, &Randomness::new()).await
    }

    /// The same with bytes that the caller knows.
    pub(super) async fn begin_as(
        line: &Line<'_>,
        offer: &Offer,
        bytes: &Randomness,
    ) -> Result<(Self, Flight), Refusal> {
        let mut wire = Self::connect(line).await?;
        wire.send_raw(&client_hello(offer, bytes)).await?;
        let flight = wire.flight().await?;
        Ok((wire, flight))
    }

    /// Reads from ServerHello to ServerHelloDone.
    pub(super) async fn flight(&mut self) -> Result<Flight, Refusal> {
        let (mut chosen, mut messages) = (None, Vec::new());
        loop {
            let message = match self.next().await? {
                Said::Message(message) => message,
                Said::Alert(code) => return Err(Refusal::Alert(code)),
                Said::Data if self.opening.is_some() => continue,
                _ => return Err(Refusal::Garbage("a record that has no place in a handshake")),
            };
            let unreadable = Refusal::Garbage("a message that cannot be read");
            match (message[0], &mut chosen) {
                (SERVER_HELLO, None) => {
                    let hello: Chosen = answer::server_hello(&message[4..]).ok_or(unreadable)?;
                    self.version = hello.version.and_then(wire_version).unwrap_or(self.version);
                    chosen = Some(hello);
                }
                (CERTIFICATE, Some(chosen)) => {
                    chosen.chain = answer::certificates(&message[4..]).ok_or(unreadable)?;
                }
                // HelloRequest stands in no transcript (RFC 5246 §7.4.1.1).
                (0, _) => continue,
                (_, None) => return Err(Refusal::Garbage("a message out of place")),
                _ => {}
            }
            let is_last = message[0] == DONE
                || chosen.as_ref().is_some_and(|c| c.version == Some(TlsVersion::Tls13));
            messages.push(message);
            if let Some(chosen) = chosen.take_if(|_| is_last) {
                return Ok(Flight { chosen, messages });
            }
        }
    }

    /// What comes next. Warnings come as alerts too.
    pub(super) async fn next(&mut self) -> Result<Said, Refusal> {
        loop {
            if let Some(message) = self.next_message()? {
                return Ok(Said::Message(message));
            }
            let (kind, body) = self.record().await?;
            let body = match &mut self.opening {
                Some(cipher) => cipher.open(kind, self.version, body)?,
                None => body,
            };
            match (kind, &body[..]) {
                (HANDSHAKE, _) => self.messages.extend_from_slice(&body),
                (CHANGE_CIPHER, _) => return Ok(Said::ChangeCipher),
                (ALERT, [_, code, ..]) => return Ok(Said::Alert(*code)),
                (HEARTBEAT, _) => return Ok(Said::Heartbeat(body.len(), body.first().copied())),
                (23, _) => return Ok(Said::Data),
                _ => return Err(Refusal::Garbage("a record of no kind")),
            }
        }
    }

    fn next_message(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(head) = self.messages.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        if length > FLIGHT_MOST {
            return Err(Refusal::Garbage("a message longer than any is"));
        }
        if self.messages.len() < 4 + length {
            return Ok(None);
        }
        let rest = self.messages.split_off(4 + length);
        Ok(Some(std::mem::replace(&mut self.messages, rest)))
    }

    async fn record(&mut self) -> Result<(u8, Vec<u8>), Refusal> {
        loop {
            if let Some(&[kind, major, _, high, low]) = self.waiting.first_chunk::<5>() {
                let length = usize::from(u16::from_be_bytes([high, low]));
                if !(CHANGE_CIPHER..=HEARTBEAT).contains(&kind) || major != 3 {
                    return Err(Refusal::Garbage("bytes that are not TLS"));
                }
                if length > RECORD_MOST {
                    return Err(Refusal::Garbage("a record longer than any may be"));
                }
                if self.waiting.len() >= 5 + length {
                    let rest = self.waiting.split_off(5 + length);
                    let record = std::mem::replace(&mut self.waiting, rest);
                    return Ok((kind, record[5..].to_vec()));
                }
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Refusal> {
        if self.total > FLIGHT_MOST {
            return Err(Refusal::Garbage("more bytes than any answer has"));
        }
        let read = self.open.stream.read_buf(&mut self.waiting);
        match timeout_at(self.open.deadline, read).await {
            Err(_) => Err(Refusal::Silent),
            Ok(Err(_)) => Err(Refusal::Reset),
            Ok(Ok(0)) => Err(Refusal::Closed),
            Ok(Ok(count)) => {
                self.total += count;
                Ok(())
            }
        }
    }

    /// Waits no longer than this from now on.
    pub(super) fn hurry(&mut self, within: Duration) {
        self.open.deadline = self.open.deadline.min(Instant::now() + within);
    }

    /// Allows more time than the handshake had, for what is asked after it.
    pub(super) fn allow(&mut self, within: Duration) {
        self.open.deadline = Instant::now() + within;
    }

    /// Sends a record, encrypted where a cipher is set.
    pub(super) async fn send(&mut self, kind: u8, body: &[u8]) -> Result<(), Refusal> {
        let body = match &mut self.sealing {
            Some(cipher) => cipher.seal(kind, self.version, body)?,
            None => body.to_vec(),
        };
        let mut record = vec![kind];
        record.extend(self.version.to_be_bytes());
        record.extend((body.len() as u16).to_be_bytes());
        record.extend(body);
        self.send_raw(&record).await
    }

    pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match timeout_at(self.open.deadline, self.open.stream.write_all(bytes)).await {
            Err(_) => Err(Refusal::Silent),
            Ok(Err(_)) => Err(Refusal::Reset),
            Ok(Ok(())) => Ok(()),
        }
    }

    /// Ends our side; the peer can still answer.
    pub(super) async fn end(&mut self) {
        // The peer may be gone already, which is what was wanted.
        let _ = timeout_at(self.open.deadline, self.open.stream.shutdown()).await;
    }

    /// Closes as far as the peer lets us: with a FIN, and a warning where there are keys. Before that it
    /// would say nothing that the FIN does not, and Node.js 0.10 aborts when it gets one.
    pub(super) async fn leave(mut self) {
        self.hurry(Duration::from_millis(300));
        if self.sealing.is_some() {
            let _ = self.send(ALERT, &[1, 0]).await;
        }
        self.end().await;
    }
}

/// One direction of AES-GCM as TLS 1.2 uses it (RFC 5288 §3).
pub(super) struct Cipher {
    key: LessSafeKey,
    salt: [u8; 4],
    sequence: u64,
}

impl Cipher {
    pub(super) fn new(key: &[u8], salt: [u8; 4]) -> Result<Self, Refusal> {
        let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
        let key = UnboundKey::new(algorithm, key).map_err(|_| OURS)?;
        Ok(Self { key: LessSafeKey::new(key), salt, sequence: 0 })
    }

    fn seal(&mut self, kind: u8, version: u16, clear: &[u8]) -> Result<Vec<u8>, Refusal> {
        let explicit = self.sequence.to_be_bytes();
        let data = self.additional(kind, version, clear.len());
        let mut sealed = clear.to_vec();
        self.key
            .seal_in_place_append_tag(self.nonce(explicit), Aad::from(data), &mut sealed)
            .map_err(|_| OURS)?;
        self.sequence += 1;
        Ok([&explicit[..], &sealed].concat())
    }

    fn open(&mut self, kind: u8, version: u16, mut sealed: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let unreadable = Refusal::Garbage("a record that cannot be decrypted");
        let explicit = *sealed.first_chunk::<EXPLICIT>().ok_or(unreadable)?;
        let length = sealed.len().checked_sub(EXPLICIT + TAG).ok_or(unreadable)?;
        let data = self.additional(kind, version, length);
        let clear = self
            .key
            .open_in_place(self.nonce(explicit), Aad::from(data), &mut sealed[EXPLICIT..])
            .map_err(|_| unreadable)?;
        self.sequence += 1;
        Ok(clear.to_vec())
    }

    fn nonce(&self, explicit: [u8; EXPLICIT]) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..4].copy_from_slice(&self.salt);
        nonce[4..].copy_from_slice(&explicit);
        Nonce::assume_unique_for_key(nonce)
    }

    /// RFC 5246 §6.2.3.3.
    fn additional(&self, kind: u8, version: u16, length: usize) -> [u8; 13] {
        let mut data = [0; 13];
        data[..8].copy_from_slice(&self.sequence.to_be_bytes());
        data[8] = kind;
        data[9..11].copy_from_slice(&version.to_be_bytes());
        data[11..].copy_from_slice(&(length as u16).to_be_bytes());
        data
    }
}

/// The library refused what it should have done.
pub(super) const OURS: Refusal = Refusal::Limit("this machine could not compute it");

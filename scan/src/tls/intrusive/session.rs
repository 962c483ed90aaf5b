//! A client of TLS 1.2 with ECDHE and AES-GCM, which can do two things that rustls rightly cannot:
//! renegotiate, and resume with a session id of its own. It verifies nothing.

use std::time::Duration;

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::{digest, hmac, rand};
use nom::bytes::complete::{tag, take};
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser as _};
use portvakt_model::TlsVersion;

use super::super::hello::{extension, kind, list16, sized8, sized16};
use super::super::line::Line;
use super::super::offers;
use super::super::refusal::Refusal;
use super::Known;
use super::wire::{CHANGE_CIPHER, Cipher, Flight, HANDSHAKE, OURS, Said, Wire};

/// Suites with their hash and length of key: ECDHE with RSA or ECDSA and AES-GCM (RFC 5289 §3.2).
const SUITES: [(u16, Hash, usize); 4] = [
    (0xC02F, Hash::Sha256, 16),
    (0xC02B, Hash::Sha256, 16),
    (0xC030, Hash::Sha384, 32),
    (0xC02C, Hash::Sha384, 32),
];
const X25519: u16 = 29;
const P256: u16 = 23;
/// Handshake messages (RFC 5246 §7.4, RFC 5077 §3.3).
const NEW_SESSION_TICKET: u8 = 4;
const KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const FINISHED: u8 = 20;
/// How long a server may take to hang up by itself.
const SETTLED: Duration = Duration::from_millis(200);
/// A Certificate message without one.
const NO_CERTIFICATE: [u8; 7] = [11, 0, 0, 3, 0, 0, 0];
/// Length of verify_data (RFC 5246 §7.4.9).
const VERIFY: usize = 12;

/// Whether the client says that it knows secure renegotiation (RFC 5746).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announces {
    /// With `renegotiation_info`.
    Secure,
    /// Not at all, as clients before 2010.
    Nothing,
}

/// A ClientHello.
pub(super) struct Hello<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) suites: &'a [u16],
    pub(super) session_id: &'a [u8],
    /// What `renegotiation_info` holds, where there is one.
    pub(super) renegotiation: Option<&'a [u8]>,
    /// A ticket; an empty one asks for one.
    pub(super) ticket: &'a [u8],
}

/// A connection that has shaken hands.
pub(super) struct Session {
    wire: Wire,
    announces: Announces,
    suites: Vec<u16>,
    name: Option<String>,
    client_verify: Vec<u8>,
    ticket: Option<Vec<u8>>,
}

/// The suites of ours that an endpoint is known to take.
pub(super) fn common(known: &Known) -> Vec<u16> {
    let ours = |code: u16| SUITES.iter().any(|(suite, ..)| *suite == code);
    let is_12 = known.newest == Some(TlsVersion::Tls12);
    known.suites.iter().map(|s| s.code).filter(|code| is_12 && ours(*code)).collect()
}

impl Session {
    /// Connects and shakes hands, with those suites.
    pub(super) async fn start(
        line: &Line<'_>,
        suites: Vec<u16>,
        announces: Announces,
    ) -> Result<Self, Refusal> {
        let wire = Wire::connect(line).await?;
        let name = line.target.server_name().map(str::to_owned);
        let mut session =
            Self { wire, announces, suites, name, client_verify: Vec::new(), ticket: None };
        session.shake().await?;
        Ok(session)
    }

    /// Waits a moment, so that a server which hangs up by itself is not taken for one that refuses.
    pub(super) async fn settle(&mut self) -> Result<(), Refusal> {
        self.wire.allow(SETTLED);
        loop {
            match self.wire.next().await {
                Ok(Said::Data | Said::Message(_)) => {}
                Ok(Said::Alert(code)) => return Err(Refusal::Alert(code)),
                Ok(_) => return Err(Refusal::Garbage("a message out of place")),
                Err(Refusal::Silent) => return Ok(()),
                Err(why) => return Err(why),
            }
        }
    }

    /// Shakes hands again inside the connection.
    pub(super) async fn again(&mut self, line: &Line<'_>) -> Result<(), Refusal> {
        self.wire.allow(line.how.limits.answer);
        self.shake().await
    }

    /// The ticket that came, and the end of the connection.
    pub(super) async fn into_ticket(self) -> Option<Vec<u8>> {
        self.wire.leave().await;
        self.ticket
    }

    pub(super) async fn leave(self) {
        self.wire.leave().await;
    }

    async fn shake(&mut self) -> Result<(), Refusal> {
        let hello = Hello {
            name: self.name.as_deref(),
            suites: &self.suites,
            session_id: &[],
            renegotiation: (self.announces == Announces::Secure).then_some(&self.client_verify[..]),
            ticket: &[],
        };
        let hello = hello.written()?;
        self.wire.send(HANDSHAKE, &hello).await?;
        let flight = self.wire.flight().await?;
        let (suite, hash, key_length) = taken(&flight)?;
        debug_assert!(self.suites.contains(&suite));
        let mut transcript = [vec![hello.clone()], flight.messages.clone()].concat().concat();

        let (point, secret) = agreed(&flight)?;
        if flight.body(CERTIFICATE_REQUEST).is_some() {
            self.wire.send(HANDSHAKE, &NO_CERTIFICATE).await?;
            transcript.extend(NO_CERTIFICATE);
        }
        let exchange = [&[16, 0, 0, point.len() as u8 + 1, point.len() as u8][..], &point].concat();
        self.wire.send(HANDSHAKE, &exchange).await?;
        transcript.extend(exchange);

        let randoms =
            Randoms { client: random_of(&hello)?, server: random_of(&flight.messages[0])? };
        let master = hash.expand(&secret, "master secret", &randoms.client_first(), 48);
        let block =
            hash.expand(&master, "key expansion", &randoms.server_first(), 2 * key_length + 8);
        let (keys, salts) = block.split_at(2 * key_length);
        let salt = |at: usize| [salts[at], salts[at + 1], salts[at + 2], salts[at + 3]];
        self.wire.send(CHANGE_CIPHER, &[1]).await?;
        self.wire.sealing = Some(Cipher::new(&keys[..key_length], salt(0))?);
        let opening = Cipher::new(&keys[key_length..], salt(4))?;

        self.client_verify = hash.expand(&master, "client finished", &hash.of(&transcript), VERIFY);
        let finished = [&[FINISHED, 0, 0, VERIFY as u8][..], &self.client_verify].concat();
        self.wire.send(HANDSHAKE, &finished).await?;
        self.finish(opening).await
    }

    /// Reads on until the server's Finished.
    async fn finish(&mut self, opening: Cipher) -> Result<(), Refusal> {
        let mut opening = Some(opening);
        loop {
            match self.wire.next().await? {
                Said::ChangeCipher if opening.is_some() => self.wire.opening = opening.take(),
                Said::Message(message) if message[0] == NEW_SESSION_TICKET => {
                    self.ticket = ticket(&message[4..]).ok().map(|(_, ticket)| ticket.to_vec());
                }
                Said::Message(message) if message[0] == FINISHED && opening.is_none() => {
                    return Ok(());
                }
                Said::Alert(code) => return Err(Refusal::Alert(code)),
                Said::Data => {}
                _ => return Err(Refusal::Garbage("a message out of place")),
            }
        }
    }
}

impl Hello<'_> {
    /// The handshake message (RFC 5246 §7.4.1.2).
    pub(super) fn written(&self) -> Result<Vec<u8>, Refusal> {
        let mut random = [0; 32];
        rand::fill(&mut random).map_err(|_| OURS)?;
        let mut out = vec![1, 0];
        sized16(&mut out, |out| {
            out.extend([3, 3]);
            out.extend(random);
            sized8(out, |out| out.extend_from_slice(self.session_id));
            list16(out, self.suites);
            out.extend([1, 0]);
            sized16(out, |out| self.extensions(out));
        });
        Ok(out)
    }

    fn extensions(&self, out: &mut Vec<u8>) {
        if let Some(name) = self.name {
            extension(out, kind::SERVER_NAME, |out| {
                sized16(out, |out| {
                    out.push(0);
                    sized16(out, |out| out.extend_from_slice(name.as_bytes()));
                });
            });
        }
        extension(out, kind::GROUPS, |out| list16(out, &[X25519, P256]));
        extension(out, kind::POINT_FORMATS, |out| out.extend_from_slice(&[1, 0]));
        extension(out, kind::SIGNATURES, |out| list16(out, &offers::signatures(&[])));
        extension(out, kind::SESSION_TICKET, |out| out.extend_from_slice(self.ticket));
        if let Some(verify) = self.renegotiation {
            extension(out, kind::RENEGOTIATION_INFO, |out| {
                sized8(out, |out| out.extend_from_slice(verify));
            });
        }
    }
}

/// The randoms of both hellos.
pub(super) struct Randoms {
    pub(super) client: [u8; 32],
    pub(super) server: [u8; 32],
}

impl Randoms {
    fn client_first(&self) -> Vec<u8> {
        [self.client, self.server].concat()
    }

    pub(super) fn server_first(&self) -> Vec<u8> {
        [self.server, self.client].concat()
    }
}

/// The random of a hello message: behind its header and version.
pub(super) fn random_of(message: &[u8]) -> Result<[u8; 32], Refusal> {
    let bytes = message.get(6..).and_then(|rest| rest.first_chunk());
    bytes.copied().ok_or(Refusal::Garbage("a hello without a random"))
}

fn taken(flight: &Flight) -> Result<(u16, Hash, usize), Refusal> {
    let chosen = &flight.chosen;
    let ours = SUITES.into_iter().find(|(suite, ..)| *suite == chosen.suite);
    let is_12 = chosen.version == Some(TlsVersion::Tls12);
    ours.filter(|_| is_12).ok_or(Refusal::Garbage("it took what was not offered"))
}

/// Our point, and the secret that both sides now have.
fn agreed(flight: &Flight) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let unreadable = Refusal::Garbage("a key exchange that cannot be read");
    let body = flight.body(KEY_EXCHANGE).ok_or(unreadable)?;
    let (_, (group, theirs)) = server_point(body).map_err(|_| unreadable)?;
    let curve = match group {
        X25519 => &agreement::X25519,
        P256 => &agreement::ECDH_P256,
        _ => return Err(Refusal::Garbage("a group that was not offered")),
    };
    let key = PrivateKey::generate(curve).map_err(|_| OURS)?;
    let point = key.compute_public_key().map_err(|_| OURS)?.as_ref().to_vec();
    let theirs = UnparsedPublicKey::new(curve, theirs);
    let secret = agreement::agree(&key, theirs, unreadable, |secret| Ok(secret.to_vec()))?;
    Ok((point, secret))
}

/// ServerECDHParams with a named curve (RFC 8422 §5.4).
fn server_point(input: &[u8]) -> IResult<&[u8], (u16, &[u8])> {
    let (input, _) = tag(&[3][..])(input)?;
    (be_u16, length_data(be_u8)).parse(input)
}

/// RFC 5077 §3.3: a lifetime, then the ticket.
fn ticket(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let (input, _) = take(4_usize)(input)?;
    length_data(be_u16).parse(input)
}

/// The hash of a suite, and what TLS 1.2 makes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    /// The pseudo-random function (RFC 5246 §5).
    pub(super) fn expand(self, secret: &[u8], label: &str, seed: &[u8], length: usize) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        let key = hmac::Key::new(algorithm, secret);
        let seed = [label.as_bytes(), seed].concat();
        let mut state = hmac::sign(&key, &seed);
        let mut out = Vec::new();
        while out.len() < length {
            out.extend_from_slice(hmac::sign(&key, &[state.as_ref(), &seed].concat()).as_ref());
            state = hmac::sign(&key, state.as_ref());
        }
        out.truncate(length);
        out
    }
}

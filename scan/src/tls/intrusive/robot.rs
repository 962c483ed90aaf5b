//! ROBOT: whether a server tells how an RSA padding is wrong (Böck, Somorovsky, Young, USENIX Security
//! 2018; the attack of Bleichenbacher, 1998).

use std::time::Duration;

use aws_lc_rs::rand;
use portvakt_model::registry::{KeyExchange, Suite};
use portvakt_model::{Evidence, Offered, VulnerabilityProbe};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey as Parsed;

use super::super::hello::{Offer, wire_version};
use super::super::line::Line;
use super::super::refusal::Refusal;
use super::number::PublicKey;
use super::wire::{CHANGE_CIPHER, Flight, HANDSHAKE, OURS, Said, Wire};
use super::{Known, row, tested, unanswered};

pub(super) const NAME: &str = "robot";
/// How long is waited when a server is right to wait for more.
const WITHIN: Duration = Duration::from_secs(2);
/// How often an oracle must say the same before it is believed; each time costs five connections.
const CONFIRMED: usize = 3;
/// A pre-master secret: a version and 46 bytes (RFC 5246 §7.4.7.1).
const SECRET: usize = 48;
/// A Finished message as any of the ciphers in use would make it, in length.
const FINISHED: usize = 64;

/// What is sent in place of a pre-master secret (section 3.1 of the paper, in its order).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Padding {
    Correct,
    WrongStart,
    ZeroTooLate,
    WithoutZero,
    WrongVersion,
}

const PADDINGS: [Padding; 5] = [
    Padding::Correct,
    Padding::WrongStart,
    Padding::ZeroTooLate,
    Padding::WithoutZero,
    Padding::WrongVersion,
];

/// Whether the rest of the handshake follows the key, or nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    Finished,
    Nothing,
}

pub(super) async fn robot(line: &Line<'_>, known: &Known) -> VulnerabilityProbe {
    let by_rsa = |suite: &Suite| suite.exchange() == KeyExchange::Rsa && !suite.is_export();
    let Some(offer) = known.offer(line, by_rsa) else {
        return known.without(NAME, "suite with RSA key transport");
    };
    for follows in [Follows::Finished, Follows::Nothing] {
        match oracle(line, &offer, follows).await {
            Ok(None) => {}
            Ok(Some(found)) => return found,
            Err(why) => return unanswered(NAME, why),
        }
    }
    tested(NAME, Offered::No, "five kinds of padding are answered alike".to_owned())
}

/// Whether the answers differ; `None` when they do not.
async fn oracle(
    line: &Line<'_>,
    offer: &Offer,
    follows: Follows,
) -> Result<Option<VulnerabilityProbe>, Refusal> {
    let first = answers(line, offer, follows).await?;
    if first.iter().all(|answer| *answer == first[0]) {
        return Ok(None);
    }
    for _ in 1..CONFIRMED {
        if answers(line, offer, follows).await? != first {
            let detail = "the answers differ, and not always in the same way".to_owned();
            return Ok(Some(row(NAME, Offered::Unknown, Evidence::Incomplete, detail)));
        }
    }
    let said: Vec<String> =
        PADDINGS.iter().zip(&first).map(|(kind, answer)| format!("{kind:?}: {answer}")).collect();
    Ok(Some(tested(NAME, Offered::Yes, said.join(", "))))
}

async fn answers(
    line: &Line<'_>,
    offer: &Offer,
    follows: Follows,
) -> Result<Vec<Refusal>, Refusal> {
    let mut answers = Vec::new();
    for padding in PADDINGS {
        answers.push(answer(line, offer, padding, follows).await?);
    }
    Ok(answers)
}

/// What a server says to one padding. A close and a reset are one answer: which of them is seen depends
/// on what was still under way.
async fn answer(
    line: &Line<'_>,
    offer: &Offer,
    padding: Padding,
    follows: Follows,
) -> Result<Refusal, Refusal> {
    let (mut wire, flight) = Wire::begin(line, offer).await?;
    let version = wire_version(offer.version).unwrap_or(0x0303);
    let exchange = key_exchange(&flight, padding, version)?;
    wire.allow(match follows {
        Follows::Finished => line.how.limits.answer,
        Follows::Nothing => WITHIN,
    });
    let said = async {
        wire.send(HANDSHAKE, &exchange).await?;
        if follows == Follows::Finished {
            wire.send(CHANGE_CIPHER, &[1]).await?;
            wire.send(HANDSHAKE, &random(FINISHED)?).await?;
        }
        wire.next().await
    };
    match said.await {
        Ok(Said::Alert(code)) => Ok(Refusal::Alert(code)),
        Ok(_) => Ok(Refusal::Garbage("it went on")),
        Err(Refusal::Reset | Refusal::Closed) => Ok(Refusal::Closed),
        Err(Refusal::Silent) => Ok(Refusal::Silent),
        Err(why) => Err(why),
    }
}

/// A ClientKeyExchange message (RFC 5246 §7.4.7.1).
fn key_exchange(flight: &Flight, padding: Padding, version: u16) -> Result<Vec<u8>, Refusal> {
    let leaf = flight.chosen.chain.first().ok_or(Refusal::Garbage("no certificate"))?;
    let key = rsa_key(leaf).ok_or(Refusal::Garbage("no RSA key that can be used"))?;
    let encrypted = key.raise(&padded(padding, key.bytes, version)?);
    // SSL 3.0 has no length before it (RFC 6101 §5.6.7.1).
    let counted =
        if version > 0x0300 { (encrypted.len() as u16).to_be_bytes().to_vec() } else { Vec::new() };
    let body = [counted, encrypted].concat();
    let mut message = vec![16];
    message.extend(&(body.len() as u32).to_be_bytes()[1..]);
    message.extend(body);
    Ok(message)
}

pub(super) fn rsa_key(certificate: &[u8]) -> Option<PublicKey> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    match certificate.public_key().parsed() {
        Ok(Parsed::RSA(rsa)) => PublicKey::new(rsa.modulus, rsa.exponent),
        _ => None,
    }
}

/// A block of so many bytes: 00 02, padding without zeros, 00, the secret (RFC 8017 §7.2.1), or what
/// differs from that in one thing.
fn padded(padding: Padding, bytes: usize, version: u16) -> Result<Vec<u8>, Refusal> {
    let mut block = random(bytes)?;
    for byte in &mut block {
        *byte |= u8::from(*byte == 0);
    }
    block[..2].copy_from_slice(&[0, 2]);
    let secret = bytes - SECRET;
    block[secret - 1] = 0;
    block[secret..secret + 2].copy_from_slice(&version.to_be_bytes());
    match padding {
        Padding::Correct => {}
        Padding::WrongStart => block[..2].copy_from_slice(&[0x41, 0x17]),
        Padding::ZeroTooLate => {
            block[secret - 1] = 1;
            block[bytes - 2] = 0;
        }
        Padding::WithoutZero => block[secret - 1] = 1,
        Padding::WrongVersion => block[secret..secret + 2].copy_from_slice(&[2, 2]),
    }
    // A block that begins high must still be a number below every modulus of its length.
    block[0] &= 0x7f;
    Ok(block)
}

fn random(count: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = vec![0; count];
    rand::fill(&mut bytes).map_err(|_| OURS)?;
    Ok(bytes)
}

//! CVE-2014-0224: a change of cipher that is taken before there is a secret. The keys are then made of none,
//! and whoever listens can make them too.

use std::time::Duration;

use portvakt_model::registry::Suite;
use portvakt_model::{Offered, TlsVersion, VulnerabilityProbe};

use super::super::hello::{Offer, Randomness};
use super::super::line::Line;
use super::super::refusal::Refusal;
use super::session::{Hash, Randoms, random_of};
use super::wire::{CHANGE_CIPHER, Cipher, HANDSHAKE, OURS, Said, Wire};
use super::{Known, is_plain, tested, unanswered, untested};

pub(super) const NAME: &str = "ccs-injection";
/// How long a server may take over what it ought to refuse at once.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Alerts for records that do not decrypt (RFC 5246 §7.2.2): who says this has begun to decrypt.
const UNDECRYPTABLE: [u8; 2] = [20, 21];

/// A server in order refuses a change of cipher before there are keys. One that takes it decrypts what comes
/// next.
///
/// Most say that they cannot, by an alert of their own. Some, such as Node.js 0.10, close without a word
/// whatever it was. Where AES-GCM may be had those are told apart too: an empty record under the keys that
/// are made of no secret is passed over by who has them, one under other keys is not.
pub(super) async fn ccs_injection(line: &Line<'_>, known: &Known) -> VulnerabilityProbe {
    let Some(offer) = known.offer(line, is_plain) else {
        return known.without(NAME, "version before TLS 1.3");
    };
    let in_gcm = Offer { suites: in_gcm(known), ..offer.clone() };
    if !in_gcm.suites.is_empty()
        && let Some(row) = by_keys(line, &in_gcm).await
    {
        return row;
    }
    by_alert(line, &offer).await
}

/// Suites with AES-GCM that the server has, or may have.
fn in_gcm(known: &Known) -> Vec<u16> {
    let fits = |suite: &Suite| is_plain(suite) && gcm(suite).is_some();
    if known.newest != Some(TlsVersion::Tls12) {
        return Vec::new();
    }
    let may = |suite: &Suite| !known.complete || known.suites.contains(suite);
    Suite::all().filter(|suite| fits(suite) && may(suite)).map(|suite| suite.code).collect()
}

/// What is sent after the change of cipher.
#[derive(Clone, Copy)]
enum Next {
    /// Another change of cipher, in clear.
    Clear,
    /// An empty record under the keys that this secret makes.
    Sealed(&'static [u8]),
}

/// The keys of a server with the fault are made of this.
const NO_SECRET: Next = Next::Sealed(&[]);
/// Not a zero, which HMAC takes for nothing (RFC 2104 §2).
const ANOTHER: Next = Next::Sealed(&[1]);

/// What a server did.
enum Did {
    /// It refused the change of cipher.
    Refused(Result<u8, Refusal>),
    /// It passed that over, and this is what became of the next record.
    Then(Result<u8, Refusal>),
}

/// `None` when it takes no suite of those.
async fn by_keys(line: &Line<'_>, offer: &Offer) -> Option<VulnerabilityProbe> {
    match changed(line, offer, NO_SECRET).await {
        Ok(Did::Then(Err(Refusal::Silent))) => {}
        Err(_) => return None,
        answered => return Some(told(&answered)),
    }
    let row = match changed(line, offer, ANOTHER).await {
        Ok(Did::Then(Err(Refusal::Silent))) => untested(NAME, "nothing was refused in time"),
        Ok(Did::Then(answer @ (Ok(_) | Err(Refusal::Closed | Refusal::Reset)))) => {
            let how = words(&answer);
            let detail = format!(
                "an early change of cipher was taken: a record under the keys of no secret was passed over, \
                 one under others refused: {how}"
            );
            tested(NAME, Offered::Yes, detail)
        }
        Ok(Did::Then(Err(why))) | Err(why) => unanswered(NAME, why),
        Ok(Did::Refused(_)) => untested(NAME, "it passed the change of cipher over only once"),
    };
    Some(row)
}

async fn by_alert(line: &Line<'_>, offer: &Offer) -> VulnerabilityProbe {
    match changed(line, offer, Next::Clear).await {
        // It may have decrypted and have no word for that it cannot, or have refused the second change.
        Ok(Did::Then(Err(why @ (Refusal::Closed | Refusal::Reset)))) => unanswered(NAME, why),
        answered => told(&answered),
    }
}

/// What an answer says by itself.
fn told(answered: &Result<Did, Refusal>) -> VulnerabilityProbe {
    let (answer, silence) = match answered {
        Err(why) => return unanswered(NAME, *why),
        Ok(Did::Then(Ok(code))) if UNDECRYPTABLE.contains(code) => {
            let detail = format!("an early change of cipher was taken: alert {code}");
            return tested(NAME, Offered::Yes, detail);
        }
        Ok(Did::Refused(answer)) => (answer, None),
        Ok(Did::Then(answer)) => (answer, Some(Refusal::Silent)),
    };
    match answer {
        Err(why @ Refusal::Garbage(_)) => unanswered(NAME, *why),
        Err(why) if Some(*why) == silence => unanswered(NAME, *why),
        _ => tested(NAME, Offered::No, format!("refused: {}", words(answer))),
    }
}

/// Sends a change of cipher before its time, and something after it if that is not refused.
async fn changed(line: &Line<'_>, offer: &Offer, next: Next) -> Result<Did, Refusal> {
    let ours = Randomness::new();
    let (mut wire, flight) = Wire::begin_as(line, offer, &ours).await?;
    let randoms = Randoms { client: ours.random, server: random_of(&flight.messages[0])? };
    let sealing = match next {
        Next::Clear => None,
        Next::Sealed(secret) => Some(cipher(flight.chosen.suite, secret, &randoms)?),
    };
    wire.hurry(FIRST_WAIT);
    match said(&mut wire, CHANGE_CIPHER, &[1]).await {
        Err(Refusal::Silent) => {}
        answer => return Ok(Did::Refused(answer)),
    }
    // The time for the first is used up; the second has its own.
    wire.allow(line.how.limits.answer);
    wire.sealing = sealing;
    let answer = match next {
        Next::Clear => said(&mut wire, CHANGE_CIPHER, &[1]).await,
        Next::Sealed(_) => said(&mut wire, HANDSHAKE, &[]).await,
    };
    Ok(Did::Then(answer))
}

/// The cipher with which a client would send.
fn cipher(suite: u16, secret: &[u8], randoms: &Randoms) -> Result<Cipher, Refusal> {
    let unasked = Refusal::Garbage("it took what was not offered");
    let (hash, length) = Suite::of(suite).as_ref().and_then(gcm).ok_or(unasked)?;
    // Two keys and two salts; the client's come first (RFC 5246 §6.3).
    let block = hash.expand(secret, "key expansion", &randoms.server_first(), 2 * length + 8);
    let salt = block[2 * length..].first_chunk().ok_or(OURS)?;
    Cipher::new(&block[..length], *salt)
}

/// The hash and the length of key of a suite with AES-GCM (RFC 5288 §3, RFC 5289 §3.2).
fn gcm(suite: &Suite) -> Option<(Hash, usize)> {
    let is = |end| suite.name.ends_with(end);
    if is("_AES_128_GCM_SHA256") {
        Some((Hash::Sha256, 16))
    } else if is("_AES_256_GCM_SHA384") {
        Some((Hash::Sha384, 32))
    } else {
        None
    }
}

/// Sends a record; the alert that comes.
async fn said(wire: &mut Wire, kind: u8, body: &[u8]) -> Result<u8, Refusal> {
    wire.send(kind, body).await?;
    match wire.next().await? {
        Said::Alert(code) => Ok(code),
        _ => Err(Refusal::Garbage("another answer than an alert")),
    }
}

fn words(answer: &Result<u8, Refusal>) -> String {
    match answer {
        Ok(code) => Refusal::Alert(*code).to_string(),
        Err(why) => why.to_string(),
    }
}

//! The schemes with which handshakes are signed.
//!
//! A server shows one with each signed key exchange of TLS 1.2 and each whole handshake of TLS 1.3. Those that
//! were seen are left out of the next question, until it finds none. That the list is complete is said only
//! then, and only when a refusal cannot have been for another reason.
//!
//! TLS 1.2 lets a server want the signatures in its chain offered as well (RFC 5246 §7.4.2). So that none
//! refuses for their sake, what is left out is still offered for certificates (RFC 8446 §4.2.3).

use portvakt_model::registry::{KeyExchange, SIGNATURE_SCHEMES, Suite};
use portvakt_model::{Offered, TlsVersion};

use super::full::ROOM;
use super::handshake::{Ask, Client, HandshakeError};
use super::hello::Offer;
use super::line::Line;
use super::offers;
use super::refusal::Refusal;
use super::wire::Answer;

/// A kind of key that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signer {
    /// RSA, by PKCS #1 or by PSS.
    Rsa,
    /// A key on a curve; those of EdDSA sign the same suites (RFC 8422 §2).
    Ecdsa,
    /// DSA.
    Dsa,
}

impl Signer {
    pub(crate) const ALL: [Self; 3] = [Self::Rsa, Self::Ecdsa, Self::Dsa];

    /// Who signs a key exchange of a suite until TLS 1.2; `None` where nobody does.
    pub(crate) fn of_suite(suite: u16) -> Option<Self> {
        let suite = Suite::of(suite)?;
        let of = |kind: &str| suite.name.contains(kind);
        match suite.exchange() {
            KeyExchange::Ecdhe | KeyExchange::Dhe if of("_RSA_") => Some(Self::Rsa),
            KeyExchange::Ecdhe | KeyExchange::Dhe if of("_ECDSA_") => Some(Self::Ecdsa),
            KeyExchange::Ecdhe | KeyExchange::Dhe if of("_DSS_") => Some(Self::Dsa),
            _ => None,
        }
    }

    /// Whose scheme it is (RFC 5246 §7.4.1.4.1: the second byte says it; RFC 8446 §4.2.3 has others).
    pub(crate) const fn of_scheme(scheme: u16) -> Option<Self> {
        match scheme {
            0x0804..=0x0806 | 0x0809..=0x080B | 0x0420 | 0x0520 | 0x0620 => Some(Self::Rsa),
            0x0807 | 0x0808 | 0x081A..=0x081C => Some(Self::Ecdsa),
            _ if scheme >= 0x0700 => None,
            _ => match scheme & 0xFF {
                1 => Some(Self::Rsa),
                2 => Some(Self::Dsa),
                3 => Some(Self::Ecdsa),
                _ => None,
            },
        }
    }
}

/// All schemes without those that were seen of these kinds of key.
pub(crate) fn without_seen(seen: &[u16], of: &[Signer]) -> Vec<u16> {
    let is_left =
        |s: &u16| seen.contains(s) && Signer::of_scheme(*s).is_some_and(|k| of.contains(&k));
    SIGNATURE_SCHEMES.iter().map(|(scheme, _)| *scheme).filter(|s| !is_left(s)).collect()
}

/// Asks for the schemes that did not show with other questions, as long as there is [`ROOM`], and writes down
/// whether they are all.
pub(crate) async fn remaining(line: &Line<'_>) {
    let suites = signed(line);
    let old = until_12(line, &suites).await;
    if !old {
        broken(line, &suites).await;
    }
    let new = of_13(line).await;
    line.facts().signatures_complete = old && new;
}

/// Suites of TLS 1.2 that are offered and signed.
fn signed(line: &Line<'_>) -> Vec<u16> {
    let facts = line.facts();
    let suites = &facts.protocols[VERSION as usize].suites;
    let code = |suite: &u32| u16::try_from(*suite).ok();
    suites.iter().filter_map(code).filter(|s| Signer::of_suite(*s).is_some()).collect()
}

const VERSION: TlsVersion = TlsVersion::Tls12;

/// Whether one more question may be asked, so that so many are left for what may follow.
pub(crate) fn has_room(line: &Line<'_>, left: u32) -> bool {
    let found = line.facts().found();
    line.searched() + left < found + ROOM
}

/// How a server refuses, and whether it still answers.
const TO_END: u32 = 2;

/// Whether all schemes of TLS 1.2 were seen.
async fn until_12(line: &Line<'_>, suites: &[u16]) -> bool {
    let (known, told) = {
        let facts = line.facts();
        let protocol = &facts.protocols[VERSION as usize];
        let known = protocol.offered == Offered::No || protocol.complete;
        (known, facts.signers_told.clone())
    };
    let is_open = |s: &u16| Signer::of_suite(*s).is_some_and(|signer| !told.contains(&signer));
    let suites: Vec<u16> = suites.iter().copied().filter(is_open).collect();
    while !suites.is_empty() && has_room(line, TO_END + 1) {
        let schemes = without_seen(&line.facts().signatures, &Signer::ALL);
        let offer = line.offer(VERSION, &suites, &offers::groups(VERSION));
        let offer = Offer { signatures: schemes.clone(), ..offer };
        match line.ask_less(&offer).await {
            Answer::Chosen(chosen) if chosen.signature.is_some_and(|s| schemes.contains(&s)) => {}
            // It signs with what it likes.
            Answer::Chosen(_) => return false,
            Answer::Refused(refusal) => return known && refuses_so(line, offer, refusal).await,
        }
    }
    known && suites.is_empty()
}

/// Whether this is how the server says that it has no scheme in common: plainly, or as to what nobody has.
async fn refuses_so(line: &Line<'_>, offer: Offer, refusal: Refusal) -> bool {
    if refusal.is_clean() || refusal.is_final() {
        return refusal.is_clean();
    }
    let offer = Offer { signatures: offers::NOBODYS.to_vec(), ..offer };
    match line.ask_less(&offer).await {
        Answer::Refused(other) => refusal.is_like(other),
        Answer::Chosen(_) => false,
    }
}

/// Asks whether the server signs with SHA-1 or MD5 when nothing else is offered. A yes is noted with the
/// schemes.
async fn broken(line: &Line<'_>, suites: &[u16]) {
    if !suites.is_empty() {
        let offer = line.offer(VERSION, suites, &offers::groups(VERSION));
        line.ask(&Offer { signatures: offers::BROKEN_SIGNATURES.to_vec(), ..offer }).await;
    }
}

/// Whether all schemes of TLS 1.3 were seen, beside those of TLS 1.2. What is signed there is encrypted, so that
/// each question is a whole handshake; of a server with which none can be made, they are not known.
async fn of_13(line: &Line<'_>) -> bool {
    let (offered, signed) = {
        let facts = line.facts();
        (facts.offered(TlsVersion::Tls13), facts.signed_13)
    };
    if offered != Offered::Yes || !signed {
        return offered == Offered::No;
    }
    while has_room(line, TO_END) {
        let schemes = without_seen(&line.facts().signatures, &Signer::ALL);
        match shake_13(line, schemes.clone()).await {
            Ok(Some(scheme)) if schemes.contains(&scheme) => line.facts().signatures.push(scheme),
            Ok(_) => return false,
            Err(error) => return has_nothing_in_common(line, &error).await,
        }
    }
    false
}

/// Whether it says so, in its own way: with the alert for it, or as it refuses what nobody has.
async fn has_nothing_in_common(line: &Line<'_>, error: &HandshakeError) -> bool {
    match error {
        HandshakeError::Incompatible(_) => true,
        HandshakeError::Failed(_) => {
            shake_13(line, offers::NOBODYS.to_vec()).await.is_err_and(|other| other == *error)
        }
        _ => false,
    }
}

/// With which of `schemes` the server signs in TLS 1.3.
async fn shake_13(line: &Line<'_>, schemes: Vec<u16>) -> Result<Option<u16>, HandshakeError> {
    let ask = Ask {
        server_name: line.target.server_name().map(str::to_owned),
        schemes_13: Some(schemes),
        ..Ask::default()
    };
    let client = Client::new(&ask)?;
    let open = line.open().await.map_err(|_| HandshakeError::Silent)?;
    let seen = client.shake(open.stream, open.deadline).await;
    drop(open.pass);
    let seen = seen?;
    line.facts().chain(&seen.chain);
    Ok(seen.signature_scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_and_schemes_say_whose_key_signs() {
        for (suite, signer) in [
            (0xC02F, Some(Signer::Rsa)),
            (0x0033, Some(Signer::Rsa)),
            (0xC009, Some(Signer::Ecdsa)),
            (0x0032, Some(Signer::Dsa)),
            // RSA, anonymous, and a key exchange with the key of the certificate.
            (0x002F, None),
            (0xC018, None),
            (0xC00E, None),
        ] {
            assert_eq!(Signer::of_suite(suite), signer, "{suite:04X}");
        }
        for (scheme, signer) in [
            (0x0401, Some(Signer::Rsa)),
            (0x0806, Some(Signer::Rsa)),
            (0x0403, Some(Signer::Ecdsa)),
            (0x0807, Some(Signer::Ecdsa)),
            (0x0202, Some(Signer::Dsa)),
            (0x0708, None),
            (0x0904, None),
        ] {
            assert_eq!(Signer::of_scheme(scheme), signer, "{scheme:04X}");
        }
    }

    #[test]
    fn what_was_seen_of_another_key_stays_in() {
        let left = without_seen(&[0x0401, 0x0403], &[Signer::Rsa]);
        assert!(!left.contains(&0x0401) && left.contains(&0x0403));
        assert_eq!(left.len(), SIGNATURE_SCHEMES.len() - 1);
    }
}

//! CVE-2016-9244: a session id of any length is sent back as 32 bytes. One byte short of that, and a
//! server that has the fault gives one byte away.

use portvakt_model::{Offered, VulnerabilityProbe};

use super::super::line::Line;
use super::super::refusal::Refusal;
use super::session::{Announces, Hello, Session, common};
use super::wire::{HANDSHAKE, Said, Wire};
use super::{Known, tested, unanswered, untested};

pub(super) const NAME: &str = "ticketbleed";
/// Our session id.
const SHORT: [u8; 31] = [0x70; 31];
/// What the fault makes of it.
const WHOLE: usize = 32;
/// ServerHello, and where its session id stands: behind a header, a version and a random.
const SERVER_HELLO: u8 = 2;
const SESSION_ID: usize = 4 + 2 + 32;

pub(super) async fn ticketbleed(line: &Line<'_>, known: &Known) -> VulnerabilityProbe {
    let suites = common(known);
    if suites.is_empty() {
        // Other suites may have the fault as well: no proof of its absence.
        return untested(
            NAME,
            "TLS 1.2 with ECDHE and AES-GCM was not seen, and no other is tried",
        );
    }
    let session = match Session::start(line, suites.clone(), Announces::Secure).await {
        Ok(session) => session,
        Err(why) => return unanswered(NAME, why),
    };
    let Some(ticket) = session.into_ticket().await else {
        return tested(NAME, Offered::No, "no session ticket is given".to_owned());
    };
    let hello = Hello {
        name: line.target.server_name(),
        suites: &suites,
        session_id: &SHORT,
        renegotiation: Some(&[]),
        ticket: &ticket,
    };
    match answered_id(line, &hello).await {
        Err(why) => unanswered(NAME, why),
        Ok(id) if id == SHORT => {
            tested(NAME, Offered::No, "31 bytes of session id came back as 31".to_owned())
        }
        Ok(id) if id.len() == WHOLE && id.starts_with(&SHORT) => {
            tested(NAME, Offered::Yes, "31 bytes of session id came back as 32".to_owned())
        }
        Ok(_) => unanswered(NAME, Refusal::Garbage("the ticket was not taken up")),
    }
}

async fn answered_id(line: &Line<'_>, hello: &Hello<'_>) -> Result<Vec<u8>, Refusal> {
    let mut wire = Wire::connect(line).await?;
    wire.send(HANDSHAKE, &hello.written()?).await?;
    let id = match wire.next().await? {
        Said::Message(message) if message[0] == SERVER_HELLO => {
            let length = message.get(SESSION_ID).map_or(0, |length| usize::from(*length));
            message.get(SESSION_ID + 1..SESSION_ID + 1 + length).map(<[u8]>::to_vec)
        }
        Said::Alert(code) => return Err(Refusal::Alert(code)),
        _ => None,
    };
    wire.leave().await;
    id.ok_or(Refusal::Garbage("another answer than a ServerHello"))
}

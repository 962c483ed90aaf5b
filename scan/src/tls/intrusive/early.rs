//! What a server does with messages before their time: Heartbleed and the early change of cipher. Neither
//! needs a key.

use std::time::Duration;

use portvakt_model::{Offered, VulnerabilityProbe};

use super::super::hello::kind;
use super::super::line::Line;
use super::super::refusal::Refusal;
use super::wire::{ALERT, CHANGE_CIPHER, HEARTBEAT, Said, Wire};
use super::{Known, is_plain, tested, unanswered};

pub(super) const HEARTBLEED: &str = "heartbleed";
pub(super) const CCS_INJECTION: &str = "ccs-injection";
/// A heartbeat request with one byte of payload that claims three, and no padding (RFC 6520 §4). Who
/// answers with three has read over by two.
const TOO_SHORT: [u8; 4] = [1, 0, 3, b'p'];
/// HeartbeatMessageType heartbeat_response.
const RESPONSE: u8 = 2;
/// A response of three bytes, with the shortest padding.
const OVERREAD: usize = 3 + 3 + 16;
/// How long a server may take over a change of cipher that it ought to refuse at once.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Alerts for records that do not decrypt (RFC 5246 §7.2.2): who says this has begun to decrypt.
const UNDECRYPTABLE: [u8; 2] = [20, 21];

/// CVE-2014-0160. A close follows the request, so that a server which passes it over, as it should,
/// still shows that it has read it.
pub(super) async fn heartbleed(line: &Line<'_>, known: &Known) -> VulnerabilityProbe {
    const NAME: &str = HEARTBLEED;
    let Some(offer) = known.offer(line, is_plain) else {
        return known.without(NAME, "version before TLS 1.3");
    };
    let (mut wire, flight) = match Wire::begin(line, &offer).await {
        Ok(begun) => begun,
        Err(why) => return unanswered(NAME, why),
    };
    if !flight.chosen.extensions.contains(&kind::HEARTBEAT) {
        wire.leave().await;
        return tested(NAME, Offered::No, "the server has no heartbeat".to_owned());
    }
    let asked = async {
        wire.send(HEARTBEAT, &TOO_SHORT).await?;
        wire.send(ALERT, &[1, 0]).await?;
        loop {
            let said = wire.next().await?;
            if !matches!(said, Said::Message(_) | Said::Data) {
                return Ok(said);
            }
        }
    };
    match asked.await {
        Ok(Said::Heartbeat(length, Some(RESPONSE))) if length >= OVERREAD => {
            tested(NAME, Offered::Yes, "1 byte was sent, 3 came back".to_owned())
        }
        Ok(_) | Err(Refusal::Closed | Refusal::Reset) => {
            tested(NAME, Offered::No, "a heartbeat that is too short is passed over".to_owned())
        }
        Err(why) => unanswered(NAME, why),
    }
}

/// CVE-2014-0224. A server in order refuses a change of cipher before there are keys. One that takes it
/// decrypts the next record, and says that it cannot.
pub(super) async fn ccs_injection(line: &Line<'_>, known: &Known) -> VulnerabilityProbe {
    const NAME: &str = CCS_INJECTION;
    let Some(offer) = known.offer(line, is_plain) else {
        return known.without(NAME, "version before TLS 1.3");
    };
    let mut wire = match Wire::begin(line, &offer).await {
        Ok((wire, _)) => wire,
        Err(why) => return unanswered(NAME, why),
    };
    match changed(&mut wire, FIRST_WAIT).await {
        Err(Refusal::Silent) => {}
        Err(why @ Refusal::Garbage(_)) => return unanswered(NAME, why),
        first => return tested(NAME, Offered::No, format!("refused: {}", words(&first))),
    }
    // The time for the first is used up; the second has its own.
    wire.allow(line.how.limits.answer);
    match changed(&mut wire, line.how.limits.answer).await {
        Ok(code) if UNDECRYPTABLE.contains(&code) => {
            tested(NAME, Offered::Yes, format!("an early change of cipher was taken: alert {code}"))
        }
        Err(why @ (Refusal::Silent | Refusal::Garbage(_))) => unanswered(NAME, why),
        second => tested(NAME, Offered::No, format!("refused: {}", words(&second))),
    }
}

/// Sends a change of cipher; the alert that comes.
async fn changed(wire: &mut Wire, within: Duration) -> Result<u8, Refusal> {
    wire.hurry(within);
    wire.send(CHANGE_CIPHER, &[1]).await?;
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

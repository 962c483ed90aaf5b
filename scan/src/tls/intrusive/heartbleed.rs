//! CVE-2014-0160, Heartbleed: what a server does with a heartbeat that claims more than it has. No key is
//! needed for it.

use std::time::Duration;

use portvakt_model::{Offered, VulnerabilityProbe};

use super::super::hello::kind;
use super::super::line::Line;
use super::super::refusal::Refusal;
use super::wire::{HEARTBEAT, Said, Wire};
use super::{Known, is_plain, tested, unanswered};

pub(super) const NAME: &str = "heartbleed";
/// Payload of the heartbeat request. The answer must be longer than the 4,096 bytes that OpenSSL gathers
/// during a handshake before it sends anything (`BIO_f_buffer(3)`): a shorter one is not seen.
const PAYLOAD: usize = 8192;
/// How much more the request claims to have: so much is read over by who believes it, and no more.
const OVER: usize = 2;
/// HeartbeatMessageType heartbeat_response.
const RESPONSE: u8 = 2;
/// Type and length before the payload of a heartbeat, and the least padding after it (RFC 6520 §4).
const AROUND: usize = 3 + 16;
/// How long a server may take over what it ought to answer at once.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// CVE-2014-0160. A server that passes the request over, as it should, shows that it has read it by closing
/// when we end our side.
pub(super) async fn heartbleed(line: &Line<'_>, known: &Known) -> VulnerabilityProbe {
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
    match beaten(&mut wire, line.how.limits.answer).await {
        Ok(Said::Heartbeat(length, Some(RESPONSE))) if length >= AROUND + PAYLOAD + OVER => {
            let detail = format!("{PAYLOAD} bytes were sent, {} came back", PAYLOAD + OVER);
            tested(NAME, Offered::Yes, detail)
        }
        Ok(_) | Err(Refusal::Closed | Refusal::Reset) => {
            tested(NAME, Offered::No, "a heartbeat that is too short is passed over".to_owned())
        }
        Err(why) => unanswered(NAME, why),
    }
}

/// Sends a heartbeat request that claims more than it has, without padding (RFC 6520 §4); what comes.
async fn beaten(wire: &mut Wire, within: Duration) -> Result<Said, Refusal> {
    let claimed = ((PAYLOAD + OVER) as u16).to_be_bytes();
    let request = [&[1][..], &claimed, &[b'p'; PAYLOAD]].concat();
    wire.hurry(FIRST_WAIT);
    wire.send(HEARTBEAT, &request).await?;
    match no_message(wire).await {
        Err(Refusal::Silent) => {}
        answered => return answered,
    }
    wire.allow(within);
    wire.end().await;
    no_message(wire).await
}

/// What comes that is no part of a handshake.
async fn no_message(wire: &mut Wire) -> Result<Said, Refusal> {
    loop {
        let said = wire.next().await?;
        if !matches!(said, Said::Message(_) | Said::Data) {
            return Ok(said);
        }
    }
}

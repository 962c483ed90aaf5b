//! Renegotiation that a client begins, with and without the protection of RFC 5746.

use portvakt_model::{Evidence, Offered, VulnerabilityProbe};

use super::super::line::Line;
use super::super::refusal::Refusal;
use super::session::{Announces, Session, common};
use super::{Known, row, tested, unanswered};

/// A server that takes so many in a row takes any number.
const MOST: u32 = 10;
pub(super) const MANY: &str = "renegotiation-dos";
pub(super) const INSECURE: &str = "insecure-renegotiation";
const UNTESTED: &str = "not tested: no TLS 1.2 with ECDHE and AES-GCM was seen";

/// What was found.
pub(super) struct Found {
    /// Whether a client may renegotiate at all.
    pub(super) client: Offered,
    pub(super) probes: Vec<VulnerabilityProbe>,
}

pub(super) async fn renegotiation(line: &Line<'_>, known: &Known) -> Found {
    let suites = common(known);
    if suites.is_empty() {
        return untried(known);
    }
    let (client, many) = secure(line, suites.clone()).await;
    let insecure = insecure(line, suites).await;
    let either = if insecure.vulnerable == Offered::Yes { Offered::Yes } else { client };
    Found { client: either, probes: vec![many, insecure] }
}

/// TLS 1.3 has no renegotiation (RFC 8446 §4.1.2); of older versions we speak one kind.
fn untried(known: &Known) -> Found {
    let is_new_only = known.newest.is_none() && known.complete;
    let (vulnerable, evidence, why) = if is_new_only {
        (Offered::No, Evidence::Inferred, "only TLS 1.3 is offered")
    } else {
        (Offered::Unknown, Evidence::Incomplete, UNTESTED)
    };
    let say = |name| row(name, vulnerable, evidence, why.to_owned());
    Found { client: vulnerable, probes: vec![say(MANY), say(INSECURE)] }
}

/// How often in one connection. Each costs the server a key exchange, and the client as good as none
/// (CVE-2011-1473).
async fn secure(line: &Line<'_>, suites: Vec<u16>) -> (Offered, VulnerabilityProbe) {
    let mut session = match Session::start(line, suites, Announces::Secure).await {
        Ok(session) => session,
        Err(why) => return (Offered::Unknown, unanswered(MANY, why)),
    };
    if let Err(why) = session.settle().await {
        return (Offered::Unknown, unanswered(MANY, why));
    }
    for count in 0..MOST {
        if let Err(why) = session.again(line).await {
            return match (count, is_refusal(why)) {
                (0, true) => (Offered::No, tested(MANY, Offered::No, format!("refused: {why}"))),
                (0, false) => (Offered::Unknown, unanswered(MANY, why)),
                (_, true) => {
                    let detail = format!("refused after {count}: {why}");
                    (Offered::Yes, tested(MANY, Offered::No, detail))
                }
                (_, false) => (Offered::Yes, unanswered(MANY, why)),
            };
        }
    }
    session.leave().await;
    (Offered::Yes, tested(MANY, Offered::Yes, format!("{MOST} of {MOST} were taken")))
}

/// CVE-2009-3555: as a client that does not know of the protection.
async fn insecure(line: &Line<'_>, suites: Vec<u16>) -> VulnerabilityProbe {
    let mut session = match Session::start(line, suites, Announces::Nothing).await {
        Ok(session) => session,
        Err(why @ Refusal::Alert(_)) => {
            return tested(INSECURE, Offered::No, format!("old clients are refused: {why}"));
        }
        Err(why) => return unanswered(INSECURE, why),
    };
    if let Err(why) = session.settle().await {
        return unanswered(INSECURE, why);
    }
    match session.again(line).await {
        Ok(()) => {
            session.leave().await;
            tested(INSECURE, Offered::Yes, "one without protection was taken".to_owned())
        }
        Err(why) if is_refusal(why) => tested(INSECURE, Offered::No, format!("refused: {why}")),
        Err(why) => unanswered(INSECURE, why),
    }
}

/// An alert or a closed door; silence is none.
const fn is_refusal(why: Refusal) -> bool {
    matches!(why, Refusal::Alert(_) | Refusal::Closed | Refusal::Reset)
}

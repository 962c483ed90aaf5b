//! Looks at endpoints, one or many.

use std::sync::Arc;

use jiff::Timestamp;
use portvakt_model::{Chain, Offered, TlsEndpoint, TlsTraits};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::facts::Facts;
use super::full::{self, Before};
use super::handshake::HttpAnswer;
use super::limits::Gate;
use super::line::Line;
use super::target::{Depth, How, Target};
use super::verdict;
use crate::x509;

/// Looks at one endpoint.
pub async fn look(target: &Target, how: &How) -> TlsEndpoint {
    Box::pin(look_through(target, how, &Gate::new(&how.limits))).await
}

/// Looks at many endpoints at the same time, within the limits of `how` in all. Each is given to `done`
/// when it is ready, with its place in `targets`.
///
/// No more endpoints are begun than there may be connections, so that memory does not grow with their
/// number. When the future is dropped, all ends.
pub async fn look_all(targets: Vec<Target>, how: &How, mut done: impl FnMut(usize, TlsEndpoint)) {
    let gate = Arc::new(Gate::new(&how.limits));
    let how = Arc::new(how.clone());
    let begun = Arc::new(Semaphore::new(how.limits.total_in_flight.max(1)));
    let mut running = JoinSet::new();
    for (place, target) in targets.into_iter().enumerate() {
        while let Some(ended) = running.try_join_next() {
            give(ended, &mut done);
        }
        while begun.available_permits() == 0 {
            match running.join_next().await {
                Some(ended) => give(ended, &mut done),
                None => break,
            }
        }
        let Ok(permit) = begun.clone().acquire_owned().await else { break };
        let (gate, how) = (gate.clone(), how.clone());
        running.spawn(async move {
            let endpoint = Box::pin(look_through(&target, &how, &gate)).await;
            drop(permit);
            (place, endpoint)
        });
    }
    while let Some(ended) = running.join_next().await {
        give(ended, &mut done);
    }
}

/// A task can only fail by a panic of ours, which the runtime has reported; the others go on.
fn give(
    ended: Result<(usize, TlsEndpoint), tokio::task::JoinError>,
    done: &mut impl FnMut(usize, TlsEndpoint),
) {
    if let Ok((place, endpoint)) = ended {
        done(place, endpoint);
    }
}

async fn look_through(target: &Target, how: &How, gate: &Gate) -> TlsEndpoint {
    let at = Timestamp::now();
    let Some(address) = target.address else {
        let mut facts = Facts::new();
        facts.doubt("the name was not resolved; nothing was asked".to_owned());
        return endpoint(target, how, facts, &Looked { at, connections: 0, enumerated: false });
    };
    let line = Line::new(target, address, how, gate);
    let mut enumerated = how.depth == Depth::Full;
    if enumerated {
        full::enumerate(&line, Before::Nothing).await;
    } else {
        let is_clean = Box::pin(verdict::verdict(&line)).await;
        let speaks = line.facts().protocols.iter().any(|p| p.offered == Offered::Yes);
        enumerated = how.depth == Depth::VerdictThenFull && !is_clean && speaks;
        if enumerated {
            full::enumerate(&line, Before::Verdict).await;
        }
    }
    let connections = line.used();
    endpoint(target, how, line.into_facts(), &Looked { at, connections, enumerated })
}

struct Looked {
    at: Timestamp,
    connections: u32,
    enumerated: bool,
}

fn endpoint(target: &Target, how: &How, facts: Facts, looked: &Looked) -> TlsEndpoint {
    let name = target.server_name();
    let known = facts.protocols.iter().all(|p| p.offered != Offered::Unknown);
    let answered = facts.protocols.iter().any(|p| p.offered == Offered::Yes);
    let without_name = match name {
        None if answered => Offered::Yes,
        _ => facts.traits.answers_without_sni,
    };
    TlsEndpoint {
        target: target.to_string(),
        address: target.address,
        server_name: name.map(str::to_owned),
        starttls: target.starttls.map(super::starttls::StartTls::name),
        at: looked.at,
        connections: looked.connections,
        complete: known && facts.doubts.is_empty(),
        enumerated: looked.enumerated,
        doubts: facts.doubts,
        protocols: facts.protocols,
        groups: facts.groups,
        signature_schemes: facts.signatures,
        signatures_complete: facts.signatures_complete,
        dh_bits: facts.dh_bits,
        traits: TlsTraits { answers_without_sni: without_name, ..facts.traits },
        chains: facts
            .chains
            .iter()
            .map(|sent| judged(sent, name, how, facts.staple.as_ref()))
            .collect(),
        probes: Vec::new(),
        hsts: facts.http.filter(tells_of_hsts).map(|http| http.hsts),
    }
}

/// Whether an answer tells if the header is sent: servers commonly leave it out of their refusals.
const fn tells_of_hsts(answer: &HttpAnswer) -> bool {
    answer.hsts.is_some() || answer.status < 400
}

/// A chain as it was sent, with the answer that was stapled to its leaf.
fn judged(
    sent: &[Vec<u8>],
    name: Option<&str>,
    how: &How,
    staple: Option<&(Vec<u8>, Vec<u8>)>,
) -> Chain {
    let own = staple.filter(|(leaf, _)| sent.first() == Some(leaf));
    Chain { staple: own.map(|(_, answer)| x509::staple(sent, answer)), ..(how.chain)(sent, name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_the_header_tells_nothing() {
        let answer = |status, hsts: Option<&str>| {
            tells_of_hsts(&HttpAnswer { status, hsts: hsts.map(str::to_owned) })
        };
        assert!(answer(204, None) && answer(403, Some("max-age=1")));
        assert!(!answer(400, None));
    }
}

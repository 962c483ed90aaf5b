//! One host: all its ports, then again those that stayed silent.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::engine::Shared;
use super::probe::{self, Sight};
use super::{LEFT_ALONE, payload};
use crate::rtt::RoundTrip;

/// How long an answer may take while nothing was heard of the host (RFC 6298, 2.1).
const PATIENCE: Duration = Duration::from_secs(1);
/// How long at least where the round trip is known: a service takes longer to answer than the kernel that refuses
/// for it.
const LEAST_PATIENCE: Duration = Duration::from_millis(500);
/// How long at most, by satellite and asked again.
const MOST_PATIENCE: Duration = Duration::from_secs(6);
/// Probes of one host that wait for their answers side by side.
pub(super) const SIDE_BY_SIDE: usize = 32;
/// Passes over what stays silent, the first one among them.
const PASSES: u8 = 3;
/// Passes over a host whose last one still turned up closed ports: it answers less than it is asked.
const PASSES_DOUBTFUL: u8 = 6;
/// Passes over a host of which nothing at all was heard.
const PASSES_UNHEARD: u8 = 2;
/// Packets per second to a host that sends ICMP errors: as many as Linux answers.
const SLOW: u32 = 1;

/// What is known of one port.
#[derive(Clone, Debug)]
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) sight: Sight,
    /// Probes that were sent.
    pub(super) tries: u8,
    pub(super) at: Option<Timestamp>,
    /// Whether its silence is known to mean something.
    pub(super) settled: bool,
}

/// What is known of one host.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) address: IpAddr,
    pub(super) ports: Vec<Port>,
    rtt: RoundTrip,
}

/// Asks a host.
pub(super) async fn ask(shared: Arc<Shared>, address: IpAddr, ports: Vec<u16>) -> Told {
    let mut told = Told::unasked(address, ports);
    let mut doubtful = false;
    for pass in 0..PASSES_DOUBTFUL {
        let heard = told.ports.iter().any(|port| port.sight.is_word());
        if pass >= PASSES_UNHEARD && !heard || pass >= PASSES && !doubtful {
            break;
        }
        let before = told.refusals();
        if pass > 0 && before > 0 {
            shared.slow(address, SLOW);
        }
        told.pass(&shared, pass).await;
        // One that turns up closed only now shows that silence was not to be trusted until now.
        doubtful = pass > 0 && told.refusals() > before;
        if shared.stopped() || told.silent().next().is_none() {
            break;
        }
    }
    let stopped = shared.stopped();
    for port in &mut told.ports {
        port.settled = port.tries >= PASSES_UNHEARD && !doubtful && !stopped;
    }
    told
}

impl Sight {
    /// Whether the host or something before it spoke.
    pub(super) const fn is_word(&self) -> bool {
        matches!(self, Self::Answer(..) | Self::Closed(_) | Self::Stopped(_))
    }
}

/// How long to wait for an answer in a pass: what the host has shown to need, and twice as long each time that
/// it was waited in vain (RFC 6298, 2.3 and 5.5).
fn patience(rtt: &RoundTrip, pass: u8) -> Duration {
    let needs = rtt.timeout().map_or(PATIENCE, |needs| needs.max(LEAST_PATIENCE));
    needs.saturating_mul(1 << pass.min(3)).min(MOST_PATIENCE)
}

impl Told {
    /// A host that was not come to yet.
    pub(super) fn unasked(address: IpAddr, ports: Vec<u16>) -> Self {
        let port =
            |number| Port { number, sight: Sight::NotSent, tries: 0, at: None, settled: false };
        let ports = ports.into_iter().map(port).collect();
        Self { address, ports, rtt: RoundTrip::default() }
    }

    fn refusals(&self) -> usize {
        self.ports.iter().filter(|port| matches!(port.sight, Sight::Closed(_))).count()
    }

    /// Places of the ports that were not answered.
    fn silent(&self) -> impl Iterator<Item = usize> {
        let may_be_asked =
            |port: &Port| !port.sight.is_word() && !LEFT_ALONE.contains(&port.number);
        self.ports.iter().enumerate().filter(move |(_, p)| may_be_asked(p)).map(|(at, _)| at)
    }

    async fn pass(&mut self, shared: &Arc<Shared>, pass: u8) {
        let mut left: VecDeque<usize> = self.silent().collect();
        let mut asked: JoinSet<(usize, Sight)> = JoinSet::new();
        while !shared.stopped() {
            if asked.len() < SIDE_BY_SIDE
                && let Some(at) = left.pop_front()
            {
                if !shared.turn(self.address).await {
                    break;
                }
                let port = &mut self.ports[at];
                port.tries += 1;
                let peer = SocketAddr::new(self.address, port.number);
                let question = payload::question(peer, pass);
                let patience = patience(&self.rtt, pass);
                asked.spawn(async move { (at, probe::ask(peer, &question, patience).await) });
                continue;
            }
            match asked.join_next().await {
                Some(Ok((at, sight))) => self.take(at, sight, shared),
                Some(Err(_)) => {}
                None => break,
            }
        }
        // What was sent before the end is still waited for: it has been counted.
        while let Some(done) = asked.join_next().await {
            if let Ok((at, sight)) = done {
                self.take(at, sight, shared);
            }
        }
    }

    fn take(&mut self, at: usize, sight: Sight, shared: &Shared) {
        let port = &mut self.ports[at];
        if sight == Sight::NotSent {
            port.tries -= 1;
            shared.rest();
        }
        if sight.is_word() {
            port.at = Some(Timestamp::now());
            shared.heard(self.address, port.number, &sight);
        }
        if let Sight::Answer(_, took) | Sight::Closed(took) = sight {
            self.rtt.answered(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        }
        port.sight = sight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_waited_for_as_long_as_it_has_shown_to_need() {
        let (unheard, mut near, mut far) =
            (RoundTrip::default(), RoundTrip::default(), RoundTrip::default());
        for _ in 0..20 {
            near.answered(2_000);
            far.answered(1_900_000);
        }
        let waits = |rtt: &RoundTrip| [0, 1, 2].map(|pass| patience(rtt, pass).as_millis());
        assert_eq!(waits(&unheard), [1_000, 2_000, 4_000]);
        assert_eq!(waits(&near), [500, 1_000, 2_000]);
        assert!(waits(&far)[0] > 1_900 && waits(&far)[2] == 6_000, "{:?}", waits(&far));
    }
}

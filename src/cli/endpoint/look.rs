//! Looks at endpoints until all are known or somebody stops the run, and tells each, known or not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use portvakt_checks::crypto::Policy;

use super::Kind;
use super::leave::{Manner, Place};

/// What came of looking at endpoints.
pub(super) struct Looked<T> {
    /// One for each place, in their order.
    pub(super) endpoints: Vec<T>,
    /// How many were not known when the run was stopped; `None` where nobody stopped it.
    pub(super) stopped: Option<usize>,
}

/// Why an endpoint is not known after a stop.
const STOPPED: &str = "the run was stopped before this endpoint was known";
/// A task that looked at it ended in a fault of ours, which stands on standard error.
const LOST: &str = "lost to a fault in portvakt; please report it";

/// Looks at endpoints in the order in which they were asked for, as far as a verdict by the policy needs, or
/// wholly without one. Fragile hosts come after the others.
pub(super) fn look<K: Kind>(
    kind: &K,
    places: &[Place],
    policy: Option<&Policy>,
) -> anyhow::Result<Looked<K::Seen>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let stop = portvakt_scan::interrupt::watch().context("cannot wait for signals")?;
    let mut found: Vec<Option<K::Seen>> = places.iter().map(|_| None).collect();
    let progress = progress(places.len());
    let mut is_stopped = false;
    for manner in [Manner::Usual, Manner::Gently] {
        let own: Vec<usize> = (0..places.len()).filter(|at| places[*at].manner == manner).collect();
        if own.is_empty() || is_stopped {
            continue;
        }
        let group: Vec<&Place> = own.iter().map(|at| &places[*at]).collect();
        let mut done = |at: usize, seen| {
            let Some(slot) = own.get(at).and_then(|at| found.get_mut(*at)) else { return };
            progress.inc(u64::from(slot.is_none()));
            *slot = Some(seen);
        };
        let looking = kind.look(&group, policy, &mut done);
        is_stopped = runtime.block_on(or_stopped(&stop, looking)).is_none();
    }
    progress.finish_and_clear();
    // What is under way ends with the runtime; nobody waits for a name server or a peer.
    runtime.shutdown_background();
    let open = found.iter().zip(places).filter(|(seen, p)| seen.is_none() && may_be_asked(p));
    let stopped = is_stopped.then(|| open.count());
    let why = if is_stopped { STOPPED } else { LOST };
    let known = found.into_iter().zip(places).map(|(seen, place)| {
        seen.unwrap_or_else(|| match &place.manner {
            Manner::Not(why) => K::unknown(place, why.clone()),
            Manner::Usual | Manner::Gently => K::unknown(place, why.to_owned()),
        })
    });
    Ok(Looked { endpoints: known.collect(), stopped })
}

fn may_be_asked(place: &Place) -> bool {
    !matches!(place.manner, Manner::Not(_))
}

/// How often it is looked whether the run is to stop.
const GLANCE: Duration = Duration::from_millis(20);

/// What comes of some work; `None` when the run was stopped before.
async fn or_stopped<T>(stop: &AtomicBool, work: impl Future<Output = T>) -> Option<T> {
    let stopped = async {
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::select! {
        done = work => Some(done),
        () = stopped => None,
    }
}

/// A bar on standard error, where that is a terminal.
fn progress(endpoints: usize) -> ProgressBar {
    let bar = ProgressBar::new(endpoints as u64);
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {elapsed} {wide_bar}") {
        bar.set_style(style);
    }
    bar
}

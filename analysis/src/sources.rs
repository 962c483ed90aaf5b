//! Which sources lie behind which interface, as the operator states it.

use portvakt_model::Device;
use portvakt_space::{AddrSet, AtomSet, Bound, Traffic};
use rustc_hash::FxHashMap;

use crate::steps::Steps;

/// The networks behind interfaces. Every packet is taken to come from a network of the interface that
/// it comes in by, where that interface has an entry: what [`crate::spoof`] certifies.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    known: FxHashMap<u32, AddrSet>,
    /// Whether no address is behind two interfaces.
    disjoint: bool,
}

impl Sources {
    /// The entries of a list of interfaces and their networks, for one device.
    pub fn new(device: &Device, entries: &[(String, AddrSet)]) -> Self {
        let atom = |name: &String| device.interfaces.find(name);
        let known = entries.iter().filter_map(|(name, set)| Some((atom(name)?, set.clone())));
        Self { known: known.collect(), disjoint: are_disjoint(entries) }
    }

    /// Whether interfaces and sources say the same: no address is behind two interfaces, and every
    /// interface that the steps ask for, within `whole`, has an entry.
    pub fn stand_for_interfaces(&self, steps: &Steps<'_>, whole: &Traffic, bound: Bound) -> bool {
        let mentioned = mentioned(steps, whole, bound);
        self.disjoint && mentioned.iter().all(|atom| self.known.contains_key(atom))
    }

    /// Whether a rule of the steps asks for an interface that has an entry.
    pub fn matter_to(&self, steps: &Steps<'_>) -> bool {
        !self.known.is_empty() && steps.iter().any(|step| !step.most.iif.is_any())
    }

    /// The sources of all of these interfaces; `None` where one has no entry.
    pub fn behind(&self, interfaces: &AtomSet) -> Option<AddrSet> {
        let atoms = named(interfaces)?;
        let sets: Option<Vec<&AddrSet>> = atoms.iter().map(|atom| self.known.get(atom)).collect();
        Some(AddrSet::union_all(sets?))
    }
}

/// Whether no address is in two of the sets.
fn are_disjoint(entries: &[(String, AddrSet)]) -> bool {
    let mut seen = AddrSet::NONE;
    entries.iter().all(|(_, set)| {
        let apart = !seen.overlaps(set);
        seen = seen.union(set);
        apart
    })
}

/// The interfaces of a finite set; `None` for "all but some".
fn named(interfaces: &AtomSet) -> Option<Vec<u32>> {
    let ranges = interfaces.ranges();
    let finite = !ranges.contains(u32::MAX);
    finite.then(|| ranges.ranges().iter().flat_map(|&(lo, hi)| lo..=hi).collect())
}

/// The interfaces that steps ask for, in or out. What comes after a step that takes the whole is never
/// asked.
fn mentioned(steps: &Steps<'_>, whole: &Traffic, bound: Bound) -> Vec<u32> {
    let mut all = Vec::new();
    for step in steps.iter() {
        let Some(traffic) = step.resolved(bound).1 else { continue };
        if traffic == whole {
            break;
        }
        for set in [&traffic.iif, &traffic.oif] {
            let atoms = named(set).or_else(|| named(&set.complement()));
            all.extend(atoms.unwrap_or_default());
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

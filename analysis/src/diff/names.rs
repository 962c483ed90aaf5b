//! One numbering of interfaces for two versions of a device.
//!
//! Atoms are numbers that each export gives out by itself. A name that only one version mentions
//! is, in the other, a name that nobody wrote: it falls under the longest pattern (`eth+`, `eth*`)
//! that it begins like, or under none.

use portvakt_model::Interfaces;
use portvakt_space::{AtomSet, RangeSet, Traffic};

/// The names of both versions, those of the old one first.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// The name of an atom of the common numbering; `None` for a name that neither version has.
    pub fn get(&self, atom: u32) -> Option<&str> {
        self.0.get(atom as usize).map(String::as_str)
    }

    pub(super) fn of(old: &Interfaces, new: &Interfaces) -> Self {
        let more = new.all().iter().filter(|i| old.find(&i.name).is_none());
        Self(old.all().iter().chain(more).map(|i| i.name.clone()).collect())
    }

    /// How the atoms of one version go over into the common ones.
    pub(super) fn from(&self, own: &Interfaces) -> Renumbering {
        let patterns = Patterns::of(own);
        let own_atom = |name: &String| own.find(name).unwrap_or_else(|| patterns.longest(name));
        let own_atoms: Vec<u32> = self.0.iter().map(own_atom).collect();
        let known = own.all().len() as u32;
        let same = (0..)
            .zip(&own_atoms)
            .all(|(atom, mine)| *mine == atom || atom >= known && *mine == u32::MAX);
        Renumbering { own_atoms, same }
    }
}

/// Names that stand for all that begin so.
struct Patterns<'a>(Vec<(&'a str, u32)>);

impl<'a> Patterns<'a> {
    fn of(interfaces: &'a Interfaces) -> Self {
        let all = (0..).zip(interfaces.all());
        Self(all.filter_map(|(atom, i)| Some((stem(&i.name)?, atom))).collect())
    }

    /// The atom that stands for a name which the version does not mention.
    fn longest(&self, name: &str) -> u32 {
        let name = stem(name).unwrap_or(name);
        let hits = self.0.iter().filter(|(stem, _)| name.starts_with(stem));
        hits.max_by_key(|(stem, _)| stem.len()).map_or(u32::MAX, |(_, atom)| *atom)
    }
}

fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(['+', '*'])
}

/// For each common atom, the atom that stands for it in one version.
pub(super) struct Renumbering {
    own_atoms: Vec<u32>,
    same: bool,
}

impl Renumbering {
    /// Whether sets stay as they are.
    pub(super) fn is_none(&self) -> bool {
        self.same
    }

    pub(super) fn traffic(&self, traffic: &Traffic) -> Traffic {
        Traffic { iif: self.atoms(&traffic.iif), oif: self.atoms(&traffic.oif), ..traffic.clone() }
    }

    pub(super) fn atoms(&self, set: &AtomSet) -> AtomSet {
        if set.is_any() || self.same {
            return set.clone();
        }
        let hit = |(_, own): &(u32, &u32)| set.contains(**own);
        let named = (0..).zip(&self.own_atoms).filter(hit).map(|(atom, _)| (atom, atom));
        let beyond = set.contains(u32::MAX).then_some((self.own_atoms.len() as u32, u32::MAX));
        AtomSet::from_ranges(RangeSet::from_ranges(named.chain(beyond)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces(names: &[&str]) -> Interfaces {
        let mut all = Interfaces::default();
        for name in names {
            all.atom(name);
        }
        all
    }

    #[test]
    fn a_name_that_one_version_lacks_falls_under_its_longest_pattern() {
        let (old, new) = (interfaces(&["eth+", "e+", "lo"]), interfaces(&["lo", "eth7", "wg0"]));
        let names = Names::of(&old, &new);
        assert_eq!(names.0, ["eth+", "e+", "lo", "eth7", "wg0"]);
        let (from_old, from_new) = (names.from(&old), names.from(&new));
        assert!(!from_old.is_none() && !from_new.is_none());
        let old_eth = from_old.atoms(&AtomSet::one(0));
        assert!(old_eth.contains(0) && old_eth.contains(3));
        assert!(!old_eth.contains(4) && !old_eth.contains(u32::MAX));
        assert_eq!(from_new.atoms(&AtomSet::one(0)), AtomSet::one(2));
        let not_lo = from_new.atoms(&AtomSet::one(0).complement());
        assert!([0, 1, 3, 4, 99, u32::MAX].iter().all(|atom| not_lo.contains(*atom)));
        assert!(!not_lo.contains(2));
    }

    #[test]
    fn equal_names_stay_as_they_are() {
        let all = interfaces(&["eth+", "eth0"]);
        assert!(Names::of(&all, &all).from(&all).is_none());
    }
}

//! Which interfaces packets come in and leave by.

use portvakt_model::{Device, Hook, Interface};
use portvakt_space::{AddrSet, AtomSet};

/// An interface of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// That which leads to the address, where connected networks and static routes tell; any
    /// otherwise.
    Routed,
    /// Any.
    Any,
    /// This one.
    Named(String),
}

impl Link {
    /// The interfaces for each part of some addresses. Fails with the names that there are, when a
    /// device that declares its interfaces has none of that name.
    pub(super) fn places(
        &self,
        device: &Device,
        addresses: &AddrSet,
    ) -> Result<Vec<(AddrSet, AtomSet)>, Vec<String>> {
        match self {
            Self::Any => Ok(vec![(addresses.clone(), AtomSet::ANY)]),
            Self::Named(name) => Ok(vec![(addresses.clone(), named(device, name)?)]),
            Self::Routed => Ok(routed(device, addresses)),
        }
    }
}

/// The one atom that stands for an interface in the rules of a device; `u32::MAX` is that of all names that no
/// rule speaks of. Fails with the names that there are, when a device that declares its interfaces has none
/// of that name, or several.
pub fn interface(device: &Device, name: &str) -> Result<u32, Vec<String>> {
    let names = || device.interfaces.all().iter().map(|i| i.name.clone()).collect();
    named(device, name)?.single().ok_or_else(names)
}

/// The atoms of an interface or of a zone of the device. A name that no rule mentions falls under
/// the longest pattern that it begins like.
fn named(device: &Device, name: &str) -> Result<AtomSet, Vec<String>> {
    let all = device.interfaces.all();
    let is = |i: &Interface| {
        i.name.eq_ignore_ascii_case(name)
            || i.hardware.as_ref().is_some_and(|h| h.eq_ignore_ascii_case(name))
    };
    if let Some(atom) = device.interfaces.find(name) {
        return Ok(AtomSet::one(atom));
    }
    let hits: AtomSet = (0..).zip(all).filter(|(_, i)| is(i)).map(|(atom, _)| atom).collect();
    if !hits.is_empty() {
        return Ok(hits);
    }
    if let Some(zone) = device.zones.iter().find(|z| z.name.eq_ignore_ascii_case(name)) {
        return Ok(zone.interfaces.iter().copied().collect());
    }
    if all.iter().any(|i| i.declared) {
        return Err(all.iter().map(|i| i.name.clone()).collect());
    }
    let stem = |i: &Interface| {
        let stem = i.name.strip_suffix(['+', '*'])?;
        name.starts_with(stem).then_some(stem.len())
    };
    let patterns = (0..).zip(all).filter_map(|(atom, i)| Some((stem(i)?, atom)));
    Ok(AtomSet::one(patterns.max().map_or(u32::MAX, |(_, atom)| atom)))
}

/// Addresses by the interface that leads to them: the longest prefix decides. What no network or
/// route holds may come from anywhere.
fn routed(device: &Device, addresses: &AddrSet) -> Vec<(AddrSet, AtomSet)> {
    let (mut left, mut found): (AddrSet, Vec<(AddrSet, AtomSet)>) = (addresses.clone(), Vec::new());
    let table = table(device);
    for group in table.chunk_by(|a, b| a.1 == b.1 && a.0 == b.0) {
        let hit = left.intersect(&group[0].1);
        if hit.is_empty() {
            continue;
        }
        left = left.minus(&hit);
        let atoms: AtomSet = group.iter().map(|entry| entry.2).collect();
        match found.iter_mut().find(|(_, known)| *known == atoms) {
            Some((set, _)) => *set = set.union(&hit),
            None => found.push((hit, atoms)),
        }
    }
    if !left.is_empty() {
        found.push((left, AtomSet::ANY));
    }
    found
}

/// Prefix length (longest first), network and interface of what the global table holds.
fn table(device: &Device) -> Vec<(std::cmp::Reverse<u8>, AddrSet, u32)> {
    let interfaces = || (0u32..).zip(device.interfaces.all()).filter(|(_, i)| i.vrf.is_none());
    let connected = interfaces().flat_map(|(atom, i)| i.addresses.iter().map(move |p| (*p, atom)));
    let connected: Vec<_> = connected.collect();
    let behind = |via| {
        let near = connected.iter().filter(|(p, _)| p.network().contains(via));
        near.max_by_key(|(p, _)| p.len).map(|(_, atom)| *atom)
    };
    let routes = device.routes.iter().filter(|route| route.vrf.is_none());
    let routes =
        routes.filter_map(|r| Some((r.to, r.interface.or_else(|| r.via.and_then(behind))?)));
    let mut all: Vec<_> = connected
        .iter()
        .copied()
        .chain(routes)
        .map(|(p, atom)| (std::cmp::Reverse(p.len), p.network(), atom))
        .collect();
    all.sort_by_key(|entry| (entry.0, entry.1.ranges(), entry.2));
    all
}

/// Interfaces in groups that meet the same lists.
pub(super) fn groups(device: &Device, atoms: &AtomSet, incoming: Direction) -> Vec<AtomSet> {
    let mut groups = vec![atoms.clone()];
    for hook in device.rulesets.iter().flat_map(|list| &list.hooks) {
        let ((Hook::In(set), Direction::In) | (Hook::Out(set), Direction::Out)) = (hook, incoming)
        else {
            continue;
        };
        let split = |group: AtomSet| [group.intersect(set), group.minus(set)];
        groups = groups.into_iter().flat_map(split).filter(|group| !group.is_empty()).collect();
    }
    groups
}

/// Whether packets come in or leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

#[cfg(test)]
mod tests {
    use super::*;
    use portvakt_model::{Prefix, Route, SourceId};

    #[test]
    fn the_longest_prefix_leads_to_an_address() {
        let mut device = Device::new("r", "test", SourceId(0));
        let prefix = |text: &str, len| Prefix { addr: text.parse().unwrap(), len };
        device.interfaces.entry("inside").addresses.push(prefix("10.1.0.1", 16));
        device.interfaces.entry("outside").addresses.push(prefix("192.0.2.1", 24));
        let route = |to, via: &str| Route {
            to,
            via: Some(via.parse().unwrap()),
            interface: None,
            vrf: None,
            line: 1,
        };
        device.routes.push(route(prefix("0.0.0.0", 0), "192.0.2.254"));
        device.routes.push(route(prefix("10.9.0.0", 16), "10.1.0.254"));
        let places = routed(&device, &AddrSet::ANY);
        let at = |text: &str| {
            let addr = text.parse().unwrap();
            places.iter().find(|(set, _)| set.contains(addr)).map(|(_, atoms)| atoms.clone())
        };
        assert_eq!(at("10.1.2.3"), Some(AtomSet::one(0)));
        assert_eq!(at("10.9.2.3"), Some(AtomSet::one(0)));
        assert_eq!(at("198.51.100.1"), Some(AtomSet::one(1)));
        assert_eq!(at("2001:db8::1"), Some(AtomSet::ANY));
    }
}

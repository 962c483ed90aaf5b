//! All that is audited together, and the facts computed from it once.

use std::collections::hash_map::Entry;
use std::net::IpAddr;

use jiff::civil::Date;
use portvakt_model::{
    Coverage, Decision, Device, Exception, LineState, Location, Object, Observations, Parameters,
    Problem, RuleRef, Ruleset, RulesetId, Shown, Site, Source, SourceId, SsidStandard, System,
    Witness, ZoneId,
};
use portvakt_space::{AddrSet, Family, Packet, Traffic};
use rustc_hash::FxHashMap;

use crate::facts::Facts;
use crate::lists::RuleKey;

/// All that is audited together. Facts are computed when first asked for, and once.
pub struct Audit<'a> {
    /// The site file; empty when there is none.
    pub site: &'a Site,
    /// Parameters of the packs in force with the site's own on top.
    pub parameters: &'a Parameters,
    /// The day that is judged.
    pub today: Date,
    /// Every device of every export.
    pub devices: &'a [Device],
    /// Every source; the index is the [`SourceId`].
    pub sources: &'a [Source],
    /// Line states; the index is the [`SourceId`].
    pub coverage: &'a [Coverage],
    /// The municipality's tables.
    pub tables: Tables<'a>,
    /// What follows from all this.
    pub facts: Facts<'a>,
}

/// The municipality's tables. `None` where no such table was given: what needs it cannot tell.
#[derive(Default)]
pub struct Tables<'a> {
    /// Port-opening decisions of all registers.
    pub decisions: Option<Vec<&'a Decision>>,
    /// Register cells that could not be understood.
    pub problems: Vec<&'a Problem>,
    /// Systems and assets.
    pub systems: Option<Vec<&'a System>>,
    /// Standard for wireless networks.
    pub ssids: Option<Vec<&'a SsidStandard>>,
    /// Exceptions.
    pub exceptions: Vec<&'a Exception>,
    /// What was seen on the network, file by file.
    pub observations: Option<Vec<ObservedFile<'a>>>,
}

/// What one file, or a scan of this very run, says was seen.
#[derive(Clone, Copy, Debug)]
pub struct ObservedFile<'a> {
    /// The file.
    pub source: SourceId,
    /// Runs and endpoints.
    pub observations: &'a Observations,
}

impl<'a> Audit<'a> {
    /// Devices with their index.
    pub fn devices(&self) -> impl Iterator<Item = (u32, &'a Device)> + use<'a> {
        (0..).zip(self.devices)
    }

    /// A device's list.
    pub fn ruleset(&self, device: u32, id: RulesetId) -> &'a Ruleset {
        &self.devices[device as usize].rulesets[id.0 as usize]
    }

    /// A line of a device's export.
    pub fn at(&self, device: u32, line: u32) -> Location {
        let source = self.devices[device as usize].source;
        if line == 0 { Location::Whole(source) } else { Location::line(source, line) }
    }

    /// The place of an object, which may be in another file than the device.
    pub fn object_at(&self, device: u32, object: &Object) -> Location {
        match object.source {
            Some(source) => Location::line(source, object.line),
            None => self.at(device, object.line),
        }
    }

    /// The place of a rule: its own line, or that of its list where the vendor implies it.
    pub fn rule_at(&self, rule: &RuleRef) -> Location {
        let list = self.ruleset(rule.device, rule.ruleset);
        self.at(rule.device, if rule.line == 0 { list.line } else { rule.line })
    }

    /// A reference to a rule; `None` is the list's default.
    pub fn rule_ref(&self, device: u32, ruleset: RulesetId, rule: Option<u32>) -> RuleRef {
        let list = self.ruleset(device, ruleset);
        let found = rule.and_then(|i| list.rules.get(i as usize));
        RuleRef {
            device,
            ruleset,
            rule,
            id: found.and_then(|r| r.id()).map(str::to_owned),
            line: found.map_or(list.default.line.unwrap_or(0), |r| r.line),
        }
    }

    /// A packet of `traffic` as proof of what a device does with it, with the names of interfaces; from
    /// another machine than the device where there is one.
    pub fn witness(
        &self,
        device: u32,
        traffic: &Traffic,
        rule: Option<RuleKey>,
        permitted: bool,
    ) -> Option<Witness> {
        let own = self.own_addresses(device);
        let others = Traffic { src: traffic.src.minus(own), ..traffic.clone() };
        let sample = |t: &Traffic| Family::BOTH.into_iter().find_map(|f| t.sample(f));
        let packet = sample(&others).or_else(|| sample(traffic))?;
        Some(self.witness_of(device, packet, rule, permitted))
    }

    /// A packet as proof, with the names of its interfaces.
    pub fn witness_of(
        &self,
        device: u32,
        packet: Packet,
        rule: Option<RuleKey>,
        permitted: bool,
    ) -> Witness {
        let interfaces = &self.devices[device as usize].interfaces;
        let name = |atom: u32| interfaces.get(atom).map(|i| i.name.clone());
        Witness {
            packet,
            device,
            permitted,
            decided_by: rule.map(|r| self.rule_ref(device, r.ruleset, r.rule)),
            in_name: name(packet.iif),
            out_name: name(packet.oif),
        }
    }

    /// Traffic with the zones' names where its addresses are a whole zone. Parts between the same
    /// addresses become one, by whatever interface and in whatever state.
    pub fn shown(&self, parts: &[Traffic]) -> Vec<Shown> {
        let whole = |set: &AddrSet, zone: &AddrSet| {
            set == zone || Family::BOTH.into_iter().any(|f| set.has(f) && *set == zone.only(f))
        };
        let name = |set: &AddrSet| {
            let zones = self.site.zones.iter().zip(self.zone_addresses());
            let mut named = zones.filter(|(_, addresses)| !set.is_empty() && whole(set, addresses));
            named.next().map(|(zone, _)| zone.name.clone())
        };
        let one = |t: &Traffic| Shown { traffic: t.clone(), src: name(&t.src), dst: name(&t.dst) };
        merged(parts).iter().map(one).collect()
    }

    /// The zone that an address is in.
    pub fn zone_of(&self, address: IpAddr) -> Option<ZoneId> {
        let zones = (0..).map(ZoneId).zip(self.zone_addresses());
        zones.filter(|(_, addresses)| addresses.contains(address)).map(|(id, _)| id).next()
    }

    /// Systems that are decommissioned, with those of their addresses that no system in use was given
    /// since: by a row of its own that is no wider.
    pub fn gone_systems(&self) -> Vec<(&'a System, AddrSet)> {
        let systems = || self.tables.systems.iter().flatten().copied();
        let (gone, in_use): (Vec<&System>, Vec<&System>) =
            systems().partition(|s| s.is_gone_on(self.today));
        let ranges =
            || in_use.iter().filter_map(|s| s.addresses.as_ref()).flat_map(AddrSet::ranges);
        let given: Vec<AddrSet> = ranges().map(|(lo, hi)| AddrSet::range(lo, hi)).collect();
        let left = |own: &AddrSet| {
            own.minus(&AddrSet::union_all(given.iter().filter(|r| r.is_subset(own))))
        };
        let known = gone.into_iter().filter_map(|s| Some((s, s.addresses.as_ref()?)));
        known
            .map(|(system, own)| (system, left(own)))
            .filter(|(_, left)| !left.is_empty())
            .collect()
    }

    /// The names of zones.
    pub fn zone_names(&self, ids: impl IntoIterator<Item = ZoneId>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for id in ids {
            let name = &self.site.zone(id).name;
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The text of a line as it may be shown.
    pub fn line(&self, source: SourceId, line: u32) -> String {
        self.sources[source.0 as usize].line(line).trim().to_owned()
    }

    /// The name of a source's file, without folders.
    pub fn file_name(&self, source: SourceId) -> &'a str {
        let path = self.sources[source.0 as usize].path.as_str();
        path.rsplit(['/', '\\']).next().unwrap_or(path)
    }

    /// Lines of a source that were not recognised, or whose effect is not modelled.
    pub fn not_understood(&self, source: SourceId) -> Vec<(u32, LineState)> {
        self.coverage[source.0 as usize].not_understood().collect()
    }
}

/// Traffic between the same addresses as one part each.
fn merged(parts: &[Traffic]) -> Vec<Traffic> {
    let mut places: FxHashMap<(&AddrSet, &AddrSet), usize> = FxHashMap::default();
    let mut all: Vec<Traffic> = Vec::new();
    for part in parts {
        match places.entry((&part.src, &part.dst)) {
            Entry::Occupied(place) => {
                let known = &mut all[*place.get()];
                known.service = known.service.union(&part.service);
            }
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push(part.clone());
            }
        }
    }
    all
}

//! The sources, destinations and services of a policy.

use portvakt_model::Told;
use portvakt_space::{AddrSet, AtomSet, Family, ServiceSet};

use super::groups::Extent;
use super::reasons;
use super::rules::Objects;
use super::services::negated;
use super::tree::Node;
use super::vips::Vip;

/// What a policy matches, before VIPs are told apart.
pub(super) struct Matching {
    sources: Extent<AddrSet>,
    pub(super) source_names: Vec<String>,
    /// Destinations that are not VIPs; `None` when there are only VIPs.
    plain: Option<Extent<AddrSet>>,
    plain_names: Vec<String>,
    vips: Vec<Vip>,
    services: Extent<ServiceSet>,
    pub(super) service_names: Vec<String>,
}

/// A product of sets within a policy.
pub(super) struct Part {
    pub(super) sources: Extent<AddrSet>,
    pub(super) destinations: Extent<AddrSet>,
    pub(super) services: Extent<ServiceSet>,
    pub(super) iif: AtomSet,
    pub(super) names: Vec<String>,
    pub(super) nat: Vec<u32>,
}

/// The keys of one side of a policy.
struct Side {
    v4: &'static str,
    v6: &'static str,
    negate: &'static str,
    negate6: &'static str,
    service: [&'static str; 2],
}

const SOURCE: Side = Side {
    v4: "srcaddr",
    v6: "srcaddr6",
    negate: "srcaddr-negate",
    negate6: "srcaddr6-negate",
    service: ["internet-service-src", "internet-service6-src"],
};
const DESTINATION: Side = Side {
    v4: "dstaddr",
    v6: "dstaddr6",
    negate: "dstaddr-negate",
    negate6: "dstaddr6-negate",
    service: ["internet-service", "internet-service6"],
};

/// What one side names.
struct Addressed {
    extent: Option<Extent<AddrSet>>,
    names: Vec<String>,
    vips: Vec<Vip>,
}

impl Matching {
    pub(super) fn read(
        entry: Node<'_, '_>,
        family: Family,
        user: &str,
        objects: &mut Objects,
    ) -> Self {
        let source = addressed(entry, &SOURCE, family, user, objects);
        let destination = addressed(entry, &DESTINATION, family, user, objects);
        let (services, service_names) = services(entry, user, objects);
        let missing = |side: &str| Extent::unknown(AddrSet::ANY, Told::of(reasons::NOT_SET, side));
        let only_vips = destination.extent.is_none() && !destination.vips.is_empty();
        let plain = match destination.extent {
            Some(extent) => Some(extent),
            None if only_vips => None,
            None => Some(missing("dstaddr")),
        };
        Self {
            sources: source.extent.unwrap_or_else(|| missing("srcaddr")),
            source_names: source.names,
            plain,
            plain_names: destination.names,
            vips: destination.vips,
            services,
            service_names,
        }
    }

    /// The products it consists of. VIPs that differ in one respect only are one product.
    pub(super) fn parts(&self, iif: &AtomSet) -> Vec<Part> {
        let plain = self.plain.iter().map(|destinations| Part {
            sources: self.sources.clone(),
            destinations: destinations.clone(),
            services: self.services.clone(),
            iif: iif.clone(),
            names: self.plain_names.clone(),
            nat: Vec::new(),
        });
        let plain: Vec<Part> = plain.collect();
        let mut parts: Vec<Part> = Vec::new();
        for vip in &self.vips {
            let part = self.translated(vip, iif);
            let like = |p: &&mut Part| p.merges(&part);
            match parts.iter_mut().rev().take(64).find(like) {
                Some(known) => known.absorb(part),
                None => parts.push(part),
            }
        }
        plain.into_iter().chain(parts).collect()
    }

    /// What reaches a VIP, as it looks after translation: the mapped address, and those of the
    /// policy's services that the mapped port has.
    fn translated(&self, vip: &Vip, iif: &AtomSet) -> Part {
        let narrow = |set: &AddrSet| set.intersect(&vip.sources);
        let sources = Extent {
            most: narrow(&self.sources.most),
            least: narrow(&self.sources.least),
            why: self.sources.why.clone(),
        };
        let services = Extent {
            most: self.services.most.intersect(&vip.service),
            least: self.services.least.intersect(&vip.service),
            why: self.services.why.clone(),
        };
        let destinations = match &vip.why {
            Some(why) => Extent::unknown(vip.mapped.clone(), why.clone()),
            None => Extent::exact(vip.mapped.clone()),
        };
        Part {
            sources,
            destinations,
            services,
            iif: iif.intersect(&vip.iif),
            names: vec![vip.name.clone()],
            nat: vec![vip.nat],
        }
    }
}

impl Part {
    fn merges(&self, other: &Self) -> bool {
        let same_rest = self.iif == other.iif && self.sources == other.sources;
        let same_end = self.services == other.services || self.destinations == other.destinations;
        same_rest && same_end
    }

    fn absorb(&mut self, other: Self) {
        self.destinations = Extent::join(&[&self.destinations, &other.destinations]);
        self.services = Extent::join(&[&self.services, &other.services]);
        self.names.extend(other.names);
        self.nat.extend(other.nat);
    }
}

/// One side of a policy: addresses of both versions, or the vendor's list of internet services,
/// whose addresses and ports are in no export.
fn addressed(
    entry: Node<'_, '_>,
    side: &Side,
    family: Family,
    user: &str,
    objects: &mut Objects,
) -> Addressed {
    let mut out = Addressed { extent: None, names: Vec::new(), vips: Vec::new() };
    let listed = entry.list(side.v4);
    if !listed.is_empty() {
        let negate = entry.is(side.negate, "enable");
        one_version(&listed, family, negate, user, objects, &mut out);
    }
    let listed6 = entry.list(side.v6);
    if !listed6.is_empty() && family == Family::V4 {
        let negate6 = entry.is(side.negate6, "enable");
        let unclear = entry.is(side.negate, "enable") && entry.get(side.negate6).is_none();
        one_version(&listed6, Family::V6, negate6, user, objects, &mut out);
        // Before `-negate6` existed one switch spoke for both versions.
        if unclear && !listed.is_empty() {
            let why = format!("{} {}", side.negate, side.v6);
            out.add(Extent::unknown(AddrSet::all(Family::V6), why));
        }
    }
    for (key, family) in side.service.into_iter().zip(Family::BOTH) {
        if entry.is(key, "enable") {
            let names = service_names(entry, key);
            let why = format!("{key} {}", names.join(" "));
            out.add(Extent::unknown(AddrSet::all(family), why));
            out.names.extend(names);
        }
    }
    out
}

impl Addressed {
    fn add(&mut self, extent: Extent<AddrSet>) {
        self.extent = Some(match self.extent.take() {
            Some(known) => Extent::join(&[&known, &extent]),
            None => extent,
        });
    }
}

fn one_version(
    listed: &[(&str, u32)],
    family: Family,
    negate: bool,
    user: &str,
    objects: &mut Objects,
    out: &mut Addressed,
) {
    let mut extents = Vec::new();
    for (name, line) in listed {
        let addresses = if family == Family::V4 { &objects.v4 } else { &objects.v6 };
        if let Some(extent) = addresses.find(name) {
            extents.push(extent);
            out.names.push((*name).to_owned());
        } else if let Some(vips) = objects.vips.find(family, name) {
            if negate {
                let why = Told::of(reasons::NEGATED_VIP, *name);
                extents.push(Extent::unknown(AddrSet::all(family), why));
                out.names.push((*name).to_owned());
            } else {
                out.vips.extend(vips.into_iter().cloned());
            }
        } else {
            extents.push(addresses.missing(name, *line, user, &mut objects.undefined));
            out.names.push((*name).to_owned());
        }
    }
    if extents.is_empty() {
        return;
    }
    let joined = Extent::join(&extents.iter().collect::<Vec<_>>());
    out.add(if negate { Extent::exact(AddrSet::all(family)).without(&joined) } else { joined });
}

fn service_names(entry: Node<'_, '_>, key: &str) -> Vec<String> {
    let kinds = ["name", "group", "custom", "custom-group", "id"];
    kinds
        .iter()
        .flat_map(|kind| entry.list(&format!("{key}-{kind}")))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The services of a policy. An internet service as destination brings its own.
fn services(
    entry: Node<'_, '_>,
    user: &str,
    objects: &mut Objects,
) -> (Extent<ServiceSet>, Vec<String>) {
    let listed = entry.list("service");
    let names = listed.iter().map(|(name, _)| (*name).to_owned()).collect();
    let internet = DESTINATION.service.iter().any(|key| entry.is(key, "enable"));
    if internet {
        return (Extent::unknown(ServiceSet::ANY, reasons::INTERNET_PORTS), names);
    }
    if listed.is_empty() {
        return (Extent::unknown(ServiceSet::ANY, Told::of(reasons::NOT_SET, "service")), names);
    }
    let extent = objects.services.extent(&listed, user, &mut objects.undefined);
    let negate = entry.is("service-negate", "enable");
    (if negate { negated(&extent) } else { extent }, names)
}

//! Sets of addresses as rules use them: `-m set --match-set NAME src,dst`.

use std::rc::Rc;

use portvakt_model::{Device, Object, ObjectKind};
use portvakt_space::{AddrSet, ServiceBox, ServiceSet, Traffic, has_ports};
use rustc_hash::FxHashMap;

use crate::{Context, Dimension, IpsetContent, IpsetFile};

/// The sets that the rules of one file can name.
pub(super) struct Sets<'c> {
    /// Those that the file itself defines.
    own: IpsetFile,
    /// Those of the `ipset save` that goes with it.
    other: Option<&'c IpsetFile>,
    /// What a set narrows a rule to, by name and flags.
    known: FxHashMap<(String, String), Option<Product>>,
    uses: FxHashMap<String, u32>,
}

/// What `--match-set` finds.
pub(super) enum Match {
    Product(Product),
    /// The set is not modelled, or no sets are at hand.
    NotKnown,
    /// Sets are at hand, and this is none of them.
    Undefined,
}

/// A set as a product of the fields that it narrows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Product {
    pub(super) src: Option<AddrSet>,
    pub(super) dst: Option<AddrSet>,
    pub(super) service: Option<ServiceSet>,
    /// Whether the set is this product; otherwise it is a part of it.
    pub(super) exact: bool,
    /// The products whose union the set is, where it is no product itself.
    pub(super) parts: Rc<[Traffic]>,
}

impl Product {
    /// What of `all` is outside the set, as products; `None` when they are too many.
    pub(super) fn without(&self, all: &Traffic) -> Option<Rc<[Traffic]>> {
        const MOST_PARTS: usize = 64;
        const MOST_LEFT: usize = 512;
        let whole = self.exact.then(|| Traffic {
            src: self.src.clone().unwrap_or(AddrSet::ANY),
            dst: self.dst.clone().unwrap_or(AddrSet::ANY),
            service: self.service.clone().unwrap_or(ServiceSet::ANY),
            ..Traffic::ANY
        });
        let mut left = vec![all.clone()];
        for part in whole.iter().chain(&*self.parts).take(MOST_PARTS + 1) {
            left = left.iter().flat_map(|t| t.minus(part)).collect();
        }
        (self.parts.len() <= MOST_PARTS && left.len() <= MOST_LEFT).then(|| left.into())
    }

    /// What is outside the set, where that is a product: when one field is narrowed.
    pub(super) fn complement(&self) -> Option<Self> {
        let whole = Self { exact: true, ..Self::default() };
        match (self.exact, &self.src, &self.dst, &self.service) {
            (true, Some(set), None, None) => Some(Self { src: Some(set.complement()), ..whole }),
            (true, None, Some(set), None) => Some(Self { dst: Some(set.complement()), ..whole }),
            (true, None, None, Some(set)) => {
                Some(Self { service: Some(set.complement()), ..whole })
            }
            _ => None,
        }
    }
}

impl<'c> Sets<'c> {
    pub(super) fn new(own: Option<IpsetFile>, path: &str, context: &'c Context) -> Self {
        Self {
            own: own.unwrap_or_default(),
            other: belonging(path, &context.ipsets),
            known: FxHashMap::default(),
            uses: FxHashMap::default(),
        }
    }

    /// What a set narrows a rule to.
    pub(super) fn find(&mut self, name: &str, flags: &str) -> Match {
        if let Some(uses) = self.uses.get_mut(name) {
            *uses += 1;
        } else {
            self.uses.insert(name.to_owned(), 1);
        }
        let other = self.other.and_then(|file| file.sets.get(name));
        let Some(content) = self.own.sets.get(name).or(other) else {
            let none_at_hand = self.own.sets.is_empty() && self.other.is_none();
            return if none_at_hand { Match::NotKnown } else { Match::Undefined };
        };
        let key = (name.to_owned(), flags.to_owned());
        let make = || content.as_ref().and_then(|content| product(content, flags));
        match self.known.entry(key).or_insert_with(make) {
            Some(product) => Match::Product(product.clone()),
            None => Match::NotKnown,
        }
    }

    /// Whether no rule has named a set.
    pub(super) fn is_unused(&self) -> bool {
        self.uses.is_empty()
    }

    /// Adds the sets of the file itself to the device, and those of the file that goes with it, with their
    /// uses.
    pub(super) fn declare(&self, path: &str, device: &mut Device) {
        let other = self.other.filter(|file| {
            stem(&file.path) == stem(path)
                || self.uses.keys().any(|name| file.sets.contains_key(name))
        });
        for file in std::iter::once(&self.own).chain(other) {
            let mut lines: Vec<(&String, &u32)> = file.lines.iter().collect();
            lines.sort_by_key(|(_, line)| **line);
            let objects = lines.into_iter().map(|(name, &line)| self.object(file, name, line));
            device.objects.extend(objects);
        }
    }

    fn object(&self, file: &IpsetFile, name: &str, line: u32) -> Object {
        let kind = match file.sets.get(name) {
            Some(Some(IpsetContent::Addresses(set))) => ObjectKind::Address(Some(set.clone())),
            Some(None) => ObjectKind::Address(None),
            _ => ObjectKind::Other,
        };
        // A set of the other file by the name of one of the own is not the one that rules mean.
        let hidden = file.source.is_some() && self.own.sets.contains_key(name);
        let uses = if hidden { 0 } else { self.uses.get(name).copied().unwrap_or(0) };
        let (name, source) = (name.to_owned(), file.source);
        Object { name, kind, line, source, uses, predefined: false }
    }
}

fn stem(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// The sets that go with a rule file: those with the same folder and stem, else the only ones.
fn belonging<'c>(path: &str, files: &'c [IpsetFile]) -> Option<&'c IpsetFile> {
    let same = files.iter().find(|f| stem(&f.path) == stem(path));
    same.or(match files {
        [only] => Some(only),
        _ => None,
    })
}

/// A set with the flags of one rule (`src,dst`) as a product.
fn product(content: &IpsetContent, flags: &str) -> Option<Product> {
    let sources: Vec<bool> = flags.split(',').map(|f| f.starts_with("src")).collect();
    match content {
        IpsetContent::Addresses(set) => {
            let mut product = Product { exact: true, ..Product::default() };
            let side = if sources[0] { &mut product.src } else { &mut product.dst };
            *side = Some(set.clone());
            Some(product)
        }
        IpsetContent::Tuples { dimensions, members } if sources.len() >= dimensions.len() => {
            let placed = members.iter().map(|m| place(m, dimensions, &sources)).collect();
            Some(merge(placed))
        }
        IpsetContent::Tuples { .. } => None,
    }
}

/// A member with each dimension on the side that its flag says.
fn place(member: &Traffic, dimensions: &[Dimension], sources: &[bool]) -> Traffic {
    let mut placed = Traffic::ANY;
    let mut addresses = [&member.src, &member.dst].into_iter();
    for (dimension, &source) in dimensions.iter().zip(sources) {
        match (dimension, source) {
            (Dimension::Port, true) => {
                let turned = |b: &ServiceBox| {
                    let (sport, dport) =
                        if has_ports(b.proto.0) { (b.dport, b.sport) } else { (b.sport, b.dport) };
                    ServiceBox { sport, dport, ..*b }
                };
                placed.service = member.service.boxes().iter().map(turned).collect();
            }
            (Dimension::Port, false) => placed.service = member.service.clone(),
            (Dimension::Address, source) => {
                let Some(set) = addresses.next() else { continue };
                let side = if source { &mut placed.src } else { &mut placed.dst };
                *side = side.intersect(set);
            }
        }
    }
    placed
}

/// The union of the members, as a product: exact when merging along one field after the other
/// leaves one.
fn merge(members: Vec<Traffic>) -> Product {
    let by_source = grouped(
        members,
        |t| (t.dst.clone(), t.service.clone()),
        |group| Traffic {
            src: AddrSet::union_all(group.iter().map(|t| &t.src)),
            ..group[0].clone()
        },
    );
    let by_service = grouped(
        by_source,
        |t| (t.src.clone(), t.dst.clone()),
        |group| Traffic {
            service: group.iter().flat_map(|t| t.service.boxes()).copied().collect(),
            ..group[0].clone()
        },
    );
    let all = grouped(
        by_service,
        |t| (t.src.clone(), t.service.clone()),
        |group| Traffic {
            dst: AddrSet::union_all(group.iter().map(|t| &t.dst)),
            ..group[0].clone()
        },
    );
    let exact = all.len() <= 1;
    let src = AddrSet::union_all(all.iter().map(|t| &t.src));
    let dst = AddrSet::union_all(all.iter().map(|t| &t.dst));
    let service: ServiceSet = all.iter().flat_map(|t| t.service.boxes()).copied().collect();
    Product {
        parts: if exact { Rc::default() } else { all.into() },
        src: (!src.is_any()).then_some(src),
        dst: (!dst.is_any()).then_some(dst),
        service: (service != ServiceSet::ANY).then_some(service),
        exact,
    }
}

/// Groups by a key, in order of first appearance, and joins each group.
fn grouped<K: std::hash::Hash + Eq>(
    members: Vec<Traffic>,
    key: impl Fn(&Traffic) -> K,
    join: impl Fn(&[Traffic]) -> Traffic,
) -> Vec<Traffic> {
    let mut places: FxHashMap<K, usize> = FxHashMap::default();
    let mut groups: Vec<Vec<Traffic>> = Vec::new();
    for member in members {
        let place = *places.entry(key(&member)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(member);
    }
    groups.iter().map(|group| join(group)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::network;
    use portvakt_space::{TCP, UDP};

    fn member(src: &str, proto: u8, port: u16) -> Traffic {
        Traffic {
            src: network(src).unwrap(),
            service: ServiceBox::to(proto, port, port).into(),
            ..Traffic::ANY
        }
    }

    fn tuples(members: Vec<Traffic>) -> IpsetContent {
        IpsetContent::Tuples { dimensions: vec![Dimension::Address, Dimension::Port], members }
    }

    #[test]
    fn flags_turn_the_dimensions() {
        let set = tuples(vec![member("192.0.2.1", TCP, 80)]);
        let there = product(&set, "dst,dst").unwrap();
        assert_eq!((there.src, there.dst), (None, network("192.0.2.1")));
        let back = product(&set, "src,src").unwrap();
        assert!(back.exact && back.src == network("192.0.2.1"));
        assert_eq!(back.service, Some(ServiceBox::ports(TCP, (80, 80), (0, 65535)).into()));
        assert_eq!(product(&set, "src"), None, "a flag for each dimension is needed");
    }

    #[test]
    fn a_set_that_is_no_product_is_part_of_one() {
        let full = tuples(vec![
            member("192.0.2.1", TCP, 80),
            member("192.0.2.2", TCP, 80),
            member("192.0.2.1", UDP, 53),
            member("192.0.2.2", UDP, 53),
        ]);
        assert!(product(&full, "src,dst").unwrap().exact);
        let part = tuples(vec![member("192.0.2.1", TCP, 80), member("192.0.2.2", UDP, 53)]);
        let most = product(&part, "src,dst").unwrap();
        assert!(!most.exact && most.complement().is_none());
        assert_eq!(most.parts.len(), 2);
        let outside = most.without(&Traffic::ANY).unwrap();
        let shared = |t: &Traffic| most.parts.iter().any(|p| p.overlaps(t));
        assert!(!outside.is_empty() && !outside.iter().any(shared));
        assert_eq!(most.service.unwrap().boxes().len(), 2);
    }

    #[test]
    fn sets_belong_to_the_rules_of_the_same_name() {
        let file = |path: &str| IpsetFile { path: path.into(), ..IpsetFile::default() };
        let files = [file("a/x.ipset"), file("b/x.ipset")];
        assert_eq!(belonging("b/x.rules", &files).map(|f| f.path.as_str()), Some("b/x.ipset"));
        assert!(belonging("c/x.rules", &files).is_none());
        assert!(belonging("c/y.rules", &files[..1]).is_some());
    }
}

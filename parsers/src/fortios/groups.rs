//! Objects and groups of objects, resolved to what they match at most and at least.

use portvakt_model::Told;
use portvakt_space::{AddrSet, ServiceSet};
use rustc_hash::{FxHashMap, FxHashSet};

use super::reasons;

/// Most separate ranges that a group may come to; a larger one is not resolved.
const MAX_SIZE: usize = 65_536;
/// Most ranges that all groups of a device may come to together.
const MAX_TOTAL: usize = 8_000_000;

/// A set that objects name.
pub(super) trait Set: Clone {
    /// Nothing.
    fn none() -> Self;
    /// All of many sets.
    fn join(sets: &[&Self]) -> Self;
    /// What the other does not have.
    fn without(&self, other: &Self) -> Self;
    /// How many ranges or boxes it is stored as.
    fn size(&self) -> usize;
}

impl Set for AddrSet {
    fn none() -> Self {
        Self::NONE
    }

    fn join(sets: &[&Self]) -> Self {
        Self::union_all(sets.iter().copied())
    }

    fn without(&self, other: &Self) -> Self {
        self.minus(other)
    }

    fn size(&self) -> usize {
        self.ranges().len()
    }
}

impl Set for ServiceSet {
    fn none() -> Self {
        Self::none()
    }

    fn join(sets: &[&Self]) -> Self {
        Self::from_boxes(sets.iter().flat_map(|s| s.boxes().iter().copied()))
    }

    fn without(&self, other: &Self) -> Self {
        self.minus(other)
    }

    fn size(&self) -> usize {
        self.boxes().len()
    }
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extent<S> {
    /// It matches no more than this.
    pub(super) most: S,
    /// It matches no less than this.
    pub(super) least: S,
    /// Why the two differ.
    pub(super) why: Vec<Told>,
}

impl<S: Set> Extent<S> {
    /// Exactly `set`.
    pub(super) fn exact(set: S) -> Self {
        Self { least: set.clone(), most: set, why: Vec::new() }
    }

    /// Something within `most`.
    pub(super) fn unknown(most: S, why: impl Into<Told>) -> Self {
        Self { most, least: S::none(), why: vec![why.into()] }
    }

    /// The set, when it is exactly known.
    pub(super) fn known(&self) -> Option<S> {
        self.why.is_empty().then(|| self.most.clone())
    }

    /// All of several.
    pub(super) fn join(parts: &[&Self]) -> Self {
        if let [one] = parts {
            return (*one).clone();
        }
        let most: Vec<&S> = parts.iter().map(|p| &p.most).collect();
        let least: Vec<&S> = parts.iter().map(|p| &p.least).collect();
        let mut why: Vec<Told> = Vec::new();
        for reason in parts.iter().flat_map(|p| &p.why).take(MAX_REASONS) {
            if !why.contains(reason) {
                why.push(reason.clone());
            }
        }
        Self { most: S::join(&most), least: S::join(&least), why }
    }

    /// What `cut` does not have.
    pub(super) fn without(&self, cut: &Self) -> Self {
        let why = self.why.iter().chain(&cut.why).take(MAX_REASONS).cloned().collect();
        Self { most: self.most.without(&cut.least), least: self.least.without(&cut.most), why }
    }
}

/// More reasons than this tell a reader nothing more.
const MAX_REASONS: usize = 16;

/// What an object is.
pub(super) enum Definition<S> {
    /// Something by itself.
    Is(Extent<S>),
    /// The union of others, some taken out again.
    Group { members: Vec<String>, exclude: Vec<String> },
}

/// Objects by name, with what an unknown one may be at most.
pub(super) struct Resolver<'a, S> {
    definitions: &'a FxHashMap<String, Definition<S>>,
    any: S,
    done: FxHashMap<&'a str, Extent<S>>,
    open: FxHashSet<&'a str>,
    total: usize,
}

/// Resolves every object. A group that contains itself, or has grown past all measure, may be
/// anything within `any`; so may a member that is not defined.
pub(super) fn resolve<S: Set>(
    definitions: &FxHashMap<String, Definition<S>>,
    any: S,
) -> FxHashMap<&str, Extent<S>> {
    let mut names: Vec<&str> = definitions.keys().map(String::as_str).collect();
    names.sort_unstable();
    let (done, open) = (FxHashMap::default(), FxHashSet::default());
    let mut resolver = Resolver { definitions, any, done, open, total: 0 };
    for name in names {
        resolver.run(name);
    }
    resolver.done
}

impl<'a, S: Set> Resolver<'a, S> {
    /// Depth first with a stack of its own: groups may nest as deep as the file says.
    fn run(&mut self, root: &'a str) {
        let mut stack = vec![root];
        while let Some(&name) = stack.last() {
            if self.done.contains_key(name) {
                stack.pop();
                continue;
            }
            if self.open.insert(name)
                && let Some(Definition::Group { members, exclude }) = self.definitions.get(name)
            {
                let fresh = members.iter().chain(exclude).map(String::as_str);
                let fresh = fresh.filter(|m| self.definitions.contains_key(*m));
                stack.extend(fresh.filter(|m| !self.open.contains(m)));
                continue;
            }
            let extent = self.compute(name);
            self.total += extent.most.size();
            self.done.insert(name, extent);
            stack.pop();
        }
    }

    fn compute(&self, name: &str) -> Extent<S> {
        match self.definitions.get(name) {
            Some(Definition::Is(extent)) => extent.clone(),
            Some(Definition::Group { members, exclude }) => {
                let whole = self.union(name, members);
                let whole = if exclude.is_empty() {
                    whole
                } else {
                    whole.without(&self.union(name, exclude))
                };
                let big = whole.most.size() > MAX_SIZE || self.total > MAX_TOTAL;
                if big { self.too_large(name) } else { whole }
            }
            None => Extent::unknown(self.any.clone(), Told::of(reasons::UNDEFINED, name)),
        }
    }

    fn too_large(&self, name: &str) -> Extent<S> {
        Extent::unknown(self.any.clone(), Told::of(reasons::TOO_LARGE, name))
    }

    fn union(&self, group: &str, members: &[String]) -> Extent<S> {
        let unknown: Vec<Extent<S>> = members
            .iter()
            .filter(|m| !self.done.contains_key(m.as_str()))
            .map(|m| {
                let defined = self.definitions.contains_key(m);
                let words = if defined { reasons::ENDLESS } else { reasons::UNDEFINED_MEMBER };
                let values = vec![("name", group.to_owned()), ("member", m.clone())];
                Extent::unknown(self.any.clone(), Told::Said(words, values))
            })
            .take(MAX_REASONS)
            .collect();
        let known = members.iter().filter_map(|m| self.done.get(m.as_str()));
        Extent::join(&known.chain(&unknown).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portvakt_space::Family;

    fn net(text: &str) -> AddrSet {
        crate::net::network(text).unwrap()
    }

    fn group(members: &[&str], exclude: &[&str]) -> Definition<AddrSet> {
        let own = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Definition::Group { members: own(members), exclude: own(exclude) }
    }

    #[test]
    fn groups_nest_exclude_and_may_be_wrong() {
        let mut all = FxHashMap::default();
        all.insert("a".to_owned(), Definition::Is(Extent::exact(net("10.0.0.0/24"))));
        all.insert("b".to_owned(), Definition::Is(Extent::exact(net("10.0.0.128/25"))));
        all.insert("inner".to_owned(), group(&["a"], &["b"]));
        all.insert("outer".to_owned(), group(&["inner"], &[]));
        all.insert("self".to_owned(), group(&["a", "loop"], &[]));
        all.insert("loop".to_owned(), group(&["self"], &[]));
        all.insert("gone".to_owned(), group(&["a", "nobody"], &[]));
        all.insert("empty".to_owned(), group(&[], &[]));
        let done = resolve(&all, AddrSet::all(Family::V4));
        assert_eq!(done["outer"].known(), Some(net("10.0.0.0/25")));
        assert_eq!(done["empty"].known(), Some(AddrSet::NONE));
        assert_eq!(done["gone"].least, net("10.0.0.0/24"));
        assert_eq!(done["gone"].most, AddrSet::all(Family::V4));
        assert_eq!(done["self"].known(), None);
        assert_eq!(done["self"].least, net("10.0.0.0/24"));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_groups_is_no_problem() {
        let mut all = FxHashMap::default();
        all.insert("g0".to_owned(), Definition::Is(Extent::exact(net("10.0.0.0/24"))));
        for n in 1..100_000 {
            all.insert(format!("g{n}"), group(&[&format!("g{}", n - 1)], &[]));
        }
        let done = resolve(&all, AddrSet::ANY);
        assert_eq!(done["g99999"].known(), Some(net("10.0.0.0/24")));
    }
}

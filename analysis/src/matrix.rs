//! The service matrix of a list: which addresses may open a connection of one service to which.
//!
//! The address space falls into classes: two addresses are in one class when they have the same rights
//! as source towards all and as destination from all. That is the smallest such partition.
//!
//! A list is laid out, and its steps become cuts: sources × destinations that are let through or not.
//! Between two neighbouring ends of their ranges all addresses are alike, so one row of bits for each
//! range of destinations, a bit for each range of sources, holds the answer. Equal rows and equal
//! columns are one class.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::civil::Date;
use portvakt_model::{Device, RulesetId};
use portvakt_space::{AddrSet, AtomSet, Bound, Family, ServiceBox, StateSet, Traffic};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::flatten::{FlatList, flatten_openings};
use crate::sources::Sources;
use crate::steps::{Step, Steps};

/// Most ranges of sources × ranges of destinations that are weighed.
pub const MAX_CELLS: usize = 1 << 31;
/// Most classes that are told apart.
pub const MAX_CLASSES: usize = 4096;

/// What is asked of a list.
pub struct Question<'a> {
    /// The device.
    pub device: &'a Device,
    /// The list.
    pub root: RulesetId,
    /// The day whose schedules hold.
    pub today: Date,
    /// The IP version.
    pub family: Family,
    /// The service: one protocol with one source port and one destination port (or ICMP type and code).
    pub service: ServiceBox,
    /// Whether what is unknown is taken as permitted ([`Bound::Most`]) or as denied.
    pub bound: Bound,
    /// The interface that packets come in by. Otherwise a rule for some interfaces may match, and never
    /// is sure to.
    pub iif: Option<u32>,
    /// The interface that packets leave by.
    pub oif: Option<u32>,
    /// What lies behind interfaces.
    pub sources: &'a Sources,
}

/// Who may reach whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The classes of addresses, largest first. Together they are the whole address space.
    pub classes: Vec<AddrSet>,
    /// Pairs of classes, by index: the first may open connections to the second.
    pub edges: Vec<(usize, usize)>,
    /// Whether the list could be laid out whole. Otherwise more is unknown than the rules say.
    pub complete: bool,
}

/// Why there is no matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// Ranges of sources and of destinations whose product is above [`MAX_CELLS`].
    Ranges(usize, usize),
    /// More than [`MAX_CLASSES`] classes.
    Classes,
}

/// Answers a question.
pub fn matrix(question: &Question<'_>) -> Result<Matrix, TooLarge> {
    let within = Traffic { service: question.service.into(), ..question.region() };
    let flat = flatten_openings(question.device, question.root, question.today, &within);
    let cuts = joined(&question.cuts(&flat, &within));
    let mut matrix = of_cuts(&cuts, question.family)?;
    matrix.complete = flat.complete;
    Ok(matrix)
}

impl Question<'_> {
    /// Packets of the interfaces that are asked for.
    fn region(&self) -> Traffic {
        let fixed = |interface: Option<u32>| interface.map_or(AtomSet::ANY, AtomSet::one);
        Traffic {
            iif: fixed(self.iif),
            oif: fixed(self.oif),
            state: StateSet::NEW,
            ..Traffic::all(self.family)
        }
    }

    /// What each step lets through or stops, by addresses alone.
    fn cuts(&self, flat: &FlatList<'_>, within: &Traffic) -> Vec<Cut> {
        let exact = self.sources_stand_for_interfaces(&flat.steps, within);
        flat.steps.iter().filter_map(|step| self.cut(&step, exact)).collect()
    }

    /// Whether a match on an interface can be replaced by one on its sources. It must hold for all
    /// services, so the list is laid out once more where this service alone does not say no.
    fn sources_stand_for_interfaces(&self, steps: &Steps<'_>, within: &Traffic) -> bool {
        let holds = |steps: &Steps<'_>, whole: &Traffic| {
            self.sources.stand_for_interfaces(steps, whole, self.bound)
        };
        if self.iif.is_some() || !self.sources.matter_to(steps) || !holds(steps, within) {
            return false;
        }
        let all = self.region();
        holds(&flatten_openings(self.device, self.root, self.today, &all).steps, &all)
    }

    fn cut(&self, step: &Step<'_>, exact: bool) -> Option<Cut> {
        let (permits, traffic) = step.resolved(self.bound);
        let traffic = traffic?;
        // What widens the answer may match by some interface; what narrows it must by each.
        let by_some = permits == (self.bound == Bound::Most);
        let sources = self.sources_by(&traffic.iif, by_some, exact)?;
        if !by_some && self.oif.is_none() && !traffic.oif.is_any() {
            return None;
        }
        let src = traffic.src.only(self.family).intersect(&sources);
        let dst = traffic.dst.only(self.family);
        (!src.is_empty() && !dst.is_empty()).then_some(Cut { permits, src, dst })
    }

    /// The sources that match by some of these interfaces, or by every interface there may be.
    fn sources_by(&self, interfaces: &AtomSet, by_some: bool, exact: bool) -> Option<AddrSet> {
        if self.iif.is_some() || interfaces.is_any() {
            return Some(AddrSet::ANY);
        }
        let of_others =
            || self.sources.behind(&interfaces.complement()).map(|set| set.complement());
        let own = self.sources.behind(interfaces);
        match (by_some, exact) {
            (true, true) => Some(own.or_else(of_others).unwrap_or(AddrSet::ANY)),
            (false, true) => own.or_else(of_others),
            (true, false) => Some(own.unwrap_or(AddrSet::ANY)),
            (false, false) => of_others(),
        }
    }
}

/// Sources × destinations that are let through or stopped, unless something before decides.
#[derive(Clone, Debug)]
struct Cut {
    permits: bool,
    src: AddrSet,
    dst: AddrSet,
}

/// Neighbours that decide alike, to the same destinations or from the same sources, as one cut.
fn joined(cuts: &[Cut]) -> Vec<Cut> {
    let alike = |a: &Cut, b: &Cut| a.permits == b.permits;
    let join = |run: &[Cut]| {
        let by_dst = unite(run.iter().map(|cut| (&cut.dst, &cut.src)));
        let by_src = unite(by_dst.iter().map(|(dst, src)| (src, dst)));
        let permits = run[0].permits;
        by_src.into_iter().map(move |(src, dst)| Cut { permits, src, dst }).collect::<Vec<_>>()
    };
    cuts.chunk_by(alike).flat_map(join).collect()
}

/// The values of equal keys as one, in order of their first.
fn unite<'a>(pairs: impl Iterator<Item = (&'a AddrSet, &'a AddrSet)>) -> Vec<(AddrSet, AddrSet)> {
    let mut places: FxHashMap<&AddrSet, usize> = FxHashMap::default();
    let mut all: Vec<(&AddrSet, Vec<&AddrSet>)> = Vec::new();
    for (key, value) in pairs {
        let place = *places.entry(key).or_insert_with(|| {
            all.push((key, Vec::new()));
            all.len() - 1
        });
        all[place].1.push(value);
    }
    let one = |(key, values): (&AddrSet, Vec<&AddrSet>)| (key.clone(), AddrSet::union_all(values));
    all.into_iter().map(one).collect()
}

fn of_cuts(cuts: &[Cut], family: Family) -> Result<Matrix, TooLarge> {
    let sources = Axis::new(cuts.iter().map(|cut| &cut.src), family);
    let destinations = Axis::new(cuts.iter().map(|cut| &cut.dst), family);
    if sources.len().saturating_mul(destinations.len()) > MAX_CELLS {
        return Err(TooLarge::Ranges(sources.len(), destinations.len()));
    }
    let grid = Grid::new(cuts, &sources, &destinations);
    classes(&grid, &sources, &destinations, family)
}

/// The address space cut where some set begins or ends.
struct Axis {
    family: Family,
    /// First addresses of the ranges, as numbers; the first is 0.
    starts: Vec<u128>,
}

impl Axis {
    fn new<'a>(sets: impl Iterator<Item = &'a AddrSet>, family: Family) -> Self {
        let mut starts = vec![0];
        let last = last(family);
        for (lo, hi) in sets.flat_map(|set| ranges(set, family)) {
            starts.push(lo);
            starts.extend((hi < last).then(|| hi + 1));
        }
        starts.sort_unstable();
        starts.dedup();
        Self { family, starts }
    }

    fn len(&self) -> usize {
        self.starts.len()
    }

    /// The range that an address is in.
    fn place(&self, address: u128) -> usize {
        self.starts.partition_point(|start| *start <= address) - 1
    }

    /// Ranges of ranges that make up a set, the end excluded.
    fn spans(&self, set: &AddrSet) -> Vec<(usize, usize)> {
        let span = |(lo, hi)| (self.place(lo), self.place(hi) + 1);
        ranges(set, self.family).into_iter().map(span).collect()
    }
}

/// Addresses as numbers.
fn ranges(set: &AddrSet, family: Family) -> Vec<(u128, u128)> {
    match family {
        Family::V4 => set.v4().ranges().iter().map(|&(lo, hi)| (lo.into(), hi.into())).collect(),
        Family::V6 => set.v6().ranges().to_vec(),
    }
}

fn last(family: Family) -> u128 {
    if family == Family::V4 { u32::MAX.into() } else { u128::MAX }
}

fn address(bits: u128, family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from(bits as u32).into(),
        Family::V6 => Ipv6Addr::from(bits).into(),
    }
}

/// A row of bits.
type Row = Box<[u64]>;

/// What is let through, by range of sources and of destinations.
struct Grid {
    /// The rows there are, each once.
    rows: Vec<Row>,
    /// The row of each range of destinations.
    row_of: Vec<usize>,
}

/// Rows that one thread computes in a go.
const CHUNK: usize = 64;

impl Grid {
    fn new(cuts: &[Cut], sources: &Axis, destinations: &Axis) -> Self {
        let spans = |axis: &Axis, set: fn(&Cut) -> &AddrSet| -> Vec<Vec<(usize, usize)>> {
            cuts.iter().map(|cut| axis.spans(set(cut))).collect()
        };
        let plan = Plan {
            cuts,
            width: sources.len(),
            src: spans(sources, |cut| &cut.src),
            dst: spans(destinations, |cut| &cut.dst),
        };
        let starts: Vec<usize> = (0..destinations.len()).step_by(CHUNK).collect();
        let end = |start: usize| (start + CHUNK).min(destinations.len());
        let chunks: Vec<Self> =
            starts.into_par_iter().map(|start| plan.rows(start, end(start))).collect();
        let mut grid = Self { rows: Vec::new(), row_of: Vec::with_capacity(destinations.len()) };
        let mut known = FxHashMap::default();
        for chunk in chunks {
            let ids: Vec<usize> =
                chunk.rows.into_iter().map(|row| grid.id(row, &mut known)).collect();
            grid.row_of.extend(chunk.row_of.into_iter().map(|row| ids[row]));
        }
        grid
    }

    /// The number of a row, which is added when it is new.
    fn id(&mut self, row: Row, known: &mut FxHashMap<Row, usize>) -> usize {
        *known.entry(row).or_insert_with_key(|row| {
            self.rows.push(row.clone());
            self.rows.len() - 1
        })
    }

    fn permits(&self, source: usize, row: usize) -> bool {
        self.rows[row][source / 64] & (1 << (source % 64)) != 0
    }

    /// Ranges of sources with equal columns have equal numbers.
    fn columns(&self, width: usize) -> Vec<usize> {
        let words = self.rows.len().div_ceil(64);
        let mut columns = vec![0u64; words * width];
        for (number, row) in self.rows.iter().enumerate() {
            for_each_bit(row, |source| columns[source * words + number / 64] |= 1 << (number % 64));
        }
        let mut known: FxHashMap<&[u64], usize> = FxHashMap::default();
        let mut number = |source: usize| {
            let next = known.len();
            *known.entry(&columns[source * words..(source + 1) * words]).or_insert(next)
        };
        (0..width).map(&mut number).collect()
    }
}

fn for_each_bit(row: &[u64], mut each: impl FnMut(usize)) {
    for (at, word) in row.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            each(at * 64 + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// Cuts on the two axes.
struct Plan<'a> {
    cuts: &'a [Cut],
    width: usize,
    src: Vec<Vec<(usize, usize)>>,
    dst: Vec<Vec<(usize, usize)>>,
}

impl Plan<'_> {
    /// The rows of some ranges of destinations, each once.
    fn rows(&self, start: usize, end: usize) -> Grid {
        let mut grid = Grid { rows: Vec::new(), row_of: Vec::with_capacity(end - start) };
        let mut known = FxHashMap::default();
        let (mut active, changes) = self.active(start, end);
        for changed in changes {
            for cut in changed {
                active[cut / 64] ^= 1 << (cut % 64);
            }
            let row = self.row(&active);
            let id = grid.id(row, &mut known);
            grid.row_of.push(id);
        }
        grid
    }

    /// A bit for each cut, none of them set, and for each range of destinations the bits that change.
    fn active(&self, start: usize, end: usize) -> (Row, Vec<Vec<usize>>) {
        let mut changes = vec![Vec::new(); end - start];
        for (cut, spans) in self.dst.iter().enumerate() {
            let first = spans.partition_point(|span| span.1 <= start);
            for &(lo, hi) in spans[first..].iter().take_while(|span| span.0 < end) {
                changes[lo.max(start) - start].push(cut);
                if hi < end {
                    changes[hi - start].push(cut);
                }
            }
        }
        (vec![0; self.cuts.len().div_ceil(64)].into(), changes)
    }

    /// What the active cuts let through, the first of them deciding.
    fn row(&self, active: &[u64]) -> Row {
        let words = self.width.div_ceil(64);
        let (mut open, mut permitted) = (vec![u64::MAX; words], vec![0; words]);
        for_each_bit(active, |cut| {
            for &(lo, hi) in &self.src[cut] {
                for_each_word(lo, hi, |word, mask| {
                    if self.cuts[cut].permits {
                        permitted[word] |= open[word] & mask;
                    }
                    open[word] &= !mask;
                });
            }
        });
        permitted.into()
    }
}

/// The words that bits `lo..hi` are in, each with the mask of these bits.
fn for_each_word(lo: usize, hi: usize, mut each: impl FnMut(usize, u64)) {
    let (first, last) = (lo / 64, (hi - 1) / 64);
    for word in first..=last {
        let from = if word == first { lo % 64 } else { 0 };
        let to = if word == last { (hi - 1) % 64 } else { 63 };
        each(word, u64::MAX >> (63 - to) & (u64::MAX << from));
    }
}

/// A class while it is collected.
struct Collected {
    /// A range of sources of it, and the row of its destinations.
    source: usize,
    row: usize,
    ranges: Vec<AddrSet>,
}

fn classes(
    grid: &Grid,
    sources: &Axis,
    destinations: &Axis,
    family: Family,
) -> Result<Matrix, TooLarge> {
    let columns = grid.columns(sources.len());
    let mut starts = [&sources.starts[..], &destinations.starts[..]].concat();
    starts.sort_unstable();
    starts.dedup();
    let mut known: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    let mut found: Vec<Collected> = Vec::new();
    for (at, &start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).map_or(last(family), |next| next - 1);
        let (source, row) = (sources.place(start), grid.row_of[destinations.place(start)]);
        let class = *known.entry((columns[source], row)).or_insert_with(|| {
            found.push(Collected { source, row, ranges: Vec::new() });
            found.len() - 1
        });
        found[class].ranges.push(AddrSet::range(address(start, family), address(end, family)));
        if found.len() > MAX_CLASSES {
            return Err(TooLarge::Classes);
        }
    }
    Ok(ordered(found, grid, family))
}

fn ordered(found: Vec<Collected>, grid: &Grid, family: Family) -> Matrix {
    let mut classes: Vec<(AddrSet, usize, usize)> = found
        .into_iter()
        .map(|class| (AddrSet::union_all(&class.ranges), class.source, class.row))
        .collect();
    // Stable: among equals the one with the lowest address is first.
    classes.sort_by_key(|(set, ..)| std::cmp::Reverse(set.size(family)));
    let mut edges = Vec::new();
    for (from, (_, source, _)) in classes.iter().enumerate() {
        let to = classes.iter().enumerate();
        let reached = to.filter(|(_, (_, _, row))| grid.permits(*source, *row));
        edges.extend(reached.map(|(to, _)| (from, to)));
    }
    let classes = classes.into_iter().map(|(set, ..)| set).collect();
    Matrix { classes, edges, complete: true }
}

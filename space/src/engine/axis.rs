//! Fields of a packet, and the compression of their values to ranks.
//!
//! All boundaries that a list mentions cut a field into cells; a cell's number is its rank. Within
//! a cell no rule can tell one value from another.

use std::net::IpAddr;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::kinds::{CellSet, Kinds};
use crate::list::Rules;
use crate::{
    AddrSet, AtomSet, Family, Packet, RangeSet, ServiceBox, ServiceSet, State, StateSet, Traffic,
};

/// Fields of a packet, in the order in which pieces are cut. Protocols come before ports: a cut
/// along a port then only ever meets protocols that have ports.
pub(crate) const FIELDS: usize = 8;
pub(crate) const IIF: usize = 0;
pub(crate) const OIF: usize = 1;
pub(crate) const STATE: usize = 2;
pub(crate) const DST: usize = 3;
pub(crate) const SRC: usize = 4;
pub(crate) const PROTO: usize = 5;
pub(crate) const SPORT: usize = 6;
pub(crate) const DPORT: usize = 7;

/// Inclusive ranges of values for each field.
pub(crate) type Values = [Vec<(u128, u128)>; FIELDS];

/// The highest value of each field.
fn tops(family: Family) -> [u128; FIELDS] {
    let address = match family {
        Family::V4 => u32::MAX.into(),
        Family::V6 => u128::MAX,
    };
    let (atom, port) = (u32::MAX.into(), u16::MAX.into());
    [atom, atom, State::ALL.len() as u128 - 1, address, address, u8::MAX.into(), port, port]
}

/// Calls `visit` with products that together make up one IP version of `traffic`: one for each
/// run of services that differ in their destination ports only.
pub(crate) fn for_each_product(
    traffic: &Traffic,
    family: Family,
    scratch: &mut Values,
    mut visit: impl FnMut(&Values),
) {
    if !traffic.has(family) {
        return;
    }
    set_atoms(&mut scratch[IIF], &traffic.iif);
    set_atoms(&mut scratch[OIF], &traffic.oif);
    set_states(&mut scratch[STATE], traffic.state);
    set_addresses(&mut scratch[DST], &traffic.dst, family);
    set_addresses(&mut scratch[SRC], &traffic.src, family);
    let same_but_dport = |a: &ServiceBox, b: &ServiceBox| (a.proto, a.sport) == (b.proto, b.sport);
    for run in traffic.service.boxes().chunk_by(same_but_dport) {
        set_one(&mut scratch[PROTO], run[0].proto);
        set_one(&mut scratch[SPORT], run[0].sport);
        match run {
            [one] => set_one(&mut scratch[DPORT], one.dport),
            _ => set(&mut scratch[DPORT], &RangeSet::from_ranges(run.iter().map(|b| b.dport))),
        }
        visit(scratch);
    }
}

fn set_one<T: Into<u128>>(out: &mut Vec<(u128, u128)>, (lo, hi): (T, T)) {
    out.clear();
    out.push((lo.into(), hi.into()));
}

fn set<T: crate::Point + Into<u128>>(out: &mut Vec<(u128, u128)>, values: &RangeSet<T>) {
    out.clear();
    out.extend(values.ranges().iter().map(|&(lo, hi)| (lo.into(), hi.into())));
}

fn set_atoms(out: &mut Vec<(u128, u128)>, atoms: &AtomSet) {
    if atoms.is_any() { set_one(out, (0, u32::MAX)) } else { set(out, &atoms.ranges()) }
}

fn set_addresses(out: &mut Vec<(u128, u128)>, addresses: &AddrSet, family: Family) {
    match (family, addresses.v4_range()) {
        (Family::V4, Some(range)) => set_one(out, range),
        (Family::V4, None) => set(out, &addresses.v4()),
        (Family::V6, _) => match addresses.v6_range() {
            Some(range) => set_one(out, range),
            None => set(out, &addresses.v6()),
        },
    }
}

fn set_states(out: &mut Vec<(u128, u128)>, states: StateSet) {
    if states.is_any() {
        return set_one(out, (0u8, State::ALL.len() as u8 - 1));
    }
    let ranks: RangeSet<u8> = states.iter().map(|s| (s as u8, s as u8)).collect();
    set(out, &ranks);
}

/// A packet's value in each field.
pub(crate) fn values_of(packet: &Packet) -> [u128; FIELDS] {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u32::from(v4).into(),
        IpAddr::V6(v6) => u128::from(v6),
    };
    let mut values = [0; FIELDS];
    values[IIF] = packet.iif.into();
    values[OIF] = packet.oif.into();
    values[STATE] = packet.state as u128;
    values[DST] = bits(packet.dst);
    values[SRC] = bits(packet.src);
    values[PROTO] = packet.proto.into();
    values[SPORT] = packet.sport.into();
    values[DPORT] = packet.dport.into();
    values
}

/// The product of one IP version as traffic.
pub(crate) fn to_traffic(values: &Values, family: Family) -> Traffic {
    let services = values[PROTO].iter().flat_map(|proto| {
        values[SPORT].iter().flat_map(move |sport| {
            values[DPORT].iter().map(move |dport| ServiceBox {
                proto: (proto.0 as u8, proto.1 as u8),
                sport: (sport.0 as u16, sport.1 as u16),
                dport: (dport.0 as u16, dport.1 as u16),
            })
        })
    });
    Traffic {
        src: addresses(&values[SRC], family),
        dst: addresses(&values[DST], family),
        service: ServiceSet::from_boxes(services),
        iif: atoms(&values[IIF]),
        oif: atoms(&values[OIF]),
        state: State::ALL
            .into_iter()
            .filter(|s| holds(&values[STATE], *s as u128))
            .fold(StateSet::NONE, |all, s| all.union(StateSet::one(s))),
    }
}

fn addresses(ranges: &[(u128, u128)], family: Family) -> AddrSet {
    match family {
        Family::V4 => AddrSet::from_parts(
            ranges.iter().map(|r| (r.0 as u32, r.1 as u32)).collect(),
            RangeSet::empty(),
        ),
        Family::V6 => AddrSet::from_parts(RangeSet::empty(), ranges.iter().copied().collect()),
    }
}

fn atoms(ranges: &[(u128, u128)]) -> AtomSet {
    AtomSet::from_ranges(ranges.iter().map(|r| (r.0 as u32, r.1 as u32)).collect())
}

fn holds(ranges: &[(u128, u128)], value: u128) -> bool {
    ranges.iter().any(|r| r.0 <= value && value <= r.1)
}

/// Where the cells of one field start. Narrow fields take a quarter of the room.
#[derive(Clone, Debug)]
enum Starts {
    Narrow(Vec<u32>),
    Wide(Vec<u128>),
}

impl Starts {
    fn none(top: u128) -> Self {
        if top > u32::MAX.into() { Self::Wide(Vec::new()) } else { Self::Narrow(Vec::new()) }
    }

    fn push(&mut self, start: u128) {
        match self {
            Self::Narrow(starts) => starts.push(start as u32),
            Self::Wide(starts) => starts.push(start),
        }
    }

    fn tidy(&mut self) {
        match self {
            Self::Narrow(starts) => sort_dedup(starts),
            Self::Wide(starts) => sort_dedup(starts),
        }
    }

    fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Narrow(all), Self::Narrow(more)) => all.extend(more),
            (Self::Wide(all), Self::Wide(more)) => all.extend(more),
            (Self::Wide(all), Self::Narrow(more)) => all.extend(more.into_iter().map(u128::from)),
            (Self::Narrow(all), Self::Wide(more)) => all.extend(more.into_iter().map(|s| s as u32)),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Narrow(starts) => starts.len(),
            Self::Wide(starts) => starts.len(),
        }
    }

    fn get(&self, at: usize) -> Option<u128> {
        match self {
            Self::Narrow(starts) => starts.get(at).map(|s| (*s).into()),
            Self::Wide(starts) => starts.get(at).copied(),
        }
    }

    /// The number of starts up to `value`, which is known to be one of `among`.
    fn up_to(&self, value: u128, among: Range<usize>) -> usize {
        among.start
            + match self {
                Self::Narrow(starts) => {
                    let value = u32::try_from(value).unwrap_or(u32::MAX);
                    starts[among].partition_point(|s| *s <= value)
                }
                Self::Wide(starts) => starts[among].partition_point(|s| *s <= value),
            }
    }
}

fn sort_dedup<T: Ord + Send>(values: &mut Vec<T>) {
    values.par_sort_unstable();
    values.dedup();
    values.shrink_to_fit();
}

/// A table that says of equally wide steps between the first and the last start how many starts lie
/// before each: what is left to search is short, where starts are spread at all evenly.
#[derive(Clone, Debug, Default)]
struct Guide {
    first: u128,
    shift: u32,
    before: Vec<u32>,
}

impl Guide {
    fn new(starts: &Starts) -> Self {
        let (Some(first), Some(last)) = (starts.get(0), starts.get(starts.len().saturating_sub(1)))
        else {
            return Self::default();
        };
        let bits = u128::BITS - (last - first).leading_zeros();
        let shift = bits.saturating_sub(usize::BITS - starts.len().leading_zeros());
        let mut before = vec![0u32; ((last - first) >> shift) as usize + 2];
        for start in (0..starts.len()).filter_map(|at| starts.get(at)) {
            before[((start - first) >> shift) as usize + 1] += 1;
        }
        for step in 1..before.len() {
            before[step] += before[step - 1];
        }
        Self { first, shift, before }
    }

    /// How many starts there may be up to `value`: one of this range, its end included.
    fn among(&self, value: u128) -> Range<usize> {
        let Some(beyond) = value.checked_sub(self.first) else { return 0..0 };
        let step = (beyond >> self.shift).min(self.before.len() as u128) as usize;
        let at = |step: usize| self.before.get(step).or(self.before.last()).copied().unwrap_or(0);
        at(step) as usize..at(step + 1) as usize
    }
}

/// The ranks of one field: its cells, or where some set has several ranges, the kinds of them.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Starts of all cells but the first, which starts at 0.
    starts: Starts,
    guide: Guide,
    top: u128,
    kinds: Option<Kinds>,
}

/// Cells of a kind looked at for the widest, from which a packet's value is taken.
const WIDEST_OF: usize = 16;

impl Axis {
    /// Whether some rule cuts the field.
    pub(crate) fn is_cut(&self) -> bool {
        self.starts.len() > 0
    }

    /// The rank of a value.
    pub(crate) fn rank(&self, value: u128) -> u32 {
        let cell = self.cell(value);
        self.kinds.as_ref().map_or(cell, |kinds| kinds.of(cell))
    }

    /// Appends the ranks of a set of values that the axis was made for.
    pub(crate) fn ranks(&self, set: &[(u128, u128)], out: &mut Vec<(u32, u32)>) {
        for &(lo, hi) in set {
            let (lo, hi) = (self.cell(lo), self.cell(hi));
            let Some(kinds) = &self.kinds else {
                out.push((lo, hi));
                continue;
            };
            let Some((lo, hi)) = kinds.first_in(lo, hi) else { continue };
            match out.last_mut() {
                Some(last) if last.1 + 1 == lo => last.1 = hi,
                _ => out.push((lo, hi)),
            }
        }
    }

    /// The ranks of all values that no set tells from one of these.
    pub(crate) fn ranks_around(&self, set: &[(u128, u128)]) -> RangeSet<u32> {
        let cells = set.iter().map(|&(lo, hi)| (self.cell(lo), self.cell(hi)));
        match &self.kinds {
            None => cells.collect(),
            Some(kinds) if *set == [(0, self.top)] => RangeSet::range(0, kinds.len() - 1),
            Some(kinds) => {
                cells.flat_map(|(lo, hi)| lo..=hi).map(|c| (kinds.of(c), kinds.of(c))).collect()
            }
        }
    }

    /// The ranks of a range of values, where ranks rise with values.
    pub(crate) fn rank_range(&self, (lo, hi): (u128, u128)) -> Option<(u32, u32)> {
        self.kinds.is_none().then(|| (self.cell(lo), self.cell(hi)))
    }

    /// The values of a set of ranks.
    pub(crate) fn values(&self, ranks: &RangeSet<u32>) -> Vec<(u128, u128)> {
        let ranges = ranks.ranges().iter();
        let Some(kinds) = &self.kinds else {
            return ranges.map(|&(lo, hi)| self.values_of(lo, hi)).collect();
        };
        let cells = ranges.flat_map(|&(lo, hi)| lo..=hi).flat_map(|kind| kinds.cells(kind));
        let values: RangeSet<u128> = cells.map(|cell| self.values_of(*cell, *cell)).collect();
        values.ranges().to_vec()
    }

    /// A range of values that all have this rank, a wide one if there are several.
    pub(crate) fn some_values(&self, rank: u32) -> (u128, u128) {
        let Some(kinds) = &self.kinds else { return self.values_of(rank, rank) };
        let ranges = kinds.cells(rank).iter().take(WIDEST_OF).map(|c| self.values_of(*c, *c));
        ranges.max_by_key(|(lo, hi)| (hi - lo, std::cmp::Reverse(*lo))).unwrap_or((0, self.top))
    }

    /// The number of values of cells `lo` to `hi`, modulo 2¹²⁸. `open`: all from the last boundary on
    /// count as one.
    pub(crate) fn width(&self, lo: u32, hi: u32, open: bool) -> u128 {
        let (first, last) = self.values_of(lo, hi);
        let edge = self.starts.len().checked_sub(1).and_then(|at| self.starts.get(at)).unwrap_or(0);
        let last = if open { last.min(edge) } else { last };
        last.wrapping_sub(first).wrapping_add(1)
    }

    /// [`Axis::width`] of each rank, where ranks are not single cells.
    pub(crate) fn kind_widths(&self, open: bool) -> Option<Vec<u128>> {
        let kinds = self.kinds.as_ref()?;
        let of_kind = |kind| kinds.cells(kind).iter().map(|cell| self.width(*cell, *cell, open));
        let sum = |kind| of_kind(kind).fold(0u128, u128::wrapping_add);
        Some((0..kinds.len()).map(sum).collect())
    }

    /// Every value.
    pub(crate) fn all_values(&self) -> (u128, u128) {
        (0, self.top)
    }

    fn cell(&self, value: u128) -> u32 {
        self.starts.up_to(value, self.guide.among(value)) as u32
    }

    /// The values of cells `lo` to `hi`.
    fn values_of(&self, lo: u32, hi: u32) -> (u128, u128) {
        let first = (lo as usize).checked_sub(1).and_then(|at| self.starts.get(at)).unwrap_or(0);
        (first, self.starts.get(hi as usize).map_or(self.top, |next| next - 1))
    }
}

/// The ranks of all fields.
pub(crate) type Axes = [Axis; FIELDS];

/// The axes for one IP version of some rules.
pub(crate) fn axes(rules: &Rules, family: Family) -> Axes {
    let tops = tops(family);
    let none = || Cuts { starts: tops.map(Starts::none), divided: [false; FIELDS] };
    let Cuts { starts, divided } =
        rules.runs().map(|run| Cuts::of(rules, run, family)).reduce(none, Cuts::join);
    let mut starts: Vec<Starts> = starts.into();
    starts.par_iter_mut().for_each(Starts::tidy);
    let mut starts = starts.into_iter();
    let mut axes = tops.map(|top| {
        let starts = starts.next().unwrap_or_else(|| Starts::none(top));
        Axis { guide: Guide::new(&starts), starts, top, kinds: None }
    });
    for field in (0..FIELDS).filter(|field| divided[*field]) {
        let sets = cell_sets(rules, family, field, &axes[field]);
        let cells = axes[field].starts.len() + 1;
        axes[field].kinds = Kinds::new(&sets, cells);
    }
    axes
}

/// Where rules cut the fields.
struct Cuts {
    starts: [Starts; FIELDS],
    /// Whether some set of the field has several ranges.
    divided: [bool; FIELDS],
}

impl Cuts {
    fn of(rules: &Rules, run: Range<usize>, family: Family) -> Self {
        let tops = tops(family);
        let mut cuts = Self { starts: tops.map(Starts::none), divided: [false; FIELDS] };
        let mut scratch = Values::default();
        for traffic in rules.of(run).flat_map(|rule| rule.all()) {
            for_each_product(traffic, family, &mut scratch, |values| cuts.add(values, &tops));
        }
        cuts.starts.iter_mut().for_each(Starts::tidy);
        cuts
    }

    fn add(&mut self, values: &Values, tops: &[u128; FIELDS]) {
        for (field, ranges) in values.iter().enumerate() {
            self.divided[field] |= ranges.len() > 1;
            for &(lo, hi) in ranges {
                if lo > 0 {
                    self.starts[field].push(lo);
                }
                if hi < tops[field] {
                    self.starts[field].push(hi + 1);
                }
            }
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.starts.iter_mut().zip(other.starts).for_each(|(all, more)| all.append(more));
        self.divided.iter_mut().zip(other.divided).for_each(|(one, other)| *one |= other);
        self
    }
}

/// The distinct sets that rules have in one field.
fn cell_sets(rules: &Rules, family: Family, field: usize, axis: &Axis) -> FxHashSet<CellSet> {
    let of_run = |run: Range<usize>| {
        let (mut sets, mut set) = (FxHashSet::default(), CellSet::new());
        let mut scratch = Values::default();
        for traffic in rules.of(run).flat_map(|rule| rule.all()) {
            for_each_product(traffic, family, &mut scratch, |values| {
                set.clear();
                set.extend(values[field].iter().map(|r| (axis.cell(r.0), axis.cell(r.1))));
                if !sets.contains(&set) {
                    sets.insert(set.clone());
                }
            });
        }
        sets
    };
    let join = |mut all: FxHashSet<CellSet>, more: FxHashSet<CellSet>| {
        all.extend(more);
        all
    };
    rules.runs().map(of_run).reduce(FxHashSet::default, join)
}

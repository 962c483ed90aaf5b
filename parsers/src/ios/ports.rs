//! Ports and their operators, as access lists, object groups and class maps write them.

use portvakt_space::{RangeSet, ServiceBox, ServiceSet};

use super::args::Args;
use crate::names;

/// Reads `eq 80 443`, `neq`, `lt`, `gt` or `range`, when one stands next. `Err` holds a port that
/// has no known number.
pub(super) fn operator<'a>(args: &mut Args<'_, 'a>) -> Result<Option<RangeSet<u16>>, &'a str> {
    let Some(op) =
        args.try_next(|w| matches!(w, "eq" | "neq" | "lt" | "gt" | "range").then_some(w))
    else {
        return Ok(None);
    };
    let mut next = || args.next().map_or(Err(op), |w| number(w).ok_or(w));
    let first = next()?;
    let set = match op {
        "lt" => first.checked_sub(1).map_or(RangeSet::empty(), |hi| RangeSet::range(0, hi)),
        "gt" => first.checked_add(1).map_or(RangeSet::empty(), |lo| RangeSet::range(lo, u16::MAX)),
        "range" => {
            let second = next()?;
            RangeSet::range(first.min(second), first.max(second))
        }
        _ => several(first, args),
    };
    Ok(Some(if op == "neq" { set.complement() } else { set }))
}

/// `eq` and `neq` take up to ten ports.
fn several(first: u16, args: &mut Args<'_, '_>) -> RangeSet<u16> {
    let more = std::iter::from_fn(|| args.try_next(number));
    RangeSet::from_ranges(std::iter::once(first).chain(more).map(|p| (p, p)))
}

/// A port by number or by the name that IOS gives it.
pub(super) fn number(word: &str) -> Option<u16> {
    match word {
        "onep-plain" | "connectedapps-plain" => Some(15001),
        "onep-tls" | "connectedapps-tls" => Some(15002),
        _ => names::port(word),
    }
}

/// Protocols × source ports × destination ports; `None` is every port.
pub(super) fn services(
    protocols: &[u8],
    from: Option<&RangeSet<u16>>,
    to: Option<&RangeSet<u16>>,
) -> ServiceSet {
    let all = RangeSet::full();
    let (from, to) = (from.unwrap_or(&all), to.unwrap_or(&all));
    let pairs = protocols.iter().flat_map(|p| from.ranges().iter().map(move |s| (*p, *s)));
    pairs.flat_map(|(p, s)| to.ranges().iter().map(move |d| ServiceBox::ports(p, s, *d))).collect()
}

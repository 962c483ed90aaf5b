//! Connection states and TCP flags.
//!
//! The model has connection states, not flags. `--syn` (SYN set; ACK, RST and FIN not) is the
//! packet that starts a TCP connection, so it is [`StateSet::OPENING`] for TCP; before tracking it is
//! INVALID. What it is not is known less well: a packet that is not a bare SYN may still be NEW to
//! conntrack, which picks up connections in the middle. So `! --syn` surely matches ESTABLISHED packets
//! and may match others.

use portvakt_space::{State, StateSet};

use super::chains::Table;

/// States of a `--state` or `--ctstate` list, and whether some word is not modelled (DNAT and
/// SNAT, which are facts about translation, or an unknown word).
pub(super) fn list(text: &str) -> (StateSet, bool) {
    let (mut set, mut more) = (StateSet::NONE, false);
    for word in text.split(',') {
        match State::ALL.iter().find(|s| s.name().eq_ignore_ascii_case(word)) {
            Some(state) => set = set.union(StateSet::one(*state)),
            None => more = true,
        }
    }
    (set, more)
}

/// The states that a list matches at most, and whether that is exact. A packet matches a list when
/// one of its words holds; negated, when none does.
pub(super) fn at_most(text: &str, negated: bool) -> (StateSet, bool) {
    match (list(text), negated) {
        ((set, more), true) => (set.complement(), !more),
        ((_, true), false) => (StateSet::ANY, false),
        ((set, false), false) => (set, true),
    }
}

/// The states of a bare SYN in a chain of a table.
pub(super) fn of_syn(table: Table) -> StateSet {
    let invalid = StateSet::one(State::Invalid);
    if table == Table::Raw { StateSet::OPENING.union(invalid) } else { StateSet::OPENING }
}

/// Whether `--tcp-flags mask set` asks for a bare SYN.
pub(super) fn is_syn(mask: &str, set: &str) -> bool {
    let asks = |flag: &str| mask.split(',').any(|f| f.eq_ignore_ascii_case(flag));
    let known =
        |f: &str| ["SYN", "ACK", "RST", "FIN", "ALL"].iter().any(|k| f.eq_ignore_ascii_case(k));
    set.eq_ignore_ascii_case("SYN")
        && mask.split(',').all(known)
        && (asks("ALL") || asks("SYN") && asks("ACK") && asks("RST"))
}

/// The flags that tell a bare SYN from other segments, and PSH and URG, which it may carry.
const FLAGS: [&str; 6] = ["SYN", "ACK", "RST", "FIN", "PSH", "URG"];
const SYN: u8 = 0b1;
const KNOWN: u8 = 0b1111;

/// A list of flags as bits; `None` where a word is not known.
fn bits(list: &str) -> Option<u8> {
    let one = |word: &str| match FLAGS.iter().position(|f| f.eq_ignore_ascii_case(word)) {
        Some(at) => Some(1 << at),
        None if word.eq_ignore_ascii_case("ALL") => Some(0b11_1111),
        None if word.eq_ignore_ascii_case("NONE") => Some(0),
        None => None,
    };
    list.split(',').try_fold(0, |all, word| Some(all | one(word)?))
}

/// Whether no bare SYN passes `--tcp-flags mask set` (with `negated`: `! --tcp-flags mask set`).
pub(super) fn never_syn(mask: &str, set: &str, negated: bool) -> bool {
    let (Some(mask), Some(set)) = (bits(mask), bits(set)) else { return false };
    if negated {
        mask & !KNOWN == 0 && set == mask & SYN
    } else {
        set & !mask != 0 || (set ^ SYN) & mask & KNOWN != 0
    }
}

/// The sets of flags, as bits 0 to 63, that pass `--tcp-flags mask set`; all where a word is not known.
pub(super) fn flag_sets(mask: &str, set: &str, negated: bool) -> u64 {
    let (Some(mask), Some(set)) = (bits(mask), bits(set)) else { return u64::MAX };
    let passes = |flags: &u8| (flags & mask == set) != negated;
    (0..64).filter(passes).fold(0, |sets, flags| sets | 1 << flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negated_lists_exclude_what_they_name() {
        assert_eq!(at_most("RELATED,ESTABLISHED", false), (StateSet::RETURN, true));
        assert_eq!(at_most("INVALID", true).0.iter().count(), 4);
        assert_eq!(at_most("DNAT", false), (StateSet::ANY, false));
        let (set, exact) = at_most("NEW,SNAT", true);
        assert!(!exact && !set.contains(State::New) && set.contains(State::Related));
    }

    #[test]
    fn a_bare_syn_in_its_spellings() {
        assert!(is_syn("FIN,SYN,RST,ACK", "SYN"));
        assert!(is_syn("SYN,RST,ACK", "SYN"));
        assert!(!is_syn("SYN,RST", "SYN"));
        assert!(!is_syn("FIN,SYN,RST,PSH,ACK,URG", "NONE"));
        assert!(!is_syn("FIN,SYN", "FIN,SYN"));
    }

    #[test]
    fn sets_of_flags_are_counted() {
        assert_eq!(flag_sets("ALL", "NONE", false).count_ones(), 1);
        assert_eq!(flag_sets("SYN,FIN", "SYN,FIN", false).count_ones(), 16);
        assert_eq!(flag_sets("FIN,SYN,RST,ACK", "SYN", true).count_ones(), 60);
        assert_eq!(flag_sets("X", "NONE", false), u64::MAX);
    }

    #[test]
    fn flags_that_a_bare_syn_never_has() {
        for (mask, set) in [
            ("RST", "RST"),
            ("FIN,SYN,RST,ACK", "RST"),
            ("ALL", "NONE"),
            ("SYN,FIN", "SYN,FIN"),
            ("SYN", "NONE"),
        ] {
            assert!(never_syn(mask, set, false), "{mask} {set}");
        }
        for (mask, set) in [("SYN", "SYN"), ("RST", "NONE"), ("ALL", "SYN,PSH"), ("X", "X")] {
            assert!(!never_syn(mask, set, false), "{mask} {set}");
        }
        assert!(never_syn("SYN,ACK", "SYN", true));
        assert!(!never_syn("ALL", "SYN", true), "it may carry PSH");
        assert!(!never_syn("RST", "RST", true));
    }
}

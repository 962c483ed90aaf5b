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
}

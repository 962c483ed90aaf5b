//! What a rule does: verdicts, jumps, and targets that decide nothing.

use portvakt_model::{Action, Logging, RulesetId};
use rustc_hash::FxHashMap;

use super::{names, nat};

/// What a target name means among the chains of its table.
pub(super) struct Meaning {
    pub(super) action: Action,
    pub(super) logging: Logging,
    pub(super) known: Known,
}

/// Whether a target is one that this parser knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is.
    Yes,
    /// It is written as chains are, and there is no such chain.
    NoSuchChain,
    /// It is a chain that ufw makes itself, outside its rule files.
    Ufw,
    /// It may be an extension.
    No,
}

/// The meaning of `-j name` or `-g name`; a rule without a target only counts.
pub(super) fn meaning(name: Option<&str>, is_goto: bool, chains: &FxHashMap<&str, u32>) -> Meaning {
    let Some(name) = name else { return plain(Action::Continue) };
    match name {
        "ACCEPT" => plain(Action::Permit),
        "DROP" => plain(Action::Deny),
        "REJECT" => plain(Action::Reject),
        "RETURN" => plain(Action::Return),
        _ => match chains.get(name) {
            Some(&id) if is_goto => plain(Action::Goto(RulesetId(id))),
            Some(&id) => plain(Action::Jump(RulesetId(id))),
            None => extension(name),
        },
    }
}

fn plain(action: Action) -> Meaning {
    Meaning { action, logging: Logging::Off, known: Known::Yes }
}

fn extension(name: &str) -> Meaning {
    if names::logs(name) {
        return Meaning { logging: Logging::On, ..plain(Action::Continue) };
    }
    if names::decides_nothing(name) || nat::translates(name) {
        return plain(Action::Continue);
    }
    if names::decides_elsewhere(name) {
        return plain(Action::Unknown);
    }
    // Extensions are written in capitals; chains usually are not.
    let capitals = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if name.starts_with("ufw-") || name.starts_with("ufw6-") {
        return Meaning { known: Known::Ufw, ..plain(Action::Unknown) };
    }
    let known = if name.bytes().all(capitals) { Known::No } else { Known::NoSuchChain };
    Meaning { known, ..plain(Action::Unknown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, is_goto: bool) -> Meaning {
        let chains = [("web", 3)].into_iter().collect();
        meaning(Some(name), is_goto, &chains)
    }

    #[test]
    fn targets_are_told_from_chains() {
        assert_eq!(of("web", false).action, Action::Jump(RulesetId(3)));
        assert_eq!(of("web", true).action, Action::Goto(RulesetId(3)));
        assert_eq!(of("LOG", false).logging, Logging::On);
        assert_eq!(of("NFQUEUE", false).action, Action::Unknown);
        assert_eq!(of("NFQUEUE", false).known, Known::Yes);
        assert_eq!(of("mail", false).known, Known::NoSuchChain);
        assert_eq!(of("LOG_DROP", false).known, Known::NoSuchChain);
        assert_eq!(of("NEWTHING", false).known, Known::No);
        assert_eq!(meaning(None, false, &FxHashMap::default()).action, Action::Continue);
    }
}

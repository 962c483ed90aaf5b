//! Tables, their chains, and where netfilter hooks them.

use portvakt_model::{Action, Default, Hook, Ruleset};
use portvakt_space::Family;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Raw,
    Mangle,
    Nat,
    Filter,
    Security,
}

impl Table {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "raw" => Self::Raw,
            "mangle" => Self::Mangle,
            "nat" => Self::Nat,
            "filter" => Self::Filter,
            "security" => Self::Security,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Mangle => "mangle",
            Self::Nat => "nat",
            Self::Filter => "filter",
            Self::Security => "security",
        }
    }

    /// The hook of a built-in chain, with the priorities of `linux/netfilter_ipv4.h`.
    pub(super) fn hook(self, chain: &str) -> Option<Hook> {
        let priority = match (self, chain) {
            (Self::Raw, "PREROUTING" | "OUTPUT") => -300,
            (Self::Mangle, "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING") => -150,
            (Self::Nat, "PREROUTING" | "OUTPUT") => -100,
            (Self::Nat, "INPUT" | "POSTROUTING") => 100,
            (Self::Filter, "INPUT" | "FORWARD" | "OUTPUT") => 0,
            (Self::Security, "INPUT" | "FORWARD" | "OUTPUT") => 50,
            _ => return None,
        };
        Some(match chain {
            "PREROUTING" => Hook::Prerouting(priority),
            "INPUT" => Hook::Local(priority),
            "FORWARD" => Hook::Forward(priority),
            "OUTPUT" => Hook::Output(priority),
            _ => Hook::Postrouting(priority),
        })
    }

    /// An empty chain. A built-in one accepts what no rule decides until a policy says otherwise;
    /// from a user's one the packet returns.
    pub(super) fn ruleset(self, chain: &str, family: Family, line: u32) -> Ruleset {
        let hook = self.hook(chain);
        let action = if hook.is_some() { Action::Permit } else { Action::Return };
        Ruleset {
            families: vec![family],
            hooks: hook.into_iter().collect(),
            default: Default { action, line: None },
            ..Ruleset::new(format!("{}/{chain}", self.name()), line)
        }
    }
}

/// What a policy word decides; `None` for `-`, the policy of a user's chain.
pub(super) fn policy(word: &str) -> Option<Action> {
    match word {
        "ACCEPT" => Some(Action::Permit),
        "DROP" => Some(Action::Deny),
        "-" => None,
        _ => Some(Action::Unknown),
    }
}

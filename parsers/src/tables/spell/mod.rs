//! What people write in cells: dates, services, addresses, directions, states.
//!
//! Each reader gives the exact meaning of a text or says why it has none. A guess would let an
//! opening pass that nobody decided, so what has two meanings is refused with both named.

pub(super) mod addresses;
pub(super) mod dates;
pub(super) mod directions;
mod lexer;
mod names;
pub(super) mod services;
pub(super) mod words;

/// Why a cell could not be read and what would be, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Why {
    /// In Swedish.
    pub(super) sv: String,
    /// In English.
    pub(super) en: String,
}

impl Why {
    pub(super) fn new(sv: impl Into<String>, en: impl Into<String>) -> Self {
        Self { sv: sv.into(), en: en.into() }
    }
}

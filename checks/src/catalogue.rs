//! The plain list of all checks.

use portvakt_model::Message;

use crate::{Check, Family};

/// The families in the order of the manual.
pub static FAMILIES: &[Family] = &[];

/// Every check, in the order of the manual.
pub static ALL: std::sync::LazyLock<Vec<&'static Check>> =
    std::sync::LazyLock::new(|| FAMILIES.iter().flat_map(|f| f.checks).copied().collect());

/// The check of an id, name or earlier name, in any case.
pub fn find(text: &str) -> Option<&'static Check> {
    let is = |c: &&&Check| {
        let mut names = [c.id, c.name].into_iter().chain(c.aliases.iter().copied());
        names.any(|name| name.eq_ignore_ascii_case(text))
    };
    ALL.iter().find(is).copied()
}

#[expect(dead_code, reason = "headings are used where families are listed")]
const fn heading(sv: &'static str, en: &'static str) -> Message {
    Message { sv, en }
}

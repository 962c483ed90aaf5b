//! What each check says, in both languages.

use portvakt_model::Message;

mod certificates;
mod lints;
mod ssh;
mod tls;

/// A check of cryptography: its id and its sentences.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// Stable id that states the fault, or the thing that was judged.
    pub check: &'static str,
    /// What it is.
    pub title: Message,
    /// What to do; empty where there is nothing to do.
    pub fix: Message,
}

/// Every check, by family.
pub static WORDS: &[&[Words]] = &[tls::WORDS, certificates::WORDS, lints::WORDS, ssh::WORDS];

/// The check of a name. Each lint of certificates has one too, also where policies judge by the field that it
/// looks at.
pub fn find(check: &str) -> Option<&'static Words> {
    WORDS.iter().copied().flatten().find(|words| words.check == check)
}

/// The check of a name that stands in our code; a test asks that each does.
pub(super) fn of(check: &str) -> &'static Words {
    find(check).unwrap_or(&UNNAMED)
}

static UNNAMED: Words =
    words("other", ["Något annat bedömdes", "Something else was judged"], ["", ""]);

/// Sentences in Swedish and English: what it is, and what to do.
const fn words(check: &'static str, title: [&'static str; 2], fix: [&'static str; 2]) -> Words {
    let [sv, en] = title;
    let [fix_sv, fix_en] = fix;
    Words { check, title: Message { sv, en }, fix: Message { sv: fix_sv, en: fix_en } }
}

//! What records and answers say in English, told in Swedish.
//!
//! An answer as JSON is read again: as a baseline, beside a later one, by an audit. What it says of why
//! something is not known is therefore one text whatever the reader's language is, and is put into
//! Swedish where it is shown, by the phrases that it was made of.

mod certificates;
mod clauses;
mod peers;
mod probes;

use crate::{Message, filled};

/// Every phrase that a record or an answer is made of, those that begin alike with the longest first.
pub const RECORDED: &[&[&Message]] =
    &[certificates::PHRASES, probes::PHRASES, clauses::PHRASES, peers::PHRASES];

/// A text of a record in Swedish. What is not made of known phrases stays as it is: names, and the words of
/// peers.
pub fn recorded_in_swedish(english: &str) -> String {
    in_swedish(english, RECORDED)
}

/// A text in Swedish, made of `phrases`: one of them, or several with a colon, a semicolon or brackets
/// between. `{name}` of a phrase stands for any text, which may be made of phrases too. What is inside more
/// than 32 others stays as it is.
pub fn in_swedish(english: &str, phrases: &[&[&Message]]) -> String {
    part_in_swedish(english, phrases, MOST_DEEP)
}

/// Parts of a text inside each other. Ours have six at most; words of peers may be made to have any number.
const MOST_DEEP: usize = 32;

fn part_in_swedish(english: &str, phrases: &[&[&Message]], deep: usize) -> String {
    let Some(deep) = deep.checked_sub(1) else { return english.to_owned() };
    let part = |text| part_in_swedish(text, phrases, deep);
    for phrase in phrases.iter().copied().flatten() {
        if let Some(values) = values(phrase.en, english) {
            let value = |name: &str| {
                let (_, text) = values.iter().find(|(known, _)| *known == name)?;
                Some(part(text))
            };
            return filled(phrase.sv, value);
        }
    }
    if let Some((before, after)) = english.split_once(": ") {
        return format!("{}: {}", part(before), part(after));
    }
    if let Some((before, after)) = english.split_once("; ") {
        return format!("{}; {}", part(before), part(after));
    }
    match english.strip_suffix(')').and_then(|text| text.split_once(" (")) {
        Some((before, inside)) => format!("{} ({})", part(before), part(inside)),
        None => english.to_owned(),
    }
}

/// What stands for each `{name}` of a phrase in a text; `None` where the text is another. The first place
/// that fits is taken for what stands between two names. A name that begins the phrase holds no colon and
/// no semicolon: what stands before one is told by itself.
fn values<'a>(phrase: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut values = Vec::new();
    let mut parts = phrase.split('{');
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty().then_some(values);
    }
    while let Some(part) = parts.next() {
        let (name, literal) = part.split_once('}')?;
        let end = if parts.peek().is_none() {
            rest.strip_suffix(literal)?.len()
        } else {
            rest.find(literal)?
        };
        let begins = values.is_empty() && phrase.starts_with('{');
        if end == 0 || begins && [": ", "; "].iter().any(|sign| rest[..end].contains(sign)) {
            return None;
        }
        values.push((name, &rest[..end]));
        rest = &rest[end + literal.len()..];
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_by_its_phrases() {
        for (english, swedish) in [
            (
                "TLS1.2: the search could not be ended (no answer in time)",
                "TLS1.2: sökningen gick inte att avsluta (inget svar i tid)",
            ),
            (
                "SSLv2: not known whether it is offered (alert 40)",
                "SSLv2: det är inte känt om det erbjuds (alert 40)",
            ),
            (
                "expired: \"CN=a: b\" ended 2026-01-01T00:00:00Z; self-signed: the certificate is signed with its own key and is none of the roots",
                "expired: ”CN=a: b” gick ut 2026-01-01T00:00:00Z; self-signed: certifikatet är signerat med sin egen nyckel och är ingen av rötterna",
            ),
            ("the words of a peer (2)", "the words of a peer (2)"),
            ("", ""),
        ] {
            assert_eq!(recorded_in_swedish(english), swedish);
        }
    }

    #[test]
    fn a_text_of_very_many_parts_comes_to_an_end() {
        let text = "closed: ".repeat(100_000);
        assert!(recorded_in_swedish(&text).len() >= text.len() / 2);
    }

    #[test]
    fn both_languages_name_the_same_values_and_no_phrase_hides_another() {
        let names = |text: &str| {
            let inside = |part: &str| part.split_once('}').map(|(name, _)| name.to_owned());
            let mut names: Vec<String> = text.split('{').skip(1).filter_map(inside).collect();
            names.sort_unstable();
            names
        };
        let all: Vec<&Message> = RECORDED.iter().copied().flatten().copied().collect();
        for (index, phrase) in all.iter().enumerate() {
            assert_eq!(names(phrase.sv), names(phrase.en), "{}", phrase.en);
            let earlier =
                all[..index].iter().find(|earlier| values(earlier.en, phrase.en).is_some());
            assert!(earlier.is_none(), "{} is read as {}", phrase.en, earlier.map_or("", |e| e.en));
        }
    }
}

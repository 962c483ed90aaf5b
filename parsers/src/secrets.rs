//! Secrets in free text: comments that are copied to the model, and lines that nobody understood.
//!
//! A parser that knows the place of a secret calls [`Build::secret`]. What stands here is the net
//! under it. It would rather hide a word too many than show a password.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use crate::build::Build;
use crate::lines::Line;

/// A comment or description as it may stand in the model: what follows a word for a secret
/// (`pw=`, `password`, `lösenord är`, `community`, …), and password hashes, become `[redacted]`.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    without(text, suspicious(text, Reach::Word))
}

/// The same for a comment on a line that is used: what is hidden is also redacted in the source,
/// where `text` begins at `start`.
pub(crate) fn kept<'a>(text: &'a str, start: u32, build: &mut Build<'_>) -> Cow<'a, str> {
    let cuts = suspicious(text, Reach::Word);
    for cut in &cuts {
        build.redact(start + cut.start as u32..start + cut.end as u32);
    }
    without(text, cuts)
}

fn without(text: &str, cuts: Vec<Range<usize>>) -> Cow<'_, str> {
    if cuts.is_empty() {
        return text.into();
    }
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for cut in cuts {
        if cut.start >= at {
            out.push_str(&text[at..cut.start]);
            out.push_str("[redacted]");
        }
        at = at.max(cut.end);
    }
    out.push_str(&text[at..]);
    out.into()
}

/// Hides what may be a secret in a line that no parser has understood: all that follows a word for
/// a secret, and password hashes.
pub(crate) fn redact_suspicious(line: Line<'_>, build: &mut Build<'_>) {
    for cut in suspicious(line.text, Reach::Line) {
        build.redact(line.start + cut.start as u32..line.start + cut.end as u32);
    }
}

/// Hides the body of every private key in PEM form (RFC 7468). One that is not closed runs to the
/// end of the text.
pub(crate) fn redact_private_keys(text: &str, build: &mut Build<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memmem::find(&bytes[at..], b"PRIVATE KEY-----") {
        let from = at + found + b"PRIVATE KEY-----".len();
        let length = memmem::find(&bytes[from..], b"-----END");
        let to = length.map_or(bytes.len(), |n| from + n);
        build.redact(from as u32..to as u32);
        // Past the closing line, which names the key once more.
        at = (to + b"-----END RSA PRIVATE KEY-----".len()).min(bytes.len());
    }
}

/// What stands in place of a secret that somebody has already taken out: nothing, `<removed>`, or
/// one character over and over (`*****`, `XXXXXXXX`).
pub(crate) fn is_placeholder(text: &str) -> bool {
    let bytes = text.as_bytes();
    let one = bytes.first().is_some_and(|first| bytes.iter().all(|b| b == first));
    let word = text.starts_with('<') && (text.ends_with('>') || text.starts_with("<secret"));
    bytes.is_empty() || word || text == "*" || one && bytes.len() >= 4
}

/// How much is hidden after a word for a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The value: a word, or the clause after `=`, `:` or `är`.
    Word,
    /// The rest of the line.
    Line,
}

/// How surely a word speaks of a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Wherever it stands, also inside a compound word.
    Strong,
    /// As a word or part of one (`wpa2-psk`), or before `=` and `:`.
    Short,
    /// The same, but it also has everyday meanings: in comments only before `=` and `:`.
    Weak,
    /// Only before `=` and `:`.
    Assigned,
}

/// Stems in lower case by their first letter. `senord` is lösenord in any spelling and encoding.
fn stems(first: u8) -> &'static [(&'static [u8], Sign)] {
    match first {
        b'p' => &[
            (b"passw", Sign::Strong),
            (b"passphrase", Sign::Strong),
            (b"passfras", Sign::Strong),
            (b"pass", Sign::Assigned),
            (b"pin-kod", Sign::Short),
            (b"pinkod", Sign::Short),
            (b"pin", Sign::Assigned),
            (b"pwd", Sign::Short),
            (b"psk", Sign::Short),
            (b"pw", Sign::Short),
        ],
        b's' => &[(b"senord", Sign::Strong), (b"secret", Sign::Strong)],
        b'h' => &[(b"hemlig", Sign::Strong)],
        b'c' => &[(b"community", Sign::Strong), (b"credential", Sign::Strong)],
        b't' => &[(b"token", Sign::Strong)],
        b'n' => &[(b"nyckel", Sign::Strong)],
        b'b' => &[(b"bearer", Sign::Short)],
        b'l' => &[
            (b"losen", Sign::Short),
            (b"l\xc3\xb6sen", Sign::Short),
            (b"l\xc3\x96sen", Sign::Short),
        ],
        b'k' => &[(b"key", Sign::Weak)],
        _ => &[],
    }
}

/// The parts of a text that may be secrets, in order.
fn suspicious(text: &str, reach: Reach) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut cuts, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let cut = match bytes[at] {
            b'$' => hash(bytes, at),
            b'E' => enc_blob(bytes, at),
            b':' => url_password(bytes, at),
            first => after_stem(bytes, at, stems(first.to_ascii_lowercase()), reach),
        };
        at = cut.as_ref().map_or(at + 1, |cut| cut.end.max(at + 1));
        cuts.extend(cut);
    }
    cuts
}

/// What follows the word at `at`, when one of `stems` begins there.
fn after_stem(
    bytes: &[u8],
    at: usize,
    stems: &[(&[u8], Sign)],
    reach: Reach,
) -> Option<Range<usize>> {
    let rest = &bytes[at..];
    let begins = |s: &[u8]| rest.len() >= s.len() && rest[..s.len()].eq_ignore_ascii_case(s);
    let &(stem, sign) = stems.iter().find(|(stem, _)| begins(stem))?;
    let word_end =
        skip(bytes, at, |b| b.is_ascii_alphanumeric() || b >= 0x80 || b"_-".contains(&b));
    let (value, assigned) = separator(bytes, word_end);
    let whole = at.checked_sub(1).is_none_or(|i| !bytes[i].is_ascii_alphabetic())
        && bytes.get(at + stem.len()).is_none_or(|b| !b.is_ascii_alphabetic());
    let speaks = match sign {
        Sign::Strong => true,
        Sign::Short => assigned || whole,
        Sign::Weak => assigned || whole && reach == Reach::Line,
        Sign::Assigned => assigned,
    };
    let end = match reach {
        Reach::Line => bytes.len(),
        Reach::Word => value_end(bytes, value, assigned),
    };
    (speaks && value < end).then_some(value..end)
}

/// Where the value begins after a word that ends at `at`, and whether something assigns it.
fn separator(bytes: &[u8], at: usize) -> (usize, bool) {
    let mark = skip(bytes, at, |b| b"=:>\"'".contains(&b) || b.is_ascii_whitespace());
    let assigned = bytes[at..mark].iter().any(|b| b"=:>".contains(b));
    for verb in ["är ", "ar ", "is "] {
        if bytes[mark..].starts_with(verb.as_bytes()) {
            return (skip(bytes, mark + verb.len(), |b| b" \"'".contains(&b)), true);
        }
    }
    (mark, assigned)
}

/// The end of a value in a comment: its closing quote; else, when it was assigned, the end of the
/// clause; else the end of the word.
fn value_end(bytes: &[u8], from: usize, assigned: bool) -> usize {
    let rest = &bytes[from..];
    if let Some(&quote @ (b'"' | b'\'')) = from.checked_sub(1).map(|i| &bytes[i]) {
        return memchr::memchr(quote, rest).map_or(bytes.len(), |n| from + n);
    }
    let assigned = assigned || is_assigned_later(rest);
    let stop = |(i, b): (usize, &u8)| match b {
        b' ' => !assigned,
        b',' | b';' => rest.get(i + 1).is_none_or(|next| *next == b' '),
        _ => false,
    };
    rest.iter().enumerate().position(|(i, b)| stop((i, b))).map_or(bytes.len(), |n| from + n)
}

/// Whether words stand between the word for a secret and its value: `lösenord (reserv): x`,
/// `password for the account = x`.
fn is_assigned_later(rest: &[u8]) -> bool {
    const FARTHEST: usize = 40;
    let clause = rest.iter().take(FARTHEST).take_while(|b| !b",;.\n".contains(b)).count();
    let assigns = |i: usize| match rest[i] {
        b'=' => true,
        // Not the colon of a URL.
        b':' => rest.get(i + 1) != Some(&b'/'),
        _ => false,
    };
    (0..clause).any(assigns)
}

/// A password hash in modular crypt form (`$6$…`) or a Junos secret (`$9$…`).
fn hash(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let name_end = skip(bytes, at + 1, |b| b.is_ascii_alphanumeric() || b == b'-');
    let named = (at + 2..=at + 12).contains(&name_end) && bytes.get(name_end) == Some(&b'$');
    let end = skip(bytes, name_end, |b| !b.is_ascii_whitespace() && !b"\"'<;,".contains(&b));
    (named && end > name_end + 1).then_some(at..end)
}

/// An encrypted value as FortiOS writes it: `ENC` and base64.
fn enc_blob(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at + b"ENC ".len();
    let end = skip(bytes, from, |b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    (bytes[at..].starts_with(b"ENC ") && end >= from + 8).then_some(from..end)
}

/// The password of `scheme://user:password@host`.
fn url_password(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at + b"://".len();
    let end = skip(bytes, from, |b| !b.is_ascii_whitespace() && !b"/\"'<>".contains(&b));
    let authority = bytes.get(from..end).filter(|_| bytes[at..].starts_with(b"://"))?;
    let host = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', &authority[..host])?;
    (colon + 1 < host).then_some(from + colon + 1..from + host)
}

fn skip(bytes: &[u8], from: usize, inside: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from.min(bytes.len()) + rest.iter().position(|b| !inside(*b)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use portvakt_model::{Source, SourceId};
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let mut source = Source::new("a".into(), text.into());
        let context = Context::default();
        let mut build = Build::new(SourceId(0), "x", source.line_count(), &context);
        redact_private_keys(text, &mut build);
        for line in crate::lines::Lines::new(text) {
            redact_suspicious(line, &mut build);
        }
        source.redact(std::mem::take(&mut build.redactions));
        (1..=source.line_count()).map(|n| source.line(n)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn comments_lose_the_value_and_keep_the_rest() {
        for (text, want) in [
            ("pw=sommar24, beslut PÖ-2024-7", "pw=[redacted], beslut PÖ-2024-7"),
            ("Lösenordet är blå häst; ring Drift", "Lösenordet är [redacted]; ring Drift"),
            ("losenord hej123 gäller", "losenord [redacted] gäller"),
            ("snmp community \"a b\" ro", "snmp community \"[redacted]\" ro"),
            ("WPA2-PSK: a,b c", "WPA2-PSK: [redacted]"),
            ("apikey=abc", "apikey=[redacted]"),
            ("hash $6$salt$abcdef/ here", "hash [redacted] here"),
            ("PIN-kod 4711, lösen=x", "PIN-kod [redacted], lösen=[redacted]"),
            ("https://drift:a:b@h/x", "https://drift:[redacted]@h/x"),
            ("https://h:8443/a@b", "https://h:8443/a@b"),
            ("Authorization: Bearer abc def", "Authorization: Bearer [redacted] def"),
            ("Nyckel:x", "Nyckel:[redacted]"),
            ("adminpw=x", "adminpw=[redacted]"),
            ("Delad nyckel (PSK): x y, ring", "Delad nyckel [redacted], ring"),
            ("password for the account: x y; z", "password [redacted]; z"),
            ("password reset at https://h/x y", "password [redacted] at https://h/x y"),
        ] {
            assert_eq!(masked(text), want);
        }
    }

    #[test]
    fn what_somebody_took_out_is_no_secret() {
        for text in ["", "*", "*****", "XXXXXXXXXXXXXXXX", "<removed>", "<secret"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["11", "cisco", "<", "aaab"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn everyday_words_stay() {
        for text in [
            "Key users in the monkey house",
            "pass in from the keyboard",
            "costs $5 or $1,2",
            "hwpw spwx",
            "PÖ-2024-7 webbserver",
            "password",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn unknown_lines_lose_everything_after_the_word() {
        assert_eq!(shown("frobnicate key 7 0822 x y"), "frobnicate key [redacted]");
        assert_eq!(shown("<preSharedKey>ab</preSharedKey>"), "<preSharedKey>[redacted]");
        assert_eq!(shown("  \"wpa_psk\": \"ab cd\","), "  \"wpa_psk\": \"[redacted]");
        assert_eq!(shown("set x ENC aGVtbGlndA== y"), "set x ENC [redacted] y");
        assert_eq!(shown("lösenord ö å\nnext"), "lösenord [redacted]\nnext");
        assert_eq!(shown("service password-encryption"), "service password-encryption");
    }

    #[test]
    fn private_keys_are_hidden_to_their_end() {
        let text =
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIx\nyz==\n-----END RSA PRIVATE KEY-----\nb";
        let show = shown(text);
        assert!(!show.contains("MII") && !show.contains("yz") && show.ends_with("\nb"), "{show}");
        let open = shown("-----BEGIN PRIVATE KEY-----\nMIIx\nfoo");
        assert!(!open.contains("MII") && !open.contains("foo"), "{open}");
    }

    proptest! {
        #[test]
        fn any_text_is_cut_between_characters(text in "([a-zåäö$= \":]|pw|key|lösenord|ENC |\\$9\\$)*") {
            let _ = masked(&text);
            let _ = shown(&text);
        }

        #[test]
        fn a_word_after_a_strong_word_never_stays(secret in "[a-z]{3}[0-9]{5}", word in "(password|lösenord|Secret|psk|pwd)", sep in "( |=|: | är | = )") {
            let text = format!("x {word}{sep}{secret} y");
            prop_assert!(!masked(&text).contains(&secret));
            prop_assert!(!shown(&text).contains(&secret));
        }
    }
}

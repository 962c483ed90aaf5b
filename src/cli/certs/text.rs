//! The inventory as a person reads it.

use std::fmt::Write as _;

use super::document::{CertificateRow, Document, NoteRow, SeenRow, State, TrustRow};
use crate::text::Lang;

pub(super) fn print(document: &Document, lang: Lang) -> String {
    let mut out = headline(document, lang);
    for row in &document.certificates {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}", head(row, lang));
        for (word, value) in lines(row, document, lang) {
            let _ = writeln!(out, "    {word}: {value}");
        }
    }
    if !document.notes.is_empty() {
        let _ = writeln!(out, "\n{}", lang.of("Annat som påträffades:", "Met beside them:"));
        for note in &document.notes {
            let _ = writeln!(out, "    {}", note_line(note));
        }
    }
    out
}

fn headline(document: &Document, lang: Lang) -> String {
    let counts = document.counts;
    let words = lang.of(
        ["certifikat", "har gått ut", "går snart ut", "gäller inte än", "delar nyckel"],
        ["certificates", "expired", "end soon", "not valid yet", "share a key"],
    );
    let numbers = [
        counts.certificates,
        counts.expired,
        counts.ends_soon,
        counts.not_yet_valid,
        counts.shared_keys,
    ];
    let parts: Vec<String> =
        numbers.iter().zip(words).map(|(number, word)| format!("{number} {word}")).collect();
    let mut line = format!("{}: {}\n", document.today, parts.join(" · "));
    if let Some(days) = document.within {
        let shown = document.certificates.len();
        let _ = match lang {
            Lang::Sv => writeln!(line, "visar {shown}, som går ut inom {days} dagar"),
            Lang::En => writeln!(line, "showing {shown}, that end within {days} days"),
        };
    }
    line
}

/// Its state, the day it ends and its name.
fn head(row: &CertificateRow, lang: Lang) -> String {
    let state = match row.state {
        State::Expired => lang.of("UTGÅNGET", "EXPIRED"),
        State::EndsSoon => lang.of("GÅR SNART UT", "ENDS SOON"),
        State::NotYetValid => lang.of("GÄLLER INTE ÄN", "NOT VALID YET"),
        State::Valid => lang.of("giltigt", "valid"),
    };
    let day = row.not_after.split('T').next().unwrap_or_default();
    format!("{day} {state} ({})  {}", days(row.days_left, lang), row.title())
}

/// `om 12 dagar`, `för 3 dagar sedan`.
pub(super) fn days(days: i64, lang: Lang) -> String {
    let unit = match (lang, days.abs()) {
        (Lang::Sv, 1) => "dag",
        (Lang::Sv, _) => "dagar",
        (Lang::En, 1) => "day",
        (Lang::En, _) => "days",
    };
    let number = days.abs();
    match (lang, days) {
        (_, 0) => lang.of("i dag", "today").to_owned(),
        (Lang::Sv, 1..) => format!("om {number} {unit}"),
        (Lang::Sv, _) => format!("för {number} {unit} sedan"),
        (Lang::En, 1..) => format!("in {number} {unit}"),
        (Lang::En, _) => format!("{number} {unit} ago"),
    }
}

fn lines(row: &CertificateRow, document: &Document, lang: Lang) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if row.names.len() > 1 {
        lines.push((lang.of("namn", "names"), row.names.join(", ")));
    }
    lines.push((lang.of("innehavare", "subject"), row.subject.clone()));
    let own = if row.self_signed == Some(true) {
        lang.of(" (signerat med sin egen nyckel)", " (signed with its own key)")
    } else {
        ""
    };
    lines.push((lang.of("utfärdare", "issuer"), format!("{}{own}", row.issuer)));
    lines.push((lang.of("nyckel", "key"), key(row)));
    if !row.same_key.is_empty() {
        let same: Vec<String> = row.same_key.iter().map(|f| named(f, document)).collect();
        lines.push((lang.of("samma nyckel som", "same key as"), same.join(", ")));
    }
    lines.push((lang.of("sett", "seen"), seen(&row.seen)));
    lines.extend(row.trust.iter().flat_map(|trust| trust_lines(trust, lang)));
    for lint in &row.lints {
        let source = lint.source.map(|s| format!(" ({s})")).unwrap_or_default();
        lines.push((lang.of("fel", "fault"), format!("{}{source}", lint.name)));
    }
    lines.push((lang.of("fingeravtryck", "fingerprint"), row.fingerprint.clone()));
    lines
}

/// The key and the hash of the signature.
pub(super) fn key(row: &CertificateRow) -> String {
    let kind = match &row.key.curve {
        Some(curve) => format!("{} {curve}", row.key.algorithm),
        None => format!("{} {} bit", row.key.algorithm, row.key.bits),
    };
    format!("{kind}, {}", row.signature)
}

/// Another certificate by its name and the beginning of its fingerprint.
fn named(fingerprint: &str, document: &Document) -> String {
    let short = fingerprint.get(..16).unwrap_or(fingerprint);
    let row = document.certificates.iter().find(|row| row.fingerprint == fingerprint);
    row.map_or_else(|| short.to_owned(), |row| format!("{} [{short}…]", row.title()))
}

/// Most places that are told of one certificate.
const SHOWN: usize = 10;

/// Where it was seen, in a line.
pub(super) fn seen(places: &[SeenRow]) -> String {
    let mut shown: Vec<String> = places.iter().take(SHOWN).map(place).collect();
    if places.len() > SHOWN {
        shown.push(format!("… +{}", places.len() - SHOWN));
    }
    shown.join(", ")
}

fn place(seen: &SeenRow) -> String {
    match (&seen.endpoint, seen.line) {
        (Some(endpoint), _) => {
            let day = seen.at.as_deref().and_then(|at| at.split('T').next());
            day.map_or_else(|| endpoint.clone(), |day| format!("{endpoint} ({day})"))
        }
        (None, Some(line)) => format!("{}:{line}", seen.path),
        (None, None) => seen.path.clone(),
    }
}

/// What each set of roots says, where it was asked.
fn trust_lines(trust: &TrustRow, lang: Lang) -> Vec<(&'static str, String)> {
    let sets = [
        (lang.of("publika rötter", "public roots"), &trust.public),
        (lang.of("datorns rötter", "roots of this machine"), &trust.system),
        (lang.of("egna rötter", "own roots"), &trust.own),
    ];
    let said = |text: &String| match text.strip_prefix("untrusted: ") {
        Some(why) => format!("{} {why}", lang.of("nej,", "no,")),
        None => lang.of("ja", "yes").to_owned(),
    };
    sets.into_iter().filter_map(|(word, set)| Some((word, said(set.as_ref()?)))).collect()
}

fn note_line(note: &NoteRow) -> String {
    let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
    match &note.path {
        Some(path) => format!("{path}{line}: {}", note.note),
        None => note.note.clone(),
    }
}

//! The inventory as a person reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use portvakt_checks::crypto::words_of;

use super::super::trust::{TrustRow, said};
use super::document::{CertificateRow, Document, NoteRow, SeenRow, State};
use crate::text::{Lang, recorded};

/// The inventory. Names in records of scans are text of anybody's: what would steer a terminal is replaced.
pub(super) fn print(document: &Document, lang: Lang) -> String {
    let harmless = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    written(document, lang).chars().map(harmless).collect()
}

fn written(document: &Document, lang: Lang) -> String {
    let mut out = headline(document, lang);
    let title = |row: &'_ CertificateRow| Some((row.fingerprint.clone()?, row.title().to_owned()));
    let titles: BTreeMap<String, String> = document.certificates.iter().filter_map(title).collect();
    for row in &document.certificates {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}", head(row, lang));
        for (word, value) in lines(row, &titles, lang) {
            let _ = writeln!(out, "    {word}: {value}");
        }
    }
    if !document.notes.is_empty() {
        let _ = writeln!(out, "\n{}", lang.of("Annat som påträffades:", "Met beside them:"));
        for note in &document.notes {
            let _ = writeln!(out, "    {}", note_line(note, lang));
        }
    }
    out
}

fn headline(document: &Document, lang: Lang) -> String {
    let counts = document.counts;
    let words = lang.of(
        ["certifikat", "har gått ut", "går snart ut", "gäller inte än", "delar nyckel"],
        ["certificates", "expired", "ending soon", "not valid yet", "sharing a key"],
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
    let not_assessed = lang.of(
        "ej bedömt: om certifikat är spärrade; signaturerna på CT-stämplar",
        "not assessed: whether certificates are revoked; the signatures of CT timestamps",
    );
    let _ = writeln!(line, "{not_assessed}");
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

fn lines(
    row: &CertificateRow,
    titles: &BTreeMap<String, String>,
    lang: Lang,
) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut line = |word: &str, value| lines.push((word.to_owned(), value));
    if row.names.len() > 1 {
        line(lang.of("namn", "names"), row.names.join(", "));
    }
    line(lang.of("innehavare", "subject"), row.subject.clone());
    let own = if row.self_signed == Some(true) {
        lang.of(" (signerat med sin egen nyckel)", " (signed with its own key)")
    } else {
        ""
    };
    line(lang.of("utfärdare", "issuer"), format!("{}{own}", row.issuer));
    if !row.key.algorithm.is_empty() {
        line(lang.of("nyckel", "key"), key(row));
    }
    if !row.same_key.is_empty() {
        let same: Vec<String> = row.same_key.iter().map(|f| named(f, titles)).collect();
        line(lang.of("samma nyckel som", "same key as"), same.join(", "));
    }
    line(lang.of("sett", "seen"), seen(&row.seen));
    for (word, answer) in row.trust.iter().flat_map(|trust| trust_lines(trust, lang)) {
        line(&word, answer);
    }
    for lint in &row.lints {
        let source = lint.source.map(|s| format!(", {s}")).unwrap_or_default();
        let fault = words_of(&lint.name).map_or(lint.name.as_str(), |w| lang.pick(&w.title));
        line(lang.of("fel", "fault"), format!("{fault} ({}{source})", lint.name));
    }
    let untold = || lang.of("uppges inte", "not told").to_owned();
    line(lang.of("fingeravtryck", "fingerprint"), row.fingerprint.clone().unwrap_or_else(untold));
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

/// Another certificate by its name, where it is listed, and the beginning of its fingerprint.
fn named(fingerprint: &str, titles: &BTreeMap<String, String>) -> String {
    let short = fingerprint.get(..16).unwrap_or(fingerprint);
    titles
        .get(fingerprint)
        .map_or_else(|| format!("{short}…"), |title| format!("{title} [{short}…]"))
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

/// What the sets of roots say that were asked, those that say the same in one line.
fn trust_lines(trust: &TrustRow, lang: Lang) -> Vec<(String, String)> {
    let sets = [
        (lang.of("egna rötter", "own roots"), &trust.own),
        (lang.of("publika rötter", "public roots"), &trust.public),
        (lang.of("datorns rötter", "roots of this machine"), &trust.system),
    ];
    let mut lines: Vec<(String, String)> = Vec::new();
    for (word, set) in sets {
        let Some(answer) = set.as_ref().map(|text| said(text, lang)) else { continue };
        match lines.iter_mut().find(|(_, known)| *known == answer) {
            Some((words, _)) => {
                words.push_str(", ");
                words.push_str(word);
            }
            None => lines.push((word.to_owned(), answer)),
        }
    }
    lines
}

fn note_line(note: &NoteRow, lang: Lang) -> String {
    let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
    let said = recorded(&note.note, lang);
    note.path.as_ref().map_or_else(|| said.clone(), |path| format!("{path}{line}: {said}"))
}

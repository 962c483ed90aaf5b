//! The inventory as a table for a spreadsheet.

use std::io::{self, Write};

use super::document::{CertificateRow, Document, State};
use super::text::{key, seen};
use crate::report::csv::{harmless, plain};
use crate::text::Lang;

pub(super) fn write(document: &Document, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut table = ::csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    table.write_record(head(lang)).map_err(plain)?;
    for row in &document.certificates {
        table.write_record(record(row, lang).map(harmless)).map_err(plain)?;
    }
    table.flush()
}

const fn head(lang: Lang) -> [&'static str; 14] {
    match lang {
        Lang::Sv => [
            "läge",
            "går ut",
            "dagar kvar",
            "namn",
            "innehavare",
            "utfärdare",
            "gäller från",
            "nyckel",
            "samma nyckel som",
            "publika rötter",
            "datorns rötter",
            "egna rötter",
            "fel",
            "sett",
        ],
        Lang::En => [
            "state",
            "ends",
            "days left",
            "names",
            "subject",
            "issuer",
            "begins",
            "key",
            "same key as",
            "public roots",
            "roots of this machine",
            "own roots",
            "faults",
            "seen",
        ],
    }
}

fn record(row: &CertificateRow, lang: Lang) -> [String; 14] {
    let trust = row.trust.clone().unwrap_or_default();
    let faults: Vec<&str> = row.lints.iter().map(|lint| lint.name.as_str()).collect();
    [
        state(row.state, lang).to_owned(),
        row.not_after.clone(),
        row.days_left.to_string(),
        row.names.join(", "),
        row.subject.clone(),
        row.issuer.clone(),
        row.not_before.clone(),
        key(row),
        row.same_key.join(", "),
        trust.public.unwrap_or_default(),
        trust.system.unwrap_or_default(),
        trust.own.unwrap_or_default(),
        faults.join(", "),
        seen(&row.seen),
    ]
}

const fn state(state: State, lang: Lang) -> &'static str {
    match (lang, state) {
        (Lang::Sv, State::Expired) => "utgånget",
        (Lang::Sv, State::EndsSoon) => "går snart ut",
        (Lang::Sv, State::NotYetValid) => "gäller inte än",
        (Lang::Sv, State::Valid) => "giltigt",
        (Lang::En, State::Expired) => "expired",
        (Lang::En, State::EndsSoon) => "ends soon",
        (Lang::En, State::NotYetValid) => "not valid yet",
        (Lang::En, State::Valid) => "valid",
    }
}

//! The report as a table, for a spreadsheet: UTF-8 with a byte order mark and semicolons, as Nordic
//! spreadsheets expect.

use std::io::{self, Write};

use portvakt_model::Location;

use super::text::{heading, packet, place};
use super::{Report, ReportFinding};
use crate::text::{self, Lang};

pub(super) fn write(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut table = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    table.write_record(head(lang)).map_err(plain)?;
    for row in &report.findings {
        table.write_record(record(report, row, lang)).map_err(plain)?;
    }
    table.flush()
}

/// The error of the writer below, so that a reader that went away is known as such.
pub(crate) fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

const fn head(lang: Lang) -> [&'static str; 14] {
    match lang {
        Lang::Sv => [
            "kontroll",
            "namn",
            "utfall",
            "allvar",
            "enhet",
            "ägare",
            "plats",
            "rad",
            "beskrivning",
            "paket",
            "åtgärd",
            "källor",
            "avsteg",
            "fingeravtryck",
        ],
        Lang::En => [
            "check",
            "name",
            "verdict",
            "severity",
            "device",
            "owner",
            "place",
            "line",
            "description",
            "packet",
            "remedy",
            "sources",
            "exception",
            "fingerprint",
        ],
    }
}

fn record(report: &Report<'_>, row: &ReportFinding, lang: Lang) -> [String; 14] {
    let f = &row.finding;
    let cited = row.citations.iter().map(|c| format!("{} {}", c.rule, c.section));
    let line = match &f.at {
        Location::Line { line, .. } => line.to_string(),
        Location::Cell { row, .. } => row.to_string(),
        Location::Whole(_) | Location::Site => String::new(),
    };
    [
        row.check.id.to_owned(),
        row.check.name.to_owned(),
        heading(f.verdict, f.severity, lang).to_owned(),
        f.severity.name().to_owned(),
        f.device.clone().unwrap_or_default(),
        f.owner.clone().unwrap_or_default(),
        place(report, &f.at, lang),
        line,
        text::message(f, lang),
        f.witness.as_ref().map(|w| packet(w, lang)).unwrap_or_default(),
        lang.pick(&row.check.fix).to_owned(),
        cited.collect::<Vec<_>>().join(", "),
        f.exception.clone().unwrap_or_default(),
        row.fingerprint.clone(),
    ]
    .map(harmless)
}

/// A cell that a spreadsheet would run as a formula is made text (OWASP, CSV injection).
pub(crate) fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(harmless("=1+1".into()), "'=1+1");
        assert_eq!(harmless("regel 1".into()), "regel 1");
    }
}

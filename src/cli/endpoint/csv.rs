//! Findings as a table for a spreadsheet.

use std::io::{self, Write};

use super::{Judged, level_name};
use crate::report::csv::harmless;
use crate::report::csv::plain;
use crate::text::Lang;

pub(super) fn write<T: Judged>(endpoints: &[T], lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut table = ::csv::WriterBuilder::new().delimiter(b';').from_writer(out);
    table.write_record(head(lang)).map_err(plain)?;
    for endpoint in endpoints {
        for f in endpoint.findings() {
            let observed = f.seen(lang);
            let record = [
                endpoint.target(),
                endpoint.address().unwrap_or_default(),
                level_name(f.level(), lang),
                &f.check,
                f.text.pick(lang),
                &f.subject,
                &observed,
                &f.evidence,
                &f.why(lang),
                f.remedy.as_ref().map_or("", |remedy| remedy.pick(lang)),
                f.caveat.as_ref().map_or("", |caveat| caveat.pick(lang)),
                if f.known { lang.of("ja", "yes") } else { lang.of("nej", "no") },
            ];
            table
                .write_record(record.map(|cell: &str| harmless(cell.to_owned())))
                .map_err(plain)?;
        }
    }
    table.flush()
}

const fn head(lang: Lang) -> [&'static str; 12] {
    match lang {
        Lang::Sv => [
            "mål",
            "adress",
            "nivå",
            "kontroll",
            "beskrivning",
            "om",
            "sett",
            "belägg",
            "källa",
            "åtgärd",
            "förbehåll",
            "känt",
        ],
        Lang::En => [
            "target",
            "address",
            "level",
            "check",
            "description",
            "subject",
            "observed",
            "evidence",
            "source",
            "remedy",
            "caveat",
            "known",
        ],
    }
}

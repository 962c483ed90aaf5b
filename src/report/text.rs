//! The report for a terminal.

use std::io::{self, Write};

use super::Report;
use crate::text::{self, Lang};

pub(super) fn write(report: &Report<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    for row in &report.findings {
        let f = &row.finding;
        writeln!(out, "{}[{}] {}", f.severity.name(), row.check.id, text::message(f, lang))?;
    }
    Ok(())
}

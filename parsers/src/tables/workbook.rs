//! Workbooks: a zip archive of XML parts (ECMA-376, OpenDocument 1.3).

use std::io::{Cursor, Read};
use std::panic::AssertUnwindSafe;

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader as _, SheetType, Xlsx};
use jiff::civil::Date;
use memchr::memmem;
use portvakt_model::LineState;
use zip::ZipArchive;

use super::ods;
use super::reader::Reader;
use super::reasons;
use super::record::{Origin, Place, Value};
use super::sheet::Sheet;
use super::spell::Why;

/// What a workbook may unpack to, in bytes. The largest real registers are a hundredth of it.
const MAX_UNPACKED: u64 = 256 * 1024 * 1024;

/// The first part of an OpenDocument spreadsheet, which is never compressed.
const ODS_MARK: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";

/// Whether an archive is a workbook: names of parts are never compressed.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    is_ods(bytes) || memmem::find(bytes, b"xl/workbook").is_some()
}

/// Reads every sheet.
pub(super) fn read(bytes: &[u8], reader: &mut Reader<'_, '_>) {
    let result = check_size(bytes, MAX_UNPACKED).and_then(|()| {
        if is_ods(bytes) { ods::read(bytes, reader) } else { guarded_xlsx(bytes, reader) }
    });
    if let Err(why) = result {
        let origin = Origin { source: reader.build.id, sheet: None };
        reader.problem(&origin, Place::Whole, "", why);
        let line = reader.add_rows(reader.build.coverage.len() as u32, 1);
        reader.mark((line, line), LineState::Unsupported(reasons::WORKBOOK));
    }
}

/// The spreadsheet library panics on some damaged references to cells (`A99999999999`). Rows reach
/// the model whole, so what was read before stays right.
fn guarded_xlsx(bytes: &[u8], reader: &mut Reader<'_, '_>) -> Result<(), Why> {
    let read = AssertUnwindSafe(|| xlsx(bytes, reader));
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err(damaged()))
}

fn is_ods(bytes: &[u8]) -> bool {
    memmem::find(&bytes[..bytes.len().min(256)], ODS_MARK).is_some()
}

/// Unpacks every part to nowhere: what an archive says of its sizes may be untrue, and any part may
/// be a sheet.
fn check_size(bytes: &[u8], most: u64) -> Result<(), Why> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let mut left = most;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| damaged())?;
        if part.size() > left {
            return Err(too_large());
        }
        let size = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        left = left.checked_sub(size.map_err(|_| damaged())?).ok_or_else(too_large)?;
    }
    Ok(())
}

pub(super) fn damaged() -> Why {
    Why::new(
        "arbetsboken är skadad, lösenordsskyddad eller av ett slag som inte läses; spara den som XLSX, \
         ODS eller CSV",
        "the workbook is damaged, protected or of a kind that is not read; save it as XLSX, ODS or CSV",
    )
}

fn too_large() -> Why {
    Why::new(
        "arbetsboken är för stor: mer än 256 MiB uppackad; spara registret i en egen bok",
        "the workbook is too large: more than 256 MiB unpacked; save the register in a book of its own",
    )
}

fn xlsx(bytes: &[u8], reader: &mut Reader<'_, '_>) -> Result<(), Why> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.typ == SheetType::WorkSheet)
        .map(|s| s.name.clone())
        .collect();
    if sheets.is_empty() {
        return Err(damaged());
    }
    for name in sheets {
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        read_sheet(&mut book, &name, &merged, reader)?;
    }
    Ok(())
}

/// Streams the cells: a sheet as one block of memory would be as large as its farthest cell says.
fn read_sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    merged: &[Dimensions],
    reader: &mut Reader<'_, '_>,
) -> Result<(), Why> {
    let mut cells = book.worksheet_cells_reader(name).map_err(|_| damaged())?;
    let mut sheet = Sheet::new(name, reader);
    for area in merged.iter().filter(|area| area.end.0 > area.start.0) {
        sheet.merge(
            (area.start.0.saturating_add(1), area.start.1.saturating_add(1)),
            area.end.0.saturating_add(1),
        );
    }
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|_| damaged())? {
        let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1.saturating_add(1));
        if let Some(value) = value(cell.value, cell.formula.is_some())
            && !sheet.cell(row, column, value, reader)
        {
            break;
        }
    }
    sheet.end(reader);
    Ok(())
}

fn value(data: DataRef<'_>, computed: bool) -> Option<Value> {
    Some(match data {
        // A program that writes formulas without computing them leaves no result.
        DataRef::Empty if computed => Value::Fault("=…".into()),
        DataRef::Empty => return None,
        DataRef::Int(number) => Value::Text(number.to_string()),
        DataRef::Float(number) => Value::Number(number),
        DataRef::Bool(on) => Value::Flag(on),
        DataRef::String(text) | DataRef::DateTimeIso(text) => Value::Text(text),
        DataRef::SharedString(text) => Value::Text(text.to_owned()),
        DataRef::DateTime(moment) => day(&moment),
        DataRef::DurationIso(text) => Value::Fault(text),
        DataRef::Error(error) => Value::Fault(error.to_string()),
    })
}

/// A date cell. A time of day or a duration is no day.
fn day(moment: &ExcelDateTime) -> Value {
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let date = Date::new(year.cast_signed(), month.cast_signed(), day.cast_signed());
    let whole = moment.is_datetime() && (1.0..2_958_466.0).contains(&moment.as_f64());
    match date {
        Ok(date) if whole => Value::Day(date),
        _ => Value::Number(moment.as_f64()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(size: usize) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("xl/workbook.xml", SimpleFileOptions::default()).unwrap();
        zip.write_all(&vec![b' '; size]).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let bytes = archive(100_000);
        assert!(bytes.len() < 1000);
        assert_eq!(check_size(&bytes, 100_000), Ok(()));
        assert_eq!(check_size(&bytes, 99_999), Err(too_large()));
    }

    #[test]
    fn a_size_that_is_untrue_helps_nobody() {
        let mut bytes = archive(100_000);
        let size = 100_000u32.to_le_bytes();
        let places: Vec<usize> = memmem::find_iter(&bytes, &size).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
        }
        assert!(check_size(&bytes, 50_000).is_err());
    }
}

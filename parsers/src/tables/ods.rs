//! OpenDocument spreadsheets (ODF 1.3 part 3, chapter 9): the part `content.xml`.
//!
//! Repeated rows and cells are counted, not copied, unless something stands in them.

use std::io::{BufReader, Cursor};

use quick_xml::Reader as Xml;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::grid::MAX_COLUMNS;
use super::reader::{MAX_ROWS, Reader};
use super::record::Value;
use super::sheet::Sheet;
use super::spell::Why;
use super::workbook::damaged;

/// Reads every sheet.
pub(super) fn read(bytes: &[u8], reader: &mut Reader<'_, '_>) -> Result<(), Why> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let part = archive.by_name("content.xml").map_err(|_| damaged())?;
    let mut xml = Xml::from_reader(BufReader::new(part));
    xml.config_mut().expand_empty_elements = true;
    let (mut content, mut buffer) = (Content::default(), Vec::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|_| damaged())? {
            Event::Start(tag) => content.open(&tag, reader),
            Event::End(tag) => content.close(tag.local_name().as_ref(), reader),
            Event::Text(text) => content.text(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let char = name.resolve_char_ref().ok().flatten().map(String::from);
                let known = || resolve_predefined_entity(&name.xml10_content()).map(str::to_owned);
                content.text(&char.or_else(known).unwrap_or_default());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    // A part that ends before its root element has been cut.
    if content.complete { Ok(()) } else { Err(damaged()) }
}

/// Where in the document the reader is.
#[derive(Default)]
struct Content {
    sheet: Option<Sheet>,
    row: Row,
    cell: Option<Open>,
    /// Inside a comment on a cell, which is no part of its value.
    annotated: bool,
    /// The root element has ended.
    complete: bool,
}

/// The row being read.
#[derive(Default)]
struct Row {
    number: u32,
    repeats: u32,
    column: u32,
    cells: Vec<(u32, Value, u32)>,
}

/// The cell being read.
struct Open {
    repeats: u32,
    /// Rows that it spans.
    rows: u32,
    kind: String,
    value: Option<String>,
    computed: bool,
    text: String,
    paragraphs: u32,
}

impl Content {
    fn open(&mut self, tag: &BytesStart<'_>, reader: &Reader<'_, '_>) {
        match tag.local_name().as_ref() {
            "table" if self.sheet.is_none() => {
                let name = attribute(tag, "table:name").unwrap_or_default();
                self.sheet = Some(Sheet::new(&name, reader));
                self.row = Row::default();
            }
            "table-row" => self.row.begin(number(tag, "table:number-rows-repeated")),
            "table-cell" | "covered-table-cell" => self.cell = Some(Open::new(tag)),
            "annotation" => self.annotated = true,
            "p" => self.paragraph(),
            "s" => self.text(&" ".repeat(number(tag, "text:c").min(1000) as usize)),
            "tab" => self.text("\t"),
            "line-break" => self.text("\n"),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, reader: &mut Reader<'_, '_>) {
        match name {
            "annotation" => self.annotated = false,
            "document-content" => self.complete = true,
            "table-cell" | "covered-table-cell" => {
                if let Some(cell) = self.cell.take() {
                    self.row.push(cell);
                }
            }
            "table-row" => {
                if let Some(sheet) = &mut self.sheet {
                    self.row.give(sheet, reader);
                }
            }
            "table" => {
                if let Some(sheet) = self.sheet.take() {
                    sheet.end(reader);
                }
            }
            _ => {}
        }
    }

    fn paragraph(&mut self) {
        if let Some(cell) = self.cell.as_mut().filter(|_| !self.annotated) {
            cell.paragraphs += 1;
            if cell.paragraphs > 1 {
                cell.text.push('\n');
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(cell) = self.cell.as_mut().filter(|c| c.paragraphs > 0 && !self.annotated) {
            cell.text.push_str(text);
        }
    }
}

impl Row {
    fn begin(&mut self, repeats: u32) {
        self.repeats = repeats;
        self.column = 0;
        self.cells.clear();
    }

    fn push(&mut self, cell: Open) {
        let (first, rows) = (self.column + 1, cell.rows);
        self.column = self.column.saturating_add(cell.repeats);
        if let Some(value) = cell.into_value() {
            // One column past the last that is read tells that there are more.
            for column in first..=self.column.min(MAX_COLUMNS + 1) {
                self.cells.push((column, value.clone(), rows));
            }
        }
    }

    fn give(&mut self, sheet: &mut Sheet, reader: &mut Reader<'_, '_>) {
        let filled = !self.cells.is_empty();
        for again in 1..=self.repeats.min(MAX_ROWS + 1) {
            if !filled {
                break;
            }
            let row = self.number.saturating_add(again);
            for (column, value, rows) in &self.cells {
                if *rows > 1 {
                    sheet.merge((row, *column), row.saturating_add(rows - 1));
                }
                if !sheet.cell(row, *column, value.clone(), reader) {
                    return;
                }
            }
        }
        self.number = self.number.saturating_add(self.repeats);
    }
}

impl Open {
    fn new(tag: &BytesStart<'_>) -> Self {
        let kind = attribute(tag, "office:value-type").unwrap_or_default();
        let holder = match kind.as_str() {
            "date" => "office:date-value",
            "time" => "office:time-value",
            "boolean" => "office:boolean-value",
            "string" => "office:string-value",
            _ => "office:value",
        };
        Self {
            repeats: number(tag, "table:number-columns-repeated"),
            rows: number(tag, "table:number-rows-spanned"),
            value: attribute(tag, holder),
            computed: attribute(tag, "table:formula").is_some(),
            kind,
            text: String::new(),
            paragraphs: 0,
        }
    }

    fn into_value(self) -> Option<Value> {
        let given = self.value.unwrap_or_default();
        let number = || given.parse().map_or(Value::Fault(self.text.clone()), Value::Number);
        Some(match self.kind.as_str() {
            "float" | "percentage" | "currency" => number(),
            "boolean" => Value::Flag(given == "true"),
            "date" => Value::Text(given),
            "time" => Value::Fault(given),
            "string" if !given.is_empty() => Value::Text(given),
            "" if self.computed => Value::Fault("=…".into()),
            _ if self.text.trim().is_empty() => return None,
            _ => Value::Text(self.text),
        })
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// A count; 1 when it is not given.
fn number(tag: &BytesStart<'_>, name: &str) -> u32 {
    attribute(tag, name).and_then(|n| n.parse().ok()).unwrap_or(1)
}

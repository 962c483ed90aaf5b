//! Rows of a table before they have a meaning: cells with their places.

use std::borrow::Cow;

use jiff::civil::Date;
use portvakt_model::{Field, Location, Problem, SourceId};

use super::columns::Column;
use super::spell::Why;
use super::spell::words::is_nothing;
use crate::secrets;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text, or a list of texts with line ends between.
    Text(String),
    /// A number of a spreadsheet or of JSON.
    Number(f64),
    /// A date cell.
    Day(Date),
    /// A check box.
    Flag(bool),
    /// An error value, a formula without a result, a nested object: what stands for it in text.
    Fault(String),
}

impl Value {
    /// As text, without blanks around it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Fault(text) => text.trim().into(),
            Self::Number(number) => number.to_string().into(),
            Self::Day(day) => day.to_string().into(),
            Self::Flag(on) => if *on { "ja" } else { "nej" }.into(),
        }
    }

    /// Whether nothing stands in the cell.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

/// A place in a source: a cell of a grid, or a line of a tree of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Row and column, from 1.
    Cell(u32, u32),
    /// Line and column, from 1.
    Line(u32, u32),
    /// The source as a whole.
    Whole,
}

/// Where places are counted: the source and, in a workbook, the sheet.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) source: SourceId,
    pub(super) sheet: Option<String>,
}

impl Origin {
    pub(super) fn location(&self, place: Place) -> Location {
        let source = self.source;
        match place {
            Place::Cell(row, column) => {
                Location::Cell { source, sheet: self.sheet.clone(), row, column }
            }
            Place::Line(line, column) => Location::Line { source, line, column },
            Place::Whole => Location::Whole(source),
        }
    }
}

/// A cell of a column that is known.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) column: Column,
    /// The column's name as written.
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) place: Place,
    /// Whether something stands in it: not blank, not a dash, not *saknas*.
    filled: bool,
}

impl Cell {
    pub(super) fn new(column: Column, name: String, value: Value, place: Place) -> Self {
        let filled = matches!(value, Value::Fault(_)) || !is_nothing(&value.text());
        Self { column, name, value, place, filled }
    }
}

/// A row being read: its cells, and what could not be understood.
pub(super) struct Row<'r> {
    pub(super) origin: &'r Origin,
    pub(super) place: Place,
    /// The row's number in messages.
    pub(super) number: u32,
    pub(super) cells: &'r [Cell],
    /// The row's id, once it is known.
    pub(super) id: String,
    pub(super) problems: Vec<Problem>,
    /// Some cell was not understood, at least in part.
    pub(super) incomplete: bool,
    /// Some cell was not understood at all.
    pub(super) lost: bool,
}

impl<'r> Row<'r> {
    pub(super) fn new(origin: &'r Origin, place: Place, number: u32, cells: &'r [Cell]) -> Self {
        Self {
            origin,
            place,
            number,
            cells,
            id: number.to_string(),
            problems: Vec::new(),
            incomplete: false,
            lost: false,
        }
    }

    /// Its place.
    pub(super) fn at(&self) -> Location {
        self.origin.location(self.place)
    }

    /// The cell of a column, if something stands in it.
    pub(super) fn cell(&self, column: Column) -> Option<&'r Cell> {
        self.cells.iter().find(|c| c.column == column && c.filled)
    }

    /// Whether the row has the column, filled or not.
    pub(super) fn has(&self, column: Column) -> bool {
        self.cells.iter().any(|c| c.column == column)
    }

    /// The text of a column, secrets hidden.
    pub(super) fn field(&mut self, column: Column) -> Option<Field> {
        let cell = self.cell(column)?;
        if let Value::Fault(_) = cell.value {
            self.problem(cell, faulty());
            self.lost = true;
            return None;
        }
        Some(Field { text: shown(&cell.value.text()), at: self.origin.location(cell.place) })
    }

    /// What a reader makes of a cell. What it refuses becomes a problem.
    pub(super) fn read<T>(
        &mut self,
        column: Column,
        reader: impl FnOnce(&Value) -> Result<T, Why>,
    ) -> Option<T> {
        let cell = self.cell(column)?;
        let read = match &cell.value {
            Value::Fault(_) => Err(faulty()),
            value => reader(value),
        };
        read.map_err(|why| {
            self.problem(cell, why);
            self.lost = true;
        })
        .ok()
    }

    /// Notes what is wrong with a cell.
    pub(super) fn problem(&mut self, cell: &Cell, why: Why) {
        let at = self.origin.location(cell.place);
        self.push(at, &cell.name, &cell.value.text(), why);
    }

    /// Notes that a cell which the row needs is not there.
    pub(super) fn lacks(&mut self, column: &str, why: Why) {
        let at = self.at();
        self.push(at, column, "", why);
        self.lost = true;
    }

    fn push(&mut self, at: Location, column: &str, text: &str, why: Why) {
        self.incomplete = true;
        self.problems.push(Problem {
            at,
            row: self.id.clone(),
            column: shown(column),
            text: shown(text),
            why_sv: why.sv,
            why_en: why.en,
        });
    }
}

/// A text as it may stand in the model: secrets hidden, at most a few lines long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 2000;
    let text = secrets::masked(text.trim());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

fn faulty() -> Why {
    Why::new(
        "cellen har ett felvärde eller en formel utan resultat; skriv värdet",
        "the cell has an error value or a formula without a result; write the value",
    )
}

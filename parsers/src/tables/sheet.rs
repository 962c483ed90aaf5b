//! Cells of one sheet, as they come, into rows.

use portvakt_model::LineState;
use rustc_hash::FxHashMap;

use super::grid::{Grid, Line, MAX_COLUMNS};
use super::reader::{MAX_ROWS, Reader};
use super::reasons;
use super::record::{Origin, Place, Value};
use super::spell::Why;

/// A sheet being read. Coverage counts the rows of all sheets in order, each sheet from its row 1 to
/// its last filled row.
pub(super) struct Sheet {
    origin: Origin,
    grid: Grid,
    /// Rows of coverage before this sheet's first.
    base: u32,
    row: u32,
    cells: Vec<(u32, Value)>,
    /// Where a merged area begins (row, column): its last row.
    areas: FxHashMap<(u32, u32), u32>,
    /// By column: the value of a merged area and its last row.
    open: FxHashMap<u32, (u32, Value)>,
    wide: bool,
}

impl Sheet {
    pub(super) fn new(name: &str, reader: &Reader<'_, '_>) -> Self {
        let origin = Origin { source: reader.build.id, sheet: Some(name.to_owned()) };
        Self {
            grid: Grid::new(origin.clone()),
            origin,
            base: reader.build.coverage.len() as u32,
            row: 0,
            cells: Vec::new(),
            areas: FxHashMap::default(),
            open: FxHashMap::default(),
            wide: false,
        }
    }

    /// Notes that one value stands for all rows of an area, from its first cell to its last row.
    pub(super) fn merge(&mut self, first: (u32, u32), last_row: u32) {
        self.areas.insert(first, last_row);
    }

    /// Takes the next filled cell, rows in ascending order. `false` when no more are read.
    pub(super) fn cell(
        &mut self,
        row: u32,
        column: u32,
        value: Value,
        reader: &mut Reader<'_, '_>,
    ) -> bool {
        if row != self.row {
            self.flush(reader);
            if row < self.row || !self.fits(row, reader) {
                return false;
            }
            self.row = row;
        }
        reader.count_cell();
        if column > MAX_COLUMNS {
            self.wide = true;
        } else if !value.is_empty() {
            if let Some(last) = self.areas.remove(&(row, column)) {
                self.open.insert(column, (last, value.clone()));
            }
            self.cells.push((column, value));
        }
        true
    }

    fn fits(&self, row: u32, reader: &mut Reader<'_, '_>) -> bool {
        let fits = self.base.saturating_add(row) <= MAX_ROWS && reader.has_room();
        if !fits {
            reader.problem(&self.origin, Place::Cell(row, 1), "", too_many());
            let line = reader.add_rows(reader.build.coverage.len() as u32, 1);
            reader.mark((line, line), LineState::Unsupported(reasons::ROWS_PAST));
        }
        fits
    }

    /// Hands over the row that has been gathered.
    fn flush(&mut self, reader: &mut Reader<'_, '_>) {
        if self.cells.is_empty() {
            return;
        }
        let mut cells = std::mem::take(&mut self.cells);
        let row = self.row;
        self.open.retain(|_, (last, _)| *last >= row);
        let given = |column: &u32, cells: &[(u32, Value)]| cells.iter().any(|(c, _)| c == column);
        let mut filled: Vec<(u32, Value)> = self
            .open
            .iter()
            .filter(|(column, _)| !given(column, &cells))
            .map(|(column, (_, value))| (*column, value.clone()))
            .collect();
        cells.append(&mut filled);
        cells.sort_by_key(|(column, _)| *column);
        cells.dedup_by_key(|(column, _)| *column);
        let line = reader.add_rows(self.base, row);
        self.grid.row(Line { row, states: (line, line), cells }, reader);
        if std::mem::take(&mut self.wide) {
            reader.mark((line, line), LineState::Unsupported(reasons::COLUMNS));
        }
    }

    /// Notes that there are no more cells.
    pub(super) fn end(mut self, reader: &mut Reader<'_, '_>) {
        self.flush(reader);
        self.grid.end(reader);
        let last = reader.build.coverage.len() as u32;
        // What no cell stands in is empty.
        if last > self.base {
            reader.mark((self.base + 1, last), LineState::Neutral);
        }
    }
}

fn too_many() -> Why {
    Why::new(
        "arbetsboken har mer än 1 000 000 rader eller 20 000 000 celler; resten läses inte",
        "the workbook has more than 1,000,000 rows or 20,000,000 cells; the rest is not read",
    )
}

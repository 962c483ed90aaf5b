//! Where the rows of all tables of a file come together.

use portvakt_model::{LineState, Problem};

use super::columns::Kind;
use super::decisions;
use super::others;
use super::record::{Origin, Place, Row, shown};
use super::spell::Why;
use crate::{Build, Context};

/// Rows that are read of a file.
pub(super) const MAX_ROWS: u32 = 1_000_000;

/// Cells that are read of a workbook, where a few bytes can repeat a row many times.
const MAX_CELLS: u32 = 20_000_000;

/// Fills the tables of a [`Build`].
pub(super) struct Reader<'b, 'c> {
    pub(super) build: &'b mut Build<'c>,
    /// Rows of each kind, by [`Kind`].
    rows: [u32; 4],
    /// Cells of workbooks so far.
    cells: u32,
}

impl<'b, 'c> Reader<'b, 'c> {
    pub(super) fn new(build: &'b mut Build<'c>) -> Self {
        Self { build, rows: [0; 4], cells: 0 }
    }

    pub(super) fn context(&self) -> &'c Context {
        self.build.context
    }

    /// Whether another row may be read.
    pub(super) fn has_room(&self) -> bool {
        self.rows.iter().sum::<u32>() < MAX_ROWS && self.cells < MAX_CELLS
    }

    /// Counts a cell of a workbook.
    pub(super) fn count_cell(&mut self) {
        self.cells += 1;
    }

    /// Gives lines of coverage a state.
    pub(super) fn mark(&mut self, (first, last): (u32, u32), state: LineState) {
        (first..=last).for_each(|line| self.build.coverage.mark(line, state));
    }

    /// Makes room in the coverage for `rows` rows after the first `base`; the number of the last.
    pub(super) fn add_rows(&mut self, base: u32, rows: u32) -> u32 {
        let coverage = &mut self.build.coverage;
        coverage.grow(base.saturating_add(rows));
        coverage.len() as u32
    }

    /// Reads a row into the model.
    pub(super) fn take(&mut self, kind: Kind, row: &mut Row<'_>) {
        self.rows[kind as usize] += 1;
        let tables = &mut self.build.tables;
        match kind {
            Kind::Register => tables.register.decisions.push(decisions::read(row)),
            Kind::Systems => tables.systems.extend(others::system(row)),
            Kind::Ssids => tables.ssids.extend(others::ssid(row)),
            Kind::Exceptions => tables.exceptions.push(others::exception(row)),
        }
    }

    /// Keeps the problems of a row that has been read.
    pub(super) fn finish(&mut self, row: Row<'_>) {
        self.build.tables.register.problems.extend(row.problems);
    }

    /// Notes a problem outside any row.
    pub(super) fn problem(&mut self, origin: &Origin, place: Place, column: &str, why: Why) {
        let number = match place {
            Place::Cell(row, _) | Place::Line(row, _) => row.to_string(),
            Place::Whole => String::new(),
        };
        self.build.tables.register.problems.push(Problem {
            at: origin.location(place),
            row: number,
            column: shown(column),
            text: String::new(),
            why_sv: why.sv,
            why_en: why.en,
        });
    }

    /// Sets the format to the kind that most rows are of.
    pub(super) fn settle(self) {
        let most = Kind::ALL.into_iter().rev().max_by_key(|k| self.rows[*k as usize]);
        if let Some(kind) = most.filter(|k| self.rows[*k as usize] > 0) {
            self.build.format = kind.id();
        }
    }
}

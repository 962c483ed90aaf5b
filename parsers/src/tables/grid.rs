//! Rows of a sheet or a delimited text: finds the header, then reads what is under it.

use portvakt_model::LineState;

use super::columns::{Column, Judged, Kind, judge, may_limit};
use super::reader::Reader;
use super::reasons;
use super::record::{Cell, Origin, Place, Row, Value, shown};
use super::spell::Why;
use super::spell::words::fold;

/// Rows before the header that are looked through for it.
const TITLE_ROWS: usize = 50;

/// Columns that are read; a table that is wider than this is no table of a person.
pub(super) const MAX_COLUMNS: u32 = 256;

/// A row as it stands in the source.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number as a person counts in the sheet or file.
    pub(super) row: u32,
    /// Lines of coverage that it takes, first and last.
    pub(super) states: (u32, u32),
    /// Cells with their column, from 1, in order. Cells left out are empty.
    pub(super) cells: Vec<(u32, Value)>,
}

/// A table being read.
pub(super) struct Grid {
    origin: Origin,
    header: Header,
}

enum Header {
    /// Rows so far, none of which is a header.
    Sought(Vec<Line>),
    Found(Columns),
    /// There is none: it is no table of ours.
    Missing,
}

struct Columns {
    kind: Kind,
    /// By position: what it holds and its name.
    all: Vec<(u32, Option<Column>, String)>,
    secret: Vec<u32>,
    state: LineState,
}

impl Grid {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, header: Header::Sought(Vec::new()) }
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, line: Line, reader: &mut Reader<'_, '_>) {
        match &mut self.header {
            Header::Found(columns) => columns.read(&line, &self.origin, reader),
            Header::Missing => reader.mark(line.states, NO_HEADER),
            Header::Sought(before) => match header(&line, reader) {
                Some(judged) => {
                    for title in std::mem::take(before) {
                        reader.mark(title.states, LineState::Neutral);
                    }
                    let columns = Columns::new(&judged, &line, &self.origin, reader);
                    self.header = Header::Found(columns);
                }
                None if before.len() < TITLE_ROWS => before.push(line),
                None => {
                    before.push(line);
                    self.give_up(reader);
                }
            },
        }
    }

    /// Positions of columns that are named for secrets.
    pub(super) fn secret_columns(&self) -> &[u32] {
        match &self.header {
            Header::Found(columns) => &columns.secret,
            _ => &[],
        }
    }

    /// Notes that there are no more rows.
    pub(super) fn end(mut self, reader: &mut Reader<'_, '_>) {
        self.give_up(reader);
    }

    fn give_up(&mut self, reader: &mut Reader<'_, '_>) {
        if let Header::Sought(before) = &mut self.header {
            for line in std::mem::take(before) {
                let state = if is_blank(&line) { LineState::Neutral } else { NO_HEADER };
                reader.mark(line.states, state);
            }
            self.header = Header::Missing;
        }
    }
}

const NO_HEADER: LineState = LineState::Unsupported(reasons::NO_HEADER);

fn is_blank(line: &Line) -> bool {
    line.cells.iter().all(|(_, value)| value.is_empty())
}

fn header(line: &Line, reader: &Reader<'_, '_>) -> Option<Judged> {
    let names: Vec<_> = line.cells.iter().map(|(_, value)| value.text()).collect();
    judge(names.iter().map(AsRef::as_ref), reader.context())
}

impl Columns {
    fn new(judged: &Judged, line: &Line, origin: &Origin, reader: &mut Reader<'_, '_>) -> Self {
        let mut found =
            Self { kind: judged.kind, all: Vec::new(), secret: Vec::new(), state: LineState::Used };
        for (position, value) in &line.cells {
            let name = value.text().into_owned();
            let column = judged.kind.column(&name, reader.context());
            let place = Place::Cell(line.row, *position);
            if let Some(why) = found.objection(column, &name) {
                reader.problem(origin, place, &name, why);
                found.state = LineState::Unsupported(reasons::COLUMN);
            }
            if names_a_secret(&name) {
                found.secret.push(*position);
            }
            found.all.push((*position, column, name));
        }
        reader.mark(line.states, found.state);
        found
    }

    /// Why a column cannot be taken as it is.
    fn objection(&self, column: Option<Column>, name: &str) -> Option<Why> {
        let repeats = matches!(column, Some(Column::Noted | Column::Class) | None);
        if !repeats && self.all.iter().any(|(_, c, _)| *c == column) {
            return Some(Why::new(
                "kolumnen finns två gånger; bara den första som är ifylld läses",
                "the column is there twice; only the first that is filled is read",
            ));
        }
        (column.is_none() && may_limit(name)).then(|| {
            Why::new(
                "kolumnen känns inte igen men kan begränsa besluten; ange den under [columns]",
                "the column is not known but may limit the decisions; name it under [columns]",
            )
        })
    }

    fn read(&self, line: &Line, origin: &Origin, reader: &mut Reader<'_, '_>) {
        let filled = line.cells.iter().filter(|(_, value)| !value.is_empty()).count();
        match filled {
            0 => reader.mark(line.states, LineState::Neutral),
            _ if self.is_repeated_by(line) => reader.mark(line.states, LineState::Neutral),
            1 if self.all.len() > 2 => reader.mark(line.states, LONE),
            _ => self.read_row(line, origin, reader),
        }
    }

    fn read_row(&self, line: &Line, origin: &Origin, reader: &mut Reader<'_, '_>) {
        let cells = self.cells(line);
        let place = Place::Cell(line.row, 1);
        let mut row = Row::new(origin, place, line.row, &cells);
        reader.take(self.kind, &mut row);
        let state = if row.lost { LOST } else { LineState::Used };
        reader.finish(row);
        reader.mark(line.states, state);
    }

    fn cells(&self, line: &Line) -> Vec<Cell> {
        let mut given = line.cells.iter().peekable();
        let mut cells = Vec::with_capacity(self.all.len());
        for (position, column, name) in &self.all {
            while given.next_if(|(p, _)| p < position).is_some() {}
            let value = given.next_if(|(p, _)| p == position).map(|(_, v)| v.clone());
            let value = value.unwrap_or(Value::Text(String::new()));
            let place = Place::Cell(line.row, *position);
            cells.extend(column.map(|column| Cell::new(column, name.clone(), value, place)));
        }
        cells
    }

    /// A header that stands again at the top of a printed page.
    fn is_repeated_by(&self, line: &Line) -> bool {
        let same = |(p, value): &(u32, Value)| {
            self.all.iter().any(|(q, _, name)| p == q && fold(name) == fold(&value.text()))
        };
        line.cells.len() > 1 && line.cells.iter().all(same)
    }
}

const LONE: LineState = LineState::Unsupported(reasons::ONE_CELL);

pub(super) const LOST: LineState = LineState::Unsupported(reasons::CELL);

/// Whether a text may be a name of a column that holds secrets.
pub(super) fn names_a_secret(name: &str) -> bool {
    shown(&format!("{name}=x")) != format!("{name}=x")
}

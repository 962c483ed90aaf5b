//! JSON and TOML: lists of objects with keys.

use portvakt_model::LineState;
use rustc_hash::FxHashMap;

use super::columns::{Column, Kind, judge, may_limit};
use super::grid::{LOST, names_a_secret};
use super::reader::Reader;
use super::reasons;
use super::record::{Cell, Origin, Place, Row, Value};
use super::spell::Why;
use crate::lines::{Line, Lines};
use crate::secrets;

/// An object with its keys.
pub(super) struct Object {
    /// Byte ranges of its text; every line of them is part of it.
    pub(super) spans: Vec<(usize, usize)>,
    pub(super) members: Vec<Member>,
}

/// A key with its value.
pub(super) struct Member {
    pub(super) key: String,
    pub(super) value: Value,
    /// Byte range of the value.
    pub(super) span: (usize, usize),
}

/// Reads objects into the tables of one file.
pub(super) struct Tree<'t, 'r, 'b, 'c> {
    text: &'t str,
    pub(super) reader: &'r mut Reader<'b, 'c>,
    pub(super) origin: Origin,
    /// Byte offset of each line.
    starts: Vec<usize>,
    /// Keys met before: what they hold.
    keys: FxHashMap<(Kind, String), Option<Column>>,
}

impl<'t, 'r, 'b, 'c> Tree<'t, 'r, 'b, 'c> {
    pub(super) fn new(text: &'t str, reader: &'r mut Reader<'b, 'c>) -> Self {
        let starts = Lines::new(text).map(|l| l.start as usize).collect();
        let origin = Origin { source: reader.build.id, sheet: None };
        Self { text, reader, origin, starts, keys: FxHashMap::default() }
    }

    /// Reads a list of objects. `kind` is what its key names; without it the keys of its objects
    /// tell.
    pub(super) fn list(&mut self, kind: Option<Kind>, objects: &[Object]) {
        let names: Vec<&str> = objects
            .iter()
            .take(100)
            .flat_map(|o| o.members.iter().map(|m| m.key.as_str()))
            .collect();
        let distinct: std::collections::BTreeSet<&str> = names.into_iter().collect();
        let kind = kind.or_else(|| judge(distinct, self.reader.context()).map(|j| j.kind));
        for object in objects {
            match kind {
                Some(kind) if self.reader.has_room() => self.object(kind, object),
                Some(_) => self.mark(object, LineState::Unsupported(reasons::ROWS)),
                None => self.mark(object, UNKNOWN_LIST),
            }
        }
    }

    fn object(&mut self, kind: Kind, object: &Object) {
        let first = object.spans.first().map_or(0, |s| s.0);
        let place = self.place(first);
        let (number, mut cells, mut limited) = (self.line(first), Vec::new(), false);
        for member in &object.members {
            self.hide_secrets(member);
            match self.column(kind, &member.key) {
                Some(column) => {
                    let place = self.place(member.span.0);
                    cells.push(Cell::new(column, member.key.clone(), member.value.clone(), place));
                }
                None if may_limit(&member.key) => {
                    let place = self.place(member.span.0);
                    self.reader.problem(&self.origin, place, &member.key, unknown_key());
                    limited = true;
                }
                None => {}
            }
        }
        let mut row = Row::new(&self.origin, place, number, &cells);
        self.reader.take(kind, &mut row);
        let state = if row.lost || limited { LOST } else { LineState::Used };
        self.reader.finish(row);
        self.mark(object, state);
    }

    /// Hides what may be a secret in a value, and all of one whose key is named for it.
    fn hide_secrets(&mut self, member: &Member) {
        let (from, to) = member.span;
        if names_a_secret(&member.key) {
            self.reader.build.redact(from as u32..to as u32);
            return;
        }
        for line in Lines::new(&self.text[from..to]) {
            let line = Line { start: from as u32 + line.start, ..line };
            secrets::redact_suspicious(line, self.reader.build);
        }
    }

    fn column(&mut self, kind: Kind, key: &str) -> Option<Column> {
        let context = self.reader.context();
        let entry = self.keys.entry((kind, key.to_owned()));
        *entry.or_insert_with(|| kind.column(key, context))
    }

    /// Gives every line of an object a state.
    pub(super) fn mark(&mut self, object: &Object, state: LineState) {
        for (from, to) in &object.spans {
            self.mark_span(*from, *to, state);
        }
    }

    /// Gives every line of a byte range a state.
    pub(super) fn mark_span(&mut self, from: usize, to: usize, state: LineState) {
        let lines = (self.line(from), self.line(to.max(from + 1) - 1));
        self.reader.mark(lines, state);
    }

    /// Notes why the text, or its part from a byte on, cannot be read.
    pub(super) fn broken(&mut self, at: usize, why: Why) {
        let place = self.place(at);
        self.reader.problem(&self.origin, place, "", why);
    }

    pub(super) fn line(&self, at: usize) -> u32 {
        self.starts.partition_point(|s| *s <= at).max(1) as u32
    }

    /// The start of a line (from 1); past the end, that of the last.
    pub(super) fn start(&self, line: usize) -> usize {
        let index = line.max(1).min(self.starts.len().max(1)) - 1;
        self.starts.get(index).copied().unwrap_or(0)
    }

    fn place(&self, at: usize) -> Place {
        let line = self.line(at);
        Place::Line(line, (at - self.start(line as usize).min(at)) as u32 + 1)
    }
}

pub(super) const UNKNOWN_LIST: LineState = LineState::Unsupported(reasons::NO_TABLE);

fn unknown_key() -> Why {
    Why::new(
        "nyckeln känns inte igen men kan begränsa beslutet; ange den under [columns]",
        "the key is not known but may limit the decision; name it under [columns]",
    )
}

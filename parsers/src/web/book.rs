//! One server's configuration while it is read: its files, what is known of their lines, what is hidden.

use std::collections::BTreeMap;

use portvakt_model::{Coverage, LineState, Location, Message, Placed, SourceId, Span};

use super::library::{File, Library, Meant};

/// Deepest that files include each other; nginx and Apache stop at similar depths.
const DEEPEST: usize = 16;

/// Said of a line that includes what was not given.
pub(super) const NOT_GIVEN: &Message = &Message {
    sv: "den läser in en fil som inte lämnats med",
    en: "it includes a file that was not given with this one",
};

/// What is known of the lines of one source.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) coverage: Coverage,
    pub(crate) redactions: Vec<Span>,
}

impl Part {
    /// Adds what another configuration that includes the same file knows of it.
    pub(super) fn add(&mut self, other: Self) {
        self.coverage.grow(other.coverage.len() as u32);
        for (line, state) in (1..).zip(other.coverage.states()) {
            self.coverage.mark(line, state);
        }
        self.redactions.extend(other.redactions);
    }
}

/// A configuration in the making.
pub(crate) struct Book<'l, 'a> {
    library: &'l Library<'a>,
    root: usize,
    /// The files that are being read: each is included by the one before it.
    open: Vec<usize>,
    /// Every file that was read, by its place in the library.
    pub(crate) read: Vec<usize>,
    pub(crate) parts: BTreeMap<SourceId, Part>,
}

impl<'l, 'a> Book<'l, 'a> {
    pub(crate) fn new(library: &'l Library<'a>, root: usize) -> Self {
        Self { library, root, open: Vec::new(), read: Vec::new(), parts: BTreeMap::new() }
    }

    /// The file that it begins with.
    pub(super) fn root(&self) -> usize {
        self.root
    }

    /// The file that is being read.
    pub(super) fn file(&self) -> &'l File<'a> {
        &self.library.files[self.open.last().copied().unwrap_or(self.root)]
    }

    /// What an `include` means that stands in the file being read. Files that are open are left out: a
    /// server that met one would not start.
    pub(super) fn find(&self, pattern: &str) -> Meant {
        let from = self.open.last().copied().unwrap_or(self.root);
        match self.library.find(pattern, self.root, from) {
            _ if self.open.len() > DEEPEST => Meant::Unread,
            Meant::Files(mut files) => {
                files.retain(|file| !self.open.contains(file));
                Meant::Files(files)
            }
            Meant::Unread => Meant::Unread,
        }
    }

    /// The files of the root's folder, in the order of their names, each with its text.
    pub(super) fn beside(&self) -> Vec<(usize, &'a str)> {
        let files = &self.library.files;
        let folder = |n: usize| files[n].path.rsplit_once('/').map(|(folder, _)| folder);
        let mut beside: Vec<usize> =
            (0..files.len()).filter(|n| folder(*n) == folder(self.root)).collect();
        beside.sort_by_key(|n| files[*n].path);
        beside.into_iter().map(|n| (n, files[n].text)).collect()
    }

    /// Turns to a file, until [`Book::leave`].
    pub(super) fn enter(&mut self, file: usize) -> &'l File<'a> {
        self.open.push(file);
        self.read.push(file);
        let found = &self.library.files[file];
        let lines = found.before.0 + found.text.lines().count() as u32;
        self.parts.entry(found.id).or_default().coverage.grow(lines);
        found
    }

    /// Turns back to the file before.
    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    /// Sets the state of a line, from 1 in its own file.
    pub(super) fn mark(&mut self, line: u32, state: LineState) {
        let file = self.file();
        self.parts.entry(file.id).or_default().coverage.mark(file.before.0 + line, state);
    }

    /// Sets the state of some lines from a place on, whatever file is being read.
    pub(super) fn mark_at(&mut self, at: &Location, lines: u32, state: LineState) {
        let Location::Line { source, line, .. } = at else { return };
        let part = self.parts.entry(*source).or_default();
        (*line..line + lines).for_each(|line| part.coverage.mark(line, state));
    }

    /// Overwrites a byte range of the file being read when all is done.
    pub(super) fn redact(&mut self, span: &Span) {
        let file = self.file();
        let start = file.before.1;
        let part = self.parts.entry(file.id).or_default();
        part.redactions.push(start + span.start..start + span.end);
    }

    /// The place of a line, from 1 in its own file.
    pub(super) fn at(&self, line: u32) -> Location {
        let file = self.file();
        Location::line(file.id, file.before.0 + line)
    }

    /// A setting that stands on a line of the file being read.
    pub(super) fn placed<T>(&self, value: T, line: u32) -> Placed<T> {
        Placed::new(value, self.at(line))
    }
}

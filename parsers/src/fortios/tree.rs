//! The tree of a FortiOS configuration: `config` … `edit` … `set` … `next` … `end`.
//!
//! A table that occurs twice is one table, an entry that is edited twice is one entry.

use std::borrow::Cow;

use portvakt_model::{LineState, Span};
use rustc_hash::FxHashMap;

use super::words::Value;
use crate::build::Build;
use crate::secrets::{kept, masked};

/// What a line does to the values of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Set,
    Append,
    Unset,
    Unselect,
}

/// One `set`, `append`, `unset`, `select` or `unselect`.
#[derive(Clone, Debug)]
pub(super) struct Setting<'a> {
    pub(super) verb: Verb,
    pub(super) key: Cow<'a, str>,
    pub(super) values: Vec<Value<'a>>,
    /// First line, from 1.
    pub(super) line: u32,
    /// Last line: values may span several.
    pub(super) last: u32,
}

/// A `config` block or an `edit` entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Data<'a> {
    /// Path of a block, its words joined by one blank; name of an entry.
    pub(super) name: Cow<'a, str>,
    pub(super) is_entry: bool,
    /// Line where it first begins, from 1.
    pub(super) line: u32,
    /// Lines of `config`, `edit`, `next` and `end` that belong to it.
    pub(super) frame: Vec<u32>,
    pub(super) settings: Vec<Setting<'a>>,
    pub(super) children: Vec<u32>,
}

/// What the comment lines at the top say.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    /// `7.4.8`.
    pub(super) version: Option<String>,
    pub(super) hostname: Option<String>,
    /// Whether `#config-version=` is there: then the file is a whole backup, not a part.
    pub(super) whole: bool,
}

/// A configuration.
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Data<'a>>,
    pub(super) index: FxHashMap<(u32, Cow<'a, str>), u32>,
    pub(super) header: Header,
}

/// A node of the tree, with the questions that readers ask.
#[derive(Clone, Copy)]
pub(super) struct Node<'t, 'a> {
    tree: &'t Tree<'a>,
    id: u32,
}

pub(super) const ROOT: u32 = 0;

impl<'a> Tree<'a> {
    /// The node that holds the blocks of the outermost level.
    pub(super) fn root(&self) -> Node<'_, 'a> {
        Node { tree: self, id: ROOT }
    }

    /// The child of a node by its name.
    pub(super) fn child(&self, parent: u32, name: &str) -> Option<u32> {
        self.index.get(&(parent, Cow::Borrowed(name))).copied()
    }
}

impl<'t, 'a> Node<'t, 'a> {
    fn data(self) -> &'t Data<'a> {
        &self.tree.nodes[self.id as usize]
    }

    /// Name of an entry, path of a block.
    pub(super) fn name(self) -> &'t str {
        &self.data().name
    }

    /// Line where it begins, from 1.
    pub(super) fn line(self) -> u32 {
        self.data().line
    }

    /// The last line that belongs to it, from 1.
    pub(super) fn last_line(self) -> u32 {
        let data = self.data();
        let inside = data.settings.last().map_or(0, |s| s.last);
        data.frame.last().copied().unwrap_or(data.line).max(inside)
    }

    /// Lines that open and close it.
    pub(super) fn frame(self) -> &'t [u32] {
        &self.data().frame
    }

    /// Its settings in file order.
    pub(super) fn settings(self) -> &'t [Setting<'a>] {
        &self.data().settings
    }

    /// Everything directly inside: entries of a block, blocks of an entry.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        self.data().children.iter().map(move |&id| Self { tree: self.tree, id })
    }

    /// The block with this path.
    pub(super) fn block(self, path: &str) -> Option<Self> {
        let id = self.tree.child(self.id, path)?;
        Some(Self { tree: self.tree, id })
    }

    /// Entries of the inner block with this path.
    pub(super) fn entries_of(self, path: &str) -> impl Iterator<Item = Self> {
        self.block(path).into_iter().flat_map(Self::children)
    }

    /// The setting in force of a key that takes one value.
    pub(super) fn setting(self, key: &str) -> Option<&'t Setting<'a>> {
        let last = self.settings().iter().rev().find(|s| s.key == key)?;
        (last.verb != Verb::Unset && !last.values.is_empty()).then_some(last)
    }

    /// The value in force of a key; an empty one is none.
    pub(super) fn get(self, key: &str) -> Option<&'t str> {
        let value = self.setting(key)?.values.first()?;
        Some(value.text.as_ref()).filter(|text| !text.is_empty())
    }

    /// Whether the value in force of a key is this.
    pub(super) fn is(self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// The number in force of a key.
    pub(super) fn number(self, key: &str) -> Option<u32> {
        self.get(key)?.parse().ok()
    }

    /// The values in force of a key that takes several, with the line of each.
    pub(super) fn list(self, key: &str) -> Vec<(&'t str, u32)> {
        let mut out: Vec<(&str, u32)> = Vec::new();
        for setting in self.settings().iter().filter(|s| s.key == key) {
            let values = setting.values.iter().map(|v| (v.text.as_ref(), setting.line));
            match setting.verb {
                Verb::Set => out = values.collect(),
                Verb::Append => out.extend(values),
                Verb::Unset => out.clear(),
                Verb::Unselect => {
                    let gone: Vec<&str> = values.map(|(text, _)| text).collect();
                    out.retain(|(text, _)| !gone.contains(text));
                }
            }
        }
        out.retain(|(text, _)| !text.is_empty());
        out
    }

    /// Marks the lines that open and close it.
    pub(super) fn mark_frame(self, state: LineState, build: &mut Build<'_>) {
        for &line in self.frame() {
            build.coverage.mark(line, state);
        }
    }

    /// Marks everything in it, but for what is in the model already (secrets). Nesting is at most
    /// [`MAX_DEPTH`] deep.
    pub(super) fn mark_all(self, state: LineState, build: &mut Build<'_>) {
        self.mark_frame(state, build);
        for setting in self.settings() {
            if build.coverage.of(setting.line) != Some(LineState::Used) {
                setting.mark(state, build);
            }
        }
        for child in self.children() {
            child.mark_all(state, build);
        }
    }
}

/// The texts of some keys as one comment, `name: comments`; secrets in them are hidden, here and in
/// the source.
pub(super) fn comment(node: Node<'_, '_>, keys: &[&str], build: &mut Build<'_>) -> Option<String> {
    let mut texts = Vec::new();
    for setting in keys.iter().filter_map(|key| node.setting(key)) {
        let Some(value) = setting.values.first().filter(|v| !v.text.is_empty()) else { continue };
        // Where the value is written with escapes, what is hidden stands elsewhere: hide it all.
        let as_written = value.span.len() == value.text.len();
        let text = if as_written {
            kept(&value.text, value.span.start, build)
        } else {
            masked(&value.text)
        };
        if !as_written && text != value.text {
            build.redact(value.span.clone());
        }
        texts.push(text.into_owned());
    }
    (!texts.is_empty()).then(|| texts.join(": "))
}

impl Setting<'_> {
    /// Marks its lines.
    pub(super) fn mark(&self, state: LineState, build: &mut Build<'_>) {
        for line in self.line..=self.last {
            build.coverage.mark(line, state);
        }
    }

    /// Where all its values stand.
    pub(super) fn span(&self) -> Option<Span> {
        Some(self.values.first()?.span.start..self.values.last()?.span.end)
    }
}

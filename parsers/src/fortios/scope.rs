//! Where the settings of one device, or of one VDOM of it, are found.

use super::tree::{Header, Node};

/// One device: its own sections, and those it shares with the other VDOMs.
pub(super) struct Scope<'t, 'a> {
    /// Name of the VDOM when there are several.
    pub(super) vdom: Option<&'t str>,
    /// Whether settings of the whole box are told here: in the first VDOM, or the only one.
    pub(super) first: bool,
    pub(super) header: &'t Header,
    parts: Vec<Node<'t, 'a>>,
}

impl<'t, 'a> Scope<'t, 'a> {
    /// `parts`: nodes that hold sections, the VDOM's own first.
    pub(super) fn new(
        vdom: Option<&'t str>,
        first: bool,
        header: &'t Header,
        parts: Vec<Node<'t, 'a>>,
    ) -> Self {
        Self { vdom, first, header, parts }
    }

    /// The sections with this path, the VDOM's own first.
    pub(super) fn sections(&self, path: &str) -> impl Iterator<Item = Node<'t, 'a>> {
        self.parts.iter().filter_map(move |part| part.block(path))
    }

    /// The first section with this path.
    pub(super) fn section(&self, path: &str) -> Option<Node<'t, 'a>> {
        self.sections(path).next()
    }

    /// The entries of all sections with this path.
    pub(super) fn entries(&self, path: &str) -> impl Iterator<Item = Node<'t, 'a>> {
        self.sections(path).flat_map(Node::children)
    }

    /// The nodes that hold sections.
    pub(super) fn parts(&self) -> &[Node<'t, 'a>] {
        &self.parts
    }

    /// Whether a thing that says `set vdom "x"` belongs here.
    pub(super) fn owns(&self, entry: Node<'_, '_>) -> bool {
        match (self.vdom, entry.get("vdom")) {
            (Some(own), Some(other)) => own == other,
            (Some(_), None) => self.first,
            (None, _) => true,
        }
    }

    /// Whether the version is known to be `at_least`; `None` when no version is stated.
    pub(super) fn is_at_least(&self, at_least: (u32, u32, u32)) -> Option<bool> {
        let text = self.header.version.as_deref()?;
        let mut parts = text.split('.').map(str::parse::<u32>);
        let mut next = || parts.next()?.ok();
        Some((next()?, next()?, next()?) >= at_least)
    }
}

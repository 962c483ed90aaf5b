//! What a parser fills while it reads one file.

use std::collections::BTreeMap;

use portvakt_model::{Coverage, Device, LineState, Message, Secret, SecretForm, SourceId, Span};
use portvakt_space::{AddrSet, Traffic};
use rustc_hash::FxHashMap;

use crate::Tables;
use crate::lines::Lines;

/// What a parser may need to know beside the file itself.
#[derive(Debug, Default)]
pub struct Context {
    /// Own column names: lower-case name as written in the table → field name of the register.
    pub columns: BTreeMap<String, String>,
    /// `ipset save` outputs found among the inputs.
    pub ipsets: Vec<IpsetFile>,
}

/// The sets of one `ipset save` output.
#[derive(Clone, Debug, Default)]
pub struct IpsetFile {
    /// Where it was read: it belongs to the rule file with the same folder and stem, or to all when
    /// it is the only one.
    pub path: String,
    /// The file itself; `None` for sets that stand among the rules.
    pub source: Option<SourceId>,
    /// What each set holds; `None` where it is not modelled.
    pub sets: FxHashMap<String, Option<IpsetContent>>,
    /// Line of each set's declaration, from 1.
    pub lines: FxHashMap<String, u32>,
}

/// What an ipset holds, as of the moment it was saved: members may come and go by timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IpsetContent {
    /// Addresses only (`hash:ip`, `hash:net`, `bitmap:ip`).
    Addresses(AddrSet),
    /// Tuples. The flags of `-m set` say for each dimension which side of a packet it is.
    Tuples {
        /// What the parts of a member are, in order.
        dimensions: Vec<Dimension>,
        /// One traffic each: the first address as source, the second as destination, the port as
        /// destination port.
        members: Vec<Traffic>,
    },
}

/// A part of an ipset's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// An address or network.
    Address,
    /// A protocol with ports, or with ICMP type and code.
    Port,
}

/// One file as its parser reads it.
pub struct Input<'a> {
    /// The path, for messages and for a device without a name of its own.
    pub path: &'a str,
    /// Decoded text; empty for a workbook.
    pub text: &'a str,
    /// Raw bytes of a workbook; empty for text.
    pub binary: &'a [u8],
}

impl<'a> Input<'a> {
    /// Its lines.
    pub(crate) fn lines(&self) -> Lines<'a> {
        Lines::new(self.text)
    }

    /// The file's name without folders and extension: the device's name where the export has none.
    pub fn stem(&self) -> &'a str {
        let name = self.path.rsplit(['/', '\\']).next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

/// The model of one file in the making.
pub struct Build<'c> {
    /// Number of the source.
    pub id: SourceId,
    /// Id of the format: the parser's, or one that the parser has found it to be.
    pub format: &'static str,
    /// Devices so far.
    pub devices: Vec<Device>,
    /// Tables so far.
    pub tables: Tables,
    /// States so far.
    pub coverage: Coverage,
    /// What is known beside the file.
    pub context: &'c Context,
    pub(crate) redactions: Vec<Span>,
}

impl<'c> Build<'c> {
    pub(crate) fn new(
        id: SourceId,
        format: &'static str,
        lines: u32,
        context: &'c Context,
    ) -> Self {
        Self {
            id,
            format,
            devices: Vec::new(),
            tables: Tables::default(),
            coverage: Coverage::new(lines),
            context,
            redactions: Vec::new(),
        }
    }

    /// The line is understood and in the model.
    pub fn used(&mut self, line: u32) {
        self.coverage.mark(line, LineState::Used);
    }

    /// The line is understood and has no bearing.
    pub fn neutral(&mut self, line: u32) {
        self.coverage.mark(line, LineState::Neutral);
    }

    /// The line is recognised, but `why` is not modelled.
    pub fn unsupported(&mut self, line: u32, why: &'static Message) {
        self.coverage.mark(line, LineState::Unsupported(why));
    }

    /// Overwrites a byte range of the text when the parser is done.
    pub fn redact(&mut self, span: Span) {
        self.redactions.push(span);
    }

    /// Notes that `value`, which stands at `span`, is a secret: it is redacted and forgotten.
    pub fn secret(&mut self, value: &str, span: Span, form: SecretForm) -> Secret {
        self.redact(span);
        Secret::seen(value, form)
    }
}

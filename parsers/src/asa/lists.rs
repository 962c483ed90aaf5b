//! Access lists as they stand in the text: running configuration and `show access-list`.

use portvakt_model::{Hits, Message};
use rustc_hash::FxHashMap;

use super::Reader;
use super::reasons;
use super::text::{Cursor, Statement};
use crate::lines::Line;

const WEBTYPE: &Message = &Message {
    sv: "filtrering av klientlös VPN på URL räknas inte in",
    en: "filtering of clientless VPN by URL is not modelled",
};

/// What an access list filters on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Extended,
    /// LINA's form of an access control policy: what it permits, Snort may still drop.
    Advanced,
    /// Destinations only; never applied to an interface.
    Standard,
    /// EtherType or URL.
    Foreign,
}

/// One line of a list.
pub(super) struct Entry<'a> {
    pub(super) line: Line<'a>,
    /// What follows the name (and `line N`, and the kind).
    pub(super) words: Cursor<'a>,
    /// Its number as `show access-list` prints it.
    pub(super) number: Option<u32>,
    pub(super) shape: Shape,
    pub(super) is_remark: bool,
    pub(super) hits: Option<Hits>,
}

/// One access list.
pub(super) struct List<'a> {
    pub(super) name: &'a str,
    pub(super) line: u32,
    pub(super) entries: Vec<Entry<'a>>,
    /// Whether it is an `ipv6 access-list` of the time when there were two kinds.
    pub(super) only_v6: bool,
}

/// A place other than `access-group` that names an access list.
pub(super) struct Use<'a> {
    pub(super) list: &'a str,
    pub(super) by: String,
    pub(super) line: u32,
}

/// Every access list, in the order of the file.
#[derive(Default)]
pub(super) struct Lists<'a> {
    pub(super) all: Vec<List<'a>>,
    by_name: FxHashMap<&'a str, usize>,
    pub(super) uses: Vec<Use<'a>>,
    /// Names after words that may speak of an access list, with the line.
    pub(super) mentions: Vec<(&'a str, Line<'a>)>,
}

impl<'a> Lists<'a> {
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    fn entry(&mut self, name: &'a str, line: u32, only_v6: bool) -> &mut List<'a> {
        let next = self.all.len();
        let at = *self.by_name.entry(name).or_insert(next);
        if at == next {
            self.all.push(List { name, line, entries: Vec::new(), only_v6 });
        }
        &mut self.all[at]
    }
}

impl<'a> Reader<'a, '_, '_> {
    /// Notes that something other than `access-group` names a list.
    pub(super) fn list_use(&mut self, list: &'a str, by: impl Into<String>, line: u32) {
        self.lists.uses.push(Use { list, by: by.into(), line });
    }

    /// `access-list …` or `ipv6 access-list …`.
    pub(super) fn access_list(&mut self, statement: Statement<'_, 'a>, only_v6: bool) {
        let line = statement.head;
        self.expansion(statement.body);
        let mut words = statement.words();
        words.eat("ipv6");
        words.next();
        let Some(name) = words.next() else { return };
        if is_heading(name, &words) {
            return self.build.neutral(line.number);
        }
        let number = words.eat("line").then(|| words.next().and_then(|n| n.parse().ok())).flatten();
        if words.is_done() {
            return self.unknown(line);
        }
        let shape = shape(&mut words);
        let hits = hits(line.text);
        let list = self.lists.entry(name, line.number, only_v6);
        if let Some(number) = number.filter(|_| hits.is_some()) {
            let at = list.entries.iter().rposition(|e| e.number == Some(number)).or_else(|| {
                let plain = list.entries.first().is_some_and(|e| e.number.is_none());
                (number as usize).checked_sub(1).filter(|at| plain && *at < list.entries.len())
            });
            if let Some(at) = at {
                return self.count_hits(name, at, hits, line.number);
            }
        }
        let is_remark = words.eat("remark");
        let entry = Entry { line, words, number, shape, is_remark, hits };
        list.entries.push(entry);
        self.classify(line, shape, is_remark);
    }

    /// A line of `show access-list` whose rule is there already: from the running configuration
    /// (then it brings the counter), or its own head line (then it is part of the expansion).
    fn count_hits(&mut self, name: &str, at: usize, hits: Option<Hits>, line: u32) {
        let Some(list) = self.lists.find(name).map(|i| &mut self.lists.all[i]) else { return };
        let entry = &mut list.entries[at];
        if entry.hits.is_none() && entry.number.is_none() {
            entry.hits = hits;
            self.build.used(line);
        } else {
            self.build.neutral(line);
        }
    }

    fn classify(&mut self, line: Line<'a>, shape: Shape, is_remark: bool) {
        if is_remark {
            self.build.neutral(line.number);
        } else if shape == Shape::Foreign {
            let web = line.text.contains(" webtype ");
            self.build.unsupported(line.number, if web { WEBTYPE } else { reasons::ETHERTYPE });
        }
    }

    /// The elements of a rule, which `show access-list` prints under it: they are no rules.
    fn expansion(&mut self, body: &[Line<'a>]) {
        for line in body.iter().filter(|l| !l.text.trim().is_empty()) {
            let text = line.text.trim_start();
            if text.starts_with("access-list ") || text.starts_with("alert-interval ") {
                self.build.neutral(line.number);
            } else {
                self.unknown(*line);
            }
        }
    }
}

/// Commands and headings that begin like an access list: `access-list alert-interval 300`,
/// `access-list NAME; 3 elements; …`, `access-list cached ACL log flows: …`.
fn is_heading(name: &str, words: &Cursor<'_>) -> bool {
    name.ends_with(';')
        || matches!(name, "alert-interval" | "deny-flow-max" | "mode" | "commit" | "compiled")
        || name == "cached" && words.peek() == Some("ACL")
}

/// The kind that is stated, else extended: PIX writes none.
fn shape(words: &mut Cursor<'_>) -> Shape {
    let shape = match words.peek() {
        Some("extended") => Shape::Extended,
        Some("advanced") => Shape::Advanced,
        Some("standard") => Shape::Standard,
        Some("webtype" | "ethertype") => Shape::Foreign,
        _ => return Shape::Extended,
    };
    words.next();
    shape
}

/// `(hitcnt=17)`.
fn hits(text: &str) -> Option<Hits> {
    let (_, tail) = text.split_once("(hitcnt=")?;
    let count = tail.split_once(')')?.0.trim().parse().ok()?;
    Some(Hits { count, last: None })
}

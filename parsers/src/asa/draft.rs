//! A rule in the making.

use std::rc::Rc;

use portvakt_model::{Reason, Told};
use portvakt_space::{AddrSet, AtomSet, Family, ICMP, ICMPV6, RangeSet, ServiceSet, Traffic};

use super::objects::Value;
use super::text::Cursor;

/// A set that is known from both sides.
pub(super) struct Known<T> {
    pub(super) most: T,
    pub(super) least: T,
}

impl<T: Clone> Known<T> {
    pub(super) fn exact(set: T) -> Self {
        Self { least: set.clone(), most: set }
    }
}

/// What the protocol position says.
pub(super) enum Transport<'a> {
    /// Protocols that ports or ICMP types may narrow.
    Protocols(Vec<(u8, u8)>),
    /// A service object or group.
    Services(Rc<Value<'a>>),
}

/// Ports, or services in place of ports.
pub(super) enum Ports<'a> {
    Ranges(RangeSet<u16>),
    Group(Rc<Value<'a>>),
}

/// A rule in the making.
pub(super) struct Draft<'a> {
    pub(super) line: u32,
    pub(super) used_by: String,
    /// What `any` means in this list; `None` is both IP versions.
    pub(super) family: Option<Family>,
    pub(super) reasons: Vec<Reason>,
    /// Whether some condition makes it match nothing for certain.
    pub(super) vague: bool,
    /// Whether some words are not understood.
    pub(super) unread: bool,
    pub(super) iif: AtomSet,
    pub(super) oif: AtomSet,
    pub(super) sources: Vec<String>,
    pub(super) destinations: Vec<String>,
    pub(super) services: Vec<String>,
    pub(super) transport: Transport<'a>,
}

impl Draft<'_> {
    pub(super) fn because(&mut self, what: impl Into<Told>) {
        self.reasons.push(Reason { what: what.into(), line: self.line });
    }

    /// A part of the entry that is not understood.
    pub(super) fn unread(&mut self, what: impl Into<Told>) {
        self.unread = true;
        self.because(what);
    }

    pub(super) fn traffic(&self, src: AddrSet, dst: AddrSet, service: ServiceSet) -> Traffic {
        let (iif, oif) = (self.iif.clone(), self.oif.clone());
        Traffic { src, dst, service, iif, oif, ..Traffic::ANY }
    }

    /// A condition that is not modelled.
    pub(super) fn condition(&mut self, what: impl Into<Told>) {
        self.vague = true;
        self.because(what);
    }

    /// Whether it is of ICMP alone, where types stand in place of ports.
    pub(super) fn is_icmp(&self) -> bool {
        matches!(&self.transport, Transport::Protocols(p) if matches!(p[..], [(ICMP | ICMPV6, _)]))
    }
}

/// The words from byte `from` to where the cursor stands, as they are written.
pub(super) fn written(words: &Cursor<'_>, from: u32, text: &str) -> String {
    let to = words.rest().start as usize;
    text.get(from as usize..to).unwrap_or_default().trim().to_owned()
}

//! Rule lists: what they match, what they decide, and what is not known about them.

use jiff::civil::Date;
use portvakt_space::{AddrSet, AtomSet, Family, ServiceSet, Traffic};

use crate::Told;

/// Index of a rule list in its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesetId(pub u32);

/// A list of rules; the first that matches and decides, decides.
#[derive(Clone, Debug)]
pub struct Ruleset {
    /// Name: access list, chain (`filter/FORWARD`), or the vendor's word (`policy`, `local-in-policy`).
    pub name: String,
    /// IP versions it sees; both unless the format says otherwise.
    pub families: Vec<Family>,
    /// Where packets meet it. Empty: defined but not applied (an access list) or only jumped to
    /// (a user chain).
    pub hooks: Vec<Hook>,
    /// The rules in order of evaluation.
    pub rules: Vec<Rule>,
    /// What becomes of packets that no rule decides.
    pub default: Default,
    /// Line of its declaration, from 1; 0 when it is implied.
    pub line: u32,
    /// Whether nobody wrote it: the vendor implies it from something else (security levels).
    pub implied: bool,
    /// What it is used for besides filtering (`vty 0 4`, `nat`, `class-map X`): then it is not
    /// unapplied.
    pub other_uses: Vec<String>,
}

impl Ruleset {
    /// An empty, unapplied list for both IP versions that denies what no rule decides.
    pub fn new(name: impl Into<String>, line: u32) -> Self {
        Self {
            name: name.into(),
            families: Family::BOTH.to_vec(),
            hooks: Vec::new(),
            rules: Vec::new(),
            default: Default { action: Action::Deny, line: None },
            line,
            implied: false,
            other_uses: Vec::new(),
        }
    }

    /// Whether it can tell by which interface packets came in: what the device sends itself came by none.
    pub fn knows_incoming(&self) -> bool {
        self.hooks.is_empty() || !self.hooks.iter().all(|h| matches!(h, Hook::Output(_)))
    }

    /// Whether it can tell by which interface packets leave: before routing that is not known, and what
    /// is for the device itself leaves by none.
    pub fn knows_outgoing(&self) -> bool {
        let none = |h: &Hook| matches!(h, Hook::Prerouting(_) | Hook::Local(_));
        self.hooks.is_empty() || !self.hooks.iter().all(none)
    }

    /// Whether packets meet it before connection tracking has seen them.
    pub fn comes_before_tracking(&self) -> bool {
        /// `NF_IP_PRI_CONNTRACK`, linux/netfilter_ipv4.h.
        const TRACKING: i32 = -200;
        let early =
            |hook: &Hook| matches!(hook, Hook::Prerouting(p) | Hook::Output(p) if *p < TRACKING);
        !self.hooks.is_empty() && self.hooks.iter().all(early)
    }
}

/// Where packets meet a rule list. On each of the hooks that a packet passes it must be permitted:
/// an accept in one list does not answer for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Packets that come in by these interfaces, whether to be forwarded or for the device itself.
    In(AtomSet),
    /// Before the routing decision (netfilter), with its priority.
    Prerouting(i32),
    /// Forwarded packets, with a priority where the format has one (0 otherwise).
    Forward(i32),
    /// Packets for the device itself.
    Local(i32),
    /// Packets from the device itself.
    Output(i32),
    /// After the routing decision (netfilter).
    Postrouting(i32),
    /// Packets that leave by these interfaces.
    Out(AtomSet),
}

/// What a list does with packets that no rule decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Default {
    /// The action.
    pub action: Action,
    /// Line that states it; `None` for the vendor's implicit one.
    pub line: Option<u32>,
}

/// What a rule does with a packet that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Lets it through this list.
    Permit,
    /// Drops it silently.
    Deny,
    /// Drops it and tells the sender.
    Reject,
    /// Goes through another list and comes back if that does not decide.
    Jump(RulesetId),
    /// Goes through another list and does not come back.
    Goto(RulesetId),
    /// Leaves this list, back to the one that called it (or to the default of a hooked list).
    Return,
    /// Decides nothing: logs, counts, marks.
    Continue,
    /// Something that may permit, deny or neither: queue to a program, unknown target.
    Unknown,
}

impl Action {
    /// Whether the packet is dropped.
    pub const fn is_deny(self) -> bool {
        matches!(self, Self::Deny | Self::Reject)
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Line, from 1, where it begins; 0 for a rule that the vendor implies.
    pub line: u32,
    /// What it decides.
    pub action: Action,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it logs.
    pub logging: Logging,
    /// What it matches at most.
    pub matches: Traffic,
    /// What is not known about its match; `None` when `matches` is exact.
    pub gap: Option<Box<Gap>>,
    /// What is rarer; `None` when there is none of it.
    pub note: Option<Box<RuleNote>>,
}

impl Rule {
    /// An enabled rule that logs nothing and matches exactly `matches`.
    pub const fn new(line: u32, action: Action, matches: Traffic) -> Self {
        Self { line, action, enabled: true, logging: Logging::Off, matches, gap: None, note: None }
    }

    /// The note, made when there is none.
    pub fn note_mut(&mut self) -> &mut RuleNote {
        self.note.get_or_insert_default()
    }

    /// Records that something narrows the match in a way that is not modelled: it then matches
    /// nothing for certain.
    pub fn narrowed_by(&mut self, what: impl Into<Told>) {
        let gap = self.gap.get_or_insert_default();
        gap.least = None;
        gap.reasons.push(Reason { what: what.into(), line: self.line });
    }

    /// What it matches for certain: `None` when nothing is certain.
    pub fn least(&self) -> Option<&Traffic> {
        self.gap.as_ref().map_or(Some(&self.matches), |gap| gap.least.as_ref())
    }

    /// Whether it can match a packet that opens a connection, as far as TCP flags go.
    pub fn sees_openings(&self) -> bool {
        self.gap.as_ref().is_none_or(|gap| !gap.never_syn)
    }

    /// Whether its state stands for the flags of a packet that opens a TCP connection.
    pub fn is_bare_syn(&self) -> bool {
        self.note.as_ref().is_some_and(|note| note.bare_syn)
    }

    /// The vendor's id of the rule (policy number, sequence number, handle).
    pub fn id(&self) -> Option<&str> {
        self.note.as_ref().and_then(|n| n.id.as_deref())
    }

    /// Line where its services are stated.
    pub fn service_line(&self) -> u32 {
        self.note.as_ref().and_then(|n| n.service_line).unwrap_or(self.line)
    }

    /// Line where it is stated whether it logs.
    pub fn logging_line(&self) -> u32 {
        self.note.as_ref().and_then(|n| n.logging_line).unwrap_or(self.line)
    }

    /// The description: comment, remark or name.
    pub fn comment(&self) -> Option<&str> {
        self.note.as_ref().and_then(|n| n.comment.as_deref())
    }
}

/// Whether a rule logs what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Logging {
    /// It does.
    On,
    /// It does not.
    Off,
    /// The format leaves it to something outside the export.
    Unknown,
}

/// What is not known about a rule's match.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// What it matches for certain; `None` is nothing.
    pub least: Option<Traffic>,
    /// Why it is not exact.
    pub reasons: Vec<Reason>,
    /// Whether no packet that opens a TCP connection (SYN set; ACK, RST and FIN not) matches,
    /// whatever state a connection tracker gives it: `! --syn`, `--tcp-flags RST RST`.
    pub never_syn: bool,
    /// The sets of TCP flags that pass at most, a bit for each of 64 (FIN, SYN, RST, PSH, ACK and URG in an order
    /// of the format's own), where the format asks for flags.
    pub flags: Option<u64>,
    /// Whether some of it fails for some packets whatever their addresses, services, interfaces and
    /// state (a rate, a mark, what is inside). Such a rule never takes all packets from those after it.
    pub avoidable: bool,
}

/// A part of a match that is not modelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is.
    pub what: Told,
    /// Line, from 1.
    pub line: u32,
}

/// What only some rules have.
#[derive(Clone, Debug, Default)]
pub struct RuleNote {
    /// The vendor's id: policy number, sequence number, handle.
    pub id: Option<String>,
    /// Comment, remark, description or name; secrets in it redacted.
    pub comment: Option<String>,
    /// Index of its schedule in the device.
    pub schedule: Option<u32>,
    /// Its counters.
    pub hits: Option<Hits>,
    /// Traffic inspection that is switched on.
    pub inspection: Inspection,
    /// Whether it takes what it matches out of connection tracking before it does anything else: lists
    /// that come later meet those packets as [`portvakt_space::State::Untracked`].
    pub untracks: bool,
    /// Whether it asks for the flags of a packet that opens a TCP connection, for which its state
    /// stands: a packet without them may have that state too.
    pub bare_syn: bool,
    /// Index of the NAT rule in the device that it applies (FortiOS VIP).
    pub nat: Vec<u32>,
    /// Source addresses as written: object names or literals.
    pub sources: Vec<String>,
    /// Destination addresses as written.
    pub destinations: Vec<String>,
    /// Services as written.
    pub services: Vec<String>,
    /// Line of its last token where it spans several, from 1.
    pub last_line: u32,
    /// Line of its services, where the format gives them one of their own.
    pub service_line: Option<u32>,
    /// Line of its logging, where the format gives it one of its own.
    pub logging_line: Option<u32>,
}

/// Counters of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hits {
    /// Packets or sessions since the counters were cleared.
    pub count: u64,
    /// Day of the last hit.
    pub last: Option<Date>,
}

/// Security profiles of a rule; `None` where the format does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Intrusion detection or prevention.
    pub ips: Option<bool>,
    /// Web or DNS filter.
    pub web_filter: Option<bool>,
    /// Application control.
    pub application: Option<bool>,
}

/// When a rule is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// First day.
    pub start: Option<Date>,
    /// Last day.
    pub end: Option<Date>,
    /// Whether only at some hours or on some weekdays.
    pub recurring: bool,
    /// Line, from 1.
    pub line: u32,
}

impl Schedule {
    /// Whether some moment of `day` can be within it.
    pub fn covers(&self, day: Date) -> bool {
        self.start.is_none_or(|s| s <= day) && self.end.is_none_or(|e| day <= e)
    }
}

/// One address translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatRule {
    /// What it translates.
    pub kind: NatKind,
    /// Name or position.
    pub name: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Packets it applies to, before translation. For [`NatKind::Static`] and
    /// [`NatKind::Destination`] the destination is the outside (mapped) address.
    pub matches: Traffic,
    /// Source after translation; `None` when unchanged or not known.
    pub to_src: Option<AddrSet>,
    /// Destination after translation (the real address); `None` when unchanged.
    pub to_dst: Option<AddrSet>,
    /// Service after translation; `None` when unchanged.
    pub to_service: Option<ServiceSet>,
    /// Line, from 1.
    pub line: u32,
    /// How often rules name it; `None` where rules need not.
    pub uses: Option<u32>,
}

/// What a translation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NatKind {
    /// Source address of connections from inside.
    Source,
    /// Destination address of connections from outside.
    Destination,
    /// One-to-one, both ways.
    Static,
    /// Explicitly unchanged.
    Identity,
}

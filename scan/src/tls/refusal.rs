//! How servers say no, and which no can be relied on.

use std::fmt;

/// Why a hello got no choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// An alert (IANA TLS Alerts).
    Alert(u8),
    /// The connection was closed without a word.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nothing came in time.
    Silent,
    /// It chose something, and then could not go on.
    BrokeOff,
    /// Something came that is no answer; what.
    Garbage(&'static str),
    /// TLS was not to be had: the service did not begin it.
    NoTls,
    /// It took an older version than the one in question, which answers no just as well.
    Older,
    /// Nobody could be asked: no connection was made.
    Unreachable,
    /// Nobody was asked, because a limit of ours was reached.
    Limit(&'static str),
}

impl Refusal {
    /// Whether the server says in so many words that it shares nothing of what was offered:
    /// `handshake_failure`, `insufficient_security`, `protocol_version` (RFC 5246 §7.2.2). Anything else may
    /// also mean that it chose something and could not go on.
    pub const fn is_clean(self) -> bool {
        matches!(self, Self::Alert(40 | 70 | 71) | Self::Older)
    }

    /// Whether both are the same to whoever sees them. Which of FIN and RST comes first is chance.
    pub const fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Closed | Self::Reset, Self::Closed | Self::Reset)
            | (Self::Silent, Self::Silent)
            | (Self::BrokeOff, Self::BrokeOff)
            | (Self::Garbage(_), Self::Garbage(_)) => true,
            (Self::Alert(one), Self::Alert(other)) => one == other,
            _ => false,
        }
    }

    /// Whether nothing at all was learnt of what was offered.
    pub const fn is_unasked(self) -> bool {
        matches!(self, Self::Unreachable | Self::Limit(_) | Self::NoTls)
    }

    /// Whether it would be of no use to ask for less: nobody answers, or whoever does speaks no TLS.
    pub const fn is_final(self) -> bool {
        self.is_unasked() || matches!(self, Self::Garbage(_))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alert(number) => write!(f, "alert {number}"),
            Self::Closed => f.write_str("connection closed"),
            Self::Reset => f.write_str("connection reset"),
            Self::Silent => f.write_str("no answer in time"),
            Self::BrokeOff => f.write_str("broken off"),
            Self::Garbage(what) => f.write_str(what),
            Self::NoTls => f.write_str("TLS was not begun"),
            Self::Older => f.write_str("an older version was taken"),
            Self::Unreachable => f.write_str("no connection"),
            Self::Limit(which) => write!(f, "not asked: {which}"),
        }
    }
}

//! What attempts show, and where it is kept.

use portvakt_model::PortState;

/// What an attempt showed. Fits in half a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was tried yet.
    Unasked,
    /// An earlier run has told of the port already.
    Known,
    /// Nothing came back in time.
    Silent,
    /// Nothing came back in time in two passes or more.
    SilentAgain,
    /// This machine's own filter does not let the packet out.
    NotSent,
    /// The handshake was completed.
    Open,
    /// The handshake was completed, and then the other side reset the connection.
    OpenThenReset,
    /// A reset answered the SYN.
    Refused,
    /// The kernel knows no way: no route, or nobody answers for the address on the link.
    NoRoute,
    /// ICMP: the network cannot be reached.
    NetUnreachable,
    /// ICMP: the host cannot be reached.
    HostUnreachable,
    /// ICMP: the host, or a filter in its name, knows no TCP.
    ProtocolUnreachable,
    /// ICMP: the port cannot be reached. For TCP a host sends a reset; this is a filter's word.
    PortUnreachable,
    /// ICMP: the network is prohibited.
    NetProhibited,
    /// ICMP: the host is prohibited.
    HostProhibited,
    /// ICMP: prohibited by a filter.
    AdminProhibited,
}

/// In the order of their declaration.
const ALL: [Outcome; 16] = [
    Outcome::Unasked,
    Outcome::Known,
    Outcome::Silent,
    Outcome::SilentAgain,
    Outcome::NotSent,
    Outcome::Open,
    Outcome::OpenThenReset,
    Outcome::Refused,
    Outcome::NoRoute,
    Outcome::NetUnreachable,
    Outcome::HostUnreachable,
    Outcome::ProtocolUnreachable,
    Outcome::PortUnreachable,
    Outcome::NetProhibited,
    Outcome::HostProhibited,
    Outcome::AdminProhibited,
];

impl Outcome {
    /// The state that it shows; `None` when it shows nothing of the port.
    pub(crate) const fn state(self) -> Option<PortState> {
        match self {
            Self::Unasked | Self::Known | Self::Silent | Self::SilentAgain | Self::NotSent => None,
            Self::Open | Self::OpenThenReset => Some(PortState::Open),
            Self::Refused => Some(PortState::Closed),
            Self::NoRoute | Self::NetUnreachable | Self::HostUnreachable => {
                Some(PortState::Unreachable)
            }
            Self::ProtocolUnreachable
            | Self::PortUnreachable
            | Self::NetProhibited
            | Self::HostProhibited
            | Self::AdminProhibited => Some(PortState::Filtered),
        }
    }

    /// What showed it, in nmap's words where it has one.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Unasked | Self::Known => "not-asked",
            Self::Silent | Self::SilentAgain => "no-response",
            Self::NotSent => "not-sent",
            Self::Open => "syn-ack",
            Self::OpenThenReset => "syn-ack-then-reset",
            Self::Refused => "conn-refused",
            Self::NoRoute => "no-route",
            Self::NetUnreachable => "net-unreach",
            Self::HostUnreachable => "host-unreach",
            Self::ProtocolUnreachable => "proto-unreach",
            Self::PortUnreachable => "port-unreach",
            Self::NetProhibited => "net-prohibited",
            Self::HostProhibited => "host-prohibited",
            Self::AdminProhibited => "admin-prohibited",
        }
    }

    /// In how many passes it was asked for at least.
    pub(super) const fn passes(self) -> u8 {
        match self {
            Self::Unasked | Self::Known | Self::NotSent => 0,
            Self::SilentAgain => 2,
            _ => 1,
        }
    }

    /// Whether nothing came back.
    pub(super) const fn is_silent(self) -> bool {
        matches!(self, Self::Silent | Self::SilentAgain)
    }

    /// Whether a packet came back; that there is no way is this machine's own knowledge.
    pub(super) const fn is_answer(self) -> bool {
        self.state().is_some() && !matches!(self, Self::NoRoute)
    }

    /// Whether it is the host's own word.
    pub(super) const fn shows_host(self) -> bool {
        matches!(self, Self::Open | Self::OpenThenReset | Self::Refused)
    }
}

/// What each probe of a plan has shown so far, two to a byte.
pub(super) struct Table {
    cells: Vec<u8>,
}

impl Table {
    /// A table in which nothing was asked.
    pub(super) fn new(probes: u64) -> Self {
        Self { cells: vec![0; usize::try_from(probes.div_ceil(2)).unwrap_or(usize::MAX)] }
    }

    /// What a probe has shown.
    pub(super) fn of(&self, probe: u64) -> Outcome {
        let cell = self.cells[(probe / 2) as usize];
        ALL[usize::from(cell >> shift(probe) & 15)]
    }

    /// Notes what a probe has shown.
    pub(super) fn set(&mut self, probe: u64, outcome: Outcome) {
        let cell = &mut self.cells[(probe / 2) as usize];
        *cell = *cell & !(15 << shift(probe)) | (outcome as u8) << shift(probe);
    }
}

const fn shift(probe: u64) -> u32 {
    (probe % 2 * 4) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_every_outcome_and_leave_their_neighbours_alone() {
        let mut table = Table::new(33);
        for (probe, outcome) in (0..).zip(ALL).chain((16..).zip(ALL)) {
            table.set(probe, Outcome::AdminProhibited);
            table.set(probe, outcome);
        }
        assert!((0..).zip(ALL).chain((16..).zip(ALL)).all(|(p, o)| table.of(p) == o));
        assert_eq!(table.of(32), Outcome::Unasked);
    }
}

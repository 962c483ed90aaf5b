//! Groups that ride along with suites.
//!
//! A server that decides for itself takes the group that it likes best with every suite. As long as only
//! groups are offered that it was not yet seen to take, each suite shows another one, and no question is
//! spent on groups alone. That may go on only with suites that take any group with any key: a server with
//! an ECDSA key wants the curve of its key offered too (RFC 8422 §5.1), and suites without curves would be
//! taken for want of a group.

use portvakt_model::TlsVersion;
use portvakt_model::registry::{KeyExchange, Suite};

use super::offers;

/// The groups of one search.
pub(crate) struct Ride {
    /// Those that were not yet taken first.
    groups: Vec<u16>,
    /// How many were not.
    unseen: usize,
    /// Whether those that were taken are left out.
    leaves_out: bool,
}

impl Ride {
    /// All groups of a version, each to be left out when it was taken.
    pub(crate) fn new(version: TlsVersion) -> Self {
        let groups = offers::groups(version);
        Self { unseen: groups.len(), groups, leaves_out: true }
    }

    /// What to offer.
    pub(crate) fn offered(&self) -> &[u16] {
        if self.is_short() { &self.groups[..self.unseen] } else { &self.groups }
    }

    /// Whether something is left out of it.
    pub(crate) const fn is_short(&self) -> bool {
        self.leaves_out && 0 < self.unseen && self.unseen < self.groups.len()
    }

    /// Takes note of a group that the server took.
    pub(crate) fn took(&mut self, group: u16) {
        let Some(at) = self.groups.iter().position(|g| *g == group) else { return };
        self.groups.remove(at);
        self.groups.push(group);
        if at < self.unseen {
            self.unseen -= 1;
        }
    }

    /// From now on all groups are offered, so that a server that lets the client decide still shows
    /// another one with each suite.
    pub(crate) const fn end(&mut self) {
        self.leaves_out = false;
    }
}

/// Whether a suite takes any group, whatever the key of the certificate.
pub(crate) fn rides(suite: u16) -> bool {
    is_elliptic(suite) && !is_bound(suite)
}

/// Whether a suite needs a curve for an ephemeral key.
pub(crate) fn is_elliptic(suite: u16) -> bool {
    let exchange = offers::exchange(suite);
    matches!(exchange, Some(KeyExchange::Ecdhe | KeyExchange::EcdhAnonymous))
}

/// Whether a suite is signed with ECDSA, so that the curve of the key must be offered too.
pub(crate) fn is_bound(suite: u16) -> bool {
    Suite::of(suite).is_some_and(|suite| suite.name.contains("_ECDSA_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_left_out_until_the_end() {
        let mut ride = Ride::new(TlsVersion::Tls12);
        let all = ride.offered().len();
        assert!(!ride.is_short());
        ride.took(29);
        ride.took(23);
        ride.took(29);
        assert!(ride.is_short());
        assert_eq!(ride.offered().len(), all - 2);
        ride.end();
        assert_eq!(ride.offered().len(), all);
        assert_eq!(ride.offered()[all - 2..], [23, 29]);
    }

    #[test]
    fn only_suites_free_of_the_key_ride() {
        // ECDHE_RSA, ECDH_anon; ECDHE_ECDSA, DHE_RSA, RSA, ECDH_RSA.
        assert!([0xC013, 0xC018].iter().all(|s| rides(*s)));
        assert!(![0xC009, 0x0033, 0x002F, 0xC00E].iter().any(|s| rides(*s)));
    }
}

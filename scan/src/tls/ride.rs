//! What rides along with suites: groups, and signature schemes.
//!
//! A server that decides for itself takes the group and the scheme that it likes best with every suite. As
//! long as only those are offered that it was not yet seen to take, each suite shows another one, and no
//! question is spent on them alone. That may be done only where it changes nothing about the suites: curves
//! are left out among suites that take any curve with any key (a server with an ECDSA key wants the curve of
//! its key offered too, RFC 8422 §5.1), finite-field groups among suites that need one, the schemes of one
//! kind of key among suites that are signed with it. What is then taken from outside of those may have been
//! taken for want of what was left out: unless the next answer shows that it was not, it counts for nothing and
//! is asked for again with everything.

use portvakt_model::TlsVersion;
use portvakt_model::registry::{KeyExchange, Suite};

use super::offers;
use super::signatures::Signer;

/// What rides along in one search.
pub(crate) struct Ride {
    /// Those groups that were not yet taken first.
    groups: Vec<u16>,
    /// How many were not.
    unseen: usize,
    /// What is not, or no more, left out.
    over: Vec<Left>,
    /// Groups that were left out when nothing came of it, to see whether something comes with them. A refusal for
    /// want of schemes may as well have been for want of a suite that was not offered then: of those it tells
    /// nothing.
    tried: Vec<Tried>,
    /// Groups that were put back though it may have been for want of schemes.
    doubted: Option<Left>,
    /// Groups that were put back together with schemes, to be left out again after the next answer.
    paused: Option<Left>,
    /// Whether nothing came of the curves that are left, though something did with all: there are no more.
    curves_told: bool,
    last: Option<u16>,
    /// Kinds of key that signed.
    signers: Vec<Signer>,
    /// How many suites in a row were of the last one's kind, for groups and for signatures.
    in_a_row: (usize, usize),
    /// Whether a suite was taken for which the curve of the key must be offered too.
    bound: bool,
}

/// What may be left out of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Curves that were taken.
    Curves,
    /// Finite-field groups that were taken.
    Fields,
    /// Schemes of a kind of key that were taken.
    Schemes(Signer),
}

/// All that is left out of one offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    groups: Option<Left>,
    signer: Option<Signer>,
}

/// Groups that nothing came of.
#[derive(Clone, Copy)]
struct Tried {
    left: Left,
    /// What was taken instead.
    instead: Option<u16>,
}

/// Suites of a kind that are taken in a row before something is left out among them: servers that take kinds by
/// turns would be asked everything twice.
const IN_A_ROW: usize = 2;

impl Ride {
    /// All groups of a version, each to be left out when it was taken.
    pub(crate) fn new(version: TlsVersion) -> Self {
        let groups = offers::groups(version);
        let over = if version == TlsVersion::Tls12 {
            Vec::new()
        } else {
            Signer::ALL.map(Left::Schemes).to_vec()
        };
        Self {
            unseen: groups.len(),
            groups,
            over,
            tried: Vec::new(),
            doubted: None,
            paused: None,
            curves_told: false,
            last: None,
            signers: Vec::new(),
            in_a_row: (0, 0),
            bound: false,
        }
    }

    /// What to leave out of the next offer, given the kinds of key that repeat their schemes.
    pub(crate) fn left_out(&self, repeated: &[Signer]) -> LeftOut {
        let Some(last) = self.last else { return LeftOut::default() };
        let (groups, signed) = self.in_a_row;
        let curves = rides(last) && (!self.bound || groups >= IN_A_ROW);
        let fields = offers::is_field(last) && groups >= IN_A_ROW;
        let kind = if curves { Some(Left::Curves) } else { fields.then_some(Left::Fields) };
        let key = Signer::of_suite(last).filter(|key| {
            signed >= self.signed_in_a_row()
                && !self.over.contains(&Left::Schemes(*key))
                && repeated.contains(key)
        });
        LeftOut {
            groups: kind.filter(|kind| !self.over.contains(kind) && self.is_in_part(*kind)),
            signer: key,
        }
    }

    /// Servers with two keys like each for two suites before the other, ECDHE and DHE.
    fn signed_in_a_row(&self) -> usize {
        if self.signers.len() > 1 { IN_A_ROW + 1 } else { IN_A_ROW }
    }

    /// Whether some groups of a kind were taken and some not.
    fn is_in_part(&self, kind: Left) -> bool {
        let of = |groups: &[u16]| groups.iter().any(|g| is_group_of(*g, kind));
        of(&self.groups[..self.unseen]) && of(&self.groups[self.unseen..])
    }

    /// The groups to offer.
    pub(crate) fn groups(&self, left: LeftOut) -> Vec<u16> {
        let (unseen, seen) = self.groups.split_at(self.unseen);
        let stays = |g: &&u16| !left.groups.is_some_and(|kind| is_group_of(**g, kind));
        unseen.iter().chain(seen.iter().filter(stays)).copied().collect()
    }

    /// Takes note of what the server took, of everything or of what `left` had left.
    pub(crate) fn took(&mut self, suite: u16, group: Option<u16>, left: LeftOut) {
        self.conclude(suite);
        self.doubted = None;
        if let Some(paused) = self.paused.take() {
            self.over.retain(|kind| *kind != paused);
        }
        let (groups, signed) = self.in_a_row;
        let next = |is_like: bool, count: usize| if is_like { count + 1 } else { 1 };
        self.in_a_row = self.last.map_or((1, 1), |last| {
            if last == suite {
                // It was asked for again, to see who decides.
                return (groups, signed);
            }
            let is_like = needs(last) == needs(suite);
            let is_signed_so = Signer::of_suite(last) == Signer::of_suite(suite);
            (next(is_like, groups), next(is_signed_so, signed))
        });
        self.last = Some(suite);
        self.signers
            .extend(Signer::of_suite(suite).filter(|signer| !self.signers.contains(signer)));
        self.bound |= is_bound(suite);
        if let Some(group) = group {
            self.took_group(group, left);
        }
    }

    fn took_group(&mut self, group: u16, left: LeftOut) {
        let Some(at) = self.groups.iter().position(|g| *g == group) else { return };
        if at >= self.unseen {
            // It was left out: the server takes what it likes.
            self.over.extend(left.groups.filter(|kind| is_group_of(group, *kind)));
            return;
        }
        self.groups.remove(at);
        self.groups.push(group);
        self.unseen -= 1;
    }

    /// Whether a suite was taken for its own sake, whatever was left out.
    pub(crate) fn fits(left: LeftOut, suite: u16) -> bool {
        let of_groups = match left.groups {
            None | Some(Left::Schemes(_)) => true,
            Some(Left::Curves) => is_elliptic(suite),
            Some(Left::Fields) => offers::is_field(suite),
        };
        of_groups && left.is_signed_by(suite)
    }

    /// The offer was refused, perhaps for want of what was left out. At the end of a list it is for want of suites,
    /// so that everything is put back at once.
    pub(crate) fn refused(&mut self, left: LeftOut) {
        let Some(signer) = left.signer else { return self.put_back(left.groups, None) };
        self.undoubt();
        self.over.extend(left.groups);
        self.over.push(Left::Schemes(signer));
        self.paused = left.groups;
    }

    /// A suite was taken, perhaps for want of what was left out. Groups are the first to be put back; if nothing
    /// comes of that, it was for want of schemes.
    pub(crate) fn failed(&mut self, left: LeftOut, instead: u16) {
        let schemes = left.signer.map(Left::Schemes);
        self.undoubt();
        self.doubted = left.groups.filter(|_| schemes.is_some());
        self.put_back(left.groups.or(schemes), Some(instead));
    }

    fn put_back(&mut self, left: Option<Left>, instead: Option<u16>) {
        self.over.extend(left);
        let groups = left.filter(|left| !matches!(left, Left::Schemes(_)));
        self.tried.extend(groups.map(|left| Tried { left, instead }));
    }

    fn undoubt(&mut self) {
        if let Some(doubted) = self.doubted.take() {
            self.over.retain(|kind| *kind != doubted);
            self.tried.retain(|tried| tried.left != doubted);
        }
    }

    /// A suite that is taken with everything, and before the one that was taken with less, was not to be had with
    /// less: there is no more of what that brought.
    pub(crate) fn conclude(&mut self, suite: u16) {
        let shows = |tried: &Tried| tried.left == Left::Curves && rides(suite);
        self.curves_told |= self.tried.iter().any(shows);
        self.tried.retain(|tried| !shows(tried) && tried.instead != Some(suite));
    }

    /// Whether there are no more curves than those that were taken.
    pub(crate) const fn curves_are_told(&self) -> bool {
        self.curves_told
    }

    /// From now on everything is offered, so that a server that lets the client decide still shows
    /// another one with each suite.
    pub(crate) fn end(&mut self) {
        // What is asked for from now on was not offered with less.
        self.tried.clear();
        self.over.extend([Left::Curves, Left::Fields]);
        self.over.extend(Signer::ALL.map(Left::Schemes));
    }
}

impl LeftOut {
    /// Whether anything is.
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }

    /// Whether curves are.
    pub(crate) fn is_curves(self) -> bool {
        self.groups == Some(Left::Curves)
    }

    /// Whether a suite is signed by the kind of key of which schemes are.
    pub(crate) fn is_signed_by(self, suite: u16) -> bool {
        self.signer.is_none_or(|signer| Signer::of_suite(suite) == Some(signer))
    }

    /// Of what kind of key schemes are.
    pub(crate) const fn signer(self) -> Option<Signer> {
        self.signer
    }
}

/// Whether a group is of a kind that is left out.
fn is_group_of(group: u16, kind: Left) -> bool {
    match kind {
        Left::Curves => !offers::is_field_group(group),
        Left::Fields => offers::is_field_group(group),
        Left::Schemes(_) => false,
    }
}

/// What a suite needs of groups: a curve, the curve of its key, a finite field.
fn needs(suite: u16) -> [bool; 3] {
    [is_elliptic(suite), is_bound(suite), offers::is_field(suite)]
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

    /// ECDHE with RSA (two), RSA, ECDHE with ECDSA, DHE with RSA, anonymous ECDH, ECDH with RSA.
    const ECDHE: [u16; 2] = [0xC013, 0xC014];
    const RSA: u16 = 0x002F;
    const ECDSA: u16 = 0xC009;
    const DHE: u16 = 0x0033;
    const ANONYMOUS: u16 = 0xC018;
    const FIXED: u16 = 0xC00E;
    const NOTHING: LeftOut = LeftOut { groups: None, signer: None };
    const CURVES: LeftOut = LeftOut { groups: Some(Left::Curves), signer: None };

    fn after(taken: &[(u16, Option<u16>)]) -> Ride {
        let mut ride = Ride::new(TlsVersion::Tls12);
        for (suite, group) in taken {
            ride.took(*suite, *group, NOTHING);
        }
        ride
    }

    #[test]
    fn what_was_taken_is_left_out_until_the_end() {
        let mut ride = after(&[]);
        let all = ride.groups(NOTHING).len();
        assert!(!ride.left_out(&[]).is_any());
        ride.took(ECDHE[0], Some(29), NOTHING);
        assert_eq!(ride.left_out(&[]), CURVES);
        ride.took(ECDHE[1], Some(23), CURVES);
        assert_eq!(ride.groups(CURVES).len(), all - 2);
        assert_eq!(ride.groups(NOTHING)[all - 2..], [29, 23]);
        ride.end();
        assert!(!ride.left_out(&[]).is_any());
    }

    #[test]
    fn curves_are_left_out_only_among_suites_free_of_the_key() {
        assert!([ECDHE[0], ANONYMOUS].iter().all(|s| rides(*s)));
        assert!(![ECDSA, DHE, RSA, FIXED].iter().any(|s| rides(*s)));
        assert!(!after(&[(ECDSA, Some(23))]).left_out(&[]).is_any());
        assert!(!after(&[(ECDHE[0], Some(23)), (RSA, None)]).left_out(&[]).is_any());
        // Where a bound one was taken, others may be passed over: they are waited for.
        assert!(!after(&[(ECDSA, Some(23)), (ECDHE[0], Some(23))]).left_out(&[]).is_any());
        let taken = [(ECDSA, Some(23)), (ECDHE[0], Some(23)), (ECDHE[1], Some(23))];
        assert_eq!(after(&taken).left_out(&[]), CURVES);
    }

    #[test]
    fn fields_are_left_out_among_suites_that_need_one() {
        let ride = after(&[(DHE, Some(256)), (0x0039, Some(256))]);
        let left = ride.left_out(&[]);
        assert_eq!(left.groups, Some(Left::Fields));
        assert!(!ride.groups(left).contains(&256));
        assert!(Ride::fits(left, 0x0067) && !Ride::fits(left, ECDHE[0]));
        assert!(!after(&[(DHE, None), (0x0039, None)]).left_out(&[]).is_any());
    }

    #[test]
    fn schemes_of_a_key_are_left_out_among_suites_that_it_signs() {
        let ride = after(&[(ECDSA, None), (0xC00A, None)]);
        assert_eq!(ride.left_out(&[Signer::Ecdsa]).signer(), Some(Signer::Ecdsa));
        assert_eq!(ride.left_out(&[Signer::Rsa]).signer(), None, "none of its kind came again");
        assert_eq!(after(&[(ECDSA, None), (DHE, None)]).left_out(&[Signer::Ecdsa]).signer(), None);
        assert!(!after(&[(RSA, None), (0x0035, None)]).left_out(&[Signer::Rsa]).is_any());
        let mut old = Ride::new(TlsVersion::Tls11);
        old.took(DHE, None, NOTHING);
        old.took(0x0039, None, NOTHING);
        assert!(!old.left_out(&[Signer::Rsa]).is_any(), "they came with TLS 1.2");
    }

    #[test]
    fn groups_are_put_back_before_schemes_and_what_comes_then_tells() {
        let mut ride = after(&[(ECDHE[0], Some(29)), (ECDHE[1], Some(29))]);
        let both = ride.left_out(&[Signer::Rsa]);
        assert_eq!(both, LeftOut { signer: Some(Signer::Rsa), ..CURVES });
        ride.failed(both, DHE);
        let schemes = ride.left_out(&[Signer::Rsa]);
        assert_eq!(schemes, LeftOut { signer: Some(Signer::Rsa), ..NOTHING });
        ride.took(0xC027, Some(29), schemes);
        assert!(ride.curves_are_told());
    }

    #[test]
    fn everything_is_put_back_after_a_refusal_and_then_groups_are_left_out_again() {
        let mut ride = after(&[(ECDHE[0], Some(29)), (ECDHE[1], Some(29))]);
        ride.refused(ride.left_out(&[Signer::Rsa]));
        assert!(!ride.left_out(&[Signer::Rsa]).is_any());
        ride.took(0xC027, Some(29), NOTHING);
        assert!(!ride.curves_are_told(), "it may have been the schemes");
        assert_eq!(ride.left_out(&[Signer::Rsa]), CURVES);
    }

    #[test]
    fn what_was_taken_instead_may_have_been_the_next() {
        for (next, told) in [(DHE, false), (0xC027, true)] {
            let mut ride = after(&[(ECDHE[0], Some(29))]);
            ride.failed(CURVES, DHE);
            ride.took(next, None, NOTHING);
            ride.took(0xC028, Some(29), NOTHING);
            assert_eq!(ride.curves_are_told(), told, "{next:04X}");
        }
    }

    #[test]
    fn groups_that_were_not_wanting_go_on_being_left_out() {
        let mut ride = after(&[(ECDHE[0], Some(29)), (ECDHE[1], Some(29))]);
        ride.failed(ride.left_out(&[Signer::Rsa]), RSA);
        ride.failed(ride.left_out(&[Signer::Rsa]), RSA);
        ride.took(0xC027, Some(29), NOTHING);
        assert!(!ride.curves_are_told());
        assert_eq!(ride.left_out(&[Signer::Rsa]), CURVES);
    }

    #[test]
    fn a_server_that_takes_what_was_left_out_is_not_asked_so() {
        let mut ride = after(&[(ECDHE[0], Some(29))]);
        ride.took(ECDHE[1], Some(29), CURVES);
        assert!(!ride.left_out(&[]).is_any());
    }
}

//! Which code points are offered together.

use portvakt_model::TlsVersion;
use portvakt_model::registry::{GROUPS, KeyExchange, SIGNATURE_SCHEMES, Suite, is_hybrid};

use super::signatures::Signer;
use super::target::Split;

/// Suites in a hello that every server bears. Some drop those with more than 128.
pub(crate) const SMALL: usize = 64;

/// Suites, and groups, that nobody has: reserved so that servers learn to pass over what they do not
/// know (GREASE, RFC 8701 §2).
pub(crate) const NOBODYS: [u16; 4] = [0x0A0A, 0x3A3A, 0x7A7A, 0xBABA];

/// The suites of TLS 1.3 that most servers have.
pub(crate) const COMMON_13: [u16; 3] = [0x1301, 0x1302, 0x1303];

/// The other suites of TLS 1.3.
pub(crate) fn rare_13() -> Vec<u16> {
    codes(|s| s.is_tls13() && !COMMON_13.contains(&s.code))
}

/// All suites of TLS 1.3.
pub(crate) fn all_13() -> Vec<u16> {
    codes(Suite::is_tls13)
}

/// Every suite that a version until TLS 1.2 may negotiate.
pub(crate) fn until_12(version: TlsVersion) -> Vec<u16> {
    codes(|s| !s.is_tls13() && (version == TlsVersion::Tls12 || !s.needs_tls12()))
}

/// Whether a suite needs something that servers rarely have: shared secrets, passwords, Kerberos, GOST.
/// Servers that know the suite but have no secret for it may choose it and then break off.
pub(crate) fn is_exotic(suite: u16) -> bool {
    use KeyExchange::{Dragonfly, Gost, Kerberos, Psk, Srp};
    exchange(suite).is_some_and(|e| matches!(e, Psk | Srp | Kerberos | Gost | Dragonfly))
}

/// Whether a suite needs Diffie-Hellman parameters, which servers know of and have not always.
pub(crate) fn is_field(suite: u16) -> bool {
    use KeyExchange::{Dh, DhAnonymous, Dhe};
    exchange(suite).is_some_and(|e| matches!(e, Dhe | DhAnonymous | Dh))
}

/// All suites of a version below TLS 1.2, by what the key of the certificate does: RSA that decrypts, RSA that
/// signs, a curve that signs; and last those with other keys, or none.
pub(crate) fn by_key(version: TlsVersion) -> [Vec<u16>; 4] {
    let mut lists: [Vec<u16>; 4] = Default::default();
    for suite in until_12(version) {
        let list = match (exchange(suite), Signer::of_suite(suite)) {
            (Some(KeyExchange::Rsa), _) => 0,
            (_, Some(Signer::Rsa)) => 1,
            (_, Some(Signer::Ecdsa)) => 2,
            _ => 3,
        };
        lists[list].push(suite);
    }
    lists
}

/// Whether a group is one of RFC 7919, ffdhe2048 to ffdhe8192.
pub(crate) const fn is_field_group(group: u16) -> bool {
    matches!(group, 256..=260)
}

/// How a suite comes to a secret.
pub(crate) fn exchange(suite: u16) -> Option<KeyExchange> {
    Suite::of(suite).map(Suite::exchange)
}

/// Every group that a version may name. TLS 1.3 has done away with the oldest, and some of its servers
/// refuse a hello that names them (RFC 8446 §4.2.7, RFC 8734 §2).
pub(crate) fn groups(version: TlsVersion) -> Vec<u16> {
    // The last two stand for curves that are written out (RFC 8422 §5.1.1 has done away with them).
    let named = GROUPS.iter().map(|(group, _)| *group).filter(|group| *group < 0xFF00);
    named.filter(|g| version < TlsVersion::Tls13 || !matches!(g, 1..=22 | 26..=28)).collect()
}

/// Every signature scheme, those of `last` at the end.
pub(crate) fn signatures(last: &[u16]) -> Vec<u16> {
    let all = SIGNATURE_SCHEMES.iter().map(|(scheme, _)| *scheme);
    let (mut first, end): (Vec<u16>, Vec<u16>) = all.partition(|s| !last.contains(s));
    first.extend(end);
    first
}

/// Signature schemes with SHA-1 or MD5, which TLS 1.2 must not use (RFC 9155).
pub(crate) const BROKEN_SIGNATURES: [u16; 4] = [0x0101, 0x0201, 0x0202, 0x0203];

/// Suites of TLS 1.2 that are not allowed, the forbidden ones first.
pub(crate) fn not_allowed_12(split: &Split) -> Vec<u16> {
    let all = until_12(TlsVersion::Tls12);
    apart(&split.forbidden_suites, &split.allowed_suites, &all)
}

/// Groups of TLS 1.3 that are not allowed, the forbidden ones first.
pub(crate) fn not_allowed_groups(split: &Split) -> Vec<u16> {
    let not = apart(&split.forbidden_groups, &split.allowed_groups, &groups_13());
    not.into_iter().filter(|g| !is_hybrid(*g)).collect()
}

/// Allowed groups of TLS 1.3 that are no hybrids.
pub(crate) fn classical_groups(split: &Split) -> Vec<u16> {
    groups_13().into_iter().filter(|g| split.allowed_groups.contains(g) && !is_hybrid(*g)).collect()
}

/// All hybrids.
pub(crate) fn hybrid_groups() -> Vec<u16> {
    groups_13().into_iter().filter(|g| is_hybrid(*g)).collect()
}

fn groups_13() -> Vec<u16> {
    groups(TlsVersion::Tls13)
}

fn apart(first: &[u16], without: &[u16], all: &[u16]) -> Vec<u16> {
    let known = first.iter().copied().filter(|c| all.contains(c) && !without.contains(c));
    let rest = all.iter().copied().filter(|c| !first.contains(c) && !without.contains(c));
    known.chain(rest).collect()
}

fn codes(of: impl Fn(Suite) -> bool) -> Vec<u16> {
    Suite::all().filter(|s| s.code != NULL_NULL && of(*s)).map(|s| s.code).collect()
}

/// `TLS_NULL_WITH_NULL_NULL`, which must not be negotiated (RFC 5246 §A.5) and is the state before any.
const NULL_NULL: u16 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_and_not_allowed_are_everything() {
        let split = Split::default();
        let mut both = not_allowed_12(&split);
        both.extend(&split.allowed_suites);
        both.sort_unstable();
        assert_eq!(both, until_12(TlsVersion::Tls12));
    }

    #[test]
    fn every_old_suite_stands_with_its_kind_of_key() {
        let lists = by_key(TlsVersion::Tls11);
        let mut all = lists.concat();
        all.sort_unstable();
        assert_eq!(all, until_12(TlsVersion::Tls11));
        // RSA, ECDHE with RSA, ECDHE with ECDSA, anonymous DH.
        for (list, suite) in [0x002F, 0xC013, 0xC009, 0x0034].into_iter().enumerate() {
            assert!(lists[list].contains(&suite), "{suite:04X}");
        }
    }

    #[test]
    fn what_no_list_names_is_asked_for_after_what_is_forbidden() {
        let split = Split {
            allowed_suites: vec![0xC02F],
            forbidden_suites: vec![0xC013],
            allowed_groups: vec![29],
            forbidden_groups: vec![256],
        };
        assert_eq!(not_allowed_12(&split)[..2], [0xC013, 0x0001]);
        assert_eq!(not_allowed_groups(&split)[..2], [256, 23]);
        assert!(!not_allowed_groups(&split).contains(&0x11EC));
    }

    #[test]
    fn a_scheme_that_was_seen_is_asked_for_last() {
        assert_eq!(signatures(&[0x0401]).last(), Some(&0x0401));
        assert_eq!(signatures(&[0x0401]).len(), SIGNATURE_SCHEMES.len());
    }
}

//! The key.

use x509_parser::num_bigint::BigUint;

use super::super::key::{Rsa, has_explicit_curve, rsa};
use super::{Facts, Level, Lint, On};

pub(super) const LINTS: &[Lint] = &[
    Lint::new(
        "rsa-modulus-under-2048-bits",
        On::Any,
        Level::Insufficient,
        "RFC 9325 §4.5, CA/B BR §6.1.5",
        |facts| is_rsa(facts) && facts.certificate.key.bits < 2048,
    ),
    Lint::new("rsa-modulus-not-whole-bytes", On::Any, Level::PhaseOut, "CA/B BR §6.1.5", |facts| {
        is_rsa(facts) && !facts.certificate.key.bits.is_multiple_of(8)
    }),
    Lint::new("rsa-modulus-even", On::Any, Level::Insufficient, "CA/B BR §6.1.6", |facts| {
        numbers(facts).is_some_and(|rsa| !rsa.modulus.bit(0))
    }),
    Lint::new(
        "rsa-exponent-not-odd-above-1",
        On::Any,
        Level::Insufficient,
        "RFC 8017 §3.1, CA/B BR §6.1.6",
        |facts| numbers(facts).is_some_and(|rsa| !rsa.exponent.bit(0) || rsa.exponent.bits() < 2),
    ),
    Lint::new("rsa-exponent-out-of-range", On::Any, Level::PhaseOut, "CA/B BR §6.1.6", |facts| {
        numbers(facts)
            .is_some_and(|rsa| rsa.exponent < 0x1_0001_u32.into() || rsa.exponent.bits() > 256)
    }),
    Lint::new("rsa-small-factor", On::Any, Level::Insufficient, "CA/B BR §6.1.6", |facts| {
        factorable(facts).is_some_and(|rsa| has_small_factor(&rsa.modulus))
    }),
    Lint::new("rsa-close-primes", On::Any, Level::Insufficient, "CA/B BR §6.1.1.3", |facts| {
        factorable(facts).is_some_and(|rsa| has_close_primes(&rsa.modulus))
    }),
    Lint::new(
        "rsa-infineon-weak-key",
        On::Any,
        Level::Insufficient,
        "CA/B BR §6.1.1.3, CVE-2017-15361 (ROCA)",
        |facts| factorable(facts).is_some_and(|rsa| is_roca(&rsa.modulus)),
    ),
    Lint::new("dsa-key", On::Any, Level::Insufficient, "RFC 8446 §4.2.3", |facts| {
        facts.certificate.key.algorithm == "dsa"
    }),
    Lint::new("ec-curve-under-224-bits", On::Any, Level::Insufficient, "RFC 9325 §4.5", |facts| {
        is_ec(facts) && (1..224).contains(&facts.certificate.key.bits)
    }),
    Lint::new("ec-curve-deprecated", On::Any, Level::Insufficient, "RFC 8422 §5.1.1", |facts| {
        let deprecated = |c: &String| c.starts_with("sec") || c == "P-192" || c == "P-224";
        facts.certificate.key.curve.as_ref().is_some_and(deprecated)
    }),
    Lint::new("ec-curve-not-named", On::Any, Level::Insufficient, "RFC 5480 §2.1.1", |facts| {
        has_explicit_curve(facts.x509.public_key())
    }),
    Lint::new(
        "key-algorithm-not-permitted",
        On::Any,
        Level::Insufficient,
        "CA/B BR §6.1.5",
        is_not_permitted,
    )
    .public(),
];

fn is_rsa(facts: &Facts<'_>) -> bool {
    facts.certificate.key.algorithm.starts_with("rsa")
}

fn is_ec(facts: &Facts<'_>) -> bool {
    facts.certificate.key.algorithm == "ec"
}

/// RSA, and EC on one of three curves.
fn is_not_permitted(facts: &Facts<'_>) -> bool {
    let curve = facts.certificate.key.curve.as_deref();
    let is_permitted_curve = matches!(curve, Some("P-256" | "P-384" | "P-521"));
    facts.certificate.key.algorithm != "rsa" && !is_permitted_curve
}

fn numbers(facts: &Facts<'_>) -> Option<Rsa> {
    rsa(facts.x509.public_key())
}

/// The largest modulus that factors are sought of, in bits: no client verifies with a larger one, and the cost
/// grows with its square.
const MOST_BITS: u64 = 16_384;

fn factorable(facts: &Facts<'_>) -> Option<Rsa> {
    numbers(facts).filter(|rsa| (64..=MOST_BITS).contains(&rsa.modulus.bits()))
}

/// Whether a prime below 752 divides it. Even numbers have a lint of their own.
fn has_small_factor(modulus: &BigUint) -> bool {
    let primes: Vec<u32> = (3..752).step_by(2).filter(|n| is_prime(*n)).collect();
    // Three primes below 752 multiply to less than 2^32: a third of the long divisions.
    primes.chunks(3).any(|few| {
        let rest = residue(modulus, few.iter().product());
        few.iter().any(|p| rest.is_multiple_of(*p))
    })
}

fn is_prime(n: u32) -> bool {
    (3..).step_by(2).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn residue(number: &BigUint, modulus: u32) -> u32 {
    u32::try_from(number % modulus).unwrap_or(0)
}

/// Rounds of Fermat's method (BR §6.1.1.3).
const ROUNDS: u32 = 100;

/// Whether Fermat's method finds the primes: they differ by little, so that the modulus is a² − b² with a
/// hardly above its root.
fn has_close_primes(modulus: &BigUint) -> bool {
    let mut a = modulus.sqrt();
    if &a * &a < *modulus {
        a += 1_u32;
    }
    let mut square = &a * &a - modulus;
    for _ in 0..ROUNDS {
        if is_square(&square) {
            return true;
        }
        square += &a * 2_u32 + 1_u32;
        a += 1_u32;
    }
    false
}

/// Most numbers are no squares by their residues already, which spares the root.
fn is_square(number: &BigUint) -> bool {
    let may_be = |m: u32| {
        let rest = residue(number, m);
        (0..m).any(|i| i * i % m == rest)
    };
    [64, 63, 65, 11].into_iter().all(may_be) && {
        let root = number.sqrt();
        &root * &root == *number
    }
}

/// The primes for which the powers of 65537 are few enough to tell (Nemec et al., "The Return of
/// Coppersmith's Attack", CCS 2017, §4).
const ROCA_PRIMES: [u32; 17] =
    [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Primes of the faulty library are powers of 65537 by a product of small primes, and so is the
/// modulus; a random one is so for all of these primes once in 2^27 times.
fn is_roca(modulus: &BigUint) -> bool {
    ROCA_PRIMES.into_iter().all(|p| {
        let rest = residue(modulus, p);
        let powers = std::iter::successors(Some(1), |x| Some(x * 65_537 % p));
        powers.take(p as usize).any(|x| x == rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2^521 − 1 and 2^607 − 1 are primes (Mersenne); 2^127 − 1 too.
    fn mersenne(n: u32) -> BigUint {
        (BigUint::from(1_u32) << n) - 1_u32
    }

    #[test]
    fn small_factors() {
        let sound = mersenne(521) * mersenne(607);
        assert!(!has_small_factor(&sound));
        assert!(has_small_factor(&(&sound * 751_u32)));
        assert!(has_small_factor(&(&sound * 3_u32)));
        assert!(!has_small_factor(&(&sound * 757_u32)));
    }

    #[test]
    fn close_primes() {
        let p = mersenne(607);
        assert!(has_close_primes(&(&p * &p)), "a square is the closest");
        assert!(has_close_primes(&(&p * (&p + 1_000_u32))));
        assert!(!has_close_primes(&(&p * mersenne(521))));
        // For p·(p + 2d), a is p + d, and it lies d²/2p above the root: far more than 100 rounds.
        let far = BigUint::from(1_u32) << 330;
        assert!(!has_close_primes(&(&p * (&p + far))));
    }

    #[test]
    fn the_hundredth_round_is_the_last() {
        let a = BigUint::from(1_u32) << 100;
        let within = |b: &BigUint| has_close_primes(&(&a * &a - b * b));
        // The root of a² − b² is a − b²/2a, so b² = 2a·k is k rounds away.
        let b = |k: u32| {
            let square: BigUint = &a * (2 * k);
            square.sqrt()
        };
        assert!(within(&b(99)));
        assert!(!within(&b(102)));
    }

    #[test]
    fn the_fingerprint_of_roca() {
        let all: BigUint = ROCA_PRIMES.into_iter().map(BigUint::from).product();
        let power = BigUint::from(65_537_u32).pow(77);
        assert!(is_roca(&power));
        assert!(is_roca(&(&power + &all * mersenne(607))));
        assert!(!is_roca(&(&power + 2_u32)));
        assert!(!is_roca(&(mersenne(521) * mersenne(607))));
    }
}

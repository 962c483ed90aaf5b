//! The service matrix against trying every pair of addresses of a small world.

#![expect(clippy::unwrap_used, reason = "a test")]

mod world;

use portvakt_analysis::matrix::{Matrix, Question, matrix};
use portvakt_analysis::sources::Sources;
use portvakt_model::{Device, RulesetId};
use portvakt_space::{AddrSet, Bound, Family, ServiceBox, TCP};
use proptest::prelude::*;
use world::{FORWARD, HOSTS, INTERFACES, TODAY, device, expected, host, packet};

fn asked(device: &Device, bound: Bound, iif: Option<u32>, sources: &Sources) -> Matrix {
    let question = Question {
        device,
        root: RulesetId(FORWARD),
        today: TODAY,
        family: Family::V4,
        service: ServiceBox::ports(TCP, (10_000, 10_000), (22, 22)),
        bound,
        iif,
        oif: None,
        sources,
    };
    let answer = matrix(&question).unwrap();
    assert!(answer.complete);
    answer
}

fn class(matrix: &Matrix, n: u8) -> usize {
    let holds = |set: &AddrSet| set.contains(host(n).into());
    let found: Vec<usize> =
        (0..matrix.classes.len()).filter(|c| holds(&matrix.classes[*c])).collect();
    assert_eq!(found.len(), 1, "every address is in one class");
    found[0]
}

fn agrees(
    device: &Device,
    matrix: &Matrix,
    bound: Bound,
    by: impl Fn(u8) -> Vec<u32>,
) -> Result<(), TestCaseError> {
    for src in 0..=HOSTS {
        for dst in 0..=HOSTS {
            let edge = (class(matrix, src), class(matrix, dst));
            prop_assert_eq!(
                matrix.edges.contains(&edge),
                expected(device, FORWARD, &packet(src, dst, 22, 0), &by(src), bound),
                "{} → {}",
                src,
                dst
            );
        }
    }
    Ok(())
}

/// No two classes have the same rights: neither is one too many.
fn is_minimal(matrix: &Matrix) -> bool {
    let rights = |class: usize| {
        let of = |from: bool| {
            let ends = matrix.edges.iter().map(move |&(a, b)| if from { (a, b) } else { (b, a) });
            ends.filter(|(a, _)| *a == class).map(|(_, b)| b).collect::<Vec<_>>()
        };
        (of(true), of(false))
    };
    let all: std::collections::BTreeSet<_> = (0..matrix.classes.len()).map(rights).collect();
    all.len() == matrix.classes.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_pair_is_as_the_rules_say(device in device(), most in any::<bool>()) {
        let bound = if most { Bound::Most } else { Bound::Least };
        let matrix = asked(&device, bound, None, &Sources::default());
        agrees(&device, &matrix, bound, |_| INTERFACES.to_vec())?;
        prop_assert!(is_minimal(&matrix));
        let whole = AddrSet::union_all(&matrix.classes);
        prop_assert!(whole.is_all(Family::V4) && !whole.has(Family::V6));
    }

    #[test]
    fn by_one_interface(device in device(), most in any::<bool>(), iif in 0usize..3) {
        let bound = if most { Bound::Most } else { Bound::Least };
        let matrix = asked(&device, bound, Some(INTERFACES[iif]), &Sources::default());
        agrees(&device, &matrix, bound, |_| vec![INTERFACES[iif]])?;
    }

    /// One interface has its networks stated, the other not: packets of the first come from there.
    #[test]
    fn sources_narrow_an_interface(device in device(), most in any::<bool>()) {
        let bound = if most { Bound::Most } else { Bound::Least };
        let own = AddrSet::range(host(1).into(), host(3).into());
        // The second entry keeps sources from standing for interfaces: they overlap.
        let entries = ["eth0", "eth9"].map(|name| (name.to_owned(), own.clone()));
        let sources = Sources::new(&device, &entries);
        let matrix = asked(&device, bound, None, &sources);
        agrees(&device, &matrix, bound, |src| {
            let open = INTERFACES.into_iter();
            open.filter(|i| *i != 0 || (1..=3).contains(&src)).collect()
        })?;
    }

    /// All interfaces have their networks stated, and none twice: the source tells the interface.
    #[test]
    fn sources_stand_for_interfaces(device in device(), most in any::<bool>()) {
        let bound = if most { Bound::Most } else { Bound::Least };
        let net = |lo, hi| AddrSet::range(host(lo).into(), host(hi).into());
        let entries = [("eth0".to_owned(), net(1, 2)), ("eth1".to_owned(), net(3, 3))];
        let matrix = asked(&device, bound, None, &Sources::new(&device, &entries));
        agrees(&device, &matrix, bound, |src| {
            vec![match src { 1 | 2 => 0, 3 => 1, _ => u32::MAX }]
        })?;
    }
}

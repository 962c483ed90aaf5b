//! Verdicts on forged sources against trying every packet of a small world.

mod world;

use portvakt_analysis::replay;
use portvakt_analysis::spoof::{Question, Verdict, judge};
use portvakt_model::{Device, RulesetId};
use portvakt_space::{AddrSet, Bound};
use proptest::prelude::*;
use world::{FORWARD, HOSTS, INTERFACES, PREROUTING, TODAY, device, expected, host, hosts, packet};

/// Whether some packet with a foreign source passes the lists.
fn passes(device: &Device, lists: &[u32], iif: u32, networks: &AddrSet, bound: Bound) -> bool {
    let foreign = (0..=HOSTS).filter(|src| !networks.contains(host(*src).into()));
    foreign.into_iter().any(|src| {
        (0..=HOSTS).any(|dst| {
            [22, 80, 443].into_iter().any(|dport| {
                let packet = packet(src, dst, dport, iif);
                lists.iter().all(|list| expected(device, *list, &packet, &[iif], bound))
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_packet_is_as_the_rules_say(
        device in device(),
        networks in hosts(),
        at in 0usize..3,
        alone in any::<bool>(),
    ) {
        let interface = INTERFACES[at];
        let only = [RulesetId(FORWARD)];
        let lists: &[u32] = if alone { &[FORWARD] } else { &[PREROUTING, FORWARD] };
        let question = Question {
            device: &device,
            interface,
            networks: &networks,
            only: alone.then_some(&only),
            today: TODAY,
        };
        let of = |bound| passes(&device, lists, interface, &networks, bound);
        match judge(&question) {
            Some(Verdict::Certified) => prop_assert!(!of(Bound::Most)),
            Some(Verdict::Refuted(packet)) => {
                prop_assert!(of(Bound::Least));
                prop_assert!(!networks.contains(packet.src) && packet.iif == interface);
                for list in lists {
                    let fate = replay::opening(&device, RulesetId(*list), &packet, TODAY);
                    prop_assert_eq!(fate.permitted, Some(true));
                }
            }
            Some(Verdict::CannotTell { packet, .. }) => {
                prop_assert!(of(Bound::Most) && !of(Bound::Least));
                let packet = packet.ok_or_else(|| TestCaseError::fail("no budget runs out here"))?;
                prop_assert!(!networks.contains(packet.src));
            }
            None => prop_assert!(false, "there are lists on the way"),
        }
    }
}

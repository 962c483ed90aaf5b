//! Small lists of rules, judged by the engine and by trying every packet.

use std::net::{IpAddr, Ipv4Addr};

use portvakt_space::{
    AddrSet, AtomSet, Budget, Class, Family, FirstMatchList, ListedRule, Needed, Packet,
    ServiceBox, State, StateSet, TCP, Traffic, Verdict,
};

/// Values that each field has in the small world.
const SIDE: u8 = 4;
/// Bytes that describe a rule.
const RULE: usize = 4;
const MOST_RULES: usize = 12;

type Rule = (Class, Vec<Traffic>);

/// Compares the engine's verdicts on a list with those of every packet.
pub fn list(bytes: &[u8]) {
    let rules: Vec<Rule> = bytes.chunks_exact(RULE).take(MOST_RULES).map(rule).collect();
    let listed = rules.iter().map(|(class, traffic)| ListedRule::exact(*class, traffic));
    let verdicts = FirstMatchList::build(listed, Class::Deny).verdicts(Budget::default());
    assert_eq!(verdicts.len(), rules.len());
    for (at, verdict) in verdicts.iter().enumerate() {
        judge(&rules, at, verdict);
    }
}

/// A class and a box; each of the last three bytes has the two ends of a range.
fn rule(bytes: &[u8]) -> Rule {
    let class = [Class::Permit, Class::Deny, Class::Other][usize::from(bytes[0] % 3)];
    let ends = |byte: u8| (byte % SIDE, byte / SIDE % SIDE);
    let addresses = |(lo, hi)| AddrSet::range(addr(lo), addr(hi));
    let (ports, empty) = (ends(bytes[3]), [bytes[1], bytes[2], bytes[3]].map(ends));
    if empty.iter().any(|(lo, hi)| lo > hi) {
        return (class, Vec::new());
    }
    let traffic = Traffic {
        src: addresses(ends(bytes[1])),
        dst: addresses(ends(bytes[2])),
        service: ServiceBox::to(TCP, ports.0.into(), ports.1.into()).into(),
        iif: AtomSet::ANY,
        oif: AtomSet::ANY,
        state: StateSet::ANY,
    };
    (class, vec![traffic])
}

fn addr(n: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, n).into()
}

/// Every packet that some rule can match.
fn world() -> impl Iterator<Item = Packet> {
    (0..SIDE * SIDE * SIDE).map(|n| Packet {
        src: addr(n % SIDE),
        dst: addr(n / SIDE % SIDE),
        proto: TCP,
        sport: 1024,
        dport: u16::from(n / SIDE / SIDE),
        iif: 0,
        oif: 0,
        state: State::ALL[0],
    })
}

/// The first rule that matches, one left out.
fn first(rules: &[Rule], packet: &Packet, without: Option<usize>) -> Option<usize> {
    let matches = |(_, traffic): &Rule| traffic.iter().any(|t| t.contains(packet));
    (0..rules.len()).find(|at| Some(*at) != without && matches(&rules[*at]))
}

/// Whether the list decides a packet of rule `at` otherwise without it.
fn is_needed_for(rules: &[Rule], at: usize, packet: &Packet) -> bool {
    let next = first(rules, packet, Some(at)).map_or(Class::Deny, |next| rules[next].0);
    next == Class::Other || next != rules[at].0
}

fn judge(rules: &[Rule], at: usize, verdict: &Verdict) {
    let own: Vec<Packet> = world().filter(|p| first(rules, p, None) == Some(at)).collect();
    match verdict {
        Verdict::Live { witness, needed } => {
            assert_eq!(witness.family(), Family::V4);
            assert_eq!(first(rules, witness, None), Some(at));
            assert_eq!(*needed, Needed::Proven, "nothing is unknown, and the list is small");
            assert!(is_needed_for(rules, at, witness));
        }
        Verdict::Removable { witness, .. } => {
            assert_eq!(first(rules, witness, None), Some(at));
            assert!(!own.iter().any(|p| is_needed_for(rules, at, p)));
        }
        Verdict::Unreachable { blockers, contrary, .. } => {
            assert!(own.is_empty());
            let blocked = |p: &Packet| {
                blockers.iter().any(|b| *b < at && rules[*b].1.iter().any(|t| t.contains(p)))
            };
            assert!(
                world().filter(|p| rules[at].1.iter().any(|t| t.contains(p))).all(|p| blocked(&p))
            );
            if let Some(contrary) = contrary {
                assert_eq!(first(rules, &contrary.packet, None), Some(contrary.rule));
                assert!(rules[at].1.iter().any(|t| t.contains(&contrary.packet)));
            }
        }
        Verdict::Undecided(doubt) => panic!("{doubt:?} on a small list"),
    }
}

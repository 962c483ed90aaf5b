use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn scope(text: &str) -> Scope {
    let head =
        "[scan]\nauthorised_by = \"it\"\nvalid_until = \"2026-12-31\"\nwindow = \"always\"\n";
    Scope::read(&format!("{head}{text}")).unwrap().unwrap()
}

fn range(text: &str) -> Range {
    match text.parse().unwrap() {
        Target::Addresses(first, last) => (first, last),
        Target::Name(name) => panic!("{name} is a name"),
    }
}

fn planned(targets: &[&str], scope: &Scope) -> Planned {
    let targets: Vec<Range> = targets.iter().map(|t| range(t)).collect();
    Planned::new(&targets, &[80, 443], scope, date(2026, 6, 1).at(12, 0, 0, 0))
}

#[test]
fn targets_are_read() {
    assert_eq!(range("10.77.0.0/16"), range("10.77.0.0-10.77.255.255"));
    assert_eq!(range("10.1.2.3-9"), range("10.1.2.3-10.1.2.9"));
    assert_eq!(range("2001:db8::/120"), range("2001:db8::-2001:db8::ff"));
    assert_eq!("www.example.se".parse(), Ok(Target::Name("www.example.se".into())));
    assert_eq!("skrivare-3".parse(), Ok(Target::Name("skrivare-3".into())));
}

#[test]
fn what_is_no_target_is_refused_with_the_reason() {
    let refused = |text: &str| text.parse::<Target>().unwrap_err().to_string();
    assert!(
        refused("10.1.2.5/24")
            .contains("write 10.1.2.0/24 for the network, or 10.1.2.5 for the host")
    );
    assert!(refused("2001:db8::/64").contains("more than 2^32"));
    assert!(refused("10.1.2.9-10.1.2.3").contains("follow"));
    for text in ["", "10.1.2.300", "10.1.2.3/33", "a b", "10.1.2.3-x", "http://a/", "-x"] {
        assert!(matches!(text.parse::<Target>(), Err(TargetError::Unreadable(_))), "{text}");
    }
}

#[test]
fn what_the_scope_does_not_allow_is_not_asked() {
    let scope = scope(
        "scope = [\"10.77.0.0/16\"]\nexclude = [\"10.77.1.0/24\"]\n\
         [[scan.fragile]]\nname = \"OT\"\nprefixes = [\"10.77.2.0/24\"]\nmode = \"connect\"\n\
         [[scan.fragile]]\nname = \"vård\"\nprefixes = [\"10.77.3.0/25\"]\nmode = \"none\"\n",
    );
    let all = planned(&["10.76.255.0/24", "10.77.0.0/22"], &scope);
    assert_eq!(all.full.ranges(), [range("10.77.0.0/24"), range("10.77.3.128/25")]);
    assert_eq!(all.gentle.ranges(), [range("10.77.2.0/24")]);
    let reasons: Vec<String> = all.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "10.76.255.0 is outside the scope",
            "10.77.1.0 is excluded by 10.77.1.0/24",
            "10.77.3.0 belongs to the fragile group \"vård\", which is not scanned",
        ]
    );
}

#[test]
fn multicast_and_broadcast_are_never_asked() {
    let scope = scope("scope = [\"0.0.0.0/0\", \"::/0\"]");
    let all = planned(&["223.255.255.254-224.0.0.5", "ff02::1", "255.255.255.255", "::"], &scope);
    assert_eq!(all.full.ranges(), [range("223.255.255.254-223.255.255.255")]);
    assert_eq!(all.refused.len(), 4, "{:?}", all.refused);
}

#[test]
fn after_its_last_day_a_scope_allows_nothing() {
    let scope = scope("scope = [\"10.0.0.0/8\"]");
    let late = date(2027, 1, 1).at(12, 0, 0, 0);
    let all = Planned::new(&[range("10.0.0.1")], &[80], &scope, late);
    assert!(all.full.is_empty() && all.gentle.is_empty());
    assert!(matches!(all.refused[..], [Refusal::Ended(..)]));
}

#[test]
fn ports_count_once_and_zero_never() {
    let plan = Plan::of(vec![range("10.0.0.1")], &[443, 80, 443, 0]);
    assert_eq!(plan.ports(), [443, 80]);
    assert_eq!(plan.index("10.0.0.1".parse().unwrap(), 0), None);
}

#[test]
fn only_keeps_listed_hosts_of_the_plan() {
    let plan = Plan::of(vec![range("10.0.0.0/24"), range("2001:db8::/126")], &[80]);
    let hosts = ["10.0.0.7", "10.0.1.7", "2001:db8::2"].map(|h| h.parse().unwrap());
    assert_eq!(plan.only(&hosts).ranges(), [range("10.0.0.7"), range("2001:db8::2")]);
}

proptest! {
    #[test]
    fn numbers_and_probes_are_each_others_inverse(
        starts in prop::collection::vec((any::<u16>(), 0u32..300), 1..6),
        sixes in prop::collection::vec((any::<u16>(), 0u128..300), 0..4),
        ports in prop::collection::vec(1u16.., 1..20),
        at in any::<u64>(),
    ) {
        let four = starts.iter().map(|(a, n)| {
            let first = Ipv4Addr::from_bits(0x0a00_0000 + (u32::from(*a) << 4));
            (first.into(), Ipv4Addr::from_bits(first.to_bits() + n).into())
        });
        let six = sixes.iter().map(|(a, n)| {
            let first = (0x2001_0db8_u128 << 96) + (u128::from(*a) << 4);
            (Ipv6Addr::from_bits(first).into(), Ipv6Addr::from_bits(first + n).into())
        });
        let written: Vec<Range> = four.chain(six).collect();
        let plan = Plan::of(written.clone(), &ports);
        let index = at % plan.probes();
        let (address, port) = plan.probe(index);
        prop_assert_eq!(plan.index(address, port), Some(index));
        prop_assert!(written.iter().any(|(a, b)| a.is_ipv4() == address.is_ipv4() && (*a..=*b).contains(&address)));
        prop_assert!(plan.ranges().windows(2).all(|w| w[0].1 < w[1].0));
    }
}

#[test]
fn what_is_left_of_ranges_is_what_others_do_not_hold() {
    let ranges = [range("10.0.0.0-10.0.0.9"), range("2001:db8::-2001:db8::1")];
    let heard = ["10.0.0.0", "10.0.0.4", "10.0.0.5", "2001:db8::1"].map(range);
    let left = ["10.0.0.1-10.0.0.3", "10.0.0.6-10.0.0.9", "2001:db8::"].map(range);
    assert_eq!(without(&ranges, &heard), left);
    assert_eq!(within(&ranges, &left), left);
    assert_eq!((addresses(&left), addresses(&ranges)), (8, 12));
    assert_eq!(without(&ranges, &[range("9.0.0.0-11.0.0.0")]), ranges[1..]);
    assert!(without(&ranges[..0], &heard).is_empty());
    let last = [range("255.255.255.255")];
    assert!(without(&last, &last).is_empty());
}

#[test]
fn stretches_are_the_plan_and_bound_time_and_memory() {
    let ports: Vec<u16> = (1..=1_000).collect();
    let plan = Plan::of(vec![range("10.77.0.0/21"), range("2001:db8::/124")], &ports);
    let size = plan.stretch_hosts(Rate::default());
    assert_eq!(size, 600, "ten minutes of 1,000 a second");
    let firsts = (0..plan.hosts()).step_by(size as usize);
    let ranges: Vec<Range> =
        firsts.flat_map(|first| plan.stretch(first, size).ranges().to_vec()).collect();
    assert_eq!(merged(ranges), plan.ranges());
    let every = Plan::of(vec![range("10.77.0.0/16")], &parse_ports("-").unwrap());
    assert_eq!(
        every.stretch_hosts(Rate::default()),
        100,
        "25 use up the rate, at 40 a second each"
    );
    let fast = Rate { total: 1_000_000, subnet: 1_000_000, host: 1_000_000 };
    assert!(every.stretch_hosts(fast) * 65_535 <= 1 << 26);
    let narrow = Rate { subnet: 100, ..Rate::default() };
    assert_eq!(plan.stretch_hosts(narrow), 2_560, "ten subnets use up the rate");
}

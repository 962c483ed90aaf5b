//! Answers against the interpreter that walks one packet, on every packet of a small world.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use jiff::civil::Date;
use portvakt_model::{
    Action, Default as ListDefault, Gap, Hook, NatKind, NatRule, Parameters, Rule, Ruleset, Site,
    SourceId,
};
use portvakt_space::{AddrSet, ServiceBox, State, StateSet, TCP};
use proptest::prelude::*;

use super::*;
use crate::audit::Tables;
use crate::facts::Facts;
use crate::replay;

const TODAY: Date = jiff::civil::date(2026, 11, 20);

fn host(n: u8) -> std::net::IpAddr {
    Ipv4Addr::new(10, 0, 0, n).into()
}

fn hosts(a: u8, b: u8) -> AddrSet {
    AddrSet::range(host(a.min(b)), host(a.max(b)))
}

fn action(calls: bool) -> impl Strategy<Value = Action> {
    let last = if calls { Action::Jump(RulesetId(2)) } else { Action::Return };
    prop_oneof![3 => Just(Action::Permit), 3 => Just(Action::Deny), 2 => Just(last)]
}

fn rule(calls: bool) -> impl Strategy<Value = Rule> {
    (action(calls), 0u8..4, 0u8..4, 0u16..3, 0u16..3, prop::bool::weighted(0.2)).prop_map(
        |(action, a, b, lo, hi, unknown)| {
            let service = ServiceBox::to(TCP, lo.min(hi), lo.max(hi)).into();
            let matches = Traffic { src: hosts(a, b), service, ..Traffic::ANY };
            let mut rule = Rule::new(1, action, matches);
            if unknown && matches!(action, Action::Permit | Action::Deny) {
                rule.gap = Some(Box::new(Gap::default()));
            }
            rule
        },
    )
}

fn ruleset(name: &str, hook: Option<Hook>, rules: Vec<Rule>, permit: bool) -> Ruleset {
    let mut list = Ruleset::new(name, 1);
    list.hooks.extend(hook);
    list.rules = rules;
    let action = if permit { Action::Permit } else { Action::Deny };
    list.default = ListDefault { action, line: None };
    list
}

/// Two lists that forwarded packets meet one after the other, and a chain that both may call.
fn device() -> impl Strategy<Value = Device> {
    let rules = |calls| prop::collection::vec(rule(calls), 0..5);
    (rules(true), rules(true), rules(false), any::<(bool, bool)>()).prop_map(
        |(first, second, chain, (a, b))| {
            let mut device = Device::new("d", "test", SourceId(0));
            device.rulesets.push(ruleset("second", Some(Hook::Forward(10)), second, a));
            device.rulesets.push(ruleset("first", Some(Hook::Forward(0)), first, b));
            device.rulesets.push(ruleset("chain", None, chain, false));
            device
        },
    )
}

fn packets() -> Vec<Packet> {
    let packet = |src: u8, dport: u16| Packet {
        src: host(src),
        dst: Ipv4Addr::new(10, 9, 9, 9).into(),
        proto: TCP,
        sport: 40_000,
        dport,
        iif: u32::MAX,
        oif: u32::MAX,
        state: State::New,
    };
    (0..4u8).flat_map(|src| (0..4u16).map(move |dport| packet(src, dport))).collect()
}

/// The device with each unknown match settled one way or the other.
fn settled(device: &Device) -> Vec<Device> {
    let mut all = vec![device.clone()];
    for (list, rules) in device.rulesets.iter().enumerate() {
        for at in (0..rules.rules.len()).filter(|at| rules.rules[*at].gap.is_some()) {
            let set = |mut device: Device, matches: bool| {
                let rule = &mut device.rulesets[list].rules[at];
                rule.gap = None;
                rule.enabled = matches;
                device
            };
            all = all.into_iter().flat_map(|d| [set(d.clone(), true), set(d, false)]).collect();
        }
    }
    all
}

/// Whether every list on the way lets the packet through.
fn passes(device: &Device, packet: &Packet) -> bool {
    [RulesetId(1), RulesetId(0)]
        .iter()
        .all(|id| replay::list(device, *id, packet, TODAY).permitted == Some(true))
}

fn with_audit<T>(device: &Device, test: impl FnOnce(&Audit<'_>) -> T) -> T {
    let (site, parameters) = (Site::default(), Parameters::default());
    test(&Audit {
        site: &site,
        parameters: &parameters,
        today: TODAY,
        devices: std::slice::from_ref(device),
        sources: &[],
        coverage: &[],
        tables: Tables::default(),
        facts: Facts::default(),
    })
}

fn everything() -> Question {
    let traffic = Traffic { state: StateSet::NEW, ..Traffic::ANY };
    Question { traffic, iif: Link::Routed, oif: Link::Routed }
}

fn asked(device: &Device) -> Vec<Part> {
    with_audit(device, |audit| super::device(audit, 0, &everything()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_packet_fares_as_the_interpreter_sees_it(device in device()) {
        let parts = asked(&device);
        let settled = settled(&device);
        for packet in packets() {
            let fates: BTreeSet<bool> = settled.iter().map(|d| passes(d, &packet)).collect();
            let expected = match fates.into_iter().collect::<Vec<_>>()[..] {
                [true] => Verdict::Permitted,
                [false] => Verdict::Denied,
                _ => Verdict::CannotTell,
            };
            let hits: Vec<&Part> =
                parts.iter().filter(|p| p.traffic.contains(&packet)).collect();
            prop_assert_eq!(hits.len(), 1, "{:?} is in {:?}", packet, hits);
            prop_assert_eq!(hits[0].verdict, expected, "{:?}", packet);
        }
    }

    #[test]
    fn every_witness_is_replayed(device in device()) {
        for part in asked(&device) {
            prop_assert!(part.traffic.contains(&part.witness));
            let mut fate = true;
            for hop in &part.hops {
                let seen = replay::list(&device, hop.list, &hop.packet, TODAY);
                if seen.certain {
                    prop_assert_eq!(seen.rule, hop.rule);
                }
                fate &= seen.permitted == Some(true);
                if part.verdict != Verdict::CannotTell && seen.certain {
                    let last = hop == part.hops.last().unwrap();
                    prop_assert!(fate || last && part.verdict == Verdict::Denied);
                }
            }
        }
    }
}

/// A destination that is translated before the filter, which sees the new one.
fn translating(format: &'static str) -> Device {
    let outside = AddrSet::host(Ipv4Addr::new(192, 0, 2, 80).into());
    let seen =
        Traffic { dst: outside, service: ServiceBox::to(TCP, 443, 443).into(), ..Traffic::ANY };
    let mut device = Device::new("d", format, SourceId(0));
    let dnat = Rule::new(7, Action::Continue, seen.clone());
    if format == "iptables-save" {
        let hook = Some(Hook::Prerouting(-100));
        device.rulesets.push(ruleset("nat/PREROUTING", hook, vec![dnat], true));
    }
    let inside = Traffic {
        dst: hosts(9, 9),
        service: ServiceBox::to(TCP, 8443, 8443).into(),
        src: hosts(0, 3),
        ..Traffic::ANY
    };
    let permit = Rule::new(9, Action::Permit, inside);
    device.rulesets.push(ruleset("filter", Some(Hook::Forward(0)), vec![permit], false));
    device.nat.push(NatRule {
        kind: NatKind::Destination,
        name: "x".into(),
        enabled: true,
        matches: seen,
        to_src: None,
        to_dst: Some(hosts(9, 9)),
        to_service: Some(ServiceBox::to(TCP, 8443, 8443).into()),
        line: 7,
        uses: None,
    });
    device
}

#[test]
fn the_filter_sees_the_translated_destination() {
    for format in ["iptables-save", "cisco-asa", "fortios"] {
        let device = translating(format);
        let parts = asked(&device);
        let permitted = |dst: [u8; 4], dport: u16, src: u8| {
            let mut packet = packets()[0];
            (packet.src, packet.dst, packet.dport) = (host(src), dst.into(), dport);
            let hits: Vec<&Part> = parts.iter().filter(|p| p.traffic.contains(&packet)).collect();
            assert_eq!(hits.len(), 1, "{format}: {packet:?} {hits:?}");
            hits[0].verdict == Verdict::Permitted
        };
        assert!(permitted([192, 0, 2, 80], 443, 2), "{format}: by way of the translation");
        assert!(!permitted([192, 0, 2, 80], 443, 7), "{format}: not from elsewhere");
        assert!(!permitted([192, 0, 2, 80], 8443, 2), "{format}: another port is not translated");
        assert!(permitted([10, 0, 0, 9], 8443, 2), "{format}: the inside address itself");
        for part in &parts {
            for hop in &part.hops {
                let seen = replay::list(&device, hop.list, &hop.packet, TODAY);
                let translates = hop.rule == RuleKey { ruleset: RulesetId(0), rule: Some(0) };
                let same = seen.rule == hop.rule || translates && format == "iptables-save";
                assert!(same, "{format}: {part:?}");
            }
        }
    }
}

#[test]
fn what_is_for_the_device_itself_meets_its_local_lists() {
    let mut device = Device::new("d", "fortios", SourceId(0));
    let own = portvakt_model::Prefix { addr: host(1), len: 24 };
    device.interfaces.entry("lan").addresses.push(own);
    let ssh = Traffic { service: ServiceBox::to(TCP, 22, 22).into(), ..Traffic::ANY };
    let permit = Rule::new(3, Action::Permit, ssh);
    device.rulesets.push(ruleset("policy", Some(Hook::Forward(0)), Vec::new(), true));
    device.rulesets.push(ruleset("local", Some(Hook::Local(0)), vec![permit], false));
    let parts = asked(&device);
    let of = |dst: u8, dport: u16| {
        let mut packet = packets()[0];
        (packet.src, packet.dst, packet.dport) = (host(7), host(dst), dport);
        packet.iif = 0;
        parts.iter().find(|p| p.traffic.contains(&packet)).map(|p| (p.local, p.verdict))
    };
    assert_eq!(of(1, 22), Some((true, Verdict::Permitted)));
    assert_eq!(of(1, 80), Some((true, Verdict::Denied)));
    device.rulesets.pop();
    let parts = asked(&device);
    assert!(parts.iter().any(|p| p.local && p.reason == Some(Reason::DeviceItself)));
    assert!(parts.iter().filter(|p| p.local).all(|p| p.verdict == Verdict::CannotTell));
}

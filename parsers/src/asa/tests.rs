//! What the manuals say, derived by hand.

use portvakt_model::{
    Action, Device, Gap, Hook, LineState, Logging, NatKind, ObjectKind, Rule, Ruleset, Source,
    SourceId,
};
use portvakt_space::{AddrSet, AtomSet, Family, ServiceBox, ServiceSet, TCP, UDP};
use proptest::prelude::*;

use super::PARSER;
use crate::{Context, Head, Parsed, Score, net, parse_as};

fn parsed(text: &str) -> Parsed {
    parse_as(&PARSER, SourceId(0), "prov.cfg", text.to_owned(), &[], &Context::default())
}

fn device(text: &str) -> Device {
    parsed(text).devices.remove(0)
}

fn list<'d>(device: &'d Device, name: &str) -> &'d Ruleset {
    device.rulesets.iter().find(|r| r.name == name).unwrap()
}

/// The rule of one entry in an ASA 9 configuration that may begin with definitions.
fn entry(before: &str, words: &str) -> Rule {
    let text = format!("ASA Version 9.12(1)\n{before}\naccess-list prov extended {words}\n");
    list(&device(&text), "prov").rules[0].clone()
}

fn addresses(text: &str) -> AddrSet {
    text.split(',').map(|n| net::range(n).or_else(|| net::network(n)).unwrap()).collect()
}

fn tcp(ranges: &[(u16, u16)]) -> ServiceSet {
    ranges.iter().map(|&(lo, hi)| ServiceBox::to(TCP, lo, hi)).collect()
}

fn score(text: &str) -> Score {
    let (bytes, context) = (text.as_bytes(), &Context::default());
    (PARSER.sniff)(&Head::new("x", text, bytes, context))
}

#[test]
fn a_mask_is_a_network_mask() {
    let rule = entry("", "permit tcp 10.1.0.0 255.255.0.0 host 192.0.2.7 eq https");
    assert_eq!(rule.matches.src, addresses("10.1.0.0/16"));
    assert_eq!(rule.matches.dst, addresses("192.0.2.7"));
    assert_eq!(rule.matches.service, tcp(&[(443, 443)]));
    assert!(rule.gap.is_none());
}

#[test]
fn a_group_between_the_addresses_is_what_it_is_defined_as() {
    let defined = "object-group network A\n network-object host 10.0.0.1\n\
                   object-group service P tcp\n port-object eq 22\n port-object eq 23\n\
                   object-group network B\n network-object host 10.0.0.2\n";
    let both = entry(defined, "permit tcp object-group A object-group P object-group B eq 80");
    assert_eq!(both.matches.dst, addresses("10.0.0.2"));
    let sources = both.matches.service.boxes().iter().map(|b| (b.sport, b.dport));
    assert!(sources.eq([((22, 23), (80, 80))]));
    let plain = entry(defined, "permit tcp object-group A object-group B object-group P");
    assert_eq!(plain.matches.dst, addresses("10.0.0.2"));
    assert_eq!(plain.matches.service, tcp(&[(22, 23)]));
}

#[test]
fn ports_after_a_protocol_group_are_of_each_protocol_that_has_them() {
    let defined = "object-group protocol TU\n protocol-object tcp\n protocol-object udp\n";
    let rule = entry(defined, "permit object-group TU any any range 5060 5061");
    let want = [TCP, UDP].map(|p| ServiceBox::to(p, 5060, 5061));
    assert_eq!(rule.matches.service, want.into_iter().collect());
    assert!(rule.gap.is_none());
}

#[test]
fn a_service_group_keeps_pairs_of_source_and_destination() {
    let defined = "object-group service S\n service-object tcp source eq 1 destination eq 2\n \
                   service-object udp destination eq 3\n service-object object icmp-echo\n";
    let rule = entry(defined, "permit object-group S any any");
    let s = &rule.matches.service;
    assert!(s.contains(TCP, 1, 2) && !s.contains(TCP, 2, 2) && s.contains(UDP, 9, 3));
    assert!(s.contains(1, 0, 8 << 8) && !s.contains(1, 0, 0));
}

#[test]
fn what_a_name_resolves_to_is_not_known() {
    let defined = "object network F\n fqdn v4 a.example.com\n\
                   object-group network G\n network-object object F\n network-object host 10.0.0.1\n";
    let rule = entry(defined, "permit ip object-group G any");
    assert_eq!(rule.matches.src, AddrSet::all(Family::V4));
    assert_eq!(rule.least().unwrap().src, addresses("10.0.0.1"));
    assert_eq!(rule.gap.unwrap().reasons[0].what.written(), Some("fqdn a.example.com"));
}

#[test]
fn an_undefined_name_may_be_anything_and_is_told() {
    let text = "ASA Version 9.1(1)\naccess-list a extended permit ip object X object-group Y\n";
    let d = device(text);
    let rule = &d.rulesets[0].rules[0];
    assert!(rule.matches.src.is_any() && rule.least().is_none());
    let names: Vec<_> = d.undefined.iter().map(|u| (u.name.as_str(), u.line)).collect();
    assert_eq!(names, [("X", 2), ("Y", 2)]);
}

#[test]
fn groups_in_a_circle_end() {
    let text = "object-group network A\n group-object B\n network-object host 10.0.0.1\n\
                object-group network B\n group-object A\n";
    let kinds: Vec<_> = device(text).objects.into_iter().map(|o| o.kind).collect();
    assert_eq!(kinds, [ObjectKind::AddressGroup(None), ObjectKind::AddressGroup(None)]);
}

#[test]
fn groups_nested_without_end_are_cut_and_stay_cheap() {
    let group = |n: u32| format!("object-group network g{n}\n group-object g{}\n", n + 1);
    let text: String = (0..5000).map(group).collect();
    let d = device(&text);
    assert_eq!(d.objects.len(), 5000);
    assert!(matches!(d.objects[0].kind, ObjectKind::AddressGroup(None)));
}

#[test]
fn logging_follows_the_action_when_it_is_not_stated() {
    let says = |words: &str| entry("", words).logging;
    assert_eq!(says("deny ip any any"), Logging::On);
    assert_eq!(says("permit ip any any"), Logging::Unknown);
    assert_eq!(says("permit ip any any log warnings interval 1"), Logging::On);
    assert_eq!(says("deny ip any any log disable"), Logging::Off);
    assert!(!entry("", "permit ip any any inactive").enabled);
}

#[test]
fn any_was_of_one_version_before_nine() {
    let src = |version: &str| {
        let text = format!("ASA Version {version}\naccess-list a extended permit ip any any\n");
        device(&text).rulesets[0].rules[0].matches.src.clone()
    };
    assert_eq!(src("8.4(2)"), AddrSet::all(Family::V4));
    assert_eq!(src("9.0(1)"), AddrSet::ANY);
}

const TWO: &str = "interface G0\n nameif outside\n security-level 0\n\
                   interface G1\n nameif inside\n security-level 100\n";

fn permits(device: &Device, name: &str) -> Vec<AtomSet> {
    let rules = &list(device, name).rules;
    let permits = rules.iter().filter(|r| r.action == Action::Permit);
    permits.map(|r| r.matches.oif.clone()).collect()
}

#[test]
fn without_a_list_traffic_falls_from_level_to_level() {
    let d = device(TWO);
    let outside = d.interfaces.find("outside").unwrap();
    assert_eq!(permits(&d, "security-level (inside)"), [AtomSet::one(outside)]);
    assert!(permits(&d, "security-level (outside)").is_empty());
}

#[test]
fn a_list_takes_the_place_of_levels_and_a_global_one_everywhere() {
    let lists = "access-list a permit ip any any\naccess-list g permit tcp any any\n";
    let d = device(&format!("{TWO}{lists}access-group a in interface inside\n"));
    assert!(!d.rulesets.iter().any(|r| r.name == "security-level (inside)"));
    assert!(d.rulesets.iter().any(|r| r.name == "security-level (outside)"));
    let d =
        device(&format!("{TWO}{lists}access-group a in interface inside\naccess-group g global\n"));
    assert!(!d.rulesets.iter().any(|r| r.name.starts_with("security-level")));
    let inside = d.interfaces.find("inside").unwrap();
    assert!(
        matches!(list(&d, "a").default.action, Action::Goto(id) if d.rulesets[id.0 as usize].name == "g")
    );
    assert_eq!(list(&d, "g").hooks, [Hook::In(AtomSet::one(inside).complement())]);
    assert_eq!(list(&d, "g").default.action, Action::Deny);
}

#[test]
fn one_level_reaches_itself_only_when_told() {
    let three = format!("{TWO}interface G2\n nameif dmz\n security-level 100\n");
    let closed = device(&three);
    let [outside, dmz] = ["outside", "dmz"].map(|n| closed.interfaces.find(n).unwrap());
    assert_eq!(permits(&closed, "security-level (inside)"), [AtomSet::one(outside)]);
    let open = device(&format!("{three}same-security-traffic permit inter-interface\n"));
    let rules = &list(&open, "security-level (inside)").rules;
    let to_dmz = rules.iter().find(|r| r.matches.oif.contains(dmz)).unwrap();
    assert_eq!((to_dmz.action, to_dmz.line), (Action::Permit, 10));
}

#[test]
fn before_nine_each_ip_version_has_its_lists() {
    let lists = "access-list a extended permit ip any any\nipv6 access-list b permit tcp any any eq 80\n\
                 access-group a in interface outside\n";
    let v6 = TWO.replace(" security-level 0", " security-level 0\n ipv6 address 2001:db8::1/64");
    let one = device(&format!("ASA Version 8.4(2)\n{v6}{lists}"));
    assert_eq!(list(&one, "a").families, [Family::V4]);
    assert_eq!(list(&one, "security-level (outside)").families, [Family::V6]);
    let both =
        device(&format!("ASA Version 8.4(2)\n{v6}{lists}access-group b in interface outside\n"));
    assert_eq!(list(&both, "b").families, [Family::V6]);
    assert_eq!(list(&both, "b").rules[0].matches.src, AddrSet::all(Family::V6));
    assert!(!both.rulesets.iter().any(|r| r.name == "security-level (outside)"));
    assert_eq!(list(&both, "security-level (inside)").families, Family::BOTH);
}

#[test]
fn the_last_list_of_a_place_holds() {
    let d = device(&format!(
        "{TWO}access-list a permit ip any any\naccess-list b deny ip any any\n\
         access-group a in interface inside\naccess-group b in interface inside\n"
    ));
    assert!(list(&d, "a").hooks.is_empty());
    assert_eq!(list(&d, "b").hooks.len(), 1);
}

#[test]
fn what_other_commands_name_is_used() {
    let text = "ASA Version 9.8(1)\nobject-group network G\n network-object host 10.0.0.1\n\
        access-list v extended permit ip any any\naccess-list d extended permit ip any any\n\
        threat-detection scanning-threat shun except object-group G\n\
        dynamic-access-policy-record P\n network-acl d\n\
        group-policy Q attributes\n vpn-filter value v\nclass-map c\n match access-list v\n";
    let d = device(text);
    assert_eq!(d.objects[0].uses, 1);
    assert_eq!(list(&d, "v").other_uses.len(), 2);
    assert_eq!(list(&d, "d").other_uses, ["network-acl d"]);
}

#[test]
fn what_is_applied_and_not_defined_is_not_known() {
    let d = device(&format!("ASA Version 9.1(1)\n{TWO}access-group x in interface outside\n"));
    assert_eq!(list(&d, "x").rules[0].action, Action::Unknown);
    assert_eq!((d.undefined[0].name.as_str(), d.undefined[0].kind), ("x", "access-list"));
}

#[test]
fn an_entry_that_is_not_understood_stays_in_the_list() {
    let p = parsed(
        "ASA Version 9.1(1)\naccess-list a extended maybe ip any any\naccess-list a extended deny ip any any\n",
    );
    let rules = &p.devices[0].rulesets[0].rules;
    assert_eq!(rules.iter().map(|r| r.action).collect::<Vec<_>>(), [Action::Unknown, Action::Deny]);
    assert!(matches!(p.coverage.of(2).unwrap(), LineState::Unsupported(_)));
}

#[test]
fn sections_of_translation_are_evaluated_in_order() {
    let text = "ASA Version 9.1(1)\n\
        object network net\n subnet 10.0.0.0 255.255.255.0\n nat (inside,outside) dynamic interface\n\
        object network host\n host 10.0.0.9\n nat (inside,outside) static 192.0.2.9\n\
        nat (inside,outside) after-auto source dynamic any interface\n\
        nat (inside,outside) source static net net destination static host host\n";
    let kinds: Vec<_> = device(text).nat.iter().map(|n| (n.kind, n.line)).collect();
    let want =
        [(NatKind::Identity, 9), (NatKind::Static, 7), (NatKind::Source, 4), (NatKind::Source, 8)];
    assert_eq!(kinds, want);
}

#[test]
fn a_static_with_ports_is_seen_from_outside() {
    let text = "ASA Version 9.1(1)\ninterface G0\n nameif outside\n ip address 192.0.2.1 255.255.255.0\n\
        object network web\n host 10.0.0.9\n nat (inside,outside) static interface service tcp 8443 https\n";
    let d = device(text);
    let nat = &d.nat[0];
    assert_eq!(nat.matches.dst, addresses("192.0.2.1"));
    assert_eq!(nat.matches.service, tcp(&[(443, 443)]));
    assert_eq!(nat.to_dst, Some(addresses("10.0.0.9")));
    assert_eq!(nat.to_service, Some(tcp(&[(8443, 8443)])));
    assert_eq!(nat.matches.iif, AtomSet::one(d.interfaces.find("outside").unwrap()));
}

/// An ASA 8.2 with one list on the outside.
fn old(statics: &str, words: &str) -> Rule {
    let text = format!(
        "ASA Version 8.2(5)\n{TWO}{statics}access-list a extended {words}\n\
         access-group a in interface outside\n"
    );
    list(&device(&text), "a").rules[0].clone()
}

#[test]
fn old_lists_see_mapped_addresses() {
    let one = "static (inside,outside) 192.0.2.8 10.0.0.8 netmask 255.255.255.248\n";
    let rule = old(one, "permit tcp any host 192.0.2.11 eq 80");
    assert_eq!((rule.matches.dst, rule.gap.is_none()), (addresses("10.0.0.11"), true));
    let wide = old(one, "permit tcp any 192.0.2.0 255.255.255.0 eq 80");
    let rest = addresses("192.0.2.0/24").minus(&addresses("192.0.2.8/29"));
    assert_eq!(wide.matches.dst, rest.union(&addresses("10.0.0.8/29")));
    assert!(old(one, "permit ip any any").matches.dst.is_all(Family::V4));
    let elsewhere = "static (inside,dmz) 192.0.2.8 10.0.0.8 netmask 255.255.255.248\n";
    assert_eq!(
        old(elsewhere, "permit tcp any host 192.0.2.11 eq 80").matches.dst,
        addresses("192.0.2.11")
    );
}

#[test]
fn what_is_no_single_product_is_a_gap() {
    let two = "static (inside,outside) tcp 192.0.2.9 80 10.0.0.1 8080 netmask 255.255.255.255\n\
               static (inside,outside) tcp 192.0.2.9 443 10.0.0.2 443 netmask 255.255.255.255\n";
    let exact = old(two, "permit tcp any host 192.0.2.9 eq 80");
    assert_eq!(exact.matches.dst, addresses("10.0.0.1"));
    assert_eq!(exact.matches.service, tcp(&[(8080, 8080)]));
    let both = old(two, "permit tcp any host 192.0.2.9");
    assert!(both.least().is_none());
    assert_eq!(both.matches.dst, addresses("10.0.0.1-10.0.0.2,192.0.2.9"));
    assert!(matches!(both.gap.as_deref(), Some(Gap { reasons, .. }) if reasons.len() == 1));
}

#[test]
fn contexts_of_a_capture_are_devices() {
    let text = "fw# changeto context a\nfw/a# show run\nASA Version 9.8(1) <context>\nhostname a\n\
                fw/a# changeto context b\nfw/b/act# show run\nASA Version 9.8(1) <context>\nhostname x\n";
    let names: Vec<_> = parsed(text).devices.into_iter().map(|d| d.name).collect();
    assert_eq!(names, ["fw/a", "fw/b"]);
}

#[test]
fn counters_come_to_the_rules_of_the_configuration() {
    let text = "ASA Version 9.1(1)\naccess-list a remark x\naccess-list a extended permit ip any any\n\
        access-list a line 2 extended permit ip any any (hitcnt=5) 0x1\n  access-list a line 2 extended permit ip any any (hitcnt=5) 0x2\n";
    let d = device(text);
    assert_eq!(d.rulesets[0].rules.len(), 1);
    assert_eq!(d.rulesets[0].rules[0].note.as_ref().unwrap().hits.unwrap().count, 5);
}

#[test]
fn the_family_knows_its_own() {
    for text in [
        ": Saved\nPIX Version 6.3(5)\n",
        "NGFW Version 7.0.1\n",
        "access-list a extended permit ip any any\naccess-list a extended deny ip any any\n",
        "access-list a; 2 elements; name hash: 0x1\naccess-list a line 1 extended permit ip any any (hitcnt=0) 0x1\n",
        "object network a\n host 10.0.0.1\nobject-group network b\n network-object object a\n",
    ] {
        assert!(score(text) >= Score::LIKELY, "{text}");
    }
    for text in [
        "version 15.2\nhostname sw\ninterface Vlan1\n ip access-group 101 in\nline vty 0 4\naccess-list 101 permit ip any any\n",
        "ip access-list extended A\n permit ip any any\naccess-list 10 permit 10.0.0.0 0.0.0.255\n",
        "namespace: x\nnames:\n",
        "config firewall policy\nedit 1\n",
    ] {
        assert_eq!(score(text), Score::NO, "{text}");
    }
}

#[test]
fn no_secret_of_the_fixture_is_shown() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/secrets/cisco-asa.cfg");
    let p = parsed(&std::fs::read_to_string(path).unwrap());
    let model = format!("{:?}", p.devices);
    for text in [p.source.text(), &model] {
        assert!(!text.contains("HEMLIG"), "{text}");
    }
    assert!((1..=p.source.line_count()).any(|n| p.source.line(n).contains("SYNLIG")));
    // All but those in a remark, a banner and a URL are known for what they are.
    assert!(p.devices[0].secrets.len() >= 47, "{}", p.devices[0].secrets.len());
}

#[test]
fn one_file_of_many_lines_is_read_in_one_go() {
    let lines = |n: u32| {
        let [_, a, b, c] = n.to_be_bytes();
        format!(
            "static (inside,outside) 192.{a}.{b}.{c} 10.{a}.{b}.{c}\n\
             access-list a permit tcp any host 192.{a}.{b}.{c} eq 80\ninterface Vlan{n}\n nameif v{n}\n"
        )
    };
    let text: String = (0..20_000).map(lines).collect();
    let text = format!("ASA Version 8.2(1)\n{text}access-group a in interface outside\n");
    let began = std::time::Instant::now();
    let source = Source::new("x".into(), text.clone());
    assert_eq!(parsed(&text).coverage.len(), source.line_count() as usize);
    assert!(began.elapsed() < std::time::Duration::from_secs(90), "{:?}", began.elapsed());
}

proptest! {
    /// The converted destination is what one-to-one translation makes of each address.
    #[test]
    fn one_to_one_translation_moves_each_address(first in 0u8..200, len in 0u8..16, pick in 0u8..255) {
        let mask = 255u8 << (len.trailing_zeros().min(3));
        let base = first & mask;
        let statics = format!("static (inside,outside) 192.0.2.{base} 10.0.0.{base} netmask 255.255.255.{mask}\n");
        let rule = old(&statics, &format!("permit tcp any host 192.0.2.{pick} eq 80"));
        let inside = pick & mask == base;
        let want = if inside { format!("10.0.0.{pick}") } else { format!("192.0.2.{pick}") };
        prop_assert_eq!(rule.matches.dst, addresses(&want));
    }
}

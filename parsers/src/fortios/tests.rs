//! Meaning by the manual, on configurations made up for it.

use std::fmt::Write;

use crate::{Context, Parsed};
use portvakt_model::{Action, Device, LineState, Rule, SourceId};
use portvakt_space::{AddrSet, Family};

fn read(text: &str) -> Parsed {
    let context = Context::default();
    crate::parse(SourceId(0), "fw.conf", text.as_bytes().to_vec(), &context).unwrap()
}

fn device(text: &str) -> Device {
    let mut parsed = read(text);
    assert_eq!(parsed.format, "fortios");
    assert_eq!(parsed.devices.len(), 1);
    parsed.devices.remove(0)
}

/// A backup of `version` with these policies, each `(id, settings)`, and VIPs on two inside hosts.
fn policies(version: &str, policies: &[&str]) -> Vec<Rule> {
    let mut text = format!(
        "#config-version=FGT60F-{version}-FW-build1-1:opmode=0:vdom=0:user=a
config firewall vip
edit \"v1\"\nset extip 198.51.100.1\nset mappedip \"10.0.0.1\"\nset extintf \"wan\"\nnext
edit \"v2\"\nset extip 198.51.100.2\nset mappedip \"10.0.0.2\"\nset extintf \"wan\"\nnext
end
config firewall address\nedit \"host1\"\nset subnet 10.0.0.1 255.255.255.255\nnext\nend
config firewall policy\n"
    );
    for (id, settings) in policies.iter().enumerate() {
        let rest =
            "set srcintf \"wan\"\nset dstintf \"any\"\nset srcaddr \"all\"\nset service \"ALL\"";
        let _ = writeln!(text, "edit {id}\n{rest}\n{settings}\nnext");
    }
    text.push_str("end\n");
    device(&text).rulesets.remove(0).rules
}

const DENY_ALL: &str = "set dstaddr \"all\"";
const PERMIT_VIP: &str = "set action accept\nset dstaddr \"v1\"";

fn net(text: &str) -> AddrSet {
    crate::net::network(text).unwrap()
}

#[test]
fn a_deny_lets_translated_packets_pass_before_7_2_4() {
    let old = policies("7.0.12", &[DENY_ALL, PERMIT_VIP]);
    let least = &old[0].least().unwrap().dst;
    assert_eq!(least, &AddrSet::all(Family::V4).minus(&net("10.0.0.1")));
    let new = policies("7.2.4", &[DENY_ALL, PERMIT_VIP]);
    assert!(new[0].gap.is_none());
    let unclear = policies("7.2.3", &[DENY_ALL, PERMIT_VIP]);
    assert!(unclear[0].gap.is_some());
    // Nothing later permits a VIP: then it makes no difference.
    assert!(policies("7.0.12", &[PERMIT_VIP, DENY_ALL])[1].gap.is_none());
}

#[test]
fn a_deny_of_a_vip_is_certain_unless_the_host_is_permitted_directly() {
    let deny = "set dstaddr \"v1\"";
    assert!(policies("7.4.0", &[deny, PERMIT_VIP])[0].gap.is_none());
    let direct = "set action accept\nset dstaddr \"host1\"";
    assert!(policies("7.4.0", &[deny, direct])[0].least().is_none());
}

#[test]
fn vips_of_one_service_are_one_rule() {
    let rules = policies("7.4.0", &["set action accept\nset dstaddr \"v1\" \"v2\" \"host1\""]);
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0].matches.dst, net("10.0.0.1"));
    assert_eq!(
        rules[1].matches.dst,
        AddrSet::range("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap())
    );
    assert_eq!(rules[1].note.as_ref().unwrap().nat, [0, 1]);
}

#[test]
fn negation_is_exact_only_where_the_object_is() {
    let rules = policies(
        "7.4.0",
        &[
            "set action accept\nset dstaddr \"host1\"\nset dstaddr-negate enable\nset service-negate enable",
        ],
    );
    assert_eq!(rules[0].matches.dst, AddrSet::all(Family::V4).minus(&net("10.0.0.1")));
    assert!(rules[0].matches.service.is_empty());
    assert!(rules[0].gap.is_none());
    let feed = policies("7.4.0", &["set dstaddr \"okänd\"\nset dstaddr-negate enable"]);
    assert_eq!(feed[0].matches.dst, AddrSet::all(Family::V4));
    assert!(feed[0].least().is_none());
}

#[test]
fn actions_are_those_of_the_manual() {
    let action = |setting: &str| policies("7.4.0", &[&format!("{DENY_ALL}\n{setting}")])[0].action;
    assert_eq!(action(""), Action::Deny);
    assert_eq!(action("set action accept"), Action::Permit);
    assert_eq!(action("set action ipsec"), Action::Permit);
    assert_eq!(action("set action frobnicate"), Action::Unknown);
    assert_eq!(action("set send-deny-packet enable"), Action::Reject);
}

#[test]
fn tables_are_edited_as_the_device_does() {
    let text = "config firewall policy
edit 1\nset srcintf \"a\"\nset dstintf \"b\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nnext
edit 2\nset action accept\nset srcintf \"a\"\nset dstintf \"b\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"DNS\"\nappend service \"NTP\"\nnext
clone 2 to 3\nmove 3 before 1\ndelete 2
edit 0\nset action accept\nnext\nedit 0\nset action deny\nnext
end\n";
    let rules = device(text).rulesets.remove(0).rules;
    let ids: Vec<_> = rules.iter().filter_map(Rule::id).collect();
    assert_eq!(ids, ["3", "1", "0", "0"]);
    assert!(rules[0].matches.service.contains(17, 1024, 123));
    assert_eq!((rules[2].action, rules[3].action), (Action::Permit, Action::Deny));
}

#[test]
fn local_in_policies_guard_the_device_and_permit_the_rest() {
    let text = "config firewall local-in-policy
edit 1\nset intf \"wan1\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"HTTPS\"\nset schedule \"always\"\nnext
end\n";
    let list = device(text).rulesets.remove(0);
    assert_eq!(list.hooks, [portvakt_model::Hook::Local(0)]);
    assert_eq!(list.default.action, Action::Permit);
    assert_eq!((list.rules[0].action, &list.families[..]), (Action::Deny, &[Family::V4][..]));
}

#[test]
fn zones_and_sdwan_stand_for_their_interfaces() {
    let text = "config system interface\nedit \"wan1\"\nnext\nedit \"wan2\"\nnext\nedit \"lan\"\nnext\nend
config system zone\nedit \"in\"\nset interface \"lan\"\nset intrazone allow\nnext\nend
config system sdwan\nconfig zone\nedit \"ut\"\nnext\nend
config members\nedit 1\nset interface \"wan1\"\nset zone \"ut\"\nnext\nedit 2\nset interface \"wan2\"\nset zone \"ut\"\nnext\nend\nend
config firewall policy\nedit 1\nset srcintf \"in\"\nset dstintf \"ut\"\nset srcaddr \"all\"\nset dstaddr \"all\"\nset service \"ALL\"\nnext\nend\n";
    let device = device(text);
    let rule = &device.rulesets[0].rules[0];
    let atom = |name| device.interfaces.find(name).unwrap();
    assert!(rule.matches.iif.contains(atom("lan")) && !rule.matches.iif.contains(atom("wan1")));
    assert!(rule.matches.oif.contains(atom("wan1")) && rule.matches.oif.contains(atom("wan2")));
    assert!(!rule.matches.oif.contains(u32::MAX));
    assert_eq!(device.zones[0].intrazone, Some(true));
    assert!(device.undefined.is_empty());
}

#[test]
fn unknown_keys_stay_unknown_in_sections_that_are_read() {
    let parsed = read(
        "config wireless-controller vap\nedit \"x\"\nset frobnicate enable\nnext\nend\nconfig system frobnicate\nset a b\nend\n",
    );
    let unknown: Vec<u32> = parsed.coverage.not_understood().map(|(line, _)| line).collect();
    assert_eq!(unknown, [3, 6, 7, 8]);
    assert_eq!(parsed.coverage.of(2).unwrap(), LineState::Used);
}

#[test]
fn private_data_encryption_makes_values_safe() {
    let text = |on: &str| {
        format!(
            "config system global\nset private-data-encryption {on}\nend\nconfig user radius\nedit \"r\"\nset secret ENC abc\nnext\nend\n"
        )
    };
    let form = |on| device(&text(on)).secrets[0].secret.form();
    assert_eq!(form("enable"), portvakt_model::SecretForm::Encrypted);
    assert_eq!(form("disable"), portvakt_model::SecretForm::Reversible);
}

#[test]
fn planted_secrets_are_gone_and_their_neighbours_stay() {
    let text = include_str!("../../../fixtures/secrets/fortios.conf");
    let parsed = read(text);
    let shown: Vec<_> = (1..=parsed.source.line_count()).map(|n| parsed.source.line(n)).collect();
    let shown = shown.join("\n");
    for leak in [parsed.source.text(), &shown, &format!("{:?}", parsed.devices)] {
        assert!(!leak.contains("HEMLIG"), "{:?}", leak.lines().find(|l| l.contains("HEMLIG")));
    }
    assert_eq!(shown.matches("SYNLIG").count(), text.matches("SYNLIG").count());
    assert_eq!(parsed.source.line_count(), text.lines().count() as u32);
}

#[test]
fn the_sample_edge_firewall_is_read_whole() {
    let text = include_str!("../../../fixtures/exempelkommun/fw-edge.conf");
    let parsed = read(text);
    assert_eq!(parsed.coverage.count(|s| s == LineState::Unknown), 0);
    let device = &parsed.devices[0];
    let edits = text.split_once("config firewall policy").unwrap().1.split_once("\nend").unwrap().0;
    assert_eq!(device.rulesets[0].rules.len(), edits.matches("    edit ").count());
    let gaps: Vec<_> =
        device.rulesets[0].rules.iter().filter(|r| r.gap.is_some()).filter_map(Rule::id).collect();
    // Policy 21 goes to an FQDN, policy 34 to an address that nothing defines.
    assert_eq!(gaps, ["21", "34"]);
    let unused: Vec<_> = device
        .objects
        .iter()
        .filter(|o| o.uses == 0 && !o.predefined)
        .map(|o| o.name.as_str())
        .collect();
    assert_eq!(unused, ["etjanst-dmz", "gammal-webb", "grp-gammal", "TCP-7777", "vip-test"]);
    assert!(!format!("{device:?}").contains("HEMLIG"));
}

#[test]
fn what_named_a_renamed_entry_goes_on_naming_it() {
    let device = device(
        "#config-version=FGT60F-7.4.8-FW-build1-1:opmode=0:vdom=0:user=a
config firewall address\nedit \"host\"\nset subnet 10.0.0.1 255.255.255.255\nnext\nend
config firewall addrgrp\nedit \"both\"\nset member \"host\"\nnext\nend
config firewall policy
edit 1\nset srcintf \"any\"\nset dstintf \"any\"\nset srcaddr \"both\"\nset dstaddr \"host\"\nset service \"ALL\"\nnext
end
config firewall address\nrename \"host\" to \"server\"\nend
config firewall addrgrp\nrename \"both\" to \"group\"\nend\n",
    );
    let rule = &device.rulesets[0].rules[0];
    assert_eq!((&rule.matches.src, &rule.matches.dst), (&net("10.0.0.1"), &net("10.0.0.1")));
    assert!(device.undefined.is_empty(), "{:?}", device.undefined);
}

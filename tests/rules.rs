//! What `portvakt rules` says, against an interpreter that walks single packets.
//!
//! Lists are written as text and read as any export is, so that chains, calls and returns take part.
//! The interpreter shares nothing with the engine that finds verdicts, shares and fix lists.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use jiff::civil::{Date, date};
use portvakt::audit::{Case, parameter_names};
use portvakt::inputs::{Request, read};
use portvakt_analysis::anomalies::contrary::contraries;
use portvakt_analysis::anomalies::copies::duplicates;
use portvakt_analysis::anomalies::fix::{Proof, fix_lists};
use portvakt_analysis::anomalies::merge::mergeable;
use portvakt_analysis::anomalies::{Standing, called};
use portvakt_analysis::replay::{Fate, list};
use portvakt_analysis::{Audit, RuleKey};
use portvakt_model::{Action, Device, RulesetId};
use portvakt_space::{Family, Packet, State, TCP, UDP};

const TODAY: Date = date(2026, 11, 20);

fn case(path: &Path) -> Case {
    let paths = vec![path.to_owned()];
    Case::new(read(
        &Request { paths, parameters: parameter_names(), ..Request::default() },
        &|_| {},
    ))
    .unwrap()
}

/// A device under test with packets to try.
struct Bench<'a> {
    audit: &'a Audit<'a>,
    index: u32,
    packets: Vec<Packet>,
    roots: Vec<RulesetId>,
}

impl<'a> Bench<'a> {
    fn new(audit: &'a Audit<'a>, index: u32, packets: Vec<Packet>) -> Self {
        let device = &audit.devices[index as usize];
        let called = called(device);
        let ids = (0..).map(RulesetId).zip(&device.rulesets);
        let first = ids.filter(|(id, list)| !list.hooks.is_empty() || !called.contains(id));
        Self { audit, index, packets, roots: first.map(|(id, _)| id).collect() }
    }

    fn device(&self) -> &'a Device {
        &self.audit.devices[self.index as usize]
    }

    fn fates(&self, device: &Device, packet: &Packet) -> Vec<Fate> {
        self.roots.iter().map(|root| list(device, *root, packet, TODAY)).collect()
    }

    fn standings(&self) -> Vec<(RuleKey, &'a Standing)> {
        let lists = self.audit.anomalies(self.index).iter();
        lists.flat_map(|list| &list.rules).map(|(key, standing)| (*key, standing)).collect()
    }

    /// Packets of the verdicts and one of each rule, for lists of which the world is not small.
    fn add_samples(&mut self) {
        let rules = self.device().rulesets.iter().flat_map(|list| &list.rules);
        let of_rules = rules.flat_map(|r| Family::BOTH.map(|family| r.matches.sample(family)));
        let mut packets: Vec<Packet> = of_rules.flatten().collect();
        for (_, standing) in self.standings() {
            match standing {
                Standing::Unreachable { contrary: Some(contrary), .. } => {
                    packets.push(contrary.1.unpacked());
                }
                _ => packets.extend(standing.witness()),
            }
        }
        packets.truncate(600);
        self.packets.extend(packets);
    }

    fn check(&self, about: &str) {
        for (key, standing) in self.standings() {
            match standing {
                Standing::Live(witness) => self.is_reached(key, &witness.unpacked(), about),
                Standing::Removable(removable) => {
                    self.is_reached(key, &removable.witness.unpacked(), about);
                    self.is_alike(&self.without(&[key]), &format!("{about}: without {key:?}"));
                }
                Standing::Unreachable { blockers, .. } => self.is_shut(key, blockers, about),
                Standing::Unsure(_) | Standing::Undecided(..) => {}
            }
        }
        self.check_contraries(about);
        self.check_copies(about);
        self.check_merged(about);
        self.check_fix_lists(about);
    }

    fn is_reached(&self, key: RuleKey, witness: &Packet, about: &str) {
        let fates = self.fates(self.device(), witness);
        let told = fates.iter().any(|fate| fate.rule == key) || fates.iter().any(|f| !f.certain);
        assert!(told, "{about}: {key:?} is not reached by {witness:?}: {fates:?}");
    }

    fn is_shut(&self, key: RuleKey, blockers: &[RuleKey], about: &str) {
        let device = self.device();
        let rule = |key: RuleKey| {
            &device.rulesets[key.ruleset.0 as usize].rules[key.rule.unwrap() as usize]
        };
        // Where packets come straight to the rule, one of the blockers matches each.
        let own = &device.rulesets[key.ruleset.0 as usize].rules;
        let plain = |action: Action| {
            matches!(action, Action::Permit | Action::Deny | Action::Reject | Action::Continue)
        };
        let nothing = blockers.is_empty() && rule(key).least().is_none();
        let flat = !nothing
            && self.roots.contains(&key.ruleset)
            && own.iter().all(|rule| plain(rule.action));
        for packet in self.packets.iter().filter(|p| rule(key).matches.contains(p)) {
            let fates = self.fates(device, packet);
            assert!(
                !fates.iter().any(|fate| fate.certain && fate.rule == key),
                "{about}: {key:?} is reached by {packet:?}"
            );
            assert!(
                !flat || blockers.iter().any(|b| rule(*b).matches.contains(packet)),
                "{about}: {blockers:?} do not take {packet:?} from {key:?}"
            );
        }
    }

    fn check_contraries(&self, about: &str) {
        let device = self.device();
        let all = contraries(self.audit, self.index);
        let judged = self.standings().into_iter();
        let found: BTreeMap<_, _> =
            judged.filter_map(|(key, _)| Some((key, all.of(key)?))).collect();
        for (key, (other, packet)) in &found {
            let fates = self.fates(device, packet);
            let own =
                device.rulesets[key.ruleset.0 as usize].rules[key.rule.unwrap() as usize].action;
            let decided = fates.iter().find(|fate| fate.rule == *other);
            let told = decided.is_some_and(|f| f.permitted != Some(own == Action::Permit));
            assert!(
                told || fates.iter().any(|f| !f.certain),
                "{about}: {other:?} does not decide {packet:?} otherwise than {key:?}: {fates:?}"
            );
        }
        // One that blocks alone and does otherwise is named.
        for (key, standing) in self.standings() {
            let Standing::Unreachable { blockers, .. } = standing else { continue };
            let action = |key: RuleKey| {
                let list = &device.rulesets[key.ruleset.0 as usize];
                key.rule.map_or(list.default.action, |rule| list.rules[rule as usize].action)
            };
            if let [one] = blockers[..]
                && (action(one).is_deny() || action(one) == Action::Permit)
                && action(one).is_deny() != action(key).is_deny()
            {
                assert!(found.contains_key(&key), "{about}: what contradicts {key:?} is not named");
            }
        }
    }

    fn check_copies(&self, about: &str) {
        let device = self.device();
        for (key, original) in duplicates(self.audit, self.index) {
            let rules = &device.rulesets[key.ruleset.0 as usize].rules;
            let (own, first) =
                (&rules[key.rule.unwrap() as usize], &rules[original.rule.unwrap() as usize]);
            assert!(
                original < key && own.matches == first.matches,
                "{about}: {key:?} {original:?}"
            );
        }
    }

    fn check_merged(&self, about: &str) {
        for merged in mergeable(self.audit, self.index) {
            let keys: Vec<RuleKey> = merged.keys().collect();
            let mut device = self.without(&keys[1..]);
            let first = keys[0];
            let rules = &mut device.rulesets[first.ruleset.0 as usize].rules;
            rules[first.rule.unwrap() as usize].matches = merged.union(self.device());
            self.is_alike(&device, &format!("{about}: one for {:?}", merged.rules));
        }
    }

    fn check_fix_lists(&self, about: &str) {
        let lists = fix_lists(self.audit, self.index);
        assert!(lists.iter().all(|list| list.proof == Proof::Proven), "{about}: {lists:?}");
        let gone: Vec<RuleKey> =
            lists.iter().flat_map(|list| list.gone.iter().map(|(key, _)| *key)).collect();
        let after = self.without(&gone);
        self.is_alike(&after, &format!("{about}: without {gone:?}"));
        self.meets_no_more(&after, about);
    }

    /// A rule that logs, made to deny, is a trap: what did not fall into it before must not fall into
    /// it now.
    fn meets_no_more(&self, after: &Device, about: &str) {
        let before = self.device();
        for (list, rules) in before.rulesets.iter().enumerate() {
            let logging =
                rules.rules.iter().enumerate().filter(|(_, r)| r.action == Action::Continue);
            for (rule, _) in logging {
                let trapped = |device: &Device, packet: &Packet| {
                    let mut device = device.clone();
                    device.rulesets[list].rules[rule].action = Action::Deny;
                    let key = RuleKey { ruleset: RulesetId(list as u32), rule: Some(rule as u32) };
                    self.fates(&device, packet).iter().any(|fate| fate.rule == key)
                };
                for packet in self.packets.iter().step_by(7) {
                    assert!(
                        !trapped(after, packet) || trapped(before, packet),
                        "{about}: {packet:?} newly meets a rule that logs"
                    );
                }
            }
        }
    }

    fn without(&self, rules: &[RuleKey]) -> Device {
        let mut device = self.device().clone();
        for key in rules {
            device.rulesets[key.ruleset.0 as usize].rules[key.rule.unwrap() as usize].enabled =
                false;
        }
        device
    }

    fn is_alike(&self, other: &Device, about: &str) {
        for packet in &self.packets {
            let (was, is) = (self.fates(self.device(), packet), self.fates(other, packet));
            for (was, is) in was.iter().zip(&is).filter(|(was, is)| was.certain && is.certain) {
                assert_eq!(was.permitted, is.permitted, "{about}: {packet:?}");
            }
        }
    }
}

/// `SplitMix64` (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// Rules over eight sources, four destinations and four ports, with two chains that both lists call.
fn text(seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut out =
        String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n");
    for (chain, most) in [("INPUT", 5), ("FORWARD", 7), ("A", 5), ("B", 4)] {
        for _ in 0..=dice.below(most) {
            let _ =
                writeln!(out, "-A {chain}{} -j {}", matches(&mut dice), target(chain, &mut dice));
        }
    }
    out + "COMMIT\n"
}

fn matches(dice: &mut Dice) -> String {
    let mut said = String::new();
    let len = 29 + dice.below(4);
    if dice.below(3) > 0 {
        let _ = write!(said, " -s 10.0.0.{}/{len}", dice.below(8) >> (32 - len) << (32 - len));
    }
    if dice.below(4) == 0 {
        let _ = write!(said, " -d 10.0.1.{}/32", dice.below(4));
    }
    if dice.below(3) > 0 {
        let (lo, more) = (dice.below(4), dice.below(3));
        let proto = if dice.below(3) > 0 { "tcp" } else { "udp" };
        let _ = write!(said, " -p {proto} -m {proto} --dport {lo}:{}", lo + more);
    }
    said
}

fn target(chain: &str, dice: &mut Dice) -> &'static str {
    match (dice.below(12), chain) {
        (4..=6, _) => "DROP",
        (7, _) => "REJECT",
        (8, _) => "LOG",
        (9, _) => "RETURN",
        (10, "INPUT" | "FORWARD") => "A",
        (11, "INPUT" | "FORWARD" | "A") => "B",
        _ => "ACCEPT",
    }
}

fn world() -> Vec<Packet> {
    let mut all = Vec::new();
    for n in 0..8 * 4 * 6 * 2u16 {
        let (src, dst, dport, proto) = (n % 8, n / 8 % 4, n / 32 % 6, n / 192);
        all.push(Packet {
            src: IpAddr::V4(Ipv4Addr::new(10, 0, 0, src as u8)),
            dst: IpAddr::V4(Ipv4Addr::new(10, 0, 1, dst as u8)),
            proto: if proto == 0 { TCP } else { UDP },
            sport: 40_000,
            dport,
            iif: u32::MAX,
            oif: u32::MAX,
            state: State::New,
        });
    }
    all
}

#[test]
fn what_is_said_of_random_lists_holds_for_every_packet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fw.rules");
    let (mut gone, mut merged, mut copied) = (0, 0, 0);
    for seed in 0..400 {
        let text = text(seed);
        fs::write(&path, &text).unwrap();
        let case = case(&path);
        let audit = case.audit(TODAY);
        Bench::new(&audit, 0, world()).check(&format!("{text}\n(seed {seed})"));
        gone += fix_lists(&audit, 0).iter().map(|list| list.gone.len()).sum::<usize>();
        merged += mergeable(&audit, 0).len();
        copied += duplicates(&audit, 0).len();
    }
    assert!(gone > 500 && merged > 12 && copied > 12, "{gone} {merged} {copied}");
}

/// What is said of the rules of a text, by line.
fn said(name: &str, text: &str) -> BTreeMap<u32, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let case = case(&path);
    let audit = case.audit(TODAY);
    let device = &audit.devices[0];
    let line = |key: &RuleKey| {
        device.rulesets[key.ruleset.0 as usize].rules[key.rule.unwrap() as usize].line
    };
    let all = audit.anomalies(0).iter().flat_map(|list| &list.rules);
    let word = |standing: &Standing| match standing {
        Standing::Live(_) => "live".to_owned(),
        Standing::Removable(_) => "removable".to_owned(),
        Standing::Unreachable { blockers, .. } => {
            format!("unreachable {:?}", blockers.iter().map(line).collect::<Vec<_>>())
        }
        Standing::Unsure(_) | Standing::Undecided(..) => "undecided".to_owned(),
    };
    let rules = all.filter(|(key, _)| key.rule.is_some());
    rules.map(|(key, standing)| (line(key), word(standing))).collect()
}

fn filter(rules: &str) -> String {
    format!("*filter\n:FORWARD DROP [0:0]\n:deep - [0:0]\n:deeper - [0:0]\n{rules}\nCOMMIT\n")
}

/// A rate does not keep everything from the rules after it, and neither does what is sent again and again.
#[test]
fn conditions_that_can_fail_cover_nothing() {
    let said = said(
        "fw.rules",
        &filter(
            "-A FORWARD -p icmp -m limit --limit 5/sec -j ACCEPT\n\
             -A FORWARD -p icmp -j REJECT\n\
             -A FORWARD -p tcp -m recent --name slow --set -j ACCEPT\n\
             -A FORWARD -p tcp --dport 22 -j REJECT\n\
             -A FORWARD -p udp -m mark ! --mark 0x1 -j ACCEPT\n\
             -A FORWARD -p udp -j REJECT",
        ),
    );
    let words: Vec<&str> = said.values().map(String::as_str).collect();
    assert_eq!(words, ["live", "live", "live", "undecided", "live", "undecided"]);
}

/// Rules against strange flags do not keep all of TCP from each other, but the same flags from one that asks for
/// fewer.
#[test]
fn strange_flags_are_told_apart() {
    let said = said(
        "fw.rules",
        &filter(
            "-A FORWARD -p tcp -m tcp --tcp-flags ALL NONE -j DROP\n\
             -A FORWARD -p tcp -m tcp --tcp-flags SYN,FIN SYN,FIN -j DROP\n\
             -A FORWARD -p tcp -m tcp --tcp-flags SYN,FIN,RST SYN,FIN,RST -j REJECT\n\
             -A FORWARD -p tcp -m tcp ! --syn -m state --state NEW -j REJECT\n\
             -A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT",
        ),
    );
    let words: Vec<&str> = said.values().map(String::as_str).collect();
    assert_eq!(words, ["live", "live", "undecided", "live", "live"]);
}

/// A packet without the flags of a bare SYN may be NEW as well.
#[test]
fn a_bare_syn_is_not_all_that_is_new() {
    let said = said(
        "fw.rules",
        &filter(
            "-A FORWARD -m state --state ESTABLISHED,RELATED,INVALID -j DROP\n\
             -A FORWARD -p tcp --syn -j ACCEPT\n\
             -A FORWARD -p tcp ! --syn -m state --state NEW -j REJECT\n\
             -A FORWARD -p tcp --dport 22 -j ACCEPT\n\
             -A FORWARD -p tcp --syn --dport 22 -j DROP\n\
             -A FORWARD -p tcp --syn -m state --state INVALID -j DROP\n\
             -A FORWARD -p tcp --dport 22 -j DROP",
        ),
    );
    assert_eq!(said[&7], "undecided");
    assert_eq!(said[&8], "undecided");
    assert_eq!(said[&9], "unreachable [6]");
    assert_eq!(said[&10], "unreachable [5]");
    assert_eq!(said[&11], "unreachable [8]");
}

/// The same in nftables.
#[test]
fn a_lone_syn_of_nft_is_not_all_that_is_new() {
    let said = said(
        "fw.nft",
        "table inet filter {\n chain forward {\n  type filter hook forward priority 0; policy drop;\n  \
         ct state { established, related, invalid } drop\n  \
         tcp flags & (fin|syn|rst|ack) == syn tcp dport 22 accept\n  \
         tcp dport 22 drop\n  limit rate 5/second accept\n  udp dport 53 accept\n }\n}\n",
    );
    let words: Vec<&str> = said.values().map(String::as_str).collect();
    assert_eq!(words, ["live", "live", "undecided", "live", "live"]);
}

/// Rules of a chain that no packet enters are told of, however deep it is.
#[test]
fn no_rule_is_passed_over() {
    let said = said(
        "fw.rules",
        &filter(
            "-A FORWARD -s 10.0.0.0/8 -j DROP\n\
             -A FORWARD -s 10.1.0.0/16 -j deep\n\
             -A deep -s 10.1.0.0/16 -j RETURN\n\
             -A deep -p tcp -j deeper\n\
             -A deep -s 10.1.2.0/24 -j ACCEPT\n\
             -A deeper -j ACCEPT",
        ),
    );
    assert_eq!(said[&9], "unreachable [7]");
    assert_eq!(said[&10], "unreachable []");
}

/// Outside the hours of all rules that have some, none of them takes anything. Different hours may share the
/// day out between them.
#[test]
fn hours_end() {
    let text = |second: &str| {
        format!(
            "hostname edge\ntime-range DAY\n periodic daily 8:00 to 17:00\n\
             time-range NIGHT\n {second}\nip access-list extended IN\n \
             permit ip any any time-range DAY\n deny icmp any any echo\n \
             permit ip any any time-range DAY\n permit ip any any time-range NIGHT\n \
             permit ip any any\ninterface Gi0/0\n ip access-group IN in\nend\n"
        )
    };
    let words =
        |second: &str| -> Vec<String> { said("edge.cfg", &text(second)).into_values().collect() };
    let once = words("absolute start 00:00 1 January 2026 end 00:00 1 January 2027");
    assert_eq!(once, ["live", "live", "undecided", "live", "unreachable [10]"]);
    let often = words("periodic daily 17:01 to 7:59");
    assert_eq!(often, ["live", "undecided", "undecided", "undecided", "undecided"]);
}

/// An entry over a group that is not there matches nothing.
#[test]
fn what_is_not_defined_covers_nothing() {
    let said = said(
        "edge.cfg",
        "hostname edge\nip access-list extended IN\n permit ip object-group GONE any\n \
         permit ip any any dscp ef\n deny icmp any any echo\n permit ip any any\n\
         interface Gi0/0\n ip access-group IN in\nend\n",
    );
    let words: Vec<&str> = said.values().map(String::as_str).collect();
    assert_eq!(words, ["unreachable []", "live", "live", "live"]);
}

#[test]
fn what_is_said_of_the_sample_holds() {
    check_files(&BTreeSet::from([Path::new("fixtures/exempelkommun").to_owned()]));
}

/// Real configurations, where there are any.
#[test]
fn what_is_said_of_real_files_holds() {
    let root = Path::new("../shared/corpus");
    let mut files = BTreeSet::new();
    for format in ["cisco-ios", "cisco-asa", "fortios", "iptables-save", "nftables"] {
        let Ok(found) = fs::read_dir(root.join(format)) else {
            eprintln!("skipped: {} is not there", root.join(format).display());
            continue;
        };
        let small = |path: &std::path::PathBuf| path.metadata().is_ok_and(|m| m.len() < 60_000);
        files.extend(found.filter_map(|entry| Some(entry.ok()?.path())).filter(small));
    }
    check_files(&files);
}

fn check_files(files: &BTreeSet<std::path::PathBuf>) {
    for path in files {
        let case = case(path);
        let audit = case.audit(TODAY);
        for index in 0..audit.devices.len() as u32 {
            let mut bench = Bench::new(&audit, index, Vec::new());
            bench.add_samples();
            bench.check(&path.display().to_string());
        }
    }
}

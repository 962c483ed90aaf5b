use jiff::Timestamp;
use jiff::civil::{Date, date};
use portvakt_model::registry::{group_code, suite_code};
use portvakt_model::{
    Certificate, Chain, Evidence, GroupSeen, Offered, ProtocolSeen, PublicKey, SuiteOrder,
    TlsEndpoint, TlsTraits, TlsVersion, Trust,
};

use super::*;

mod policies;
mod ssh;
mod staple;

const TODAY: Date = date(2026, 11, 29);

fn pack(name: &str) -> Policy {
    policy(name).unwrap().unwrap()
}

fn protocol(version: TlsVersion, offered: Offered, suites: &[&str]) -> ProtocolSeen {
    let suites = suites.iter().map(|name| suite_code(name).unwrap()).collect();
    ProtocolSeen { version, offered, suites, complete: true, order: SuiteOrder::Server }
}

/// A server as a careful administrator sets it up: TLS 1.2 and 1.3, AEAD, a hybrid group.
fn modern() -> TlsEndpoint {
    let no = |version| protocol(version, Offered::No, &[]);
    let suites_12 = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ];
    let suites_13 =
        ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"];
    let groups = ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"];
    TlsEndpoint {
        target: "intra.example:443".to_owned(),
        address: None,
        server_name: Some("intra.example".to_owned()),
        starttls: None,
        at: Timestamp::UNIX_EPOCH,
        connections: 9,
        complete: true,
        enumerated: true,
        doubts: Vec::new(),
        protocols: vec![
            no(TlsVersion::Ssl2),
            no(TlsVersion::Ssl3),
            no(TlsVersion::Tls10),
            no(TlsVersion::Tls11),
            protocol(TlsVersion::Tls12, Offered::Yes, &suites_12),
            protocol(TlsVersion::Tls13, Offered::Yes, &suites_13),
        ],
        groups: groups
            .map(|name| GroupSeen { group: group_code(name).unwrap(), version: TlsVersion::Tls13 })
            .to_vec(),
        signature_schemes: vec![0x0403],
        signatures_complete: true,
        dh_bits: None,
        traits: TlsTraits {
            secure_renegotiation: Offered::Yes,
            extended_master_secret: Offered::Yes,
            compression: Offered::No,
            heartbeat: Offered::No,
            ..TlsTraits::default()
        },
        chains: vec![chain()],
        probes: Vec::new(),
        hsts: Some(Some("max-age=63072000; includeSubDomains".to_owned())),
    }
}

fn chain() -> Chain {
    Chain {
        certificates: vec![leaf("2026-10-01T00:00:00Z", "2027-01-08T23:59:59Z")],
        unread: Vec::new(),
        public: Trust::Trusted,
        system: Trust::Trusted,
        own: Trust::NotAsked,
        name_matches: Some(true),
        staple: None,
    }
}

fn leaf(from: &str, to: &str) -> Certificate {
    Certificate {
        subject: "CN=intra.example".to_owned(),
        dns_names: vec!["intra.example".to_owned()],
        has_san: true,
        not_before: from.parse().unwrap(),
        not_after: to.parse().unwrap(),
        key: PublicKey {
            algorithm: "ec".to_owned(),
            bits: 256,
            curve: Some("P-256".to_owned()),
            ..PublicKey::default()
        },
        signature_oid: "1.2.840.10045.4.3.2".to_owned(),
        signature_hash: Some("sha256"),
        is_ca: Some(false),
        extended_key_usage: Some(vec!["serverAuth".to_owned()]),
        ..Certificate::default()
    }
}

fn judge(endpoint: &TlsEndpoint) -> Vec<Judgement> {
    judge_tls(endpoint, &pack("portvakt-2026"), Profile::Public, TODAY)
}

fn found<'a>(judgements: &'a [Judgement], check: &str) -> Option<&'a Judgement> {
    judgements.iter().find(|j| j.check() == check)
}

fn levels(judgements: &[Judgement], level: Level) -> Vec<&'static str> {
    judgements.iter().filter(|j| j.level == level).map(Judgement::check).collect()
}

#[test]
fn every_policy_is_read_and_says_what_it_rests_on() {
    for (name, _) in POLICIES {
        let policy = policy(name).unwrap().map_err(|e| format!("{name}: {e}")).unwrap();
        assert_eq!(policy.id, *name);
        assert!(!policy.basis.is_empty() && !policy.edition.is_empty(), "{name}");
        for rule in &policy.rules {
            assert!(!rule.source.is_empty() && !rule.clause.is_empty(), "{name}: {rule:?}");
            assert_ne!(rule.words.check, "other");
        }
    }
}

#[test]
fn every_check_has_sentences_in_both_languages_and_is_named_once() {
    let all: Vec<&Words> = WORDS.iter().copied().flatten().collect();
    for words in &all {
        assert!(!words.title.sv.is_empty() && !words.title.en.is_empty(), "{}", words.check);
        assert_eq!(words.fix.sv.is_empty(), words.fix.en.is_empty(), "{}", words.check);
        assert_eq!(all.iter().filter(|w| w.check == words.check).count(), 1, "{}", words.check);
    }
    for name in ["endpoint-incomplete", "differs-from-golden", "as-golden"] {
        assert_eq!(words::of(name).check, name);
    }
}

#[test]
fn every_names_pattern_of_suites_and_groups_fits_something() {
    let suites: Vec<&str> = portvakt_model::registry::Suite::all().map(|s| s.name).collect();
    let kinds = portvakt_model::registry::SSL2_KINDS.iter().map(|(_, name)| *name);
    let suites: Vec<&str> = suites.into_iter().chain(kinds).collect();
    let groups: Vec<&str> = portvakt_model::registry::GROUPS.iter().map(|(_, n)| *n).collect();
    for (name, _) in POLICIES {
        for rule in &pack(name).rules {
            let known = match rule.item {
                Item::Suite => &suites,
                Item::Group => &groups,
                _ => continue,
            };
            for pattern in &rule.names {
                let alone = rule::Rule { names: vec![pattern.clone()], ..rule.clone() };
                assert!(known.iter().any(|n| alone.holds_name(n)), "{name}: {pattern}");
            }
        }
    }
}

#[test]
fn our_policy_names_every_suite_and_group_but_those_it_leaves_on_purpose() {
    let policy = pack("portvakt-2026");
    let unlisted = |item, name: &str, version| {
        let level = policy.level(item, name, version, Profile::Public, TODAY);
        level == Level::NotAssessed
    };
    for suite in portvakt_model::registry::Suite::all() {
        let version = if suite.is_tls13() { TlsVersion::Tls13 } else { TlsVersion::Tls12 };
        if unlisted(Item::Suite, suite.name, version) {
            let known = ["PSK", "SRP", "KRB5", "ECCPWD", "GOST", "_SM4_", "_AEGIS_"];
            assert!(known.iter().any(|part| suite.name.contains(part)), "{}", suite.name);
        }
    }
}

#[test]
fn a_careful_server_has_nothing_to_do() {
    let judgements = judge(&modern());
    assert_eq!(levels(&judgements, Level::Insufficient), [""; 0]);
    assert_eq!(levels(&judgements, Level::PhaseOut), [""; 0]);
    assert_eq!(levels(&judgements, Level::NotAssessed), [""; 0]);
    // TLS 1.2 is not the best there is.
    assert_eq!(overall(&judgements), Level::Sufficient);
    assert_eq!(found(&judgements, "tls-1-3-offered").unwrap().level, Level::Good);
    assert_eq!(found(&judgements, "hybrid-group-offered").unwrap().level, Level::Good);
    assert_eq!(found(&judgements, "certificate-trusted").unwrap().level, Level::Good);
}

#[test]
fn what_is_old_is_found_with_its_bytes_and_clause_the_worst_first() {
    let mut endpoint = modern();
    endpoint.protocols[1] = protocol(TlsVersion::Ssl3, Offered::Yes, &["TLS_RSA_WITH_RC4_128_MD5"]);
    endpoint.protocols[2] = protocol(
        TlsVersion::Tls10,
        Offered::Yes,
        &[
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
            "TLS_RSA_WITH_NULL_SHA",
        ],
    );
    endpoint.dh_bits = Some((512, 2048));
    let judgements = judge(&endpoint);
    assert_eq!(overall(&judgements), Level::Insufficient);
    assert!(judgements.is_sorted_by(|a, b| a.level >= b.level));
    assert_eq!(judgements[0].severity, Severity::Critical);
    let rc4 = found(&judgements, "rc4-suite-offered").unwrap();
    assert_eq!(rc4.observed, ["TLS_RSA_WITH_RC4_128_MD5 (0x0004)"]);
    assert_eq!((rc4.subject.as_str(), rc4.source.as_str()), ("SSLv3", "RFC 7465"));
    assert_eq!(rc4.evidence, Evidence::Tested);
    for check in [
        "ssl-3-offered",
        "tls-1-0-offered",
        "static-rsa-suite-offered",
        "export-suite-offered",
        "null-suite-offered",
        "dh-modulus-too-small",
    ] {
        let judgement = found(&judgements, check).unwrap_or_else(|| panic!("{check}"));
        assert_eq!(judgement.level, Level::Insufficient, "{check}");
    }
}

#[test]
fn silence_is_never_a_no() {
    let mut endpoint = modern();
    endpoint.protocols[2].offered = Offered::Unknown;
    endpoint.complete = false;
    let judgements = judge(&endpoint);
    assert_eq!(overall(&judgements), Level::NotAssessed);
    let doubt = found(&judgements, "endpoint-incomplete").unwrap();
    assert_eq!(doubt.evidence, Evidence::Incomplete);
    assert_eq!(doubt.observed, ["whether TLS1.0 is offered"]);
    // Where no certificate was seen none is good.
    let bare = TlsEndpoint { chains: Vec::new(), ..modern() };
    assert_eq!(overall(&judge(&bare)), Level::NotAssessed);
    // What accepts nothing is not judged at all.
    let mut mute = modern();
    mute.protocols.iter_mut().for_each(|p| p.offered = Offered::No);
    assert_eq!(levels(&judge(&mute), Level::NotAssessed), ["endpoint-incomplete"]);
    assert_eq!(judge(&mute).len(), 1);
    // A version that nobody spoke of is as unknown.
    let mut endpoint = modern();
    endpoint.protocols.remove(0);
    assert_eq!(overall(&judge(&endpoint)), Level::NotAssessed);
    // So is a property that a rule asks about.
    let mut endpoint = modern();
    endpoint.traits.compression = Offered::Unknown;
    let judgements = judge(&endpoint);
    assert_eq!(found(&judgements, "compression").unwrap().level, Level::NotAssessed);
    assert_eq!(overall(&judgements), Level::NotAssessed);
}

#[test]
fn an_incomplete_endpoint_lacks_nothing_for_sure() {
    let mut endpoint = modern();
    endpoint.groups.remove(0);
    let later = date(2027, 2, 1);
    let judge = |e: &TlsEndpoint| judge_tls(e, &pack("portvakt-2026"), Profile::Public, later);
    let lacking = judge(&endpoint);
    // The rule's document was read through others: a fault is told with that caveat.
    let rule = found(&lacking, "no-hybrid-group").unwrap();
    assert_eq!((rule.level, rule.caveat), (Level::PhaseOut, Some(&NOT_READ)));
    endpoint.complete = false;
    let unknown = judge(&endpoint);
    assert_eq!(found(&unknown, "no-hybrid-group").unwrap().level, Level::NotAssessed);
    assert_eq!(
        found(
            &judge_tls(&endpoint, &pack("portvakt-2026"), Profile::Public, TODAY),
            "no-hybrid-group"
        )
        .map(|j| j.level),
        None
    );
}

#[test]
fn a_norm_that_was_not_read_gives_no_pass_but_tells_faults() {
    for name in ["ncsc-nl-2025-05", "nist-800-52r2", "bsi-tr-02102-2"] {
        let mut judgements = judge_tls(&modern(), &pack(name), Profile::Public, TODAY);
        // What holds by any norm is read and stays.
        judgements.retain(|j| j.check() != "certificate-trusted");
        assert_eq!(levels(&judgements, Level::Good), [""; 0], "{name}");
        assert_eq!(levels(&judgements, Level::Sufficient), [""; 0], "{name}");
        let tls13 = found(&judgements, "tls-1-3-offered").unwrap();
        assert_eq!((tls13.level, tls13.caveat), (Level::NotAssessed, Some(&NOT_READ)), "{name}");
    }
    let mut endpoint = modern();
    endpoint.protocols[2] = protocol(TlsVersion::Tls10, Offered::Yes, &[]);
    let judgements = judge_tls(&endpoint, &pack("ncsc-nl-2025-05"), Profile::Public, TODAY);
    assert_eq!(found(&judgements, "tls-1-0-offered").unwrap().level, Level::Insufficient);
}

#[test]
fn absent_from_a_list_is_not_assessed() {
    let mut endpoint = modern();
    endpoint.groups.push(GroupSeen { group: 41, version: TlsVersion::Tls13 });
    endpoint.protocols[5].suites.push(0x00C6);
    let judgements = judge(&endpoint);
    for check in ["group-offered", "suite-offered"] {
        let unlisted = judgements
            .iter()
            .find(|j| j.check() == check && j.caveat == Some(&NOT_LISTED))
            .unwrap_or_else(|| panic!("{check}"));
        assert_eq!(unlisted.level, Level::NotAssessed);
    }
    assert_eq!(overall(&judgements), Level::NotAssessed);
    // BSI has said so of ChaCha20, which its list does not name.
    let judgements = judge_tls(&modern(), &pack("bsi-tr-02102-2"), Profile::Public, TODAY);
    let chacha = "TLS_CHACHA20_POLY1305_SHA256 (0x1303)";
    let unlisted = judgements.iter().find(|j| j.observed.iter().any(|o| o == chacha)).unwrap();
    assert_eq!(unlisted.caveat, Some(&NOT_LISTED));
}

#[test]
fn mozilla_is_followed_to_the_letter() {
    let modern_pack = judge_tls(&modern(), &pack("mozilla-modern"), Profile::Public, TODAY);
    let mut wrong = levels(&modern_pack, Level::Insufficient);
    wrong.sort_unstable();
    // 100 days are more than 90, and TLS 1.2 with its suites is not in the configuration.
    assert_eq!(
        wrong,
        ["certificate-valid-too-long", "configuration-not-followed", "tls-1-2-offered"]
    );
    let intermediate = judge_tls(&modern(), &pack("mozilla-intermediate"), Profile::Public, TODAY);
    assert_eq!(levels(&intermediate, Level::Insufficient), [""; 0]);
}

#[test]
fn cbc_is_forgiven_where_the_mac_comes_last() {
    let mut endpoint = modern();
    endpoint.protocols[4].suites.push(0xC023);
    let cbc = |e: &TlsEndpoint| {
        let judgements = judge_tls(e, &pack("rfc9325"), Profile::Public, TODAY);
        found(&judgements, "cbc-suite-offered").map(|j| j.level)
    };
    assert_eq!(cbc(&endpoint), Some(Level::PhaseOut));
    endpoint.traits.encrypt_then_mac = Offered::Yes;
    assert_eq!(cbc(&endpoint), None);
}

#[test]
fn rules_hold_from_a_day_until_a_day() {
    let policy = pack("portvakt-2026");
    let level =
        |day| policy.level(Item::Protocol, "TLS1.2", TlsVersion::Tls12, Profile::Public, day);
    assert_eq!(level(date(2031, 12, 31)), Level::Sufficient);
    assert_eq!(level(date(2032, 1, 1)), Level::PhaseOut);
}

fn certificate_levels(leaf: &Certificate, profile: Profile) -> Vec<(&'static str, Level)> {
    let all = judge_certificate(leaf, &pack("portvakt-2026"), profile, TODAY);
    all.iter().filter(|j| j.level > Level::Sufficient).map(|j| (j.check(), j.level)).collect()
}

#[test]
fn validity_goes_by_the_day_of_issue_for_public_certificates_only() {
    use Level::{Insufficient, PhaseOut};
    let too_long = "certificate-valid-too-long";
    for (from, to, public, internal) in [
        // 200 days, then 201 (RFC 5280: both ends count; a begun day is a day).
        ("2026-10-01T00:00:00Z", "2027-04-18T23:59:59Z", None, None),
        ("2026-10-01T00:00:00Z", "2027-04-19T00:00:00Z", Some(Insufficient), None),
        // 398 days from before 2026-03-15.
        ("2026-03-01T00:00:00Z", "2027-04-02T23:59:59Z", None, None),
        ("2026-03-01T00:00:00Z", "2027-04-03T23:59:59Z", Some(Insufficient), Some(PhaseOut)),
        ("2026-03-01T00:00:00Z", "2036-03-01T00:00:00Z", Some(Insufficient), Some(Insufficient)),
    ] {
        let of = |profile| {
            let all = certificate_levels(&leaf(from, to), profile);
            all.iter().find(|(check, _)| *check == too_long).map(|(_, level)| *level)
        };
        assert_eq!(of(Profile::Public), public, "{from} {to}");
        assert_eq!(of(Profile::Internal), internal, "{from} {to}");
    }
}

#[test]
fn a_certificate_that_ends_is_told_in_time() {
    let check = |to| certificate_levels(&leaf("2026-09-01T00:00:00Z", to), Profile::Internal);
    assert_eq!(check("2026-11-28T23:59:59Z"), [("certificate-expired", Level::Insufficient)]);
    assert_eq!(check("2026-11-29T00:00:01Z"), [("certificate-expires-soon", Level::PhaseOut)]);
    assert_eq!(check("2026-12-28T00:00:00Z"), [("certificate-expires-soon", Level::PhaseOut)]);
    assert_eq!(check("2026-12-29T00:00:00Z"), []);
    let early = leaf("2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z");
    let early = certificate_levels(&early, Profile::Internal);
    assert_eq!(early, [("certificate-not-yet-valid", Level::Insufficient)]);
}

#[test]
fn weak_keys_and_signatures_are_told() {
    let rsa = |bits, exponent| Certificate {
        key: PublicKey {
            algorithm: "rsa".to_owned(),
            bits,
            exponent: Some(exponent),
            ..PublicKey::default()
        },
        ..leaf("2026-10-01T00:00:00Z", "2027-01-08T23:59:59Z")
    };
    let check = |certificate: Certificate| certificate_levels(&certificate, Profile::Internal);
    assert_eq!(check(rsa(2048, 65537)), []);
    assert_eq!(check(rsa(2047, 65537)), [("certificate-key-too-small", Level::Insufficient)]);
    assert_eq!(check(rsa(4096, 3)), [("rsa-exponent-too-small", Level::PhaseOut)]);
    assert_eq!(check(rsa(4096, 1)), [("rsa-exponent-too-small", Level::Insufficient)]);
    let sha1 = Certificate { signature_hash: Some("sha1"), ..rsa(2048, 65537) };
    assert_eq!(check(sha1), [("certificate-signature-weak", Level::Insufficient)]);
}

#[test]
fn what_holds_by_any_norm_is_asked_by_each() {
    let mut endpoint = modern();
    endpoint.chains[0].certificates[0] = leaf("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z");
    endpoint.chains[0].name_matches = Some(false);
    endpoint.probes.push(portvakt_model::VulnerabilityProbe {
        name: "heartbleed",
        vulnerable: Offered::Yes,
        evidence: Evidence::Tested,
        detail: "two bytes too many".to_owned(),
    });
    let golden = golden_tls(&modern()).unwrap();
    let named = POLICIES.iter().map(|(name, _)| pack(name));
    for policy in named.chain([golden]) {
        let judgements = judge_tls(&endpoint, &policy, Profile::Public, TODAY);
        for check in ["certificate-expired", "certificate-name-mismatch", "known-weakness"] {
            let level = found(&judgements, check).map(|j| j.level);
            assert_eq!(level, Some(Level::Insufficient), "{} {check}", policy.id);
        }
    }
}

#[test]
fn trust_depends_on_whom_the_endpoint_is_for() {
    let own = Chain {
        public: Trust::Untrusted("unknown issuer".to_owned()),
        system: Trust::Untrusted("unknown issuer".to_owned()),
        own: Trust::Trusted,
        ..chain()
    };
    let policy = pack("portvakt-2026");
    let trust = |chain: &Chain, profile| {
        let all = judge_chain(chain, &policy, profile, TODAY);
        let trust = all.into_iter().find(|j| j.source == "RFC 5280").unwrap();
        (trust.check(), trust.level, trust.observed.join(""))
    };
    assert_eq!(trust(&own, Profile::Internal).1, Level::Good);
    let public = trust(&own, Profile::Public);
    assert_eq!(
        public,
        ("certificate-not-trusted", Level::Insufficient, "unknown issuer".to_owned())
    );
    let none = Chain { public: Trust::NotAsked, system: Trust::NotAsked, ..chain() };
    assert_eq!(trust(&none, Profile::Public).1, Level::NotAssessed);
    let refused = || Trust::Untrusted("self-signed".to_owned());
    let mut itself = Chain { own: refused(), ..own };
    itself.certificates[0].self_signed = true;
    let untrusted = trust(&itself, Profile::Internal);
    assert_eq!(untrusted.0, "certificate-self-signed");
    itself.own = Trust::Trusted;
    assert_eq!(trust(&itself, Profile::Internal).0, "certificate-trusted");
}

#[test]
fn a_fault_of_fields_and_bytes_is_told_once_and_a_lint_by_its_name() {
    let faulty = Certificate {
        is_ca: Some(true),
        lints: vec!["ca-certificate-as-leaf", "rsa-close-primes", "a-lint-of-tomorrow"],
        ..leaf("2026-10-01T00:00:00Z", "2027-01-08T23:59:59Z")
    };
    let all = judge_certificate(&faulty, &pack("portvakt-2026"), Profile::Internal, TODAY);
    assert_eq!(found(&all, "ca-certificate-as-leaf").unwrap().observed, ["CA:TRUE"]);
    assert_eq!(found(&all, "rsa-close-primes").unwrap().severity, Severity::Critical);
    let unread = Chain { unread: vec!["not DER".to_owned()], ..Chain::default() };
    let all = judge_chain(&unread, &pack("portvakt-2026"), Profile::Internal, TODAY);
    assert_eq!(levels(&all, Level::NotAssessed), ["certificate-unreadable"]);
}

#[test]
fn a_split_is_the_whole_registry_cut_in_two() {
    let split = pack("portvakt-2026").split(Profile::Public, TODAY);
    let both = [&split.allowed_suites, &split.forbidden_suites].map(Vec::len);
    let tls13 = [&split.allowed_suites_13, &split.forbidden_suites_13].map(Vec::len);
    let all = portvakt_model::registry::Suite::all().count();
    assert_eq!(both.iter().sum::<usize>() + tls13.iter().sum::<usize>(), all);
    assert!(split.allowed_suites.contains(&0xC02F) && split.forbidden_suites.contains(&0x002F));
    assert_eq!(split.allowed_suites_13, [0x1301, 0x1302, 0x1303, 0x1304]);
    assert!(split.allowed_groups.contains(&0x11EC) && split.forbidden_groups.contains(&0x0100));
    // A norm that was not read still says what to ask about.
    assert!(!pack("ncsc-nl-2025-05").split(Profile::Public, TODAY).allowed_suites.is_empty());
}

#[test]
fn faults_of_an_own_policy_are_placed() {
    let error = |text: &str| Policy::read(text).unwrap_err().to_string();
    let head = "id = \"x\"\ntitle_sv = \"x\"\ntitle_en = \"x\"\n";
    let case = |rest: &str| error(&format!("{head}{rest}"));
    assert!(case("[[rule]]\nitem = \"suit\"\nlevel = \"good\"").starts_with("5:8: "));
    assert!(case("[[rule]]\nitem = \"suite\"\nlevel = \"fine\"").starts_with("6:9: "));
    let check = case("[[rule]]\nitem = \"suite\"\nlevel = \"good\"\ncheck = \"nothing\"");
    assert_eq!(check, "7:9: no check is called \"nothing\"; leave it out");
    let day = case("[[rule]]\nitem = \"suite\"\nlevel = \"good\"\nvalid_to = \"soon\"");
    assert!(day.starts_with("7:12: \"soon\" is no day"), "{day}");
    assert!(case("extends = \"rfc1\"").starts_with("4:11: no policy is called \"rfc1\""));
    assert!(case("typo = 1").starts_with("4:1: "));
}

#[test]
fn an_own_policy_comes_before_what_it_extends() {
    let own = Policy::read(
        "id = \"own\"\ntitle_sv = \"egen\"\ntitle_en = \"own\"\nextends = \"portvakt-2026\"\n\
         [[rule]]\nitem = \"protocol\"\nnames = [\"TLS1.2\"]\nlevel = \"insufficient\"\n",
    )
    .unwrap();
    let judgements = judge_tls(&modern(), &own, Profile::Public, TODAY);
    assert_eq!(levels(&judgements, Level::Insufficient), ["protocol-offered"]);
    assert_eq!(found(&judgements, "protocol-offered").unwrap().source, "own");
}

#[test]
fn a_golden_endpoint_is_its_own_measure() {
    let golden = golden_tls(&modern()).unwrap();
    let same = judge_tls(&modern(), &golden, Profile::Public, TODAY);
    assert_eq!(levels(&same, Level::Insufficient), [""; 0]);
    let mut other = modern();
    other.protocols[5] = protocol(TlsVersion::Tls13, Offered::No, &[]);
    other.protocols[4].suites.push(0x002F);
    other.groups.push(GroupSeen { group: 0x0100, version: TlsVersion::Tls12 });
    let judged = judge_tls(&other, &golden, Profile::Public, TODAY);
    let observed: Vec<_> = judged
        .iter()
        .filter(|j| j.level == Level::Insufficient)
        .flat_map(|j| j.observed.clone())
        .collect();
    assert_eq!(observed, ["TLS_RSA_WITH_AES_128_CBC_SHA (0x002F)", "ffdhe2048 (0x0100)", "TLS1.3"]);
    let unknown = TlsEndpoint { complete: false, ..modern() };
    assert!(golden_tls(&unknown).is_none());
}

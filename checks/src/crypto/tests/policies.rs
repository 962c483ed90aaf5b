//! What holds of every policy: it can be written, and one that was not read gives no pass.

use super::*;

/// Rules that were read from a text that another policy wrote say the same.
fn assert_written_back(policy: &Policy) {
    let text = policy.written().unwrap();
    let again = Policy::read(&text).unwrap();
    assert_eq!((&again.id, &again.basis, again.read), (&policy.id, &policy.basis, policy.read));
    let told = |policy: &Policy| policy.rules.iter().map(|r| format!("{r:?}")).collect::<Vec<_>>();
    assert_eq!(told(&again), told(policy), "{text}");
}

#[test]
fn a_policy_that_is_written_is_read_back_rule_by_rule() {
    for (name, _) in POLICIES {
        assert_written_back(&pack(name));
    }
    assert_written_back(&golden_tls(&modern()).unwrap());
    let text = golden_tls(&modern()).unwrap().written().unwrap();
    let again = Policy::read(&text).unwrap();
    let mut other = modern();
    other.protocols[4].suites.push(0x002F);
    let judged = judge_tls(&other, &again, Profile::Public, TODAY);
    assert_eq!(levels(&judged, Level::Insufficient), ["differs-from-golden"]);
}

/// Norms whose own text was not read.
fn unread() -> impl Iterator<Item = Policy> {
    POLICIES.iter().map(|(name, _)| pack(name)).filter(|policy| !policy.read)
}

#[test]
fn no_rule_of_a_norm_that_was_not_read_can_pass() {
    let base = Policy::of("none", [String::new(), String::new()], String::new(), Vec::new());
    let is_base = |rule: &rule::Rule| {
        base.rules.iter().any(|b| b.source == rule.source && b.clause == rule.clause)
    };
    assert!(unread().count() >= 3);
    for policy in unread() {
        let own: Vec<_> = policy.rules.iter().filter(|rule| !is_base(rule)).collect();
        assert!(own.len() > 10, "{}", policy.id);
        for rule in own {
            let judgement = rule.judgement("x".to_owned(), Vec::new());
            assert!(judgement.level > Level::Sufficient, "{}: {rule:?}", policy.id);
            assert!(judgement.caveat.is_some(), "{}: {rule:?}", policy.id);
        }
    }
    // A rule of a norm that was read may rest on one that was not.
    for rule in POLICIES.iter().flat_map(|(name, _)| pack(name).rules).filter(|rule| !rule.read) {
        assert!(rule.judgement("x".to_owned(), Vec::new()).level > Level::Sufficient, "{rule:?}");
    }
}

#[test]
fn no_endpoint_passes_by_a_norm_that_was_not_read_also_through_an_own_policy() {
    for policy in unread() {
        let own = format!(
            "id = \"own\"\ntitle_sv = \"egen\"\ntitle_en = \"own\"\nextends = \"{}\"\n",
            policy.id
        );
        for policy in [&policy, &Policy::read(&own).unwrap()] {
            for (profile, day) in [
                (Profile::Public, TODAY),
                (Profile::Internal, date(2032, 1, 1)),
                (Profile::Internal, date(2020, 1, 1)),
            ] {
                let judged = judge_tls(&modern(), policy, profile, day);
                assert!(overall(&judged) > Level::Sufficient, "{}: {judged:#?}", policy.id);
                let passed = judged.iter().filter(|j| j.level <= Level::Sufficient);
                let names: Vec<_> = passed.map(Judgement::check).collect();
                assert!(names.iter().all(|n| *n == "certificate-trusted"), "{names:?}");
                let judged = judge_ssh(&ssh::modern(), policy, profile, day);
                assert!(overall(&judged) > Level::Sufficient, "{}: {judged:#?}", policy.id);
            }
        }
    }
}

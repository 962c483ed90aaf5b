//! A policy from an endpoint that is as it should be.

use portvakt_model::registry::{group_name, signature_name, suite_name};
use portvakt_model::{Offered, SshEndpoint, TlsEndpoint, TlsVersion};

use super::rule::{About, Rule};
use super::{Item, Level, Policy, words};

/// The policy that other endpoints offer what this one does, and nothing else. `None` when it is not
/// known whole: what was not seen of it would become a fault of the others.
pub fn golden_tls(endpoint: &TlsEndpoint) -> Option<Policy> {
    let known = endpoint.complete && endpoint.enumerated;
    let offered = || endpoint.protocols.iter().filter(|p| p.offered == Offered::Yes);
    if !known || offered().next().is_none() || offered().any(|p| !p.complete) {
        return None;
    }
    let name = endpoint.target.as_str();
    let versions: Vec<String> = offered().map(|p| p.version.name().to_owned()).collect();
    let mut rules: Vec<Rule> = versions.iter().map(|v| lacks(name, v)).collect();
    rules.extend(pair(name, Item::Protocol, versions));
    for protocol in offered() {
        let suites = protocol.suites.iter().map(|code| suite_name(*code)).collect();
        rules.extend(pair(name, Item::Suite, suites).map(|r| in_version(r, protocol.version)));
    }
    let groups = endpoint.groups.iter().map(|seen| group_name(seen.group)).collect();
    rules.extend(pair(name, Item::Group, groups));
    // What was not seen of it would become a fault of others.
    if endpoint.signatures_complete {
        let schemes = endpoint.signature_schemes.iter().map(|code| signature_name(*code)).collect();
        rules.extend(pair(name, Item::SignatureScheme, schemes));
    }
    Some(policy(name, rules))
}

/// The same for SSH.
pub fn golden_ssh(endpoint: &SshEndpoint) -> Option<Policy> {
    if !endpoint.complete || endpoint.kex.is_empty() {
        return None;
    }
    let name = endpoint.target.as_str();
    let both = |lists: &[Vec<String>; 2]| lists.concat();
    let lists = [
        (Item::SshKex, endpoint.kex.clone()),
        (Item::SshHostKey, endpoint.host_key_algorithms.clone()),
        (Item::SshCipher, both(&endpoint.ciphers)),
        (Item::SshMac, both(&endpoint.macs)),
    ];
    let rules = lists.into_iter().flat_map(|(item, names)| pair(name, item, names));
    Some(policy(name, rules.collect()))
}

fn policy(name: &str, rules: Vec<Rule>) -> Policy {
    let titles = [format!("som {name}"), format!("as {name}")];
    Policy::of("golden", titles, format!("what {name} offers"), rules)
}

/// What the golden endpoint has is good, anything else of the kind is not.
fn pair(name: &str, item: Item, mut names: Vec<String>) -> [Rule; 2] {
    // A peer names its algorithms as it likes, and a star would fit all of them.
    names.retain(|name| !name.contains('*'));
    let other = rule(name, item, Vec::new(), Level::Insufficient, "differs-from-golden");
    if names.is_empty() {
        return [other.clone(), other];
    }
    [rule(name, item, names, Level::Good, "as-golden"), other]
}

fn lacks(name: &str, version: &str) -> Rule {
    let names = vec![version.to_owned()];
    let rule = rule(name, Item::Protocol, names, Level::Insufficient, "differs-from-golden");
    Rule { about: About::Absence, ..rule }
}

fn in_version(rule: Rule, version: TlsVersion) -> Rule {
    Rule { versions: vec![version], ..rule }
}

fn rule(source: &str, item: Item, names: Vec<String>, level: Level, check: &str) -> Rule {
    Rule {
        item,
        names,
        about: About::Seen,
        versions: Vec::new(),
        when: Vec::new(),
        unless: None,
        from: None,
        to: None,
        issued_from: None,
        profile: None,
        level,
        critical: false,
        optional: false,
        words: words::of(check),
        source: source.to_owned(),
        clause: String::new(),
        valid_from: None,
        valid_to: None,
        read: true,
    }
}

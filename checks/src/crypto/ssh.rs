//! The judgement of an SSH endpoint.

use std::collections::BTreeSet;

use jiff::civil::Date;
use portvakt_model::SshEndpoint;

use super::seen::{Context, Seen, incomplete, judged};
use super::tls::yes_no;
use super::{Item, Judgement, Policy, Profile};

/// Names in the list of key exchanges that are no key exchanges but say what a side understands
/// (RFC 8308 §2.1; OpenSSH's PROTOCOL §1.10; Dropbear's guess).
const MARKERS: [&str; 5] = [
    "ext-info-s",
    "ext-info-c",
    "kex-strict-s-v00@openssh.com",
    "kex-strict-c-v00@openssh.com",
    "kexguess2@matt.ucc.asn.au",
];

/// Judges an endpoint by a policy on a day, the worst first.
pub fn judge_ssh(
    endpoint: &SshEndpoint,
    policy: &Policy,
    profile: Profile,
    today: Date,
) -> Vec<Judgement> {
    let context = Context { today, profile, offered: &[], traits: &[] };
    let mut all = judged(policy, &context, &endpoint.target, &seen(endpoint));
    if !endpoint.complete || !endpoint.doubts.is_empty() {
        let unsaid = || vec!["not every question was answered".to_owned()];
        let doubts = Some(endpoint.doubts.clone()).filter(|d| !d.is_empty()).unwrap_or_else(unsaid);
        all.push(incomplete(policy, &endpoint.target, &doubts));
    }
    all.sort_by_key(|judgement| std::cmp::Reverse((judgement.level, judgement.severity)));
    all
}

fn seen(endpoint: &SshEndpoint) -> Vec<Seen> {
    let kex = endpoint.kex.iter().filter(|name| !MARKERS.contains(&name.as_str()));
    let mut all = named(Item::SshKex, kex);
    all.extend(named(Item::SshHostKey, endpoint.host_key_algorithms.iter()));
    all.extend(endpoint.host_keys.iter().map(|key| Seen {
        number: Some(key.bits.into()),
        shown: format!("{} {} bits", key.kind, key.bits),
        ..Seen::named(Item::SshKey, key.kind.as_str())
    }));
    all.extend(named(Item::SshCipher, endpoint.ciphers.iter().flatten()));
    all.extend(named(Item::SshMac, endpoint.macs.iter().flatten()));
    all.extend(
        endpoint
            .gex_bits
            .map(|bits| Seen::number(Item::SshGex, bits.into(), format!("{bits} bits"))),
    );
    let terrapin = terrapin(endpoint);
    all.extend((!endpoint.kex.is_empty()).then(|| Seen {
        shown: terrapin.clone().unwrap_or_else(|| "kex-strict-s-v00@openssh.com".to_owned()),
        ..Seen::named(Item::SshTrait, format!("terrapin={}", yes_no(terrapin.is_some())))
    }));
    all.extend(first_version(endpoint));
    all
}

/// Each name once, in the order of the endpoint.
fn named<'a>(item: Item, names: impl Iterator<Item = &'a String>) -> Vec<Seen> {
    let mut known = BTreeSet::new();
    names.filter(|name| known.insert(*name)).map(|name| Seen::named(item, name.as_str())).collect()
}

/// What makes a prefix of the first encrypted packets removable (Terrapin, CVE-2023-48795):
/// ChaCha20-Poly1305, or CBC with encrypt-then-MAC, while the server does not know strict key exchange.
fn terrapin(endpoint: &SshEndpoint) -> Option<String> {
    if endpoint.kex.iter().any(|name| name == "kex-strict-s-v00@openssh.com") {
        return None;
    }
    let ciphers: Vec<&String> = endpoint.ciphers.iter().flatten().collect();
    if let Some(chacha) = ciphers.iter().find(|c| c.starts_with("chacha20-poly1305")) {
        return Some((*chacha).clone());
    }
    let cbc = ciphers.iter().find(|c| c.ends_with("-cbc") || c.contains("-cbc@"))?;
    let etm = endpoint.macs.iter().flatten().find(|m| m.ends_with("-etm@openssh.com"))?;
    Some(format!("{cbc} + {etm}"))
}

/// Version 1 of the protocol: `SSH-1.99-` is a server that takes both (RFC 4253 §5.1).
fn first_version(endpoint: &SshEndpoint) -> Option<Seen> {
    let version = endpoint.banner.strip_prefix("SSH-")?.split('-').next()?.to_owned();
    let old = version.starts_with("1.");
    let shown = endpoint.banner.clone();
    Some(Seen { shown, ..Seen::named(Item::SshTrait, format!("version-1={}", yes_no(old))) })
}

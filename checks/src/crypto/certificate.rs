//! The judgement of certificates and chains.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portvakt_model::{Certificate, Chain, Evidence, Offered, Revocation, Staple, Trust};

use super::seen::{Context, Seen, judged};
use super::{Item, Judgement, Policy, Profile};

/// Judges a chain by a policy: its leaf, whether the leaf fits the name that was asked for, and
/// whether roots that count for the profile lead to it.
pub fn judge_chain(
    chain: &Chain,
    policy: &Policy,
    profile: Profile,
    today: Date,
) -> Vec<Judgement> {
    let unread = chain
        .unread
        .iter()
        .map(|why| Seen { shown: why.clone(), ..Seen::named(Item::Certificate, "unreadable") });
    let unread: Vec<Seen> = unread.collect();
    let Some((leaf, above)) = chain.certificates.split_first() else {
        return judged(policy, &context(profile, today), "certificate", &unread);
    };
    let mut seen = of_leaf(leaf, today);
    seen.extend(unread);
    seen.extend(above.iter().filter(|c| !c.self_signed).filter_map(signature));
    seen.extend(faults_of_chain(chain, leaf, profile));
    seen.extend(chain.staple.as_ref().map(|staple| stapled(staple, today)));
    judged(policy, &context(profile, today), &name_of(leaf), &seen)
}

/// Judges a certificate by itself, as a file holds it.
pub fn judge_certificate(
    certificate: &Certificate,
    policy: &Policy,
    profile: Profile,
    today: Date,
) -> Vec<Judgement> {
    let seen = of_leaf(certificate, today);
    judged(policy, &context(profile, today), &name_of(certificate), &seen)
}

const fn context(profile: Profile, today: Date) -> Context<'static> {
    Context { today, profile, offered: &[], traits: &[] }
}

/// The name that a person knows a certificate by.
fn name_of(certificate: &Certificate) -> String {
    let names = certificate.dns_names.iter().chain(&certificate.common_names);
    names.chain([&certificate.subject]).next().cloned().unwrap_or_default()
}

fn of_leaf(leaf: &Certificate, today: Date) -> Vec<Seen> {
    let mut seen = vec![key(leaf)];
    seen.extend(leaf.key.exponent.map(|e| {
        let number = i64::try_from(e).unwrap_or(i64::MAX);
        Seen::number(Item::Exponent, number, format!("e = {e}"))
    }));
    seen.extend(signature(leaf));
    seen.extend(validity(leaf, today));
    let faults = faults_of_leaf(leaf, today);
    // Some faults show in the fields and in the bytes; they are told once.
    let told = |lint: &&&str| faults.iter().all(|(name, _)| name != *lint);
    let lints: Vec<&str> = leaf.lints.iter().filter(told).copied().collect();
    seen.extend(faults.into_iter().map(|(name, shown)| Seen {
        issued: Some(day(leaf.not_before)),
        shown,
        ..Seen::named(Item::Certificate, name)
    }));
    seen.extend(lints.into_iter().map(|lint| Seen::named(Item::Certificate, lint)));
    seen
}

fn key(leaf: &Certificate) -> Seen {
    let key = &leaf.key;
    let name = key.curve.clone().unwrap_or_else(|| key.algorithm.clone());
    let shown = match &key.curve {
        Some(curve) => format!("{} {curve}", key.algorithm),
        None => format!("{} {} bits", key.algorithm, key.bits),
    };
    Seen { number: Some(key.bits.into()), shown, ..Seen::named(Item::Key, name) }
}

/// The hash of a signature; EdDSA and its like have none of their own and are named by their OID.
fn signature(certificate: &Certificate) -> Option<Seen> {
    let oid = &certificate.signature_oid;
    let name = match (certificate.signature_hash, oid.as_str()) {
        (Some(hash), _) => hash,
        (None, "1.3.101.112") => "ed25519",
        (None, "1.3.101.113") => "ed448",
        (None, "") => return None,
        (None, other) => other,
    };
    let shown = format!("{name} ({oid})");
    Some(Seen { shown, ..Seen::named(Item::Signature, name) })
}

const SECONDS_OF_A_DAY: i64 = 86_400;

/// The whole validity and what is left of it. RFC 5280 §4.1.2.5 counts both ends, hence the second;
/// a begun day is a day, as the CA/Browser Forum counts it (BR §6.3.2).
fn validity(leaf: &Certificate, today: Date) -> Vec<Seen> {
    let seconds = leaf.not_after.as_second() - leaf.not_before.as_second() + 1;
    let days = seconds.div_euclid(SECONDS_OF_A_DAY) + i64::from(seconds % SECONDS_OF_A_DAY > 0);
    let issued = Some(day(leaf.not_before));
    let last = day(leaf.not_after);
    let shown = format!("{days} days: {} – {last}", day(leaf.not_before));
    let mut seen = vec![Seen { issued, ..Seen::number(Item::Validity, days, shown) }];
    if let Ok(left) = today.until(last) {
        let left = i64::from(left.get_days());
        let shown = format!("{left} days, until {last}");
        seen.extend((left >= 0).then(|| Seen::number(Item::Remaining, left, shown)));
    }
    seen
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Faults that the fields show, by name.
fn faults_of_leaf(leaf: &Certificate, today: Date) -> Vec<(&'static str, String)> {
    let (first, last) = (day(leaf.not_before), day(leaf.not_after));
    let server =
        |usage: &Vec<String>| usage.iter().any(|u| u == "serverAuth" || u == "anyExtendedKeyUsage");
    let usage = leaf.extended_key_usage.as_ref();
    let faults = [
        ("expired", last < today, last.to_string()),
        ("not-yet-valid", first > today, first.to_string()),
        ("no-subject-alternative-name", !leaf.has_san, leaf.subject.clone()),
        ("ca-certificate-as-leaf", leaf.is_ca == Some(true), "CA:TRUE".to_owned()),
        (
            "not-for-servers",
            usage.is_some_and(|usage| !server(usage)),
            usage.map(|usage| usage.join(", ")).unwrap_or_default(),
        ),
    ];
    faults.into_iter().filter(|(_, is, _)| *is).map(|(name, _, shown)| (name, shown)).collect()
}

/// Faults of the chain: the name, and the roots that count for whom the endpoint is for.
fn faults_of_chain(chain: &Chain, leaf: &Certificate, profile: Profile) -> Vec<Seen> {
    let fault = |name: &str, shown: String| Seen { shown, ..Seen::named(Item::Certificate, name) };
    let mut faults = Vec::new();
    if chain.name_matches == Some(false) {
        let names = leaf.dns_names.iter().chain(&leaf.ip_names).cloned().collect::<Vec<_>>();
        faults.push(fault("name-mismatch", names.join(", ")));
    }
    let counts: &[&Trust] = match profile {
        Profile::Public => &[&chain.public],
        Profile::Internal => &[&chain.own, &chain.system, &chain.public],
    };
    let why = || {
        counts.iter().find_map(|trust| match trust {
            Trust::Untrusted(why) => Some(why.clone()),
            _ => None,
        })
    };
    // A certificate that is its own root is no fault where the organisation has chosen to trust it.
    faults.push(if counts.contains(&&Trust::Trusted) {
        fault("trusted", "a path to a root was found".to_owned())
    } else if leaf.self_signed {
        fault("self-signed", leaf.issuer.clone())
    } else if let Some(why) = why() {
        fault("not-trusted", why)
    } else {
        fault("trust-not-asked", "no roots were asked".to_owned())
    });
    faults
}

/// What a stapled OCSP answer says. That it cannot be told who signed it makes it no proof: good is then
/// not told at all, and revoked is inferred.
fn stapled(staple: &Staple, today: Date) -> Seen {
    let told = |name: &str, shown: String| Seen { shown, ..Seen::named(Item::Certificate, name) };
    let answer = match staple {
        Staple::Unusable(why) => return told("staple-unusable", why.clone()),
        Staple::Answer(answer) => answer,
    };
    let this = day(answer.this_update);
    let ended = answer.next_update.map(day).filter(|next| *next < today);
    match (answer.status, answer.signed, ended) {
        (_, Offered::No, _) => told(
            "staple-unusable",
            "its signature is not by the issuer or its responder".to_owned(),
        ),
        (Revocation::Revoked(at), signed, _) => {
            let evidence =
                if signed == Offered::Yes { Evidence::Tested } else { Evidence::Inferred };
            let shown = format!("revoked {}, by the stapled answer of {this}", day(at));
            Seen { evidence, ..told("revoked", shown) }
        }
        (_, _, Some(next)) => told("staple-outdated", format!("{this}, good until {next}")),
        (Revocation::Unknown, ..) => {
            told("staple-unusable", "the responder does not know the certificate".to_owned())
        }
        (Revocation::Good, Offered::Yes, None) => {
            told("not-revoked", format!("by the stapled answer of {this}"))
        }
        (Revocation::Good, Offered::Unknown, None) => told(
            "staple-not-verified",
            format!("good by the stapled answer of {this}, whose signature could not be verified"),
        ),
    }
}

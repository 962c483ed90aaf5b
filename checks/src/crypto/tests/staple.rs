//! What OCSP answers that servers staple are worth.

use portvakt_model::{Revocation, Staple, StapledAnswer};

use super::*;

#[test]
fn a_staple_is_believed_by_its_signature_and_its_times() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let answer = |status, next: &str, signed| {
        Staple::Answer(StapledAnswer {
            status,
            this_update: at("2026-11-25T00:00:00Z"),
            next_update: Some(at(next)),
            produced_at: at("2026-11-25T00:00:00Z"),
            signed,
        })
    };
    let (soon, past) = ("2026-12-02T00:00:00Z", "2026-11-28T00:00:00Z");
    let revoked = Revocation::Revoked(at("2026-11-01T00:00:00Z"));
    let policy = pack("rfc9325");
    let told = |staple| {
        let chain = Chain { staple: Some(staple), ..chain() };
        let all = judge_chain(&chain, &policy, Profile::Public, TODAY);
        let names = ["certificate-revoked", "certificate-not-revoked", "staple-unusable"];
        let own = all.into_iter().filter(|j| names.contains(&j.check()));
        own.map(|j| (j.check(), j.level, j.evidence)).collect::<Vec<_>>()
    };
    let is = |check, level, evidence| vec![(check, level, evidence)];
    let (tested, inferred) = (Evidence::Tested, Evidence::Inferred);
    let (bad, late) = (Level::Insufficient, Level::PhaseOut);
    assert_eq!(
        told(answer(Revocation::Good, soon, Offered::Yes)),
        is("certificate-not-revoked", Level::Good, tested)
    );
    assert_eq!(
        told(answer(Revocation::Good, soon, Offered::Unknown)),
        [],
        "no proof, and no fault"
    );
    assert_eq!(told(answer(revoked, soon, Offered::Yes)), is("certificate-revoked", bad, tested));
    assert_eq!(
        told(answer(revoked, past, Offered::Unknown)),
        is("certificate-revoked", bad, inferred)
    );
    for staple in [
        answer(Revocation::Good, past, Offered::Yes),
        answer(Revocation::Good, soon, Offered::No),
        answer(revoked, soon, Offered::No),
        answer(Revocation::Unknown, soon, Offered::Yes),
        Staple::Unusable("it is not about this certificate".to_owned()),
    ] {
        assert_eq!(told(staple.clone()), is("staple-unusable", late, tested), "{staple:?}");
    }
}

#[test]
fn a_promised_staple_must_come() {
    let mut endpoint = modern();
    endpoint.chains[0].certificates[0].must_staple = true;
    let missing = |endpoint: &TlsEndpoint| {
        found(&judge(endpoint), "promised-staple-missing").map(|j| j.level)
    };
    assert_eq!(missing(&endpoint), None, "it is not known whether one comes");
    endpoint.traits.ocsp_staple = Offered::No;
    assert_eq!(missing(&endpoint), Some(Level::Insufficient));
    endpoint.chains[0].certificates[0].must_staple = false;
    assert_eq!(missing(&endpoint), None);
}

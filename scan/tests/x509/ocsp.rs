//! OCSP answers that OpenSSL makes, as a server would staple them.

use std::fs;

use portvakt_model::{Offered, Revocation, Staple, StapledAnswer};
use portvakt_scan::x509::staple;

use super::openssl::{Openssl, P256};

/// An authority, a certificate of its, a second one that is revoked, and a responder.
struct Lab {
    openssl: Openssl,
    ca: Vec<u8>,
    leaf: Vec<u8>,
}

impl Lab {
    fn new() -> Option<Self> {
        let openssl = Openssl::new()?;
        let ca = openssl.self_signed(
            "ca",
            P256,
            "-subj /CN=ca -addext basicConstraints=critical,CA:TRUE",
        );
        openssl.self_signed(
            "other",
            P256,
            "-subj /CN=ca -addext basicConstraints=critical,CA:TRUE",
        );
        let leaf = openssl.issued("leaf", "ca", "/CN=leaf", "-set_serial 0x1001", "");
        openssl.issued("gone", "ca", "/CN=gone", "-set_serial 0x1002", "");
        openssl.issued(
            "responder",
            "ca",
            "/CN=responder",
            "-set_serial 0x1003",
            "extendedKeyUsage=OCSPSigning",
        );
        openssl.issued("nobody", "ca", "/CN=nobody", "-set_serial 0x1004", "");
        // Status, end, revocation, serial number, file, subject (ca(1), the text database).
        let index = "V\t391231235959Z\t\t1001\tunknown\t/CN=leaf\n\
                     R\t391231235959Z\t260102030405Z\t1002\tunknown\t/CN=gone\n";
        fs::write(openssl.path("index.txt"), index).unwrap();
        Some(Self { openssl, ca, leaf })
    }

    /// The answer about a certificate that a signer gives.
    fn answer(&self, about: &str, signer: &str, more: &str) -> Vec<u8> {
        self.openssl.run(&format!(
            "ocsp -index index.txt -CA ca.pem -issuer ca.pem -cert {about}.pem -rsigner {signer}.pem \
             -rkey {signer}.key -ndays 7 -noverify -respout answer.der {more}"
        ));
        self.openssl.bytes("answer.der")
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.leaf.clone(), self.ca.clone()]
    }
}

fn told(staple: Staple) -> StapledAnswer {
    match staple {
        Staple::Answer(answer) => answer,
        Staple::Unusable(why) => panic!("{why}"),
    }
}

fn why(staple: Staple) -> String {
    match staple {
        Staple::Unusable(why) => why,
        Staple::Answer(answer) => panic!("{answer:?}"),
    }
}

#[test]
fn what_the_issuer_signed_is_told_with_its_times() {
    let Some(lab) = Lab::new() else { return };
    let answer = told(staple(&lab.chain(), &lab.answer("leaf", "ca", "")));
    assert_eq!((answer.status, answer.signed), (Revocation::Good, Offered::Yes));
    let days = (answer.next_update.unwrap().as_second() - answer.this_update.as_second()) / 86_400;
    assert_eq!(days, 7);
    assert!(answer.this_update <= answer.produced_at);

    let gone = vec![lab.openssl.der("gone"), lab.ca.clone()];
    let revoked = told(staple(&gone, &lab.answer("gone", "ca", "")));
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    assert_eq!((revoked.status, revoked.signed), (Revocation::Revoked(at), Offered::Yes));

    let unknown = vec![lab.openssl.der("nobody"), lab.ca.clone()];
    let unknown = told(staple(&unknown, &lab.answer("nobody", "ca", "")));
    assert_eq!(unknown.status, Revocation::Unknown);
}

#[test]
fn only_the_issuer_and_whom_it_names_may_sign() {
    let Some(lab) = Lab::new() else { return };
    let signed =
        |chain: &[Vec<u8>], signer| told(staple(chain, &lab.answer("leaf", signer, ""))).signed;
    assert_eq!(signed(&lab.chain(), "responder"), Offered::Yes);
    assert_eq!(signed(&lab.chain(), "nobody"), Offered::No, "its certificate is not for that");
    assert_eq!(signed(&lab.chain(), "other"), Offered::No, "it only has the same name");
    assert_eq!(
        signed(std::slice::from_ref(&lab.leaf), "ca"),
        Offered::Unknown,
        "the issuer was not sent"
    );
}

#[test]
fn what_is_changed_cut_short_or_about_another_is_not_believed() {
    let Some(lab) = Lab::new() else { return };
    let answer = lab.answer("leaf", "ca", "");
    for cut in 0..answer.len() {
        // Neither a panic nor an answer: every length inside tells that something is missing.
        why(staple(&lab.chain(), &answer[..cut]));
    }
    let mut changed = answer.clone();
    let last = changed.len() - 1;
    // The end is the signature, or the certificate of the signer behind it: good and bad are never mixed up.
    for at in 0..=last {
        changed[at] ^= 1;
        if let Staple::Answer(told) = staple(&lab.chain(), &changed)
            && told.signed == Offered::Yes
        {
            assert_eq!(told.status, Revocation::Good, "byte {at}");
        }
        changed[at] ^= 1;
    }
    let other = lab.answer("gone", "ca", "");
    assert_eq!(why(staple(&lab.chain(), &other)), "it is not about this certificate");
    assert!(why(staple(&lab.chain(), &[0x30, 3, 0x0a, 1, 3])).contains("try later"));
    assert!(why(staple(&[], &answer)).contains("no certificate"));
}

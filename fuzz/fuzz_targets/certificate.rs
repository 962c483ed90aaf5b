//! A chain of certificates, or a file with some: read or refused, never trusted, and the same twice.

#![no_main]

use std::sync::LazyLock;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use portvakt_model::Trust;
use portvakt_scan::x509::{Roots, certificate, chain, files};

/// The public roots, and an own authority that signed nothing of what is tried.
static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let own = include_bytes!("../../fixtures/certs/root.pem");
    let own = files::read(own, &[]).map(|c| c.certificates).unwrap_or_default();
    Roots::public().with_own(&own.into_iter().map(|held| held.der).collect::<Vec<_>>())
});

fuzz_target!(|bytes: &[u8]| {
    let one = certificate(bytes);
    assert_eq!(one, certificate(bytes));
    let held = files::read(bytes, &[""]).map(|c| c.certificates).unwrap_or_default();
    let mut sent = vec![bytes.to_vec()];
    sent.extend(held.into_iter().map(|held| held.der));
    let now = Timestamp::from_second(1_795_000_000).unwrap_or_default();
    for first in 0..sent.len().min(2) {
        let judged = chain(&sent[first..], None, &ROOTS, now);
        assert_ne!(judged.public, Trust::Trusted);
        let alone = certificate(&sent[first]);
        assert_eq!(alone.is_ok(), !judged.certificates.is_empty());
    }
});

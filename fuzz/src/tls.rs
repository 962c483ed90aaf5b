//! What a TLS server sends before encryption.

use portvakt_scan::tls::refusal::Refusal;
use portvakt_scan::tls::ssl2;
use portvakt_scan::tls::wire::{Answer, Flight};

/// Reads bytes as the first flight of a server, whole and in parts of the size that the first byte
/// gives. How they were cut must not matter.
pub fn tls_flight(bytes: &[u8]) {
    let Some((size, rest)) = bytes.split_first() else { return };
    let whole = read(rest, usize::MAX);
    assert_eq!(whole, read(rest, usize::from(*size).max(1)));
    if let Answer::Chosen(chosen) = whole {
        assert!(chosen.version.is_some());
        let held: usize = chosen.chain.iter().map(Vec::len).sum();
        assert!(held <= rest.len());
    }
    if let Some(Ok(hello)) = ssl2::server_hello(rest) {
        assert!(hello.kinds.len() * 3 + hello.certificate.len() <= rest.len());
    }
}

fn read(bytes: &[u8], size: usize) -> Answer {
    let mut flight = Flight::default();
    let answer = bytes.chunks(size).find_map(|part| flight.read(part));
    answer.unwrap_or_else(|| flight.ended(Refusal::Closed))
}

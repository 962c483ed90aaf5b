//! The first flight of a TLS server is read or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portvakt_fuzz::tls_flight(bytes));

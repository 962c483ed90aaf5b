//! Verdicts on small lists are those that trying every packet gives.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portvakt_fuzz::list(bytes));

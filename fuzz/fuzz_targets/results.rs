//! What any scanner may have written is read or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portvakt_fuzz::results(bytes));

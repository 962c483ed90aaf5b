//! Whatever a peer says is recognised or not.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portvakt_fuzz::answers(bytes));

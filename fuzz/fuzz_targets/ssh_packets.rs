//! Bytes from an SSH server are read or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portvakt_fuzz::ssh(bytes));

//! Each parser holds what it promises on files that it would not have chosen.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| portvakt_fuzz::chosen(bytes));

//! Real servers, started on loopback by the tests themselves and asked as a scan would ask them.
//!
//! A server that is not installed is skipped with a message on a user's machine; where `CI` is set its
//! absence is a failure. `.ci/run` installs all of them.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::print_stderr, reason = "what was skipped is said, and why")]

mod handshake;
mod intrusive;
mod lab;
mod lists;
mod old;
mod peers;
mod random;
mod service;
mod ssh;
mod starttls;

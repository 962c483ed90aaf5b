//! Certificates: what is read of them, whom they are trusted by, and what is found wrong.

#![expect(clippy::unwrap_used, reason = "a test")]

mod build;
mod chains;
mod files;
mod hostile;
mod keys;
mod lints;
mod ocsp;
mod openssl;

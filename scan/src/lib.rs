//! Looks at live networks: which hosts and ports answer, and what speaks there.
//!
//! The only crate of ours that opens sockets. It sees nothing but what it is told to look at: a
//! [`scope`] that somebody authorised. It tells facts, as [`portvakt_model::ScanRun`],
//! [`portvakt_model::TlsEndpoint`] and [`portvakt_model::SshEndpoint`]; what they are worth is
//! judged elsewhere.

mod evidence;
pub mod scope;
pub mod ssh;
pub mod tls;
pub mod x509;

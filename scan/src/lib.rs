//! Looks at live networks: which hosts and ports answer, and what speaks there.
//!
//! The only crate of ours that opens sockets. It sees nothing but what it is told to look at: a
//! [`scope`] that somebody authorised. It tells facts, as [`portvakt_model::ScanRun`],
//! [`portvakt_model::TlsEndpoint`] and [`portvakt_model::SshEndpoint`]; what they are worth is
//! judged elsewhere.

mod bucket;
pub mod connect;
pub mod control;
#[cfg(target_os = "linux")]
pub mod discover;
mod evidence;
pub mod interrupt;
mod permute;
pub mod plan;
#[cfg(target_os = "linux")]
pub mod privileges;
#[cfg(target_os = "linux")]
mod raw;
pub mod record;
mod rtt;
pub mod scope;
pub mod service;
pub mod ssh;
#[cfg(target_os = "linux")]
pub mod syn;
pub mod tls;
pub mod udp;
pub mod x509;

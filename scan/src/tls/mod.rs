//! TLS endpoints.

pub mod handshake;
pub mod starttls;

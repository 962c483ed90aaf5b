//! TLS endpoints.

pub mod starttls;

//! What several checks need to know about a site, computed once.

mod audit;
mod facts;
pub mod flatten;
pub mod zones;

pub use audit::{Audit, Tables};
pub use facts::Facts;

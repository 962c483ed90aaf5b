//! What several checks need to know about a site, computed once.
//!
//! Everything here follows from an [`Audit`]'s input; nothing reads a file or a clock.

pub mod anomalies;
mod audit;
mod book;
pub mod diff;
mod facts;
pub mod flatten;
pub mod flows;
pub mod lists;
pub mod matrix;
pub mod observed;
pub mod openings;
pub mod query;
pub mod replay;
mod shift;
pub mod sources;
pub mod spoof;
pub mod steps;
pub mod tracking;
pub mod zones;

pub use audit::{Audit, ObservedFile, Tables};
pub use facts::Facts;
pub use flows::Flow;
pub use lists::{Permit, RuleKey};
pub use observed::Observed;
pub use openings::{Implementation, Opening, OpeningStanding, Openings};

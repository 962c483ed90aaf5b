//! The auditor that a municipality trusts with its network.
//!
//! The library is what the `portvakt` program is made of: reading inputs, running the audit, writing
//! reports. Data flows one way: [`inputs`] → [`mod@audit`] → [`report`].

pub mod answer;
pub mod ask;
pub mod audit;
pub mod catalogue;
pub mod cli;
pub mod inputs;
pub mod interfaces;
pub mod observations;
pub mod refusals;
pub mod report;
pub mod revision;
pub mod site;
pub mod text;

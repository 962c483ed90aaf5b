//! The answer as JSON, around the rows of a command's own.

use jiff::civil::Date;
use portvakt_checks::crypto::Policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::PolicyRow;

/// Endpoints, judged.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Document")]
pub(crate) struct Document<R> {
    /// Name and version of this schema. A new number means that a field changed its meaning or went
    /// away.
    pub(crate) schema: String,
    /// What made it, with its version.
    pub(crate) tool: String,
    /// The policy that it was judged by.
    pub(crate) policy: PolicyRow,
    /// The day that it was judged for.
    pub(crate) today: String,
    /// The endpoints, the worst first; a name has one for each of its addresses.
    pub(crate) endpoints: Vec<R>,
}

impl<R> Document<R> {
    pub(crate) fn new(schema: &str, policy: &Policy, today: Date, endpoints: Vec<R>) -> Self {
        Self {
            schema: schema.to_owned(),
            tool: concat!("portvakt ", env!("CARGO_PKG_VERSION")).to_owned(),
            policy: PolicyRow::of(policy),
            today: today.to_string(),
            endpoints,
        }
    }
}

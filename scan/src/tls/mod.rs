//! TLS endpoints: what they offer, found with few connections and told without guessing.
//!
//! [`look`] asks in two stages. The [verdict](Depth::Verdict) takes about nine connections and tells
//! whether everything offered is allowed. The [full](Depth::Full) look takes about as many connections as
//! there are suites and groups to find, and lists them. The questions are hellos of our own that no
//! library would send ([`hello`]), the answers are read by hand ([`wire`], [`answer`]); one whole
//! [`handshake`] shows what is inside the encryption.

pub mod answer;
mod facts;
mod full;
mod groups;
pub mod handshake;
pub mod hello;
mod hunt;
pub mod inferred;
pub mod intrusive;
mod limits;
mod line;
mod look;
mod offers;
mod order;
pub mod refusal;
mod ride;
mod shake;
mod signatures;
pub mod ssl2;
pub mod starttls;
mod target;
mod tls13;
mod verdict;
pub mod wire;

pub use limits::{Limits, Pace};
pub use look::{look, look_all};
pub use target::{Depth, How, JudgeChain, Split, Target};

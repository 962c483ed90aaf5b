//! The auditor that a municipality trusts with its network.

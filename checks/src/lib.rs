//! The rules: one file each, from facts to findings.

//! Facts computed when first asked for, and once.

/// Caches of what follows from an audit's input.
#[derive(Default)]
pub struct Facts {}

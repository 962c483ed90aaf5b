//! Exact packet sets: ranges, products of sets, and first-match lists over them.

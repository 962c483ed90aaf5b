//! The nouns of a network audit, independent of any vendor.

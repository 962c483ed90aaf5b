//! Exactness of first-match lists, shown through the public interface by independent means.

mod brute;
mod world;

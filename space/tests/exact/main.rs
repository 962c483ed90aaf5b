//! Exactness of first-match lists, shown through the public interface by independent means.

#[cfg(test)]
mod brute;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod world;

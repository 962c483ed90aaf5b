//! Parts of a tree, kept where the threads that made them put them.

/// Parts that one thread makes at most: numbers have so much room for them.
pub(super) const SIZE: usize = 1 << SHIFT;
const SHIFT: u32 = 13;

/// Bundles of up to [`SIZE`] parts. A part's number says its bundle, and its place there: nothing is
/// copied to stand in one row.
#[derive(Debug)]
pub(crate) struct Bundles<T>(Vec<Vec<T>>);

impl<T> Bundles<T> {
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds a bundle; the number of its first part, whatever it holds.
    pub(super) fn add(&mut self, mut bundle: Vec<T>) -> u32 {
        bundle.shrink_to_fit();
        self.0.push(bundle);
        ((self.0.len() - 1) << SHIFT) as u32
    }

    /// Puts parts into the bundle that was added last, and empty.
    pub(super) fn fill(&mut self, first: u32, mut bundle: Vec<T>) {
        bundle.shrink_to_fit();
        self.0[(first >> SHIFT) as usize] = bundle;
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> &T {
        &self.0[(number >> SHIFT) as usize][number as usize % SIZE]
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.0[(number >> SHIFT) as usize][number as usize % SIZE]
    }

    /// Runs of at most `most` parts, each with the number of its first.
    pub(crate) fn runs(&self, most: usize) -> Vec<(u32, &[T])> {
        let bundles = self.0.iter().enumerate();
        let runs = bundles.flat_map(|(at, parts)| {
            let firsts = ((at << SHIFT) as u32..).step_by(most);
            firsts.zip(parts.chunks(most))
        });
        runs.collect()
    }

    /// All parts with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let bundles = self.0.iter().enumerate();
        bundles.flat_map(|(at, parts)| ((at << SHIFT) as u32..).zip(parts))
    }
}

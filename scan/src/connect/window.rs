//! How many connections may be waited for at once.

/// Enough for a network that answers; more only pays where much is silent.
const FIRST: usize = 500;

/// Most at once. Each costs the kernel some three kilobytes, and us one.
pub(super) const MOST: usize = 15_000;

/// Grows while silence holds it up, shrinks when this machine runs out of something.
pub(super) struct Window {
    limit: usize,
    most: usize,
}

impl Window {
    /// A window that never holds more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { limit: FIRST.min(most), most }
    }

    /// Whether no more may be begun while `open` are.
    pub(super) fn is_full(&self, open: usize) -> bool {
        open >= self.limit
    }

    /// One was waited for in vain. What is silent costs nobody anything but time, so another may be
    /// waited for beside it: the window doubles while nothing answers.
    pub(super) fn waited_in_vain(&mut self) {
        self.limit = (self.limit + 1).min(self.most);
    }

    /// This machine could not open another one beside `open`. It may not try that many again.
    pub(super) fn exhausted(&mut self, open: usize) {
        self.most = (open - open / 8).max(1);
        self.limit = self.limit.min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_silence_up_to_what_the_machine_has() {
        let mut window = Window::new(1_000);
        assert!(window.is_full(500) && !window.is_full(499));
        (0..5_000).for_each(|_| window.waited_in_vain());
        assert!(window.is_full(1_000) && !window.is_full(999));
        window.exhausted(800);
        (0..5_000).for_each(|_| window.waited_in_vain());
        assert!(window.is_full(700) && !window.is_full(699));
        window.exhausted(0);
        assert!(!window.is_full(0), "one at a time is always allowed");
    }
}

//! The words of a command, read from left to right.

/// A cursor over words.
pub(super) struct Args<'w, 'a> {
    words: &'w [&'a str],
}

impl<'w, 'a> Args<'w, 'a> {
    pub(super) fn new(words: &'w [&'a str]) -> Self {
        Self { words }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'w [&'a str] {
        self.words
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.words.first().copied()
    }

    /// Whether the next word is `word`; then it is read.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        let hit = self.peek() == Some(word);
        if hit {
            self.words = &self.words[1..];
        }
        hit
    }

    /// The next word when `read` understands it.
    pub(super) fn try_next<T>(&mut self, read: impl FnOnce(&'a str) -> Option<T>) -> Option<T> {
        let value = read(self.peek()?)?;
        self.words = &self.words[1..];
        Some(value)
    }
}

impl<'a> Iterator for Args<'_, 'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

/// The word after `name`.
pub(super) fn after<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|w| *w == name)?;
    words.get(at + 1).copied()
}

/// The number after `name`.
pub(super) fn number_after<T: std::str::FromStr>(words: &[&str], name: &str) -> Option<T> {
    after(words, name)?.parse().ok()
}

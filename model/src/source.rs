//! What was read: its text, the state of each line, and places in it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::Message;

/// Number of a source among those audited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A byte range of a source's text.
pub type Span = Range<u32>;

/// A text that was read, with its line index. Secrets are overwritten in place.
#[derive(Clone)]
pub struct Source {
    /// The path as the user gave it or as the walk found it.
    pub path: String,
    /// SHA-256 (FIPS 180-4) of the file's bytes as they were read; `None` where nobody asked.
    pub digest: Option<[u8; 32]>,
    text: String,
    starts: Vec<u32>,
    redacted: Vec<Span>,
}

/// What stands in place of a secret wherever text is shown.
const REDACTED: &str = "[redacted]";

impl Source {
    /// A source with an index of its lines. `text` is at most 4 GiB: the reader sees to it.
    pub fn new(path: String, text: String) -> Self {
        let bytes = text.as_bytes();
        let mut starts = Vec::with_capacity(1 + memchr::memchr_iter(b'\n', bytes).count());
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at as u32 + 1));
        Self { path, digest: None, text, starts, redacted: Vec::new() }
    }

    /// The whole text, secrets overwritten once [`Source::redact`] has been called.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives back the room of the text, where nobody will look at a line of it any more.
    pub fn forget_text(&mut self) {
        (self.text, self.starts) = (String::new(), vec![0]);
    }

    /// The number of lines; an empty last line does not count.
    pub fn line_count(&self) -> u32 {
        let empty_end = self.starts.last() == Some(&(self.text.len() as u32));
        self.starts.len() as u32 - u32::from(empty_end)
    }

    /// The line (from 1) that byte `offset` stands in.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// The column (from 1, in characters) of byte `offset` in its line.
    pub fn column_of(&self, offset: u32) -> u32 {
        let start = self.starts[self.line_of(offset).max(1) as usize - 1] as usize;
        let upto = self.text.get(start..offset as usize).unwrap_or_default();
        upto.chars().count() as u32 + 1
    }

    /// The byte range of a line (from 1), without its line end. Empty past the end.
    pub fn line_span(&self, line: u32) -> Span {
        let index = line.max(1) as usize - 1;
        let end = self.text.len() as u32;
        let Some(&start) = self.starts.get(index) else { return end..end };
        let stop = self.starts.get(index + 1).map_or(end, |next| next - 1);
        let body = self.text[start as usize..stop as usize].trim_end_matches('\r');
        start..start + body.len() as u32
    }

    /// A line (from 1) as it may be shown: each secret is replaced by `[redacted]`.
    pub fn line(&self, line: u32) -> Cow<'_, str> {
        let span = self.line_span(line);
        let inside = |r: &&Span| r.start < span.end && span.start < r.end;
        let first = self.redacted.partition_point(|r| r.end <= span.start);
        let mut cuts = self.redacted[first..].iter().take_while(inside).peekable();
        if cuts.peek().is_none() {
            return Cow::Borrowed(&self.text[span.start as usize..span.end as usize]);
        }
        let (mut out, mut at) = (String::new(), span.start);
        for cut in cuts {
            out.push_str(&self.text[at as usize..cut.start.max(at) as usize]);
            out.push_str(REDACTED);
            at = cut.end.min(span.end);
        }
        out.push_str(&self.text[at as usize..span.end as usize]);
        Cow::Owned(out)
    }

    /// Overwrites the secrets at `spans` in the text, so that nothing read later can hold them.
    /// A span is widened to whole characters; line ends inside it stay.
    pub fn redact(&mut self, spans: Vec<Span>) {
        if spans.is_empty() {
            return;
        }
        let mut spans: Vec<Span> = spans.into_iter().filter_map(|s| self.clamp(s)).collect();
        spans.append(&mut self.redacted);
        spans.sort_unstable_by_key(|s| (s.start, s.end));
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
        }
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        for span in &merged {
            for byte in &mut bytes[span.start as usize..span.end as usize] {
                if *byte != b'\n' && *byte != b'\r' {
                    *byte = b'*';
                }
            }
        }
        // Spans begin and end between characters, so the bytes are text still.
        self.text = String::from_utf8(bytes)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        self.redacted = merged;
    }

    fn clamp(&self, span: Span) -> Option<Span> {
        let (mut start, mut end) = (span.start as usize, (span.end as usize).min(self.text.len()));
        while start > 0 && !self.text.is_char_boundary(start) {
            start -= 1;
        }
        while end < self.text.len() && !self.text.is_char_boundary(end) {
            end += 1;
        }
        (start < end).then_some(start as u32..end as u32)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What became of a line (or row, or element) of a source. Each has exactly one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineState {
    /// Understood, and it is in the model.
    Used,
    /// Understood, and it has no bearing on any rule: comments, blank lines, cosmetics.
    Neutral,
    /// Recognised, but what it does is not modelled; the words say what is lost.
    Unsupported(&'static Message),
    /// Not recognised.
    #[default]
    Unknown,
}

/// The state of every line of one source. A line takes two bytes: sources have millions.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Index 0 is line 1 (or the first row of data). From [`FIRST_REASON`] on: unsupported, for the
    /// reason of that number.
    codes: Vec<u16>,
    /// Why lines are unsupported, each reason once.
    reasons: Vec<&'static Message>,
}

const UNKNOWN: u16 = 0;
const NEUTRAL: u16 = 1;
const USED: u16 = 2;
const FIRST_REASON: u16 = 3;

impl Coverage {
    /// Coverage of `lines` lines, all unknown as yet.
    pub fn new(lines: u32) -> Self {
        Self { codes: vec![UNKNOWN; lines as usize], reasons: Vec::new() }
    }

    /// The number of lines.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Makes room for at least `lines` lines; those that are new are unknown as yet.
    pub fn grow(&mut self, lines: u32) {
        self.codes.resize(self.codes.len().max(lines as usize), UNKNOWN);
    }

    /// The state of every line, in order.
    pub fn states(&self) -> impl ExactSizeIterator<Item = LineState> {
        self.codes.iter().map(|code| self.state(*code))
    }

    /// The state of a line (from 1); `None` outside the source.
    pub fn of(&self, line: u32) -> Option<LineState> {
        let at = (line as usize).checked_sub(1)?;
        self.codes.get(at).map(|code| self.state(*code))
    }

    fn state(&self, code: u16) -> LineState {
        match code {
            UNKNOWN => LineState::Unknown,
            NEUTRAL => LineState::Neutral,
            USED => LineState::Used,
            reason => LineState::Unsupported(self.reasons[usize::from(reason - FIRST_REASON)]),
        }
    }

    /// The code of a state. Reasons are words of parsers, some hundred in all: they never run out.
    fn code(&mut self, state: LineState) -> u16 {
        match state {
            LineState::Unknown => UNKNOWN,
            LineState::Neutral => NEUTRAL,
            LineState::Used => USED,
            LineState::Unsupported(why) => {
                let known = self.reasons.iter().position(|reason| *reason == why);
                let number = known.unwrap_or_else(|| {
                    self.reasons.push(why);
                    self.reasons.len() - 1
                });
                FIRST_REASON + number as u16
            }
        }
    }

    /// Sets the state of a line (from 1). A line outside the source is ignored. What is less well
    /// understood wins: a line once unsupported does not become used by another of its parts.
    pub fn mark(&mut self, line: u32, state: LineState) {
        let code = self.code(state);
        if let Some(slot) = self.codes.get_mut((line as usize).wrapping_sub(1))
            && code.min(FIRST_REASON) >= (*slot).min(FIRST_REASON)
        {
            *slot = code;
        }
    }

    /// Marks each line that has a state in another coverage of the same source.
    pub fn join(&mut self, other: &Self) {
        let known = (1..).zip(other.states()).filter(|(_, state)| *state != LineState::Unknown);
        known.for_each(|(line, state)| self.mark(line, state));
    }

    /// How many lines are in a state for which `test` holds.
    pub fn count(&self, test: impl Fn(LineState) -> bool) -> u32 {
        self.states().filter(|s| test(*s)).count() as u32
    }

    /// Lines in all, used, neutral, unsupported, unknown. The last four sum up to the first.
    pub fn counts(&self) -> [u32; 5] {
        let mut counts = [self.codes.len() as u32, 0, 0, 0, 0];
        for state in self.states() {
            counts[match state {
                LineState::Used => 1,
                LineState::Neutral => 2,
                LineState::Unsupported(_) => 3,
                LineState::Unknown => 4,
            }] += 1;
        }
        counts
    }

    /// Lines (from 1) that are unsupported or unknown, with their state.
    pub fn not_understood(&self) -> impl Iterator<Item = (u32, LineState)> {
        let lost = |s: &LineState| matches!(s, LineState::Unsupported(_) | LineState::Unknown);
        (1..).zip(self.states()).filter(move |(_, s)| lost(s))
    }
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A line and column (both from 1) of a text.
    Line {
        /// The text.
        source: SourceId,
        /// From 1.
        line: u32,
        /// From 1, in characters.
        column: u32,
    },
    /// A cell of a table.
    Cell {
        /// The workbook or delimited file.
        source: SourceId,
        /// The sheet's name; `None` where the format has no sheets.
        sheet: Option<String>,
        /// Row, from 1, counting the header.
        row: u32,
        /// Column, from 1.
        column: u32,
    },
    /// A source as a whole: what is wrong is that something is missing from it.
    Whole(SourceId),
    /// The audited site as a whole.
    Site,
}

impl Location {
    /// A line of a text.
    pub const fn line(source: SourceId, line: u32) -> Self {
        Self::Line { source, line, column: 1 }
    }

    /// The source it is in.
    pub const fn source(&self) -> Option<SourceId> {
        match self {
            Self::Line { source, .. } | Self::Cell { source, .. } | Self::Whole(source) => {
                Some(*source)
            }
            Self::Site => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("a.cfg".into(), text.into())
    }

    #[test]
    fn lines_are_found_with_any_line_end() {
        let s = source("ett\r\ntvå\n\nfyra");
        assert_eq!(s.line_count(), 4);
        assert_eq!(
            (s.line(1), s.line(2), s.line(3), s.line(4)),
            ("ett".into(), "två".into(), "".into(), "fyra".into())
        );
        assert_eq!(s.line_of(5), 2);
        assert_eq!(source("a\n").line_count(), 1);
        assert_eq!(source("").line_count(), 0);
        assert_eq!(s.line(99), "");
    }

    #[test]
    fn columns_count_characters() {
        let s = source("åäö x");
        assert_eq!(s.column_of(7), 5);
    }

    #[test]
    fn a_redacted_secret_is_gone_from_the_text() {
        let mut s = source("user x\npassword hemligt0 level 5\nend");
        let at = s.text().find("hemligt0").unwrap() as u32;
        s.redact(vec![at..at + 8]);
        assert!(!s.text().contains("hemligt0"));
        assert_eq!(s.line(2), "password [redacted] level 5");
        assert_eq!(s.line(3), "end");
    }

    #[test]
    fn a_redaction_never_splits_a_character() {
        let mut s = source("lösen ö1");
        s.redact(vec![8..9, 100..200]);
        assert_eq!(s.line(1), "lösen [redacted]1");
    }

    #[test]
    fn what_is_less_understood_wins() {
        let mut c = Coverage::new(2);
        c.mark(1, LineState::Unsupported(&Message { sv: "tidsperiod", en: "time range" }));
        c.mark(1, LineState::Used);
        c.mark(9, LineState::Used);
        assert_eq!(c.not_understood().count(), 2);
    }
}

//! Counts of findings as bars, drawn as inline SVG.

use portvakt_model::{Severity, Verdict};

use super::summary::Counts;
use super::text::heading;
use crate::text::Lang;

/// Width of the widest bar, and height of a row, in the units of the drawing.
const WIDEST: usize = 600;
const ROW: usize = 30;

/// A drawing with a bar for each row.
pub(super) struct Chart {
    /// Id of its heading.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) height: usize,
    pub(super) bars: Vec<Bar>,
}

/// A row: its name, its number, and its bar in parts.
pub(super) struct Bar {
    pub(super) label: String,
    /// Numbers by severity, then *cannot tell* and excepted.
    pub(super) counts: [usize; 7],
    pub(super) total: usize,
    /// Where its name stands and where its bar begins, from the top.
    pub(super) name_at: usize,
    pub(super) top: usize,
    /// Where the number behind the bar stands.
    pub(super) end: usize,
    pub(super) parts: Vec<Part>,
}

/// A part of a bar: the findings of one severity.
pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) x: usize,
    pub(super) width: usize,
    /// What it stands for, in words.
    pub(super) said: String,
}

/// Draws rows of counts. Only violations make bars: the other numbers stand in the table.
pub(super) fn chart(
    id: &'static str,
    title: &'static str,
    rows: impl Iterator<Item = (String, Counts)>,
    lang: Lang,
) -> Chart {
    let rows: Vec<(String, Counts)> = rows.collect();
    let most = rows.iter().map(|(_, c)| c.total()).max().unwrap_or(0).max(1);
    let bars: Vec<Bar> = rows
        .into_iter()
        .enumerate()
        .map(|(row, (label, counts))| bar(row * ROW, label, &counts, most, lang))
        .collect();
    Chart { id, title, height: bars.len() * ROW, bars }
}

fn bar(above: usize, label: String, counts: &Counts, most: usize, lang: Lang) -> Bar {
    let (mut parts, mut sum) = (Vec::new(), 0);
    for (severity, count) in Severity::ALL.iter().zip(counts.violations) {
        let x = sum * WIDEST / most;
        sum += count;
        if count > 0 {
            parts.push(Part {
                class: severity.name(),
                x,
                width: (sum * WIDEST / most - x).max(1),
                said: format!("{count} {}", heading(Verdict::Violation, *severity, lang)),
            });
        }
    }
    let end = sum * WIDEST / most + 6;
    let (name_at, top) = (above + 11, above + 15);
    Bar { label, counts: counts.columns(), total: sum, name_at, top, end, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_numbers() {
        let few = Counts { violations: [1, 0, 2, 0, 0], ..Counts::default() };
        let many = Counts { violations: [0, 6, 0, 0, 0], ..Counts::default() };
        let rows = [("a".to_owned(), few), ("b".to_owned(), many)];
        let drawn = chart("x", "X", rows.into_iter(), Lang::En);
        let lengths: Vec<usize> =
            drawn.bars.iter().map(|b| b.parts.iter().map(|p| p.width).sum()).collect();
        assert_eq!(lengths, [WIDEST / 2, WIDEST]);
        assert_eq!(drawn.bars[0].parts[1].x, WIDEST / 6);
        assert_eq!(drawn.height, 2 * ROW);
    }
}

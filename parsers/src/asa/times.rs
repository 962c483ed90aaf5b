//! `time-range`: when an entry is in force.

use jiff::civil::Date;
use portvakt_model::Schedule;

use super::Reader;
use super::text::{Cursor, Statement};

impl<'a> Reader<'a, '_, '_> {
    /// `time-range NAME`, with `absolute` and `periodic` under it.
    pub(super) fn time_range(&mut self, statement: Statement<'_, 'a>) {
        let mut words = statement.words();
        words.next();
        let Some(name) = words.next() else { return };
        let line = statement.head.number;
        let mut schedule =
            Schedule { name: name.to_owned(), start: None, end: None, recurring: false, line };
        self.build.used(line);
        for &inner in statement.body {
            let mut words = Cursor::new(inner);
            let read = match words.next() {
                Some("absolute") => absolute(&mut words, &mut schedule).is_some(),
                Some("periodic") => {
                    schedule.recurring = true;
                    true
                }
                None => true,
                _ => false,
            };
            if read {
                self.build.used(inner.number);
            } else {
                self.unknown(inner);
            }
        }
        self.schedules.insert(name, self.device.schedules.len() as u32);
        self.device.schedules.push(schedule);
    }

    /// Index of the time range `name` in the device.
    pub(super) fn schedule(&self, name: &str) -> Option<u32> {
        self.schedules.get(name).copied()
    }
}

/// `[start TIME DATE] [end TIME DATE]`.
fn absolute(words: &mut Cursor<'_>, schedule: &mut Schedule) -> Option<()> {
    while let Some(word) = words.next() {
        let slot = match word {
            "start" => &mut schedule.start,
            "end" => &mut schedule.end,
            _ => return None,
        };
        words.next()?;
        *slot = Some(date(words)?);
    }
    Some(())
}

/// `31 August 2026`.
fn date(words: &mut Cursor<'_>) -> Option<Date> {
    let day = words.next()?.parse().ok()?;
    let month = words.next()?.to_ascii_lowercase();
    let year = words.next()?.parse().ok()?;
    let at = MONTHS.iter().position(|m| month.starts_with(m))?;
    Date::new(year, at as i8 + 1, day).ok()
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

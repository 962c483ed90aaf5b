//! `config firewall schedule onetime`, `recurring` and `group`.

use jiff::civil::Date;
use portvakt_model::{Object, ObjectKind, Schedule};
use rustc_hash::FxHashMap;

use super::keys::{Keys, mark_table};
use super::scope::Scope;
use super::tree::{Node, Setting};
use crate::build::Build;

/// Schedules of a device by name.
#[derive(Default)]
pub(super) struct Schedules {
    by_name: FxHashMap<String, Schedule>,
    /// Those that rules use: [`portvakt_model::Device::schedules`].
    pub(super) used: Vec<Schedule>,
    index: FxHashMap<String, u32>,
    pub(super) objects: Vec<Object>,
}

const ONETIME: Keys = Keys {
    used: &["start", "end"],
    neutral: &["start-utc", "end-utc", "expiration-days"],
    lost: &[],
};
const RECURRING: Keys = Keys { used: &["start", "end", "day"], neutral: &["label-day"], lost: &[] };
const GROUP: Keys = Keys { used: &["member"], neutral: &[], lost: &[] };

/// Reads one entry.
type Read = fn(Node<'_, '_>) -> Schedule;

/// When a rule is in force.
pub(super) enum When {
    /// At all times.
    Always,
    /// By this schedule: index in the device.
    At(u32),
    /// The schedule is not defined.
    Undefined,
}

impl Schedules {
    pub(super) fn read(scope: &Scope<'_, '_>, build: &mut Build<'_>) -> Self {
        let mut all = Self::default();
        let tables: [(&str, &Keys, Read); 2] = [
            ("firewall schedule onetime", &ONETIME, onetime),
            ("firewall schedule recurring", &RECURRING, recurring),
        ];
        for (path, keys, read) in tables {
            for section in scope.sections(path) {
                mark_table(section, keys, build);
                for entry in section.children() {
                    all.add(entry, read(entry));
                }
            }
        }
        for section in scope.sections("firewall schedule group") {
            mark_table(section, &GROUP, build);
            for entry in section.children() {
                let group = all.group(entry);
                all.add(entry, group);
            }
        }
        all
    }

    fn add(&mut self, entry: Node<'_, '_>, schedule: Schedule) {
        let factory = ["always", "none", "default-darrp-optimize"];
        self.objects.push(Object {
            name: schedule.name.clone(),
            kind: ObjectKind::Schedule,
            line: entry.line(),
            uses: 0,
            source: None,
            predefined: factory.contains(&entry.name()),
        });
        self.by_name.insert(schedule.name.clone(), schedule);
    }

    /// From the first member's beginning to the last one's end.
    fn group(&self, entry: Node<'_, '_>) -> Schedule {
        let members = entry.list("member");
        let known = || members.iter().filter_map(|(m, _)| self.find(m));
        let start = known().map(|s| s.start).min().flatten();
        let open = known().any(|s| s.end.is_none());
        let end = if open { None } else { known().filter_map(|s| s.end).max() };
        let recurring = known().all(|s| s.recurring || s.end.is_some()) && known().count() > 0;
        let name = entry.name().to_owned();
        Schedule { name, start, end, recurring, line: entry.line() }
    }

    fn find(&self, name: &str) -> Option<Schedule> {
        self.by_name.get(name).cloned().or_else(|| match name {
            "always" => Some(Schedule {
                name: name.to_owned(),
                start: None,
                end: None,
                recurring: false,
                line: 0,
            }),
            "none" => Some(never(name, 0)),
            _ => None,
        })
    }

    /// When a rule with this schedule is in force that expires on `expiry`. A rule without a
    /// schedule is in force at all times.
    pub(super) fn when(&mut self, name: Option<&str>, expiry: Option<(Date, u32)>) -> When {
        let name = name.unwrap_or("always");
        let Some(mut schedule) = self.find(name) else { return When::Undefined };
        if let Some((end, line)) = expiry {
            schedule.name = format!("{name}, policy-expiry-date {end}");
            schedule.end = Some(schedule.end.map_or(end, |e| e.min(end)));
            schedule.line = line;
        }
        if schedule.start.is_none() && schedule.end.is_none() && !schedule.recurring {
            return When::Always;
        }
        let next = self.used.len() as u32;
        let index = *self.index.entry(schedule.name.clone()).or_insert(next);
        if index == next {
            self.used.push(schedule);
        }
        When::At(index)
    }
}

/// A schedule without a day never holds: it ends before it begins.
fn never(name: &str, line: u32) -> Schedule {
    let (start, end) = (Some(Date::MAX), Some(Date::MIN));
    Schedule { name: name.to_owned(), start, end, recurring: false, line }
}

/// `start 06:00 2026/09/01`, `end 18:00 2026/09/30`.
fn onetime(entry: Node<'_, '_>) -> Schedule {
    let name = entry.name().to_owned();
    let (start, end) = (entry.setting("start"), entry.setting("end"));
    let (start, end) = (start.and_then(date), end.and_then(date));
    Schedule { name, start, end, recurring: false, line: entry.line() }
}

fn date(setting: &Setting<'_>) -> Option<Date> {
    setting.values.iter().find_map(|value| iso_date(&value.text))
}

/// `2026/09/01` or `2026-09-01`.
pub(super) fn iso_date(text: &str) -> Option<Date> {
    let mut parts = text.split(['/', '-']);
    let year = parts.next()?.parse().ok()?;
    let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, month, day).ok()
}

/// Weekdays and hours. The same hour at both ends is the whole day.
fn recurring(entry: Node<'_, '_>) -> Schedule {
    let days = entry.list("day");
    if days.is_empty() || days.iter().all(|(d, _)| *d == "none") {
        return never(entry.name(), entry.line());
    }
    let every_day = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
        .iter()
        .all(|day| days.iter().any(|(d, _)| d == day));
    let hours = entry.get("start").unwrap_or("00:00") != entry.get("end").unwrap_or("00:00");
    let name = entry.name().to_owned();
    let recurring = !every_day || hours;
    Schedule { name, start: None, end: None, recurring, line: entry.line() }
}

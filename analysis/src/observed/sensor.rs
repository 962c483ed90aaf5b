//! Where a run stood, and whether it is recent enough to be compared.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portvakt_model::{ScanRun, ZoneId};

use crate::audit::Audit;

/// The parameter that says for how many days what was seen holds.
pub const OBSERVATION_DAYS: &str = "observation_days";

/// Where a run stood. What it may reach depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensor {
    /// In this zone.
    Zone(ZoneId),
    /// Its record names neither a sensor nor a source address.
    NotStated,
    /// No zone has the name of its sensor, or its source address.
    InNoZone,
    /// Its sensor and its source addresses point at different zones.
    Ambiguous,
}

/// How old a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Recent enough.
    Recent,
    /// So many days: more than the parameter allows.
    TooOld(i64),
    /// It says that it was made after the day that is judged: its clock is wrong, or that day is past.
    Ahead(Date),
    /// Its record has no time.
    NotStated,
}

/// The zone that a run's sensor and source addresses point at.
pub(super) fn sensor(audit: &Audit<'_>, run: &ScanRun) -> Sensor {
    let named = run.sensor.as_deref().and_then(|name| zone_called(audit, name));
    let mut zones: Vec<ZoneId> =
        run.sources.iter().filter_map(|a| audit.zone_of(*a)).chain(named).collect();
    zones.sort_unstable();
    zones.dedup();
    match zones.as_slice() {
        [zone] => Sensor::Zone(*zone),
        [] if run.sensor.is_none() && run.sources.is_empty() => Sensor::NotStated,
        [] => Sensor::InNoZone,
        _ => Sensor::Ambiguous,
    }
}

fn zone_called(audit: &Audit<'_>, name: &str) -> Option<ZoneId> {
    audit.site.zone_ids().find(|(_, zone)| zone.is_called(name)).map(|(id, _)| id)
}

/// How old what was seen at some time is on the day that is judged.
pub fn age(audit: &Audit<'_>, seen: Option<Timestamp>) -> Age {
    let Some(seen) = seen.map(day) else { return Age::NotStated };
    let days = i64::from((audit.today - seen).get_days());
    match audit.parameters.number(OBSERVATION_DAYS) {
        // West of Greenwich the day in UTC may be tomorrow.
        _ if days < -1 => Age::Ahead(seen),
        Some(most) if days > most => Age::TooOld(days),
        _ => Age::Recent,
    }
}

/// The day of a time, in UTC: east of it never later than the local one.
pub fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// When a run was made: its end, or else its beginning, or when it saw something last.
pub(super) fn time(run: &ScanRun) -> Option<Timestamp> {
    let ports = run.hosts.iter().flat_map(|host| &host.ports);
    run.ended.or(run.started).or_else(|| ports.filter_map(|port| port.at).max())
}

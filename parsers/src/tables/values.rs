//! Cells into days and addresses, for every kind of table.

use jiff::civil::Date;
use portvakt_model::EndDate;
use portvakt_space::AddrSet;

use super::columns::Column;
use super::record::{Row, Value};
use super::spell::dates::{self, When};
use super::spell::{Why, addresses};

/// One day.
pub(super) fn day(value: &Value) -> Result<Date, Why> {
    match when(value)? {
        When::Days(first, last) if first == last => Ok(first),
        _ => Err(no_day()),
    }
}

/// The first day of a day, month or year.
pub(super) fn first_day(value: &Value) -> Result<Date, Why> {
    match when(value)? {
        When::Days(first, _) => Ok(first),
        When::Open => Err(no_day()),
    }
}

/// Until when a row is valid: through the last day of a day, month or year.
pub(super) fn end_date(row: &mut Row<'_>, column: Column) -> EndDate {
    let Some(cell) = row.cell(column) else { return EndDate::Missing };
    let at = row.origin.location(cell.place);
    match row.read(column, when) {
        Some(When::Days(_, last)) => EndDate::On(last, at),
        Some(When::Open) => EndDate::Open(at),
        None => EndDate::Unreadable(at),
    }
}

/// The addresses of a cell. Names beside them become a problem and leave the row incomplete.
pub(super) fn addresses(row: &mut Row<'_>, column: Column) -> Option<AddrSet> {
    let found = row.read(column, |v| addresses::read(&v.text()))?;
    if let (Some(why), Some(cell)) = (found.rest, row.cell(column)) {
        row.problem(cell, why);
    }
    Some(found.set)
}

fn when(value: &Value) -> Result<When, Why> {
    match value {
        Value::Day(day) => Ok(When::Days(*day, *day)),
        // A number is a serial number or the digits of a date; its fraction is the time of day.
        Value::Number(number) => dates::read(&number.trunc().to_string()),
        _ => dates::read(&value.text()),
    }
}

fn no_day() -> Why {
    Why::new(
        "här behövs en dag; skriv den som 2025-03-01",
        "a day is needed here; write it as 2025-03-01",
    )
}

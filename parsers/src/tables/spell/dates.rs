//! Dates as they are written in Swedish and English tables.
//!
//! Year first is understood in any spelling, and day first where it cannot be month first. A date
//! with two small numbers before or after slashes (`3/1/2025`) is refused: Swedish and American
//! order give different days. A time of day is read and left out; its offset is not applied.

use jiff::civil::Date;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, one_of, space0, space1};
use nom::combinator::{all_consuming, map, map_opt, opt, value, verify};
use nom::sequence::{pair, preceded, terminated};
use nom::{IResult, Parser};

use super::Why;
use super::words::{among, fold};

/// What a date cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tables) enum When {
    /// The days from the first to the last: one day, a month or a year.
    Days(Date, Date),
    /// Until further notice.
    Open,
}

/// Reads a date, a month, a year, or *until further notice*.
pub(in crate::tables) fn read(text: &str) -> Result<When, Why> {
    if among(&fold(text), OPEN) {
        return Ok(When::Open);
    }
    let lower = text.trim().to_lowercase();
    let (_, written) = all_consuming(written).parse(&lower).map_err(|_| unreadable())?;
    written.days().map(|(first, last)| When::Days(first, last))
}

/// The day of a spreadsheet serial number, counted from 1899-12-30 (ECMA-376 part 1, 18.17.4.1).
pub(in crate::tables) fn serial(days: f64) -> Option<Date> {
    // The epoch is right from 1900-03-01 on: before it the 1900 system has a leap day too many.
    let days = (61.0..=2_958_465.0).contains(&days).then_some(days.trunc() as i64)?;
    let epoch = Date::new(1899, 12, 30).ok()?;
    epoch.checked_add(jiff::Span::new().days(days)).ok()
}

const OPEN: &str = "tillsvidare tv tsv lopande obegransad obegransat ingetslutdatum permanent untilfurthernotice \
     unlimited indefinite indefinitely noenddate noexpiry never";

/// A date as written, not yet known to exist.
#[derive(Clone, Copy, Debug)]
enum Written {
    Day(i16, i8, i8),
    Month(i16, i8),
    Year(i16),
    Serial(u32),
    /// Two numbers before the year with a separator that both orders use.
    Slashed(i8, i8, i16),
}

impl Written {
    fn days(self) -> Result<(Date, Date), Why> {
        match self {
            Self::Day(y, m, d) => exists(y, m, d).map(|day| (day, day)),
            Self::Month(y, m) => exists(y, m, 1).map(|d| (d.first_of_month(), d.last_of_month())),
            Self::Year(y) => exists(y, 1, 1).map(|d| (d.first_of_year(), d.last_of_year())),
            Self::Serial(days) => {
                serial(f64::from(days)).map(|day| (day, day)).ok_or_else(unreadable)
            }
            Self::Slashed(a, b, y) if a == b || a > 12 => exists(y, b, a).map(|day| (day, day)),
            Self::Slashed(..) => Err(Why::new(
                "dag och månad kan förväxlas; skriv datumet som 2025-03-01",
                "day and month can be mistaken for each other; write the date as 2025-03-01",
            )),
        }
    }
}

fn exists(year: i16, month: i8, day: i8) -> Result<Date, Why> {
    Date::new(year, month, day).map_err(|_| {
        Why::new(
            "datumet finns inte; skriv det som 2025-03-01",
            "there is no such date; write it as 2025-03-01",
        )
    })
}

fn unreadable() -> Why {
    Why::new(
        "datumet förstås inte; skriv det som 2025-03-01 eller ”tillsvidare”",
        "the date is not understood; write it as 2025-03-01 or \"until further notice\"",
    )
}

fn written(input: &str) -> IResult<&str, Written> {
    let day = terminated(alt((year_first, compact, day_first, named)), opt(time));
    preceded(opt(lead), alt((all_consuming(day), month, year))).parse(input)
}

/// `t.o.m. `, `från `, `den ` before the date.
fn lead(input: &str) -> IResult<&str, ()> {
    let word = take_while1(|c: char| c.is_alphabetic() || c == '.' || c == ' ');
    let known = verify(word, |w: &str| among(&fold(w), LEADS) && w.ends_with([' ', '.']));
    value((), known).parse(input)
}

const LEADS: &str =
    "tom till tillochmed tilloch fran from franochmed den tomden fromden until through to";

/// `2025-03-01`, `2025/3/1`, `2025.03.01`, `25-03-01`.
fn year_first(input: &str) -> IResult<&str, Written> {
    let long = (year4, one_of("-/."), small, one_of("-/."), small);
    let short = (year2, char('-'), two, char('-'), two);
    alt((
        map(verify(long, |l| l.1 == l.3), |(y, _, m, _, d)| Written::Day(y, m, d)),
        map(short, |(y, _, m, _, d)| Written::Day(y, m, d)),
    ))
    .parse(input)
}

/// `20250301`, `250301` or a spreadsheet's serial number.
fn compact(input: &str) -> IResult<&str, Written> {
    let (rest, digits) = take_while1(|c: char| c.is_ascii_digit())(input)?;
    let (y, md) = digits.split_at(digits.len().saturating_sub(4));
    let day =
        || Some((y.parse::<i16>().ok()?, md.get(..2)?.parse().ok()?, md.get(2..)?.parse().ok()?));
    let found = match (digits.len(), day()) {
        (8, Some((y, m, d))) => Some(Written::Day(y, m, d)),
        (6, Some((y, m, d))) => Some(Written::Day(2000 + y, m, d)),
        (5, _) => digits.parse().ok().filter(|n| SERIALS.contains(n)).map(Written::Serial),
        _ => None,
    };
    found.map(|w| (rest, w)).ok_or_else(|| fail(input))
}

/// 1990-01-01 to 2099-12-31: outside it a number of five digits is no date of a decision.
const SERIALS: std::ops::RangeInclusive<u32> = 32_874..=73_050;

/// `1.3.2025`, `25/3/2025`, `1/3 2025`, `1/3-2025`.
fn day_first(input: &str) -> IResult<&str, Written> {
    let dots = (small, char('.'), small, char('.'), year4);
    // Nobody writes month first with a blank or a hyphen before the year and a slash before it.
    let swedish = (small, char('/'), small, one_of(" -"), year4);
    let either = (small, one_of("/-"), small, one_of("/-"), year4);
    alt((
        map(dots, |(d, _, m, _, y)| Written::Day(y, m, d)),
        map(swedish, |(d, _, m, _, y)| Written::Day(y, m, d)),
        map(verify(either, |e| e.1 == e.3), |(a, _, b, _, y)| Written::Slashed(a, b, y)),
    ))
    .parse(input)
}

/// `1 mars 2025`, `1:a mars 2025`, `1-mar-2025`, `march 1, 2025`.
fn named(input: &str) -> IResult<&str, Written> {
    let ordinal = opt(alt((tag(":a"), tag(":e"), tag("st"), tag("nd"), tag("rd"), tag("th"))));
    let day = terminated(small, (ordinal, gap));
    let american = (month_name, space1, small, opt(char(',')), space1, year4);
    alt((
        map((day, month_name, gap, year4), |(d, m, (), y)| Written::Day(y, m, d)),
        map(american, |(m, _, d, _, _, y)| Written::Day(y, m, d)),
    ))
    .parse(input)
}

fn gap(input: &str) -> IResult<&str, ()> {
    value((), alt((space1, tag("-")))).parse(input)
}

/// `mars 2025`, `2025-03`.
fn month(input: &str) -> IResult<&str, Written> {
    let named = map((month_name, space1, year4), |(m, _, y)| Written::Month(y, m));
    let numbered = map((year4, char('-'), two), |(y, _, m)| Written::Month(y, m));
    all_consuming(alt((named, numbered))).parse(input)
}

fn year(input: &str) -> IResult<&str, Written> {
    let plausible = verify(year4, |y| (1990..=2099).contains(y));
    all_consuming(map(plausible, Written::Year)).parse(input)
}

/// `14:00`, `T14:00:00.000+01:00` after a date.
fn time(input: &str) -> IResult<&str, ()> {
    let seconds = (char(':'), two, opt(pair(one_of(".,"), take_while1(digit))));
    let zone = alt((value((), char('z')), value((), (one_of("+-"), two, opt(char(':')), two))));
    let clock = (small, char(':'), two, opt(seconds), space0, opt(zone));
    let parts = (alt((tag("t"), space1)), opt((tag("kl"), opt(char('.')), space0)), clock);
    value((), verify(parts, |(_, _, c)| (0..=24).contains(&c.0) && c.2 < 60)).parse(input)
}

fn month_name(input: &str) -> IResult<&str, i8> {
    let word = take_while1(char::is_alphabetic);
    let known = map_opt(word, |word: &str| {
        let at = MONTHS.iter().position(|names| names.contains(&word))?;
        i8::try_from(at + 1).ok()
    });
    terminated(known, opt(char('.'))).parse(input)
}

const MONTHS: [&[&str]; 12] = [
    &["januari", "january", "jan"],
    &["februari", "february", "feb", "febr"],
    &["mars", "march", "mar"],
    &["april", "apr"],
    &["maj", "may"],
    &["juni", "june", "jun"],
    &["juli", "july", "jul"],
    &["augusti", "august", "aug"],
    &["september", "sept", "sep"],
    &["oktober", "october", "okt", "oct"],
    &["november", "nov"],
    &["december", "dec"],
];

fn year4(input: &str) -> IResult<&str, i16> {
    map_opt(take_while_m_n(4, 4, digit), |d: &str| d.parse().ok()).parse(input)
}

fn year2(input: &str) -> IResult<&str, i16> {
    map_opt(take_while_m_n(2, 2, digit), |d: &str| Some(2000 + d.parse::<i16>().ok()?)).parse(input)
}

fn two(input: &str) -> IResult<&str, i8> {
    map_opt(take_while_m_n(2, 2, digit), |d: &str| d.parse().ok()).parse(input)
}

fn small(input: &str) -> IResult<&str, i8> {
    map_opt(take_while_m_n(1, 2, digit), |d: &str| d.parse().ok()).parse(input)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn fail(input: &str) -> nom::Err<nom::error::Error<&str>> {
    nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Digit))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(text: &str) -> Option<Date> {
        match read(text) {
            Ok(When::Days(first, last)) if first == last => Some(first),
            _ => None,
        }
    }

    #[test]
    fn one_day_in_every_spelling() {
        for text in [
            "2025-03-01",
            " 2025-03-01 ",
            "25-03-01",
            "20250301",
            "250301",
            "2025/03/01",
            "2025/3/1",
            "2025.03.01",
            "1 mars 2025",
            "1 mar. 2025",
            "1 mar 2025",
            "1 Mars 2025",
            "den 1 mars 2025",
            "1:a mars 2025",
            "1-mar-2025",
            "March 1, 2025",
            "1 March 2025",
            "1st March 2025",
            "1.3.2025",
            "01.03.2025",
            "1/3 2025",
            "1/3-2025",
            "2025-03-01 14:00",
            "2025-03-01 14:00:59",
            "2025-03-01T14:00:00.000Z",
            "2025-03-01T14:00:00+01:00",
            "2025-03-01 kl. 14:00",
            "2025-03-01 00:00:00",
            "t.o.m. 2025-03-01",
            "tom 2025-03-01",
            "till och med 2025-03-01",
            "till 1 mars 2025",
            "fr.o.m. 2025-03-01",
            "45717",
        ] {
            assert_eq!(day(text), Some(date(2025, 3, 1)), "{text}");
        }
        assert_eq!(day("25/3/2025"), Some(date(2025, 3, 25)));
        assert_eq!(day("3/3/2025"), Some(date(2025, 3, 3)));
        assert_eq!(day("29 februari 2024"), Some(date(2024, 2, 29)));
        assert_eq!(day("31 maj 2026"), Some(date(2026, 5, 31)));
    }

    #[test]
    fn a_month_and_a_year_are_all_their_days() {
        let march = When::Days(date(2025, 3, 1), date(2025, 3, 31));
        assert_eq!(read("mars 2025"), Ok(march));
        assert_eq!(read("2025-03"), Ok(march));
        assert_eq!(read("feb 2024"), Ok(When::Days(date(2024, 2, 1), date(2024, 2, 29))));
        assert_eq!(read("2025"), Ok(When::Days(date(2025, 1, 1), date(2025, 12, 31))));
    }

    #[test]
    fn until_further_notice_is_no_date() {
        for text in ["tillsvidare", "Tills vidare", "t.v.", "löpande", "Until further notice"] {
            assert_eq!(read(text), Ok(When::Open), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_day_is_refused() {
        for text in [
            "3/1/2025",
            "01-03-2025",
            "3/25/2025",
            "2025-02-30",
            "2025-13-01",
            "29 februari 2025",
            "31.4.2025",
            "0000-00-00",
            "1 mars",
            "mar-25",
            "1-3-25",
            "3025",
            "12345",
            "99999",
            "2025-03-01 - 2025-04-01",
            "2025-03-01 25:00",
            "före 2025-03-01",
            "vid projektets slut",
            "efter upphandling",
            "",
            "-",
            "2025-03-01x",
            "９９９９-03-01",
        ] {
            assert_eq!(day(text), None, "{text}");
            assert!(!matches!(read(text), Ok(When::Open)), "{text}");
            if text != "3025" {
                assert!(read(text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn serials_count_from_the_spreadsheet_epoch() {
        assert_eq!(serial(45717.58), Some(date(2025, 3, 1)));
        assert_eq!(serial(61.0), Some(date(1900, 3, 1)));
        assert_eq!(serial(1.0), None);
        assert_eq!(serial(f64::NAN), None);
        assert_eq!(serial(1e300), None);
    }

    proptest::proptest! {
        #[test]
        fn every_day_reads_as_it_was_written(days in 40_177u32..=73_050) {
            let day = serial(f64::from(days)).unwrap();
            let (y, m, d) = (day.year(), day.month(), day.day());
            let name = MONTHS[usize::from(m.unsigned_abs()) - 1][0];
            for text in [
                format!("{day}"),
                format!("{:02}-{m:02}-{d:02}", y - 2000),
                format!("{y}{m:02}{d:02}"),
                format!("{d} {name} {y}"),
                format!("{d}.{m}.{y}"),
                format!("{d}/{m} {y}"),
                format!("{days}"),
            ] {
                proptest::prop_assert_eq!(read(&text), Ok(When::Days(day, day)), "{}", text);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
            let _ = read(&text);
        }
    }
}

//! The many faces of `createdat`: read all of them, write the one that the contract names.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::lenient::Scalar;

/// Numbers below this are seconds, from here on milliseconds: 1e11 seconds is the year 5138,
/// 1e11 milliseconds is 1973, before any room.
const FIRST_MILLISECOND_VALUE: i64 = 100_000_000_000;

/// When an entry was made, as far as the wire says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatedAt {
    /// A wall-clock time without a zone; the reader's own zone is the best guess.
    Local(DateTime),
    /// A point in time.
    Instant(Timestamp),
}

impl CreatedAt {
    /// Reads `2018-10-8 14:30`, `2018-10-08 14:30:05`, ISO 8601 with or without a zone, and epoch seconds or
    /// milliseconds written as text. Anything else is no time at all.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if let Ok(number) = text.parse::<i64>() {
            return Self::from_epoch(number);
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self::Instant(instant));
        }
        parse_local(text).map(Self::Local)
    }

    /// Reads epoch seconds or milliseconds, told apart by their size.
    pub fn from_epoch(number: i64) -> Option<Self> {
        // The smallest whole number has no absolute value of its own type.
        let instant = if number.checked_abs().is_some_and(|size| size < FIRST_MILLISECOND_VALUE) {
            Timestamp::from_second(number)
        } else {
            Timestamp::from_millisecond(number)
        };
        instant.ok().map(Self::Instant)
    }

    pub(crate) fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Text(text) => Self::parse(text),
            // Fractions of a second only occur with seconds: 1538980200.5
            Scalar::Float(number) if number.is_finite() => Self::from_epoch(number.trunc() as i64),
            other => other.as_i64().and_then(Self::from_epoch),
        }
    }

    /// The point in time, a wall-clock time being read in `zone`. In the hour that a zone skips or repeats, the usual
    /// compromise of calendars applies (later offset for a gap, earlier for a fold).
    pub fn resolve(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Local(local) => zone.to_timestamp(local).ok(),
        }
    }
}

/// Reads `YYYY-M-D H:MM[:SS[.fff]]`, with a space or `T` between, without requiring leading zeros.
fn parse_local(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once([' ', 'T', 't']).unwrap_or((text, "0:00"));
    let mut date = date.split(['-', '/']);
    let year = date.next()?.parse().ok()?;
    let month = date.next()?.parse().ok()?;
    let day = date.next()?.parse().ok()?;
    if date.next().is_some() {
        return None;
    }
    let (time, fraction) = time.trim().split_once('.').unwrap_or((time.trim(), ""));
    let mut time = time.split(':');
    let hour = time.next()?.parse().ok()?;
    let minute = time.next()?.parse().ok()?;
    let second = time.next().map_or(Some(0), |s| s.parse().ok())?;
    if time.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    DateTime::new(year, month, day, hour, minute, second, digits.parse().ok()?).ok()
}

/// The one form in which a client writes the time: local, to the minute, month and day without zero padding
/// (`2018-10-8 14:30`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteStamp(DateTime);

impl MinuteStamp {
    /// The stamp of a zoned moment.
    pub fn of(moment: &ZonedDateTime) -> Self {
        Self(moment.datetime())
    }

    /// The stamp of a wall-clock time.
    pub fn from_local(local: DateTime) -> Self {
        Self(local)
    }
}

impl fmt::Display for MinuteStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.0;
        write!(f, "{}-{}-{} {:02}:{:02}", t.year(), t.month(), t.day(), t.hour(), t.minute())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let minute = date(2018, 10, 8).at(14, 30, 0, 0);
        let second = date(2018, 10, 8).at(14, 30, 5, 0);
        assert_eq!(CreatedAt::parse("2018-10-8 14:30"), Some(CreatedAt::Local(minute)));
        assert_eq!(CreatedAt::parse("2018-10-08 14:30:05"), Some(CreatedAt::Local(second)));
        assert_eq!(CreatedAt::parse("2018-10-08T14:30:05"), Some(CreatedAt::Local(second)));
        let instant = CreatedAt::Instant(Timestamp::from_second(1_538_980_205).unwrap());
        assert_eq!(
            CreatedAt::parse("2018-10-08T14:30:05+08:00"),
            CreatedAt::parse("2018-10-08T06:30:05Z")
        );
        assert_eq!(CreatedAt::parse("2018-10-08T06:30:05Z"), Some(instant));
        assert_eq!(CreatedAt::parse("1538980205"), Some(instant));
        assert_eq!(CreatedAt::parse("1538980205000"), Some(instant));
        assert_eq!(CreatedAt::from_epoch(1_538_980_205), Some(instant));
        assert_eq!(CreatedAt::from_epoch(1_538_980_205_000), Some(instant));
    }

    #[test]
    fn nonsense_is_no_time() {
        assert_eq!(CreatedAt::from_epoch(i64::MIN), None);
        for text in [
            "",
            " ",
            "yesterday",
            "2018-13-1 10:00",
            "2018-2-30 1:00",
            "2018-1-1 25:00",
            "1-2-3-4 5:6",
            "2018-10-8 14:30:05.x",
            "99999999999999999999",
            "9223372036854775807",
            "2018-10-8 14",
            "-",
            ":",
            "T",
        ] {
            assert_eq!(CreatedAt::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_stamp_pads_the_minutes_and_nothing_else() {
        let stamp = MinuteStamp::from_local(date(2018, 1, 8).at(4, 5, 59, 0));
        assert_eq!(stamp.to_string(), "2018-1-8 04:05");
        let stamp = MinuteStamp::from_local(date(2018, 10, 18).at(14, 30, 0, 0));
        assert_eq!(stamp.to_string(), "2018-10-18 14:30");
    }
}

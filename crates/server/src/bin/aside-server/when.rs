//! When something ends, as people write it: after a time, on a day, or at a moment.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};

/// Reads `8h`, `2 days`, `2026-12-01` (its end, here), `2026-12-01T18:00` (here), or an RFC 3339 time.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    read(text.trim(), &ZonedDateTime::now())
        .ok_or_else(|| "neither a time like 8h or 2d, nor a date, nor a moment to come".to_owned())
}

fn read(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let zone = now.time_zone();
    let at = |moment: DateTime, zone: &TimeZone| moment.to_zoned_datetime(zone.clone()).ok();
    // An offset says more than the same text without one.
    let end = if let Ok(moment) = text.parse::<Timestamp>() {
        moment
    } else if let Ok(span) = text.parse::<Span>() {
        now.checked_add(span).ok()?.timestamp()
    } else if text.contains('T') {
        at(text.parse().ok()?, zone)?.timestamp()
    } else {
        let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
        at(next.at(0, 0, 0, 0), zone)?.timestamp()
    };
    (end > now.timestamp()).then_some(end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn people_write_times_in_many_ways() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let now = "2026-11-28T10:00:00Z".parse::<Timestamp>().unwrap().to_zoned_datetime(zone);
        for (text, end) in [
            ("8h", "2026-11-28T18:00:00Z"),
            ("90m", "2026-11-28T11:30:00Z"),
            ("2 days", "2026-11-30T10:00:00Z"),
            ("1d 12h", "2026-11-29T22:00:00Z"),
            ("2026-12-01", "2026-12-01T22:00:00Z"),
            ("2026-12-01T18:00", "2026-12-01T16:00:00Z"),
            ("2026-12-01T18:00:00Z", "2026-12-01T18:00:00Z"),
            ("2026-12-01T18:00:00+02:00", "2026-12-01T16:00:00Z"),
        ] {
            assert_eq!(read(text, &now), Some(end.parse().unwrap()), "{text}");
        }
        for text in ["", "soon", "8", "-1h", "0s", "2026-11-27", "2026-13-01", "8x"] {
            assert_eq!(read(text, &now), None, "{text}");
        }
    }
}

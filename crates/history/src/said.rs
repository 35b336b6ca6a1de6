//! When rows were said. On servers that know no better, whoever says something dates it, and their clock may be wrong; an old page,
//! on the other hand, is fetched late, so that when a row was first seen here says little of it.

use jiff::{SignedDuration, Timestamp};

use crate::row::{Row, Standing};

/// Clocks differ by so much, and stamps without seconds add to it: nobody's time is doubted for less.
pub const FAR: SignedDuration = SignedDuration::from_mins(10);

/// When each of some rows was said that follow each other in a room; `before` is what this said of the row before them.
///
/// Nothing is said after it was seen here. What was heard live was said then, whatever its own time claims. Of the rest a time is
/// believed that goes with the rows around it; where it does not, or there is none, the row is of the time of the next that is believed.
pub fn said(rows: &[Row], before: Option<Timestamp>) -> Vec<Timestamp> {
    let mut newest = before;
    let mut told: Vec<Option<Timestamp>> = Vec::with_capacity(rows.len());
    for (n, row) in rows.iter().enumerate() {
        let time = live(row).or_else(|| {
            let next = rows.get(n + 1).and_then(own);
            own(row).filter(|time| goes_between(newest, *time, next))
        });
        newest = newest.max(time);
        told.push(time);
    }
    // From behind, for each row that nothing is known of, until when it must have been said.
    let mut next: Option<Timestamp> = None;
    for (time, row) in told.iter_mut().zip(rows).rev() {
        next = (*time).or(next);
        *time = time.or(next.map(|next| next.min(row.received_at)));
    }
    told.iter().zip(rows).map(|(time, row)| time.unwrap_or(row.received_at)).collect()
}

/// What the row itself says.
fn own(row: &Row) -> Option<Timestamp> {
    let created = row.entry()?.created_at?;
    Some(created.min(row.received_at))
}

/// When a row was said that came as it was said.
fn live(row: &Row) -> Option<Timestamp> {
    let heard = row.entry()?.standing != Standing::Confirmed;
    let near = |time: &Timestamp| row.received_at.duration_since(*time) <= FAR;
    heard.then(|| own(row).filter(near).unwrap_or(row.received_at))
}

/// Not far older than what was said before, and not far newer than a next row that is right itself.
fn goes_between(newest: Option<Timestamp>, time: Timestamp, next: Option<Timestamp>) -> bool {
    let Some(newest) = newest else { return true };
    let is_late = |then: Timestamp, now: Timestamp| now.duration_since(then) > FAR;
    let passes_next = next.is_some_and(|next| !is_late(next, newest) && is_late(next, time));
    !is_late(time, newest) && !passes_next
}

#[cfg(test)]
mod tests {
    use aside_protocol::{Entry, EntryKind};

    use super::*;
    use crate::ids::{Place, Revision, RowKey};
    use crate::row::{Delivery, EntryRow, RowKind};

    const YEARS_AGO: i64 = -250_000_000;
    const YEARS_ON: i64 = 2_000_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn row((created, received, standing): (Option<i64>, i64, Standing)) -> Row {
        let entry = Entry {
            kind: EntryKind::Message,
            user: "u".to_owned(),
            display_name: "U".to_owned(),
            avatar_url: String::new(),
            stream: String::new(),
            content: "hi".to_owned(),
            created_at: None,
            id: None,
            seq: None,
            nonce: None,
        };
        let (created_at, delivery) = (created.map(at), Delivery::Received);
        let entry = EntryRow { entry, created_at, mine: false, standing, delivery, local_id: None };
        Row {
            key: RowKey(1),
            place: Place(1),
            revision: Revision(1),
            received_at: at(received),
            kind: RowKind::Entry(Box::new(entry)),
        }
    }

    fn times(rows: &[(Option<i64>, i64, Standing)], before: Option<i64>) -> Vec<i64> {
        let rows: Vec<Row> = rows.iter().copied().map(row).collect();
        let told = said(&rows, before.map(at));
        told.iter().map(|time| time.as_second() - 1_700_000_000).collect()
    }

    #[test]
    fn what_is_heard_live_was_said_then_whatever_its_clock_says() {
        let live = |created, received| (created, received, Standing::Provisional);
        let rows = [
            live(Some(YEARS_AGO), 0),
            live(Some(YEARS_AGO), 100),
            live(Some(150), 160),
            live(Some(YEARS_ON), 200),
            live(None, 300),
            live(Some(-18_000), 400),
        ];
        assert_eq!(times(&rows, None), [0, 100, 150, 200, 300, 400]);
    }

    #[test]
    fn what_is_fetched_was_said_between_the_rows_around_it() {
        let fetched = |created| (created, 9_000, Standing::Confirmed);
        let rows = [
            fetched(Some(0)),
            fetched(Some(YEARS_AGO)),
            fetched(Some(YEARS_AGO)),
            fetched(Some(70)),
            fetched(Some(8_000)),
            fetched(Some(130)),
            fetched(None),
            fetched(Some(4_000)),
            fetched(Some(YEARS_ON)),
            fetched(Some(3_900)),
        ];
        assert_eq!(times(&rows, None), [0, 70, 70, 70, 130, 130, 4_000, 4_000, 3_900, 3_900]);
        assert_eq!(times(&[fetched(Some(YEARS_AGO))], Some(60)), [9_000]);
        assert_eq!(times(&[fetched(Some(YEARS_AGO))], None), [YEARS_AGO], "a room may be old");
    }

    #[test]
    fn what_was_heard_live_keeps_its_time_when_the_servers_history_has_it_too() {
        let rows = [0, 400, 800].map(|received| (Some(YEARS_AGO), received, Standing::Confirmed));
        assert_eq!(times(&rows, Some(-60)), [0, 400, 800]);
    }
}

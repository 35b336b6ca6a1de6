//! Times in a room whose server dates nothing itself: who asks and who answers do, by clocks of their own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use aside_history::{
    Change, Commit, Delivery, EntryRow, NewRow, RoomName, RowKind, Standing, Store, Where,
};
use aside_protocol::{AnswerNotes, Body, Entry};
use aside_report::{gather, numbers};
use jiff::Timestamp;

/// In milliseconds, at the beginning of a minute of the epoch.
const NOON: i64 = 28_333_333 * MINUTE;
const MINUTE: i64 = 60_000;

/// What was heard so many minutes after noon, and dated so many by whoever said it.
fn heard((received, created): (i64, i64), body: &Body) -> NewRow {
    let at = |minutes| Timestamp::from_millisecond(NOON + minutes * MINUTE).unwrap();
    let entry = Entry {
        kind: body.kind(),
        user: "bo".to_owned(),
        display_name: "Bo".to_owned(),
        avatar_url: String::new(),
        stream: String::new(),
        content: body.to_content(),
        created_at: None,
        id: None,
        seq: None,
        nonce: None,
    };
    let row = EntryRow {
        entry,
        created_at: Some(at(created)),
        mine: false,
        standing: Standing::Provisional,
        delivery: Delivery::Received,
        local_id: None,
    };
    NewRow { received_at: at(received), kind: RowKind::Entry(Box::new(row)) }
}

#[tokio::test]
async fn no_clock_of_who_asks_moves_a_question_or_empties_the_chart() {
    const YEARS: i64 = 36_000_000;
    let store = Store::in_memory().unwrap();
    let [server, topic, stream, user] = ["https://r.example", "7", "s", "me"].map(str::to_owned);
    let room = store.room(&RoomName { server, topic, stream, user }).await.unwrap();
    let asked = |text: &str| Body::Question { text: text.to_owned() };
    let answer = Body::Answer {
        org_name: "Org".to_owned(),
        org_logo: String::new(),
        question: "west?".to_owned(),
        text: "yes".to_owned(),
        question_id: None,
        notes: AnswerNotes::default(),
    };
    let rows = vec![
        heard((0, -60), &asked("west?")),
        heard((1, YEARS), &asked("later?")),
        heard((1, -YEARS), &asked("then?")),
        heard((2, 2), &asked("now?")),
        heard((3, -57), &answer),
    ];
    let changes = vec![Change::Insert { at: Where::End, rows }];
    store.commit(room, Commit { changes, ..Commit::default() }).await.unwrap();
    let asked = gather(&store, room).await.unwrap();
    assert_eq!(asked[0].answers[0].at, NOON + 3 * MINUTE);
    let figures = numbers(&asked);
    let first = NOON / MINUTE;
    let minutes = [(first, 1, 0), (first + 1, 2, 0), (first + 2, 1, 0), (first + 3, 0, 1)];
    assert_eq!(figures.per_minute, minutes);
    assert_eq!(figures.median_first_ms, Some(3 * MINUTE));
    assert_eq!(figures.oldest_waiting, Some(NOON + MINUTE));
}

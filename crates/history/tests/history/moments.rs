//! A moment in a room: the first entry of it, whatever is between, and whatever has no time.

use aside_history::{Gap, GapState, Moment, NewRow, RoomId, Row, RowKind, Store, Where};
use jiff::Timestamp;

use crate::support::{add, all, at, echo, entry, entry_row, memory_room, new, said, text};

/// Said at this second.
fn timed(second: i64) -> NewRow {
    let mut row = entry_row(entry(&second.to_string()));
    row.created_at = Some(at(second));
    new(row)
}

/// Of no known time, and seen here at this second.
fn untimed(words: &str, seen: i64) -> NewRow {
    NewRow { received_at: at(seen), ..said(words) }
}

fn gap() -> NewRow {
    let gap = Gap { state: GapState::Open, from: None, to: None, missing: None };
    NewRow { received_at: at(0), kind: RowKind::Gap(gap) }
}

fn boundary() -> NewRow {
    NewRow { received_at: at(1_000), kind: RowKind::Boundary }
}

/// What the entry of a moment says; "-" if there is none.
async fn of(store: &Store, room: RoomId, moment: Timestamp) -> String {
    let Some((key, place)) = store.moment(room, moment).await.unwrap().spot else {
        return "-".to_owned();
    };
    let row = store.row(room, key).await.unwrap().unwrap();
    assert_eq!(row.place, place);
    text(&row)
}

async fn filled(rows: Vec<NewRow>) -> (Store, RoomId) {
    let (store, room) = memory_room().await;
    add(&store, room, Where::End, rows).await;
    (store, room)
}

#[tokio::test]
async fn an_empty_room_has_no_moments() {
    let (store, room) = filled(vec![gap(), boundary()]).await;
    add(&store, room, Where::EchoEnd, vec![echo("mine")]).await;
    assert_eq!(store.moment(room, at(0)).await.unwrap(), Moment::default());
}

#[tokio::test]
async fn every_moment_of_a_long_room_is_found() {
    let seconds: Vec<i64> = (0..500).map(|n| n / 3 * 10).collect();
    let (store, room) = filled(seconds.iter().map(|second| timed(*second)).collect()).await;
    let rows: Vec<Row> = all(&store, room).await;
    for second in (-2..1_700).step_by(3) {
        let first = seconds.iter().position(|said| *said >= second);
        let moment = store.moment(room, at(second)).await.unwrap();
        assert_eq!(moment.spot, first.map(|n| (rows[n].key, rows[n].place)), "{second}");
        assert_eq!((moment.begins, moment.ends), (Some(at(0)), Some(at(1_660))));
    }
    for far in [Timestamp::MIN, Timestamp::MAX] {
        let wanted = if far == Timestamp::MIN { "0" } else { "-" };
        assert_eq!(of(&store, room, far).await, wanted);
    }
}

#[tokio::test]
async fn gaps_boundaries_and_what_is_on_its_way_are_no_moments() {
    let (store, room) =
        filled(vec![gap(), timed(10), gap(), boundary(), timed(20), gap(), boundary()]).await;
    add(&store, room, Where::EchoEnd, vec![echo("mine")]).await;
    for (second, wanted) in [(0, "10"), (10, "10"), (11, "20"), (20, "20"), (21, "-")] {
        assert_eq!(of(&store, room, at(second)).await, wanted, "{second}");
    }
}

#[tokio::test]
async fn an_entry_without_a_time_is_of_the_moment_of_the_next_that_has_one() {
    // An old page that was fetched much later.
    let late = 5_000;
    let mut rows: Vec<NewRow> = (0..100).map(|n| untimed(&format!("u{n}"), late)).collect();
    for n in (9..100).step_by(10) {
        rows[n] = timed(i64::try_from(n).unwrap());
    }
    let (store, room) = filled(rows).await;
    assert_eq!(of(&store, room, at(30)).await, "u30");
    assert_eq!(of(&store, room, at(39)).await, "u30");
    assert_eq!(of(&store, room, at(40)).await, "u40");
    assert_eq!(of(&store, room, at(100)).await, "-");

    // Where nothing has a time, it is when it was seen.
    let (store, room) = filled((0..100).map(|n| untimed(&format!("u{n}"), n)).collect()).await;
    assert_eq!(of(&store, room, at(42)).await, "u42");
    assert_eq!(store.moment(room, at(0)).await.unwrap().ends, Some(at(99)));
}

#[tokio::test]
async fn where_times_run_backwards_the_entry_before_is_earlier() {
    let seconds: Vec<i64> = (0..300).map(|n| n * 10 + n * 7_919 % 61).collect();
    let (store, room) = filled(seconds.iter().map(|second| timed(*second)).collect()).await;
    let rows = all(&store, room).await;
    for second in (0..3_000).step_by(7) {
        let Some((key, _)) = store.moment(room, at(second)).await.unwrap().spot else {
            assert!(seconds[299] < second);
            continue;
        };
        let n = rows.iter().position(|row| row.key == key).unwrap();
        assert!(seconds[n] >= second && (n == 0 || seconds[n - 1] < second), "{second}: {n}");
    }
}

#[tokio::test]
async fn another_rooms_rows_are_none_of_this_one() {
    let (store, room) = filled(vec![timed(10)]).await;
    let other = store.room(&crate::support::name("2")).await.unwrap();
    add(&store, other, Where::End, vec![timed(20)]).await;
    assert_eq!(of(&store, room, at(15)).await, "-");
    assert_eq!(of(&store, other, at(15)).await, "20");
}

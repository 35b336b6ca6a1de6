//! Much was missed on a server with places: its newest page comes first, and the rest behind it, while a gap row stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story may panic")]

mod recovered;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use aside_history::{Change, Commit, Gap, GapState, NewRow, Row, RowKey, RowKind, Store, Where};
use aside_protocol::{Control, Entry, EntryId, Epoch, Nonce, Seq, ServerFrame};
use aside_session::{Connection, HttpReply, Session};
use support::fake::{Peer, World, message};
use support::*;

const S: fn(u64) -> Duration = Duration::from_secs;
/// One page of the newest, and what is there before anything is missed.
const PAGE: u64 = 250;
const HERE: u64 = 100;
const LAST: u64 = 2900;

fn world() -> World {
    let world = World::new();
    world.route(|request| {
        let able = r#"{"code":200,"data":{"extensions":["seq","ack","resume"]}}"#;
        let known = request.url.path().ends_with("capabilities");
        let (status, body) = if known { (200, able) } else { (404, "") };
        Ok(HttpReply { status, body: body.into(), ..HttpReply::default() })
    });
    world
}

fn placed(seq: u64) -> Entry {
    let id = Some(EntryId::new(format!("e{seq}")));
    Entry { id, seq: Some(Seq(seq)), ..message("bob", &format!("line {seq}")) }
}

fn lines(from: u64, to: u64) -> Vec<String> {
    numbered(usize::try_from(from).unwrap(), usize::try_from(to).unwrap())
}

async fn joined(peer: &mut Peer, epoch: &str, seq: u64, resumed: bool) {
    let (topic, epoch) = ("t".to_owned(), Epoch::new(epoch));
    let joined = Control::Joined { topic, epoch, seq: Seq(seq), resumed, removals: 0 };
    peer.raw(&ServerFrame::control_text(&joined)).await;
}

async fn tells(peer: &mut Peer, from: u64, to: u64) {
    for seq in from..=to {
        peer.say(&placed(seq)).await;
    }
    peer.live_for(Duration::from_millis(50)).await;
}

/// A room that was whole, and in which much was said while its link was cut. It is back, and was told nothing yet.
async fn cut(world: &World, store: &Store) -> (Session, Peer) {
    for seq in 1..=HERE {
        world.remember(placed(seq));
    }
    let session = world.join(store).await;
    let mut peer = world.accept().await;
    joined(&mut peer, "life", HERE, true).await;
    peer.live_for(S(1)).await;
    assert_eq!(texts(&session).await, lines(1, HERE));
    drop(peer);
    for seq in HERE + 1..=LAST {
        world.remember(placed(seq));
    }
    (session, world.accept().await)
}

/// The same, with the newest page there, and of the rest as much as up to here.
async fn told_up_to(world: &World, store: &Store, told: u64) -> (Session, Peer) {
    let (session, mut peer) = cut(world, store).await;
    joined(&mut peer, "life", LAST, true).await;
    peer.live_for(Duration::from_millis(50)).await;
    tells(&mut peer, HERE + 1, told).await;
    (session, peer)
}

/// What is there up to a place, what stands for the rest, and the newest page.
fn with_gap(told: u64) -> Vec<String> {
    [lines(1, told), vec!["<gap>".to_owned()], lines(LAST - PAGE + 1, LAST)].concat()
}

async fn gap(session: &Session) -> Gap {
    let found = rows(session).await.into_iter().find_map(|row| match row.kind {
        RowKind::Gap(gap) => Some(gap),
        RowKind::Entry(_) | RowKind::Boundary => None,
    });
    found.expect("a gap row")
}

fn stands(session: &Session) -> (Connection, bool) {
    let view = session.watch();
    let view = view.borrow();
    (view.connection.clone(), view.behind)
}

#[tokio::test(start_paused = true)]
async fn the_newest_are_there_before_what_is_told_in_order() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = told_up_to(&world, &store, HERE).await;
    assert_eq!(texts(&session).await, with_gap(HERE));
    let first = gap(&session).await;
    assert_eq!((first.state, first.missing), (GapState::Loading, Some(LAST - PAGE - HERE)));
    assert_eq!(stands(&session), (Connection::Syncing, true));
    tells(&mut peer, HERE + 1, 2000).await;
    assert_eq!(texts(&session).await, with_gap(2000));
    assert_eq!(gap(&session).await.missing, Some(LAST - PAGE - 2000));
    tells(&mut peer, 2001, LAST + 3).await;
    assert_eq!(texts(&session).await, lines(1, LAST + 3));
    assert_eq!(stands(&session), (Connection::Online, false));
    assert_eq!(session.watch().borrow().counters.recovered, LAST - HERE);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_meanwhile_and_what_is_lost_on_the_way_find_their_places() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = told_up_to(&world, &store, 1200).await;
    // 1201 gets lost, and people go on talking.
    tells(&mut peer, 1202, LAST).await;
    for seq in LAST + 1..=LAST + 5 {
        world.remember(placed(seq));
        tells(&mut peer, seq, seq).await;
        peer.live_for(Duration::from_millis(500)).await;
    }
    peer.live_for(S(1)).await;
    assert_eq!(texts(&session).await, lines(1, LAST + 5));
    assert_eq!(stands(&session), (Connection::Online, false));
}

#[tokio::test(start_paused = true)]
async fn a_cut_in_the_middle_loses_nothing() {
    let (world, store) = (world(), inline_store());
    let (session, peer) = told_up_to(&world, &store, 1200).await;
    drop(peer);
    // Until it is known that it is the same life of the room, nothing is put there.
    let mut peer = world.accept().await;
    peer.live_for(S(1)).await;
    assert_eq!(texts(&session).await, with_gap(1200));
    joined(&mut peer, "life", LAST, true).await;
    peer.live_for(S(1)).await;
    assert_eq!(texts(&session).await, lines(1, LAST));
    assert_eq!(stands(&session), (Connection::Online, false));
}

#[tokio::test(start_paused = true)]
async fn an_end_in_the_middle_loses_nothing() {
    let (world, store) = (world(), inline_store());
    let (session, peer) = told_up_to(&world, &store, 1200).await;
    drop((session, peer));
    let session = world.join(&store).await;
    assert_eq!(texts(&session).await, with_gap(1200));
    assert!(stands(&session).1);
    let mut peer = world.accept().await;
    // Much more was missed since.
    for seq in LAST + 1..=LAST + 1500 {
        world.remember(placed(seq));
    }
    joined(&mut peer, "life", LAST + 1500, true).await;
    tells(&mut peer, LAST + 1, LAST + 1500).await;
    peer.live_for(S(1)).await;
    assert_eq!(texts(&session).await, lines(1, LAST + 1500));
    assert_eq!(stands(&session), (Connection::Online, false));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_after_a_cut_in_the_middle_is_waited_for() {
    let (world, store) = (world(), inline_store());
    let (session, peer) = told_up_to(&world, &store, 1200).await;
    drop(peer);
    let mut peer = world.accept().await;
    // More than would be loaded without being told.
    let last = LAST + 2050;
    for seq in LAST + 1..=last {
        world.remember(placed(seq));
    }
    joined(&mut peer, "life", last, true).await;
    peer.live_for(Duration::from_millis(50)).await;
    assert_eq!(texts(&session).await, lines(1, LAST), "what is behind is not told any more");
    tells(&mut peer, LAST + 1, last).await;
    assert_eq!(texts(&session).await, lines(1, last));
    assert_eq!(stands(&session), (Connection::Online, false));
    assert_eq!(world.requests("chatmsg").len(), 4, "two newest pages, and twice of what is behind");
}

#[tokio::test(start_paused = true)]
async fn own_words_keep_their_places() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = cut(&world, &store).await;
    let before = session.send("before").await.unwrap();
    joined(&mut peer, "life", LAST, true).await;
    peer.live_for(Duration::from_millis(50)).await;
    session.send("meanwhile").await.unwrap();
    let expected = [with_gap(HERE), vec!["before".to_owned(), "meanwhile".to_owned()]].concat();
    assert_eq!(texts(&session).await, expected);
    let key = row_is(&session, "before", "is on its way", |_| true).await.key;
    tells(&mut peer, HERE + 1, 499).await;
    // Its other device said so: the server has it.
    let nonce = Some(Nonce::new(before.to_string()));
    peer.say(&Entry { nonce, content: "before".to_owned(), user: "me".to_owned(), ..placed(500) })
        .await;
    tells(&mut peer, 501, 600).await;
    let sent = row_is(&session, "before", "stands in the middle", is_sent).await;
    assert_eq!((sent.key, entry_of(&sent).entry.seq), (key, Some(Seq(500))));
    let mut expected = with_gap(600);
    expected[499] = "before".to_owned();
    expected.push("meanwhile".to_owned());
    assert_eq!(texts(&session).await, expected);
    tells(&mut peer, 601, LAST).await;
    assert!(peer.send_frame().await.contains("meanwhile"), "what waited goes out");
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_meanwhile_is_gone_on_the_page_and_behind_it() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = told_up_to(&world, &store, 1200).await;
    for (number, seq) in [(1, 2000), (2, 2850)] {
        let id = EntryId::new(format!("e{seq}"));
        let removed = Control::Removed { id, seq: Seq(seq), number };
        peer.raw(&ServerFrame::control_text(&removed)).await;
    }
    tells(&mut peer, 1201, LAST).await;
    let mut expected = lines(1, LAST);
    (expected[1999], expected[2849]) = (String::new(), String::new());
    assert_eq!(texts(&session).await, expected);
}

#[tokio::test(start_paused = true)]
async fn another_life_of_the_room_is_not_put_into_the_hole_of_this_one() {
    let (world, store) = (world(), inline_store());
    let (session, peer) = told_up_to(&world, &store, 1200).await;
    drop(peer);
    let mut peer = world.accept().await;
    joined(&mut peer, "another", LAST, true).await;
    peer.live_for(S(1)).await;
    let mut expected = with_gap(1200);
    expected.extend(["<boundary>".to_owned(), "<gap>".to_owned()]);
    expected.extend(lines(LAST - PAGE + 1, LAST));
    assert_eq!(texts(&session).await, expected);
    assert_eq!(gap(&session).await.state, GapState::Failed);
    assert_eq!(stands(&session), (Connection::Online, false));
}

#[tokio::test(start_paused = true)]
async fn without_a_newest_page_everything_comes_in_order() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = cut(&world, &store).await;
    world.break_history(true);
    joined(&mut peer, "life", LAST, true).await;
    tells(&mut peer, HERE + 1, 1200).await;
    assert_eq!(texts(&session).await, lines(1, 1200));
    tells(&mut peer, 1201, LAST).await;
    assert_eq!(texts(&session).await, lines(1, LAST));
    assert_eq!(stands(&session), (Connection::Online, false));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_in_time_stays_a_gap_row_that_can_be_loaded() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = told_up_to(&world, &store, 1200).await;
    world.break_history(true);
    peer.live_for(S(16)).await;
    assert_eq!(texts(&session).await, with_gap(1200));
    assert_eq!(gap(&session).await.state, GapState::Open);
    assert_eq!(stands(&session), (Connection::Online, false));
    world.break_history(false);
    for _page in 0..2 {
        let all = rows(&session).await;
        let gap = all.iter().find(|row| matches!(row.kind, RowKind::Gap(_))).unwrap().key;
        session.fill_gap(gap).await.unwrap();
    }
    assert_eq!(texts(&session).await, lines(1, LAST));
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_nobody_loads_any_more_can_be_loaded() {
    let (world, store) = (World::new(), inline_store());
    let session = world.join(&store).await;
    // Of a server without places, and of an earlier life of one with.
    let unplaced = Gap { state: GapState::Loading, from: None, to: None, missing: None };
    let earlier = Gap { from: Some(Seq(5)), to: Some(Seq(9)), missing: Some(5), ..unplaced };
    let row = |gap| NewRow { received_at: world.env(7).clock.now(), kind: RowKind::Gap(gap) };
    let rows_of = vec![row(unplaced), row(earlier)];
    let changes = vec![Change::Insert { at: Where::End, rows: rows_of }];
    store.commit(session.room(), Commit { changes, ..Commit::default() }).await.unwrap();
    drop(session);
    let session = world.join(&store).await;
    let open = |gap| RowKind::Gap(Gap { state: GapState::Open, ..gap });
    let kinds: Vec<_> = rows(&session).await.into_iter().map(|row| row.kind).collect();
    assert_eq!((kinds, stands(&session).1), (vec![open(unplaced), open(earlier)], false));
}

/// The first gap row.
async fn gap_key(session: &Session) -> RowKey {
    let all = rows(session).await;
    all.iter().find(|row| matches!(row.kind, RowKind::Gap(_))).expect("a gap row").key
}

#[tokio::test(start_paused = true)]
async fn of_a_gap_whose_beginning_the_server_forgot_the_rest_is_loaded_and_the_beginning_shown() {
    // More and less than a page after the beginning is the first that is there still.
    for first in [2501, 1501] {
        let (world, store) = (world(), inline_store());
        let (session, mut peer) = told_up_to(&world, &store, 1200).await;
        world.break_history(true);
        peer.live_for(S(16)).await;
        world.break_history(false);
        world.forget_all_but(usize::try_from(LAST - first + 1).unwrap());
        let mut key = gap_key(&session).await;
        while session.fill_gap(key).await.is_ok() {
            let all = rows(&session).await;
            let open =
                |row: &&Row| matches!(row.kind, RowKind::Gap(gap) if gap.state == GapState::Open);
            key = all.iter().find(open).map_or(gap_key(&session).await, |row| row.key);
        }
        let whole = [lines(1, 1200), vec!["<gap>".to_owned()], lines(first, LAST)].concat();
        assert_eq!(texts(&session).await, whole);
        let left = gap(&session).await;
        assert_eq!(
            (left.state, left.from, left.to),
            (GapState::Failed, Some(Seq(1201)), Some(Seq(first - 1)))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_of_an_earlier_life_of_the_room_is_not_filled_from_this_one() {
    let (world, store) = (world(), inline_store());
    let (session, peer) = told_up_to(&world, &store, 1200).await;
    drop(peer);
    let mut peer = world.accept().await;
    joined(&mut peer, "another", LAST, true).await;
    peer.live_for(S(1)).await;
    let before = texts(&session).await;
    session.fill_gap(gap_key(&session).await).await.unwrap_err();
    assert_eq!(texts(&session).await, before);
    // The one behind the line is of this life.
    let all = rows(&session).await;
    let last = all.iter().rfind(|row| matches!(row.kind, RowKind::Gap(_))).unwrap().key;
    session.fill_gap(last).await.unwrap();
    assert_eq!(texts(&session).await.len(), before.len() + 1000);
}

//! What came back after an outage is told until it was read.

use aside_history::Place;
use aside_session::Session;

use super::*;

fn recovered(session: &Session) -> Option<(u64, Place, Place)> {
    let view = session.watch();
    let view = view.borrow();
    view.recovered.map(|all| (all.count, all.first.0, all.last.0))
}

/// The places of lines, as they are numbered.
async fn places(session: &Session) -> Vec<Place> {
    let none = [Place(i64::MIN)].into_iter();
    none.chain(rows(session).await.into_iter().map(|row| row.place)).collect()
}

/// The link is cut, so many lines are said, and it is back and whole.
async fn outage(world: &World, mut peer: Peer, from: u64, to: u64) -> Peer {
    peer.live_for(S(1)).await;
    drop(peer);
    peer = world.accept().await;
    joined(&mut peer, "life", to, true).await;
    tells(&mut peer, from, to).await;
    peer
}

#[tokio::test(start_paused = true)]
async fn what_came_back_after_an_outage_is_told_until_it_was_read() {
    let (world, store) = (world(), inline_store());
    for seq in 1..=HERE {
        world.remember(placed(seq));
    }
    let session = world.join(&store).await;
    let mut peer = world.accept().await;
    joined(&mut peer, "life", HERE, true).await;
    tells(&mut peer, 101, 102).await;
    assert_eq!(recovered(&session), None);
    let mut peer = outage(&world, peer, 103, 112).await;
    tells(&mut peer, 113, 113).await;
    let at = places(&session).await;
    assert_eq!(recovered(&session), Some((10, at[103], at[112])));
    session.mark_read(at[111]).await.unwrap();
    assert!(recovered(&session).is_some(), "the last of it is still to be read");
    let peer = outage(&world, peer, 114, 115).await;
    let at = places(&session).await;
    assert_eq!(recovered(&session), Some((12, at[103], at[115])), "and so is all of both");
    session.mark_read(at[115]).await.unwrap();
    assert_eq!(recovered(&session), None);
    let peer = outage(&world, peer, 116, 116).await;
    let at = places(&session).await;
    assert_eq!(recovered(&session), Some((1, at[116], at[116])));
    session.close().await;
    drop(peer);
    let session = world.join(&store).await;
    let mut peer = world.accept().await;
    joined(&mut peer, "life", 118, true).await;
    tells(&mut peer, 117, 118).await;
    assert_eq!(session.watch().borrow().counters.recovered, 2);
    assert_eq!(recovered(&session), None, "what was said before the room was opened is no outage");
}

#[tokio::test(start_paused = true)]
async fn what_came_in_above_what_was_read_is_told_until_the_next_outage() {
    let (world, store) = (world(), inline_store());
    let (session, mut peer) = told_up_to(&world, &store, 1200).await;
    let end = places(&session).await.pop().unwrap();
    session.mark_read(end).await.unwrap();
    tells(&mut peer, 1201, LAST + 1).await;
    let at = places(&session).await;
    let [first, last] = [HERE + 1, LAST].map(|seq| at[usize::try_from(seq).unwrap()]);
    assert_eq!(recovered(&session), Some((LAST - HERE, first, last)));
    session.mark_read(*at.last().unwrap()).await.unwrap();
    assert!(recovered(&session).is_some(), "nobody has come past it");
    let _peer = outage(&world, peer, LAST + 2, LAST + 3).await;
    assert_eq!(recovered(&session).map(|(count, ..)| count), Some(2));
}

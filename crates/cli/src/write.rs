//! Saying something in a room, and waiting until it is known what became of it.

use std::time::Duration;

use aside_history::{Anchor, Delivery, LocalId, Row};
use aside_protocol::EntryId;
use aside_session::{SendError, SessionError, Settled};

use crate::line::{Line, remark};
use crate::room::{Arrival, Outcome, Room, Stop, told_to_stop};

/// Rows among which one's own newest is looked for.
const RECENT: u32 = 200;

/// Says something.
pub(crate) async fn send(room: &Room, text: &str, patience: Duration) -> anyhow::Result<Outcome> {
    // From before anything is in the outbox: what a kill leaves there goes out with the next command.
    let stop = told_to_stop();
    settle(room, room.session.send(text).await, stop, patience).await
}

/// Asks a question; as [`send`].
pub(crate) async fn ask(room: &Room, text: &str, patience: Duration) -> anyhow::Result<Outcome> {
    let stop = told_to_stop();
    settle(room, room.session.ask(text).await, stop, patience).await
}

/// Answers a question. Whether this server and this person may answer is only known once the room has been entered.
pub(crate) async fn answer(
    room: &Room,
    question: EntryId,
    text: &str,
    patience: Duration,
) -> anyhow::Result<Outcome> {
    let mut stop = told_to_stop();
    let arrival = tokio::select! {
        arrival = room.arrive(patience) => arrival,
        () = &mut stop => {
            remark!("stopped; it was not sent");
            return Ok(Outcome::Failed);
        }
    };
    match arrival {
        Arrival::Online => {
            settle(room, room.session.answer(question, text).await, stop, patience).await
        }
        arrival => Ok(room.explain(arrival)),
    }
}

/// Waits for the end of what was taken into the outbox, at most `patience` long, and until the process is told to stop.
async fn settle(
    room: &Room,
    sent: Result<LocalId, SendError>,
    stop: Stop,
    patience: Duration,
) -> anyhow::Result<Outcome> {
    let id = match sent {
        Ok(id) => id,
        Err(error @ (SendError::Empty | SendError::TooLong { .. })) => {
            remark!("{error}");
            return Ok(Outcome::Usage);
        }
        Err(error @ SendError::NotOffered) => {
            remark!("this server does not let this token do that ({error})");
            return Ok(Outcome::Refused);
        }
        Err(error @ (SendError::Full | SendError::Closed | SendError::Outbox(_))) => {
            return Err(error.into());
        }
    };
    let settled = tokio::select! {
        biased;
        settled = room.session.settled(id) => Ok(settled?),
        arrival = refused(room) => { take_back(room, id).await?; return Ok(room.explain(arrival)) }
        () = stop => Err("stopped"),
        () = tokio::time::sleep(patience) => Err("not confirmed in time"),
    };
    match settled {
        Ok(Settled::Sent { id: entry, seq }) => {
            aside_failpoint::at("cli.settled");
            if room.json
                && let Some(row) = own_row(room, id).await?
            {
                // The server's word may come before its entry does: the row learns its name only from that.
                let mut line = Line::row(&row);
                line.id = line.id.or_else(|| entry.map(|entry| entry.as_str().to_owned()));
                line.seq = line.seq.or_else(|| seq.map(|seq| seq.0));
                line.print(true)?;
            }
            Ok(Outcome::Done)
        }
        Ok(Settled::InReview { id: submission }) => {
            remark!("taken; staff look at it before the room sees it");
            if room.json
                && let Some(row) = own_row(room, id).await?
            {
                let line = Line { id: Some(submission.as_str().to_owned()), ..Line::row(&row) };
                line.print(true)?;
            }
            Ok(Outcome::Done)
        }
        Ok(Settled::Failed { code, reason }) => {
            remark!("not sent ({code}) {}", reason.escape_debug());
            take_back(room, id).await?;
            Ok(Outcome::Refused)
        }
        Ok(Settled::Unsure) => {
            remark!("the connection was lost before the server confirmed it; it may have arrived");
            Ok(Outcome::Failed)
        }
        Err(why) => {
            let taken_back = take_back(room, id).await?;
            let end = if taken_back { "it was not sent" } else { "it may have arrived" };
            remark!("{why}; {end}");
            Ok(Outcome::Failed)
        }
    }
}

/// Ends only when the server will not have us.
async fn refused(room: &Room) -> Arrival {
    loop {
        if room.arrive(Duration::MAX).await == Arrival::Refused {
            return Arrival::Refused;
        }
        let mut view = room.session.watch();
        view.mark_unchanged();
        if view.changed().await.is_err() {
            return Arrival::Refused;
        }
    }
}

/// Takes something out of the outbox that never left (or was refused), so that no later command sends it unasked.
async fn take_back(room: &Room, id: LocalId) -> Result<bool, SessionError> {
    let Some(row) = own_row(room, id).await? else { return Ok(false) };
    let untouched = row.entry().is_some_and(|entry| match entry.delivery {
        Delivery::Sending | Delivery::Failed { .. } => true,
        Delivery::Received | Delivery::Sent | Delivery::Unsure | Delivery::InReview => false,
    });
    Ok(untouched && room.session.discard(row.key).await.is_ok())
}

async fn own_row(room: &Room, id: LocalId) -> Result<Option<Row>, SessionError> {
    let page = room.session.page(Anchor::End, RECENT).await?;
    Ok(page
        .rows
        .into_iter()
        .find(|row| row.entry().is_some_and(|entry| entry.local_id == Some(id))))
}

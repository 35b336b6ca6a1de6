//! The handshake, and who gets one.

use aside_protocol::close;
use serde_json::json;
use tokio::time::Instant;

use crate::check::engine::{Judged, Probe, broken, probe, stuck};
use crate::check::member::{Got, Member, holds};
use crate::check::stage::{NotOpen, Stage};

pub(super) fn probes() -> Vec<Probe> {
    vec![probe!(
        "socket.open",
        [],
        "One WebSocket per room. The handshake carries `Authorization: <token>` (the bare token, no `Bearer`) and `content-type: application/json`.",
        "Answer the upgrade with 101 when the Authorization header is the token itself. If the socket is not at /ws of this server, name it with --ws.",
        open
    )]
}

/// Who gets none; found out by those who are in.
pub(super) fn strangers() -> Vec<Probe> {
    vec![
        probe!(
            "token.wrong",
            ["talk.others"],
            "A token that the server does not know opens no room.",
            "Look the Authorization header up before the upgrade, and answer 401 if it is unknown (or close at once with 4401).",
            wrong_token
        ),
        probe!(
            "token.none",
            ["talk.others"],
            "Without a token there is no room.",
            "Refuse a handshake without Authorization: 401 before the upgrade.",
            no_token
        ),
        probe!(
            "token.frame",
            ["talk.others"],
            "Every frame carries the token: one with another token in it says nothing in the room.",
            "Compare the `token` of each frame with that of the handshake, and drop the frame or close with 4401.",
            frame_token
        ),
        probe!(
            "token.topic",
            ["talk.others"],
            "The join names the topic: who joins another topic does not hear this room.",
            "Deliver entries to those alone who joined their topic; close with 4403 if the token is not for it.",
            other_topic
        ),
    ]
}

async fn open(stage: &mut Stage) -> Judged {
    match stage.open(Some(&stage.token)).await {
        Ok(_) => {}
        Err(NotOpen { status: Some(status @ (401 | 403)), .. }) => {
            return stuck(format!(
                "the server refuses this token with {status}: if it is the right one for this room, the server does not take it bare from the Authorization header"
            ));
        }
        Err(NotOpen { words, .. }) => return broken(words),
    }
    super::heartbeat::hold(stage).await;
    Ok("the socket opened".to_owned())
}

/// What a stranger on an open socket gets: nothing of the room, or the sentence is broken.
async fn stranger(stage: &mut Stage, mut stranger: Member, joined: &str) -> Judged {
    let mut pair = stage.pair().await?;
    stranger.frame(3, &json!({ "topic": joined }).to_string()).await;
    // A join that is only just being read when the first thing is said has been read when the second is.
    for _ in 0..2 {
        let words = stage.mark();
        stage.say(&mut pair.ann, &words, json!({})).await;
        pair.bob.object("message of another", |entry| holds(entry, &words)).await?;
        // Whoever was told before this one has been told by now; the network may be a little behind.
        let until = Instant::now() + stage.step / 5;
        loop {
            match stranger.next(until).await {
                Got::Closed(code) => {
                    stage.keep(pair);
                    return Ok(format!("closed with {code}"));
                }
                Got::Silence => break,
                got if got.object().is_some_and(|entry| holds(&entry, &words)) => {
                    stage.keep(pair);
                    return broken("it was told what is said in the room");
                }
                Got::Frame { .. } | Got::Noise => {}
            }
        }
    }
    stage.keep(pair);
    Ok("open, and told nothing".to_owned())
}

async fn wrong_token(stage: &mut Stage) -> Judged {
    let wrong = stage.wrong_token();
    match stage.open(Some(&wrong)).await {
        Err(NotOpen { status: Some(status @ 400..500), .. }) => Ok(format!("HTTP {status}")),
        Err(NotOpen { words, .. }) => broken(format!("refused, but not in words of HTTP: {words}")),
        Ok(member) => {
            let topic = member.topic.clone();
            stranger(stage, member, &topic).await
        }
    }
}

async fn no_token(stage: &mut Stage) -> Judged {
    match stage.open(None).await {
        Err(NotOpen { status: Some(status @ 400..500), .. }) => Ok(format!("HTTP {status}")),
        Err(NotOpen { words, .. }) => broken(format!("refused, but not in words of HTTP: {words}")),
        Ok(mut member) => {
            member.token = stage.wrong_token();
            let topic = member.topic.clone();
            stranger(stage, member, &topic).await
        }
    }
}

async fn frame_token(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let mut liar = stage.opened(&stage.token).await?;
    liar.join().await;
    let (wrong, words) = (stage.wrong_token(), stage.mark());
    let payload = stage.message(&liar.topic, &words, json!({}));
    liar.frame_as(wrong.expose(), 2, &payload).await;
    // It is known to have been read when the socket closed, or when what was said after it came back.
    let fence = stage.mark();
    stage.say(&mut liar, &fence, json!({})).await;
    let code = match liar.until("end", |entry| holds(entry, &fence)).await {
        Ok(heard) if heard.iter().any(|entry| holds(entry, &words)) => {
            return broken("what came with a wrong token was said in the room");
        }
        Ok(_) => None,
        Err(_) => liar.ended,
    };
    let after = stage.mark();
    stage.say(&mut pair.ann, &after, json!({})).await;
    let heard = pair.bob.until("message of another", |entry| holds(entry, &after)).await?;
    if heard.iter().any(|entry| holds(entry, &words)) {
        return broken("what came with a wrong token was said in the room");
    }
    stage.keep(pair);
    match code {
        Some(code) if stage.beyond_core() && code != close::TOKEN_REFUSED => {
            Ok(format!("dropped; the socket closed with {code} (see refusals.4401)"))
        }
        Some(code) => Ok(format!("dropped; the socket closed with {code}")),
        None => Ok("dropped".to_owned()),
    }
}

async fn other_topic(stage: &mut Stage) -> Judged {
    let member = stage.opened(&stage.token).await?;
    let elsewhere = format!("{}-aside-check-elsewhere", member.topic);
    stranger(stage, member, &elsewhere).await
}

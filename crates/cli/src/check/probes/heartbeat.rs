//! Signs of life.

use std::time::Duration;

use aside_protocol::Extension;
use serde_json::json;
use tokio::time::Instant;

use crate::check::engine::{Judged, Probe, broken, probe, stuck};
use crate::check::member::{Got, Member, holds, is_entry};
use crate::check::stage::Stage;

/// As often as the protocol asks for.
const EVERY: Duration = Duration::from_secs(5);
/// 2001: whatever is smaller is no time in milliseconds.
const FIRST_MS: u64 = 1_000_000_000_000;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "heartbeat.taken",
            ["talk.echo"],
            "Type 1, heartbeat: `payLoad` is \"\". The reply is optional, and is no entry.",
            "Take a type 1 frame as a sign of life: do not close, and do not broadcast anything.",
            taken
        ),
        probe!(
            "heartbeat.reply",
            ["heartbeat.taken"],
            "`heartbeat`: a type 1 frame is answered by {\"type\": \"heartbeat\", \"time\": <epoch ms>}.",
            "Answer each type 1 frame with {\"code\":200,\"data\":\"{\\\"type\\\":\\\"heartbeat\\\",\\\"time\\\":1538980200000}\"}.",
            reply
        ),
        probe!(
            "heartbeat.lasts",
            ["socket.open"],
            "A heartbeat every 5 s keeps the socket open.",
            "Do not close a socket that says something every 5 s; give up after 20 s of silence, not sooner.",
            lasts
        ),
    ]
}

/// Opens a socket that does nothing but live, while the other probes go on.
pub(super) async fn hold(stage: &mut Stage) {
    let Ok(mut member) = stage.opened(&stage.token).await else { return };
    member.join().await;
    let end = Instant::now() + stage.hold;
    stage.held = Some(tokio::spawn(live(member, end)));
}

async fn live(mut member: Member, end: Instant) -> Judged {
    let began = Instant::now();
    while Instant::now() < end {
        member.beat().await;
        let until = end.min(Instant::now() + EVERY);
        loop {
            match member.next(until).await {
                Got::Closed(code) => {
                    let after = began.elapsed().as_secs();
                    return broken(format!("the socket closed with {code} after {after} s"));
                }
                Got::Silence => break,
                Got::Frame { .. } | Got::Noise => {}
            }
        }
    }
    Ok(format!("open for {} s", began.elapsed().as_secs()))
}

async fn lasts(stage: &mut Stage) -> Judged {
    let Some(held) = stage.held.take() else { return stuck("a second socket did not open") };
    held.await.unwrap_or_else(|_| stuck("the probe itself broke"))
}

async fn taken(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    for _ in 0..2 {
        pair.ann.beat().await;
    }
    let words = stage.mark();
    stage.say(&mut pair.ann, &words, json!({})).await;
    let heard = pair.ann.until("echo after two heartbeats", |entry| holds(entry, &words)).await?;
    if let Some(entry) = heard.iter().find(|object| is_entry(object) && object["content"] == "") {
        return broken(format!("a heartbeat became an entry: {entry}"));
    }
    stage.keep(pair);
    Ok("the socket goes on".to_owned())
}

async fn reply(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Heartbeat)?;
    let mut member = stage.opened(&stage.token).await?;
    member.beat().await;
    let reply =
        member.object("reply to a heartbeat", |object| object["type"] == "heartbeat").await?;
    match reply["time"].as_u64() {
        Some(time) if time >= FIRST_MS => Ok(format!("time {time}")),
        _ => broken(format!("`time` is no time in milliseconds: {}", reply["time"])),
    }
}

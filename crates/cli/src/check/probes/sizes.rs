//! What has to pass, and what must not break anything.

use aside_protocol::limits::{CONTENT_BYTES, FRAME_BYTES};
use serde_json::{Value, json};

use crate::check::engine::{Judged, Probe, broken, probe};
use crate::check::member::holds;
use crate::check::stage::Stage;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "sizes.text",
            ["talk.echo"],
            "A text of up to 8 KiB passes, unless the server names another limit.",
            "Take texts of 8192 bytes whole (a frame may have 64 KiB), or announce limits.contentBytes.",
            text
        ),
        probe!(
            "sizes.too-long",
            ["sizes.text"],
            "A text beyond the limit is refused, never cut.",
            "Refuse it whole: with a notice or a nack on the socket, with 413 over HTTP.",
            too_long
        ),
        probe!(
            "sizes.frame",
            ["talk.others"],
            "A frame over 64 KiB, and frames that are no JSON, are one client's fault: the room goes on for the others.",
            "Close that socket (1009 for too large), and no other.",
            frame
        ),
    ]
}

fn limit(stage: &Stage) -> usize {
    stage.known.content_bytes.unwrap_or(CONTENT_BYTES)
}

/// A text of so many bytes that begins with these words.
fn long(words: &str, bytes: usize) -> String {
    format!("{words}{}", "x".repeat(bytes.saturating_sub(words.len())))
}

async fn text(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let words = stage.mark();
    // Larger ones would not fit into a frame.
    let bytes = limit(stage).min(FRAME_BYTES / 2);
    let text = long(&words, bytes);
    stage.say(&mut pair.ann, &text, json!({})).await;
    let entry = pair.ann.object("echo", |entry| holds(entry, &words)).await?;
    stage.keep(pair);
    match entry["content"] == text.as_str() {
        true => Ok(format!("{bytes} bytes came back")),
        false => {
            let back = entry["content"].as_str().map_or(0, str::len);
            broken(format!("{bytes} bytes were said, {back} came back"))
        }
    }
}

async fn too_long(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let (words, fence) = (stage.mark(), stage.mark());
    let text = long(&words, limit(stage) + 1);
    stage.say(&mut pair.ann, &text, json!({})).await;
    stage.say(&mut pair.ann, &fence, json!({})).await;
    let heard = match pair.ann.until("echo", |entry| holds(entry, &fence)).await {
        Ok(heard) => heard,
        Err(_) if pair.ann.ended.is_some() => return Ok("refused by closing the socket".to_owned()),
        Err(flaw) => return Err(flaw),
    };
    stage.keep(pair);
    match heard.iter().find(|entry| holds(entry, &words)) {
        Some(entry) if entry["content"] != text.as_str() => broken("it was cut"),
        Some(_) => Ok("it is taken whole".to_owned()),
        None => Ok("refused".to_owned()),
    }
}

async fn frame(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let mut rude = stage.opened(&stage.token).await?;
    rude.join().await;
    for garbage in ["", "x", "null", "[]", "{}", "{\"type\":99}", "{\"type\":3,\"payLoad\":7}"] {
        rude.text(garbage.to_owned()).await;
    }
    rude.text("[".repeat(1000)).await;
    let huge = Value::from("x".repeat(FRAME_BYTES)).to_string();
    rude.frame(2, &huge).await;
    let words = stage.mark();
    stage.say(&mut pair.ann, &words, json!({})).await;
    pair.ann
        .object("echo, after another socket sent garbage", |entry| holds(entry, &words))
        .await?;
    pair.bob
        .object("message, after another socket sent garbage", |entry| holds(entry, &words))
        .await?;
    stage.keep(pair);
    Ok("the others were not disturbed".to_owned())
}

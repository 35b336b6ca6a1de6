//! What is said on the socket, and what comes back of it.

use serde_json::{Value, json};

use crate::check::engine::{Judged, Probe, broken, probe};
use crate::check::member::holds;
use crate::check::stage::Stage;

/// How many messages in a row.
const ROW: usize = 5;

/// What encodings break on: each of these has to survive three of them.
const HARD: &str =
    "\"quoted\" \\ back\\\\slash {\"json\":\"{}\"} \n\t 中文 几点? 😀 é <b>&amp;</b> \u{2028} end";

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "talk.echo",
            ["socket.open"],
            "Type 3 joins, type 2 sends. The server echoes a sender's own message back to it as an ordinary broadcast.",
            "On a type 2 frame, broadcast {\"code\":200,\"data\":\"<the entry as JSON text>\"} to everybody who joined the topic, the sender included. Mind `payLoad` with a capital L, and that it is JSON text within JSON.",
            echo
        ),
        probe!(
            "talk.others",
            ["talk.echo"],
            "Whoever has joined hears what the others say.",
            "Broadcast every message to all sockets that joined the topic, also to several of the same user.",
            others
        ),
        probe!(
            "talk.once",
            ["talk.echo"],
            "A message is broadcast once.",
            "Deliver each message once to each socket: look for a second delivery, or a socket that is on the list twice.",
            once
        ),
        probe!(
            "talk.order",
            ["talk.others"],
            "What one member says is heard in that order, by everybody.",
            "Handle the frames of a socket one after the other, and broadcast in the order in which entries were stored.",
            order
        ),
        probe!(
            "talk.text",
            ["talk.echo"],
            "The message is encoded three times; its `content` is plain text and comes back as it was said.",
            "Decode `payLoad`, then `chatInfo`, each as JSON, and encode the entry anew for `data`. Change nothing in `content`: no escaping, trimming or filtering.",
            text
        ),
        probe!(
            "talk.sender",
            ["talk.others"],
            "An entry says who sent it: `user` and `displayName`.",
            "Fill in `user` and `displayName` (from the token, or as the frame has them).",
            sender
        ),
    ]
}

async fn echo(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let words = stage.mark();
    stage.say(&mut pair.ann, &words, json!({})).await;
    let entry = pair.ann.object("echo of one's own message", |entry| holds(entry, &words)).await?;
    if entry["type"] != "message" {
        return broken(format!("the echo is a {}", entry["type"]));
    }
    stage.keep(pair);
    stage.lines.push(words);
    stage.in_room = true;
    Ok("the echo came".to_owned())
}

async fn others(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let words = stage.mark();
    stage.say(&mut pair.ann, &words, json!({})).await;
    pair.bob.object("message of another member", |entry| holds(entry, &words)).await?;
    stage.keep(pair);
    stage.lines.push(words);
    Ok("the other member heard it".to_owned())
}

async fn once(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let (words, fence) = (stage.mark(), stage.mark());
    stage.say(&mut pair.ann, &words, json!({})).await;
    stage.say(&mut pair.ann, &fence, json!({})).await;
    let heard = pair.ann.until("echo", |entry| holds(entry, &fence)).await?;
    let times = heard.iter().filter(|entry| holds(entry, &words)).count();
    if times > 1 {
        return broken(format!("it came {times} times"));
    }
    stage.keep(pair);
    stage.lines.extend([words, fence]);
    Ok("it came once".to_owned())
}

async fn order(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let said: Vec<String> = (0..ROW).map(|_| stage.mark()).collect();
    for words in &said {
        stage.say(&mut pair.ann, words, json!({})).await;
    }
    for (who, member) in [("the sender", &mut pair.ann), ("the other member", &mut pair.bob)] {
        let mut heard: Vec<String> = Vec::new();
        while said.iter().any(|words| !heard.contains(words)) {
            let entry =
                member.object("further message", |entry| of(&said, entry).is_some()).await?;
            heard.extend(of(&said, &entry).cloned());
        }
        heard.dedup();
        if heard != said {
            return broken(format!("{who} heard them in another order: {}", heard.join(" ")));
        }
    }
    stage.keep(pair);
    stage.lines.extend(said);
    Ok(format!("{ROW} messages in order, for both"))
}

/// Which of these an entry says.
fn of<'a>(said: &'a [String], entry: &Value) -> Option<&'a String> {
    said.iter().find(|words| holds(entry, words))
}

async fn text(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let mark = stage.mark();
    let words = format!("{mark} {HARD}");
    stage.say(&mut pair.ann, &words, json!({})).await;
    let entry = pair.ann.object("echo", |entry| holds(entry, &mark)).await?;
    if entry["content"] != words.as_str() {
        return broken(format!("said {}, heard {}", Value::from(words), entry["content"]));
    }
    stage.keep(pair);
    Ok("letter by letter".to_owned())
}

async fn sender(stage: &mut Stage) -> Judged {
    let mut pair = stage.pair().await?;
    let words = stage.mark();
    stage.say(&mut pair.ann, &words, json!({})).await;
    let entry = pair.bob.object("message of another member", |entry| holds(entry, &words)).await?;
    stage.keep(pair);
    let expected = stage.known.identity.as_ref().map(|who| who.user.as_str());
    match (entry["user"].as_str().unwrap_or_default(), expected) {
        (user, Some(expected)) if user != expected => {
            broken(format!("`user` is \"{user}\", but the token is for \"{expected}\""))
        }
        // "Any field but type may be missing, null or empty."
        ("", _) => Ok("`user` is empty, which is allowed".to_owned()),
        (user, _) => Ok(format!("`user` is {user}")),
    }
}

//! The form of everything that was heard until now: these send nothing.

use aside_protocol::CreatedAt;
use serde_json::Value;

use crate::check::engine::{Judged, Probe, broken, probe, stuck};
use crate::check::log::Place;
use crate::check::member::is_entry;
use crate::check::stage::Stage;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "entries.frames",
            ["socket.open"],
            "Server to client: text frames, {\"code\": <int>, \"data\": \"<JSON string of one entry>\"}.",
            "Send text frames alone. `code` is a number without quotes; `data` is a string: encode the entry to JSON text first, then put that text into the frame.",
            frames
        ),
        probe!(
            "entries.fields",
            ["talk.echo"],
            "{\"type\", \"user\", \"displayName\", \"avatarurl\", \"stream\", \"content\", \"createdat\", …}: any field but `type` may be missing, null or empty.",
            "Write these fields as text (`createdat` also as a number). `content` is a string, for questions and answers, too: the JSON text of their object.",
            fields
        ),
        probe!(
            "entries.createdat",
            ["talk.echo"],
            "`createdat` is met as `2018-10-8 14:30`, `2018-10-08 14:30:05`, ISO 8601, epoch seconds or milliseconds (number or string), or absent.",
            "Write the time in one of these forms; epoch milliseconds are the surest.",
            created_at
        ),
        probe!(
            "entries.answers",
            ["history.reply"],
            "`answer`: `content` is the JSON string of {\"orgName\", \"orgLogo\", \"question\", \"answer\"}, and `displayName` is the asker's name.",
            "Encode that object to JSON text and put the text into `content`.",
            answers
        ),
        probe!(
            "entries.json",
            ["history.reply"],
            "What is answered over HTTP is JSON, and says so.",
            "Set `content-type: application/json`; a page of HTML is taken for a network's sign-in page.",
            json_replies
        ),
        probe!(
            "entries.sizes",
            ["socket.open"],
            "A message from the server is at most 256 KiB, a page of history 16 MiB.",
            "Refuse texts that make larger ones, and give smaller pages; clients cut the connection.",
            sizes
        ),
    ]
}

fn first_of(count: usize, what: &str, faults: &[String]) -> Judged {
    match faults.first() {
        Some(fault) => broken(fault.clone()),
        None => Ok(format!("{count} {what}")),
    }
}

async fn frames(stage: &mut Stage) -> Judged {
    let (count, faults) = stage.log.frame_faults();
    if count == 0 && faults.is_empty() {
        return stuck("no frame came at all");
    }
    first_of(count, "frames", &faults)
}

async fn json_replies(stage: &mut Stage) -> Judged {
    let (count, faults) = stage.log.reply_faults();
    first_of(count, "replies", &faults)
}

async fn sizes(stage: &mut Stage) -> Judged {
    match stage.log.size_faults().first() {
        Some(fault) => broken(fault.clone()),
        None => Ok("nothing was larger".to_owned()),
    }
}

fn where_is(place: Place) -> &'static str {
    match place {
        Place::Socket => "on the socket",
        Place::History => "in the history",
    }
}

async fn fields(stage: &mut Stage) -> Judged {
    let entries = stage.log.entries();
    for (place, entry) in &entries {
        for name in ["user", "displayName", "avatarurl", "stream", "content"] {
            if !matches!(entry[name], Value::Null | Value::String(_)) {
                return broken(format!("{}: `{name}` is no text: {entry}", where_is(*place)));
            }
        }
    }
    Ok(format!("{} entries", entries.len()))
}

fn is_time(time: &Value) -> bool {
    match time {
        Value::Null => true,
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64))
            .is_some_and(|number| CreatedAt::from_epoch(number).is_some()),
        Value::String(text) => text.is_empty() || CreatedAt::parse(text).is_some(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

async fn created_at(stage: &mut Stage) -> Judged {
    let entries = stage.log.entries();
    let wrong = entries.iter().find(|(_, entry)| is_entry(entry) && !is_time(&entry["createdat"]));
    match wrong {
        Some((place, entry)) => {
            broken(format!("{}: `createdat` is {}", where_is(*place), entry["createdat"]))
        }
        None => Ok(format!("{} entries", entries.len())),
    }
}

async fn answers(stage: &mut Stage) -> Judged {
    let entries = stage.log.entries();
    let mut count = 0;
    for (place, entry) in entries.iter().filter(|(_, entry)| entry["type"] == "answer") {
        count += 1;
        let content: Value =
            serde_json::from_str(entry["content"].as_str().unwrap_or_default()).unwrap_or_default();
        if !content["answer"].is_string() || !content["question"].is_string() {
            return broken(format!("{}: {entry}", where_is(*place)));
        }
    }
    if count == 0 {
        return stuck(
            "there is no answer in the newest part of the room: answer a question, and check again",
        );
    }
    Ok(format!("{count} answers"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_those_that_the_protocol_names() {
        for good in [
            json!(null),
            json!(""),
            json!("2018-10-8 14:30"),
            json!(1_538_980_205),
            json!("1538980205000"),
        ] {
            assert!(is_time(&good), "{good}");
        }
        for bad in [json!("yesterday"), json!(true), json!([1]), json!("14:30 08.10.2018")] {
            assert!(!is_time(&bad), "{bad}");
        }
    }
}

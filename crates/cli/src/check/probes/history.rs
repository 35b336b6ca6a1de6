//! The history: whether what was said stands there, in which order, and in which pages.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::check::engine::{Flaw, Judged, Probe, broken, foreign, probe, stuck};
use crate::check::log::Place;
use crate::check::member::holds;
use crate::check::stage::Stage;
use crate::check::web::Page;

/// Enough for what was said here, and for some more of others.
const WIDE: u32 = 100;
/// A small page.
const SMALL: u32 = 3;
/// The most entries of a page.
const MOST: usize = 1000;
/// How often a history that is behind is asked again.
const AGAIN: Duration = Duration::from_millis(200);
/// How often one looks for a moment in which nobody speaks.
const TRIES: usize = 4;
/// A page that no room reaches.
const BEYOND: u64 = 1_000_000;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "history.reply",
            [],
            "`GET api/message/chatmsg?page=&type=&resultsPerPage=&stream=`. Reply `{\"code\": 200, \"data\": {\"items\": [entry, …]}}`.",
            "Answer with that object; `items` is an array of entries as they stand in `data` on the socket, and empty for a room without any.",
            reply
        ),
        probe!(
            "history.holds",
            ["history.reply", "talk.echo"],
            "What was said stands in the history.",
            "Store an entry before it is broadcast, and read the newest page from the same place.",
            all_there
        ),
        probe!(
            "history.same",
            ["history.holds"],
            "An entry is the same on the socket and in the history.",
            "Write `content`, `user` and `displayName` of an entry with the same code in both places; clients tell entries without ids apart by these.",
            same
        ),
        probe!(
            "history.order",
            ["history.holds"],
            "Oldest first inside a page.",
            "Sort each page by the order in which entries were stored, oldest first. (Clients recognise newest first by `createdat`, but not within one minute or second.)",
            order
        ),
        probe!(
            "history.pages",
            ["history.holds"],
            "`page` counts from 1 = newest page; `resultsPerPage` is how many entries make one.",
            "Skip (page - 1) * resultsPerPage entries from the newest end, then take resultsPerPage.",
            pages
        ),
        probe!(
            "history.end",
            ["history.reply"],
            "A page beyond the oldest entry has no items.",
            "Answer with 200 and empty `items`; a page that is given again and again makes clients page for ever.",
            end
        ),
        probe!(
            "history.kinds",
            ["history.holds", "ask.content"],
            "`type` empty = all kinds; otherwise that kind alone.",
            "Filter by `type` before counting pages: message, question or answer.",
            kinds
        ),
        probe!(
            "history.thousand",
            ["history.reply"],
            "Up to 1000 per page.",
            "Take resultsPerPage=1000, and give at most 1000 items whatever is asked for.",
            thousand
        ),
        probe!(
            "history.wrong-token",
            ["history.holds"],
            "The history takes the same token, `Authorization: <token>`.",
            "Refuse api/message/chatmsg with 401 if the token is not valid.",
            wrong_token
        ),
        probe!(
            "history.stream",
            ["history.holds"],
            "`stream` names the room: another stream has another history.",
            "Filter by `stream`, and refuse (403) one that the token is not for.",
            other_stream
        ),
    ]
}

async fn reply(stage: &mut Stage) -> Judged {
    let items = stage.page(&Page::newest(SMALL)).await?;
    Ok(format!("{} items", items.len()))
}

/// The newest page, once all that was said here stands in it.
async fn newest(stage: &Stage) -> Result<Vec<Value>, Flaw> {
    let until = Instant::now() + stage.step;
    loop {
        let items = stage.page(&Page::newest(WIDE)).await?;
        let lacks = |words: &&String| !items.iter().any(|entry| holds(entry, words));
        match stage.lines.iter().find(lacks) {
            None => return Ok(items),
            Some(words) if Instant::now() > until => {
                return broken(format!(
                    "{words} came back on the socket, and is not in the history"
                ));
            }
            Some(_) => sleep(AGAIN).await,
        }
    }
}

async fn all_there(stage: &mut Stage) -> Judged {
    newest(stage).await?;
    Ok(format!("all {} messages stand in it", stage.lines.len()))
}

async fn same(stage: &mut Stage) -> Judged {
    let items = newest(stage).await?;
    let heard = stage.log.entries();
    let mut count = 0;
    for words in &stage.lines {
        let socket =
            heard.iter().find(|(place, entry)| *place == Place::Socket && holds(entry, words));
        let item = items.iter().find(|entry| holds(entry, words));
        let (Some((_, socket)), Some(item)) = (socket, item) else { continue };
        count += 1;
        for name in ["type", "user", "displayName", "content", "id", "seq", "nonce"] {
            if socket[name] != item[name] {
                return broken(format!(
                    "`{name}` is {} on the socket and {} in the history",
                    socket[name], item[name]
                ));
            }
        }
        if items.iter().filter(|entry| holds(entry, words)).count() > 1 {
            return broken(format!("{words} stands in the history twice"));
        }
    }
    Ok(format!("{count} entries are the same"))
}

/// Where those things stand that were said here, in the order in which they were.
fn places(stage: &Stage, items: &[Value]) -> Vec<usize> {
    let place = |words| items.iter().position(|entry| holds(entry, words));
    stage.lines.iter().filter_map(|words| place(words)).collect()
}

fn in_order(stage: &Stage, items: &[Value]) -> bool {
    let places = places(stage, items);
    places.is_sorted() || places.is_sorted_by(|a, b| a >= b)
}

async fn order(stage: &mut Stage) -> Judged {
    let items = newest(stage).await?;
    let places = places(stage, &items);
    if places.is_sorted() {
        return Ok("oldest first".to_owned());
    }
    if places.is_sorted_by(|a, b| a >= b) {
        return broken(
            "newest first: clients have to turn each page around, and can't where times are equal",
        );
    }
    broken("neither oldest nor newest first")
}

async fn pages(stage: &mut Stage) -> Judged {
    let small = |page| Page { page, ..Page::newest(SMALL) };
    for _ in 0..TRIES {
        let before = newest(stage).await?;
        let (first, second) = (stage.page(&small(1)).await?, stage.page(&small(2)).await?);
        // Somebody else spoke meanwhile.
        if contents(&newest(stage).await?) != contents(&before) {
            continue;
        }
        let size = SMALL as usize;
        if before.len() < 2 * size {
            return stuck("the room has too few entries");
        }
        for (name, page) in [("page 1", &first), ("page 2", &second)] {
            if page.len() != size {
                return broken(format!(
                    "{name} with resultsPerPage={SMALL} has {} items",
                    page.len()
                ));
            }
        }
        if !in_order(stage, &before) {
            return stuck("entries stand in no order, so there are no newest ones");
        }
        // Whichever way pages are sorted, the two hold the newest entries, and each its own.
        let mut newest_first = before.clone();
        if !is_oldest_first(stage, &before) {
            newest_first.reverse();
        }
        newest_first.reverse();
        let sorted = |entries: &[Value]| {
            let mut entries = contents(entries);
            entries.sort();
            entries
        };
        if sorted(&first) != sorted(&newest_first[..size]) {
            return broken("page 1 does not hold the newest entries");
        }
        if sorted(&second) != sorted(&newest_first[size..2 * size]) {
            return broken("page 2 does not hold those before page 1");
        }
        return Ok(format!("pages of {SMALL} hold the newest entries"));
    }
    stuck("others speak all the time: check in a quiet room")
}

fn contents(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| format!("{} {}", entry["type"], entry["content"])).collect()
}

fn is_oldest_first(stage: &Stage, items: &[Value]) -> bool {
    places(stage, items).is_sorted()
}

async fn end(stage: &mut Stage) -> Judged {
    let items = stage.page(&Page { page: BEYOND, ..Page::newest(SMALL) }).await?;
    match items.len() {
        0 => Ok("no items".to_owned()),
        count => broken(format!("page {BEYOND} has {count} items")),
    }
}

async fn kinds(stage: &mut Stage) -> Judged {
    for kind in ["message", "question", "answer"] {
        let items = stage.page(&Page { kind, ..Page::newest(WIDE) }).await?;
        if let Some(other) = items.iter().find(|item| item["type"] != kind) {
            return broken(format!("type={kind} gives a {}", other["type"]));
        }
        if items.is_empty() && kind != "answer" {
            return broken(format!("type={kind} gives nothing, though there are some"));
        }
    }
    Ok("each kind alone".to_owned())
}

async fn thousand(stage: &mut Stage) -> Judged {
    let items = stage.page(&Page::newest(1000)).await?;
    if items.len() > MOST {
        return broken(format!("resultsPerPage=1000 gives {}", items.len()));
    }
    let reply =
        stage.page_as(&Page::newest(5000), stage.config.stream.as_str(), &stage.token).await?;
    match reply.json["data"]["items"].as_array().map_or(0, Vec::len) {
        count if count > MOST => broken(format!("resultsPerPage=5000 gives {count}")),
        count => Ok(format!("1000 gives {}, 5000 gives {count}", items.len())),
    }
}

async fn wrong_token(stage: &mut Stage) -> Judged {
    let wrong = stage.wrong_token();
    let reply = stage.page_as(&Page::newest(WIDE), stage.config.stream.as_str(), &wrong).await?;
    let items = reply.json["data"]["items"].as_array().map_or(0, Vec::len);
    if items > 0 || reply.ok() {
        return broken(format!("HTTP {} with {items} items for a wrong token", reply.status));
    }
    Ok(format!("HTTP {}, code {}", reply.status, reply.json["code"]))
}

async fn other_stream(stage: &mut Stage) -> Judged {
    let elsewhere = format!("{}-aside-check-elsewhere", stage.config.stream);
    if stage.config.stream.as_str().is_empty() {
        return foreign("the room has no stream id");
    }
    let reply = stage.page_as(&Page::newest(WIDE), &elsewhere, &stage.token).await?;
    let items = reply.json["data"]["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    if items.iter().any(|item| stage.lines.iter().any(|words| holds(item, words))) {
        return broken("another stream's history holds this room's messages");
    }
    Ok(format!("HTTP {}, {} items", reply.status, items.len()))
}

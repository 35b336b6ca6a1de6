//! Extension `seq`: ids and places.

use std::collections::HashSet;

use aside_protocol::Extension;
use serde_json::{Value, json};

use crate::check::engine::{Flaw, Judged, Probe, broken, probe, stuck};
use crate::check::log::Place;
use crate::check::member::holds;
use crate::check::stage::Stage;
use crate::check::web::Page;

/// How many messages are said in a row.
const ROW: usize = 3;
/// A small page.
const SMALL: u32 = 3;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "seq.live",
            ["talk.others"],
            "`seq`: every entry carries `id` (string, unique) and `seq` (integer per room, strictly increasing, without holes).",
            "Give each entry its number in the transaction that stores it, one more than the room's last, and broadcast in that order.",
            live
        ),
        probe!(
            "seq.history",
            ["seq.live", "history.reply"],
            "`seq`: every entry in the history carries `id` and `seq`, without holes.",
            "Write `id` and `seq` into the items of api/message/chatmsg as well, the same as on the socket.",
            history
        ),
        probe!(
            "seq.before",
            ["seq.history"],
            "History also takes `before=<seq>`: the newest entries before it.",
            "With `before`, give the resultsPerPage entries whose `seq` is smaller, nearest first, oldest first inside the page.",
            before
        ),
        probe!(
            "seq.after",
            ["seq.history"],
            "History also takes `after=<seq>`: the oldest entries after it.",
            "With `after`, give the resultsPerPage entries that follow that `seq` immediately.",
            after
        ),
        probe!(
            "seq.unique",
            ["seq.live"],
            "An entry has one `id` and one `seq`, wherever it is met.",
            "Make ids of what never comes again; never renumber.",
            unique
        ),
    ]
}

/// The place of an entry, or what is wrong with it.
pub(super) fn place(entry: &Value) -> Result<u64, Flaw> {
    if entry["id"].as_str().is_none_or(str::is_empty) {
        return broken(format!("an entry without an `id`: {entry}"));
    }
    match entry["seq"].as_u64() {
        Some(seq) if seq > 0 => Ok(seq),
        _ => broken(format!("`seq` is no whole number from 1: {entry}")),
    }
}

/// The places of entries that follow each other without a hole.
pub(super) fn row(entries: &[Value]) -> Result<Vec<u64>, Flaw> {
    let places = entries.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    for pair in places.windows(2) {
        if pair[1] != pair[0] + 1 {
            return broken(format!("after seq {} comes {}", pair[0], pair[1]));
        }
    }
    Ok(places)
}

async fn live(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Seq)?;
    let mut pair = stage.pair().await?;
    let said: Vec<String> = (0..ROW).map(|_| stage.mark()).collect();
    for words in &said {
        stage.say(&mut pair.ann, words, json!({})).await;
    }
    let last = said.last().cloned().unwrap_or_default();
    let mut heard = pair.bob.until("message", |entry| holds(entry, &last)).await?;
    // What others say in between is part of the row.
    let first = heard.iter().position(|entry| holds(entry, &said[0])).unwrap_or_default();
    let mut row_of = heard.split_off(first);
    row_of.retain(crate::check::member::is_entry);
    let places = row(&row_of)?;
    stage.keep(pair);
    stage.lines.extend(said);
    Ok(format!("seq {}", places.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")))
}

async fn history(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Seq)?;
    let mut items = stage.page(&Page::newest(100)).await?;
    if items.is_empty() {
        return stuck("the history is empty");
    }
    items.sort_by_key(|item| item["seq"].as_u64());
    let places = row(&items)?;
    Ok(format!("seq {} to {}", places[0], places[places.len() - 1]))
}

/// A place with entries on both sides of it.
async fn middle(stage: &Stage) -> Result<u64, Flaw> {
    let items = stage.page(&Page::newest(2 * SMALL + 2)).await?;
    let mut places = items.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    places.sort_unstable();
    match places.get(SMALL as usize) {
        Some(place) if places.len() >= 2 * SMALL as usize => Ok(*place),
        _ => stuck("the room has too few entries"),
    }
}

async fn page_at(
    stage: &Stage,
    name: &str,
    seq: u64,
    expected: std::ops::RangeInclusive<u64>,
) -> Judged {
    let items = stage.page(&Page { place: Some((name, seq)), ..Page::newest(SMALL) }).await?;
    let mut places = items.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    places.sort_unstable();
    let expected: Vec<u64> = expected.collect();
    if places == expected {
        return Ok(format!("{name}={seq} gives seq {places:?}"));
    }
    broken(format!("{name}={seq} gives seq {places:?} instead of {expected:?}"))
}

async fn before(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Seq)?;
    let seq = middle(stage).await?;
    page_at(stage, "before", seq, seq.saturating_sub(u64::from(SMALL)).max(1)..=seq - 1).await
}

async fn after(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Seq)?;
    let seq = middle(stage).await?;
    page_at(stage, "after", seq, seq + 1..=seq + u64::from(SMALL)).await
}

async fn unique(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Seq)?;
    let (mut ids, mut seqs, mut pairs) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (at, entry) in stage.log.entries() {
        let (Some(id), Some(seq)) = (entry["id"].as_str(), entry["seq"].as_u64()) else {
            // The probes above speak of those.
            continue;
        };
        if pairs.insert((id.to_owned(), seq)) && !(ids.insert(id.to_owned()) & seqs.insert(seq)) {
            let at = if at == Place::Socket { "on the socket" } else { "in the history" };
            return broken(format!("{at}: id {id} or seq {seq} was another entry's before"));
        }
    }
    Ok(format!("{} entries, each with its own", pairs.len()))
}

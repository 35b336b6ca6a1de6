//! What a row, a page, a search and an opening cost while the cache grows.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use aside_history::{Anchor, NewRow, RoomId, Store};
use serde_json::{Value, json};

use crate::filling::{Filling, commit, room_name, row};
use crate::finding::first_page;
use crate::timing::{TIMES, Times};

/// Rows of one commit: as many as a loud room says in a frame of the screen.
const TOGETHER: usize = 100;
/// The cost of a row is that of the last so many before each size.
const LOOKED_AT: usize = 5_000;

/// Fills a room up to each of the sizes (rising), and measures there; one JSON object each.
///
/// # Errors
/// A store that refuses.
pub async fn measure(dir: &Path, sizes: &[usize], mut tell: impl FnMut(&Value)) -> Result<()> {
    let filling = Filling::of(sizes.last().copied().unwrap_or(0));
    let mut talk = filling.talk().map(|entry| row(entry, &filling.user));
    let mut made = 0;
    for size in sizes.iter().copied() {
        let mut line = |what: &str, value: f64| {
            tell(&json!({ "growth": what, "n": size, "value": value, "unit": "us" }));
        };
        let store = Store::open(&dir.join("history"))?.store;
        let room = store.room(&room_name()).await?;
        let most = LOOKED_AT.min(size / 2);
        made += write(&store, room, &mut talk, size - most - made, 5_000).await?;
        let begun = Instant::now();
        let measured = write(&store, room, &mut talk, most, TOGETHER).await?;
        line("commit, a row", tenths(begun.elapsed().as_secs_f64() * 1e6 / measured.max(1) as f64));
        made += measured;
        let mut times = Times::default();
        for _ in 0..TIMES {
            let begun = Instant::now();
            store.page(room, Anchor::End, 100).await?;
            times.add(begun.elapsed());
        }
        line("page of 100", times.percentile(50));
        let kinds = [
            ("search zh1", "的"),
            ("search zh2", "讲义"),
            ("search zh2 none", "㐀㐁"),
            ("search word", "stream"),
            ("search two words", "great slides"),
            ("search phrase", "\"the stream is\""),
            ("search person", "from:user-77 the"),
        ];
        for (what, typed) in kinds {
            line(what, first_page(&store, room, typed).await?.0);
        }
        store.close().await;
        let mut times = Times::default();
        for _ in 0..TIMES / 10 {
            let begun = Instant::now();
            let store = Store::open(&dir.join("history"))?.store;
            store.page(room, Anchor::End, 100).await?;
            times.add(begun.elapsed());
            store.close().await;
        }
        line("open and first page", times.percentile(50));
    }
    Ok(())
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

async fn write(
    store: &Store,
    room: RoomId,
    talk: &mut impl Iterator<Item = NewRow>,
    rows: usize,
    together: usize,
) -> Result<usize> {
    let mut made = 0;
    while made < rows {
        let chunk: Vec<NewRow> = talk.take(together.min(rows - made)).collect();
        if chunk.is_empty() {
            break;
        }
        made += chunk.len();
        store.commit(room, commit(chunk, crate::talk::EPOCH)).await?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_size_is_measured() {
        let dir = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        measure(dir.path(), &[200, 400], |line| told.push(line.clone())).await.unwrap();
        let sizes: Vec<_> = told.iter().map(|line| line["n"].as_u64().unwrap()).collect();
        assert_eq!(sizes, [[200; 10], [400; 10]].concat());
        let store = Store::open(&dir.path().join("history")).unwrap().store;
        let room = store.room(&room_name()).await.unwrap();
        let seqs = store.room_state(room).await.unwrap().seqs.unwrap();
        assert_eq!((seqs.0.0, seqs.1.0), (1, 400));
    }
}

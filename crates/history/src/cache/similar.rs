//! Questions that ask much the same.

use std::collections::HashSet;

use aside_protocol::EntryId;
use rusqlite::Connection;

use super::items;
use crate::error::StoreError;
use crate::fold::tokens;
use crate::ids::RoomId;

/// Questions whose words are much the same as these, the most alike first, with how alike they are, from zero to one. Two
/// texts are as alike as Sørensen and Dice say: twice what both have over what each has; of pairs of characters in scripts
/// without spaces, of words elsewhere.
pub(crate) fn similar(
    conn: &Connection,
    room: RoomId,
    question: &EntryId,
    text: &str,
) -> Result<Vec<(EntryId, f32)>, StoreError> {
    let own = gist(text);
    let mut alike: Vec<(EntryId, f32)> = items::all(conn, room)?
        .items
        .into_iter()
        .filter(|item| item.question_id != *question && item.merged_into.is_none())
        .filter(|item| !item.is_submission())
        .map(|item| (item.question_id, dice(&own, &gist(&item.text))))
        .filter(|(_, alike)| *alike >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.1.total_cmp(&a.1));
    alike.truncate(5);
    Ok(alike)
}

/// So alike are "will there be slides" and "will the slides be there later", and "讲义在哪里下载" and "请问讲义哪里可以下载"; "will it
/// rain later" is not.
const ALIKE: f32 = 0.45;

fn gist(text: &str) -> HashSet<String> {
    tokens(text).split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

fn dice(a: &HashSet<String>, b: &HashSet<String>) -> f32 {
    let both = a.intersection(b).count();
    let all = a.len() + b.len();
    if all == 0 { 0.0 } else { 2.0 * both as f32 / all as f32 }
}

//! Who is muted and which words hold an entry, as the owner sets it; a server in another process heeds it within seconds.

use std::sync::Arc;
use std::time::Duration;

use aside_protocol::Topic;
use aside_protocol::moderation::Muted;
use aside_protocol::triage::Person;

use super::{Rooms, RoomsError};
use crate::room::Room;
use crate::store::moderation::{self, NewDeed};
use crate::words::{WORD_BYTES, fold};

/// What stands in the log for whoever runs the server.
fn owner() -> Person {
    Person { display_name: "owner".to_owned(), ..Person::default() }
}

impl Rooms {
    /// Lets somebody of the audience, as entries name them, not speak for a time; for none, lets them speak again.
    pub async fn mute(
        &self,
        topic: &Topic,
        user: &str,
        time: Duration,
        reason: &str,
    ) -> Result<(), RoomsError> {
        let room: Arc<Room> = self.hall.find(topic).await?;
        Ok(self.hall.mute(&room, user.to_owned(), time, reason.to_owned(), owner()).await?)
    }

    /// Who may not speak now.
    pub async fn muted(&self, topic: &Topic) -> Result<Vec<Muted>, RoomsError> {
        let (key, now_ms) = (self.hall.find(topic).await?.key(), self.now_ms());
        Ok(self.hall.store.read(move |conn| moderation::muted(conn, key, now_ms)).await?)
    }

    /// The words that hold an entry for review, each after the name of its list.
    pub async fn words(&self, topic: &Topic) -> Result<Vec<(String, String)>, RoomsError> {
        let key = self.hall.find(topic).await?.key();
        Ok(self.hall.store.read(move |conn| moderation::words(conn, key)).await?)
    }

    /// Adds words to a list, or takes them off it; says how many that changed. A `*` at the end stands for any ending.
    ///
    /// # Errors
    /// [`RoomsError::Word`] for one that is empty, once folded, or longer than 128 bytes.
    pub async fn change_words(
        &self,
        topic: &Topic,
        lang: &str,
        words: &[String],
        add: bool,
    ) -> Result<usize, RoomsError> {
        let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
        let fits =
            |word: &String| !word.trim_end_matches('*').is_empty() && word.len() <= WORD_BYTES;
        if !folded.iter().all(fits) {
            return Err(RoomsError::Word);
        }
        let (key, now_ms) = (self.hall.find(topic).await?.key(), self.now_ms());
        let lang = lang.to_owned();
        let change = move |conn: &rusqlite::Transaction<'_>| {
            let changed = moderation::change_words(conn, key, &lang, &folded, add)?;
            if changed > 0 {
                let (words, none) = (format!("{lang}: {}", folded.join(", ")), String::new());
                let (old, new) = if add { (none, words) } else { (words, none) };
                let deed = NewDeed { action: "words", old, new, by: owner(), ..NewDeed::default() };
                deed.note(conn, key, now_ms)?;
            }
            Ok(changed)
        };
        let changed = self.hall.store.write(change).await?;
        self.hall.heed().await?;
        Ok(changed)
    }
}

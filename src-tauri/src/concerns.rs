//! What of a room concerns this person: what names them, and the answers to what they asked.

use std::collections::BTreeSet;

use aside_history::{Row, Store};
use aside_protocol::{Body, EntryId, EntryKind};

use crate::rooms::Live;
use crate::rules::Words;

/// This person in a room.
#[derive(Debug, Default)]
pub(crate) struct Me {
    name: Option<Words>,
    asked: BTreeSet<EntryId>,
}

impl Me {
    pub(crate) fn called(name: Option<Words>) -> Self {
        Self { name, asked: BTreeSet::new() }
    }

    /// Learns which of the questions that these rows answer are this person's: where nobody learns who asks, the name does not tell.
    pub(crate) async fn recall(&mut self, store: &Store, live: &Live, rows: &[Row]) {
        for question in rows.iter().filter_map(answered) {
            let asked = store.row_by_entry_id(live.session.room(), &question).await;
            if let Ok(Some(row)) = asked
                && row.entry().is_some_and(|entry| entry.mine)
            {
                self.asked.insert(question);
            }
        }
    }

    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        self.name.as_ref().is_some_and(|name| name.are_said_in(text))
    }

    /// Whether an answer is for this person: to their own question, or one of the askers has their name.
    pub(crate) fn asked<'a>(
        &self,
        question: Option<&EntryId>,
        askers: impl IntoIterator<Item = &'a String>,
    ) -> bool {
        question.is_some_and(|question| self.asked.contains(question))
            || self
                .name
                .as_ref()
                .is_some_and(|name| askers.into_iter().any(|asker| name.are(asker)))
    }
}

fn answered(row: &Row) -> Option<EntryId> {
    let entry = row.entry().filter(|entry| entry.entry.kind == EntryKind::Answer && !entry.mine)?;
    match entry.entry.body() {
        Body::Answer { question_id, .. } => question_id,
        Body::Message { .. } | Body::Question { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use aside_history::Anchor;
    use aside_protocol::{Role, Topic};
    use aside_server::{Answering, NewEntry};

    use crate::dto::RowKind;
    use crate::shell::tests::{Table, keyring};

    #[tokio::test]
    async fn an_answer_to_ones_own_question_is_for_one_whatever_name_the_room_gives_its_asker() {
        let table = Table::set().await;
        let (rooms, topic) = (table.server.rooms(), Topic::new("r"));
        for user in ["ana", "bo"] {
            let asked = rooms.publish(&topic, NewEntry::question(user, "Anonymous", "when?"));
            let answering = Answering {
                question: asked.await.unwrap().id,
                user: "tim".to_owned(),
                org_name: "Org".to_owned(),
                org_logo: String::new(),
                text: "at three".to_owned(),
            };
            rooms.answer_as(&topic, answering).await.unwrap();
        }
        let shell = table.start(&keyring());
        let key = table.join_as(&shell, Role::Audience, "ana").await;
        let live = shell.rooms.live(key).await.unwrap();
        let rows = live.session.page(Anchor::End, 10).await.unwrap().rows;
        let mut painter = shell.painter(&live);
        painter.me.recall(shell.rooms.store(), &live, &rows).await;
        let rows = rows.into_iter().map(|row| painter.row(row));
        let answers = rows.filter(|row| row.kind == RowKind::Answer);
        assert_eq!(answers.map(|row| row.to_me).collect::<Vec<_>>(), [true, false]);
        shell.rooms.close().await;
    }
}

//! How much is kept of what a server says of questions: one that never stops fills neither memory nor disk.

use aside_history::triage::{ITEMS, ITEMS_BYTES};
use aside_protocol::triage::{Item, Presence};

use super::desk::Desk;
use super::removals::ID_BYTES;

/// So much of who looks at what is kept, in bytes: several thousand people. They are no part of an item, and may be told of before it.
const PRESENCE_BYTES: usize = 1024 * 1024;
/// What a person takes besides their words, in bytes.
const PERSON: usize = 128;

/// How full a desk is.
#[derive(Debug)]
pub(super) struct Fill {
    /// What the items take, as JSON ...
    bytes: usize,
    /// ... and may take.
    most: usize,
    /// It was said that there is more than is kept.
    told: bool,
}

impl Default for Fill {
    fn default() -> Self {
        Self { bytes: 0, most: ITEMS_BYTES, told: false }
    }
}

impl Fill {
    /// How full it is once everything is forgotten.
    pub(super) fn emptied(&self) -> Self {
        Self { bytes: 0, ..*self }
    }

    fn over(&mut self) {
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!("the server tells more of questions than is kept");
        }
    }
}

impl Desk {
    /// Whether there is room for an item, in place of what is known of it; then it counts.
    pub(super) fn has_room_for(&mut self, item: &Item) -> bool {
        let known = self.items.get(&item.question_id).map(|(_, known)| known);
        let bytes = self.fill.bytes.saturating_sub(known.map_or(0, weight)) + weight(item);
        let fits = item.question_id.as_str().len() <= ID_BYTES
            && (known.is_some() || self.items.len() < ITEMS)
            && bytes <= self.fill.most;
        if fits {
            self.fill.bytes = bytes;
        } else {
            self.fill.over();
        }
        fits
    }

    /// Whether there is room for who looks at a question, in place of those who did.
    pub(super) fn has_room_for_people(&mut self, presence: &Presence) -> bool {
        let others =
            self.presence.values().filter(|other| other.question_id != presence.question_id);
        let bytes: usize = others.map(people).sum();
        let fits = presence.question_id.as_str().len() <= ID_BYTES
            && bytes + people(presence) <= PRESENCE_BYTES;
        if !fits {
            self.fill.over();
        }
        fits
    }
}

fn weight(item: &Item) -> usize {
    serde_json::to_vec(item).map_or(usize::MAX / 2, |json| json.len())
}

fn people(presence: &Presence) -> usize {
    let words = presence.people.iter().map(|one| {
        let who = &one.who;
        PERSON + who.user.len() + who.display_name.len() + who.avatar_url.len() + one.device.len()
    });
    presence.question_id.as_str().len() + words.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use aside_history::Items;
    use aside_protocol::EntryId;
    use aside_protocol::triage::{Doing, Person, Present};

    use super::*;

    fn item(id: &str, change: u64, text: String) -> Item {
        let item = Item::new(EntryId::new(id), change, text, Person::default(), 0);
        Item { change, ..item }
    }

    fn presence(id: usize, name: &str) -> Presence {
        let who = Person { display_name: name.to_owned(), ..Person::default() };
        let people = vec![Present { who, device: String::new(), doing: Doing::Viewing }];
        Presence { question_id: EntryId::new(id.to_string()), people }
    }

    #[test]
    fn a_server_that_never_stops_asking_fills_no_desk_and_makes_no_hole() {
        let mut desk = Desk::default();
        for change in 1..=ITEMS as u64 + 5 {
            desk.take(item(&change.to_string(), change, String::new()));
        }
        desk.take(item(&"9".repeat(300), ITEMS as u64 + 6, String::new()));
        assert_eq!(desk.items.len(), ITEMS);
        assert!(desk.has_all(), "what is left out is not asked for again");
        desk.take(item("7", ITEMS as u64 + 7, "changed".to_owned()));
        assert_eq!(desk.items[&EntryId::new("7")].1.text, "changed");
    }

    #[test]
    fn long_words_count_and_what_is_forgotten_does_not() {
        let long = "a".repeat(10_000);
        let kept = vec![item("0", 1, long.clone())];
        let mut desk = Desk::of(Items { whole: 1, items: kept, ..Items::default() }, Vec::new());
        desk.fill.most = 35_000;
        for change in 2..=6 {
            desk.take(item(&change.to_string(), change, long.clone()));
        }
        assert_eq!(desk.items.len(), 3);
        desk.take(item("0", 7, String::new()));
        desk.take(item("9", 8, long.clone()));
        assert_eq!(desk.items.len(), 4, "one that became shorter makes room");
        desk.forget();
        desk.take(item("0", 1, long));
        assert_eq!((desk.items.len(), desk.fill.bytes > 10_000), (1, true));
    }

    #[test]
    fn nobody_fills_the_memory_by_looking() {
        let mut desk = Desk::default();
        for id in 0..200 {
            desk.presence_came(presence(id, &"a".repeat(PRESENCE_BYTES / 100)));
        }
        assert!((90..100).contains(&desk.presence.len()), "{}", desk.presence.len());
        desk.presence_came(presence(0, "Ana"));
        assert_eq!(desk.presence["0"].people[0].who.display_name, "Ana");
        desk.presence_came(Presence { people: Vec::new(), ..presence(0, "") });
        assert!(!desk.presence.contains_key("0"));
    }
}

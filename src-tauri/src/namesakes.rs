//! Who is called what in a room, so that two people whose names look the same can be told apart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aside_history::RoomId;
use unicode_security::skeleton;

/// Names that are remembered of a room. A room with more has more trouble than two that look the same.
const REMEMBERED: usize = 4096;

/// Those of each room, by its name in the files: what its rows are read from changes, who speaks in it does not.
#[derive(Default)]
pub(crate) struct ByRoom(Mutex<HashMap<RoomId, Arc<Namesakes>>>);

impl ByRoom {
    pub(crate) fn of(&self, room: RoomId) -> Arc<Namesakes> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(room).or_default())
    }
}

/// The names that were seen in one room since the app was started, by what they look like.
#[derive(Default)]
pub(crate) struct Namesakes {
    looks: Mutex<HashMap<String, Bearer>>,
}

enum Bearer {
    One(String),
    Several,
}

impl Namesakes {
    /// Somebody with this name, as it is shown, speaks. Whether anyone else goes by a name that looks the same: the second
    /// to come is told from the first at once, and from then on both are.
    pub(crate) fn meet(&self, name: &str, user: &str) -> bool {
        if name.is_empty() {
            return false;
        }
        let look: String = skeleton(name).collect();
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= REMEMBERED && !looks.contains_key(&look) {
            looks.clear();
        }
        let bearer = looks.entry(look).or_insert_with(|| Bearer::One(user.to_owned()));
        match bearer {
            Bearer::One(known) if known == user => false,
            Bearer::One(_) | Bearer::Several => {
                *bearer = Bearer::Several;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_told_apart_from_the_second_on() {
        let room = Namesakes::default();
        assert!(!room.meet("Paula", "u1"));
        assert!(!room.meet("Paula", "u1"), "she may speak again");
        assert!(!room.meet("Paul", "u2"));
        // With a Cyrillic a.
        assert!(room.meet("P\u{430}ula", "u3"));
        assert!(room.meet("Paula", "u1"));
        assert!(room.meet("Paula", "u4"), "the very same name");
        assert!(!room.meet("", "u5") && !room.meet("", "u6"), "no name is not a name");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let room = Namesakes::default();
        for number in 0..REMEMBERED + 10 {
            assert!(!room.meet(&format!("名{number}"), "u"));
        }
        assert_eq!(room.looks.lock().unwrap().len(), 10);
    }
}

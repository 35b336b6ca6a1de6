//! Which of a room's changes cross to the page: as many as somebody could look at.

use std::sync::{Mutex, PoisonError};

use aside_history::{Changes, Delivery, Place, Row};
use aside_protocol::EntryKind;

use crate::dto;
use crate::rows::Painter;
use crate::rules::Rated;
use crate::views::View;

/// Of the rows that a room says faster than anybody reads, so many cross with a pull, besides those that everybody wants to see. The page draws
/// about one of them, and learns from the others how much of what is said repeats something.
const SAMPLE: usize = 40;

/// Changes, as they cross: no more than was asked for, but for those of a view, of which few will be seen, and a page of which
/// costs more to look for.
pub(crate) fn crossing(
    painter: &Painter<'_>,
    view: Option<&View>,
    mut found: Changes,
    wish: &dto::PullWish,
) -> dto::Changes {
    if let Some(view) = view {
        let (changes, heard) = view.changes(found, &painter.rules);
        let heard = heard.into_iter().map(|row| painter.row(row)).collect();
        return dto::Changes { heard, ..painter.changes(changes) };
    }
    let mut left_out = 0;
    let known = Place(wish.known);
    let changed = match wish.reading {
        // What is new is thinned; what was missed may come in before what is known.
        dto::Reading::Sampled => found.upserts.iter().filter(|row| row.place <= known).count(),
        dto::Reading::Following | dto::Reading::Held => found.upserts.len(),
    };
    if changed + found.removed.len() > usize::try_from(wish.rows).unwrap_or(usize::MAX) {
        found.reset = true;
        found.upserts.clear();
        found.removed.clear();
    } else if wish.reading == dto::Reading::Sampled {
        left_out = thin(painter, &mut found.upserts, known);
    }
    dto::Changes { left_out, ..painter.changes(found) }
}

/// Leaves [`SAMPLE`] of the rows that are new and nothing but said, evenly; says how many it took away.
fn thin(painter: &Painter<'_>, rows: &mut Vec<Row>, known: Place) -> u32 {
    let passes = |row: &Row| row.place > known && !row.place.is_echo() && !stands_out(painter, row);
    let many: Vec<bool> = rows.iter().map(passes).collect();
    let said = many.iter().filter(|is_said| **is_said).count();
    if said <= SAMPLE {
        return 0;
    }
    let (mut many, mut owed) = (many.into_iter(), 0);
    rows.retain(|_| {
        if many.next() != Some(true) {
            return true;
        }
        owed += SAMPLE;
        let is_taken = owed >= said;
        if is_taken {
            owed -= said;
        }
        is_taken
    });
    u32::try_from(said - SAMPLE).unwrap_or(u32::MAX)
}

/// What is asked, answered, one's own, marked by a rule, or names this person is why people look.
fn stands_out(painter: &Painter<'_>, row: &Row) -> bool {
    row.entry().is_none_or(|entry| {
        entry.entry.kind != EntryKind::Message
            || entry.mine
            || entry.delivery != Delivery::Received
            || painter.rules.rate(painter.room, entry) == Rated::Marked
            || painter.me.is_named_in(&entry.entry.content)
    })
}

/// The sounds of a room's rows. Each crosses once, to whichever page asks first: with two windows it would be heard twice.
#[derive(Debug)]
pub(crate) struct Bell {
    /// The last place whose row has crossed with its sound, or without where there was to be silence.
    rung: Mutex<i64>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { rung: Mutex::new(i64::MIN) }
    }
}

impl Bell {
    /// Leaves the sounds of rows that have not crossed before; none of them in silence.
    pub(crate) fn pass<'a>(&self, rows: impl IntoIterator<Item = &'a mut dto::Row>, silent: bool) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *rung;
        // One's own on its way stands after all others, and rings for nobody.
        for row in rows.into_iter().filter(|row| !Place(row.place).is_echo()) {
            let Some(sound) = row.ruled.as_mut().map(|ruled| &mut ruled.sound) else { continue };
            if silent || row.place <= before {
                *sound = None;
            }
            *rung = row.place.max(*rung);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aside_history::{EntryRow, Revision, RowKey, RowKind, Standing};
    use aside_protocol::Entry;

    use super::*;
    use crate::avatars::Avatars;
    use crate::concerns::Me;
    use crate::dto::{Colour, Effect, PullWish, Reading, Rule, Rules, Sound, When};
    use crate::namesakes::Namesakes;
    use crate::rules::{RuleBook, Words};
    use crate::settings::RoomKey;

    fn row(place: i64, kind: EntryKind, content: &str) -> Row {
        let entry = Entry {
            kind,
            user: "bo".to_owned(),
            display_name: String::new(),
            avatar_url: String::new(),
            stream: String::new(),
            content: content.to_owned(),
            created_at: None,
            id: None,
            seq: None,
            nonce: None,
        };
        let (standing, delivery) = (Standing::Confirmed, Delivery::Received);
        let entry =
            EntryRow { entry, created_at: None, mine: false, standing, delivery, local_id: None };
        Row {
            key: RowKey(place),
            place: Place(place),
            revision: Revision(1),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            kind: RowKind::Entry(Box::new(entry)),
        }
    }

    /// What crosses of these rows, where those up to `known` are there already.
    fn crosses(upserts: Vec<Row>, reading: Reading, known: i64) -> dto::Changes {
        crate::install_tls();
        let mark = Rule {
            id: "1".to_owned(),
            when: When::Words { text: "token".to_owned() },
            effect: Effect::Mark {
                colour: Some(Colour::Red),
                sound: Some(Sound::Bell),
                notify: false,
            },
            on: true,
            room: None,
        };
        let (book, _) = RuleBook::compile(&Rules { list: vec![mark], ..Rules::default() });
        let folder = tempfile::tempdir().unwrap();
        let (avatars, namesakes) = (Avatars::new(folder.path(), false), Namesakes::default());
        let server = "https://rooms.example".parse().unwrap();
        let painter = Painter {
            avatars: Some(&avatars),
            namesakes: &namesakes,
            server: &server,
            room: RoomKey::DEMO,
            rules: Arc::new(book),
            me: Me::called(Words::new("Ana")),
        };
        let found =
            Changes { revision: Revision(9), upserts, removed: vec![], reset: false, read: None };
        let (room, view) = (None, String::new());
        let wish =
            PullWish { room, view, since: 0, known, rows: 100, reading, questions_since: None };
        crossing(&painter, None, found, &wish)
    }

    #[test]
    fn of_a_sampled_room_crosses_what_stands_out_and_an_even_part_of_the_rest() {
        let rows = (1..=520).map(|place| match place {
            100 => row(place, EntryKind::Question, "why?"),
            200 => row(place, EntryKind::Message, "a token"),
            300 => row(place, EntryKind::Answer, "because"),
            400 => row(place, EntryKind::Message, "ask ANA"),
            _ => row(place, EntryKind::Message, "plain"),
        });
        let changes = crosses(rows.collect(), Reading::Sampled, 20);
        let places: Vec<i64> = changes.upserts.iter().map(|row| row.place).collect();
        assert!([100, 200, 300, 400].iter().all(|place| places.contains(place)), "{places:?}");
        assert!((1..=20).all(|place| places.contains(&place)), "what is known may have changed");
        assert_eq!(places.len(), 20 + 4 + SAMPLE);
        assert_eq!(changes.left_out as usize, 520 - places.len());
        let widest = places.windows(2).map(|two| two[1] - two[0]).max();
        assert!(widest <= Some(13), "evenly: {places:?}");
        assert!(!changes.reset && changes.revision == 9);
    }

    #[test]
    fn a_sound_crosses_once_and_not_into_a_broadcast() {
        let bell = Bell::default();
        let heard = |places: std::ops::RangeInclusive<i64>, silent| {
            let rows = places.map(|place| row(place, EntryKind::Message, "a token"));
            let mut rows = crosses(rows.collect(), Reading::Following, 0).upserts;
            bell.pass(&mut rows, silent);
            let sounds = |row: &dto::Row| row.ruled.as_ref().is_some_and(|it| it.sound.is_some());
            rows.iter().filter(|row| sounds(row)).map(|row| row.place).collect::<Vec<_>>()
        };
        assert_eq!(heard(1..=2, false), [1, 2]);
        assert!(heard(1..=2, false).is_empty(), "the other window");
        assert!(heard(1..=4, true).is_empty());
        assert_eq!(heard(1..=5, false), [5], "what came in silence is not heard after it");
    }

    #[test]
    fn what_comes_in_before_what_is_known_does_not_cross_by_the_thousand() {
        let said = |count| (1..=count).map(|place| row(place, EntryKind::Message, "plain"));
        let missed = crosses(said(101).collect(), Reading::Sampled, 500);
        assert_eq!((missed.upserts.len(), missed.left_out, missed.reset), (0, 0, true));
        let few = crosses(said(100).collect(), Reading::Sampled, 500);
        assert_eq!((few.upserts.len(), few.left_out, few.reset), (100, 0, false));
    }

    #[test]
    fn few_rows_cross_whole_and_too_many_not_at_all_where_nothing_is_sampled() {
        let said = |count| (1..=count).map(|place| row(place, EntryKind::Message, "plain"));
        let few = crosses(said(40).collect(), Reading::Sampled, 0);
        assert_eq!((few.upserts.len(), few.left_out), (40, 0));
        for reading in [Reading::Following, Reading::Held] {
            let all = crosses(said(100).collect(), reading, 0);
            assert_eq!((all.upserts.len(), all.left_out, all.reset), (100, 0, false));
            let many = crosses(said(101).collect(), reading, 0);
            assert_eq!((many.upserts.len(), many.left_out, many.reset), (0, 0, true));
        }
    }
}

//! What concerns this person and was not read yet, for the number on the tray.

use std::collections::BTreeSet;

use aside_history::Place;

use super::heard::{Spot, Why};

/// More than the tray can show are not counted.
const MOST: usize = 99;

/// Where the mentions of one room stand that nobody has read.
#[derive(Debug, Default)]
pub(super) struct Unseen(BTreeSet<Place>);

impl Unseen {
    /// Takes in what came, and lets go of what was read. A question is counted already where one answers them.
    pub(super) fn take(&mut self, news: &[Spot], at_desk: bool) {
        let named = news.iter().filter(|spot| match spot.why {
            Why::Marked | Why::Named => !(at_desk && spot.asks),
            Why::Silence => false,
        });
        for spot in named {
            if self.0.len() < MOST {
                self.0.insert(spot.place);
            }
        }
    }

    /// Everything up to here was read.
    pub(super) fn read(&mut self, place: Option<Place>) {
        self.0.retain(|at| Some(*at) > place);
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use aside_history::RowKey;

    use super::*;

    fn spot(place: i64, why: Why, asks: bool) -> Spot {
        let (who, text) = (String::new(), String::new());
        Spot { key: RowKey(place), place: Place(place), why, asks, who, text }
    }

    #[test]
    fn mentions_count_until_they_are_read_and_questions_where_nobody_counts_them() {
        let news = [
            spot(1, Why::Named, false),
            spot(2, Why::Silence, false),
            spot(3, Why::Marked, false),
            spot(4, Why::Named, true),
        ];
        let (mut guest, mut staff) = (Unseen::default(), Unseen::default());
        guest.take(&news, false);
        staff.take(&news, true);
        staff.take(&news, true);
        assert_eq!((guest.count(), staff.count()), (3, 2));
        guest.read(None);
        staff.read(Some(Place(1)));
        assert_eq!((guest.count(), staff.count()), (3, 1));
        guest.read(Some(Place(4)));
        assert_eq!(guest.count(), 0);
    }
}

//! New questions: told together, and only those that nobody has taken by then.

use std::collections::BTreeSet;

use aside_protocol::triage::{Item, Work};

/// What came since new questions were last told of.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The highest number there was; none before the first look, which brings no news.
    newest: Option<u64>,
    /// Those that came after it and are open, by number.
    news: BTreeSet<u64>,
}

impl Asked {
    /// These questions have changed; `whole`: there are no others.
    pub(super) fn take(&mut self, items: &[Item], whole: bool) {
        let mut newest = 0;
        // What waits for review has no number.
        for item in items.iter().filter(|item| item.number > 0 && !item.is_submission()) {
            newest = newest.max(item.number);
            if item.work != Work::Open {
                self.news.remove(&item.number);
            } else if self.newest.is_some_and(|newest| item.number > newest) {
                self.news.insert(item.number);
            }
        }
        // Another life of the room counts anew.
        self.newest = Some(if whole { newest } else { newest.max(self.newest.unwrap_or(0)) });
    }

    /// How many are to be told of now. What came while nobody was to be told is not news later.
    pub(super) fn tell(&mut self, quiet: bool, due: bool) -> Option<u32> {
        if quiet {
            self.news.clear();
        }
        if !due || self.news.is_empty() {
            return None;
        }
        let told = std::mem::take(&mut self.news);
        Some(u32::try_from(told.len()).unwrap_or(u32::MAX))
    }

    /// Whether some are told of as soon as it is time.
    pub(super) fn wait(&self) -> bool {
        !self.news.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use aside_protocol::EntryId;
    use aside_protocol::triage::Person;

    use super::*;

    fn item(number: u64, work: Work) -> Item {
        let id = EntryId::new(number.to_string());
        Item { work, ..Item::new(id, number, "?".to_owned(), Person::default(), 0) }
    }

    fn open<const N: usize>(numbers: [u64; N]) -> [Item; N] {
        numbers.map(|number| item(number, Work::Open))
    }

    /// At a desk where five questions were open when somebody first looked.
    fn at_desk() -> Asked {
        let mut asked = Asked::default();
        asked.take(&open([1, 2, 3, 4, 5]), true);
        assert_eq!(asked.tell(false, true), None, "they were there before");
        asked
    }

    #[test]
    fn new_questions_are_told_together_and_only_to_who_looks_elsewhere() {
        let mut asked = at_desk();
        asked.take(&open([6, 7]), false);
        assert_eq!(asked.tell(false, true), Some(2));
        assert!(!asked.wait(), "they were told");
        asked.take(&open([8]), false);
        assert_eq!(asked.tell(false, false), None, "so soon");
        assert!(asked.wait());
        asked.take(&open([9]), false);
        assert_eq!(asked.tell(false, true), Some(2), "both that came meanwhile");
        asked.take(&open([10, 11]), false);
        assert_eq!(asked.tell(true, true), None);
        assert_eq!(asked.tell(false, true), None, "they were seen");
        asked.take(&open([0]), false);
        assert_eq!(asked.tell(false, true), None, "it waits for review");
    }

    #[test]
    fn a_claim_hides_no_new_question_and_its_end_is_none() {
        let mut asked = at_desk();
        asked.take(&[item(6, Work::Open), item(2, Work::Claimed)], false);
        assert_eq!(asked.tell(false, true), Some(1), "as many are open as before");
        asked.take(&open([7]), false);
        assert_eq!(asked.tell(false, false), None);
        asked.take(&[item(3, Work::Claimed), item(4, Work::Answered)], false);
        assert_eq!(asked.tell(false, true), Some(1), "fewer are open than before");
        asked.take(&open([2, 3, 4]), false);
        assert_eq!(asked.tell(false, true), None, "given back, run out, opened again");
        asked.take(&open([8]), false);
        asked.take(&[item(8, Work::Claimed)], false);
        assert!(!asked.wait(), "somebody has it");
    }

    #[test]
    fn another_life_of_a_room_counts_anew() {
        let mut asked = at_desk();
        asked.take(&open([1, 2]), true);
        assert_eq!(asked.tell(false, true), None);
        asked.take(&open([3]), false);
        assert_eq!(asked.tell(false, true), Some(1));
        asked.take(&open([1, 2, 3, 4]), true);
        assert_eq!(asked.tell(false, true), Some(1), "all are read again, and one is new");
        asked.take(&[], true);
        asked.take(&open([1]), false);
        assert_eq!(asked.tell(false, true), Some(1));
    }
}

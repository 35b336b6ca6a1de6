//! Answers of this person that were refused or held by their guard: each is told once, with its question's number.

use std::collections::BTreeSet;

use aside_history::{Delivery, RowKey};
use aside_session::Questions;

/// Those that were known at the last look. Nothing before the first: what an earlier life left stands above its room.
#[derive(Debug, Default)]
pub(super) struct Unsent(Option<BTreeSet<RowKey>>);

impl Unsent {
    /// Which are new. A question looks different when its answer does, and so is among those that changed.
    pub(super) fn look(&mut self, questions: &Questions) -> Vec<u64> {
        let failed = |state: &Delivery| matches!(state, Delivery::Failed { .. });
        let failed = questions.outgoing.iter().filter(|answer| failed(&answer.state));
        let keys = failed.clone().map(|answer| answer.key).collect();
        let Some(before) = self.0.replace(keys) else { return Vec::new() };
        let news = failed.filter(|answer| !before.contains(&answer.key)).filter_map(|answer| {
            questions.items.iter().find(|item| item.question_id == answer.question)
        });
        news.map(|item| item.number).collect()
    }
}

#[cfg(test)]
mod tests {
    use aside_protocol::EntryId;
    use aside_protocol::triage::{Item, Person, Visibility};
    use aside_session::OutgoingAnswer;

    use super::*;

    const NOBODY: [u64; 0] = [];

    #[test]
    fn an_answer_that_was_not_sent_is_told_once_and_again_only_if_it_was_tried_again() {
        let question = EntryId::new("q");
        let items = vec![Item::new(question.clone(), 7, "why".to_owned(), Person::default(), 0)];
        let failed = |code: &str| Delivery::Failed { code: code.to_owned(), reason: String::new() };
        let with = |answers: &[(i64, Delivery)]| {
            let answer = |(key, state): &(i64, Delivery)| OutgoingAnswer {
                key: RowKey(*key),
                question: question.clone(),
                text: "so".to_owned(),
                visibility: Visibility::Public,
                state: state.clone(),
                held: false,
                held_back: false,
            };
            let outgoing = answers.iter().map(answer).collect();
            Questions { items: items.clone(), outgoing, ..Questions::default() }
        };
        let mut unsent = Unsent::default();
        let old = (1, failed("403"));
        assert_eq!(unsent.look(&with(std::slice::from_ref(&old))), NOBODY, "of an earlier life");
        assert_eq!(unsent.look(&with(&[old.clone(), (2, Delivery::Sending)])), NOBODY);
        assert_eq!(unsent.look(&with(&[old.clone(), (2, Delivery::Unsure)])), NOBODY);
        let both = [old, (2, failed("overtaken"))];
        assert_eq!(unsent.look(&with(&both)), [7]);
        assert_eq!(unsent.look(&with(&both)), NOBODY);
        assert_eq!(unsent.look(&with(&[(2, Delivery::Sending)])), NOBODY);
        assert_eq!(unsent.look(&with(&both[1..])), [7]);
    }
}

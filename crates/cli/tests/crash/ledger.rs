//! What was given to the CLI and what is known of it: the accounts that must balance after every death.

use std::collections::{BTreeMap, BTreeSet};

/// The texts of one home, each given once.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    given: Vec<String>,
    /// Seen in the outbox of a dead process, or acknowledged to the caller.
    kept: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
}

impl Ledger {
    pub(crate) fn given(&mut self, text: &str) {
        self.given.push(text.to_owned());
    }

    pub(crate) fn acknowledged(&mut self, text: &str) {
        self.kept.insert(text.to_owned());
        self.acknowledged.insert(text.to_owned());
    }

    /// A process died and left this outbox: whatever was ever kept is still in it, or on the server.
    pub(crate) fn died(&mut self, outbox: &[String], server: &[String]) {
        self.kept.extend(outbox.iter().cloned());
        for text in &self.kept {
            let there = outbox.contains(text) || server.contains(text);
            assert!(there, "lost: {text}");
        }
        let mut once = BTreeSet::new();
        assert!(outbox.iter().all(|text| once.insert(text)), "twice in the outbox: {outbox:?}");
    }

    /// All is quiet: what the server has, and what is still in the outbox. With `exactly_once`, everything kept has arrived.
    pub(crate) fn balance(&self, outbox: &[String], server: &[String], exactly_once: bool) {
        let mut counts = BTreeMap::<&str, u32>::new();
        for text in server {
            *counts.entry(text).or_default() += 1;
        }
        let count = |text: &String| counts.get(text.as_str()).copied().unwrap_or_default();
        for text in &self.given {
            assert!(count(text) <= 1, "said twice: {text}");
        }
        for text in &self.kept {
            let waits = outbox.contains(text);
            assert!(count(text) == 1 || waits, "lost: {text}");
            assert!(!exactly_once || (count(text) == 1 && !waits), "not yet said: {text}");
        }
        for text in &self.acknowledged {
            assert_eq!(count(text), 1, "acknowledged: {text}");
        }
    }
}

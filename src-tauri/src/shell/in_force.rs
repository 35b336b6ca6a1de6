//! What a person chose to see, and how, in the form in which rows are asked: compiled anew when it changes, and only then.

use std::sync::{Arc, Mutex, PoisonError};

use crate::dto::{RuleFault, Rules, SavedView};
use crate::errors::AppError;
use crate::rules::RuleBook;
use crate::settings::Memory;
use crate::shell::Shell;
use crate::views::Made;

pub(super) struct InForce {
    rules: Mutex<Arc<RuleBook>>,
    /// The views that were compiled, and what they became.
    views: Mutex<(Vec<SavedView>, Arc<Made>)>,
}

impl InForce {
    pub(super) fn of(memory: &Memory) -> Self {
        let (book, faults) = RuleBook::compile(&memory.rules);
        if !faults.is_empty() {
            tracing::warn!(count = faults.len(), "some rules of the settings file do not hold");
        }
        let views = &memory.settings.views;
        let made = Arc::new(Made::compile(views));
        Self { rules: Mutex::new(Arc::new(book)), views: Mutex::new((views.clone(), made)) }
    }

    /// Puts these views in force.
    pub(super) fn views(&self, views: &[SavedView]) {
        let mut known = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != views {
            *known = (views.to_vec(), Arc::new(Made::compile(views)));
        }
    }
}

impl Shell {
    /// The views that a person made.
    pub(crate) fn made_views(&self) -> Arc<Made> {
        Arc::clone(&self.in_force.views.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The rules in force.
    pub(crate) fn rules(&self) -> Arc<RuleBook> {
        Arc::clone(&self.in_force.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other rules in force and keeps them, unless one of them cannot be: then nothing changes, and the faults say why.
    ///
    /// # Errors
    /// `settings_not_saved`; the rules hold until the app quits.
    pub(crate) fn rule(&self, rules: Rules) -> Result<Vec<RuleFault>, AppError> {
        let rules = rules.bounded();
        let (book, faults) = RuleBook::compile(&rules);
        if faults.is_empty() {
            *self.in_force.rules.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
            self.change(|memory| memory.rules = rules)?;
        }
        Ok(faults)
    }
}

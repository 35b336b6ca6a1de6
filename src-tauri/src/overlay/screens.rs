//! What the overlay shows now, as it is told to whoever listens: replaced whole, so that a slow listener sees the newest and
//! nobody waits for it.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

use super::gate::Screen;
use super::shown::{Asked, ChatRow};

/// The JSON of both screens.
pub(super) struct Screens {
    chat: watch::Sender<Arc<str>>,
    question: watch::Sender<Arc<str>>,
}

impl Default for Screens {
    fn default() -> Self {
        Self { chat: watch::Sender::new("[]".into()), question: watch::Sender::new("null".into()) }
    }
}

impl Screens {
    /// Shows a chat and a question. What did not change is not told again.
    pub(super) fn show(&self, chat: &[ChatRow], question: Option<&Asked>) {
        turn(&self.chat, &chat);
        turn(&self.question, &question);
    }

    /// The newest state of a screen, and every later one.
    pub(super) fn watch(&self, screen: Screen) -> watch::Receiver<Arc<str>> {
        match screen {
            Screen::Chat => self.chat.subscribe(),
            Screen::Question => self.question.subscribe(),
        }
    }
}

fn turn(screen: &watch::Sender<Arc<str>>, to: &impl Serialize) {
    // Strings and numbers: there is nothing in it that JSON could refuse.
    let json: Arc<str> = serde_json::to_string(to).unwrap_or_else(|_| "null".to_owned()).into();
    screen.send_if_modified(|shown| {
        let changed = *shown != json;
        *shown = json;
        changed
    });
}

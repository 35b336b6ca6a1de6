//! The newest lines of this run as they may be handed on: where each was logged, and of its fields what can hold no name and
//! nothing that anybody wrote.

use std::collections::VecDeque;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// What led to a trouble is among these.
const LINES: usize = 60;

/// The longest of our own sentences, in bytes.
const SENTENCE_BYTES: usize = 120;

/// Our own crates: their sentences are literals, and what changes stands in fields.
const OURS: &str = "aside_";

/// Fields that count, or name a thing of ours.
const PLAIN: &str = "attempt code count cut_off entries generation place port slept_ms sockets status thread wait_ms window";

/// Fields of which only the words of the trade remain: an error may repeat an address, a path or a name.
const WORDY: &str = "asked end error io";

/// What errors and the ends of connections are made of.
const TRADE: &str = "abort aborted access address already and at bad be broken busy by certificate closed code connect \
    connecting connection connecttimeout corrupt could database dead denied device dial disk dns end eof error exists \
    expired failed file for found frame full handshake host html http in input invalid io is key left locked lookup \
    malformed memory name network no nohello not noupgrade of on open operation os output oversize permission pipe port \
    protocol proxy read refused reset resource secret service slept socket space status storage such supported \
    temporarily the time timed timeout tls to too unavailable unexpected unknown unreachable use version violation \
    wanted was websocket with write writestuck";

fn is_among(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known.eq_ignore_ascii_case(word))
}

/// The lines of one process. Handles are cheap and the same.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<VecDeque<String>>>);

impl Recent {
    /// Oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let about = event.metadata();
        let mut said = Said { ours: about.target().starts_with(OURS), ..Said::default() };
        event.record(&mut said);
        let time = Timestamp::now().strftime("%H:%M:%SZ");
        let line = format!(
            "{time} {} {}: {}{}",
            about.level(),
            about.target(),
            said.sentence,
            said.fields
        );
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// What may be repeated of an event.
#[derive(Default)]
struct Said {
    ours: bool,
    sentence: String,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let (name, text) = (field.name(), format!("{value:?}"));
        if name == "message" {
            let literal = self.ours && text.is_ascii() && text.len() <= SENTENCE_BYTES;
            self.sentence = if literal { text } else { "(left out)".to_owned() };
        } else if let Some(kept) = kept(name, &text) {
            // A String takes whatever is written.
            let _always = write!(self.fields, " {name}={kept}");
        }
    }
}

fn kept(name: &str, text: &str) -> Option<String> {
    if is_among(PLAIN, name) {
        let text = text.trim_matches('"');
        let of_ours = |c: char| c.is_ascii_alphanumeric() || "_-:./".contains(c);
        let plain = text.len() <= 64 && !text.starts_with('/') && text.chars().all(of_ours);
        return Some(if plain { text.to_owned() } else { "…".to_owned() });
    }
    is_among(WORDY, name).then(|| trade(text))
}

/// The words of the trade and short numbers; whatever else stands between them is a dot.
fn trade(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for piece in text.split_whitespace() {
        // An address, a path, a mail: nothing of it is a word.
        let whole = piece.contains(['/', '\\', '@']) || piece.trim_end_matches('.').contains('.');
        let cut = |c: char| !whole && !c.is_alphanumeric() && c != '_';
        for part in piece.split(cut).filter(|part| !part.is_empty()) {
            let short = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            let known = short || is_among(TRADE, part);
            match (known, words.last()) {
                (true, _) => words.push(part),
                (false, Some(&"…")) => {}
                (false, _) => words.push("…"),
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn lines(log: impl FnOnce()) -> Vec<String> {
        let recent = Recent::default();
        let subscriber = tracing_subscriber::registry().with(recent.clone());
        tracing::subscriber::with_default(subscriber, log);
        let without_time = |line: String| line.split_once(' ').unwrap().1.to_owned();
        recent.lines().into_iter().map(without_time).collect()
    }

    #[test]
    fn a_line_keeps_what_it_counts_and_loses_every_name() {
        let error = "dial tcp rooms.example:443: Connection refused (os error 111), canary, /home/user/canary";
        let told = lines(|| {
            let _room = tracing::error_span!("room", topic = "canary").entered();
            tracing::warn!(target: "aside_session::room", %error, wait_ms = 1500, user = "canary", room = "canary", "not connected");
            tracing::info!(target: "aside_session::room", end = ?Some(4401), "not connected");
            tracing::warn!(target: "zbus", "canary");
        });
        assert_eq!(
            told,
            [
                "WARN aside_session::room: not connected error=dial … Connection refused os error 111 … wait_ms=1500",
                "INFO aside_session::room: not connected end=… 4401",
                "WARN zbus: (left out)",
            ]
        );
    }

    #[test]
    fn the_newest_stay() {
        let told = lines(|| {
            for count in 0..100 {
                tracing::info!(target: "aside", count, "line");
                tracing::info!(target: "aside_app", count, "line");
            }
        });
        assert_eq!((told.len(), told[59].as_str()), (LINES, "INFO aside_app: line count=99"));
    }
}

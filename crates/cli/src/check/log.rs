//! What travelled: for the report of one probe at a time, and for the probes that judge everything that was heard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aside_protocol::Token;
use aside_protocol::limits::SERVER_MESSAGE_BYTES;
use serde_json::Value;

/// Lines that a report shows of one probe, each way; the last ones say most.
const LINES: usize = 8;
/// Characters that it shows of each.
const WIDTH: usize = 400;
/// Entries that are kept for the probes at the end.
const ENTRIES: usize = 5000;
/// Faults of one kind that are kept: the first ones say it.
const FAULTS: usize = 20;

/// Where an entry was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the socket.
    Socket,
    /// In the history.
    History,
}

/// Shared by all sockets and requests of a check.
#[derive(Clone)]
pub(crate) struct Log {
    secrets: Arc<Vec<String>>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    sent: Vec<String>,
    got: Vec<String>,
    entries: Vec<(Place, Value)>,
    frames: usize,
    replies: usize,
    frame_faults: Vec<String>,
    reply_faults: Vec<String>,
    size_faults: Vec<String>,
}

impl Log {
    pub(crate) fn new<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> Self {
        let mut secrets = Vec::new();
        for token in tokens {
            let mut form = token.expose().to_owned();
            // As it stands inside JSON inside JSON, too.
            for _ in 0..4 {
                if !form.is_empty() && !secrets.contains(&form) {
                    secrets.insert(0, form.clone());
                }
                let quoted = Value::from(form).to_string();
                form = quoted[1..quoted.len() - 1].to_owned();
            }
        }
        Self { secrets: Arc::new(secrets), inner: Arc::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A text that may be shown: without any token, and short.
    pub(crate) fn shown(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in self.secrets.iter() {
            shown = shown.replace(secret, "<token>");
        }
        match shown.char_indices().nth(WIDTH) {
            Some((end, _)) => format!("{} … ({} bytes)", &shown[..end], text.len()),
            None => shown,
        }
    }

    /// The next probe begins.
    pub(crate) fn begin(&self) {
        let mut inner = self.inner();
        inner.sent.clear();
        inner.got.clear();
    }

    /// What travelled since the probe began.
    pub(crate) fn end(&self) -> (Vec<String>, Vec<String>) {
        let mut inner = self.inner();
        (std::mem::take(&mut inner.sent), std::mem::take(&mut inner.got))
    }

    pub(crate) fn sent(&self, line: &str) {
        let line = self.shown(line);
        push_last(&mut self.inner().sent, line);
    }

    pub(crate) fn got(&self, line: &str) {
        let line = self.shown(line);
        push_last(&mut self.inner().got, line);
    }

    /// A text frame came.
    pub(crate) fn frame(&self, text: &str) {
        self.got(text);
        let fault = frame_fault(text);
        let mut inner = self.inner();
        inner.frames += 1;
        if let Some(fault) = fault {
            push_first(&mut inner.frame_faults, format!("{fault}: {}", self.shown(text)));
        }
    }

    /// Something that is no text frame came.
    pub(crate) fn no_text(&self, what: &str) {
        self.got(what);
        push_first(&mut self.inner().frame_faults, what.to_owned());
    }

    /// A message or a page was larger than what clients take.
    pub(crate) fn too_large(&self, what: &str) {
        let limit = SERVER_MESSAGE_BYTES / 1024;
        self.got(&format!("{what} that is too large (messages: {limit} KiB at most)"));
        push_first(&mut self.inner().size_faults, what.to_owned());
    }

    /// A reply came over HTTP; a fault, if its form is not that of the protocol.
    pub(crate) fn reply(&self, fault: Option<String>) {
        let mut inner = self.inner();
        inner.replies += 1;
        if let Some(fault) = fault {
            push_first(&mut inner.reply_faults, self.shown(&fault));
        }
    }

    /// An entry was met.
    pub(crate) fn entry(&self, place: Place, entry: &Value) {
        let mut inner = self.inner();
        if inner.entries.len() < ENTRIES {
            inner.entries.push((place, entry.clone()));
        }
    }

    pub(crate) fn entries(&self) -> Vec<(Place, Value)> {
        self.inner().entries.clone()
    }

    /// How many frames came, and what was wrong with some.
    pub(crate) fn frame_faults(&self) -> (usize, Vec<String>) {
        let inner = self.inner();
        (inner.frames, inner.frame_faults.clone())
    }

    /// How many replies came, and what was wrong with some.
    pub(crate) fn reply_faults(&self) -> (usize, Vec<String>) {
        let inner = self.inner();
        (inner.replies, inner.reply_faults.clone())
    }

    pub(crate) fn size_faults(&self) -> Vec<String> {
        self.inner().size_faults.clone()
    }
}

fn push_last(lines: &mut Vec<String>, line: String) {
    if lines.len() == LINES {
        lines.remove(0);
    }
    lines.push(line);
}

fn push_first(lines: &mut Vec<String>, line: String) {
    if lines.len() < FAULTS {
        lines.push(line);
    }
}

/// What is wrong with the form of a frame: `{"code": <int>, "data": "<string>"}`.
fn frame_fault(text: &str) -> Option<&'static str> {
    let Ok(Value::Object(frame)) = serde_json::from_str::<Value>(text) else {
        return Some("no JSON object");
    };
    if !frame.get("code").is_some_and(Value::is_i64) {
        return Some("`code` is no whole number");
    }
    // "May also be empty": absent and null are that.
    if !matches!(frame.get("data"), None | Some(Value::Null | Value::String(_))) {
        return Some("`data` is no string");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_in_none_of_its_forms() {
        let token = Token::new("se\"cr\\et");
        let log = Log::new([&token]);
        let once = Value::from(token.expose()).to_string();
        let twice = Value::from(once.as_str()).to_string();
        for text in [token.expose(), &once, &twice] {
            let shown = log.shown(&format!("a {text} b"));
            assert!(shown.contains("<token>") && !shown.contains("cr"), "{shown}");
        }
        assert!(log.shown(&"x".repeat(9000)).len() < 500);
    }

    #[test]
    fn the_form_of_a_frame() {
        for good in [r#"{"code":200,"data":"x"}"#, r#"{"code":-1}"#, r#"{"code":1,"data":null}"#] {
            assert_eq!(frame_fault(good), None, "{good}");
        }
        for bad in ["", "x", "[]", r#"{"data":"x"}"#, r#"{"code":"200","data":""}"#] {
            assert!(frame_fault(bad).is_some(), "{bad}");
        }
        assert_eq!(frame_fault(r#"{"code":200,"data":{}}"#), Some("`data` is no string"));
    }
}

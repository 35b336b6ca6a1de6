//! What the shell itself says where it is more than one key's words: states, counts, and which language it is said in.

use aside_words::{Key, Language};

use crate::dto::{ConnectionState, Locale};

/// The language to speak, from what a person chose and what the system says.
pub(crate) fn language(chosen: Locale, system: &str) -> Language {
    match chosen {
        Locale::System => Language::nearest(system),
        Locale::Chosen(language) => language,
    }
}

/// The system's language as a tag, English where the system does not say.
pub(crate) fn system_locale() -> String {
    sys_locale::get_locale().unwrap_or_else(|| "en".to_owned())
}

pub(crate) fn connection(language: Language, state: ConnectionState) -> &'static str {
    language.say(match state {
        ConnectionState::Connecting | ConnectionState::Joining => Key::SHELL_STATE_CONNECTING,
        ConnectionState::Syncing | ConnectionState::Online => Key::SHELL_STATE_LIVE,
        ConnectionState::Waiting => Key::SHELL_STATE_RECONNECTING,
        ConnectionState::Refused => Key::SHELL_STATE_REFUSED,
        ConnectionState::Closed => Key::SHELL_STATE_CLOSED,
    })
}

/// `3 new, 1 question`, or nothing when nothing is new.
pub(crate) fn unread(language: Language, entries: u32, questions: u32) -> String {
    let count = |key, n: u32| {
        // Counted up to a thousand, then the number says no more.
        let shown = if n >= 1000 { "999+".to_owned() } else { n.to_string() };
        (n > 0).then(|| language.count(key, n, &[("n", &shown)]))
    };
    let entries = count(Key::SHELL_UNREAD_ENTRIES, entries);
    match (entries, count(Key::SHELL_UNREAD_QUESTIONS, questions)) {
        (Some(entries), Some(questions)) => language
            .fill(Key::SHELL_UNREAD_BOTH, &[("entries", &entries), ("questions", &questions)]),
        (entries, questions) => entries.or(questions).unwrap_or_default(),
    }
}

/// `2 mentions`, or nothing where there is none.
pub(crate) fn mentions(language: Language, count: u32) -> String {
    if count == 0 {
        return String::new();
    }
    language.count(Key::SHELL_UNREAD_MENTIONS, count, &[])
}

/// `5 open, oldest 4 min`, or nothing when nobody waits.
pub(crate) fn waiting(language: Language, open: u32, minutes: i64) -> String {
    match (open, minutes) {
        (0, _) => String::new(),
        (open, 0) => language.count(Key::SHELL_WAITING_OPEN, open, &[]),
        (open, minutes) => {
            language.count(Key::SHELL_WAITING_OLDEST, open, &[("minutes", &minutes)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_decides_unless_a_person_did() {
        let chinese = Language::tagged("zh-CN").unwrap();
        assert_eq!(language(Locale::System, "zh-Hans-CN"), chinese);
        assert_eq!(language(Locale::System, "de-DE"), Language::english());
        assert_eq!(language(Locale::Chosen(Language::english()), "zh-CN"), Language::english());
        assert_eq!(language(Locale::Chosen(chinese), "en-US"), chinese);
    }

    #[test]
    fn unread_counts_read_well() {
        let (english, chinese) = (Language::english(), Language::tagged("zh-CN").unwrap());
        assert_eq!(unread(english, 0, 0), "");
        assert_eq!(unread(english, 3, 1), "3 new, 1 question");
        assert_eq!(unread(english, 1000, 2), "999+ new, 2 questions");
        assert_eq!(unread(chinese, 3, 2), "3 条新消息，2 个提问");
    }
}

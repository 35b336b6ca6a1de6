//! Words by key in each language, and that one more file is one more language.

use std::collections::BTreeSet;

use super::*;

/// The languages of `locales` and one from `tests/third`, which says little.
static WITH_A_THIRD: &[Table] = &include!(concat!(env!("OUT_DIR"), "/third.rs"));

fn chinese() -> Language {
    Language::tagged("zh-CN").unwrap()
}

#[test]
fn a_system_is_spoken_to_in_its_language_or_in_english() {
    let nearest = |system| Language::nearest(system).tag();
    assert_eq!(
        ["zh-Hans-CN", "zh_TW", "ZH", "zha", "en-GB", "de-DE", ""].map(nearest),
        ["zh-CN", "zh-CN", "zh-CN", "en", "en", "en", "en"]
    );
    assert_eq!(Language::tagged("xx"), None);
}

#[test]
fn a_number_takes_its_form_and_a_slot_its_value_once() {
    let english = Language::english();
    assert_eq!(english.count(Key::SHELL_NOTIFY_QUESTIONS, 1, &[]), "A new question");
    assert_eq!(english.count(Key::SHELL_NOTIFY_QUESTIONS, 5, &[]), "5 new questions");
    assert_eq!(chinese().count(Key::SHELL_NOTIFY_QUESTIONS, 1, &[]), "1 个新问题");
    assert_eq!(
        english.fill(Key::SHELL_NOTIFY_TAKEN_OVER, &[("who", &"{number}"), ("number", &7)]),
        "{number} took over #7. Your draft is kept."
    );
}

#[test]
fn one_more_file_is_one_more_language() {
    let polish = nearest(WITH_A_THIRD, "pl-PL").unwrap();
    assert_eq!((polish.tag(), polish.name()), ("pl", "Polski"));
    assert_eq!(tagged(WITH_A_THIRD, "pl"), Some(polish));
    assert_eq!(polish.say(Key::SHELL_TRAY_QUIT), "Zakończ");
    let questions = |n| polish.count(Key::SHELL_NOTIFY_QUESTIONS, n, &[]);
    assert_eq!(
        [1, 2, 5, 22].map(questions),
        ["Nowe pytanie", "2 nowe pytania", "5 nowych pytań", "22 nowe pytania"]
    );
    // What it does not say is English, by the rules of English.
    assert_eq!(polish.say(Key::SHELL_TRAY_SHOW), "Show Aside");
    assert_eq!(polish.count(Key::SHELL_UNREAD_QUESTIONS, 1, &[]), "1 question");
    assert_eq!(polish.count(Key::SHELL_UNREAD_QUESTIONS, 2, &[]), "2 questions");
}

#[test]
fn every_key_is_said_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut said = String::new();
    for folder in ["src-tauri/src", "crates/report/src", "crates/cli/src"] {
        read(&root.join(folder), &mut said);
    }
    let named = |text: &str| -> BTreeSet<String> {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        text.split("Key::")
            .skip(1)
            .filter_map(|rest| rest.split(ends).next())
            .map(str::to_owned)
            .collect()
    };
    let keys = include_str!(concat!(env!("OUT_DIR"), "/keys.rs"));
    let ours: BTreeSet<_> = keys
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next())
        .map(str::to_owned)
        .collect();
    assert!(!ours.is_empty());
    assert_eq!(ours.difference(&named(&said)).collect::<Vec<_>>(), Vec::<&String>::new());
}

fn read(folder: &std::path::Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, all);
        } else {
            all.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

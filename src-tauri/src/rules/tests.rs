//! What rules find in what people say, in many scripts, and what they do when somebody means them harm.

use proptest::prelude::*;

use super::*;
use crate::dto::Colour;

fn rule(when: When) -> Rule {
    let effect = Effect::Mark { colour: Some(Colour::Teal), sound: None, notify: true };
    Rule { id: "r".to_owned(), on: true, room: None, when, effect }
}

fn of(list: Vec<Rule>) -> Rules {
    Rules { list, ..Rules::default() }
}

fn words(text: &str) -> Rule {
    rule(When::Words { text: text.to_owned() })
}

fn regex(text: &str) -> Rule {
    rule(When::Pattern { text: text.to_owned() })
}

fn seen(text: &str) -> Seen<'_> {
    Seen { room: RoomKey::DEMO, kind: Said::Message, user: "bo", text, mine: false }
}

fn finds(rule: Rule, text: &str) -> bool {
    let (book, faults) = RuleBook::compile(&of(vec![rule]));
    assert_eq!(faults, []);
    book.judge(&seen(text)).is_some()
}

fn fault(rule: Rule) -> (&'static str, Option<u32>) {
    let (_book, faults) = RuleBook::compile(&of(vec![rule]));
    let [RuleFault { code, at, .. }] = faults.as_slice() else { panic!("{faults:?}") };
    (code, *at)
}

#[test]
fn words_are_whole_where_a_script_has_spaces() {
    for (rule, text) in [
        ("cat", "My CAT, again"),
        ("cat", "cat"),
        ("cat", "concat a cat"),
        ("c++", "I like C++!"),
        ("new year", "a  New\nYear’s party"),
        (":)", "well :)"),
        ("7", "room 7?"),
        ("naïve", "NAIVE"),
        ("Привет", "ПРИВЕТ всем"),
    ] {
        assert!(finds(words(rule), text), "{rule} in {text}");
    }
    for (rule, text) in [
        ("cat", "concatenate"),
        ("cat", "cats"),
        ("7", "77"),
        ("при", "Привет"),
        ("new year", "newyear"),
        ("हिन", "हिन्दी"),
    ] {
        assert!(!finds(words(rule), text), "{rule} in {text}");
    }
    assert!(finds(words("a a"), "xa a a"), "the second of two that overlap");
}

#[test]
fn words_are_found_inside_scripts_that_have_no_spaces() {
    for (rule, text) in [
        ("发布", "我们今天发布新产品"),
        ("AI", "什么是ＡＩ技术"),
        ("ひと", "あのひとたち"),
        ("한국", "한국어를"),
        ("ไทย", "ภาษาไทยครับ"),
    ] {
        assert!(finds(words(rule), text), "{rule} in {text}");
    }
    assert!(!finds(words("가"), "각"), "another syllable");
    assert!(!finds(words("发 布"), "发布"));
}

#[test]
fn case_width_accents_and_what_nobody_sees_do_not_matter() {
    for (rule, text) in [
        ("istanbul", "İSTANBUL"),
        ("İstanbul", "istanbul"),
        ("straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("ẞ", "ss"),
        ("ΟΔΟΣ", "οδος"),
        ("οδός", "ΟΔΌΣ"),
        ("free", "ｆＲｅｅ"),
        ("free", "f\u{200b}r\u{ad}ee"),
        ("مرحبا", "مَرْحَبًا بكم"),
        ("سلام", "سـلام"),
        ("שלום", "אמר שָׁלוֹם"),
        ("שלום", "\u{202e}שלום\u{202c}"),
        ("❤", "❤\u{fe0f}"),
        ("👍", "ok👍🏽ok"),
        ("👩‍🚀", "an 👩‍🚀!"),
    ] {
        assert!(finds(words(rule), text), "{rule} in {text}");
    }
    assert!(!finds(words("שלו"), "שלום"), "a part of a word");
    assert!(!finds(words("👎"), "👍"));
}

#[test]
fn a_pattern_knows_no_case_and_shows_what_it_found() {
    assert!(finds(regex(r"\bgiveaways?\b"), "Free GIVEAWAY here"));
    assert!(!finds(regex(r"\bgiveaways?\b"), "giveawayss"));
    assert!(finds(regex("发布.?会"), "产品发布会"));
    assert!(finds(regex(r"@\w+\s+\w+\s\w+\s*[\p{Han}\w]+!"), "@bo come and 看see!"), "not large");
    let (book, _) = RuleBook::compile(&of(vec![regex("x+")]));
    let fits = book.fits(&seen(&format!("a{}", "x".repeat(500))));
    assert_eq!(fits, [Fit { rule: "r".to_owned(), found: "x".repeat(80) }]);
}

#[test]
fn a_bad_pattern_says_where_it_is_bad() {
    assert_eq!(fault(regex("(ab")), ("pattern", Some(1)));
    assert_eq!(fault(regex("发布(")), ("pattern", Some(3)), "characters, not bytes");
    assert_eq!(fault(regex("a**{")), ("pattern", Some(4)));
    assert_eq!(fault(regex(r"(\w+)\1")), ("pattern", Some(6)));
    assert_eq!(fault(regex("(?=x)")), ("pattern", Some(1)));
    assert_eq!(fault(regex(r"\p{Klingon}")), ("pattern", Some(1)));
    assert_eq!(fault(regex(&"(".repeat(100))).0, "pattern");
    assert_eq!(fault(regex("((((a{100}){100}){100}){100})")).0, "pattern_large");
    assert_eq!(fault(regex(r"\w{200}")).0, "pattern_large");
    assert_eq!(fault(regex("")), ("empty", None));
}

#[test]
fn what_cannot_be_is_named_and_the_others_hold() {
    for nothing in ["", "  \n", "\u{200b}\u{202e}", "\u{301}"] {
        assert_eq!(fault(words(nothing)).0, "empty", "{nothing:?}");
    }
    assert_eq!(fault(words(&"字".repeat(171))).0, "too_long");
    assert_eq!(fault(Rule { room: Some("7".to_owned()), ..words("a") }).0, "room");
    let person = When::Person { user: String::new(), name: "Bo".to_owned() };
    assert_eq!(fault(rule(person)).0, "empty");
    let list = vec![regex("("), Rule { id: "b".to_owned(), ..words("a") }, words("twice")];
    let (book, faults) = RuleBook::compile(&of(list));
    let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["pattern", "not_taken"]);
    assert!(book.judge(&seen("a")).is_some());
    let many = (0..205).map(|n| Rule { id: n.to_string(), ..words("a") }).collect();
    assert_eq!(RuleBook::compile(&of(many)).1.len(), 5);
}

#[test]
fn the_first_that_fits_decides() {
    let mute = Rule { id: "mute".to_owned(), effect: Effect::Mute, ..words("spam") };
    let mark = Rule { id: "mark".to_owned(), ..words("news") };
    let judge = |list: Vec<Rule>, text| {
        RuleBook::compile(&of(list))
            .0
            .judge(&seen(text))
            .map(|(ruled, _)| (ruled.rule, ruled.muted))
    };
    let both = || vec![mute.clone(), mark.clone()];
    assert_eq!(judge(both(), "spam news"), Some(("mute".to_owned(), true)));
    assert_eq!(
        judge(vec![mark.clone(), mute.clone()], "spam news"),
        Some(("mark".to_owned(), false))
    );
    assert_eq!(judge(both(), "nothing"), None);
    let off = Rule { on: false, ..mute.clone() };
    assert_eq!(judge(vec![off, mark.clone()], "spam news"), Some(("mark".to_owned(), false)));
    let (book, _) = RuleBook::compile(&of(both()));
    let fits: Vec<_> = book.fits(&seen("spam news")).into_iter().map(|fit| fit.rule).collect();
    assert_eq!(fits, ["mute", "mark"]);
}

#[test]
fn a_rule_is_for_its_room_its_person_its_kind_and_never_for_oneself() {
    let here = Rule { room: Some(RoomKey::DEMO.to_string()), ..words("a") };
    let (book, _) = RuleBook::compile(&of(vec![here]));
    assert!(book.judge(&seen("a")).is_some());
    assert!(book.judge(&Seen { room: RoomKey::random(), ..seen("a") }).is_none());
    assert!(book.judge(&Seen { mine: true, ..seen("a") }).is_none());

    let person = rule(When::Person { user: "bo".to_owned(), name: "Bo".to_owned() });
    let (book, _) = RuleBook::compile(&of(vec![person]));
    assert!(book.judge(&seen("anything")).is_some());
    assert!(book.judge(&Seen { user: "Bo", ..seen("anything") }).is_none(), "ids are exact");
    assert!(book.judge(&Seen { kind: Said::Answer, ..seen("anything") }).is_none());

    let (book, _) = RuleBook::compile(&of(vec![rule(When::Kind { kind: Said::Question })]));
    assert!(book.judge(&seen("why?")).is_none());
    assert!(book.judge(&Seen { kind: Said::Question, ..seen("why?") }).is_some());
}

#[test]
fn nobody_can_make_the_rules_hang() {
    let text = format!("{}!", "a".repeat(1_000_000));
    let mut list =
        vec![regex("(a+)+$"), regex("(a|aa)*b"), regex("(.*)(.*)(.*)x"), words(&"a".repeat(500))];
    for (n, rule) in list.iter_mut().enumerate() {
        rule.id = n.to_string();
    }
    let (book, faults) = RuleBook::compile(&of(list));
    assert_eq!(faults, []);
    // What backtracks would need longer than the sun has, and be ended by whoever runs this.
    assert_eq!(book.fits(&seen(&text)), []);
}

proptest! {
    #[test]
    fn nothing_that_people_type_is_a_panic(rule in "\\PC{0,40}|.{0,40}|[(){}*+?|a-z\\\\]{0,30}", text in ".{0,200}") {
        let (book, _) = RuleBook::compile(&of(vec![
            words(&rule),
            Rule { id: "p".to_owned(), ..regex(&rule) },
        ]));
        book.fits(&seen(&text));
        book.judge(&seen(&rule));
    }

    /// What a rule names it finds, alone and between other words.
    #[test]
    fn words_find_themselves(words_ in "[a-zß-ž\\p{Han}À-ÿ]{1,12}") {
        prop_assert!(finds(words(&words_), &words_));
        let text = format!("x, {words_} y");
        prop_assert!(finds(words(&words_.to_uppercase()), &text));
    }
}

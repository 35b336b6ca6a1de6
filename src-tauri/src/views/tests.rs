//! What a view shows, however far back it stands, and what it counts as new.

use std::time::Duration;

use aside_history::{Delivery, Revision, RowKey, Standing};
use aside_protocol::{AnswerNotes, Body, Entry, EntryKind, Topic};
use aside_server::{Answering, NewEntry};
use tokio::time::timeout;

use super::*;
use crate::dto::{ConnectionState, Effect, Named, Rule, Rules, Sound, When};
use crate::shell::tests::{Table, keyring};

const PATIENCE: Duration = Duration::from_secs(20);

fn row(kind: EntryKind, user: &str, text: &str) -> Row {
    let entry = Entry {
        kind,
        user: user.to_owned(),
        display_name: user.to_uppercase(),
        avatar_url: String::new(),
        stream: String::new(),
        content: text.to_owned(),
        created_at: None,
        id: None,
        seq: None,
        nonce: None,
    };
    let entry = EntryRow {
        entry,
        created_at: None,
        mine: user == "me",
        standing: Standing::Confirmed,
        delivery: Delivery::Received,
        local_id: None,
    };
    let (key, place, revision) = (RowKey(1), Place(1), Revision(1));
    let received_at = jiff::Timestamp::UNIX_EPOCH;
    Row { key, place, revision, received_at, kind: RowKind::Entry(Box::new(entry)) }
}

fn said_by(user: &str, text: &str) -> Row {
    row(EntryKind::Message, user, text)
}

fn view(test: Test) -> View {
    View { room: RoomKey::DEMO, test }
}

fn book() -> RuleBook {
    let rule = |id: &str, text: &str, effect| Rule {
        id: id.to_owned(),
        on: true,
        room: None,
        when: When::Words { text: text.to_owned() },
        effect,
    };
    let mark = Effect::Mark { colour: None, sound: Some(Sound::Bell), notify: false };
    let list = vec![rule("a", "spam", Effect::Mute), rule("b", "token", mark)];
    RuleBook::compile(&Rules { list, ..Rules::default() }).0
}

fn mentions() -> View {
    view(Test::Mentions { name: Words::new("Ana").map(Box::new), rules: book().into() })
}

fn saved(kinds: &[Said], words: &[&str], people: &[&str]) -> SavedView {
    SavedView {
        id: "x".to_owned(),
        name: "x".to_owned(),
        kinds: kinds.to_vec(),
        words: words.iter().map(|&word| word.to_owned()).collect(),
        pattern: String::new(),
        people: people
            .iter()
            .map(|&user| Named { user: user.to_owned(), name: String::new() })
            .collect(),
    }
}

fn own(kinds: &[Said], words: &[&str], people: &[&str]) -> Own {
    Own::new(&saved(kinds, words, people))
}

#[test]
fn what_one_made_fits_by_a_pattern_too() {
    let made = |pattern: &str, people: &[&str]| {
        Own::new(&SavedView { pattern: pattern.to_owned(), ..saved(&[], &[], people) })
    };
    let seats = made(r"row \d+|第.排", &["cleo"]);
    for (fits, user, text) in [
        (true, "bo", "We sit in ROW 12"),
        (true, "bo", "第三排看不清"),
        (true, "cleo", "hello"),
        (false, "bo", "hello"),
    ] {
        assert_eq!(seats.fits(Said::Message, user, text), fits, "{text}");
    }
    assert_eq!(seats.only(), None, "each row must be looked at");
    let (broken, empty) = (made("row (", &[]), made("", &[]));
    assert!(!broken.fits(Said::Message, "bo", "row ("), "what is no pattern finds nothing");
    assert!(empty.fits(Said::Message, "bo", "anything"));
    let long = "a".repeat(64 * 1024) + "b";
    let began = Instant::now();
    assert!(!made("(a+)+$", &[]).fits(Said::Message, "bo", &long));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_one_made_is_compiled_when_it_changes_and_only_then() {
    let table = Table::set().await;
    let shell = table.start(&keyring());
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    let live = shell.rooms.live(key).await.unwrap();
    let mut settings = shell.boot().settings;
    settings.views = vec![SavedView { pattern: "^hel+o".to_owned(), ..saved(&[], &[], &[]) }];
    shell.choose(settings.clone()).unwrap();
    let first = shell.made_views();
    assert_eq!(
        backwards(&find(&shell, &Source::from(&live), "x").await.unwrap().unwrap(), &live, 10)
            .await
            .0,
        ["hello"]
    );
    all(&shell, &live).await;
    settings.text_size = 120;
    shell.choose(settings.clone()).unwrap();
    assert!(Arc::ptr_eq(&first, &shell.made_views()));
    settings.views[0].pattern = "^good".to_owned();
    shell.choose(settings).unwrap();
    assert!(!Arc::ptr_eq(&first, &shell.made_views()));
    let view = find(&shell, &Source::from(&live), "x").await.unwrap().unwrap();
    assert_eq!(backwards(&view, &live, 10).await.0.len(), 0);
    shell.rooms.close().await;
    let again = table.start(&keyring());
    assert_eq!(again.made_views().0.len(), 1, "after a restart, too");
}

#[test]
fn mentions_are_what_names_me_and_what_a_rule_marks_but_nothing_muted() {
    let mentions = mentions();
    for (shown, user, text) in [
        (true, "bo", "@ana, are you there?"),
        (true, "bo", "my TOKEN is old"),
        (false, "bo", "bananas"),
        (false, "bo", "spam for Ana"),
        (false, "me", "Ana here, with a token"),
    ] {
        assert_eq!(mentions.shows(&said_by(user, text)), shown, "{text}");
    }
    let nameless = view(Test::Mentions { name: None, rules: Arc::default() });
    assert!(!nameless.shows(&said_by("bo", "Ana")));
}

#[test]
fn what_one_made_fits_by_kind_and_by_words_or_people() {
    let fits = |own: &Own, kind, user: &str, text: &str| own.fits(kind, user, text);
    let spoken = own(&[], &["发布", "beamer"], &["cleo"]);
    assert!(fits(&spoken, Said::Message, "bo", "什么时候发布？"));
    assert!(fits(&spoken, Said::Answer, "bo", "The BEAMER is off"));
    assert!(fits(&spoken, Said::Message, "cleo", "hello"));
    assert!(!fits(&spoken, Said::Answer, "cleo", "hello"), "an answer's id is nobody's");
    assert!(!fits(&spoken, Said::Message, "bo", "hello"));
    assert_eq!(spoken.only(), None, "each row must be looked at");
    let asked = own(&[Said::Question], &["beamer"], &[]);
    assert!(
        !fits(&asked, Said::Message, "bo", "beamer")
            && fits(&asked, Said::Question, "bo", "beamer")
    );
    assert_eq!(asked.only(), Some(Only { questions: true, ..Only::default() }));
    let of = own(&[], &[], &["cleo"]);
    assert_eq!(of.only(), Some(Only { people: vec!["cleo".to_owned()], ..Only::default() }));
    assert_eq!(own(&[], &[], &[]).only(), None);
    assert!(fits(&own(&[], &[], &[]), Said::Answer, "bo", ""));
}

#[test]
fn what_is_not_to_be_seen_is_gone_from_a_view_and_may_still_be_heard() {
    let rows = [
        (1, row(EntryKind::Question, "bo", "why?")),
        (2, said_by("bo", "plain")),
        (3, said_by("bo", "a token")),
    ];
    let upserts = rows.into_iter().map(|(key, row)| Row { key: RowKey(key), ..row }).collect();
    let found = Changes {
        revision: Revision(9),
        upserts,
        removed: vec![RowKey(8)],
        reset: false,
        read: None,
    };
    let (changes, heard) = view(Test::Questions).changes(found, &book());
    let keys = |rows: &[Row]| rows.iter().map(|row| row.key.0).collect::<Vec<_>>();
    assert_eq!((keys(&changes.upserts), keys(&heard)), (vec![1], vec![3]));
    assert_eq!(changes.removed, [RowKey(8), RowKey(2), RowKey(3)]);
}

/// Everything of a view, page by page from its end; the texts, oldest first, and how many pages that took.
async fn backwards(view: &View, live: &Live, limit: u32) -> (Vec<String>, usize) {
    let (mut texts, mut pages, mut anchor) = (Vec::new(), 0, Anchor::End);
    loop {
        let found = view.page(&Source::from(live), anchor, limit).await.unwrap();
        pages += 1;
        let rows = found.page.rows.iter().filter_map(|row| Some(said(row.entry()?).1));
        texts.splice(0..0, rows);
        let Some(from) = found.from else { return (texts, pages) };
        assert!(pages < 100, "it goes on and on before {from:?}");
        anchor = Anchor::Before(from);
    }
}

#[tokio::test]
async fn a_view_goes_through_all_that_the_room_ever_said_and_counts_what_comes() {
    let table = Table::set().await;
    let topic = Topic::new("r");
    let past = (0..3000).map(|n| match n {
        7 | 1500 | 2990 => NewEntry::question("dora", "Dora", format!("question {n}")),
        8 => {
            let body = Body::Answer {
                org_name: "Org".to_owned(),
                org_logo: String::new(),
                question: "question 7".to_owned(),
                text: "answer 8".to_owned(),
                question_id: None,
                notes: AnswerNotes::default(),
            };
            NewEntry::new(body, "ana", "Dora")
        }
        20 => NewEntry::message("bo", "Bo", "hello Ana"),
        30 => NewEntry::message("ana", "Ana", "of the staff"),
        _ => NewEntry::message("bo", "Bo", format!("message {n}")),
    });
    table.server.rooms().seed(&topic, past.collect()).await.unwrap();
    let shell = table.start(&keyring());
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    let live = shell.rooms.live(key).await.unwrap();
    let views = all(&shell, &live).await;
    let [(_, questions), (_, mentions), (_, staff)] = views.as_slice() else { panic!("{views:?}") };

    let (asked, pages) = backwards(questions, &live, 2).await;
    assert_eq!(asked, ["question 7", "question 1500", "question 2990"]);
    assert!(pages >= 2, "no more than was asked for at once");
    assert_eq!(backwards(mentions, &live, 50).await.0, ["hello Ana"]);
    assert_eq!(backwards(staff, &live, 50).await.0, ["answer 8", "of the staff"]);
    let ahead =
        questions.page(&Source::from(&live), Anchor::After(Place(i64::MIN)), 2).await.unwrap();
    assert!(ahead.page.has_newer && ahead.to.is_some());
    assert_eq!(
        find(&shell, &Source::from(&live), "smell").await.unwrap_err().code(),
        "bad_argument"
    );

    let nothing = BTreeSet::new();
    assert_eq!(count(&live, &views, &nothing).await.len(), 0, "what was there is not new");
    let say = async |entry| table.server.rooms().publish(&topic, entry).await.unwrap();
    say(NewEntry::question("dora", "Dora", "and now?")).await;
    say(NewEntry::message("bo", "Bo", "Ana?")).await;
    say(NewEntry::message("bo", "Bo", "nothing")).await;
    let mut watch = live.session.watch();
    let counted = timeout(PATIENCE, async {
        loop {
            let counted = count(&live, &views, &nothing).await;
            if counted.len() == 2 {
                return counted;
            }
            watch.changed().await.unwrap();
        }
    });
    let counted = counted.await.unwrap();
    assert_eq!((counted["questions"], counted["mentions"]), (1, 1));
    let looked_at = BTreeSet::from(["questions".to_owned()]);
    let counted = count(&live, &views, &looked_at).await;
    assert_eq!(counted.keys().collect::<Vec<_>>(), ["mentions"]);
    assert_eq!(count(&live, &views, &nothing).await.len(), 1);

    // More than can be taken in one by one: it is counted afresh, and not beyond its bound.
    let much = (0..1500).map(|n| NewEntry::question("dora", "Dora", format!("again {n}")));
    table.server.rooms().seed(&topic, much.collect()).await.unwrap();
    let last = NewEntry::message("bo", "Bo", "the last");
    table.server.rooms().publish(&topic, last).await.unwrap();
    timeout(PATIENCE, async {
        let is_last = |row: &Row| row.entry().is_some_and(|entry| said(entry).1 == "the last");
        while !live.session.page(Anchor::End, 1).await.unwrap().rows.iter().any(is_last) {
            watch.changed().await.unwrap();
        }
    })
    .await
    .unwrap();
    let counted = count(&live, &views, &nothing).await;
    assert_eq!(counted["mentions"], 1, "so soon after it began, only what is known counts");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5)).await;
    tokio::time::resume();
    let counted = count(&live, &views, &nothing).await;
    assert_eq!((counted["questions"], counted["mentions"]), (100, 1));
    shell.rooms.close().await;
}

/// What is new, for a page that knows nothing yet.
async fn count(
    live: &Live,
    views: &[(String, View)],
    looked_at: &BTreeSet<String>,
) -> std::collections::BTreeMap<String, u32> {
    let since = Revision(0);
    let found = live.session.changes(since, 1).await.unwrap();
    live.tally.count(live, views, looked_at, (since, &found)).await.unwrap()
}

#[tokio::test]
async fn what_was_not_read_before_the_app_began_is_new() {
    let table = Table::set().await;
    let topic = Topic::new("r");
    let say = async |entry| table.server.rooms().publish(&topic, entry).await.unwrap();
    say(NewEntry::question("dora", "Dora", "read")).await;
    say(NewEntry::message("bo", "Bo", "read, too")).await;
    say(NewEntry::question("dora", "Dora", "not read")).await;
    let shell = table.start(&keyring());
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    let live = shell.rooms.live(key).await.unwrap();
    let rows = live.session.page(Anchor::End, 10).await.unwrap().rows;
    let read =
        rows.iter().find(|row| row.entry().is_some_and(|entry| said(entry).1 == "read, too"));
    live.session.mark_read(read.unwrap().place).await.unwrap();
    let views = all(&shell, &live).await;
    let counted = count(&live, &views, &BTreeSet::new()).await;
    assert_eq!(counted, [("questions".to_owned(), 1)].into());
    shell.rooms.close().await;
}

#[tokio::test]
async fn who_works_on_questions_is_of_the_staff_whatever_they_say() {
    let table = Table::set().await;
    let topic = Topic::new("r");
    let say = async |entry| table.server.rooms().publish(&topic, entry).await.unwrap();
    let question = say(NewEntry::question("dora", "Dora", "why?")).await.id;
    say(NewEntry::message("tim", "Tim", "somebody will tell you")).await;
    let answering = Answering {
        question,
        user: "tim".to_owned(),
        org_name: "Org".to_owned(),
        org_logo: String::new(),
        text: "because".to_owned(),
    };
    table.server.rooms().answer_as(&topic, answering).await.unwrap();
    let shell = table.start(&keyring());
    let key = shell.join(table.form(), Some(table.token.expose().to_owned())).await.unwrap();
    table.becomes(&shell, key, ConnectionState::Online).await;
    let live = shell.rooms.live(key).await.unwrap();
    let mut watch = live.session.watch();
    timeout(PATIENCE, async {
        while live.session.questions(0).await.unwrap().items.is_empty() {
            watch.changed().await.unwrap();
        }
    })
    .await
    .unwrap();
    let staff = find(&shell, &Source::from(&live), "staff").await.unwrap().unwrap();
    assert_eq!(backwards(&staff, &live, 10).await.0, ["somebody will tell you", "because"]);
    shell.rooms.close().await;
}

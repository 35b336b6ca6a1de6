//! What an export promises: every question with all its answers, whoever wrote what in them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;
use std::path::Path;

use aside_history::{
    Change, Commit, Delivery, EntryRow, ItemsHeard, NewRow, RoomId, RoomName, RowKind, Standing,
    Store, Where,
};
use aside_protocol::triage::{Item, Person, PrivateAnswer, Review, Visibility, Work};
use aside_protocol::{AnswerNotes, Body, Entry, EntryId, Seq};
use aside_report::{ExportError, Format, Options, export, gather, numbers};
use aside_words::Language;
use calamine::{Data, Reader, Xlsx, open_workbook};
use jiff::tz::TimeZone;

const START: i64 = 1_700_000_000_000;

fn options(format: Format) -> Options {
    Options {
        format,
        room: "Room <7>".to_owned(),
        server: "https://rooms.example".to_owned(),
        unanswered: false,
        people: true,
        zone: TimeZone::UTC,
        language: Language::english(),
        now_ms: START + 3_600_000,
    }
}

async fn store() -> (Store, RoomId) {
    let store = Store::in_memory().unwrap();
    let name = RoomName {
        server: "https://rooms.example".to_owned(),
        topic: "7".to_owned(),
        stream: "s".to_owned(),
        user: "me".to_owned(),
    };
    let room = store.room(&name).await.unwrap();
    (store, room)
}

fn row(user: &str, name: &str, body: &Body, id: Option<EntryId>, at_ms: i64) -> NewRow {
    let entry = Entry {
        kind: body.kind(),
        user: user.to_owned(),
        display_name: name.to_owned(),
        avatar_url: String::new(),
        stream: String::new(),
        content: body.to_content(),
        created_at: None,
        id,
        seq: None,
        nonce: None,
    };
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap();
    let row = EntryRow {
        entry,
        created_at: Some(at),
        mine: false,
        standing: Standing::Confirmed,
        delivery: Delivery::Received,
        local_id: None,
    };
    NewRow { received_at: at, kind: RowKind::Entry(Box::new(row)) }
}

fn answer(question: Option<&EntryId>, quote: &str, text: &str) -> Body {
    Body::Answer {
        org_name: "Acme".to_owned(),
        org_logo: String::new(),
        question: quote.to_owned(),
        text: text.to_owned(),
        question_id: question.cloned(),
        notes: AnswerNotes::default(),
    }
}

async fn add(store: &Store, room: RoomId, rows: Vec<NewRow>) {
    let changes = vec![Change::Insert { at: Where::End, rows }];
    store.commit(room, Commit { changes, ..Commit::default() }).await.unwrap();
}

/// 5,000 questions, 7,000 answers; every seventh waits, some were answered three times or privately.
async fn big() -> (Store, RoomId) {
    let (store, room) = store().await;
    let (mut items, mut rows, mut answers) = (Vec::new(), Vec::new(), 0);
    let mut answered = 0;
    for n in 1..=5_000_u64 {
        let id = EntryId::new(format!("e-{n}"));
        let text = format!("问题 {n}: why, \"really\"?\nsecond line");
        let asked_at = START + i64::try_from(n).unwrap() * 1_000;
        let asker = Person { display_name: format!("Asker {n}"), ..Person::default() };
        let mut item = Item::new(id.clone(), n, text.clone(), asker, asked_at);
        item.seq = Seq(n);
        let question = Body::Question { text: text.clone() };
        rows.push(row("a", "Asker", &question, Some(id.clone()), asked_at));
        let waits = n % 7 == 0;
        let left_questions = 5_000 - n;
        let wanted = if waits { 0 } else { 1 + u64::from((7_000 - answers) > left_questions + 2) };
        for k in 0..wanted.min(7_000 - answers) {
            let said = format!("answer {k} to {n}");
            rows.push(row(
                "sue",
                "Asker",
                &answer(Some(&id), &text, &said),
                None,
                asked_at + 2_000,
            ));
            answers += 1;
        }
        if !waits {
            item.close(Work::Answered, "text", asked_at + 2_000);
            item.first_answer_at = Some(asked_at + 2_000);
            item.changed_by = Person {
                user: "sue".to_owned(),
                display_name: "Sue".to_owned(),
                ..Person::default()
            };
            answered += 1;
        }
        items.push(item);
        if rows.len() > 400 {
            add(&store, room, std::mem::take(&mut rows)).await;
        }
    }
    // What is left of the 7,000 goes to the last question.
    let last = EntryId::new("e-5000");
    while answers < 7_000 {
        rows.push(row(
            "sue",
            "x",
            &answer(Some(&last), "x", &format!("more {answers}")),
            None,
            START + 9_000_000,
        ));
        answers += 1;
    }
    add(&store, room, rows).await;
    store.keep_items(room, ItemsHeard { whole: 1, items, ..ItemsHeard::default() }).await.unwrap();
    assert_eq!((answers, answered), (7_000, 5_000 - 714));
    (store, room)
}

async fn written(store: &Store, room: RoomId, path: &Path, options: Options) -> u64 {
    export(store, room, path, options, |_, _| ControlFlow::Continue(())).await.unwrap()
}

fn csv_lines(path: &Path) -> Vec<csv::StringRecord> {
    let bytes = std::fs::read(path).unwrap();
    let text =
        bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or_else(|| panic!("no byte order mark"));
    csv::Reader::from_reader(text).records().map(Result::unwrap).collect()
}

#[tokio::test]
async fn five_thousand_questions_are_five_thousand_lines_with_all_answers_in_every_format() {
    let (store, room) = big().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let said = |text: &str| text.matches("answer ").count() + text.matches("more ").count();

    assert_eq!(written(&store, room, &path("a.csv"), options(Format::Csv)).await, 5_000);
    let lines = csv_lines(&path("a.csv"));
    assert_eq!(lines.len(), 5_000);
    assert_eq!(lines.iter().map(|line| said(&line[18])).sum::<usize>(), 7_000);
    assert_eq!(&lines[0][1], "问题 1: why, \"really\"?\nsecond line");
    assert_eq!((&lines[0][4], &lines[0][15]), ("2023-11-14T22:13:21+00:00", "2"));
    assert!(lines[0][18].starts_with("1. Acme (Sue), "), "{}", &lines[0][18]);

    written(&store, room, &path("a.xlsx"), options(Format::Xlsx)).await;
    let mut book: Xlsx<_> = open_workbook(path("a.xlsx")).unwrap();
    let sheet = book.worksheet_range("Questions").unwrap();
    assert_eq!(sheet.height(), 5_001);
    let text = |cell: &Data| cell.to_string();
    assert_eq!(sheet.rows().skip(1).map(|row| said(&text(&row[18]))).sum::<usize>(), 7_000);
    assert_eq!(sheet.get((1, 0)), Some(&Data::Float(1.0)));
    assert!(matches!(sheet.get((1, 4)), Some(Data::DateTime(_))), "{:?}", sheet.get((1, 4)));

    written(&store, room, &path("a.json"), options(Format::Json)).await;
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path("a.json")).unwrap()).unwrap();
    assert_eq!(
        (json["room"].as_str(), json["server"].as_str()),
        (Some("Room <7>"), Some("https://rooms.example"))
    );
    let questions = json["questions"].as_array().unwrap();
    let answers = |question: &serde_json::Value| question["answers"].as_array().unwrap().len();
    assert_eq!((questions.len(), questions.iter().map(answers).sum::<usize>()), (5_000, 7_000));

    let (list, report) = (Format::Html, Format::Report);
    for (name, format, people) in [("a", list, true), ("b", report, true), ("c", report, false)] {
        written(&store, room, &path(name), Options { people, ..options(format) }).await;
        let page = std::fs::read_to_string(path(name)).unwrap();
        let articles = page.matches("<article").count();
        assert_eq!(articles, if format == Format::Html { 5_000 } else { 714 });
        assert!(page.contains("Room &lt;7&gt;") && !page.contains("Room <7>"));
        assert_eq!(page.contains("Who answered first"), format == report && people);
        assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
    }
    let waiting = Options { unanswered: true, ..options(Format::Csv) };
    assert_eq!(written(&store, room, &path("w.csv"), waiting).await, 714);
    assert!(csv_lines(&path("w.csv")).iter().all(|line| &line[5] == "open" && line[18].is_empty()));

    let figures = numbers(&gather(&store, room).await.unwrap());
    assert_eq!((figures.asked, figures.answered, figures.waiting), (5_000, 4_286, 714));
    assert_eq!((figures.median_first_ms, figures.p90_first_ms), (Some(2_000), Some(2_000)));
    assert_eq!(figures.per_person[0].who, "Sue");
}

#[tokio::test]
async fn what_waits_for_review_is_in_it_once_and_counts_for_nothing() {
    let (store, room) = store().await;
    let ann = Person { display_name: "Ann".to_owned(), ..Person::default() };
    let item = |name: &str, number, text: &str| {
        Item::new(EntryId::new(name), number, text.to_owned(), ann.clone(), START)
    };
    let items = vec![
        Item { review: Review::Pending, ..item("e-r3", 0, "is it safe") },
        Item {
            review: Review::Rejected,
            reason: "off topic".to_owned(),
            ..item("e-r2", 0, "buy this")
        },
        // Another's, of which nothing is known; and one that is a question by now.
        Item { review: Review::Pending, ..item("e-r4", 0, "") },
        Item { published: Some(EntryId::new("e-1")), ..item("e-r1", 0, "why") },
        item("e-1", 1, "why"),
    ];
    let heard = ItemsHeard { whole: 9, items, ..ItemsHeard::default() };
    store.keep_items(room, heard).await.unwrap();
    add(&store, room, vec![row("sue", "Ann", &answer(None, "buy this", "no"), None, START)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(written(&store, room, &path("a.csv"), options(Format::Csv)).await, 3);
    let lines = csv_lines(&path("a.csv"));
    let cells: Vec<_> = lines.iter().map(|line| (&line[0], &line[1], &line[6], &line[7])).collect();
    let mut expected = vec![
        ("1", "why", "", ""),
        ("", "buy this", "rejected", "off topic"),
        ("", "is it safe", "waiting for review", ""),
    ];
    expected.sort_unstable_by_key(|line| (line.0.is_empty(), line.1));
    let mut found = cells.clone();
    found[1..].sort_unstable();
    assert_eq!(found, expected);
    assert!(lines.iter().all(|line| line[18].is_empty()), "what is no question has no answer");
    written(&store, room, &path("a.xlsx"), options(Format::Xlsx)).await;
    let mut book: Xlsx<_> = open_workbook(path("a.xlsx")).unwrap();
    let sheet = book.worksheet_range("Questions").unwrap();
    assert_eq!(sheet.get((1, 0)), Some(&Data::Float(1.0)));
    assert!(matches!(sheet.get((2, 0)), None | Some(Data::Empty | Data::String(_))));
    written(&store, room, &path("a.html"), options(Format::Html)).await;
    let page = std::fs::read_to_string(path("a.html")).unwrap();
    assert!(page.contains("waiting for review"));
    assert!(page.contains("<bdi>#1</bdi>") && !page.contains("<bdi>#0</bdi>"));
    let figures = numbers(&gather(&store, room).await.unwrap());
    assert_eq!((figures.asked, figures.waiting), (1, 1));
    let open = Options { unanswered: true, ..options(Format::Csv) };
    assert_eq!(written(&store, room, &path("w.csv"), open).await, 1);
}

#[tokio::test]
async fn a_server_without_states_has_its_questions_too_and_answers_that_quote() {
    let (store, room) = store().await;
    let ask = |text: &str| Body::Question { text: text.to_owned() };
    let rows = vec![
        row("a", "Ann", &ask("why"), None, START),
        row("b", "Bo", &ask("why"), None, START + 1_000),
        row("d", "Ann", &answer(None, "why", "so"), None, START + 61_000),
        row("d", "Ann", &answer(None, "never asked", "x"), None, START + 62_000),
    ];
    add(&store, room, rows).await;
    let asked = gather(&store, room).await.unwrap();
    let states: Vec<_> =
        asked.iter().map(|one| (one.number, one.state, one.answers.len())).collect();
    assert_eq!(states, [(1, Work::Answered, 1), (2, Work::Open, 0)]);
    assert_eq!(asked[0].first_answer_ms(), Some(61_000));
}

#[tokio::test]
async fn what_people_wrote_is_text_in_every_format() {
    let (store, room) = store().await;
    let hostile = [
        "=1+2",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "＝1+1",
        "<script>alert(1)</script>",
        "]]>&\"'",
        "nul\0bell\u{7}",
        "\u{202e}txt.exe",
        "שלום",
        "😀👩‍👩‍👧‍👦",
        "hi;=cmd|' /C calc'!A0",
        "list:\n-1; +2",
    ];
    let long = "长".repeat(40_000);
    let mut items = Vec::new();
    for (n, text) in (1..).zip(hostile.into_iter().chain([long.as_str()])) {
        let asker = Person { display_name: text.chars().take(80).collect(), ..Person::default() };
        let mut item = Item::new(EntryId::new(format!("e-{n}")), n, text.to_owned(), asker, START);
        let by = Person { display_name: text.chars().take(80).collect(), ..Person::default() };
        item.private = vec![PrivateAnswer {
            id: EntryId::new(format!("p-{n}")),
            visibility: Visibility::Staff,
            text: text.to_owned(),
            org_name: String::new(),
            by,
            at: START,
            edited_at: None,
            retracted: n == 3,
        }];
        items.push(item);
    }
    let count = items.len();
    store.keep_items(room, ItemsHeard { whole: 1, items, ..ItemsHeard::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    written(&store, room, &path("a.csv"), options(Format::Csv)).await;
    let lines = csv_lines(&path("a.csv"));
    assert_eq!(lines.len(), count);
    for line in &lines {
        for cell in line {
            for part in cell.split([';', '\n']) {
                let first = part.trim_start_matches(' ').chars().next().unwrap_or('x');
                assert!(!"=+-@\t\r＝＋－＠".contains(first), "{cell}");
            }
        }
    }
    assert!(
        lines[2][18].contains("(withdrawn)") && !lines[2][18].contains("-1 "),
        "{}",
        &lines[2][18]
    );
    assert!(lines[count - 1][1] == long);

    written(&store, room, &path("a.xlsx"), options(Format::Xlsx)).await;
    let mut book: Xlsx<_> = open_workbook(path("a.xlsx")).unwrap();
    assert!(book.worksheet_formula("Questions").unwrap().is_empty());
    let sheet = book.worksheet_range("Questions").unwrap();
    assert_eq!(sheet.height(), count + 1);
    let last = sheet.rows().next_back().unwrap();
    let whole: usize = last[18..].iter().map(|cell| cell.to_string().matches('长').count()).sum();
    assert_eq!(whole, 40_000 + 80, "nothing of a long answer is lost");

    for format in [Format::Html, Format::Report] {
        let chinese = Options { language: Language::tagged("zh-CN").unwrap(), ..options(format) };
        written(&store, room, &path("a.html"), chinese).await;
        let page = std::fs::read_to_string(path("a.html")).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
        assert!(
            !page.contains('\0') && !page.contains('\u{202e}') && page.contains("lang=\"zh-CN\"")
        );
    }
    written(&store, room, &path("a.json"), options(Format::Json)).await;
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path("a.json")).unwrap()).unwrap();
    assert_eq!(json["questions"][10]["question"], "nul\0bell\u{7}");
}

#[tokio::test]
async fn what_is_cancelled_or_cannot_be_written_leaves_what_was_there() {
    let (store, room) = big().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "before").unwrap();
    let some = |done: u64, total: u64| {
        assert_eq!(total, 5_000);
        if done == 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    for format in [Format::Csv, Format::Xlsx, Format::Json, Format::Html, Format::Report] {
        let cancelled = export(&store, room, &path, options(format), some).await;
        assert!(matches!(cancelled, Err(ExportError::Cancelled)), "{format:?} {cancelled:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{format:?} left a file");
    }
    let nowhere = folder.path().join("no/such/folder/a.csv");
    let go_on = |_: u64, _: u64| ControlFlow::Continue(());
    let refused = export(&store, room, &nowhere, options(Format::Csv), go_on).await;
    assert_eq!(refused.unwrap_err().code(), "file_not_written");
}

#[tokio::test]
async fn an_empty_room_has_a_file_too() {
    let (store, room) = store().await;
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Xlsx, Format::Json, Format::Html, Format::Report] {
        let path = folder.path().join(format!("a.{}", format.extension()));
        assert_eq!(written(&store, room, &path, options(format)).await, 0);
        assert!(std::fs::metadata(&path).unwrap().len() > 100);
    }
}

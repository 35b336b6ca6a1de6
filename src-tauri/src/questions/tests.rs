//! Questions as the page gets them.

use aside_protocol::triage::Claim;
use aside_session::Begun;

use super::*;
use crate::avatars::Avatars;
use crate::namesakes::Namesakes;

fn item(work: Work, stage: Stage, holder: Option<(&str, &str)>) -> Item {
    let json = serde_json::json!({
        "questionId": "row:7", "seq": 1, "number": 12, "rev": 3, "change": 9, "text": format!("x{}", "\u{338}".repeat(5_000)),
        "asker": {"user": "u", "displayName": "A\u{202e}na\n", "avatarurl": "https://tracker.example/pixel.png"},
        "askedAt": 5, "work": work, "stage": stage, "tags": ["a\u{202e}b", "ab", "\u{202e}", "c"], "lastAnswer": 4,
    });
    let mut item: Item = serde_json::from_value(json).unwrap();
    item.claim = holder.map(|(user, device)| {
        let by = Person { user: user.to_owned(), ..Person::default() };
        Claim { by, device: device.to_owned(), at: 1, expires_at: 2 }
    });
    item
}

fn shown(item: Item, questions: &Questions) -> dto::Question {
    at_desk(true, questions, |clerk| clerk.question(item))
}

fn at_desk<T>(staff: bool, questions: &Questions, look: impl FnOnce(Clerk<'_>) -> T) -> T {
    crate::install_tls();
    let folder = tempfile::tempdir().unwrap();
    let (avatars, namesakes) = (Avatars::new(folder.path(), false), Namesakes::default());
    let server = "https://rooms.example".parse().unwrap();
    let painter = Painter {
        avatars: Some(&avatars),
        namesakes: &namesakes,
        server: &server,
        room: crate::settings::RoomKey::DEMO,
        rules: std::sync::Arc::default(),
        me: crate::concerns::Me::default(),
    };
    let held = questions.outgoing.iter().filter(|answer| answer.held);
    let clerk = Clerk {
        painter,
        me: "me".to_owned(),
        device: "here".to_owned(),
        role: if staff { Role::Staff } else { Role::Audience },
        drafted: drafted(questions),
        held: held.map(|answer| answer.question.as_str().to_owned()).collect(),
        leaving: leaving(questions),
        unsent: unsent(questions),
        presence: BTreeMap::new(),
    };
    look(clerk)
}

#[test]
fn a_question_stands_in_exactly_one_lane() {
    for (work, stage, holder, expected) in [
        (Work::Open, Stage::None, None, Lane::Open),
        (Work::Claimed, Stage::None, Some(("me", "")), Lane::Mine),
        (Work::Claimed, Stage::None, Some(("ana", "")), Lane::Open),
        (Work::Claimed, Stage::Next, Some(("me", "")), Lane::Live),
        (Work::Answered, Stage::Now, None, Lane::Live),
        (Work::Answered, Stage::None, None, Lane::Done),
        (Work::Dismissed, Stage::None, None, Lane::Done),
        (Work::FollowUp, Stage::None, None, Lane::Done),
        (Work::Merged, Stage::None, None, Lane::Done),
    ] {
        assert_eq!(lane(&item(work, stage, holder), "me"), expected, "{work:?} {stage:?}");
    }
}

#[test]
fn a_time_that_is_none_is_not_shown() {
    let (early, late) = (Some(i64::MIN), Some(9_000_000_000_000_000));
    let never = Item {
        asked_at: i64::MAX,
        first_answer_at: early,
        closed_at: late,
        ..item(Work::Answered, Stage::None, None)
    };
    let question = shown(never, &Questions::default());
    assert_eq!([question.asked_at, question.first_answer_at, question.closed_at], [None; 3]);
    let json = serde_json::json!({
        "id": "a", "visibility": "staff", "text": "t", "by": {"user": "u", "displayName": "U"}, "at": i64::MAX, "editedAt": i64::MIN,
    });
    let answer: PrivateAnswer = serde_json::from_value(json).unwrap();
    let answer = at_desk(true, &Questions::default(), |clerk| clerk.private(&answer));
    assert_eq!((answer.at, answer.edited_at), (None, None));
}

#[test]
fn private_answers_that_a_server_names_alike_are_one() {
    let answer = |id: &str, text: &str| -> PrivateAnswer {
        let by = serde_json::json!({ "user": "u", "displayName": "U" });
        let json =
            serde_json::json!({ "id": id, "visibility": "staff", "text": text, "by": by, "at": 0 });
        serde_json::from_value(json).unwrap()
    };
    let private = vec![answer("a", "first"), answer("b", "other"), answer("a", "again")];
    let item = Item { private, ..item(Work::Answered, Stage::None, None) };
    let answers = at_desk(true, &Questions::default(), |clerk| clerk.private_answers(&item));
    let texts: Vec<_> = answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(texts, ["first", "other"]);
}

#[test]
fn names_tags_and_words_of_strangers_are_safe_to_look_at() {
    let question = shown(item(Work::Open, Stage::None, None), &Questions::default());
    assert_eq!(question.asker.name, "Ana");
    assert_eq!(question.asker.avatar, None, "nobody asked for pictures of other servers");
    assert_eq!(question.tags, ["ab", "c"], "two that look alike are one");
    assert_eq!(question.text, format!("x{}", "\u{338}".repeat(8)));
    assert_eq!(question.row.as_deref(), Some("7"), "kept here, it is named after its row");
    assert_eq!((question.number, question.rev, question.last_answer), (12, 3, 4));
}

#[test]
fn whose_claim_it_is_and_on_which_device() {
    for (user, device, expected) in [
        ("me", "here", (true, false)),
        ("me", "there", (true, true)),
        ("me", "", (true, false)),
        ("ana", "here", (false, false)),
    ] {
        let item = item(Work::Claimed, Stage::None, Some((user, device)));
        let claim = shown(item, &Questions::default()).claim.unwrap();
        assert_eq!((claim.mine, claim.other_device), expected, "{user} {device}");
    }
}

fn outgoing() -> OutgoingAnswer {
    OutgoingAnswer {
        key: aside_history::RowKey(1),
        question: aside_protocol::EntryId::new("row:7"),
        text: "so".to_owned(),
        visibility: aside_protocol::triage::Visibility::Public,
        state: Delivery::Sending,
        held: false,
        held_back: false,
    }
}

#[test]
fn what_was_begun_shows_at_its_question() {
    let (id, outgoing) = (aside_protocol::EntryId::new("row:7"), outgoing());
    let none = Questions::default();
    let begun = |answer| Begun { question: id.clone(), answer };
    let drafted = Questions { drafted: vec![begun(None)], ..none.clone() };
    let edited = Some(aside_protocol::EntryId::new("a"));
    let edited = Questions { drafted: vec![begun(edited)], ..none.clone() };
    let sending = Questions { outgoing: vec![outgoing.clone()], ..none.clone() };
    let held =
        Questions { outgoing: vec![OutgoingAnswer { held: true, ..outgoing }], ..none.clone() };
    for (questions, expected) in [
        (none, (false, false)),
        (drafted, (true, false)),
        (edited, (true, false)),
        (sending, (false, false)),
        (held, (false, true)),
    ] {
        let question = shown(item(Work::Open, Stage::None, None), &questions);
        assert_eq!((question.has_draft, question.held), expected);
    }
}

#[test]
fn what_is_on_its_way_shows_at_its_question_and_whether_it_can_be_taken_back() {
    let failed = Delivery::Failed { code: "403".to_owned(), reason: String::new() };
    for (state, held_back, expected) in [
        (Delivery::Sending, true, Some(true)),
        (Delivery::Sending, false, Some(false)),
        (Delivery::Sent, false, Some(false)),
        (Delivery::Unsure, false, None),
        (failed, false, None),
    ] {
        let outgoing = vec![OutgoingAnswer { state, held_back, ..outgoing() }];
        let questions = Questions { outgoing, ..Questions::default() };
        let question = shown(item(Work::Open, Stage::None, None), &questions);
        let found = question.leaving.first().map(|leaving| leaving.can_take_back);
        assert_eq!(found, expected, "{:?}", questions.outgoing);
    }
}

#[test]
fn what_did_not_arrive_shows_at_its_question_and_whether_that_is_known() {
    let failed = |code: &str| Delivery::Failed { code: code.to_owned(), reason: "why".to_owned() };
    for (state, held, expected) in [
        (Delivery::Sending, false, None),
        (Delivery::Unsure, false, Some(false)),
        (failed("403"), false, Some(true)),
        (failed("overtaken"), true, None),
    ] {
        let outgoing = OutgoingAnswer { state, held, ..outgoing() };
        let questions = Questions { outgoing: vec![outgoing.clone()], ..Questions::default() };
        let question = shown(item(Work::Open, Stage::None, None), &questions);
        assert_eq!(question.unsent.first().map(|unsent| unsent.failed), expected, "{outgoing:?}");
        let answer = at_desk(true, &questions, |clerk| clerk.outgoing(&outgoing, 0));
        let told = matches!(outgoing.state, Delivery::Failed { .. });
        assert_eq!(answer.failure_reason.as_deref(), told.then_some("why"));
    }
}

#[test]
fn who_changed_it_last_is_known() {
    for (user, expected) in [("me", true), ("ana", false), ("", false)] {
        let by = Person { user: user.to_owned(), ..Person::default() };
        let item = Item { changed_by: by, ..item(Work::Dismissed, Stage::None, None) };
        assert_eq!(shown(item, &Questions::default()).changed_by_mine, expected, "{user}");
    }
}

#[test]
fn the_newest_answer_is_ones_own_only_where_that_is_known() {
    for (user, last_answer, expected) in [("me", 9, true), ("me", 4, false), ("ana", 9, false)] {
        let by = Person { user: user.to_owned(), ..Person::default() };
        let item = Item { last_answer, changed_by: by, ..item(Work::Answered, Stage::None, None) };
        let question = shown(item, &Questions::default());
        assert_eq!(question.last_answer_mine, expected, "{user} {last_answer}");
    }
}

#[test]
fn what_waits_for_review_is_shown_to_staff_until_it_is_a_question() {
    let submission = |name: &str, review| Item {
        question_id: aside_protocol::EntryId::new(name),
        review,
        ..item(Work::Open, Stage::None, None)
    };
    let published = Some(aside_protocol::EntryId::new("e-1"));
    let hidden = Item { text: String::new(), ..submission("r4", Review::Pending) };
    let items = vec![
        submission("r1", Review::Pending),
        submission("r2", Review::Rejected),
        Item { published, ..submission("r3", Review::Approved) },
        hidden,
        submission("e-1", Review::Approved),
    ];
    let questions = Questions { items, ..Questions::default() };
    let lanes = |staff| {
        let changes = at_desk(staff, &questions, |clerk| clerk.changes(questions.clone(), 7));
        let lanes: Vec<_> = changes.upserts.into_iter().map(|one| (one.id, one.lane)).collect();
        (lanes, changes.removed)
    };
    let lane = |id: &str, lane| (id.to_owned(), lane);
    let (shown, gone) = lanes(true);
    let all = [lane("r1", Lane::Review), lane("r2", Lane::Done), lane("e-1", Lane::Open)];
    assert_eq!((shown, gone), (all.to_vec(), vec!["r3".to_owned(), "r4".to_owned()]));
    let (shown, gone) = lanes(false);
    assert_eq!((shown, gone.len()), (vec![lane("e-1", Lane::Open)], 4));
}

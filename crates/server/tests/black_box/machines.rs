//! Several servers with the same rooms, over one log.

mod beside;

use std::path::Path;
use std::time::Duration;

use aside_protocol::Topic;
use aside_server::{Config, LogPlace, NewEntry};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Client, Got, http, soon};
use crate::desk::at_the_desk;
use crate::nats::{Nats, Wire};
use crate::room::{Room, STREAM, TOPIC};

async fn node(data: &Path, log: LogPlace) -> Room {
    let config = Config { data: Some(data.to_owned()), log: Some(log), ..Config::for_tests() };
    Room::start(config).await
}

struct Two {
    nats: Nats,
    _dir: tempfile::TempDir,
    here: Room,
    there: Room,
}

impl Two {
    async fn start() -> Self {
        let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
        let here = node(&dir.path().join("here"), nats.place()).await;
        let there = node(&dir.path().join("there"), nats.place()).await;
        Self { nats, _dir: dir, here, there }
    }
}

fn nonce(n: usize) -> String {
    format!("6b8c0d52-0b1f-4f8e-9a57-{n:012}")
}

/// A client that is told everything from the beginning on.
async fn listener(room: &Room, secret: &str) -> Client {
    let mut client = Client::open(room.addr(), secret, TOPIC).await;
    client.resume("", 0).await;
    client
}

/// The next so many entries, whatever else comes.
async fn entries(client: &mut Client, count: usize) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while found.len() < count {
        let frame = client.object().await;
        if let (Some(seq), Some(content)) = (frame["seq"].as_u64(), frame["content"].as_str()) {
            found.push((seq, content.to_owned()));
        }
    }
    found
}

/// The next frame of a kind, whatever else comes.
async fn next_of(client: &mut Client, kind: &str) -> Value {
    loop {
        let frame = client.object().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

/// What a room's log holds, as a server tells it.
async fn log(room: &Room) -> Vec<String> {
    let text = |entry: &Value| entry["content"].as_str().unwrap().to_owned();
    room.page("resultsPerPage=1000&after=0").await.iter().map(text).collect()
}

/// Until both have the same number of entries.
async fn level(one: &Room, other: &Room, count: usize) {
    soon("both have it", async {
        while log(one).await.len() != count || log(other).await.len() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(log(one).await, log(other).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_at_one_is_heard_at_the_other_once_and_in_order() {
    let two = Two::start().await;
    let mut hears_here = listener(&two.here, two.there.ann.token.expose()).await;
    let mut hears_there = listener(&two.there, two.here.ann.token.expose()).await;
    // Both are in before one of them speaks: joining ends with a moment in which nothing is heard.
    let mut bob_here = two.here.joined(&two.here.bob).await;
    let mut bob_there = two.there.joined(&two.there.bob).await;
    let say = async |client: &mut Client, who: &str, first: usize| {
        for n in first..first + 40 {
            client.say_named(&format!("{who} {n}"), &nonce(n)).await;
        }
        for _ in 0..40 {
            let ack = next_of(client, "ack").await;
            assert!(ack["seq"].as_u64().is_some());
        }
    };
    tokio::join!(say(&mut bob_here, "here", 100), say(&mut bob_there, "there", 200));
    let (one, other) = (entries(&mut hears_here, 80).await, entries(&mut hears_there, 80).await);
    assert_eq!(one, other, "one order");
    let places: Vec<u64> = one.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(places, (1..=80).collect::<Vec<_>>(), "no hole, nothing twice");
    for who in ["here", "there"] {
        let said: Vec<&String> =
            one.iter().map(|(_, text)| text).filter(|text| text.starts_with(who)).collect();
        assert!(said.is_sorted() && said.len() == 40, "each in the order in which it was said");
    }
    // The same send again, at the other one.
    let mut again = two.there.joined(&two.here.bob).await;
    again.say_named("here 100", &nonce(100)).await;
    let ack = next_of(&mut again, "ack").await;
    let place = one.iter().find(|(_, text)| text == "here 100").unwrap().0;
    assert_eq!(ack["seq"], place, "acknowledged again, not stored again");
    assert_eq!(log(&two.there).await.len(), 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_has_one_owner_and_one_answer_wherever_they_work() {
    let two = Two::start().await;
    let rooms = two.here.running.rooms();
    let tim = aside_server::TokenSpec::staff(crate::room::spec(), "tim", "Tim", "Org");
    let tim = rooms.create_token(tim).await.unwrap();
    for n in 1..=10_usize {
        let asked = NewEntry::question("ann", "Ann", format!("why {n}?"));
        let asked = rooms.publish(&Topic::new(TOPIC), asked).await.unwrap();
        let id = asked.id.as_str();
        soon("it is there", async {
            while log(&two.there).await.len() < two_entries(n) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        let claim = json!({ "questionId": id, "streamId": STREAM, "state": "claimed" });
        let path = "/api/question/state";
        let (one, other) = tokio::join!(
            two.here.post(&two.here.staff, path, claim.clone()),
            two.there.post(&tim, path, claim)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "one owner: {one:?} {other:?}");
        let owner = |reply: &Value| reply["data"]["claim"]["by"]["user"].clone();
        assert_eq!(owner(&one.json()), owner(&other.json()), "both know who");
        let answer = |text: &str| {
            let of = json!({ "questionId": id, "streamId": STREAM, "seen": 0, "coAnswer": true });
            let mut answer = of;
            answer["content"] = text.into();
            answer
        };
        let (one, other) = tokio::join!(
            two.here.post(&two.here.staff, "/api/answer/add", answer("because")),
            two.there.post(&tim, "/api/answer/add", answer("since"))
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "the second is held: {one:?} {other:?}");
    }
}

/// A question and its answer, up to the n-th question.
fn two_entries(n: usize) -> usize {
    2 * n - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removals_mutes_and_revocations_cross() {
    let two = Two::start().await;
    let mut hears = listener(&two.there, two.here.bob.token.expose()).await;
    let said = two.here.publish("spam").await;
    assert_eq!(entries(&mut hears, 1).await.len(), 1);
    let id = said.id.as_str();
    let remove = json!({ "streamId": STREAM, "entryId": id });
    let done = two.here.post(&two.here.staff, "/api/moderation/remove", remove).await;
    assert_eq!(done.status, 200);
    let removed = next_of(&mut hears, "removed").await;
    assert_eq!((removed["id"].as_str(), &removed["number"]), (Some(id), &json!(1)));
    let mute = json!({ "streamId": STREAM, "user": "ann", "seconds": 600 });
    let done = two.here.post(&two.here.staff, "/api/moderation/mute", mute).await;
    assert_eq!(done.status, 200);
    soon("the mute is there", async {
        loop {
            let ask = json!({ "content": "why?", "streamId": STREAM });
            let reply = two.there.post(&two.there.ann, "/api/question/add", ask).await;
            if reply.status == 403 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let rooms = two.here.running.rooms();
    rooms.revoke_token(&two.here.bob.id).await.unwrap();
    assert_eq!(hears.closed().await.0, 4401, "closed at the other one, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_goes_on_at_the_other_server() {
    let two = Two::start().await;
    for n in 1..=5 {
        two.here.publish(&format!("{n}")).await;
    }
    let mut client = Client::open(two.here.addr(), two.here.ann.token.expose(), TOPIC).await;
    let joined = client.resume("", 0).await;
    let epoch = joined["epoch"].as_str().unwrap();
    assert_eq!(joined["seq"], 5);
    // Right away, at one that may not have heard of it yet.
    two.here.publish("6").await;
    let mut client = Client::open(two.there.addr(), two.here.ann.token.expose(), TOPIC).await;
    let joined = client.resume(epoch, 6).await;
    assert_eq!(joined["resumed"], json!(null), "the same history: {joined}");
    assert_eq!((&joined["epoch"], &joined["seq"]), (&json!(epoch), &json!(6)));
    two.here.publish("7").await;
    assert_eq!(entries(&mut client, 1).await[0].0, 7);
    // A room whose history began anew is one everywhere.
    let began = two.there.running.rooms().reset(&Topic::new(TOPIC)).await.unwrap();
    assert_ne!(began.epoch.as_str(), epoch);
    two.there.publish("anew").await;
    level(&two.here, &two.there, 1).await;
    let mut client = Client::open(two.here.addr(), two.here.ann.token.expose(), TOPIC).await;
    assert_eq!(client.resume("", 0).await["epoch"], began.epoch.as_str());
}

/// The log stores it, and its word is lost on the way: it is asked again, and nothing is stored twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_has_is_acknowledged_although_its_word_was_lost() {
    let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    let wire = Wire::to(nats.addr(0)).await;
    let here = node(&dir.path().join("here"), wire.place()).await;
    let there = node(&dir.path().join("there"), nats.place()).await;
    let mut ann = here.joined(&here.ann).await;
    // All that the other one wrote at its start is here.
    soon("a token is there", async {
        while here.get(&there.staff, "/api/capabilities").await.status != 200 {}
    })
    .await;
    for n in 0..5 {
        wire.deafen();
        ann.say_named(&format!("{n}"), &nonce(n)).await;
        soon("the log has it", async {
            while log(&there).await.len() <= 2 * n {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        wire.mend();
        let ack = next_of(&mut ann, "ack").await;
        assert_eq!((&ack["nonce"], &ack["seq"]), (&json!(nonce(n)), &json!(2 * n + 1)));
        // Over the new connection.
        here.publish("between").await;
    }
    level(&here, &there, 10).await;
    let texts = log(&here).await;
    assert_eq!(texts.iter().step_by(2).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
}

/// Longer than anybody waits: its sender is let go without a word, and finds it when it comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_knows_is_neither_acknowledged_nor_refused() {
    let (nats, dir) = (Nats::start().await, tempfile::tempdir().unwrap());
    let wire = Wire::to(nats.addr(0)).await;
    let here = node(&dir.path().join("here"), wire.place()).await;
    let mut ann = here.joined(&here.ann).await;
    wire.deafen();
    ann.say_named("hello", &nonce(1)).await;
    loop {
        match ann.next().await {
            Got::Closed { code, .. } => {
                assert_eq!(code, 1013);
                break;
            }
            Got::Frame { data, .. } => assert!(!data.contains("ack\""), "{data}"),
            Got::Ended => panic!("no word at all"),
        }
    }
    wire.mend();
    let mut ann = here.joined(&here.ann).await;
    let ack = soon("it is stored", async {
        loop {
            ann.say_named("hello", &nonce(1)).await;
            let told = ann.object().await;
            if told["type"] == "ack" {
                return told;
            }
        }
    })
    .await;
    assert_eq!(ack["seq"], 1);
    assert_eq!(log(&here).await, ["hello"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn votes_that_a_server_took_and_did_not_count_are_counted_by_the_others() {
    let Two { nats: _nats, _dir, here, there } = Two::start().await;
    let asked = NewEntry::question("ann", "Ann", "why?");
    let placed = here.running.rooms().publish(&Topic::new(TOPIC), asked).await.unwrap();
    let question = placed.id.as_str();
    level(&here, &there, 1).await;
    let (mut sue, _) = at_the_desk(&there, &there.staff).await;
    let body = json!({ "questionId": question, "streamId": STREAM, "vote": true });
    let voted = here.post(&here.ann, "/api/question/vote", body).await.json();
    assert_eq!(voted["data"]["votes"], 1);
    here.running.kill().await;
    let told = next_of(&mut sue, "votes").await;
    assert_eq!((&told["votes"][0][0], &told["votes"][0][1]), (&json!(question), &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nats_is_away_nothing_is_written_and_all_is_read() {
    let mut two = Two::start().await;
    let metrics = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let measured = metrics.local_addr().unwrap();
    two.here.running.serve_metrics(metrics, None);
    two.here.publish("before").await;
    level(&two.here, &two.there, 1).await;
    two.nats.kill(0);
    let health = async || http(two.here.addr(), "GET /health", &[], b"").await.json();
    let away = async |expected: bool| {
        soon("it is noticed", async {
            while (health().await["log"] == "away") != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    away(true).await;
    assert_eq!(health().await["code"], 200);
    let text = http(measured, "GET /metrics", &[], b"").await.body;
    assert!(text.contains("\naside_log_away 1\n"), "{text}");
    let ask = || json!({ "content": "why?", "streamId": STREAM });
    two.here.post(&two.here.ann, "/api/question/add", ask()).await.refused(503);
    let mut ann = two.here.joined(&two.here.ann).await;
    ann.say_named("lost?", &nonce(1)).await;
    let nack = next_of(&mut ann, "nack").await;
    assert_eq!(nack["code"], 503);
    assert_eq!(log(&two.here).await, ["before"]);
    two.nats.again(0).await;
    away(false).await;
    ann.say_named("lost?", &nonce(1)).await;
    assert_eq!(next_of(&mut ann, "ack").await["seq"], 2);
    level(&two.here, &two.there, 2).await;
}

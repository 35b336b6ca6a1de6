//! Thousands of strings that have broken other programs, as every text of a row: shown as they were sent, and nothing else
//! happens.

mod payloads;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aside_protocol::{AnswerNotes, Body, Topic};
use aside_server::{Config, NewEntry, RoomSpec, Running, TokenSpec};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    app::{App, until},
    room::{STREAM, TOPIC},
    stage::Stage,
};

const WATCH: &str = include_str!("corpora/watch.js");
const LOOK: &str = include_str!("corpora/look.js");

/// As many rows as one pull of a following page carries.
const BATCH: usize = 38;

/// Ana herself has a name that would like to be more.
const NAME: &str = "<img src=x onerror=alert(1)>\u{202e}";

/// A listener that nobody has a reason to know of; it counts who comes.
async fn sink() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (address, count)
}

#[tokio::test]
async fn bad_input_is_text_and_nothing_else() {
    let (sink, came) = sink().await;
    let Some((payloads, addresses)) = payloads::all(sink) else { return };
    assert!(addresses >= 50, "the listener is mentioned: {addresses}");
    let (running, app) = enter("bad_input_is_text_and_nothing_else").await;
    app.ask::<Value>(WATCH, json!([])).await;

    let rows: Vec<(NewEntry, Value)> =
        payloads.iter().enumerate().flat_map(|(number, text)| rows_of(number, text)).collect();
    for batch in rows.chunks(BATCH) {
        let (entries, wanted): (Vec<_>, Vec<_>) = batch.iter().cloned().unzip();
        running.rooms().seed(&Topic::new(TOPIC), entries).await.unwrap();
        let wrong = look(&app, &wanted).await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    the_look_would_have_seen_it(&app, rows.chunks(BATCH).next_back().unwrap()).await;

    let own = r#"<svg onload=alert(1)> [x](javascript:alert(1)) {{7*7}}"#;
    app.type_into("Message", &format!("{own}\n")).await;
    app.settled(&app.row(&[own]).await.key).await;
    assert!(
        app.words().await.contains("<img src=x onerror=alert(1)>"),
        "her own name is text, too"
    );
    nothing_happened(&app).await;
    assert_eq!(came.load(Ordering::Relaxed), 0, "somebody came to the listener");
    the_watch_would_have_seen_it(&app, sink, &came).await;
}

/// What is wrong with the newest rows.
async fn look(app: &App, wanted: &[Value]) -> Vec<String> {
    let last = &wanted.last().unwrap()["user"];
    app.ask(LOOK, json!([wanted, last])).await
}

/// A row with another text, an element or a handler in it is not what was wanted.
async fn the_look_would_have_seen_it(app: &App, batch: &[(NewEntry, Value)]) {
    let wanted: Vec<Value> = batch.iter().map(|(_, wanted)| wanted.clone()).collect();
    for harm in [
        "el.textContent += '!'",
        "el.append(document.createElement('b'))",
        "el.setAttribute('onclick', '')",
    ] {
        let change = "const el = [...document.querySelectorAll('[role=article] .text')].at(-1);
            const copy = el.cloneNode(true);
            HARM;
            window.undo = () => { el.replaceWith(copy); delete window.undo; };
            return null;";
        app.ask::<Value>(&change.replace("HARM", harm), json!([])).await;
        assert_eq!(look(app, &wanted).await.len(), 1, "{harm}");
        app.ask::<Value>("undo(); return null;", json!([])).await;
        assert_eq!(look(app, &wanted).await, Vec::<String>::new());
    }
}

/// A server of its own, whose owner writes what no client could send, and Ana's window in its room.
async fn enter(name: &str) -> (Running, App) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = aside_server::start(Config::for_tests(), listener).await.unwrap();
    let spec = RoomSpec::new(TOPIC).stream(STREAM);
    let ana = TokenSpec { org_name: NAME.to_owned(), ..TokenSpec::staff(spec, "ana", NAME, NAME) };
    let token = running.rooms().create_token(ana).await.unwrap().token;
    let url = format!("http://{}", running.addr());
    let args = [
        "join",
        "--server",
        &url,
        "--topic",
        TOPIC,
        "--stream",
        STREAM,
        "--name",
        NAME,
        "--user",
        "ana",
        "--token-env",
        "ANA_TOKEN",
    ];
    let app = App::start(Stage::set(name), &args, &[("ANA_TOKEN", token.expose())]).await;
    app.becomes(&["online"]).await;
    app.show("Timeline").await;
    // Every row is looked at, however fast they come and whatever they repeat.
    app.choose(json!({"foldRepeats": false, "sampleFast": false})).await;
    (running, app)
}

/// The two rows of one string, which stands in every place that a stranger fills; and what is wanted of them.
fn rows_of(number: usize, text: &str) -> [(NewEntry, Value); 2] {
    let (asker, user) = (format!("a{number}"), format!("n{number}"));
    let answer = Body::Answer {
        org_name: text.to_owned(),
        org_logo: text.to_owned(),
        question: text.to_owned(),
        text: text.to_owned(),
        question_id: None,
        notes: AnswerNotes::default(),
    };
    let kind = if number.is_multiple_of(3) { "question" } else { "message" };
    let said = if kind == "question" {
        NewEntry::question(&user, text, text)
    } else {
        NewEntry::message(&user, text, text)
    };
    let wanted = |kind: &str, user: &str| json!({"kind": kind, "user": user, "name": text, "text": text, "org": text, "question": text});
    [
        (
            NewEntry { avatar_url: text.to_owned(), ..NewEntry::new(answer, &asker, text) },
            wanted("answer", &asker),
        ),
        (NewEntry { avatar_url: text.to_owned(), ..said }, wanted(kind, &user)),
    ]
}

async fn nothing_happened(app: &App) {
    let [caught, before, now]: [Value; 3] =
        app.ask("return [kept.caught, JSON.parse(kept.before), kept.state()];", json!([])).await;
    assert_eq!(caught, json!([]));
    assert_eq!(before, now);
}

/// The same watch sees a script, a handler, a frame and a picture that somebody did get into the page; and even then
/// the policy keeps them from running, and from reaching anybody.
async fn the_watch_would_have_seen_it(app: &App, sink: SocketAddr, came: &AtomicUsize) {
    let planted = format!(
        r#"<img src="http://{sink}/a" onerror="alert(1)"><iframe src="http://{sink}/b"></iframe>
        <a id="p" href="javascript:alert(1)">x</a><object data="http://{sink}/c"></object><video src="http://{sink}/d"></video>
        <img src="file:///etc/hostname"><img src="\\{sink}\share\f.png">"#
    );
    let plant = "document.body.insertAdjacentHTML('beforeend', a);
        document.getElementById('p').click();
        const script = document.createElement('script');
        script.textContent = 'alert(2)';
        document.body.append(script);
        for (const run of [() => eval('alert(3)'), () => new Function('alert(4)')(), () => setTimeout('alert(5)')])
            try { run(); } catch { /* the policy's answer */ }
        fetch(b).catch(() => null);
        new WebSocket(b.replace('http', 'ws'));
        return null;";
    // The last one throws in some versions of the engine.
    let plant = plant
        .replace("new WebSocket", "try { new WebSocket")
        .replace("'ws'));", "'ws')); } catch { /* refused at once */ }");
    app.ask::<Value>(&plant, json!([planted, format!("http://{sink}/e")])).await;
    until("the policy's complaints", || async {
        let caught: Vec<String> = app.ask("return kept.caught;", json!([])).await;
        let ran: Vec<&String> = caught.iter().filter(|what| what.starts_with("called")).collect();
        assert!(ran.is_empty(), "{ran:?}");
        let of = |directive: &str| caught.iter().any(|what| what.contains(directive));
        ["img-src", "frame-src", "script-src", "object-src", "connect-src"]
            .into_iter()
            .all(of)
            .then_some(())
    })
    .await;
    assert_eq!(came.load(Ordering::Relaxed), 0, "the policy holds");
    TcpStream::connect(sink).await.unwrap();
    until("the listener counts", || async { (came.load(Ordering::Relaxed) == 1).then_some(()) })
        .await;
}

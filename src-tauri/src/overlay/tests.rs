//! The overlay over real sockets, of a room on the real server.

use std::sync::Mutex;
use std::time::Duration;

use aside_history::{Anchor, Store};
use aside_protocol::triage::{Change, Stage, Visibility};
use aside_protocol::{EntryId, Token, Topic};
use aside_server::{Config, NewEntry, RoomSpec, Running as Room, TokenSpec};
use aside_session::{Answering, Env, Session, Wish};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;
use crate::dto::RoomForm;
use crate::form;
use crate::shell::tests::{keyring, shell_at};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A room on a server, a session in it as staff, and the overlay that shows it.
struct Table {
    server: Room,
    token: Token,
    session: Session,
    overlay: Overlay,
    address: Address,
    shown: Arc<Mutex<Option<RoomKey>>>,
    _home: tempfile::TempDir,
}

impl Table {
    async fn set() -> Self {
        crate::install_tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = aside_server::start(Config::for_tests(), listener).await.unwrap();
        let spec = TokenSpec::staff(RoomSpec::new("r"), "ana-the-user", "Ana", "Org");
        let token = server.rooms().create_token(spec).await.unwrap().token;
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path()).unwrap().store;
        let wake = Arc::new(Notify::new());
        let woken = Arc::clone(&wake);
        let rooms = Rooms::new(store, Env::real().unwrap(), move || woken.notify_one());
        let key = RoomKey::random();
        let form = RoomForm {
            server: format!("http://{}", server.addr()),
            topic: "r".to_owned(),
            stream: "r".to_owned(),
            user: "ana-the-user".to_owned(),
            ..RoomForm::default()
        };
        assert!(rooms.reserve(key));
        rooms.open(key, form::config(&form).unwrap(), Some(token.clone())).await.unwrap();
        let session = rooms.live(key).await.unwrap().session;
        let shown = Arc::new(Mutex::new(Some(key)));
        let which = Arc::clone(&shown);
        let overlay = Overlay::new(rooms, move || *which.lock().unwrap(), Language::english, wake);
        let address =
            Address { port: address::free_port().await.unwrap(), secret: Secret::random() };
        overlay.turn(Some(address.clone())).await;
        assert_eq!(overlay.state().await, dto::OverlayState::On);
        Self { server, token, session, overlay, address, shown, _home: home }
    }

    fn path(&self, rest: &str) -> String {
        format!("/{}/{rest}", self.address.secret.text())
    }

    fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}", self.address.port)
    }

    /// The whole reply to a request.
    async fn ask(&self, line: &str, headers: &[&str]) -> String {
        let mut reply = String::new();
        let mut socket = self.begin(line, headers).await;
        timeout(PATIENCE, socket.read_to_string(&mut reply)).await.unwrap().unwrap();
        reply
    }

    async fn get(&self, rest: &str) -> String {
        self.ask(&format!("GET {}", self.path(rest)), &[&self.host()]).await
    }

    /// The first line of a reply that may have no end.
    async fn get_status(&self, rest: &str) -> String {
        let socket = self.begin(&format!("GET {}", self.path(rest)), &[&self.host()]).await;
        BufReader::new(socket).lines().next_line().await.unwrap().unwrap()
    }

    async fn begin(&self, line: &str, headers: &[&str]) -> TcpStream {
        let mut socket = TcpStream::connect(("127.0.0.1", self.address.port)).await.unwrap();
        let head = format!("{line} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n"));
        socket.write_all(head.as_bytes()).await.unwrap();
        socket
    }

    async fn listen(&self, screen: &str) -> Events {
        let line = format!("GET {}", self.path(&format!("{screen}/live")));
        let socket = self.begin(&line, &[&self.host()]).await;
        let mut lines = BufReader::new(socket).lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "HTTP/1.1 200 OK");
        Events { lines }
    }

    async fn say(&self, entry: NewEntry) {
        self.server.rooms().publish(&Topic::new("r"), entry).await.unwrap();
    }

    async fn question(&self, text: &str) -> EntryId {
        self.say(NewEntry::question("bo-the-user", "Bo", text)).await;
        let mut view = self.session.watch();
        let found = async {
            loop {
                let questions = self.session.questions(0).await.unwrap();
                if let Some(item) = questions.items.iter().find(|item| item.text == text) {
                    return item.question_id.clone();
                }
                view.changed().await.unwrap();
            }
        };
        timeout(PATIENCE, found).await.unwrap()
    }

    async fn stage(&self, question: &EntryId, stage: Stage) {
        let items = self.session.questions(0).await.unwrap().items;
        let rev = items.iter().find(|item| item.question_id == *question).map(|item| item.rev);
        let change = Change { stage: Some(stage), ..Change::default() };
        let device = String::new();
        let wish = Wish { question: question.clone(), rev, device, change };
        self.session.triage(wish).await.unwrap();
    }
}

/// An event stream, line by line.
struct Events {
    lines: Lines<BufReader<TcpStream>>,
}

impl Events {
    /// The next state, or nothing once the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let line = timeout(PATIENCE, self.lines.next_line()).await.unwrap();
            let line = line.ok()??;
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }

    /// Waits until a state is as it should be; every state before it is looked at, too.
    async fn until(&mut self, mut look: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let state = self.next().await.expect("the stream goes on");
            if look(&state) {
                return state;
            }
        }
    }
}

fn texts(chat: &Value) -> Vec<&str> {
    chat.as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_port_that_was_taken_is_told_of_until_the_overlay_is_there_or_off() {
    let home = tempfile::tempdir().unwrap();
    let shell = shell_at(home.path(), &keyring(), || ());
    let in_the_way = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = in_the_way.local_addr().unwrap().port();
    shell
        .change(|memory| {
            memory.settings.overlay = true;
            memory.overlay = Some(Address { port, secret: Secret::random() });
        })
        .unwrap();
    let overlay = Overlay::new(shell.rooms.clone(), || None, Language::english, Arc::default());
    let tell = || shell.notice("overlay_port", &[("port", port.to_string())]);
    tell();
    follow(&shell, &overlay).await.unwrap();
    assert_eq!(shell.notices().len(), 1, "tried again in vain");
    drop(in_the_way);
    follow(&shell, &overlay).await.unwrap();
    assert_eq!(shell.notices(), []);
    tell();
    shell.change(|memory| memory.settings.overlay = false).unwrap();
    follow(&shell, &overlay).await.unwrap();
    assert_eq!(shell.notices(), []);
}

#[tokio::test]
async fn a_page_comes_with_every_lock_on_it() {
    let table = Table::set().await;
    for (file, kind) in [
        ("chat?rows=3&fade=60&size=150", "text/html"),
        ("question", "text/html"),
        ("overlay.css", "text/css"),
        ("overlay.js", "text/javascript"),
    ] {
        let reply = table.get(file).await;
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-type: {kind}; charset=utf-8")), "{head}");
        for header in [
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(header), "{header}");
        }
        let policy = head.split("content-security-policy: ").nth(1).unwrap();
        let policy = policy.lines().next().unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"));
        assert!(!policy.contains("http") && !policy.contains('*'), "no origin elsewhere: {policy}");
        assert!(!head.contains("access-control"), "no other page may read it");
        assert!(!body.contains("://"), "nothing in it is elsewhere");
        assert!(!reply.contains(table.token.expose()));
    }
    let page = table.get("chat?rows=3&fade=60&size=150").await;
    assert!(page.contains(r#"data-rows="3" data-fade="60" data-size="150""#), "{page}");
    let misread = table.get("chat?rows=x").await;
    assert!(misread.starts_with("HTTP/1.1 400 "), "{misread}");
    assert!(misread.ends_with("rows: a whole number from 1 to 50"), "{misread}");
}

#[tokio::test]
async fn whoever_asks_from_elsewhere_or_for_something_else_learns_nothing() {
    let table = Table::set().await;
    let (chat, host) = (format!("GET {}", table.path("chat")), table.host());
    let rebound = format!("Host: evil.example:{}", table.address.port);
    let refusal = |status: &str, reply: &str| {
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{reply}");
        let words = status.split_once(' ').unwrap().1;
        assert!(reply.ends_with(&format!("\r\n\r\n{words}")), "no more than that: {reply}");
        assert!(reply.contains("content-security-policy: "), "{reply}");
    };
    refusal("403 Forbidden", &table.ask(&chat, &[&rebound]).await);
    for origin in ["https://evil.example", "null"] {
        let origin = format!("Origin: {origin}");
        for path in ["chat", "chat/live", "overlay.js"] {
            let line = format!("GET {}", table.path(path));
            refusal("403 Forbidden", &table.ask(&line, &[&host, &origin]).await);
        }
    }
    let post = chat.replace("GET", "POST");
    refusal("405 Method Not Allowed", &table.ask(&post, &[&host, "Content-Length: 0"]).await);
    let undated = |reply: String| {
        let lines = reply.lines().filter(|line| !line.starts_with("date: "));
        lines.collect::<Vec<_>>().join("\n")
    };
    let wrong = format!("GET /{}/chat", Secret::random().text());
    let wrong = table.ask(&wrong, &[&host]).await;
    refusal("404 Not Found", &wrong);
    let wrong = undated(wrong);
    for path in ["/", "/chat", "/favicon.ico", &table.path("nothing"), "/chat/live"] {
        let reply = undated(table.ask(&format!("GET {path}"), &[&host]).await);
        assert_eq!(reply, wrong, "{path}: all that is not there looks the same");
    }
}

#[tokio::test]
async fn what_everybody_sees_arrives_as_text_and_nothing_else_does() {
    let table = Table::set().await;
    let hostile = "<img src=x onerror=alert(1)> </script>\n\ndata: []\u{2028}\"\\";
    table.say(NewEntry::message("bo-the-user", "Bo", hostile)).await;
    let mut events = table.listen("chat").await;
    let chat = events.until(|chat| !texts(chat).is_empty()).await;
    assert_eq!(texts(&chat), [hostile], "to the letter, in one event");
    assert_eq!(chat[0]["name"], "Bo");

    let question = table.question("may I?").await;
    for visibility in [Visibility::Staff, Visibility::Asker] {
        let how = Answering { visibility, ..Answering::default() };
        table.session.answer_as(question.clone(), "between us", how).await.unwrap();
    }
    table.session.answer(question.clone(), "you may").await.unwrap();
    let mut all = String::new();
    let chat = events
        .until(|chat| {
            all.push_str(&chat.to_string());
            texts(chat).contains(&"you may")
        })
        .await;
    let answer = chat.as_array().unwrap().iter().find(|row| row["kind"] == "answer").unwrap();
    assert_eq!((&answer["name"], &answer["quote"]), (&"Org".into(), &"may I?".into()));
    for private in ["between us", "the-user", table.token.expose()] {
        assert!(!all.contains(private), "{private}");
    }

    let page = table.session.page(Anchor::End, 10).await.unwrap();
    let mut entries = page.rows.iter().filter_map(|row| Some(&row.entry()?.entry));
    let id = entries.find(|entry| entry.body().text() == "you may").unwrap().id.clone().unwrap();
    table.session.edit_answer(id.clone(), "you may not".to_owned()).await.unwrap();
    events.until(|chat| texts(chat).contains(&"you may not")).await;
    table.session.retract_answer(id).await.unwrap();
    events.until(|chat| !texts(chat).contains(&"you may not")).await;
}

#[tokio::test]
async fn the_question_on_stage_stands_alone_until_it_leaves() {
    let table = Table::set().await;
    let mut events = table.listen("question").await;
    assert_eq!(events.next().await, Some(Value::Null));
    let question = table.question("what comes next?").await;
    table.stage(&question, Stage::Now).await;
    let shown = events.until(|question| !question.is_null()).await;
    assert_eq!(shown["text"], "what comes next?");
    assert_eq!((&shown["name"], &shown["number"]), (&"Bo".into(), &1.into()));
    assert_eq!(shown.as_object().unwrap().len(), 3, "{shown}");
    table.stage(&question, Stage::None).await;
    events.until(Value::is_null).await;
}

#[tokio::test]
async fn a_room_that_is_not_to_be_shown_leaves_no_word_behind() {
    let table = Table::set().await;
    table.say(NewEntry::message("bo-the-user", "Bo", "hello")).await;
    let mut events = table.listen("chat").await;
    events.until(|chat| texts(chat) == ["hello"]).await;
    *table.shown.lock().unwrap() = None;
    table.overlay.changed();
    events.until(|chat| texts(chat).is_empty()).await;
}

#[tokio::test]
async fn more_than_a_few_listeners_are_refused_and_a_seat_is_free_when_one_goes() {
    let table = Table::set().await;
    let mut seated = Vec::new();
    for _ in 0..server::LISTENERS {
        let mut events = table.listen("chat").await;
        assert!(events.next().await.is_some());
        seated.push(events);
    }
    let full = table.get("question/live").await;
    assert!(full.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{full}");
    assert!(table.get("chat").await.starts_with("HTTP/1.1 200 OK"), "the page itself still comes");
    drop(seated.pop());
    let seat = async {
        while !table.get_status("question/live").await.contains("200") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, seat).await.unwrap();
}

#[tokio::test]
async fn a_new_address_ends_the_old_one_and_its_streams() {
    let mut table = Table::set().await;
    let mut events = table.listen("chat").await;
    assert!(events.next().await.is_some());
    let old = table.path("chat");
    table.address = Address { secret: Secret::random(), ..table.address.clone() };
    table.overlay.turn(Some(table.address.clone())).await;
    assert_eq!(events.next().await, None, "whoever listened is cut off");
    let gone = table.ask(&format!("GET {old}"), &[&table.host()]).await;
    assert!(gone.starts_with("HTTP/1.1 404 Not Found"), "{gone}");
    assert!(table.get("chat").await.starts_with("HTTP/1.1 200 OK"), "on the same port");

    table.overlay.turn(None).await;
    assert_eq!(table.overlay.state().await, dto::OverlayState::Off);
    assert!(TcpStream::connect(("127.0.0.1", table.address.port)).await.is_err());
}

#[tokio::test]
async fn a_port_that_somebody_else_has_is_said_and_left_alone() {
    let table = Table::set().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let taken = Address { port, ..table.address.clone() };
    table.overlay.turn(Some(taken.clone())).await;
    assert_eq!(table.overlay.state().await, dto::OverlayState::PortTaken);
    drop(other);
    table.overlay.turn(Some(taken)).await;
    assert_eq!(table.overlay.state().await, dto::OverlayState::On, "and tried again when asked");
}

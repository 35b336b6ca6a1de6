//! Somebody of the audience, with the page in a real browser and the real server behind it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use aside_protocol::Topic;
use aside_server::{Config, NewEntry, start};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::{Browser, until};
use crate::room::{Room, STREAM, TOPIC};

/// The page may be no larger, all together, as it travels; heads of replies come on top.
const MOST_BYTES: u64 = 60 * 1024;

const ONLINE: &str =
    "document.querySelector('[role=status][data-state]')?.dataset.state === 'online'";

/// The chat, row by row: what it is and what it says.
const ROWS: &str = "[...document.querySelectorAll('[role=log] article')].map((row) => row.dataset.kind + ' ' + row.querySelector('.text').textContent.trim())";

/// What is too small for a thumb, or sticks out of the page.
const MISFITS: &str = "(() => {
    const small = [...document.querySelectorAll('button, input, textarea')].filter((one) => {
        const hit = one.type === 'radio' ? one.parentElement : one;
        const { width, height } = hit.getBoundingClientRect();
        return width > 0 && (width < 44 || height < 44);
    });
    const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : [];
    return [...small.map((one) => one.outerHTML), ...wide];
})()";

fn config(data: Option<&tempfile::TempDir>) -> Config {
    let guests = BTreeSet::from([Topic::new(TOPIC)]);
    Config { guests, data: data.map(|dir| dir.path().to_owned()), ..Config::for_tests() }
}

fn link(addr: SocketAddr) -> String {
    format!("http://{addr}/r/{TOPIC}/{STREAM}")
}

async fn fits(browser: &Browser, what: &str) {
    assert_eq!(browser.ask(MISFITS).await, json!([]), "{what}");
    assert_eq!(browser.violations().await, json!([]), "{what}");
}

/// Waits until a row of this kind says all of this.
async fn row(browser: &Browser, kind: &str, words: &[&str]) {
    browser
        .sees(&format!(
            "[...document.querySelectorAll('[role=log] article[data-kind={kind}]')]
                .some((row) => {}.every((word) => row.textContent.includes(word)))",
            json!(words)
        ))
        .await;
}

async fn items(room: &Room) -> Vec<Value> {
    let reply =
        room.get(&room.staff, &format!("/api/question/changes?stream={STREAM}&after=0")).await;
    reply.json()["data"]["items"].as_array().unwrap().clone()
}

async fn asks(room: &Room, text: &str) {
    let body = json!({ "content": text, "streamId": STREAM });
    assert_eq!(room.post(&room.bob, "/api/question/add", body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_asks_is_answered_votes_and_outlives_the_server() {
    let data = tempfile::tempdir().unwrap();
    let mut room =
        Room::start_on(config(Some(&data)), TcpListener::bind("127.0.0.1:0").await.unwrap()).await;
    let addr = room.addr();
    let browser = Browser::open(360, 740).await;
    browser.go(&link(addr)).await;
    browser.sees("!!document.querySelector('#name')").await;
    fits(&browser, "the door").await;
    browser.press("#name").await;
    browser.types("Gia").await;
    browser.press("form button").await;
    browser.sees(ONLINE).await;
    browser
        .sees("document.querySelector('[role=log]').textContent.includes('Nothing was said yet')")
        .await;
    fits(&browser, "an empty room").await;

    browser.press(".ask").await;
    assert_eq!(browser.ask("document.querySelector('.ask').ariaPressed").await, "true");
    browser.types("Which ship is the oldest?").await;
    browser.press(".send").await;
    row(&browser, "question", &["Gia", "You", "Which ship is the oldest?", "#1 waiting"]).await;
    assert_eq!(browser.ask("document.querySelector('.ask').ariaPressed").await, "false");
    browser.types("hello").await;
    browser.key("Enter", 13).await;
    row(&browser, "message", &["hello"]).await;

    let question = items(&room).await.remove(0);
    let claim = json!({ "questionId": question["questionId"], "streamId": STREAM, "state": "claimed", "device": "desk" });
    room.post(&room.staff, "/api/question/state", claim).await;
    row(&browser, "question", &["#1 being answered"]).await;
    let answer = json!({ "questionId": question["questionId"], "streamId": STREAM, "content": "The Cap San Diego." });
    assert_eq!(room.post(&room.staff, "/api/answer/add", answer).await.status, 200);
    row(
        &browser,
        "answer",
        &["Org replied to Gia", "Which ship is the oldest?", "The Cap San Diego.", "#1 answered"],
    )
    .await;
    row(&browser, "question", &["#1 answered"]).await;
    browser.sees("document.querySelector('[data-testid=announcer]').textContent.includes('Org answered your question #1')").await;

    asks(&room, "And the youngest?").await;
    row(&browser, "question", &["Bob", "#2 waiting"]).await;
    browser.press("article[data-kind=question] button[aria-pressed=false]").await;
    browser
        .sees("document.querySelector('article button[aria-pressed]').ariaLabel.endsWith('1 vote')")
        .await;
    until("the vote is counted", async || {
        items(&room).await.iter().any(|item| item["votes"] == 1).then_some(())
    })
    .await;
    fits(&browser, "a busy room").await;
    browser.prefers("dark").await;
    fits(&browser, "a dark room").await;
    browser.press("nav button:last-child").await;
    fits(&browser, "the questions").await;
    browser.press("nav button:first-child").await;
    browser.press("header .icon-button").await;
    fits(&browser, "the settings").await;
    // What a person chose goes before what the device prefers.
    let ground = "getComputedStyle(document.querySelector('.hall')).backgroundColor";
    assert_eq!(browser.ask(ground).await, "rgb(23, 25, 28)");
    browser.press("input[value='light']").await;
    assert_eq!(browser.ask(ground).await, "rgb(255, 255, 255)");
    fits(&browser, "a light room on a dark device").await;
    browser.press("input[value='dark']").await;
    browser.press("input[value='zh-CN']").await;
    browser.sees("document.documentElement.lang === 'zh-CN' && document.querySelector('dialog').textContent.includes('离开房间')").await;
    fits(&browser, "the settings in Chinese").await;
    browser.press("dialog .icon-button").await;
    row(&browser, "question", &["#1 已回答"]).await;

    room.running.stop().await;
    browser
        .sees("document.querySelector('.strip.shown')?.textContent.includes('连接已断开')")
        .await;
    fits(&browser, "a room that is away").await;
    browser.press("textarea").await;
    browser.types("written while it was away").await;
    browser.key("Enter", 13).await;
    row(&browser, "message", &["written while it was away", "恢复连接后自动发出"]).await;
    room.running =
        start(config(Some(&data)), TcpListener::bind(addr).await.unwrap()).await.unwrap();
    room.publish("said before it was back").await;
    browser.sees(ONLINE).await;
    row(&browser, "message", &["said before it was back"]).await;
    browser.sees("!document.querySelector('.strip.shown') && !document.querySelector('[role=log]').textContent.includes('自动发出')").await;
    let rows = [
        "question Which ship is the oldest?",
        "message hello",
        "answer The Cap San Diego.",
        "question And the youngest?",
        "message said before it was back",
        "message written while it was away",
    ];
    until("everything, once", async || (browser.ask(ROWS).await == json!(rows)).then_some(()))
        .await;
    assert_eq!(room.log().await.len(), rows.len(), "and not twice on the server");
    browser.sees("document.querySelector('article button[aria-pressed=true]')?.ariaLabel.includes('1 票')").await;

    browser.go("about:blank").await;
    browser.go(&link(addr)).await;
    browser.sees(ONLINE).await;
    until("the same guest, and all of it again", async || {
        (browser.ask(ROWS).await == json!(rows)).then_some(())
    })
    .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_invited_needs_no_name_and_nothing_of_a_stranger_is_more_than_text() {
    let room = Room::start(config(None)).await;
    let secret = room.ann.token.expose();
    room.seed(120).await;
    let hostile = "<img src=x onerror=\"document.title='it ran'\"><script>document.title='it ran'</script>\u{202e}txt.exe https://evil.example/\u{202e}gpj";
    room.running
        .rooms()
        .publish(
            &Topic::new(TOPIC),
            NewEntry::message("eve", "Eve\u{202e}<b>\u{0301}\u{0301}\u{0301}\u{0301}", hostile),
        )
        .await
        .unwrap();
    let browser = Browser::open(1280, 800).await;
    browser.go(&format!("http://{}/r/43/stream-43", room.addr())).await;
    browser
        .sees("document.querySelector('[role=alert]')?.textContent.includes('by invitation')")
        .await;
    fits(&browser, "a closed door").await;
    browser.go(&format!("{}#t={secret}", link(room.addr()))).await;
    browser.sees(ONLINE).await;
    assert_eq!(
        browser.ask("location.href + history.length").await,
        format!("{}3", link(room.addr()))
    );
    row(&browser, "message", &[hostile]).await;
    assert_eq!(browser.ask("document.title + document.images.length").await, "Room 420");
    let name = "[...document.querySelectorAll('article bdi.name')].at(-1).textContent";
    assert_eq!(browser.ask(name).await, "Eve<b>\u{301}\u{301}\u{301}");
    let (requests, bytes) = browser.traffic().await;
    assert!(
        requests.iter().all(
            |url| url.starts_with(&format!("http://{}/", room.addr())) && !url.contains(secret)
        ),
        "{requests:?}"
    );
    // All that was loaded but the room's own words.
    let words = browser
        .ask("performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/')).reduce((sum, { transferSize }) => sum + transferSize, 0)")
        .await;
    let page = bytes - words.as_u64().unwrap();
    assert!((10_000..MOST_BYTES).contains(&page), "{page} bytes");

    asks(&room, "the first question").await;
    browser.sees("document.querySelector('.questions').textContent.includes('#1 waiting')").await;
    fits(&browser, "a wide room").await;

    // Older rows come in above, and what is read does not move.
    let first = "document.querySelector('[role=log] article .text').textContent.trim()";
    assert_eq!(browser.ask(first).await, "72");
    let held = "(() => {
        const list = document.querySelector('[role=log]');
        list.scrollTop = 300;
        const row = [...list.querySelectorAll('[data-row]')].find((row) => row.getBoundingClientRect().bottom > list.getBoundingClientRect().top);
        window.held = [row, row.getBoundingClientRect().top];
        return true;
    })()";
    assert_eq!(browser.ask(held).await, true);
    browser.sees(&format!("{first} === '22'")).await;
    browser.sees("Math.abs(window.held[0].getBoundingClientRect().top - window.held[1]) < 1 && window.held[0].isConnected").await;
    room.publish("while somebody reads").await;
    browser.sees("document.querySelector('.down')?.textContent.trim() === '1 new'").await;
    assert_eq!(
        browser
            .ask("Math.abs(window.held[0].getBoundingClientRect().top - window.held[1]) < 1")
            .await,
        true
    );
    browser.press(".down").await;
    browser.sees("(() => { const list = document.querySelector('[role=log]'); return list.scrollHeight - list.scrollTop - list.clientHeight < 2; })()").await;

    // By keyboard alone: the mode and the text.
    browser.ask("document.querySelector('.ask').focus()").await;
    browser.key("Enter", 13).await;
    browser.types("by keyboard").await;
    browser.key("Enter", 13).await;
    row(&browser, "question", &["Ann", "by keyboard", "#2 waiting"]).await;

    // A flood is not read out: a few words every few seconds, whatever comes.
    browser.ask("window.told = 0; new MutationObserver(() => window.told++).observe(document.querySelector('[data-testid=announcer]'), { childList: true, characterData: true, subtree: true }); 0").await;
    room.seed(300).await;
    browser.sees("document.querySelector('[data-testid=announcer]').textContent.includes('new messages')").await;
    let told = browser.ask("window.told").await;
    assert!(told.as_u64().unwrap() <= 4, "{told}");
    assert_eq!(browser.ask("document.querySelector('[role=log]').ariaLive").await, "off");

    room.running.rooms().revoke_token(&room.ann.id).await.unwrap();
    browser.sees("document.querySelector('[role=alert]')?.textContent.includes('has ended')").await;
    // Which questions were theirs is there for who comes back.
    let kept = "Object.keys(sessionStorage).filter((key) => !key.endsWith(' asked')).length";
    assert_eq!(browser.ask(kept).await, 0, "nothing of the token stays");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_in_review_is_its_askers_alone_until_it_is_approved() {
    let room = Room::start(config(None)).await;
    room.running.rooms().set_review(&Topic::new(TOPIC), true).await.unwrap();
    let browser = Browser::open(360, 740).await;
    browser.go(&format!("{}#t={}", link(room.addr()), room.ann.token.expose())).await;
    browser.sees(ONLINE).await;
    browser.press(".ask").await;
    browser.types("may I?").await;
    browser.press(".send").await;
    row(&browser, "question", &["may I?", "waiting for the organisers to approve it"]).await;
    asks(&room, "of somebody else").await;
    let mine = items(&room).await.into_iter().find(|item| item["text"] == "may I?").unwrap();
    let approve = json!({ "questionId": mine["questionId"], "streamId": STREAM, "rev": mine["rev"], "review": "approved" });
    assert_eq!(room.post(&room.staff, "/api/question/state", approve).await.status, 200);
    row(&browser, "question", &["may I?", "#1 waiting"]).await;
    until("once", async || (browser.ask(ROWS).await == json!(["question may I?"])).then_some(()))
        .await;
    let private = json!({ "questionId": items(&room).await.iter().find(|item| item["number"] == 1).unwrap()["questionId"], "streamId": STREAM, "content": "for you", "visibility": "asker" });
    assert_eq!(room.post(&room.staff, "/api/answer/add", private).await.status, 200);
    row(&browser, "question", &["Only you see this answer", "for you"]).await;
    fits(&browser, "a private answer").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

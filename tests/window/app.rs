//! The running app as a person meets it: by the roles and names of what is on the page.

use std::{fmt::Debug, net::SocketAddr, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    driver::{Driver, Element},
    room::{Room, STREAM, TOPIC},
    stage::Stage,
};

/// Long enough for a busy machine; every wait ends as soon as it can.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every script knows: names as a screen reader reads them, and what is seen.
const ARIA: &str = r"
    const seen = (el) => el.getClientRects().length > 0 && el.checkVisibility({ visibilityProperty: true });
    const text = (el) => (el?.textContent ?? '').replace(/\s+/g, ' ').trim();
    const named = (el) => {
        const by = (el.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean);
        if (by.length) return by.map((id) => text(document.getElementById(id))).join(' ');
        return el.getAttribute('aria-label') ?? ([...(el.labels ?? [])].map(text).join(' ') || text(el));
    };
    const all = (css) => [...document.querySelectorAll(css)].filter(seen);
    const FIELD = 'input, textarea, select, [role=textbox]';
    const BUTTON = 'button, summary, [role=button], [role=menuitem], [role=tab]';
    const log = () => all('[role=log]')[0];
    const scroller = () => {
        const scrolls = (el) => el.scrollHeight > el.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(el).overflowY);
        const near = [log(), ...log().querySelectorAll('*')];
        for (let el = log().parentElement; el; el = el.parentElement) near.push(el);
        return near.find(scrolls);
    };
    const rows = () => all('[role=log] [role=article]')
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((el) => ({ key: el.dataset.key, kind: el.dataset.kind, delivery: el.dataset.delivery, text: text(el) }));
";

pub(crate) struct App {
    pub(crate) driver: Driver,
    pub(crate) stage: Stage,
}

/// A row as it stands in the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) delivery: String,
    pub(crate) text: String,
}

/// The connection in words.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: String,
    pub(crate) text: String,
}

impl App {
    /// Starts the app under test on a stage.
    pub(crate) async fn start(mut stage: Stage, args: &[&str], env: &[(&str, &str)]) -> App {
        let (port, native) = (free_port(), free_port());
        let mut driver = stage.command("tauri-driver");
        driver.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        driver.envs(env.iter().copied());
        stage.run_along(&mut driver);
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let driver = Driver::open(port, stage.program, &args).await;
        App { driver, stage }
    }

    /// Starts it straight in a room, as Ana.
    pub(crate) async fn start_in(stage: Stage, room: &Room) -> App {
        App::start_at(stage, room, room.addr()).await
    }

    /// The same at another address, behind which the room is.
    pub(crate) async fn start_at(stage: Stage, room: &Room, addr: SocketAddr) -> App {
        let url = format!("http://{addr}");
        let args = [
            "join", "--server", &url, "--topic", TOPIC, "--stream", STREAM, "--name", "Ana",
            "--user", "ana",
        ];
        let args: Vec<&str> = args.into_iter().chain(["--token-env", "ANA_TOKEN"]).collect();
        App::start(stage, &args, &[("ANA_TOKEN", room.ana.expose())]).await
    }

    /// Starts it in a room, as Cleo, who answers for the organisation.
    pub(crate) async fn start_at_desk(stage: Stage, room: &Room) -> App {
        let url = room.url();
        let args = ["join", "--server", &url, "--topic", TOPIC, "--stream", STREAM];
        let args = args.into_iter().chain(["--name", "Cleo", "--user", "cleo"]);
        let args: Vec<&str> = args.chain(["--token-env", "CLEO_TOKEN"]).collect();
        App::start(stage, &args, &[("CLEO_TOKEN", room.cleo().expose())]).await
    }

    /// Eyes and hands in the window whose page says so; waits for it.
    pub(crate) async fn turn_to(&self, what: &str, says_so: &str) {
        until(what, || async {
            for window in self.driver.windows().await {
                self.driver.turn_to(&window).await;
                if self.ask::<bool>(says_so, json!([])).await {
                    return Some(());
                }
            }
            None
        })
        .await;
    }

    /// Ends the app without a word, as a crash does; the stage and its home stay.
    pub(crate) async fn die(self) -> Stage {
        for process in self.stage.processes("aside") {
            let number = process.to_string();
            let mut kill = std::process::Command::new("kill");
            assert!(kill.args(["-9", &number]).status().unwrap().success());
        }
        self.driver.close().await;
        let stage = self.stage;
        until("the app is dead", || async { stage.processes("aside").is_empty().then_some(()) })
            .await;
        stage
    }

    /// Keys, one after the other, to whatever has the focus. `\n` is Enter, `\u{1b}` Escape.
    pub(crate) async fn keys(&self, keys: &str) {
        for key in keys.chars() {
            let key = match key {
                '\n' => '\u{e007}',
                '\u{1b}' => '\u{e00c}',
                key => key,
            };
            self.driver.key(key).await;
        }
    }

    /// The send key of the composers.
    pub(crate) async fn control_enter(&self) {
        self.driver.chord('\u{e009}', '\u{e007}').await;
    }

    /// Fills the join form and submits it.
    pub(crate) async fn join(&self, room: &Room, token: &str) {
        self.press("More settings").await;
        for (field, value) in [
            ("Server URL", room.url().as_str()),
            ("Topic", TOPIC),
            ("Stream id", STREAM),
            ("Token", token),
            ("Name", "Ana"),
            ("User id", "ana"),
        ] {
            self.fill(field, value).await;
        }
        self.press("Join").await;
    }

    /// Opens the first of the saved rooms, unless it has opened by itself.
    pub(crate) async fn open_first_room(&self) {
        let body = "if (log()) return true;
            all('nav button, [role=navigation] button, [role=option]')[0]?.click();
            return false;";
        until("the room is open", || async {
            self.ask::<bool>(body, json!([])).await.then_some(())
        })
        .await;
    }

    /// Ends the app; the stage and its home stay.
    pub(crate) async fn quit(self) -> Stage {
        self.driver.close().await;
        let stage = self.stage;
        until("the app has ended", || async { stage.processes("aside").is_empty().then_some(()) })
            .await;
        stage
    }

    /// The same binary once more: what a click on its icon does.
    pub(crate) fn start_again(&self) {
        let ended = self.stage.command(self.stage.program).output().unwrap();
        assert!(ended.status.success(), "the second start failed: {ended:?}");
    }

    /// What a function body returns in the page; `ARIA` comes before it, `a` and `b` are its arguments.
    pub(crate) async fn ask<T: for<'de> Deserialize<'de>>(&self, body: &str, args: Value) -> T {
        self.driver.script(&format!("{ARIA}\nconst [a, b] = arguments;\n{body}"), args).await
    }

    pub(crate) async fn field(&self, name: &str) -> Element {
        let body = "return all(FIELD).find((el) => named(el).startsWith(a)) ?? null;";
        self.find(&format!("the field {name}"), body, json!([name])).await
    }

    pub(crate) async fn button(&self, name: &str) -> Element {
        let body = "return all(BUTTON).find((el) => named(el) === a && !el.disabled) ?? null;";
        self.find(&format!("the button {name}"), body, json!([name])).await
    }

    pub(crate) async fn press(&self, name: &str) {
        let button = self.button(name).await;
        self.driver.click(&button).await;
    }

    /// Ticks a box, or unticks it.
    pub(crate) async fn press_box(&self, name: &str) {
        let tick = self.field(name).await;
        self.driver.click(&tick).await;
    }

    /// Shows one of the two panes of a window that has room for one: `Timeline` or `Questions`.
    pub(crate) async fn show(&self, pane: &str) {
        let body = "return all('[role=group] > button[aria-pressed]')
            .find((el) => text(el).startsWith(a)) ?? null;";
        let button = self.find(&format!("the pane {pane}"), body, json!([pane])).await;
        self.driver.click(&button).await;
    }

    /// The same for a button that takes the window away: the driver would wait for a click's end that it never sees.
    pub(crate) async fn press_goodbye(&self, name: &str) {
        self.button(name).await;
        let body = "const button = all(BUTTON).find((el) => named(el) === a);
            setTimeout(() => button.click());";
        self.ask::<Value>(body, json!([name])).await;
    }

    /// Replaces what a field holds.
    pub(crate) async fn fill(&self, name: &str, value: &str) {
        let field = self.field(name).await;
        self.driver.clear(&field).await;
        self.driver.type_into(&field, value).await;
    }

    /// Key by key into a field; `\n` is the Enter key.
    pub(crate) async fn type_into(&self, name: &str, keys: &str) {
        let field = self.field(name).await;
        self.driver.type_into(&field, &keys.replace('\n', "\u{e007}")).await;
    }

    pub(crate) async fn value(&self, name: &str) -> String {
        let body = "return all(FIELD).find((el) => named(el).startsWith(a))?.value ?? '';";
        self.ask(body, json!([name])).await
    }

    pub(crate) async fn control(&self, key: char) {
        self.driver.chord('\u{e009}', key).await;
    }

    pub(crate) async fn shift(&self, key: char) {
        self.driver.chord('\u{e008}', key).await;
    }

    /// Changes some of the settings, as their sheet does.
    pub(crate) async fn choose(&self, change: Value) {
        let body = "const { invoke } = window.__TAURI_INTERNALS__;
            const { settings } = await invoke('boot', { rows: 1 });
            await invoke('save_settings', { settings: { ...settings, ...a } });
            return null;";
        self.ask::<Value>(body, json!([change])).await;
    }

    pub(crate) async fn status(&self) -> Option<Status> {
        let body = "const el = all('[role=status][data-state]')[0];
            return el ? { state: el.dataset.state, text: text(el) } : null;";
        self.ask(body, json!([])).await
    }

    /// Waits for one of the states, and says in which words it is shown.
    pub(crate) async fn becomes(&self, states: &[&str]) -> Status {
        let what = format!("the connection is {}", states.join(" or "));
        until(&what, || async {
            self.status().await.filter(|status| states.contains(&status.state.as_str()))
        })
        .await
    }

    /// The rows that are in the page now, top to bottom.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        self.ask("return log() ? rows() : [];", json!([])).await
    }

    /// Waits for a row that holds all of these texts.
    pub(crate) async fn row(&self, parts: &[&str]) -> Row {
        let what = format!("a row with {}", parts.join(", "));
        let holds = |row: &Row| parts.iter().all(|part| row.text.contains(part));
        until(&what, || async { self.rows().await.into_iter().find(holds) }).await
    }

    /// Waits until a row of one's own has arrived.
    pub(crate) async fn settled(&self, key: &str) {
        let arrived =
            |row: &Row| row.key == key && ["sent", "received"].contains(&row.delivery.as_str());
        until("what was written has arrived", || async {
            self.rows().await.iter().any(arrived).then_some(())
        })
        .await;
    }

    /// What is announced as gone wrong.
    pub(crate) async fn alerts(&self) -> Vec<String> {
        self.ask("return all('[role=alert]').map(text).filter(Boolean);", json!([])).await
    }

    /// Everything that a person can see anywhere in the page.
    pub(crate) async fn words(&self) -> String {
        self.ask("return document.body.innerText;", json!([])).await
    }

    /// Waits until something can be read anywhere.
    pub(crate) async fn row_or_words(&self, words: &str) {
        until(words, || async { self.words().await.contains(words).then_some(()) }).await;
    }

    /// Every row from the beginning of the room to its end, by scrolling as a person would.
    pub(crate) async fn whole_timeline(&self) -> Vec<Row> {
        self.scroll_to_the_beginning().await;
        // At the end the button that leads there is gone.
        let body = "const now = rows(), el = scroller();
            const end = !all('button').some((button) => button.title === 'To the end');
            if (!end) el.scrollTop += el.clientHeight / 2;
            await new Promise((done) => setTimeout(done, 60));
            return [now, end];";
        let mut read: Vec<Row> = Vec::new();
        let patience = Instant::now() + 3 * PATIENCE;
        while Instant::now() < patience {
            let (rows, end): (Vec<Row>, bool) = self.ask(body, json!([])).await;
            for row in rows {
                if read.iter().all(|known| known.key != row.key) {
                    read.push(row);
                }
            }
            if end {
                return read;
            }
        }
        panic!("the end of the timeline is never reached");
    }

    /// Scrolls up until there is nothing older, however often older pages have to come.
    async fn scroll_to_the_beginning(&self) {
        let body = "const el = scroller();
            if (el) el.scrollTop = 0;
            await new Promise((done) => setTimeout(done, 60));
            return text(log()).includes('The beginning of the room') && (!el || el.scrollTop === 0);";
        until("the beginning of the room", || async {
            self.ask::<bool>(body, json!([])).await.then_some(())
        })
        .await;
    }

    async fn find(&self, what: &str, body: &str, args: Value) -> Element {
        let body = format!("{ARIA}\nconst [a, b] = arguments;\n{body}");
        until(what, || self.driver.element(&body, args.clone())).await
    }
}

/// Asks again and again until there is an answer; a test that waits in vain fails with what it waited for.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// That something stays as it is for a while.
pub(crate) async fn stays<T: PartialEq + Debug, F: Future<Output = T>>(
    time: Duration,
    mut look: impl FnMut() -> F,
) {
    let first = look().await;
    let end = Instant::now() + time;
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(look().await, first);
    }
}

/// A port that nobody listens on. Somebody else may take it first: the driver would say so.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

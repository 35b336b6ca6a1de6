//! What a person may hand on when something is wrong: versions, counts, states and codes. No name, topic, address or token is
//! in it, and nothing that anybody wrote. It is English in every language: whoever helps is to read it.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use url::{Host, Url};

use crate::dto::{RoomStatus, Settings};
use crate::footprint;
use crate::settings::{Memory, SavedRoom};
use crate::shell::Shell;

/// Choices that are words of ours; whatever else a person typed is only said to be there.
const WORDS: [&str; 6] = ["locale", "theme", "close", "density", "streamerMode", "by"];

/// As many codes as a window keeps of what failed last, and the longest of ours.
const ERRORS: usize = 10;
const CODE_BYTES: usize = 40;

/// What else than the shell knows of it.
pub(crate) struct Around {
    pub(crate) web_view: String,
    /// The windows that are there, by our own names for them.
    pub(crate) windows: Vec<&'static str>,
    /// The codes that the page was answered with last.
    pub(crate) errors: Vec<String>,
    /// The newest lines of the log, as they may be handed on.
    pub(crate) lines: Vec<String>,
}

pub(crate) fn text(shell: &Shell, around: &Around) -> String {
    let memory = shell.remembered.read(Clone::clone);
    let statuses = shell.rooms.statuses();
    let mut told = vec![
        format!("Aside {}", env!("CARGO_PKG_VERSION")),
        format!("system: {}", system()),
        format!("web view: {}", plain(&around.web_view)),
        format!("windows: {}", around.windows.join(" ")),
        footprint::private().map_or_else(String::new, |(kilobytes, processes)| {
            format!("memory: {} MB private, processes={processes}", kilobytes / 1024)
        }),
        counts(&memory),
        format!("settings unlike the usual: {}", unlike(&memory.settings)),
        format!("last errors: {}", codes(&around.errors)),
    ];
    told.extend(memory.rooms.iter().enumerate().map(|(at, room)| {
        let key = room.key.to_string();
        line(at + 1, room, statuses.iter().find(|status| status.room == key))
    }));
    told.push("log:".to_owned());
    told.extend(around.lines.iter().cloned());
    told.retain(|line| !line.is_empty());
    told.join("\n") + "\n"
}

fn system() -> String {
    let mut told = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let named = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let desktop = ["XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE"].map(|name| std::env::var(name).ok());
    for part in named.map(str::to_owned).into_iter().chain(desktop.into_iter().flatten()) {
        let _always = write!(told, ", {}", plain(part.trim_matches('"')));
    }
    told
}

fn counts(memory: &Memory) -> String {
    let archived = memory.rooms.iter().filter(|room| room.archived).count();
    format!(
        "counts: rooms={} archived={archived} rules={} keys={} hotkeys={}",
        memory.rooms.len(),
        memory.rules.list.len(),
        memory.keys.len(),
        memory.hotkeys.len(),
    )
}

/// A room by its number: the list's order is all that says which it is.
fn line(number: usize, room: &SavedRoom, status: Option<&RoomStatus>) -> String {
    let kind = match (room.demo, room.hosted.is_some()) {
        (true, _) => "demo",
        (false, true) => "hosted",
        (false, false) => "joined",
    };
    let mut told = format!(
        "room {number}: {kind} address={} token={}",
        address(&room.form.server),
        word(&room.token_store)
    );
    if room.archived {
        told.push_str(" archived");
    }
    match status {
        None => told.push_str(" not open"),
        Some(status) => {
            let why = status.connection.why.as_deref().map_or("-", code);
            let _always = write!(
                told,
                " state={} why={why} role={} server={} unread={} questions={} recovered={} core_only={} desk={} open={}",
                word(&status.connection.state),
                word(&status.role),
                server(&status.server),
                status.unread,
                status.unread_questions,
                status.recovered,
                status.core_only,
                word(&status.desk.kind),
                status.desk.open,
            );
        }
    }
    told
}

/// Whether an address is one that only this computer has.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// How far away a server is, and nothing of where.
fn address(server: &str) -> &'static str {
    let Ok(url) = Url::parse(server) else { return "none" };
    match (is_here(&url), url.scheme()) {
        (true, _) => "this computer",
        (false, "https") => "encrypted",
        (false, _) => "plain",
    }
}

/// Ours with its version; what another server calls itself is its own business.
fn server(name: &str) -> &str {
    let version = name.strip_prefix("aside-server/").unwrap_or_default();
    let ours = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match (name, ours) {
        ("", _) => "unnamed",
        (_, true) => name,
        (_, false) => "another",
    }
}

fn unlike(settings: &Settings) -> String {
    let (now, usual) = (fields(settings), fields(&Settings::default()));
    let unlike = now.iter().filter(|(name, value)| usual.get(*name) != Some(value));
    let told: Vec<String> =
        unlike.map(|(name, value)| format!("{name}={}", choice(name, value))).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(" ") }
}

fn fields(settings: &Settings) -> serde_json::Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    }
}

fn choice(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(on) => on.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if WORDS.contains(&name) => plain(text),
        Value::String(_) => "(given)".to_owned(),
        Value::Array(list) => format!("({})", list.len()),
        Value::Object(fields) => {
            fields.get("by").map_or("(given)".to_owned(), |by| choice("by", by))
        }
    }
}

fn codes(errors: &[String]) -> String {
    let told: Vec<&str> = errors.iter().take(ERRORS).map(|text| code(text)).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(" ") }
}

/// A code of ours, or the word that there was none.
fn code(text: &str) -> &str {
    let ours = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if text.len() <= CODE_BYTES && text.bytes().all(ours) { text } else { "unknown" }
}

/// The word that the page knows a value of ours by.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// What a system says of itself, on one line and short.
fn plain(text: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || " ._-:/()+".contains(*c);
    text.chars().filter(kept).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::{ConnectionState, Effect, Proxy, Rule, SavedView, Theme, When};
    use crate::settings::RoomKey;
    use crate::shell::tests::{Table, keyring};

    /// What must appear nowhere; each is planted where such a thing lives.
    const PLANTED: [&str; 6] = [
        "planted-user",
        "planted-name",
        "planted-topic",
        "planted-words",
        "planted-view",
        "planted.example",
    ];

    #[tokio::test]
    async fn it_tells_how_things_stand_and_nobody_s_name() {
        let (table, secrets) = (Table::set().await, keyring());
        let shell = table.start(&secrets);
        let saved = shell.save(None, table.form(), Some(table.token.clone())).await.unwrap();
        let key = RoomKey::parse(&saved.id).unwrap();
        shell.open(key).await.unwrap();
        table.becomes(&shell, key, ConnectionState::Online).await;
        let mut other = table.form();
        other.server = "https://planted.example/planted-words".to_owned();
        other.topic = "planted-topic".to_owned();
        (other.user, other.name) = ("planted-user".to_owned(), "planted-name".to_owned());
        let gone = shell.save(None, other, Some(table.token.clone())).await.unwrap();
        shell.archive(RoomKey::parse(&gone.id).unwrap(), true).await.unwrap();
        let rule = Rule {
            id: "r".to_owned(),
            on: true,
            room: None,
            when: When::Words { text: "planted-words".to_owned() },
            effect: Effect::Mute,
        };
        shell
            .change(|memory| {
                memory.settings.theme = Theme::Dark;
                memory.settings.text_size = 125;
                memory.settings.proxy =
                    Proxy::Through { url: "http://planted.example:1".to_owned() };
                memory.settings.overlay_room = saved.id.clone();
                memory.settings.views = vec![SavedView {
                    id: "v".to_owned(),
                    name: "planted-view".to_owned(),
                    kinds: Vec::new(),
                    words: vec!["planted-words".to_owned()],
                    pattern: String::new(),
                    people: Vec::new(),
                }];
                memory.rules.list = vec![rule];
                memory.device = "planted-name".to_owned();
            })
            .unwrap();

        let token = table.token.expose().to_owned();
        let around = Around {
            web_view: "2.48.1".to_owned(),
            windows: vec!["main"],
            errors: vec!["timeout".to_owned(), "planted-words!".to_owned(), token.to_uppercase()],
            lines: vec!["12:00:00Z WARN aside_session: not connected".to_owned()],
        };
        let told = text(&shell, &around);
        for planted in
            PLANTED.into_iter().chain([token.as_str(), &saved.id, "127.0.0.1", "Ana", "hello"])
        {
            assert!(!told.contains(planted), "{planted} stands in\n{told}");
        }
        for part in [
            "web view: 2.48.1",
            "windows: main",
            #[cfg(target_os = "linux")]
            " MB private, processes=",
            "counts: rooms=2 archived=1 rules=1 keys=0 hotkeys=0",
            "overlayRoom=(given)",
            "proxy=through",
            "textSize=125",
            "theme=dark",
            "views=(1)",
            "last errors: timeout unknown unknown",
            "room 1: joined address=this computer token=keyring state=online why=- role=staff server=aside-server/",
            "room 2: joined address=encrypted token=keyring archived not open",
            "WARN aside_session: not connected",
        ] {
            assert!(told.contains(part), "no {part} in\n{told}");
        }
        assert!(!told.contains("restAfterSecs"), "what is as usual is left out\n{told}");
        shell.rooms.close().await;
    }

    #[test]
    fn another_server_s_word_for_itself_is_not_repeated() {
        assert_eq!(server("aside-server/0.1.0"), "aside-server/0.1.0");
        assert_eq!(server("aside-server/0.1.0 of planted"), "another");
        assert_eq!((server("planted"), server("")), ("another", "unnamed"));
        assert_eq!(address("http://rooms.example"), "plain");
        assert_eq!(address("http://[::1]:1"), "this computer");
    }
}

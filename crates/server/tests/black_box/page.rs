//! The audience's page as a browser gets it: its headers, its files, and the handshake that a browser can make.

use aside_server::Config;

use crate::client::{Client, Reply, handshake, http};
use crate::process::{printed, run};
use crate::room::{Room, STREAM, TOPIC};

async fn get(room: &Room, target: &str, headers: &[(&str, &str)]) -> Reply {
    http(room.addr(), &format!("GET {target}"), headers, b"").await
}

fn target() -> String {
    format!("/r/{TOPIC}/{STREAM}")
}

/// What every reply for a browser says, whatever else it is.
fn is_guarded(reply: &Reply) {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                  base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    assert_eq!(reply.header("content-security-policy"), Some(policy));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test]
async fn the_page_says_what_a_browser_may_do_or_that_it_was_not_built() {
    let room = Room::start(Config::for_tests()).await;
    let reply = get(&room, &target(), &[]).await;
    is_guarded(&reply);
    if cfg!(page) {
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
    } else {
        assert_eq!(reply.status, 503);
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(reply.body.contains("was not built"), "{}", reply.body);
    }
    assert_eq!(get(&room, "/r/42", &[]).await.status, reply.status, "a short link");
    get(&room, "/r/", &[]).await.refused(404);
    http(room.addr(), &format!("POST {}", target()), &[], b"").await.refused(405);
    let with_token = format!("{}?token={}", target(), room.ann.token.expose());
    get(&room, &with_token, &[]).await.refused(400);
    let core = Room::start(Config { core_only: true, ..Config::for_tests() }).await;
    get(&core, &target(), &[]).await.refused(404);
}

#[cfg(page)]
#[tokio::test]
async fn its_files_are_kept_for_ever_since_their_names_say_what_is_in_them() {
    let room = Room::start(Config::for_tests()).await;
    let page = get(&room, &target(), &[]).await.body;
    let files: Vec<&str> =
        page.split('"').filter(|part| part.starts_with("/page/index-")).collect();
    assert_eq!(files.len(), 2, "{page}");
    for file in files {
        let plain = get(&room, file, &[]).await;
        is_guarded(&plain);
        assert_eq!(plain.status, 200);
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(plain.header("vary"), Some("accept-encoding"));
        assert_eq!(plain.header("content-encoding"), None);
        let head = format!("GET {file}");
        let length = packed_length(&room, &head).await;
        assert!(length * 2 < plain.body.len(), "{file}: {length} of {}", plain.body.len());
    }
    for nothing in ["/page/index.html", "/page/", "/page/nothing.js", "/page/..%2fCargo.toml"] {
        get(&room, nothing, &[]).await.refused(404);
    }
}

/// The packed bytes are no text, so only the head is read here.
#[cfg(page)]
async fn packed_length(room: &Room, request: &str) -> usize {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(room.addr()).await.unwrap();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n",
        room.addr()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&read[..end]);
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    assert_eq!(read[end..end + 2], [0x1f, 0x8b], "gzip");
    read.len() - end
}

#[tokio::test]
async fn under_a_name_that_was_not_listed_there_is_no_page() {
    let origins = vec!["https://rooms.example".to_owned()];
    let room = Room::start(Config { origins, ..Config::for_tests() }).await;
    let status = async |host: &str| {
        raw_status(&room, &format!("GET {} HTTP/1.1\r\nhost: {host}", target())).await
    };
    let found = if cfg!(page) { 200 } else { 503 };
    assert_eq!(status("rooms.example").await, found);
    assert_eq!(status(&room.addr().to_string()).await, found);
    assert_eq!(status("rooms.evil.example").await, 421);
    assert_eq!(status("rooms.example:8443").await, 421);
}

async fn raw_status(room: &Room, head: &str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(room.addr()).await.unwrap();
    let head = format!("{head}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let line = String::from_utf8_lossy(&read);
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_browser_comes_in_with_its_token_among_the_subprotocols() {
    let room = Room::start(Config::for_tests()).await;
    let origin = format!("http://{}", room.addr());
    let knock = async |protocols: &str, origin: &str| {
        let headers = [("sec-websocket-protocol", protocols), ("origin", origin)];
        http(room.addr(), "GET /ws", &handshake(&headers), b"").await
    };
    let mine = format!("aside, token.{}", room.ann.token.expose());
    let reply = knock(&mine, &origin).await;
    assert_eq!(reply.status, 101);
    assert_eq!(reply.header("sec-websocket-protocol"), Some("aside"), "and not the token");
    assert!(!reply.head.contains(room.ann.token.expose()));
    knock("aside, token.0000", &origin).await.refused(401);
    knock("aside", &origin).await.refused(401);
    knock(&mine, "http://evil.example").await.refused(403);
    let two = format!("{mine}, token.{}", room.bob.token.expose());
    knock(&two, &origin).await.refused(401);
    // A header of one's own goes before, and a native client is not told of any subprotocol.
    let both = [("authorization", "x"), ("sec-websocket-protocol", mine.as_str())];
    http(room.addr(), "GET /ws", &handshake(&both), b"").await.refused(401);
    Client::open(room.addr(), room.ann.token.expose(), TOPIC).await.join().await;
}

#[test]
fn the_command_line_prints_a_rooms_links_and_a_code_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    printed(dir.path(), &["room", "create", "--room", "8001", "--stream", "s1"]);
    printed(dir.path(), &["room", "create", "--room", "kmwhtz"]);
    let links = |room, more: &[&str]| {
        let args = ["room", "link", "--room", room, "--base"];
        printed(dir.path(), &[&args, more].concat())
    };
    let join = "aside://join?server=https%3A%2F%2Froom.example&topic=8001&stream=s1";
    let base = "https://room.example";
    assert_eq!(
        links("8001", &[base]),
        format!("page\thttps://room.example/r/8001/s1\njoin\t{join}")
    );
    let short = links("kmwhtz", &[base, "--qr"]);
    assert!(short.starts_with("page\thttps://room.example/r/kmwhtz\n"), "{short}");
    assert!(short.lines().count() > 12 && short.contains('▀'), "{short}");
    for wrong in
        [["--room", "8001", "--base", "mailto:x@example.org"], ["--room", "9", "--base", base]]
    {
        let refused = run(dir.path(), &[&["room", "link"], &wrong[..]].concat());
        assert!(!refused.status.success());
    }
}

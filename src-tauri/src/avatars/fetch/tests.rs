//! Pictures from a real server on loopback, in every way that one can misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};

use image::ImageFormat;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::super::picture::painted;
use super::super::{Avatars, Source};
use super::*;

/// Answers every connection with the same bytes, and keeps what was asked.
struct Server {
    base: Url,
    asked: Arc<AtomicUsize>,
    last: Arc<std::sync::Mutex<String>>,
}

async fn serve(reply: Vec<u8>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (asked, last) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Mutex::new(String::new())));
    let server = Server { base, asked: Arc::clone(&asked), last: Arc::clone(&last) };
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let count = socket.read(&mut request).await.unwrap_or(0);
            *last.lock().unwrap() = String::from_utf8_lossy(&request[..count]).into_owned();
            asked.fetch_add(1, Ordering::SeqCst);
            let _ = socket.write_all(&reply).await;
        }
    });
    server
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    let mut reply = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").into_bytes();
    reply.extend_from_slice(body);
    reply
}

async fn fetched(reply: Vec<u8>) -> Result<Vec<u8>, FetchError> {
    crate::install_tls();
    let server = serve(reply).await;
    Fetch::default().get(&Source::of(&server.base, "/a.png").unwrap()).await
}

#[tokio::test]
async fn a_picture_of_the_rooms_own_server_is_fetched_once_and_cached() {
    crate::install_tls();
    let server = serve(http("200 OK", &painted(200, 200, ImageFormat::Jpeg))).await;
    let folder = tempfile::tempdir().unwrap();
    let avatars = Avatars::new(folder.path(), false);
    let address = avatars.address(&server.base, "/a.png").unwrap();
    let name = address.rsplit('/').next().unwrap();
    let picture = avatars.picture(name).await.unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(avatars.picture(name).await, Some(picture));
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);

    let request = server.last.lock().unwrap().to_ascii_lowercase();
    for word in ["authorization", "cookie", "referer", "user-agent"] {
        assert!(!request.contains(word), "{request}");
    }
}

#[tokio::test]
async fn a_failure_is_remembered_and_an_unknown_name_is_nothing() {
    crate::install_tls();
    let server = serve(http("500 Oops", b"")).await;
    let folder = tempfile::tempdir().unwrap();
    let avatars = Avatars::new(folder.path(), false);
    let address = avatars.address(&server.base, "/a.png").unwrap();
    let name = address.rsplit('/').next().unwrap();
    assert_eq!(avatars.picture(name).await, None);
    assert_eq!(avatars.picture(name).await, None);
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    assert_eq!(avatars.picture("0123456789abcdef0123456789abcdef").await, None);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = serve(http("200 OK", b"x")).await;
    let reply = http(&format!("302 Found\r\nLocation: {}", elsewhere.base), b"");
    assert_eq!(fetched(reply).await, Err(FetchError::Status(302)));
    assert_eq!(elsewhere.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_too_large_is_dropped_at_the_limit() {
    assert_eq!(
        fetched(http("200 OK", &vec![0; LARGEST_BYTES + 1])).await,
        Err(FetchError::TooLarge)
    );
    assert_eq!(
        fetched(http("200 OK", &vec![0; LARGEST_BYTES])).await.unwrap().len(),
        LARGEST_BYTES
    );
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_refused() {
    crate::install_tls();
    // `localhost` is refused by the address alone; here it stands for any name that someone points at us.
    let source = Source { link: "https://localhost:1/a.png".parse().unwrap(), own_server: false };
    assert_eq!(Fetch::default().get(&source).await, Err(FetchError::Connection));
    let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
    assert!(resolved.is_err_and(|error| error.to_string() == "no public address"));
}

#[tokio::test]
async fn nobody_elsewhere_learns_of_a_reader_who_did_not_ask_for_their_pictures() {
    crate::install_tls();
    let room: Url = "https://rooms.example".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let avatars = Avatars::new(folder.path(), false);
    let link = "https://images.example/a.png";
    assert_eq!(avatars.address(&room, link), None);
    assert!(avatars.address(&room, "/a.png").is_some(), "the room's own server knows already");

    avatars.show_elsewhere(true);
    let address = avatars.address(&room, link).unwrap();
    let name = address.rsplit('/').next().unwrap();
    // As if it had been fetched while it was wanted.
    avatars.inner.cache.write(name, b"picture").await;
    assert_eq!(avatars.picture(name).await.as_deref(), Some(&b"picture"[..]));
    avatars.show_elsewhere(false);
    assert_eq!(avatars.picture(name).await, None, "not even from the disk");
    assert_eq!(avatars.address(&room, link), None);
}

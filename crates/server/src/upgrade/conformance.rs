//! Autobahn's cases against our handshake, our socket and our goodbyes. The cases want an echo, which no room gives: so
//! this one room says back whatever it hears, to anybody.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept::accept;
use crate::config::Limits;
use crate::connection::{Socket, goodbye_for, part};
use crate::outlet::{Goodbye, Outlet};

/// Speed (messages of megabytes, which we refuse) and compression (which we do not offer).
const LEFT_OUT: [&str; 3] = ["9.*", "12.*", "13.*"];

#[tokio::test(flavor = "multi_thread")]
async fn the_cases_of_autobahn() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/corpora");
    if !corpora.join("python/kosoku").is_dir() {
        assert!(std::env::var_os("CI").is_none(), "CI fetches every corpus first");
        eprintln!("skipped: kosoku is not here (`cargo xtask corpora` fetches it)");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let router = Router::new().fallback(upgrade);
    tokio::spawn(accept(listener, router, Limits::default(), stop.clone(), tasks));
    let mut run = Command::new("python3");
    run.args(["-c", "from kosoku._cli import main; main()", &address.to_string(), "-p", "4"]);
    run.args(LEFT_OUT.iter().flat_map(|cases| ["-x", cases]));
    run.arg("-o").arg(corpora.join("reports")).env("PYTHONPATH", corpora.join("python"));
    let ended = tokio::task::spawn_blocking(move || run.output()).await.unwrap().unwrap();
    let words = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{words}{}", String::from_utf8_lossy(&ended.stderr));
    let passed: u32 = words
        .lines()
        .find_map(|line| line.strip_suffix(" cases passed")?.parse().ok())
        .unwrap_or_default();
    assert!(passed >= 240, "all of them ran: {words}");
    stop.cancel();
}

async fn upgrade(mut request: Request) -> Response {
    let response = create_response_with_body(&request, Body::empty).unwrap();
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let (outlet, _waiting) = Outlet::new(1, 1);
        if let Some(mut socket) = super::open(upgraded.await.unwrap(), &outlet).await {
            let goodbye = echo(&mut socket).await;
            part(&mut socket, &goodbye, Duration::from_secs(1)).await;
        }
    });
    response
}

async fn echo(socket: &mut Socket) -> Goodbye {
    loop {
        let message = match socket.next().await {
            None => return Goodbye::Cut,
            Some(Err(error)) => return goodbye_for(&error),
            Some(Ok(message)) => message,
        };
        match message {
            Message::Text(_) | Message::Binary(_) => {
                if socket.send(message).await.is_err() {
                    return Goodbye::Cut;
                }
            }
            Message::Close(frame) => {
                return Goodbye::Theirs { code: frame.map_or(1005, |frame| frame.code.into()) };
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

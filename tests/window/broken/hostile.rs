//! A server that says whatever a broken or hostile one might: frames that a test writes by hand.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// Answers HTTP like a core server with an empty room, and the socket with `frames`, once somebody has joined.
pub(crate) async fn serve(frames: Vec<Message>) -> (SocketAddr, SocketAddr) {
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = (http.local_addr().unwrap(), socket.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = http.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            tokio::spawn(speak(stream, frames.clone()));
        }
    });
    addresses
}

async fn answer(mut stream: TcpStream) {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&piece[..read]),
        }
    }
    let (status, body) = if request.starts_with(b"GET /api/message/chatmsg") {
        (
            "200 OK",
            r#"{"code":200,"data":{"items":[null,7,{"type":"poll"},{"type":"message","content":null}]}}"#,
        )
    } else {
        ("404 Not Found", "<html>nothing here</html>")
    };
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

async fn speak(stream: TcpStream, frames: Vec<Message>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    // The join.
    let _ = socket.next().await;
    for frame in frames {
        if socket.send(frame).await.is_err() {
            return;
        }
    }
    while socket.next().await.is_some_and(|heard| heard.is_ok()) {}
}

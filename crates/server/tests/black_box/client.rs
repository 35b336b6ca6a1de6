//! A client that knows the wire and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

/// Nothing here takes so long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("never happened: {what}"))
}

/// A socket in a room.
pub(crate) struct Client {
    pub(crate) ws: WebSocketStream<TcpStream>,
    pub(crate) token: String,
    pub(crate) topic: String,
}

/// What came next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Got {
    Frame { code: i64, data: String },
    Closed { code: u16, reason: String },
    Ended,
}

impl Got {
    /// The entry or control object of a frame with code 200.
    pub(crate) fn object(self) -> Value {
        match self {
            Self::Frame { code: 200, data } => {
                serde_json::from_str(&data).unwrap_or_else(|_| panic!("no object: {data:?}"))
            }
            other => panic!("no object: {other:?}"),
        }
    }
}

impl Client {
    /// Opens a socket, without joining.
    pub(crate) async fn open(addr: SocketAddr, token: &str, topic: &str) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::open_on(stream, addr, token, topic).await
    }

    /// The same with so little room in the kernel that not reading is soon felt.
    pub(crate) async fn open_narrow(addr: SocketAddr, token: &str, topic: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::open_on(socket.connect(addr).await.unwrap(), addr, token, topic).await
    }

    async fn open_on(stream: TcpStream, addr: SocketAddr, token: &str, topic: &str) -> Self {
        let mut request = format!("ws://{addr}/ws").into_client_request().unwrap();
        request.headers_mut().insert("authorization", token.parse().unwrap());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let (ws, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        Self { ws, token: token.to_owned(), topic: topic.to_owned() }
    }

    pub(crate) async fn text(&mut self, text: impl Into<String>) {
        self.ws.send(Message::text(text.into())).await.unwrap();
    }

    /// The three keys of every frame.
    pub(crate) async fn frame(&mut self, kind: i64, payload: &str) {
        let token = self.token.clone();
        self.text(json!({ "token": token, "type": kind, "payLoad": payload }).to_string()).await;
    }

    pub(crate) async fn beat(&mut self) {
        self.frame(1, "").await;
    }

    /// The core's join.
    pub(crate) async fn join(&mut self) {
        let topic = self.topic.clone();
        self.frame(3, &json!({ "topic": topic }).to_string()).await;
    }

    /// A join that goes on from a place; gives what the server answers.
    pub(crate) async fn resume(&mut self, epoch: &str, after: u64) -> Value {
        let topic = self.topic.clone();
        self.frame(3, &json!({ "topic": topic, "epoch": epoch, "after": after }).to_string()).await;
        self.object().await
    }

    /// Says something, encoded three times; `more` is laid over the innermost object.
    pub(crate) async fn say_with(&mut self, content: &str, more: Value) {
        let mut info = json!({
            "user": "me", "displayName": "Me", "avatarurl": "", "stream": "", "content": content,
            "type": "message", "createdat": "2018-10-8 14:30",
        });
        for (key, value) in more.as_object().unwrap() {
            info[key] = value.clone();
        }
        let topic = self.topic.clone();
        let payload = json!({ "topic": topic, "chatInfo": info.to_string() });
        self.frame(2, &payload.to_string()).await;
    }

    pub(crate) async fn say(&mut self, content: &str) {
        self.say_with(content, json!({})).await;
    }

    pub(crate) async fn say_named(&mut self, content: &str, nonce: &str) {
        self.say_with(content, json!({ "nonce": nonce })).await;
    }

    /// What comes next; pings and pongs are not counted.
    pub(crate) async fn next(&mut self) -> Got {
        soon("a frame", async {
            loop {
                match self.ws.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let frame: Value = serde_json::from_str(&text).unwrap();
                        let keys: Vec<_> = frame.as_object().unwrap().keys().collect();
                        assert_eq!(keys, ["code", "data"], "a frame has two keys");
                        let code = frame["code"].as_i64().unwrap();
                        let data = frame["data"].as_str().expect("data is a string").to_owned();
                        return Got::Frame { code, data };
                    }
                    Some(Ok(Message::Close(frame))) => {
                        let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                            (frame.code.into(), frame.reason.to_string())
                        });
                        return Got::Closed { code, reason };
                    }
                    Some(Ok(_)) => {}
                    Some(Err(tungstenite::Error::ConnectionClosed)) | None => return Got::Ended,
                    Some(Err(_)) => return Got::Ended,
                }
            }
        })
        .await
    }

    pub(crate) async fn object(&mut self) -> Value {
        self.next().await.object()
    }

    /// The close code, whatever comes before it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().await {
                Got::Frame { .. } => {}
                Got::Closed { code, reason } => return (code, reason),
                Got::Ended => return (1006, String::new()),
            }
        }
    }

    /// Proves that nothing waits: a heartbeat's reply is the very next frame.
    pub(crate) async fn nothing_waits(&mut self) {
        self.beat().await;
        match self.next().await {
            Got::Frame { code: 200, data } => {
                assert!(
                    data == "pong" || data.contains("\"heartbeat\""),
                    "something waited: {data}"
                );
            }
            other => panic!("no heartbeat: {other:?}"),
        }
    }
}

/// One HTTP exchange, byte for byte.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// A refusal has the fitting status and says so in JSON.
    pub(crate) fn refused(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(body["code"], status, "{self:?}");
        assert!(body["msg"].as_str().is_some_and(|msg| !msg.is_empty()), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
    }
}

/// Sends one request with these header lines and reads to the end.
pub(crate) async fn http(
    addr: SocketAddr,
    request: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let mut head = format!("{request} HTTP/1.1\r\nhost: {addr}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        head.push_str("connection: close\r\n");
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // A refusal may come before the whole body is read.
    let _ = stream.write_all(body).await;
    let (mut read, mut buffer) = (Vec::new(), vec![0; 8192]);
    soon("a reply", async {
        while !complete(&read) {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) => read.extend_from_slice(&buffer[..count]),
            }
        }
    })
    .await;
    let text = String::from_utf8(read).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no reply: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

/// Whether a reply with a length is all there (an upgraded connection does not end by itself).
fn complete(read: &[u8]) -> bool {
    let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&read[..end]);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let body = read.len() - end - 4;
    length.map_or(head.contains(" 101 "), |length| body >= length.parse::<usize>().unwrap())
}

/// The headers of a WebSocket handshake, with these added.
pub(crate) fn handshake<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut headers = vec![
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    headers.extend_from_slice(more);
    headers
}

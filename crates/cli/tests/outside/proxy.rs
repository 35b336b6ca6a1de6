//! A server with one fault: the real one behind a proxy that alters what passes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How long a frame that waits for the next one waits at most.
const HELD: Duration = Duration::from_millis(250);

/// One request as it passes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn set_query(&mut self, name: &str, value: &str) {
        for (key, old) in &mut self.query {
            if key == name {
                value.clone_into(old);
            }
        }
    }

    fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        let pairs: Vec<_> =
            self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{}?{}", self.path, pairs.join("&"))
    }
}

/// One reply as it passes.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Never sent.
    pub(crate) swallowed: bool,
}

impl Reply {
    /// Changes the body as JSON.
    pub(crate) fn json(&mut self, change: impl FnOnce(&mut Value)) {
        let Ok(mut body) = serde_json::from_slice(&self.body) else { return };
        change(&mut body);
        self.body = body.to_string().into_bytes();
    }

    /// Changes the items of a page of history.
    pub(crate) fn items(&mut self, change: impl FnOnce(&mut Vec<Value>)) {
        self.json(|body| {
            if let Some(items) = body["data"]["items"].as_array_mut() {
                change(items);
            }
        });
    }
}

/// What is sent to the client in place of a frame.
#[derive(Clone, Debug)]
pub(crate) enum Down {
    Text(String),
    Binary(Vec<u8>),
    /// After the next one, or soon.
    Later(String),
    Close(u16),
}

/// What one connection remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// A token that the server takes.
    pub(crate) good: String,
    /// What was said on this connection.
    pub(crate) own: Vec<String>,
    /// Nonces that were used on it.
    pub(crate) nonces: Vec<String>,
    /// What the last join said.
    pub(crate) join: Value,
    /// Something was resumed, and nothing came since.
    pub(crate) resumed: bool,
    /// It is to be closed.
    pub(crate) close: Option<u16>,
    /// What all connections share: how often something happened.
    pub(crate) shared: Arc<Mutex<usize>>,
}

/// What a fault does; each part lets things pass as they are unless it is set.
#[derive(Clone, Copy)]
pub(crate) struct Plant {
    /// An upgrade; a status refuses it.
    pub(crate) upgrade: fn(&Memory, &mut Request) -> Option<u16>,
    /// A frame from the client.
    pub(crate) up: fn(&mut Memory, Value) -> Vec<Value>,
    /// A frame from the server: its `data`, if that is an object, beside the text.
    pub(crate) down: fn(&mut Memory, Value, String) -> Vec<Down>,
    pub(crate) request: fn(&Memory, &mut Request),
    pub(crate) reply: fn(&Request, &mut Reply),
    pub(crate) close: fn(u16) -> u16,
    /// Opens the socket for those whom the server refuses, and closes it then.
    pub(crate) late_refusal: bool,
}

/// Nothing is altered.
pub(crate) const NONE: Plant = Plant {
    upgrade: |_, _| None,
    up: |_, frame| vec![frame],
    down: |_, _, text| vec![Down::Text(text)],
    request: |_, _| {},
    reply: |_, _| {},
    close: |code| code,
    late_refusal: false,
};

/// The frame that carries an object.
pub(crate) fn framed(data: &Value) -> Down {
    Down::Text(json!({ "code": 200, "data": data.to_string() }).to_string())
}

/// Starts a proxy before a server.
pub(crate) async fn start(upstream: SocketAddr, good: String, plant: Plant) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let shared = Arc::new(Mutex::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let memory =
                Memory { good: good.clone(), shared: Arc::clone(&shared), ..Memory::default() };
            tokio::spawn(async move { serve(stream, upstream, memory, plant).await });
        }
    });
    addr
}

/// Whatever ends a connection ends it.
async fn serve(
    mut stream: TcpStream,
    upstream: SocketAddr,
    memory: Memory,
    plant: Plant,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut request = read_request(&mut stream).await?;
    if request.header("upgrade").is_some() {
        return relay(stream, upstream, memory, plant, request).await;
    }
    (plant.request)(&memory, &mut request);
    let mut reply = forward(upstream, &request).await?;
    (plant.reply)(&request, &mut reply);
    if reply.swallowed {
        // Until the client has enough of it.
        let _ = stream.read(&mut [0; 1]).await;
        return None;
    }
    answer(&mut stream, &reply).await
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let (head, mut body) = read_head(stream).await?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key.to_owned(), value.to_owned())
    };
    let query = query.split('&').filter(|part| !part.is_empty()).map(pair).collect();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method, path: path.to_owned(), query, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    while body.len() < length.unwrap_or(0) {
        let mut piece = [0; 8192];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        body.extend_from_slice(&piece[..count]);
    }
    request.body = body;
    Some(request)
}

/// The head, and what came with it of the body.
async fn read_head(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            return Some((String::from_utf8(read).ok()?, body));
        }
        let mut piece = [0; 8192];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&piece[..count]);
    }
}

async fn forward(upstream: SocketAddr, request: &Request) -> Option<Reply> {
    let mut stream = TcpStream::connect(upstream).await.ok()?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target());
    for (key, value) in &request.headers {
        if !["connection", "content-length"].iter().any(|name| key.eq_ignore_ascii_case(name)) {
            head.push_str(&format!("{key}: {value}\r\n"));
        }
    }
    head.push_str(&format!("connection: close\r\ncontent-length: {}\r\n\r\n", request.body.len()));
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&request.body).await.ok()?;
    let (head, mut body) = read_head(&mut stream).await?;
    stream.read_to_end(&mut body).await.ok()?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().ok()?,
        content_type: header("content-type").unwrap_or_default(),
        retry_after: header("retry-after"),
        body,
        swallowed: false,
    })
}

async fn answer(stream: &mut TcpStream, reply: &Reply) -> Option<()> {
    let wait = reply.retry_after.iter().map(|wait| format!("retry-after: {wait}\r\n"));
    let head = format!(
        "HTTP/1.1 {} X\r\n{}content-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        reply.status,
        wait.collect::<String>(),
        reply.content_type,
        reply.body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&reply.body).await.ok()?;
    stream.shutdown().await.ok()
}

async fn relay(
    mut stream: TcpStream,
    upstream: SocketAddr,
    mut memory: Memory,
    plant: Plant,
    mut request: Request,
) -> Option<()> {
    let key = request.header("sec-websocket-key")?.to_owned();
    if let Some(status) = (plant.upgrade)(&memory, &mut request) {
        let content_type = "application/json".to_owned();
        let body = b"{}".to_vec();
        let reply = Reply { status, content_type, retry_after: None, body, swallowed: false };
        return answer(&mut stream, &reply).await;
    }
    let mut outward = format!("ws://{upstream}{}", request.target()).into_client_request().ok()?;
    for name in ["authorization", "content-type"] {
        if let Some(value) = request.header(name) {
            outward.headers_mut().insert(name, value.parse().ok()?);
        }
    }
    let most = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let connected = TcpStream::connect(upstream).await.ok()?;
    let server = match client_async_with_config(outward, connected, Some(most)).await {
        Ok((server, _)) => Some(server),
        Err(Error::Http(_)) if plant.late_refusal => None,
        // Once more, for the whole of the refusal.
        Err(Error::Http(_)) => {
            let reply = forward(upstream, &request).await?;
            return answer(&mut stream, &reply).await;
        }
        Err(_) => return None,
    };
    let accepted = format!(
        "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(accepted.as_bytes()).await.ok()?;
    let mut client = WebSocketStream::from_raw_socket(stream, Role::Server, Some(most)).await;
    match server {
        Some(server) => pump(&mut client, server, &mut memory, plant).await,
        None => close(&mut client, 4401).await,
    }
}

async fn close(client: &mut WebSocketStream<TcpStream>, code: u16) -> Option<()> {
    if code != 1006 {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        client.send(Message::Close(Some(frame))).await.ok()?;
        // The other side reads it before the connection is gone.
        while let Some(Ok(_)) = client.next().await {}
    }
    None
}

async fn pump(
    client: &mut WebSocketStream<TcpStream>,
    mut server: WebSocketStream<TcpStream>,
    memory: &mut Memory,
    plant: Plant,
) -> Option<()> {
    let mut held: Vec<String> = Vec::new();
    loop {
        tokio::select! {
            biased;
            message = client.next() => match message?.ok()? {
                Message::Text(text) => match serde_json::from_str::<Value>(&text) {
                    Ok(frame) => {
                        remember(memory, &frame);
                        for frame in (plant.up)(memory, frame) {
                            server.send(Message::text(frame.to_string())).await.ok()?;
                        }
                    }
                    Err(_) => {
                        (plant.up)(memory, Value::Null);
                        server.send(Message::Text(text)).await.ok()?;
                    }
                },
                Message::Close(_) => return None,
                _ => {}
            },
            message = server.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).ok()?;
                    let data = frame["data"].as_str().and_then(|data| serde_json::from_str(data).ok());
                    let sent = (plant.down)(memory, data.unwrap_or_default(), text.to_string());
                    for down in sent {
                        match down {
                            Down::Text(text) => {
                                client.send(Message::text(text)).await.ok()?;
                                for text in held.drain(..) {
                                    client.send(Message::text(text)).await.ok()?;
                                }
                            }
                            Down::Binary(bytes) => client.send(Message::binary(bytes)).await.ok()?,
                            Down::Later(text) => held.push(text),
                            Down::Close(code) => return close(client, code).await,
                        }
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(1005, |frame| frame.code.into());
                    return close(client, (plant.close)(code)).await;
                }
                Some(Ok(_)) => {}
                _ => return None,
            },
            () = tokio::time::sleep(HELD), if !held.is_empty() => {
                for text in held.drain(..) {
                    client.send(Message::text(text)).await.ok()?;
                }
            }
        }
        if let Some(code) = memory.close.take() {
            return close(client, code).await;
        }
    }
}

fn remember(memory: &mut Memory, frame: &Value) {
    let payload: Value =
        serde_json::from_str(frame["payLoad"].as_str().unwrap_or_default()).unwrap_or_default();
    match frame["type"].as_i64() {
        Some(3) => memory.join = payload,
        Some(2) => {
            let info = payload["chatInfo"].as_str().unwrap_or_default();
            let info: Value = serde_json::from_str(info).unwrap_or_default();
            memory.own.extend(info["content"].as_str().map(str::to_owned));
        }
        _ => {}
    }
}

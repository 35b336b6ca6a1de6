//! Somebody else in the room, who speaks the wire's bytes as part 1 of the protocol spells them, by hand.

use std::{net::SocketAddr, time::Duration};

use aside_protocol::Token;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    driver,
    room::{STREAM, TOPIC},
};

pub(crate) struct Audience {
    socket: WebSocketStream<TcpStream>,
    addr: SocketAddr,
    token: String,
}

impl Audience {
    pub(crate) async fn join(addr: SocketAddr, token: &Token) -> Audience {
        let mut request = format!("ws://{addr}/ws").into_client_request().unwrap();
        request.headers_mut().insert("Authorization", token.expose().parse().unwrap());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let stream = TcpStream::connect(addr).await.unwrap();
        let (socket, _) = client_async(request, stream).await.expect("the room lets Bo in");
        let mut audience = Audience { socket, addr, token: token.expose().to_owned() };
        audience.write(3, &json!({"topic": TOPIC}).to_string()).await;
        audience
    }

    /// A message, encoded three times.
    pub(crate) async fn say(&mut self, text: &str) {
        let message = json!({"user": "bo", "displayName": "Bo", "avatarurl": "", "stream": STREAM, "content": text,
            "type": "message", "createdat": "2018-10-8 14:30"});
        self.write(2, &json!({"topic": TOPIC, "chatInfo": message.to_string()}).to_string()).await;
    }

    /// A question, over HTTP.
    pub(crate) async fn ask(&self, text: &str) {
        let body = json!({"content": text, "streamId": STREAM}).to_string();
        self.post("api/question/add", &self.token, body).await;
    }

    /// An answer from whoever holds `token`, to a question that came with an id.
    pub(crate) async fn answer(&self, token: &Token, question: &Value, text: &str) {
        let body = json!({"questionId": question["id"], "content": text, "streamId": STREAM,
            "nonce": uuid::Uuid::new_v4().to_string()});
        self.post("api/answer/add", token.expose(), body.to_string()).await;
    }

    /// The next entry that holds this text, as it lay in `data`.
    pub(crate) async fn hears(&mut self, text: &str) -> Value {
        let of_it = |entry: &Value| entry["content"].as_str().is_some_and(|it| it.contains(text));
        self.hears_that(text, |frame| data(frame).filter(of_it)).await
    }

    /// The next entry that is taken out of the room.
    pub(crate) async fn hears_removal(&mut self) -> Value {
        let is_one = |told: &Value| told["type"] == "removed";
        self.hears_that("a removal", |frame| data(frame).filter(is_one)).await
    }

    /// The next notice with this code, in its words.
    pub(crate) async fn hears_notice(&mut self, code: u16) -> Value {
        let words = |frame: &Value| (frame["code"] == code).then(|| frame["data"].clone());
        self.hears_that(&code.to_string(), words).await
    }

    async fn hears_that(&mut self, what: &str, fits: impl Fn(&Value) -> Option<Value>) -> Value {
        let listen = async {
            loop {
                let Some(Ok(frame)) = self.socket.next().await else {
                    panic!("the room closed on Bo")
                };
                let Ok(frame) = frame.into_text() else { continue };
                let Ok(frame) = serde_json::from_str::<Value>(&frame) else { continue };
                if let Some(found) = fits(&frame) {
                    return found;
                }
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(20), listen).await;
        heard.unwrap_or_else(|_| panic!("Bo never hears {what}"))
    }

    async fn write(&mut self, kind: u8, payload: &str) {
        let frame = json!({"token": self.token, "type": kind, "payLoad": payload});
        self.socket
            .send(Message::text(frame.to_string()))
            .await
            .expect("the room still listens to Bo");
    }

    async fn post(&self, path: &str, token: &str, body: String) {
        let request = driver::client().post(format!("http://{}/{path}", self.addr));
        let request = request
            .header("Authorization", token)
            .header("content-type", "application/json")
            .body(body);
        let reply = request.send().await.unwrap();
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
    }
}

/// What lies in a frame that carries something.
fn data(frame: &Value) -> Option<Value> {
    let data = frame["data"].as_str().filter(|_| frame["code"] == 200)?;
    serde_json::from_str(data).ok()
}

//! As much of a WebDriver client as these tests need: plain JSON over HTTP to the driver on this machine.

use std::time::Duration;

use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How the standard spells a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One session with one started app.
pub(crate) struct Driver {
    http: Client,
    session: String,
}

/// An element of the page, as the driver knows it.
#[derive(Clone)]
pub(crate) struct Element(String);

impl Driver {
    /// Starts the app through the driver at `port`; the driver itself may still be starting.
    pub(crate) async fn open(port: u16, app: &str, args: &[String]) -> Driver {
        let http = client();
        let address = format!("http://127.0.0.1:{port}/session");
        let options = json!({"application": app, "args": args});
        let wish = json!({"capabilities": {"alwaysMatch": {"browserName": "wry", "tauri:options": options}}});
        let mut patience = 100;
        let reply = loop {
            match call(&http, Method::POST, &address, Some(&wish)).await {
                Ok(reply) => break reply,
                Err(Fault::NoAnswer(_)) if patience > 0 => patience -= 1,
                Err(fault) => panic!("the app does not start: {fault:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let id = reply["sessionId"].as_str().expect("a session without an id");
        Driver { session: format!("{address}/{id}"), http }
    }

    /// Ends the app.
    pub(crate) async fn close(&self) {
        let _ = call(&self.http, Method::DELETE, &self.session, None).await;
    }

    /// What a function body returns in the page.
    pub(crate) async fn script<T: DeserializeOwned>(&self, body: &str, args: Value) -> T {
        let value = self.post("execute/sync", json!({"script": body, "args": args})).await;
        serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
    }

    /// The element that a function body returns, if it returns one.
    pub(crate) async fn element(&self, body: &str, args: Value) -> Option<Element> {
        let value: Value = self.script(body, args).await;
        Some(Element(value.get(ELEMENT)?.as_str()?.to_owned()))
    }

    /// The names of the app's windows, in no order.
    pub(crate) async fn windows(&self) -> Vec<String> {
        let address = format!("{}/window/handles", self.session);
        let names = call(&self.http, Method::GET, &address, None).await.expect("the windows");
        serde_json::from_value(names).expect("names of windows")
    }

    /// From here on, everything happens in the window of this name.
    pub(crate) async fn turn_to(&self, window: &str) {
        self.post("window", json!({"handle": window})).await;
    }

    /// A real click, into the middle of what is seen of it.
    pub(crate) async fn click(&self, element: &Element) {
        self.post(&format!("element/{}/click", element.0), json!({})).await;
    }

    /// Key by key, after whatever stands there.
    pub(crate) async fn type_into(&self, element: &Element, text: &str) {
        self.post(&format!("element/{}/value", element.0), json!({"text": text})).await;
    }

    pub(crate) async fn clear(&self, element: &Element) {
        self.post(&format!("element/{}/clear", element.0), json!({})).await;
    }

    /// A key held while another is pressed.
    pub(crate) async fn chord(&self, held: char, key: char) {
        let step = |kind: &str, value: char| json!({"type": kind, "value": value});
        let steps =
            [step("keyDown", held), step("keyDown", key), step("keyUp", key), step("keyUp", held)];
        self.post("actions", json!({"actions": [{"type": "key", "id": "keys", "actions": steps}]}))
            .await;
    }

    /// A key while several others are held.
    pub(crate) async fn hold(&self, held: &[char], key: char) {
        let step = |kind: &str, value: char| json!({"type": kind, "value": value});
        let down = held.iter().map(|key| step("keyDown", *key));
        let up = held.iter().map(|key| step("keyUp", *key));
        let pressed = [step("keyDown", key), step("keyUp", key)];
        let steps: Vec<Value> = down.chain(pressed).chain(up).collect();
        self.post("actions", json!({"actions": [{"type": "key", "id": "keys", "actions": steps}]}))
            .await;
    }

    /// The pointer takes one element and lets it go just above another one's upper edge.
    pub(crate) async fn drag(&self, from: &Element, to: &Element, above: i32) {
        let at = |element: &Element, y: i32| {
            let origin = json!({ELEMENT: element.0});
            json!({"type": "pointerMove", "duration": 100, "origin": origin, "x": 0, "y": y})
        };
        let steps = [
            at(from, 0),
            json!({"type": "pointerDown", "button": 0}),
            at(to, above),
            json!({"type": "pointerUp", "button": 0}),
        ];
        let pointer = json!({"pointerType": "mouse"});
        let hand =
            json!({"type": "pointer", "id": "hand", "parameters": pointer, "actions": steps});
        self.post("actions", json!({ "actions": [hand] })).await;
    }

    /// One key, to whatever has the focus.
    pub(crate) async fn key(&self, key: char) {
        let step = |kind: &str| json!({"type": kind, "value": key});
        let steps = [step("keyDown"), step("keyUp")];
        self.post("actions", json!({"actions": [{"type": "key", "id": "keys", "actions": steps}]}))
            .await;
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let address = format!("{}/{path}", self.session);
        match call(&self.http, Method::POST, &address, Some(&body)).await {
            Ok(value) => value,
            Err(fault) => panic!("{path}: {fault:?}\n{body}"),
        }
    }
}

/// HTTP without TLS, though the library wants to know whose TLS it would be.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap()
}

#[derive(Debug)]
enum Fault {
    NoAnswer(#[expect(dead_code, reason = "read by whoever debugs a failure")] reqwest::Error),
    Refused(#[expect(dead_code, reason = "read by whoever debugs a failure")] Value),
}

async fn call(
    http: &Client,
    method: Method,
    address: &str,
    body: Option<&Value>,
) -> Result<Value, Fault> {
    let mut request = http.request(method, address);
    if let Some(body) = body {
        request = request.json(body);
    }
    let reply = request.send().await.map_err(Fault::NoAnswer)?;
    let well = reply.status().is_success();
    let mut reply: Value = reply.json().await.map_err(Fault::NoAnswer)?;
    let value = reply["value"].take();
    if well { Ok(value) } else { Err(Fault::Refused(value)) }
}

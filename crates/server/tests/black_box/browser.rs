//! Headless Chromium, asked over its own socket: one page, as somebody holds it in their hand.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Asks again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    // As long as a busy machine may take to start a browser.
    for _ in 0..600 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within 30 s: {what}");
}

/// One page of a browser that ends with the test.
pub(crate) struct Browser {
    child: Child,
    socket: Mutex<Asked>,
    _profile: TempDir,
}

struct Asked {
    socket: WebSocketStream<TcpStream>,
    session: Option<String>,
    /// How many questions were asked.
    count: u64,
    /// What the page asked for: where, and how many bytes came.
    requests: Vec<String>,
    bytes: u64,
    /// What went wrong in the page, as its console tells it.
    complaints: Vec<String>,
}

impl Browser {
    /// An empty page of this size.
    pub(crate) async fn open(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--lang=en"])
            .args(["--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium");
        let (port, path) = until("a browser", async || address(profile.path())).await;
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let url = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = client_async(url, stream).await.unwrap();
        let asked = Asked {
            socket,
            session: None,
            count: 0,
            requests: Vec::new(),
            bytes: 0,
            complaints: Vec::new(),
        };
        let browser = Self { child, socket: Mutex::new(asked), _profile: profile };
        let page = browser.command("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let session = browser.command("Target.attachToTarget", attach).await;
        browser.socket.lock().await.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Network", "Runtime", "Log", "Page"] {
            browser.command(&format!("{domain}.enable"), json!({})).await;
        }
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        browser.command("Emulation.setDeviceMetricsOverride", size).await;
        browser
    }

    pub(crate) async fn go(&self, url: &str) {
        self.command("Page.navigate", json!({"url": url})).await;
    }

    /// What an expression is in the page; a promise is waited for.
    pub(crate) async fn ask(&self, expression: &str) -> Value {
        let how = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut reply = self.command("Runtime.evaluate", how).await;
        assert!(reply["exceptionDetails"].is_null(), "{expression}: {reply}");
        reply["result"]["value"].take()
    }

    /// Waits until an expression is true in the page.
    pub(crate) async fn sees(&self, expression: &str) {
        let seen = async || (self.ask(expression).await == true).then_some(());
        if tokio::time::timeout(Duration::from_secs(20), until(expression, seen)).await.is_err() {
            let text = self.ask("document.body.innerText").await;
            panic!("{expression}\n{}", text.as_str().unwrap_or_default());
        }
    }

    /// Presses what a selector finds, where a finger would: nothing may lie over it.
    pub(crate) async fn press(&self, selector: &str) {
        let place = format!(
            "(() => {{
                const found = document.querySelector({});
                if (!found) return null;
                found.scrollIntoView({{ block: 'nearest' }});
                const {{ x, y, width, height }} = found.getBoundingClientRect();
                const middle = {{ x: x + width / 2, y: y + height / 2 }};
                return found.contains(document.elementFromPoint(middle.x, middle.y)) ? middle : null;
            }})()",
            json!(selector)
        );
        let middle =
            until(selector, async || Some(self.ask(&place).await).filter(|place| !place.is_null()))
                .await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": middle["x"], "y": middle["y"], "button": "left", "clickCount": 1});
            self.command("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into whatever has the focus.
    pub(crate) async fn types(&self, text: &str) {
        self.command("Input.insertText", json!({"text": text})).await;
    }

    pub(crate) async fn key(&self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "char", "keyUp"] {
            if kind == "char" && key != "Enter" {
                continue;
            }
            let text = if kind == "char" { "\r" } else { "" };
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.command("Input.dispatchKeyEvent", event).await;
        }
    }

    pub(crate) async fn prefers(&self, scheme: &str) {
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.command("Emulation.setEmulatedMedia", json!({"features": feature})).await;
    }

    /// What axe finds wrong with the page, contrast included.
    pub(crate) async fn violations(&self) -> Value {
        let axe =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).expect("npm ci in ui");
        // What fades in is not judged halfway.
        let judged = "Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))
            .then(() => axe.run(document))
            .then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]))";
        self.ask(&format!("{axe}; {judged}")).await
    }

    /// Every address that was asked for, and how many bytes came.
    pub(crate) async fn traffic(&self) -> (Vec<String>, u64) {
        // Whatever came before this answer is known with it.
        self.ask("0").await;
        let asked = self.socket.lock().await;
        (asked.requests.clone(), asked.bytes)
    }

    pub(crate) async fn complaints(&self) -> Vec<String> {
        self.ask("0").await;
        self.socket.lock().await.complaints.clone()
    }

    async fn command(&self, method: &str, params: Value) -> Value {
        let mut asked = self.socket.lock().await;
        asked.count += 1;
        let id = asked.count;
        let mut question = json!({"id": id, "method": method, "params": params});
        if let Some(session) = &asked.session {
            question["sessionId"] = session.as_str().into();
        }
        asked.socket.send(Message::text(question.to_string())).await.unwrap();
        loop {
            let heard = asked.socket.next().await.expect("the browser is there").unwrap();
            let Ok(mut heard) = serde_json::from_slice::<Value>(&heard.into_data()) else {
                continue;
            };
            if heard["id"] == id {
                assert!(heard["error"].is_null(), "{method}: {heard}");
                return heard["result"].take();
            }
            asked.heard(&heard);
        }
    }
}

impl Asked {
    fn heard(&mut self, event: &Value) {
        let told = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                self.requests.extend(told["request"]["url"].as_str().map(str::to_owned));
            }
            "Network.loadingFinished" => {
                self.bytes += told["encodedDataLength"].as_f64().unwrap_or_default() as u64;
            }
            "Runtime.exceptionThrown" => self.complaints.push(told.to_string()),
            "Runtime.consoleAPICalled" if told["type"] != "log" => {
                self.complaints.push(told.to_string());
            }
            // A server that is not there is what some tests are about.
            "Log.entryAdded"
                if !told["entry"]["text"].as_str().unwrap_or_default().contains("net::ERR_") =>
            {
                self.complaints.push(told.to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port and path of the browser's socket, once it says so.
fn address(profile: &Path) -> Option<(u16, String)> {
    let told = std::fs::read_to_string(profile.join("DevToolsActivePort")).ok()?;
    let (port, path) = told.split_once('\n')?;
    Some((port.parse().ok()?, path.trim().to_owned())).filter(|(_, path)| !path.is_empty())
}

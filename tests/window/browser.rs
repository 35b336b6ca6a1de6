//! A browser that is not the app's own, as a broadcast's browser source is one: headless Chromium, asked over its own socket.

use std::{fs, path::Path};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Mutex};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{app::until, driver::client, stage::Stage};

/// One page. The browser ends with the stage.
pub(crate) struct Browser {
    socket: Mutex<Asked>,
}

struct Asked {
    socket: WebSocketStream<TcpStream>,
    /// How many questions were asked.
    count: u64,
    /// Every address that the page asked for.
    requests: Vec<String>,
}

impl Browser {
    /// Opens an empty page.
    pub(crate) async fn open(stage: &mut Stage) -> Browser {
        let profile = stage.home().join("../chromium");
        let mut chromium = stage.command("chromium");
        chromium
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--remote-debugging-port=0", "--window-size=400,600"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank");
        stage.run_along(&mut chromium);
        let (port, page) = until("a browser", || page(&profile)).await;
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (socket, _) = client_async(page, stream).await.unwrap();
        let asked = Asked { socket, count: 0, requests: Vec::new() };
        let browser = Browser { socket: Mutex::new(asked) };
        browser.command("Network.enable", json!({})).await;
        browser
    }

    /// Goes somewhere.
    pub(crate) async fn go(&self, url: &str) {
        self.command("Page.navigate", json!({"url": url})).await;
        let there = format!("location.href === {}", json!(url));
        until("the page is there", || async {
            self.ask(&format!("document.readyState === 'complete' && {there}"))
                .await
                .as_bool()
                .filter(|there| *there)
        })
        .await;
    }

    /// What an expression is in the page; a promise is waited for.
    pub(crate) async fn ask(&self, expression: &str) -> Value {
        let how = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut reply = self.command("Runtime.evaluate", how).await;
        reply["result"]["value"].take()
    }

    /// Every address that was asked for so far.
    pub(crate) async fn requests(&self) -> Vec<String> {
        // Whatever came before this answer is known with it.
        self.ask("0").await;
        self.socket.lock().await.requests.clone()
    }

    async fn command(&self, method: &str, params: Value) -> Value {
        let mut asked = self.socket.lock().await;
        asked.count += 1;
        let id = asked.count;
        let question = json!({"id": id, "method": method, "params": params}).to_string();
        asked.socket.send(Message::text(question)).await.unwrap();
        loop {
            let heard = asked.socket.next().await.expect("the browser is there").unwrap();
            let Ok(mut heard) = serde_json::from_slice::<Value>(&heard.into_data()) else {
                continue;
            };
            if heard["method"] == "Network.requestWillBeSent" {
                let url = heard["params"]["request"]["url"].as_str().unwrap().to_owned();
                asked.requests.push(url);
            }
            if heard["id"] == id {
                return heard["result"].take();
            }
        }
    }
}

/// The port of the browser's socket and the address of its page, once it says so.
async fn page(profile: &Path) -> Option<(u16, String)> {
    let told = fs::read_to_string(profile.join("DevToolsActivePort")).ok()?;
    let port = told.lines().next()?.parse().ok()?;
    let list = client().get(format!("http://127.0.0.1:{port}/json/list")).send().await.ok()?;
    let pages: Vec<Value> = list.json().await.ok()?;
    let page = pages.iter().find(|page| page["type"] == "page")?;
    Some((port, page["webSocketDebuggerUrl"].as_str()?.to_owned()))
}

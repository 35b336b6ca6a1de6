//! HTTP at the level of status, content type and JSON.

use std::time::Duration;

use aside_protocol::Token;
use aside_protocol::http::HISTORY_PATH;
use aside_protocol::limits::PAGE_BYTES;
use aside_session::{HttpError, HttpMethod, HttpRequest};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use url::Url;

use super::engine::{Flaw, broken, stuck};
use super::log::Place;
use super::member::is_entry;
use super::stage::Stage;

/// What is read of the reply to an upgrade.
const UPGRADE_BYTES: usize = 64 * 1024;

/// The longest wait that a server may ask for with 429.
const PATIENCE: Duration = Duration::from_secs(5);

/// One reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    /// The body; null when it is no JSON.
    pub(crate) json: Value,
}

impl Reply {
    /// Whether the server did as it was asked.
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
            && !matches!(self.json["code"].as_i64(), Some(code) if code != 200)
    }

    /// Whether it is a refusal of the protocol's form: the status, and `{"code", "msg"}`.
    pub(crate) fn refuses(&self, status: u16) -> Result<String, Flaw> {
        if self.status != status {
            return broken(format!("HTTP {} instead of {status}", self.status));
        }
        if !self.json["code"].is_i64() || !self.json["msg"].is_string() {
            return broken(format!("{status}, but its body is no {{\"code\", \"msg\"}}"));
        }
        Ok(format!("HTTP {status} with code and msg"))
    }
}

/// Which part of the history is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) page: u64,
    pub(crate) kind: &'a str,
    pub(crate) count: u32,
    /// `before` or `after`, and its value.
    pub(crate) place: Option<(&'a str, u64)>,
}

impl Page<'_> {
    /// The newest entries of all kinds.
    pub(crate) fn newest(count: u32) -> Self {
        Self { page: 1, kind: "", count, place: None }
    }
}

impl Stage {
    fn url(&self, path: &str) -> Url {
        let mut url = self.config.server.clone();
        url.set_query(None);
        url.set_fragment(None);
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    pub(crate) async fn get(
        &self,
        path: &str,
        pairs: &[(&str, String)],
        token: &Token,
    ) -> Result<Reply, Flaw> {
        let mut url = self.url(path);
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        self.request(url, HttpMethod::Get, token).await
    }

    pub(crate) async fn post(
        &mut self,
        path: &str,
        body: &Value,
        token: &Token,
    ) -> Result<Reply, Flaw> {
        self.pace().await;
        self.request(self.url(path), HttpMethod::Post(body.to_string()), token).await
    }

    async fn request(&self, url: Url, method: HttpMethod, token: &Token) -> Result<Reply, Flaw> {
        let reply = self.once(url.clone(), method.clone(), token).await?;
        let wait = reply.retry_after.as_ref().and_then(|wait| wait.trim().parse().ok());
        match (reply.status, wait.map(Duration::from_secs)) {
            // A server that asks for patience gets it, once.
            (429, Some(wait)) if wait <= PATIENCE => {
                tokio::time::sleep(wait).await;
                self.once(url, method, token).await
            }
            _ => Ok(reply),
        }
    }

    async fn once(&self, url: Url, method: HttpMethod, token: &Token) -> Result<Reply, Flaw> {
        self.log.sent(&match &method {
            HttpMethod::Get => format!("GET {url}"),
            HttpMethod::Post(body) => format!("POST {url} {body}"),
        });
        let request = HttpRequest {
            url,
            method,
            token: token.clone(),
            timeout: self.step,
            limit: PAGE_BYTES,
        };
        let reply = match self.network.http(request).await {
            Ok(reply) => reply,
            Err(HttpError::TooLarge) => {
                self.log.too_large("a reply over 16 MiB");
                return broken("the reply is over 16 MiB");
            }
            Err(HttpError::Lost) => {
                self.log.got("(no whole reply)");
                return broken(format!("no whole reply within {} s", self.step.as_secs_f32()));
            }
            Err(HttpError::Dial(error)) => return stuck(format!("no connection: {error}")),
        };
        let body = String::from_utf8_lossy(&reply.body);
        self.log.got(&format!("HTTP {} {} {body}", reply.status, reply.content_type));
        let json = serde_json::from_slice(&reply.body).unwrap_or_default();
        let (status, content_type) = (reply.status, reply.content_type);
        if (200..300).contains(&status) && !reply.body.is_empty() {
            let is_json = content_type.to_ascii_lowercase().contains("json");
            self.log.reply(
                (!is_json).then(|| format!("HTTP {status} with content-type \"{content_type}\"")),
            );
        }
        Ok(Reply { status, retry_after: reply.retry_after, json })
    }

    /// An upgrade's reply with its whole body, which no WebSocket library keeps.
    pub(crate) async fn upgrade_raw(&self, token: &Token) -> Result<Reply, Flaw> {
        let url = &self.config.socket;
        self.log.sent(&format!("GET {url} upgrade, Authorization: {}", token.expose()));
        let stream = self.network.dial(url).await;
        let mut stream = stream.or_else(|error| stuck(format!("no connection: {error}")))?;
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let head = format!(
            "GET {target} HTTP/1.1\r\nhost: {host}\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            token.expose()
        );
        let mut read = Vec::new();
        let exchange = async {
            stream.write_all(head.as_bytes()).await?;
            let mut piece = [0; 4096];
            while !is_whole(&read) && read.len() < UPGRADE_BYTES {
                match stream.read(&mut piece).await? {
                    0 => break,
                    count => read.extend_from_slice(&piece[..count]),
                }
            }
            std::io::Result::Ok(())
        };
        // What came until then is judged.
        let _ = timeout(self.step, exchange).await;
        let text = String::from_utf8_lossy(&read);
        self.log.got(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let Some(status) = head.split(' ').nth(1).and_then(|status| status.parse().ok()) else {
            return broken("no reply of HTTP");
        };
        // A body in chunks has its length before it.
        let json =
            body.find('{').zip(body.rfind('}')).and_then(|(start, end)| body.get(start..=end));
        let json = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        Ok(Reply { status, retry_after: None, json })
    }

    /// A page of history, as it came.
    pub(crate) async fn page_as(
        &self,
        page: &Page<'_>,
        stream: &str,
        token: &Token,
    ) -> Result<Reply, Flaw> {
        let mut pairs = vec![
            ("page", page.page.to_string()),
            ("type", page.kind.to_owned()),
            ("resultsPerPage", page.count.to_string()),
            ("stream", stream.to_owned()),
        ];
        if let Some((name, seq)) = page.place {
            pairs.push((name, seq.to_string()));
        }
        self.get(HISTORY_PATH, &pairs, token).await
    }

    /// Ends the probe where the token itself is refused. That says nothing about the sentence, unless who has it is in the room.
    pub(crate) fn admits(&self, reply: &Reply) -> Result<(), Flaw> {
        match reply.status {
            401 if self.in_room => broken("HTTP 401 for the token that opens the socket"),
            403 if self.in_room => stuck(
                "the server refuses the token that opens the socket with 403: is --stream this room's stream id?",
            ),
            status @ (401 | 403) => stuck(format!(
                "the server refuses this token with {status}: is it the right one, for this room?"
            )),
            _ => Ok(()),
        }
    }

    /// The items of a page.
    pub(crate) async fn page(&self, page: &Page<'_>) -> Result<Vec<Value>, Flaw> {
        let reply = self.page_as(page, self.config.stream.as_str(), &self.token).await?;
        self.items(&reply)
    }

    /// The items of a reply.
    pub(crate) fn items(&self, reply: &Reply) -> Result<Vec<Value>, Flaw> {
        self.admits(reply)?;
        if reply.status != 200 {
            return broken(format!("HTTP {} instead of a page", reply.status));
        }
        if reply.json["code"].as_i64() != Some(200) {
            return broken("the reply is no JSON object with \"code\": 200");
        }
        let Some(items) = reply.json["data"]["items"].as_array() else {
            return broken("data.items is no array");
        };
        if let Some(item) = items.iter().find(|item| !item.is_object()) {
            return broken(format!("an item is no object: {item}"));
        }
        for item in items.iter().filter(|item| is_entry(item)) {
            self.log.entry(Place::History, item);
        }
        Ok(items.clone())
    }
}

/// Whether the reply to an upgrade is all there, as far as its head tells.
fn is_whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|length| length.trim().parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None => head.contains(" 101 ") || body.ends_with("0\r\n\r\n"),
    }
}

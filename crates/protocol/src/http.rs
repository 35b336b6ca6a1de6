//! What travels over HTTP: pages of history, a question asked, an answer given, and the errors between.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::entry::{Entry, EntryKind, json_of};
use crate::ids::{EntryId, Nonce, Seq, StreamId};
use crate::lenient::read_value;
use crate::limits::{PAGE_BYTES, PAGE_ENTRIES};
use crate::time::CreatedAt;
use crate::triage::{Review, Visibility};

/// Where history is read, relative to the server's base URL.
pub const HISTORY_PATH: &str = "api/message/chatmsg";
/// Where a question is asked.
pub const ASK_PATH: &str = "api/question/add";
/// Where staff answer (extension `answer`).
pub const ANSWER_PATH: &str = "api/answer/add";
/// Where a server says that it is one, also to those without a token; one or the other.
pub const HEALTH_PATHS: [&str; 2] = ["health", "api/health"];
/// Where a server names its extensions.
pub const CAPABILITIES_PATH: &str = "api/capabilities";

/// Which part of the history is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The room.
    pub stream: StreamId,
    /// From 1, the newest page.
    pub page: u32,
    /// How many entries make a page, 1 to [`PAGE_ENTRIES`].
    pub results_per_page: u32,
    /// One kind alone; all of them when absent.
    pub kind: Option<EntryKind>,
    /// Only entries before this place (extension `seq`).
    pub before: Option<Seq>,
    /// Only entries after this place (extension `seq`), the oldest of them first.
    pub after: Option<Seq>,
}

impl HistoryQuery {
    /// The newest `count` entries of a room.
    pub fn newest(stream: StreamId, count: u32) -> Self {
        let results_per_page = count.clamp(1, PAGE_ENTRIES);
        Self { stream, page: 1, results_per_page, kind: None, before: None, after: None }
    }

    /// The query's pairs in the contract's order; `before` and `after` only where they are set.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            ("page", self.page.to_string()),
            ("type", self.kind.map_or("", EntryKind::as_str).to_owned()),
            ("resultsPerPage", self.results_per_page.to_string()),
            ("stream", self.stream.as_str().to_owned()),
        ];
        if let Some(before) = self.before {
            pairs.push(("before", before.to_string()));
        }
        if let Some(after) = self.after {
            pairs.push(("after", after.to_string()));
        }
        pairs
    }
}

/// One page of history, oldest entry first whatever the server's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The entries that could be read.
    pub entries: Vec<Entry>,
    /// How many items were on the page, readable or not: fewer than asked for means there is nothing older.
    pub items: usize,
}

/// A reply that is no page of history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Larger than [`PAGE_BYTES`].
    #[error("page of {bytes} bytes is over the limit")]
    TooLarge {
        /// The reply's size.
        bytes: usize,
    },
    /// Not the promised JSON object: a sign-in page, perhaps.
    #[error("reply is not a page of history")]
    Malformed,
    /// A JSON object with a code other than 200.
    #[error("the server refused the page with code {code}")]
    Refused {
        /// The server's code.
        code: i64,
    },
}

impl HistoryPage {
    /// Reads the reply's body. Items that are no entries are left out, and counted in `items`.
    ///
    /// # Errors
    /// [`PageError`]: too large, not JSON, or refused with a code.
    pub fn parse(body: &[u8]) -> Result<Self, PageError> {
        if body.len() > PAGE_BYTES {
            return Err(PageError::TooLarge { bytes: body.len() });
        }
        let reply: Reply<'_> = serde_json::from_slice(body).map_err(|_| PageError::Malformed)?;
        if reply.code != 200 {
            return Err(PageError::Refused { code: reply.code });
        }
        // A room without entries: some servers leave `items`, or `data` itself, out.
        let items = reply.data.and_then(|data| data.items).unwrap_or_default();
        let mut entries: Vec<Entry> = items.iter().filter_map(|item| read_item(item)).collect();
        if newest_first(&entries) {
            entries.reverse();
        }
        Ok(Self { entries, items: items.len() })
    }

    /// The reply's body, as a server writes it.
    pub fn to_json(entries: &[Entry]) -> String {
        Self::write(entries, false)
    }

    /// The same of a page that ends before as many as were asked for.
    pub fn to_json_with_more(entries: &[Entry]) -> String {
        Self::write(entries, true)
    }

    fn write(entries: &[Entry], more: bool) -> String {
        struct Items<'a>(&'a [Entry], bool);
        impl Serialize for Items<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("items", self.0)?;
                if self.1 {
                    map.serialize_entry("more", &true)?;
                }
                map.end()
            }
        }
        struct Page<'a>(Items<'a>);
        impl Serialize for Page<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("code", &200)?;
                map.serialize_entry("data", &self.0)?;
                map.end()
            }
        }
        json_of(&Page(Items(entries, more)))
    }
}

#[derive(serde::Deserialize)]
struct Reply<'a> {
    code: i64,
    #[serde(borrow, default)]
    data: Option<ReplyData<'a>>,
}

#[derive(serde::Deserialize)]
struct ReplyData<'a> {
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

/// An item is an entry, or (on some servers) an entry's JSON in a string.
fn read_item(item: &RawValue) -> Option<Entry> {
    let json = item.get();
    if json.starts_with('"') {
        let inner: String = read_value(json.as_bytes())?;
        return Entry::parse(&inner);
    }
    Entry::parse(json)
}

/// Whether a page runs from new to old: by place where entries have one, else by the more frequent direction of
/// `createdat` between neighbours (one clock that jumps must not turn a page around).
fn newest_first(entries: &[Entry]) -> bool {
    let (mut rising, mut falling) = (0, 0);
    for pair in entries.windows(2) {
        let order = match (&pair[0].seq, &pair[1].seq) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => match (pair[0].created_at, pair[1].created_at) {
                (Some(CreatedAt::Instant(a)), Some(CreatedAt::Instant(b))) => a.cmp(&b),
                (Some(CreatedAt::Local(a)), Some(CreatedAt::Local(b))) => a.cmp(&b),
                _ => continue,
            },
        };
        match order {
            std::cmp::Ordering::Less => rising += 1,
            std::cmp::Ordering::Greater => falling += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
    falling > rising
}

/// Asking a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The question's text.
    pub content: String,
    /// The room.
    pub stream: StreamId,
    /// The ask's own name; only for servers that announce `ack`.
    pub nonce: Option<Nonce>,
}

/// Answering a question, for staff (extension `answer`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The entry that is answered.
    pub question_id: EntryId,
    /// The answer's text.
    pub content: String,
    /// The room.
    pub stream: StreamId,
    /// The answer's own name.
    pub nonce: Option<Nonce>,
    /// The item's `lastAnswer` that its writer saw, zero for none: if somebody answered since, it is refused with 409 and
    /// the item (extension `triage`). Absent: no guard.
    pub seen: Option<u64>,
    /// Who may read it (extension `triage`).
    pub visibility: Visibility,
    /// Its writer knows that somebody else is about to answer, or has.
    pub co_answer: bool,
}

impl Ask {
    /// The request's body.
    pub fn to_json(&self) -> String {
        with_nonce(
            serde_json::json!({ "content": self.content, "streamId": self.stream.as_str() }),
            self.nonce.as_ref(),
        )
    }

    /// Reads the request's body, as a server does.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        Some(Self {
            content: value["content"].as_str()?.to_owned(),
            stream: StreamId::new(value["streamId"].as_str()?),
            nonce: value["nonce"].as_str().filter(|n| !n.is_empty()).map(Nonce::new),
        })
    }
}

impl Answer {
    /// The request's body.
    pub fn to_json(&self) -> String {
        let mut body = serde_json::json!({
            "questionId": self.question_id.as_str(), "content": self.content,
            "streamId": self.stream.as_str(),
        });
        if let Some(seen) = self.seen {
            body["seen"] = seen.into();
        }
        if self.visibility != Visibility::Public {
            body["visibility"] = self.visibility.as_str().into();
        }
        if self.co_answer {
            body["coAnswer"] = true.into();
        }
        with_nonce(body, self.nonce.as_ref())
    }

    /// Reads the request's body, as a server does.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        Some(Self {
            question_id: EntryId::new(value["questionId"].as_str()?),
            content: value["content"].as_str()?.to_owned(),
            stream: StreamId::new(value["streamId"].as_str()?),
            nonce: value["nonce"].as_str().filter(|n| !n.is_empty()).map(Nonce::new),
            seen: value["seen"].as_u64(),
            // A word that is not known must not make something public.
            visibility: match &value["visibility"] {
                Value::Null => Visibility::Public,
                word => Visibility::parse(word.as_str()?)?,
            },
            co_answer: value["coAnswer"].as_bool().unwrap_or(false),
        })
    }
}

fn with_nonce(mut body: Value, nonce: Option<&Nonce>) -> String {
    if let Some(nonce) = nonce {
        body["nonce"] = nonce.as_str().into();
    }
    body.to_string()
}

/// A server's reply to an ask or an answer, read as far as it goes; a core server's may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The id that the entry was given.
    pub id: Option<EntryId>,
    /// The place that it was given.
    pub seq: Option<Seq>,
    /// It is no entry: it waits for review, or was rejected (extension `triage`).
    pub review: Option<Review>,
}

impl Stored {
    /// Reads the body of a 2xx reply.
    pub fn parse(body: &[u8]) -> Self {
        let value: Value = read_value(body).unwrap_or_default();
        let data = &value["data"];
        Self {
            id: data["id"].as_str().map(EntryId::new),
            seq: data["seq"].as_u64().map(Seq),
            review: data["review"].as_str().and_then(Review::parse),
        }
    }

    /// The reply's body, as a server writes it.
    pub fn to_json(&self) -> String {
        let mut data = serde_json::Map::new();
        if let Some(id) = &self.id {
            data.insert("id".to_owned(), id.as_str().into());
        }
        if let Some(seq) = self.seq {
            data.insert("seq".to_owned(), seq.0.into());
        }
        if let Some(review) = self.review {
            data.insert("review".to_owned(), review.as_str().into());
        }
        serde_json::json!({ "code": 200, "data": data }).to_string()
    }
}

/// The body of an error reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorReply {
    /// The server's code, most often the HTTP status again.
    pub code: Option<i64>,
    /// The reason, in the server's words.
    pub msg: String,
}

impl ErrorReply {
    /// Reads an error's body. Nothing when it is no JSON object with a code: not from the room server, then.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = read_value(body)?;
        let code = value["code"].as_i64()?;
        Some(Self { code: Some(code), msg: value["msg"].as_str().unwrap_or_default().to_owned() })
    }

    /// The reply's body, as a server writes it.
    pub fn to_json(code: u16, msg: &str) -> String {
        serde_json::json!({ "code": code, "msg": msg }).to_string()
    }
}

/// What a room server says when it is asked whether it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The number that the question came with.
    pub n: String,
}

impl Health {
    /// Reads the reply's body. Nothing when it is no JSON object with a number that was repeated.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = read_value(body)?;
        value["n"].as_str().map(|n| Self { n: n.to_owned() })
    }
}

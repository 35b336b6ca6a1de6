//! What a planted fault is, and how faults change what passes.

use serde_json::Value;

use crate::proxy::{Down, Plant, Reply, Request, framed};

/// One way to break the protocol.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Of a server that speaks the core alone.
    pub(crate) core: bool,
    /// The probes that must fail, and no other.
    pub(crate) fails: &'static [&'static str],
    pub(crate) plant: Plant,
}

pub(crate) fn is(data: &Value, kind: &str) -> bool {
    data["type"] == kind
}

fn is_entry(data: &Value) -> bool {
    ["message", "question", "answer"].iter().any(|kind| is(data, kind))
}

/// The frame, its entry changed if it carries one.
pub(crate) fn entry_text(mut data: Value, text: String, change: fn(&mut Value)) -> Vec<Down> {
    if !is_entry(&data) {
        return vec![Down::Text(text)];
    }
    change(&mut data);
    vec![framed(&data)]
}

/// The entries of a page of history, changed.
pub(crate) fn change_entries(request: &Request, reply: &mut Reply, change: fn(&mut Value)) {
    if request.path.ends_with("chatmsg") {
        reply.items(|items| items.iter_mut().for_each(change));
    }
}

/// The innermost object of a send, changed.
pub(crate) fn in_message(mut frame: Value, change: impl FnOnce(&mut Value)) -> Value {
    if frame["type"] != 2 {
        return frame;
    }
    let inner = |value: &Value| {
        serde_json::from_str::<Value>(value.as_str().unwrap_or_default())
            .ok()
            .filter(Value::is_object)
    };
    let Some(mut payload) = inner(&frame["payLoad"]) else { return frame };
    let Some(mut info) = inner(&payload["chatInfo"]) else { return frame };
    change(&mut info);
    payload["chatInfo"] = info.to_string().into();
    frame["payLoad"] = payload.to_string().into();
    frame
}

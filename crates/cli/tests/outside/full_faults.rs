//! Faults of what a server announces.

use serde_json::{Value, json};

use crate::faults::{Fault, change_entries, entry_text, in_message, is};
use crate::proxy::{Down, NONE, Plant, framed};

/// A fault of a server with every extension, and the sentences that it breaks.
pub(crate) fn full(name: &'static str, fails: &'static [&'static str], plant: Plant) -> Fault {
    Fault { name, core: false, fails, plant }
}

pub(crate) fn all() -> Vec<Fault> {
    [of_capabilities(), of_seq(), of_ack(), of_resume()].concat()
}

/// Changes what the server says it can do.
fn announce(
    request: &crate::proxy::Request,
    reply: &mut crate::proxy::Reply,
    change: fn(&mut Value),
) {
    if request.path.ends_with("capabilities") {
        reply.json(|body| change(&mut body["data"]));
    }
}

/// A part of the history's query is not looked at.
fn ignore(request: &mut crate::proxy::Request, name: &str) {
    if request.path.ends_with("chatmsg") {
        request.query.retain(|(key, _)| key != name);
    }
}

/// The object of a type is changed, or lost.
pub(crate) fn altered(
    data: Value,
    text: String,
    kind: &str,
    change: fn(Value) -> Option<Value>,
) -> Vec<Down> {
    if !is(&data, kind) {
        return vec![Down::Text(text)];
    }
    change(data).iter().map(framed).collect()
}

fn of_capabilities() -> Vec<Fault> {
    vec![
        full(
            "extensions are one text",
            &["capabilities.reply"],
            Plant {
                reply: |request, reply| {
                    announce(request, reply, |data| data["extensions"] = "seq,ack".into())
                },
                ..NONE
            },
        ),
        full(
            "a role of its own",
            &["capabilities.words"],
            Plant {
                reply: |request, reply| {
                    announce(request, reply, |data| data["limits"]["contentBytes"] = "8 KiB".into())
                },
                ..NONE
            },
        ),
        full(
            "resume without seq",
            &["capabilities.together"],
            Plant {
                reply: |request, reply| {
                    announce(request, reply, |data| {
                        if let Some(words) = data["extensions"].as_array_mut() {
                            words.retain(|word| word != "seq");
                        }
                    });
                },
                ..NONE
            },
        ),
        full(
            "the server fails to say what it can do",
            &["capabilities.reply"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("capabilities") {
                        reply.status = 500;
                    }
                },
                ..NONE
            },
        ),
    ]
}

pub(crate) fn without(entry: &mut Value, names: &[&str]) {
    if let Some(entry) = entry.as_object_mut() {
        entry.retain(|key, _| !names.contains(&key.as_str()));
    }
}

fn doubled(entry: &mut Value) {
    entry["seq"] = entry["seq"].as_u64().map_or(Value::Null, |seq| (2 * seq).into());
}

fn of_seq() -> Vec<Fault> {
    vec![
        full(
            "entries without id",
            &["seq.live"],
            Plant {
                down: |_, data, text| entry_text(data, text, |entry| without(entry, &["id"])),
                reply: |request, reply| {
                    change_entries(request, reply, |entry| without(entry, &["id"]))
                },
                ..NONE
            },
        ),
        full(
            "seq with holes",
            &["seq.live"],
            Plant {
                down: |_, data, text| entry_text(data, text, doubled),
                reply: |request, reply| change_entries(request, reply, doubled),
                ..NONE
            },
        ),
        full(
            "a history without seq",
            &["history.same", "seq.history"],
            Plant {
                reply: |request, reply| {
                    change_entries(request, reply, |entry| without(entry, &["seq"]))
                },
                ..NONE
            },
        ),
        full(
            "before is ignored",
            &["seq.before"],
            Plant { request: |_, request| ignore(request, "before"), ..NONE },
        ),
        full(
            "after is ignored",
            &["seq.after"],
            Plant { request: |_, request| ignore(request, "after"), ..NONE },
        ),
        full(
            "one id for all questions",
            &["seq.unique"],
            Plant {
                down: |_, data, text| match is(&data, "message") && data["seq"].as_u64() < Some(6) {
                    true => entry_text(data, text, |entry| entry["id"] = "same".into()),
                    false => vec![Down::Text(text)],
                },
                reply: |request, reply| {
                    change_entries(request, reply, |entry| {
                        if is(entry, "message") && entry["seq"].as_u64() < Some(6) {
                            entry["id"] = "same".into();
                        }
                    });
                },
                ..NONE
            },
        ),
    ]
}

fn of_ack() -> Vec<Fault> {
    vec![
        full(
            "no ack",
            &["ack.send"],
            Plant { down: |_, data, text| altered(data, text, "ack", |_| None), ..NONE },
        ),
        full(
            "an ack without id",
            &["ack.send"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "ack", |mut ack| {
                        without(&mut ack, &["id"]);
                        Some(ack)
                    })
                },
                ..NONE
            },
        ),
        full(
            "the nonce is not echoed",
            &["ack.echo", "ack.ask"],
            Plant {
                down: |_, data, text| entry_text(data, text, |entry| without(entry, &["nonce"])),
                reply: |request, reply| {
                    change_entries(request, reply, |entry| without(entry, &["nonce"]))
                },
                ..NONE
            },
        ),
        full(
            "a repeat is stored again",
            &["ack.once"],
            Plant {
                up: |memory, frame| {
                    let mut nonce = Value::Null;
                    let again = in_message(frame.clone(), |info| {
                        nonce = info["nonce"].take();
                        without(info, &["nonce"]);
                    });
                    let Some(nonce) = nonce.as_str() else { return vec![frame] };
                    if memory.nonces.iter().any(|known| known == nonce) {
                        return vec![again, frame];
                    }
                    memory.nonces.push(nonce.to_owned());
                    vec![frame]
                },
                ..NONE
            },
        ),
        full(
            "another text is acknowledged",
            &["ack.conflict"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "nack", |nack| {
                        if nack["code"] != 409 {
                            return Some(nack);
                        }
                        Some(json!({ "type": "ack", "nonce": nack["nonce"], "id": "x", "seq": 1 }))
                    })
                },
                ..NONE
            },
        ),
        full(
            "a refusal without a reason",
            &["ack.nack"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "nack", |mut nack| {
                        without(&mut nack, &["reason"]);
                        Some(nack)
                    })
                },
                ..NONE
            },
        ),
        full(
            "an ask is given no id",
            &["ack.ask"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/add") {
                        reply.json(|body| without(&mut body["data"], &["id"]));
                    }
                },
                ..NONE
            },
        ),
    ]
}

fn of_resume() -> Vec<Fault> {
    vec![
        full(
            "no joined",
            &["resume.joined"],
            Plant { down: |_, data, text| altered(data, text, "joined", |_| None), ..NONE },
        ),
        full(
            "what was missed comes twice",
            &["resume.replay"],
            Plant {
                down: |memory, data, text| {
                    let first = std::mem::replace(
                        &mut memory.resumed,
                        is(&data, "joined") && data["resumed"] != false,
                    );
                    match first && is(&data, "message") {
                        true => vec![Down::Text(text.clone()), Down::Text(text)],
                        false => vec![Down::Text(text)],
                    }
                },
                ..NONE
            },
        ),
        full(
            "what was missed begins too late",
            &["resume.replay"],
            Plant {
                down: |memory, data, text| {
                    let first = std::mem::replace(
                        &mut memory.resumed,
                        is(&data, "joined") && data["resumed"] != false,
                    );
                    if first && is(&data, "message") { vec![] } else { vec![Down::Text(text)] }
                },
                ..NONE
            },
        ),
        full(
            "any epoch is resumed",
            &["resume.epoch"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "joined", |mut joined| {
                        without(&mut joined, &["resumed"]);
                        Some(joined)
                    })
                },
                ..NONE
            },
        ),
        full(
            "joined for everybody",
            &["resume.core"],
            Plant {
                down: |memory, _, text| {
                    let core = memory.join.is_object() && memory.join["epoch"].is_null();
                    let joined = json!({ "type": "joined", "topic": "1", "epoch": "e", "seq": 1 });
                    match core && !std::mem::replace(&mut memory.resumed, true) {
                        true => vec![framed(&joined), Down::Text(text)],
                        false => vec![Down::Text(text)],
                    }
                },
                ..NONE
            },
        ),
        full(
            "heartbeats are not answered",
            &["heartbeat.reply"],
            Plant { down: |_, data, text| altered(data, text, "heartbeat", |_| None), ..NONE },
        ),
        full(
            "a heartbeat's time in seconds",
            &["heartbeat.reply"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "heartbeat", |mut beat| {
                        beat["time"] =
                            beat["time"].as_u64().map_or(Value::Null, |time| (time / 1000).into());
                        Some(beat)
                    })
                },
                ..NONE
            },
        ),
    ]
}

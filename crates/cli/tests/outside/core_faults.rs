//! Faults of what every server speaks.

use serde_json::{Value, json};

use crate::faults::{Fault, change_entries, entry_text, in_message, is};
use crate::proxy::{Down, Memory, NONE, Plant, framed};

/// A fault of a server of the core alone, and the sentences that it breaks.
pub(crate) fn core(name: &'static str, fails: &'static [&'static str], plant: Plant) -> Fault {
    Fault { name, core: true, fails, plant }
}

fn own(memory: &Memory, data: &Value) -> bool {
    data["content"].as_str().is_some_and(|words| memory.own.iter().any(|own| own == words))
}

/// Every frame of the token that the server takes.
fn with_good_token(memory: &mut Memory, mut frame: Value) -> Vec<Value> {
    if frame.is_object() {
        frame["token"] = memory.good.as_str().into();
    }
    vec![frame]
}

pub(crate) fn all() -> Vec<Fault> {
    [on_the_socket(), of_entries(), of_tokens(), of_sizes()].concat()
}

fn on_the_socket() -> Vec<Fault> {
    vec![
        core(
            "no echo",
            &["talk.echo"],
            Plant {
                down: |memory, data, text| {
                    if own(memory, &data) { vec![] } else { vec![Down::Text(text)] }
                },
                ..NONE
            },
        ),
        core(
            "saying something closes the socket",
            &["talk.echo"],
            Plant {
                down: |memory, data, text| {
                    if own(memory, &data) {
                        vec![Down::Close(1011)]
                    } else {
                        vec![Down::Text(text)]
                    }
                },
                ..NONE
            },
        ),
        core(
            "others are not told",
            &["talk.others"],
            Plant {
                down: |memory, data, text| {
                    if is(&data, "message") && !own(memory, &data) {
                        vec![]
                    } else {
                        vec![Down::Text(text)]
                    }
                },
                ..NONE
            },
        ),
        core(
            "messages come twice",
            &["talk.once"],
            Plant {
                down: |_, data, text| match is(&data, "message") {
                    true => vec![Down::Text(text.clone()), Down::Text(text)],
                    false => vec![Down::Text(text)],
                },
                ..NONE
            },
        ),
        core(
            "messages overtake each other",
            &["talk.order"],
            Plant {
                down: |memory, data, text| {
                    if !is(&data, "message") {
                        return vec![Down::Text(text)];
                    }
                    memory.resumed = !memory.resumed;
                    if memory.resumed { vec![Down::Later(text)] } else { vec![Down::Text(text)] }
                },
                ..NONE
            },
        ),
        core(
            "texts are escaped",
            &["talk.text"],
            Plant { down: |_, _, text| vec![Down::Text(text.replace("<b>", "&lt;b&gt;"))], ..NONE },
        ),
        core(
            "the code is a text",
            &["entries.frames"],
            Plant {
                down: |_, _, text| {
                    vec![Down::Text(text.replace("\"code\":200", "\"code\":\"200\""))]
                },
                ..NONE
            },
        ),
        core(
            "data is no text",
            &["entries.frames"],
            Plant {
                down: |_, data, text| match data.is_object() {
                    true => vec![Down::Text(json!({ "code": 200, "data": data }).to_string())],
                    false => vec![Down::Text(text)],
                },
                ..NONE
            },
        ),
        core(
            "frames that are binary",
            &["entries.frames"],
            Plant {
                down: |_, _, text| vec![Down::Binary(text.clone().into_bytes()), Down::Text(text)],
                ..NONE
            },
        ),
        core(
            "frames that are no JSON",
            &["entries.frames"],
            Plant {
                down: |_, _, text| vec![Down::Text("ok".to_owned()), Down::Text(text)],
                ..NONE
            },
        ),
        core(
            "a heartbeat is broadcast",
            &["heartbeat.taken"],
            Plant {
                down: |_, data, text| match data.is_object() {
                    true => vec![Down::Text(text)],
                    false => vec![framed(&json!({ "type": "message", "content": "" }))],
                },
                ..NONE
            },
        ),
        core(
            "a heartbeat closes the socket",
            &["heartbeat.taken", "heartbeat.lasts"],
            Plant {
                up: |memory, frame| {
                    memory.close = (frame["type"] == 1).then_some(1000);
                    vec![frame]
                },
                ..NONE
            },
        ),
        core(
            "one client's garbage ends the others",
            &["sizes.frame"],
            Plant {
                up: |memory, frame| {
                    let mut closed = memory.shared.lock().unwrap();
                    *closed += usize::from(frame.is_null());
                    // Whoever sent the garbage is the only one left.
                    memory.close =
                        (*closed > 0 && frame["type"] == 2 && memory.own.len() > 3).then_some(1011);
                    vec![frame]
                },
                ..NONE
            },
        ),
    ]
}

fn of_entries() -> Vec<Fault> {
    vec![
        core(
            "a user is a number",
            &["entries.fields"],
            Plant {
                down: |_, data, text| entry_text(data, text, |entry| entry["user"] = 5.into()),
                reply: |request, reply| {
                    change_entries(request, reply, |entry| entry["user"] = 5.into())
                },
                ..NONE
            },
        ),
        core(
            "a time that is none",
            &["entries.createdat"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| entry["createdat"] = "yesterday".into())
                },
                ..NONE
            },
        ),
        core(
            "the history names another sender",
            &["history.same"],
            Plant {
                reply: |request, reply| {
                    change_entries(request, reply, |entry| {
                        entry["displayName"] = "somebody".into()
                    });
                },
                ..NONE
            },
        ),
    ]
}

fn of_tokens() -> Vec<Fault> {
    vec![
        core(
            "any token opens a socket",
            &["token.wrong", "token.frame"],
            Plant {
                upgrade: |memory, request| {
                    if request.header("authorization").is_some() {
                        request.set_header("authorization", &memory.good);
                    }
                    None
                },
                up: with_good_token,
                ..NONE
            },
        ),
        core(
            "no token opens a socket",
            &["token.none", "token.frame"],
            Plant {
                upgrade: |memory, request| {
                    if request.header("authorization").is_none() {
                        request.set_header("authorization", &memory.good);
                    }
                    None
                },
                up: with_good_token,
                ..NONE
            },
        ),
        core(
            "a token with a scheme alone",
            &["socket.open"],
            Plant {
                upgrade: |_, request| {
                    let bearer = request
                        .header("authorization")
                        .is_some_and(|value| value.starts_with("Bearer "));
                    if bearer { None } else { Some(400) }
                },
                ..NONE
            },
        ),
        core("frames of any token", &["token.frame"], Plant { up: with_good_token, ..NONE }),
        core(
            "any token over HTTP",
            &["ask.wrong-token", "history.wrong-token"],
            Plant {
                request: |memory, request| request.set_header("authorization", &memory.good),
                ..NONE
            },
        ),
        core(
            "one room for all topics",
            &["token.topic"],
            Plant {
                up: |_, mut frame| {
                    if frame["type"] == 3 {
                        frame["payLoad"] = "{\"topic\":\"1\"}".into();
                    }
                    vec![frame]
                },
                ..NONE
            },
        ),
    ]
}

fn of_sizes() -> Vec<Fault> {
    vec![
        core(
            "long texts are cut",
            &["sizes.text"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| {
                        let cut: String = entry["content"]
                            .as_str()
                            .unwrap_or_default()
                            .chars()
                            .take(1000)
                            .collect();
                        entry["content"] = cut.into();
                    })
                },
                ..NONE
            },
        ),
        core(
            "texts that are too long are cut",
            &["sizes.too-long"],
            Plant {
                up: |_, frame| {
                    vec![in_message(frame, |info| {
                        let cut: String = info["content"]
                            .as_str()
                            .unwrap_or_default()
                            .chars()
                            .take(8192)
                            .collect();
                        info["content"] = cut.into();
                    })]
                },
                ..NONE
            },
        ),
        core(
            "a frame of 300 KiB",
            &["entries.sizes", "heartbeat.lasts"],
            Plant {
                down: |memory, data, text| {
                    let mut told = memory.shared.lock().unwrap();
                    *told += usize::from(!data.is_object());
                    match *told {
                        1 if !data.is_object() => {
                            vec![Down::Text(
                                json!({ "code": 200, "data": "x".repeat(300 * 1024) }).to_string(),
                            )]
                        }
                        _ => vec![Down::Text(text)],
                    }
                },
                ..NONE
            },
        ),
    ]
}

//! Faults of questions and of the history.

use serde_json::{Value, json};

use crate::core_faults::core;
use crate::faults::{Fault, entry_text, is};
use crate::proxy::{Down, NONE, Plant};

pub(crate) fn all() -> Vec<Fault> {
    [of_questions(), of_history()].concat()
}

fn question_content(entry: &mut Value, make: fn(Value) -> Value) {
    if entry["type"] == "question" {
        let content = serde_json::from_str(entry["content"].as_str().unwrap_or_default());
        entry["content"] = make(content.unwrap_or_default());
    }
}

fn of_questions() -> Vec<Fault> {
    vec![
        core(
            "questions are refused",
            &["ask.taken"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/add") {
                        reply.status = 500;
                    }
                },
                ..NONE
            },
        ),
        core(
            "a code that says no with 200",
            &["ask.taken"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/add") {
                        reply.json(|body| body["code"] = 500.into());
                    }
                },
                ..NONE
            },
        ),
        core(
            "questions are not broadcast",
            &["ask.broadcast"],
            Plant {
                down: |_, data, text| {
                    if is(&data, "question") { vec![] } else { vec![Down::Text(text)] }
                },
                ..NONE
            },
        ),
        core(
            "a question is plain text",
            &["ask.content"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| {
                        question_content(entry, |content| content["content"].clone())
                    })
                },
                ..NONE
            },
        ),
        core(
            "a question is an object",
            &["ask.content", "entries.fields"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| question_content(entry, |content| content))
                },
                ..NONE
            },
        ),
    ]
}

fn of_history() -> Vec<Fault> {
    vec![
        core(
            "the token that opens the socket is none over HTTP",
            &["ask.taken", "history.reply"],
            Plant { reply: |_, reply| reply.status = 401, ..NONE },
        ),
        core(
            "pages are HTML by name",
            &["entries.json"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("chatmsg") {
                        reply.content_type = "text/html".to_owned();
                    }
                },
                ..NONE
            },
        ),
        core(
            "items under another name",
            &["history.reply"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("chatmsg") {
                        reply.json(|body| body["data"] = json!({ "list": body["data"]["items"] }));
                    }
                },
                ..NONE
            },
        ),
        core(
            "the history never answers",
            &["history.reply"],
            Plant {
                reply: |request, reply| reply.swallowed = request.path.ends_with("chatmsg"),
                ..NONE
            },
        ),
        core(
            "the history forgets",
            &["history.holds"],
            Plant {
                reply: |_, reply| {
                    reply.items(|items| {
                        items.retain(|item| !item["content"].to_string().contains(" 4]"))
                    });
                },
                ..NONE
            },
        ),
        core(
            "newest first",
            &["history.order"],
            Plant { reply: |_, reply| reply.items(|items| items.reverse()), ..NONE },
        ),
        core(
            "in no order",
            &["history.order"],
            Plant {
                reply: |_, reply| {
                    reply.items(|items| {
                        for pair in items.chunks_mut(2) {
                            pair.reverse();
                        }
                    });
                },
                ..NONE
            },
        ),
        core(
            "an entry twice in the history",
            &["history.same"],
            Plant {
                reply: |request, reply| {
                    let wide = request
                        .query
                        .iter()
                        .any(|(key, value)| key == "resultsPerPage" && value == "100");
                    reply.items(|items| {
                        if let Some(third) = items.get(2).cloned().filter(|_| wide) {
                            items.insert(2, third);
                        }
                    });
                },
                ..NONE
            },
        ),
        core(
            "one page for all",
            &["history.pages", "history.end"],
            Plant { request: |_, request| request.set_query("page", "1"), ..NONE },
        ),
        core(
            "pages of one size",
            &["history.pages"],
            Plant { request: |_, request| request.set_query("resultsPerPage", "50"), ..NONE },
        ),
        core(
            "pages count from 0",
            &["history.pages"],
            Plant {
                request: |_, request| {
                    if request.query.iter().any(|(key, value)| key == "page" && value == "2") {
                        request.set_query("page", "3");
                    }
                },
                ..NONE
            },
        ),
        core(
            "kinds are mixed",
            &["history.kinds"],
            Plant { request: |_, request| request.set_query("type", ""), ..NONE },
        ),
        core(
            "pages without a limit",
            &["history.thousand"],
            Plant {
                reply: |request, reply| {
                    if request
                        .query
                        .iter()
                        .any(|(key, value)| key == "resultsPerPage" && value == "5000")
                    {
                        reply.items(|items| {
                            *items = items.iter().cycle().take(5000).cloned().collect()
                        });
                    }
                },
                ..NONE
            },
        ),
        core(
            "one history for all streams",
            &["history.stream"],
            Plant { request: |_, request| request.set_query("stream", "s1"), ..NONE },
        ),
    ]
}

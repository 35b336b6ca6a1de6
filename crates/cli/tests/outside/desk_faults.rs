//! Faults of the answer desk, and of how a server with extensions says no.

use serde_json::{Value, json};

use crate::faults::{Fault, entry_text, is};
use crate::full_faults::{altered, full, without};
use crate::proxy::{Down, NONE, Plant, framed};

pub(crate) fn all() -> Vec<Fault> {
    [of_the_desk(), of_refusals()].concat()
}

fn answer_content(entry: &mut Value, change: fn(&mut Value)) {
    if is(entry, "answer") {
        let content = entry["content"].as_str().unwrap_or_default();
        let mut content: Value = serde_json::from_str(content).unwrap_or_default();
        change(&mut content);
        entry["content"] = content.to_string().into();
    }
}

fn of_the_desk() -> Vec<Fault> {
    vec![
        full(
            "an answer of nothing",
            &["answer.add"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| {
                        answer_content(entry, |content| without(content, &["questionId"]))
                    })
                },
                ..NONE
            },
        ),
        full(
            "an answer without its text",
            &["answer.add", "entries.answers"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| {
                        answer_content(entry, |content| without(content, &["answer"]))
                    })
                },
                ..NONE
            },
        ),
        full(
            "an answer in the name of staff",
            &["answer.add"],
            Plant {
                down: |_, data, text| {
                    entry_text(data, text, |entry| {
                        if is(entry, "answer") {
                            entry["displayName"] = "Staff".into();
                        }
                    })
                },
                ..NONE
            },
        ),
        full(
            "everybody may answer",
            &["answer.role"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("answer/add") && reply.status == 403 {
                        reply.status = 200;
                    }
                },
                ..NONE
            },
        ),
        full(
            "no desk",
            &["triage.desk"],
            Plant { down: |_, data, text| altered(data, text, "desk", |_| None), ..NONE },
        ),
        full(
            "changes with holes",
            &["triage.told"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "triage", |mut told| {
                        let change = told["item"]["change"].as_u64().unwrap_or_default();
                        told["item"]["change"] = (change + 1).into();
                        Some(told)
                    })
                },
                ..NONE
            },
        ),
        full(
            "a list of changes without items",
            &["triage.changes"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/changes") {
                        reply.json(|body| body["data"]["items"] = json!([]));
                    }
                },
                ..NONE
            },
        ),
        full(
            "a claim without the item",
            &["triage.claim"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/state") && reply.status == 200 {
                        reply.json(|body| {
                            if body["data"]["item"]["work"] == "claimed" {
                                body["data"]["item"]["work"] = "open".into();
                            }
                        });
                    }
                },
                ..NONE
            },
        ),
        full(
            "a stale step is taken",
            &["triage.stale"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/state") && reply.status == 409 {
                        reply.status = 200;
                    }
                },
                ..NONE
            },
        ),
        full(
            "everybody is told of items",
            &["triage.core"],
            Plant {
                down: |memory, data, text| match is(&data, "question")
                    && memory.join["triage"] != true
                {
                    true => {
                        vec![Down::Text(text), framed(&json!({ "type": "triage", "item": {} }))]
                    }
                    false => vec![Down::Text(text)],
                },
                ..NONE
            },
        ),
        full(
            "votes count twice",
            &["votes.counted"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/vote") {
                        reply.json(|body| {
                            let votes = body["data"]["votes"].as_u64().unwrap_or_default();
                            body["data"]["votes"] = (2 * votes).into();
                        });
                    }
                },
                ..NONE
            },
        ),
        full(
            "votes are not told",
            &["votes.told"],
            Plant { down: |_, data, text| altered(data, text, "votes", |_| None), ..NONE },
        ),
    ]
}

fn code(name: &'static str, fails: &'static [&'static str], close: fn(u16) -> u16) -> Fault {
    full(name, fails, Plant { close, ..NONE })
}

fn of_refusals() -> Vec<Fault> {
    let mut faults = vec![
        code("a wrong token closes with 1008", &["refusals.4401"], |code| {
            if code == 4401 { 1008 } else { code }
        }),
        code("a wrong room closes with 1000", &["refusals.4403"], |code| {
            if code == 4403 { 1000 } else { code }
        }),
        code("a large frame cuts the connection", &["refusals.1009"], |code| {
            if code == 1009 { 1006 } else { code }
        }),
    ];
    faults.push(full(
        "errors are plain text",
        &[
            "refusals.401",
            "refusals.403",
            "refusals.413",
            "answer.role",
            "triage.role",
            "moderation.role",
        ],
        Plant {
            reply: |_, reply| {
                if reply.status >= 400 && reply.status != 404 && reply.status != 409 {
                    reply.body = b"no".to_vec();
                }
            },
            ..NONE
        },
    ));
    faults.push(full(
        "errors with status 200",
        &[
            "refusals.401",
            "refusals.403",
            "refusals.413",
            "answer.role",
            "triage.role",
            "moderation.role",
        ],
        Plant {
            reply: |_, reply| {
                if matches!(reply.status, 401 | 403 | 413) {
                    reply.status = 200;
                }
            },
            ..NONE
        },
    ));
    faults.push(full(
        "a token is looked at after the upgrade",
        &["refusals.upgrade"],
        Plant { late_refusal: true, ..NONE },
    ));
    faults
}

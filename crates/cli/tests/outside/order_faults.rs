//! Faults of keeping order, and of who is told who looks at what.

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::full_faults::{altered, full};
use crate::proxy::{Down, NONE, Plant, Reply, Request, framed};

pub(crate) fn all() -> Vec<Fault> {
    [of_removals(), of_people(), of_presence()].concat()
}

/// Changes what is answered under a path.
fn of(request: &Request, reply: &mut Reply, path: &str, change: fn(&mut Value)) {
    if request.path.ends_with(path) && reply.status == 200 {
        reply.json(change);
    }
}

fn of_removals() -> Vec<Fault> {
    vec![
        full(
            "everybody may moderate",
            &["moderation.role"],
            Plant {
                reply: |request, reply| {
                    let asked = ["moderation/slow", "moderation/mute", "moderation/remove"];
                    if reply.status == 403 && asked.iter().any(|path| request.path.ends_with(path))
                    {
                        reply.status = 200;
                    }
                },
                ..NONE
            },
        ),
        full(
            "nobody is told of a removal",
            &["moderation.removed"],
            Plant { down: |_, data, text| altered(data, text, "removed", |_| None), ..NONE },
        ),
        full(
            "what was removed keeps its author",
            &["moderation.emptied"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("chatmsg") {
                        reply.items(|items| {
                            for item in items.iter_mut().filter(|item| item["user"] == "") {
                                item["user"] = "sue".into();
                            }
                        });
                    }
                },
                ..NONE
            },
        ),
        full(
            "removals with holes",
            &["moderation.removals"],
            Plant {
                reply: |request, reply| {
                    of(request, reply, "moderation/removals", |body| {
                        if let Some(removals) = body["data"]["removals"].as_array_mut() {
                            removals.truncate(1);
                        }
                    });
                },
                ..NONE
            },
        ),
        full(
            "who joins learns of no removals",
            &["moderation.joined"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "joined", |mut joined| {
                        joined.as_object_mut()?.remove("removals");
                        Some(joined)
                    })
                },
                ..NONE
            },
        ),
        full(
            "a log without what was removed",
            &["moderation.log"],
            Plant {
                reply: |request, reply| {
                    of(request, reply, "moderation/log", |body| {
                        for deed in body["data"]["deeds"].as_array_mut().into_iter().flatten() {
                            deed["old"] = "".into();
                        }
                    });
                },
                ..NONE
            },
        ),
    ]
}

fn of_people() -> Vec<Fault> {
    vec![
        full(
            "a mute without its time",
            &["moderation.muted"],
            Plant {
                reply: |request, reply| {
                    if request.path.ends_with("question/add") && reply.status == 403 {
                        reply.retry_after = None;
                    }
                },
                ..NONE
            },
        ),
        full(
            "a list without those who are muted",
            &["moderation.state"],
            Plant {
                reply: |request, reply| {
                    of(request, reply, "moderation/state", |body| {
                        body["data"]["muted"] = json!([]);
                    });
                },
                ..NONE
            },
        ),
        full(
            "a muted send is told no time",
            &["moderation.nack"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "nack", |mut nack| {
                        nack.as_object_mut()?.remove("retry_ms");
                        Some(nack)
                    })
                },
                ..NONE
            },
        ),
        full(
            "a slow room that says nothing of it",
            &["moderation.slow"],
            Plant {
                reply: |request, reply| {
                    of(request, reply, "api/capabilities", |body| {
                        if let Some(limits) = body["data"]["limits"].as_object_mut() {
                            limits.remove("slowSeconds");
                        }
                    });
                },
                ..NONE
            },
        ),
    ]
}

fn of_presence() -> Vec<Fault> {
    vec![
        full(
            "nobody is told who looks",
            &["presence.told"],
            Plant { down: |_, data, text| altered(data, text, "presence", |_| None), ..NONE },
        ),
        full(
            "whoever looked looks for ever",
            &["presence.ends"],
            Plant {
                down: |_, data, text| {
                    altered(data, text, "presence", |told| {
                        let people = told["people"].as_array().is_some_and(|all| !all.is_empty());
                        people.then_some(told)
                    })
                },
                ..NONE
            },
        ),
        full(
            "the audience is told who looks",
            &["presence.staff"],
            Plant {
                down: |memory, data, text| match data["type"] == "message"
                    && memory.join["triage"] == true
                {
                    true => vec![
                        framed(&json!({ "type": "presence", "questionId": "q", "people": [] })),
                        Down::Text(text),
                    ],
                    false => vec![Down::Text(text)],
                },
                ..NONE
            },
        ),
    ]
}

//! What the server says it can do beyond the core.

use aside_protocol::http::CAPABILITIES_PATH;
use aside_protocol::{Capabilities, Extension, Role, Token};
use serde_json::Value;

use crate::check::engine::{Flaw, Judged, Probe, broken, foreign, probe, stuck};
use crate::check::stage::Stage;
use crate::check::web::Reply;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "capabilities.reply",
            [],
            "`GET api/capabilities` answers with {\"code\": 200, \"data\": {\"server\", \"extensions\", \"identity\", \"limits\"}}; a 404, a 405 or anything that is no such object means: core only.",
            "Answer with that object, or with 404 if the server speaks the core alone. A 5xx, a redirect or no answer at all leaves clients guessing.",
            reply
        ),
        probe!(
            "capabilities.words",
            ["capabilities.reply"],
            "The object names the server, its extensions by their words, who the token is (role: audience, staff, moderator or host), and its limits as numbers.",
            "Write `server`, `identity.user` and `identity.displayName` as text, `identity.role` as one of the four words, `limits` as numbers or null.",
            words
        ),
        probe!(
            "capabilities.together",
            ["capabilities.reply"],
            "Each extension is usable alone, but `resume`, `triage` and `moderation` need `seq`, and `votes` needs `triage`.",
            "Announce what the other extension needs as well, or neither.",
            together
        ),
    ]
}

pub(super) fn last_probes() -> Vec<Probe> {
    vec![probe!(
        "reserved.presence",
        [],
        "The word `presence` is reserved for an extension that is not defined yet.",
        "",
        presence
    )]
}

async fn ask(stage: &Stage, token: &Token) -> Result<Reply, Flaw> {
    stage.get(CAPABILITIES_PATH, &[], token).await
}

async fn reply(stage: &mut Stage) -> Judged {
    let reply = ask(stage, &stage.token).await?;
    stage.admits(&reply)?;
    match reply.status {
        200 if reply.json.is_object() => {}
        404 | 405 => return Ok(format!("HTTP {}: the core alone", reply.status)),
        400..500 => {
            return Ok(format!("HTTP {}: the core alone, though 404 says it better", reply.status));
        }
        200 => return broken("HTTP 200 with a body that is no JSON object"),
        status => return broken(format!("HTTP {status}")),
    }
    let data = reply.json["data"].clone();
    if !data["extensions"].is_array() {
        if data["extensions"].is_null() {
            return Ok("an object without extensions: the core alone".to_owned());
        }
        return broken("data.extensions is no array of words, so clients use the core alone");
    }
    stage.known = Capabilities::parse(reply.json.to_string().as_bytes());
    stage.abilities = data;
    if let Some(other) = stage.other.clone() {
        let theirs = ask(stage, &other).await?;
        let role = theirs.json["data"]["identity"]["role"].as_str();
        stage.other_role = role.and_then(Role::parse);
    }
    let words: Vec<&str> = stage.known.extensions.iter().map(|known| known.as_str()).collect();
    Ok(if words.is_empty() { "no extensions".to_owned() } else { words.join(", ") })
}

async fn words(stage: &mut Stage) -> Judged {
    if !stage.beyond_core() {
        return foreign("the server speaks the core alone");
    }
    let data = &stage.abilities;
    if !data["server"].is_string() {
        return broken("`server` is no text");
    }
    if data["extensions"].as_array().into_iter().flatten().any(|word| !word.is_string()) {
        return broken("`extensions` holds something that is no word");
    }
    let who = &data["identity"];
    if !who.is_null() {
        if !who["user"].is_string() || !who["displayName"].is_string() {
            return broken("`identity` has no `user` or no `displayName`");
        }
        if who["role"].as_str().and_then(Role::parse).is_none() {
            return broken(format!("`identity.role` is {}", who["role"]));
        }
    }
    for name in ["contentBytes", "sendsPerMinute"] {
        let limit = &data["limits"][name];
        if !limit.is_null() && !limit.is_u64() {
            return broken(format!("`limits.{name}` is {limit}"));
        }
    }
    let strange =
        |word: &&Value| Extension::ALL.iter().all(|known| Some(known.as_str()) != word.as_str());
    let words = data["extensions"].as_array();
    let strange: Vec<String> =
        words.into_iter().flatten().filter(strange).map(Value::to_string).collect();
    Ok(if strange.is_empty() {
        format!("{}, role {}", data["server"], who["role"])
    } else {
        format!("clients do not know {} and leave it alone", strange.join(", "))
    })
}

async fn together(stage: &mut Stage) -> Judged {
    let has = |extension| stage.known.has(extension);
    for (one, needed) in [
        (Extension::Resume, Extension::Seq),
        (Extension::Triage, Extension::Seq),
        (Extension::Moderation, Extension::Seq),
        (Extension::Votes, Extension::Triage),
    ] {
        if has(one) && !has(needed) {
            return broken(format!("`{}` without `{}`", one.as_str(), needed.as_str()));
        }
    }
    Ok("nothing lacks what it needs".to_owned())
}

async fn presence(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Presence)?;
    stuck("this version of aside-cli has no probe for it")
}

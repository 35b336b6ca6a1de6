//! Extension `votes`: the audience says what it wants answered.

use aside_protocol::Extension;
use aside_protocol::triage::VOTE_PATH;
use serde_json::{Value, json};

use super::answer::new_question;
use super::triage::at_desk;
use crate::check::engine::{Flaw, Judged, Probe, broken, probe};
use crate::check::stage::Stage;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "votes.counted",
            ["triage.told"],
            "`votes`: `POST api/question/vote` {\"questionId\", \"streamId\", \"vote\": true}, once per user: {\"code\": 200, \"data\": {\"votes\", \"voted\"}}.",
            "Keep one vote per user and question under a unique index, and answer with the count as it stands then.",
            counted
        ),
        probe!(
            "votes.told",
            ["votes.counted"],
            "Whoever joined with \"triage\": true is told {\"type\": \"votes\", \"votes\": [[\"<questionId>\", 12, <change>], …]}.",
            "Tell the desks the new count, at most four times a second, each as one change of its item.",
            told
        ),
    ]
}

async fn vote(stage: &mut Stage, question: &Value, vote: bool) -> Result<(u64, bool), Flaw> {
    let body = json!({
        "questionId": question["id"], "streamId": stage.config.stream.as_str(), "vote": vote,
    });
    let token = stage.token.clone();
    let reply = stage.post(VOTE_PATH, &body, &token).await?;
    let data = &reply.json["data"];
    match (reply.ok(), data["votes"].as_u64(), data["voted"].as_bool()) {
        (true, Some(votes), Some(voted)) => Ok((votes, voted)),
        _ => {
            broken(format!("HTTP {}, no data.votes or no data.voted: {}", reply.status, reply.json))
        }
    }
}

async fn counted(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Votes)?;
    let question = new_question(stage).await?;
    for (wish, expected, what) in [
        (true, (1, true), "a first vote"),
        (true, (1, true), "the same vote again"),
        (false, (0, false), "the vote taken back"),
    ] {
        let counted = vote(stage, &question, wish).await?;
        if counted != expected {
            return broken(format!("{what}: votes {}, voted {}", counted.0, counted.1));
        }
    }
    Ok("one vote counts once, and can be taken back".to_owned())
}

async fn told(stage: &mut Stage) -> Judged {
    stage.announced(Extension::Votes)?;
    let question = new_question(stage).await?;
    let (mut desk, _) = at_desk(stage).await?;
    vote(stage, &question, true).await?;
    let meant = |object: &Value| {
        let votes = object["votes"].as_array().map(Vec::as_slice).unwrap_or_default();
        object["type"] == "votes" && votes.iter().any(|vote| vote[0] == question["id"])
    };
    let told = desk.object("count of votes", meant).await?;
    let votes = told["votes"].as_array().map(Vec::as_slice).unwrap_or_default();
    match votes.iter().find(|vote| vote[0] == question["id"]) {
        Some(vote) if vote[1] == 1 && vote[2].is_u64() => Ok(format!("told {vote}")),
        _ => broken(format!("told {told}")),
    }
}

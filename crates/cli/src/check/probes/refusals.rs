//! How a server with extensions says no.

use aside_protocol::close;
use aside_protocol::http::{ASK_PATH, HISTORY_PATH};
use aside_protocol::limits::FRAME_BYTES;
use serde_json::json;

use crate::check::engine::{Flaw, Judged, Probe, broken, foreign, probe};
use crate::check::member::Member;
use crate::check::stage::Stage;
use crate::check::web::Page;

pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!(
            "refusals.401",
            ["history.reply"],
            "Errors over HTTP: the fitting status and {\"code\", \"msg\"}; 401 = the token is not (or no longer) valid.",
            "Answer an unknown token with status 401 and {\"code\":401,\"msg\":\"…\"}.",
            unknown_token
        ),
        probe!(
            "refusals.403",
            ["history.reply"],
            "403 = not for this role or room.",
            "Answer with status 403 and {\"code\":403,\"msg\":\"…\"} when `stream` is not the token's.",
            other_room
        ),
        probe!(
            "refusals.413",
            ["ask.taken"],
            "413 = too long.",
            "Answer a question longer than limits.contentBytes with status 413 and {\"code\":413,\"msg\":\"…\"}.",
            too_long
        ),
        probe!(
            "refusals.upgrade",
            ["socket.open"],
            "Before the socket is upgraded, a refusal is the fitting status with {\"code\", \"msg\"}.",
            "Check the token before the 101, and answer 401 instead of it.",
            upgrade
        ),
        probe!(
            "refusals.4401",
            ["socket.open"],
            "Close code 4401 = token refused (do not retry with it).",
            "Close with 4401 when a frame carries another token than the handshake did, or the token was revoked.",
            close_4401
        ),
        probe!(
            "refusals.4403",
            ["socket.open"],
            "Close code 4403 = not allowed in this room.",
            "Close with 4403 when a join names a topic that the token is not for.",
            close_4403
        ),
        probe!(
            "refusals.1009",
            ["socket.open"],
            "Close code 1009 = frame too large.",
            "Close with 1009 when a frame is over 64 KiB, and read the rest of it before the connection is ended, or the code is lost.",
            close_1009
        ),
    ]
}

fn beyond_core(stage: &Stage) -> Result<(), Flaw> {
    if stage.beyond_core() { Ok(()) } else { foreign("the server speaks the core alone") }
}

async fn unknown_token(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let wrong = stage.wrong_token();
    stage.page_as(&Page::newest(1), stage.config.stream.as_str(), &wrong).await?.refuses(401)
}

async fn other_room(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let pairs = [("page", "1".to_owned()), ("stream", "aside-check-elsewhere".to_owned())];
    stage.get(HISTORY_PATH, &pairs, &stage.token).await?.refuses(403)
}

async fn too_long(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let Some(bytes) = stage.known.content_bytes else {
        return foreign("limits.contentBytes is not announced");
    };
    let text = format!("{}{}", stage.mark(), "x".repeat(bytes));
    let body = json!({ "content": text, "streamId": stage.config.stream.as_str() });
    let token = stage.token.clone();
    stage.post(ASK_PATH, &body, &token).await?.refuses(413)
}

async fn upgrade(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let wrong = stage.wrong_token();
    let reply = stage.upgrade_raw(&wrong).await?;
    if reply.status == 101 {
        return broken("the socket opens with a token that nobody gave out");
    }
    reply.refuses(401)
}

async fn closes(mut member: Member, code: u16) -> Judged {
    match member.closed().await {
        Some(found) if found == code => Ok(format!("closed with {code}")),
        Some(found) => broken(format!("closed with {found} instead of {code}")),
        None => broken("it stays open"),
    }
}

async fn close_4401(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let mut member = stage.opened(&stage.token).await?;
    let wrong = stage.wrong_token();
    member.frame_as(wrong.expose(), 1, "").await;
    closes(member, close::TOKEN_REFUSED).await
}

async fn close_4403(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let mut member = stage.opened(&stage.token).await?;
    member.topic.push_str("-aside-check-elsewhere");
    member.join().await;
    closes(member, close::NOT_ALLOWED).await
}

async fn close_1009(stage: &mut Stage) -> Judged {
    beyond_core(stage)?;
    let mut member = stage.opened(&stage.token).await?;
    member.join().await;
    let payload = "x".repeat(FRAME_BYTES + 1);
    member.frame(1, &payload).await;
    closes(member, close::TOO_LARGE).await
}
